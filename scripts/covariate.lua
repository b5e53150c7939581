-- Attention that depends on the pair
--
-- The log-odds of attention depend on a column of the pairs: the difficulty of
-- the choice (how near the two rewards are), or a property independent of the
-- rewards, such as length. "none" is the paper's world. The right model fits the
-- slope, and gives for each annotation the probability that it was attended.
--
-- scripts/open_questions.py makes the table of docs/experiments/covariate.md.

local h = require "heed"
local question = require "lib.open_questions"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 100, 500 }

local attention = h.axis {
  "attention", "none", "easy pairs", "hard pairs", "unrelated",
}
local slope = h.axis { "slope", 0, -3, 3, 3, tie = attention }
local like = h.axis { "correlation", 1, 1, 1, 0, tie = attention }

local function right(mu, unit)
  return h.estimator.em {
    pseudo_users = 0,
    mu = mu, prior = question.grid, model = h.user_model.attention_by_covariate {},
    unit = unit,
  }
end

local arm, arms = question.arms()
arm("all labels", question.paper "known", question.everyone, question.sigmoid)
question.compare(arm, right, function(mu, told)
  local each = right(mu, "annotation")
  arm(told "by annotation: top half", each, question.half, question.sigmoid)
  arm(told "by annotation: noise_aware", each, question.everyone, question.noise_aware)
end)
arm("paper's model: joint", question.paper "known", question.everyone,
    question.joint { nodes = 11 })
question.oracle(arm, h.estimator.oracle {})

local of = h.rows(arms)

return h.sweep {
  title      = "Attention that depends on the pair",
  seed       = 20251124,
  replicates = 8,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 500, cosine = 0.7, mu = gap,
    difficulty_correlation = like,
  },
  users      = {
    count = users, annotations = 20,
    attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
    model = h.user_model.attention_by_covariate { slope = slope },
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
  evaluation = { kl = { 1 } },
}
