-- How well does EM recover attentiveness if users are of two kinds?
--
-- The table of docs/experiments/recovery.md: error of the fitted low, high and
-- share, of each user's attentiveness, and of the split into two kinds, for
-- three gaps and three amounts of data. scripts/recovery.py prints the table.
-- Only one user sees each pair, so (n, k) is all that EM needs.

local h = require "heed"

-- 500 users with 20 annotations each, 2000 with 50, 5000 with 100: one axis.
local users = h.axis { "user_count", 500, 2000, 5000 }
local annotations = h.axis { "annotations", 20, 50, 100, tie = "user_count" }
local pairs_needed = h.axis { "pairs", 10000, 100000, 500000, tie = "user_count" }

return h.sweep {
  title      = "Recovery of two kinds of users",
  seed       = 20251016,
  replicates = 200,
  source     = h.source.synthetic {
    pairs = pairs_needed,
    held_out = 0,
    mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = users,
    annotations = annotations,
    attentiveness = h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 },
    model = h.user_model.attentive {},
  },
  estimator  = h.estimator.em {
    mu = "known",
    prior = h.distribution.two_point {},
    model = h.user_model.attentive {},
  },
}
