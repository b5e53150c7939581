-- The same as scripts/careless.lua for a log of six models whose strengths the
-- estimator does not know. The oracle knows P_eta and the strengths.

local h = require "heed"
local careless = require "lib.careless"

local of = careless(function(law)
  return {
    { "oracle", h.estimator.em { mu = "pair", prior = law, fit = "fixed" } },
    { "default", h.estimator.em_bradley_terry {} },
    { "plug-in", h.estimator.em_bradley_terry { pseudo_users = 0 } },
  }
end)

return h.sweep {
  title      = "Careless at a stated error rate: six models of unknown strength",
  seed       = 20261202,
  replicates = 20,
  source     = h.source.arena {
    models = 6, pairs = 50000, strength = h.axis { "gap", 0.5, 1, 2 },
  },
  users      = {
    count = 500, annotations = h.axis { "annotations", 20, 100 },
    attentiveness = of.law, model = h.user_model.attentive {},
  },
  estimator  = of.estimator,
  keep       = { "users" },
}
