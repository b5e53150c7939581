-- How well do gold pairs identify an unknown gap? Users are of two kinds, which labels
-- alone never tell from users who are half as attentive at twice the gap. A share of the
-- pairs is gold: their better response is known, and how often attentive users miss it
-- (in this source of worlds often, because its pairs are what users disagree about).
--
-- docs/experiments/leaderboard.md shows the figures; scripts/leaderboard.py prints them.

local h = require "heed"

local of = h.rows {
  "world",
  { "0.60", mu = 0.60, missed = 0.095 },
  { "0.74", mu = 0.74, missed = 0.075 },
}

return h.sweep {
  title      = "Gold pairs and an unknown gap",
  seed       = 20261130,
  replicates = 20,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 0, mu = of.mu,
    gold = h.axis { "gold", 0, 0.05, 0.1, 0.2 }, gold_as = "answer",
  },
  users      = {
    count = 500, annotations = 20, model = h.user_model.attentive {},
    attentiveness = h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 },
  },
  estimator  = h.estimator.em {
    mu = "estimated", prior = h.distribution.two_point {}, gold_error = of.missed,
    gold_width = 0.045,
  },
}
