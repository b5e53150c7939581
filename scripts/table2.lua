-- Table 2 of arXiv 2510.13830: DPO on all labels against DPO on the labels of
-- the users who seem attentive, at three gaps and two shapes of P_eta.
--
-- Win rates depend on the scale of the synthetic world: the standard deviation
-- of the true reward over responses. We fixed two scales, 2 and 4, before the
-- first run; below about 2, no two models reach a gap of 0.98. The paper keeps
-- users by a threshold on eta-hat; this sweep keeps the more attentive half.
--
-- Three arms extend the paper's two: the same number of random labels, the half
-- of the users that is truly more attentive, and labels without noise. All arms
-- tune their ridge on held-out noisy labels.
--
-- scripts/table2.py makes the tables of docs/experiments/table2.md.

local h = require "heed"
local tuned = require "lib.tuned_dpo"

local everyone = h.filter.none {}
local half = h.filter.top { share = 0.5, by = "users" }
local random_half = h.filter.random { share = 0.5, by = "labels" }

local two_point = h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 }
local beta = h.distribution.beta { alpha = 2, beta = 2 }

local em = h.estimator.em {
  pseudo_users = 0,
  mu = "known",
  prior = h.distribution.grid { nodes = 41 },
  model = h.user_model.attentive {},
}
local truth = h.estimator.oracle {}

local of = h.rows { "arm",
  { "all", estimator = em, filter = everyone, trainer = tuned.sigmoid },
  { "filter", estimator = em, filter = half, trainer = tuned.sigmoid },
  { "random half", estimator = em, filter = random_half, trainer = tuned.sigmoid },
  { "oracle half", estimator = truth, filter = half, trainer = tuned.sigmoid },
  { "clean labels", estimator = em, filter = everyone,
    trainer = tuned.dpo { loss = "sigmoid", labels = "better" } },
}

return h.sweep {
  title      = "Table 2: DPO against DPO + Filter",
  seed       = 20251016,
  replicates = 40,
  source     = h.source.synthetic {
    pairs = 10000,
    scale = h.axis { "scale", 2, 4 },
    mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = 500,
    annotations = 20,
    holdout = 0.2,
    attentiveness = h.axis { "eta", two_point, beta },
    model = h.user_model.attentive {},
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
}
