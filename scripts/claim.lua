-- Tests the claim that a model of the noise makes filtering unnecessary.
-- Compares noise_aware and joint with all thresholds. Each world differs from
-- the base world in one respect: shape of P_eta, gap, direction, size of the
-- crowd, features.
--
-- The assumptions of estimators are right here (wrong in scripts/beliefs.lua).
-- Every arm tunes its ridge on held-out noisy labels. joint has three forms:
-- free weights, a Beta as P_eta (fewer parameters), and the estimator's fitted
-- prior, held fixed.
--
-- scripts/claim.py makes the tables of docs/experiments/claim.md.

local h = require "heed"
local rows = require "lib.rows"
local tuned = require "lib.tuned_dpo"

local em = h.estimator.em {
  pseudo_users = 0,
  mu = "known",
  prior = h.distribution.grid { nodes = 41 },
  model = h.user_model.attentive {},
}
local nobody = h.estimator.constant {}
local truth = h.estimator.oracle {}

local everyone = h.filter.none {}
local dpo, sigmoid, noise_aware = tuned.dpo, tuned.sigmoid, tuned.noise_aware

local arm, arms = rows("arm", { "estimator", "filter", "trainer" })

arm("all", em, everyone, sigmoid)
for tenths = 1, 9 do
  arm(("users %d0 %%"):format(tenths), em,
      h.filter.top { share = tenths / 10, by = "users" }, sigmoid)
end
arm("soft", em, h.filter.soft {}, sigmoid)
arm("noise_aware", em, everyone, noise_aware)
arm("joint", em, everyone,
    dpo { loss = "joint", prior = h.distribution.grid { nodes = 11 } })
arm("joint, Beta", em, everyone,
    dpo { loss = "joint", prior = h.distribution.beta {} })
arm("joint, prior held", em, everyone, dpo { loss = "joint", fit_prior = false })
-- Controls.
arm("always A", nobody, everyone, dpo { loss = "sigmoid", labels = "always_a" })
arm("constant eta", nobody, everyone, noise_aware)
arm("random 50 %", em, h.filter.random { share = 0.5, by = "labels" }, sigmoid)
arm("oracle eta", truth, everyone, noise_aware)
arm("oracle 50 %", truth, h.filter.top { share = 0.5, by = "labels" }, sigmoid)
arm("clean labels", nobody, everyone, dpo { loss = "sigmoid", labels = "better" })

local of = h.rows(arms)

-- A world is the base world with the given changes.
local two_point = h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 }
local base = { gap = 0.74, direction = 0.7, count = 500, annotations = 20,
               features = 8, eta = two_point }
local worlds = { "world" }
local function world(name, changes)
  local made = { name }
  for key, value in pairs(base) do made[key] = changes[key] or value end
  made.pairs = math.max(made.count * made.annotations, 1000)
  worlds[#worlds + 1] = made
end

world("base", {})
world("two-point 0/1, 30 %", { eta = h.distribution.two_point { low = 0, high = 1, share = 0.3 } })
world("Beta(.5, .5)", { eta = h.distribution.beta { alpha = 0.5, beta = 0.5 } })
world("Beta(2, 2)", { eta = h.distribution.beta { alpha = 2, beta = 2 } })
world("Gaussian(.5, .2)", { eta = h.distribution.gaussian { mean = 0.5, sd = 0.2 } })
world("Beta(1, 3)", { eta = h.distribution.beta { alpha = 1, beta = 3 } })
world("μ = .60", { gap = 0.60 })
world("μ = .98", { gap = 0.98 })
world("μ = .98, cos .4", { gap = 0.98, direction = 0.4 })
world("cos .4", { direction = 0.4 })
world("cos 1", { direction = 1.0 })
world("50 × 5", { count = 50, annotations = 5 })
world("50 × 20", { count = 50, annotations = 20 })
world("100 × 10", { count = 100, annotations = 10 })
world("500 × 5", { count = 500, annotations = 5 })
world("2000 × 50", { count = 2000, annotations = 50 })
world("5000 × 100", { count = 5000, annotations = 100 })
world("32 features", { features = 32 })
world("256 features, 100 × 20", { features = 256, count = 100 })
world("32 features, 50 × 20", { features = 32, count = 50 })
world("32 features, Beta(1, 3)",
      { features = 32, eta = h.distribution.beta { alpha = 1, beta = 3 } })

local at = h.rows(worlds)

return h.sweep {
  title      = "Is the threshold obsolete? Filters against models of the noise",
  seed       = 20251018,
  replicates = 10,
  source     = h.source.synthetic {
    pairs = at.pairs,
    prompts = 1000,
    held_out = 300,
    mu = at.gap,
    cosine = at.direction,
    features = at.features,
  },
  users      = {
    count = at.count,
    annotations = at.annotations,
    holdout = 0.2,
    attentiveness = at.eta,
    model = h.user_model.attentive {},
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
}
