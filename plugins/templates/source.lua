-- A sweep that varies the scale of the reward of source/template_name.
local h = require "heed"

return h.sweep {
  title      = "template_name",
  seed       = 1,
  replicates = 2,
  source     = h.source.template_name {
    pairs = 2000,
    scale = h.axis { "scale", 0.5, 1, 2 },
  },
  users      = { count = 100, annotations = 20,
                 attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
                 model = h.user_model.attentive {} },
  estimator  = h.estimator.em { mu = "pair" },
  filter     = h.filter.top { share = 0.5 },
  trainer    = h.trainer.dpo { ridge = 1 },
}
