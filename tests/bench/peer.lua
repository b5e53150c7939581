-- A sweep of the size of Figure 6, which tests/bench/peer.py computes with numpy.
local h = require "heed"
return h.sweep {
  title = "Figure 6's size",
  seed = 20251010,
  replicates = 4,
  source = h.source.synthetic { pairs = 10000, mu = h.axis { "gap", 0.60, 0.74, 0.90 } },
  users = {
    count = 500,
    annotations = 20,
    attentiveness = h.axis { "eta",
                             h.distribution.beta { alpha = 0.5, beta = 0.5, label = "u" },
                             h.distribution.beta { alpha = 2, beta = 2, label = "n" } },
    model = h.user_model.attentive {},
  },
  estimator = h.estimator.em { mu = "known", prior = h.distribution.grid { nodes = 41 }, pseudo_users = 0,
                               model = h.user_model.attentive {} },
  filter = h.filter.top { share = h.axis { "share", h.linspace(0.1, 1.0, 10) } },
  trainer = h.trainer.dpo { loss = "sigmoid", beta = 1, ridge = 1 },
}
