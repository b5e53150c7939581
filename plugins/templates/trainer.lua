-- A sweep that compares trainer/template_name with another trainer.
local h = require "heed"

return h.sweep {
  title      = "template_name",
  seed       = 1,
  replicates = 2,
  source     = h.source.synthetic { pairs = 2000, mu = 0.8 },
  users      = { count = 100, annotations = 20,
                 attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
                 model = h.user_model.attentive {} },
  estimator  = h.estimator.em {},
  filter     = h.filter.top { share = 0.5 },
  trainer    = h.axis { "trainer", h.trainer.template_name {},
                                   h.trainer.dpo { ridge = 1 } },
}
