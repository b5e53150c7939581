-- Figure 6 of arXiv 2510.13830: the sweet spot. How many users, or how many
-- labels, should one keep?
--
-- From the most attentive tenth to all, for the paper's three shapes of P_eta
-- and three more, at three gaps. Numbers of annotations per user vary (lognormal,
-- mean 20), so a share of users and a share of labels are different selections.
-- Every threshold tunes its ridge on held-out noisy labels.
--
-- scripts/figure6.py makes the tables, scripts/figure6.gnuplot the figure of
-- docs/experiments/figure6.md.

local h = require "heed"
local shapes = require "lib.eta_shapes"
local tuned = require "lib.tuned_dpo"

return h.sweep {
  title      = "Figure 6: where is the sweet spot?",
  seed       = 20251017,
  replicates = 20,
  source     = h.source.synthetic {
    pairs = 14000,
    mu = h.axis { "gap", 0.60, 0.74, 0.98, doc = "how often an attentive user prefers A" },
  },
  users      = {
    count = 500,
    annotations = 20, law = "lognormal", spread = 1,
    holdout = 0.2,
    attentiveness = h.axis { "eta", shapes.six },
    model = h.user_model.attentive {},
  },
  estimator  = h.estimator.em {
    pseudo_users = 0,
    mu = "known",
    prior = h.distribution.grid { nodes = 41 },
    model = h.user_model.attentive {},
  },
  filter     = h.filter.top {
    share = h.axis { "share", h.linspace(0.1, 1.0, 10), doc = "share kept" },
    by = h.axis { "by", "users", "labels", doc = "what the share is of" },
  },
  trainer    = tuned.sigmoid,
}
