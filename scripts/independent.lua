-- Why an independent implementation finds two to three times the gain of joint
-- that scripts/claim.lua finds.
--
-- Three worlds of the claim, each under settings that a description of such a
-- world may leave out: the scale of the reward, the number of candidates, how
-- the ridge is chosen, whether labels are held out.  One setting changes at a
-- time.
--
-- scripts/independent.py makes the table of docs/experiments/claim.md.

local h = require "heed"
local rows = require "lib.rows"

local em = h.estimator.em {
  mu = "known",
  prior = h.distribution.grid { nodes = 41 },
  model = h.user_model.attentive {},
}
local two_point = h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 }
local skewed = h.distribution.beta { alpha = 1, beta = 3 }

local world, worlds = rows("world", { "eta", "count", "annotations" })
world("base", two_point, 500, 20)
world("Beta(1, 3)", skewed, 500, 20)
world("100 × 10", two_point, 100, 10)
local at = h.rows(worlds)

local setting, settings =
  rows("setting", { "scale", "candidates", "ridge", "holdout" })
setting("as in the claim", 4, 40, "tuned", 0.2)
setting("reward of scale 1", 1, 40, "tuned", 0.2)
setting("reward of scale 2", 2, 40, "tuned", 0.2)
setting("reward of scale 8", 8, 40, "tuned", 0.2)
setting("10 candidates", 4, 10, "tuned", 0.2)
setting("no held-out labels, ridge 0.01", 4, 40, 0.01, 0)
setting("no held-out labels, ridge 1", 4, 40, 1, 0)
local under = h.rows(settings)

local arm, arms = rows("arm", { "filter", "loss" })
for tenths = 1, 9 do
  arm(("users %d0 %%"):format(tenths),
      h.filter.top { share = tenths / 10, by = "users" }, "sigmoid")
end
arm("all", h.filter.none {}, "sigmoid")
arm("noise_aware", h.filter.none {}, "noise_aware")
arm("joint", h.filter.none {}, "joint")
local of = h.rows(arms)

return h.sweep {
  title      = "The gain of joint under other settings",
  seed       = 20261202,
  replicates = 10,
  source     = h.source.synthetic {
    pairs = 10000, prompts = 1000, held_out = 300, mu = 0.74, cosine = 0.7,
    scale = under.scale, candidates = under.candidates,
  },
  users      = {
    count = at.count, annotations = at.annotations,
    holdout = under.holdout,
    attentiveness = at.eta,
    model = h.user_model.attentive {},
  },
  estimator  = em,
  filter     = of.filter,
  trainer    = h.trainer.dpo { loss = of.loss, beta = 1, ridge = under.ridge },
}
