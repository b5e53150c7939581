-- A sweep that uses distribution/template_name twice: it draws users from it
-- and fits it as the estimator's prior.
local h = require "heed"

return h.sweep {
  title      = "template_name",
  seed       = 1,
  replicates = 2,
  source     = h.source.synthetic { pairs = 2000, mu = 0.8 },
  users      = { count = 100, annotations = 20,
                 attentiveness = h.distribution.template_name {
                   shape = h.axis { "shape", 0.5, 1, 4 },
                 },
                 model = h.user_model.attentive {} },
  estimator  = h.estimator.em { prior = h.distribution.template_name {} },
}
