-- A sweep that compares estimator/template_name with another estimator.
local h = require "heed"

return h.sweep {
  title      = "template_name",
  seed       = 1,
  replicates = 2,
  source     = h.source.synthetic { pairs = 2000, mu = 0.8 },
  users      = { count = 100, annotations = 20,
                 attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
                 model = h.user_model.attentive {} },
  estimator  = h.axis { "estimator", h.estimator.template_name {},
                                     h.estimator.em {} },
  filter     = h.filter.top { share = 0.5 },
}
