-- Compares the losses of dpo: without a noise model (sigmoid, hinge, ipo), with
-- one rate of flipped labels (label_smoothing, robust), and with each user's
-- attentiveness (robust_per_user, noise_aware, joint). The last group runs twice:
-- the eta-hat that weights an annotation excludes or includes its own label.
--
-- A quarter of the labels is flipped independently: E eta = 1/2 in both shapes,
-- so (1 - E eta) / 2 = .25 is the right rate. All arms tune their ridge on
-- held-out noisy labels and fit the scale of the reward. Two arms have no ridge,
-- because its shrinkage hides the effect of the own label on the scale.
--
-- scripts/losses.py makes the tables of docs/experiments/losses.md.

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
local dpo = tuned.dpo

local arm, arms = rows("arm", { "trainer", "filter" }, { filter = h.filter.none {} })

arm("all", dpo { loss = "sigmoid" })
for tenths = 1, 9 do
  arm(("users %d0 %%"):format(tenths), dpo { loss = "sigmoid" },
      h.filter.top { share = tenths / 10, by = "users" })
end
arm("hinge", dpo { loss = "hinge" })
arm("ipo", dpo { loss = "ipo" })
for _, e in ipairs { 0.1, 0.25, 0.4 } do
  arm(("label_smoothing %g"):format(e), dpo { loss = "label_smoothing", smoothing = e })
end
for _, e in ipairs { 0.1, 0.25, 0.4 } do
  arm(("robust %g"):format(e), dpo { loss = "robust", flip_rate = e })
end
for _, floor in ipairs { 0.1, 0.3 } do
  arm(("robust_per_user, floor %g"):format(floor),
      dpo { loss = "robust_per_user", floor = floor })
end
arm("robust_per_user, floor 0.1, own label in",
    dpo { loss = "robust_per_user", floor = 0.1, own_label = "included" })
arm("noise_aware", dpo { loss = "noise_aware" })
arm("noise_aware, own label in", dpo { loss = "noise_aware", own_label = "included" })
arm("noise_aware, no ridge", dpo { loss = "noise_aware", ridge = 0 })
arm("noise_aware, no ridge, own label in",
    dpo { loss = "noise_aware", ridge = 0, own_label = "included" })
arm("joint", dpo { loss = "joint", prior = h.distribution.grid { nodes = 41 } })
arm("clean labels", dpo { loss = "sigmoid", labels = "better" })

local of = h.rows(arms)

return h.sweep {
  title      = "The losses of dpo side by side",
  seed       = 20251021,
  replicates = 10,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 500, cosine = 0.7,
    mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = 500, annotations = 20, holdout = 0.2,
    attentiveness = h.axis { "eta", shapes.two_point, shapes.beta },
    model = h.user_model.attentive {},
  },
  estimator  = em,
  filter     = of.filter,
  trainer    = of.trainer,
}
