-- Are users called careless at the stated error rate? Users of known attentiveness
-- compare two models with a known gap. The oracle knows P_eta, too.
--
-- scripts/careless.py applies the rule of `heed users --alpha` to the kept posteriors
-- and makes the tables of docs/experiments/careless.md.

local h = require "heed"
local careless = require "lib.careless"

local of = careless(function(law)
  local grid = h.distribution.grid {}
  return {
    { "oracle", h.estimator.em { prior = law, fit = "fixed" } },
    { "grid", h.estimator.em { prior = grid } },
    { "beta", h.estimator.em { prior = h.distribution.beta {} } },
    { "grid, plug-in", h.estimator.em { prior = grid, pseudo_users = 0 } },
  }
end)

return h.sweep {
  title      = "Careless at a stated error rate",
  seed       = 20261201,
  replicates = 60,
  source     = h.source.synthetic {
    pairs = 50000, held_out = 0, mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = 500, annotations = h.axis { "annotations", 20, 100 },
    attentiveness = of.law, model = h.user_model.attentive {},
  },
  estimator  = of.estimator,
  keep       = { "users" },
}
