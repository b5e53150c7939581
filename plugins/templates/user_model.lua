-- A sweep that uses user_model/template_name twice: users choose by this model,
-- and the estimator assumes this model or another one.
local h = require "heed"

return h.sweep {
  title      = "template_name",
  seed       = 1,
  replicates = 2,
  source     = h.source.synthetic { pairs = 2000, mu = 0.8 },
  users      = { count = 100, annotations = 20,
                 attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
                 model = h.user_model.template_name { habit = 0.7 } },
  estimator  = h.estimator.em {
    model = h.axis { "model", h.user_model.template_name { habit = 0.7 },
                              h.user_model.attentive {} },
  },
}
