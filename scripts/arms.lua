-- Filter, weight or model? Compares all uses of inferred attentiveness with
-- control arms, over shapes of P_eta, gaps, and the angle between the true
-- reward and the direction that separates the two models.
--
-- Win rate alone rewards sharpness, so evaluation also reports the win rate at
-- matched KL, regret, and the implied reward's cosine and slope. Every arm tunes
-- its regulariser on held-out noisy labels. Cells that differ only in the arm
-- share world, users and annotations, so differences between arms are paired.
--
-- scripts/arms.py makes the tables of docs/experiments/arms.md.

local h = require "heed"
local rows = require "lib.rows"
local shapes = require "lib.eta_shapes"
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
local joint = dpo {
  loss = "joint",
  prior = h.distribution.grid { nodes = 41 },
}

local arm, arms = rows("arm", { "estimator", "filter", "trainer" })

arm("all", em, everyone, sigmoid)
for tenths = 1, 9 do
  arm(("users %d0 %%"):format(tenths), em,
      h.filter.top { share = tenths / 10, by = "users" }, sigmoid)
end
for tenths = 1, 9 do
  arm(("labels %d0 %%"):format(tenths), em,
      h.filter.top { share = tenths / 10, by = "labels" }, sigmoid)
end
arm("soft", em, h.filter.soft {}, sigmoid)
arm("noise_aware", em, everyone, noise_aware)
arm("joint", em, everyone, joint)
-- Controls.
arm("always A", nobody, everyone, dpo { loss = "sigmoid", labels = "always_a" })
arm("constant eta", nobody, everyone, noise_aware)
for _, tenths in ipairs { 3, 5, 7 } do
  arm(("random %d0 %%"):format(tenths), em,
      h.filter.random { share = tenths / 10, by = "labels" }, sigmoid)
end
arm("oracle eta", truth, everyone, noise_aware)
arm("oracle 50 %", truth, h.filter.top { share = 0.5, by = "labels" }, sigmoid)
arm("clean labels", nobody, everyone, dpo { loss = "sigmoid", labels = "better" })

local of = h.rows(arms)

return h.sweep {
  title      = "Filter, weight or model: every arm beside its controls",
  seed       = 20251014,
  replicates = 10,
  source     = h.source.synthetic {
    pairs = 10000,
    held_out = 500,
    mu = h.axis { "gap", 0.60, 0.74, 0.98 },
    cosine = h.axis { "direction", 0.4, 0.7, 1.0 },
  },
  users      = {
    count = 500,
    annotations = 20,
    holdout = 0.2,
    attentiveness = h.axis { "eta", shapes.six },
    model = h.user_model.attentive {},
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
}
