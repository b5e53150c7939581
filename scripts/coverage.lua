-- How often do central 90 % intervals of attentiveness contain the true value?
--
-- A posterior whose prior is the true distribution of users has the right
-- coverage; a posterior whose prior is fitted to the same annotations may not.
-- docs/experiments/recovery.md shows the figures; scripts/recovery.py prints
-- them.

local h = require "heed"

local users = h.axis { "user_count", 500, 2000 }
local annotations = h.axis { "annotations", 20, 50, tie = "user_count" }
local pairs_needed = h.axis { "pairs", 10000, 100000, tie = "user_count" }

local beta = h.distribution.beta { alpha = 2, beta = 2 }
local two_point = h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 }

return h.sweep {
  title      = "Coverage of central 90 % intervals",
  seed       = 20251017,
  replicates = 50,
  source     = h.source.synthetic {
    pairs = pairs_needed,
    held_out = 0,
    mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = users,
    annotations = annotations,
    -- The true and the assumed distribution change together.
    attentiveness = h.axis { "prior", beta, beta, two_point,
      labels = { "known beta", "fitted beta", "fitted two_point" } },
    model = h.user_model.attentive {},
  },
  estimator  = h.axis { "estimator",
    h.estimator.em { pseudo_users = 0, mu = "known", fit = "fixed", prior = beta },
    h.estimator.em { pseudo_users = 0, mu = "known", prior = h.distribution.beta {} },
    h.estimator.em { pseudo_users = 0, mu = "known", prior = h.distribution.two_point {} },
    labels = { "known beta", "fitted beta", "fitted two_point" },
    tie = "prior" },
  evaluation = { level = 0.9 },
}
