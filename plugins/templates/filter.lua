-- A sweep that compares filter/template_name with another filter.
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
  filter     = h.axis { "filter", h.filter.template_name { threshold = 0.5 },
                                  h.filter.none {} },
}
