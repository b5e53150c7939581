-- The claim of scripts/claim.lua with wrong assumptions: em always assumes a gap
-- of .74 and the paper's users. Some arms also assume that nearly all users
-- attend, or almost none.
--
-- Worlds differ in the true gap, then in the behaviour of users. joint uses
-- neither the gap nor em's posterior; it assumes the paper's user model, like em.
--
-- scripts/claim.py makes the tables of docs/experiments/claim.md.

local h = require "heed"
local rows = require "lib.rows"
local tuned = require "lib.tuned_dpo"

local paper = h.user_model.attentive {}
local function em(prior, fit)
  return h.estimator.em { pseudo_users = 0, mu = 0.74, prior = prior, fit = fit, model = paper }
end
local fitted = em(h.distribution.grid { nodes = 41 })
local nobody = h.estimator.constant {}

local everyone = h.filter.none {}
local function top(share)
  return h.filter.top { share = share, by = "users" }
end
local dpo, sigmoid, noise_aware = tuned.dpo, tuned.sigmoid, tuned.noise_aware

local arm, arms = rows("arm", { "estimator", "filter", "trainer" })

arm("all", fitted, everyone, sigmoid)
for tenths = 1, 9 do
  arm(("users %d0 %%"):format(tenths), fitted, top(tenths / 10), sigmoid)
end
arm("soft", fitted, h.filter.soft {}, sigmoid)
arm("noise_aware", fitted, everyone, noise_aware)
arm("joint", fitted, everyone,
    dpo { loss = "joint", prior = h.distribution.grid { nodes = 11 } })
arm("joint, Beta", fitted, everyone,
    dpo { loss = "joint", prior = h.distribution.beta {} })
arm("joint, prior held", fitted, everyone, dpo { loss = "joint", fit_prior = false })
for _, belief in ipairs {
  { "all attend", h.distribution.beta { alpha = 8, beta = 2 } },
  { "few attend", h.distribution.beta { alpha = 2, beta = 8 } },
} do
  local name, wrong = belief[1], em(belief[2], "fixed")
  arm("top 50 %, " .. name, wrong, top(0.5), sigmoid)
  arm("noise_aware, " .. name, wrong, everyone, noise_aware)
  arm("joint, held, " .. name, wrong, everyone, dpo { loss = "joint", fit_prior = false })
end
-- Controls; `oracle eta` knows each user's eta, and the meaning of eta below 0.
arm("always A", nobody, everyone, dpo { loss = "sigmoid", labels = "always_a" })
arm("constant eta", nobody, everyone, noise_aware)
arm("random 50 %", fitted, h.filter.random { share = 0.5, by = "labels" }, sigmoid)
arm("oracle eta", h.estimator.oracle { model = h.user_model.adversarial {} }, everyone,
    noise_aware)
arm("clean labels", nobody, everyone, dpo { loss = "sigmoid", labels = "better" })

local of = h.rows(arms)

local smooth = h.distribution.beta { alpha = 2, beta = 2 }
local hostile = h.distribution.two_point { low = -0.6, high = 0.9, share = 0.7 }
local world, worlds = rows("world", { "gap", "model", "eta" },
                           { gap = 0.74, model = paper, eta = smooth })

world("as believed")
world("μ = .60", 0.60)
world("μ = .68", 0.68)
world("μ = .80", 0.80)
world("μ = .90", 0.90)
world("two-point .1/.9", nil, nil,
      h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 })
world("30 % hostile", nil, h.user_model.adversarial {}, hostile)
world("casual users click left", nil, h.user_model.position_bias { left = 0.9 })
world("readers drawn left", nil, h.user_model.biased { left = 1 })
world("readers drawn to length", nil, h.user_model.biased { left = 0, length = 1 })
world("attention to easy pairs", nil, h.user_model.attention_by_covariate { slope = -3 })
world("attention to hard pairs", nil, h.user_model.attention_by_covariate { slope = 3 })
world("attention comes and goes", nil, h.user_model.attention_states { persistence = 0.9 })
world("another taste", nil, h.user_model.minority {})

local at = h.rows(worlds)

return h.sweep {
  title      = "Is the threshold obsolete? Where beliefs are wrong",
  seed       = 20251019,
  replicates = 10,
  source     = h.source.synthetic {
    pairs = 10000,
    prompts = 1000,
    held_out = 300,
    mu = at.gap,
    cosine = 0.7,
    length_cosine = 0.5,
    difficulty_correlation = 1,
    minority_scale = 4,
    minority_cosine = -0.5,
  },
  users      = {
    count = 500,
    annotations = 20,
    holdout = 0.2,
    attentiveness = at.eta,
    model = at.model,
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
}
