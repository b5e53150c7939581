-- What if the gap is unknown? EM with an assumed mu from 0.55 to 0.98 (the
-- profile likelihood), and with mu estimated under priors of three strengths.
--
-- All other assumptions hold: the prior's family is the true family, and each
-- pair is shown once.
--
-- scripts/mu.py makes the tables of docs/experiments/mu.md.

local h = require "heed"
local rows = require "lib.rows"

-- The assumed mu, or the Beta prior of an estimated mu: flat, or worth 10 or 100
-- judged pairs, three quarters of them for A.
local assume, assumptions = rows("assumed", { "mu_as", "mu_alpha", "mu_beta" },
                                 { mu_alpha = 1, mu_beta = 1 })
for _, mu in ipairs { 0.55, 0.60, 0.65, 0.70, 0.74, 0.80, 0.86, 0.92, 0.98 } do
  assume(("%.2f"):format(mu), mu)
end
assume("estimated, flat prior", "estimated")
assume("estimated, 10 pairs", "estimated", 7.5, 2.5)
assume("estimated, 100 pairs", "estimated", 75, 25)
assume("known", "known")

local of = h.rows(assumptions)

local users = h.axis { "user_count", 500, 5000 }

return h.sweep {
  title      = "The gap unknown: profiles and estimates of mu",
  seed       = 20251020,
  replicates = 10,
  source     = h.source.synthetic {
    pairs = h.axis { "pairs", 10000, 500000, tie = "user_count" },
    held_out = 0,
    mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = users,
    annotations = h.axis { "annotations", 20, 100, tie = "user_count" },
    attentiveness = h.axis {
      "eta",
      h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 },
      h.distribution.beta { alpha = 2, beta = 2 },
    },
    model = h.user_model.attentive {},
  },
  estimator  = h.estimator.em {
    pseudo_users = 0,
    mu = of.mu_as,
    mu_alpha = of.mu_alpha,
    mu_beta = of.mu_beta,
    prior = h.axis { "prior", h.distribution.two_point {}, h.distribution.beta {}, tie = "eta" },
    model = h.user_model.attentive {},
  },
}
