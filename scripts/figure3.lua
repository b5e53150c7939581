-- Figure 3 of arXiv 2510.13830: does EM recover attentiveness?
--
-- Users of known attentiveness judge pairs with mean preference probability mu.
-- EM knows mu and the choices, and infers each user's attentiveness.  Three
-- gaps, three amounts of data, two shapes of P_eta.  Only one user sees each
-- pair, so (n, k) is all that EM needs.

local h = require "heed"

-- 500 users with 20 annotations each, 2000 with 50, 5000 with 100: one axis.
local users = h.axis { "user_count", 500, 2000, 5000 }
local annotations = h.axis { "annotations", 20, 50, 100, tie = "user_count" }
local pairs_needed = h.axis { "pairs", 10000, 100000, 500000, tie = "user_count" }

local two_point = h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 }
local beta = h.distribution.beta { alpha = 2, beta = 2 }

return h.sweep {
  title      = "Figure 3: EM recovers attentiveness",
  seed       = 20251013,
  replicates = 10,
  source     = h.source.synthetic {
    pairs = pairs_needed,
    held_out = 0,
    mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = users,
    annotations = annotations,
    -- The true distribution and the prior's family change together.
    attentiveness = h.axis { "eta", two_point, beta },
    model = h.user_model.attentive {},
  },
  estimator  = h.estimator.em {
    pseudo_users = 0,
    mu = "known",
    prior = h.axis { "prior", h.distribution.two_point {}, h.distribution.beta {}, tie = "eta" },
    model = h.user_model.attentive {},
  },
}
