-- Attentive but biased: position and length beside quality
--
-- Attentive users prefer the better response, but also the left or the longer
-- one: these biases add to the log-odds of quality. Length is a feature of
-- responses with cosine 0.5 to the true reward. "none" is the paper's world. The
-- right model fits both gains.
--
-- scripts/open_questions.py makes the table of docs/experiments/biased.md.

local h = require "heed"
local question = require "lib.open_questions"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 100, 500 }

local bias = h.axis {
  "bias", "none", "left 1", "left 3", "longer 1", "shorter 1",
}
local left = h.axis { "left", 0, 1, 3, 0, 0, tie = bias }
local length = h.axis { "length", 0, 0, 0, 1, -1, tie = bias }

local function right(mu)
  return h.estimator.em {
    pseudo_users = 0,
    mu = mu, prior = question.grid,
    model = h.user_model.biased { left = "fitted", length = "fitted" },
  }
end

local arm, arms = question.arms()
arm("all labels", question.paper "known", question.everyone, question.sigmoid)
question.compare(arm, right)
arm("paper's model: joint", question.paper "known", question.everyone,
    question.joint { nodes = 11 })
question.oracle(arm, h.estimator.oracle {})

local of = h.rows(arms)

return h.sweep {
  title      = "Attentive but biased: position and length beside quality",
  seed       = 20251124,
  replicates = 8,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 500, cosine = 0.7, mu = gap,
    length_cosine = 0.5,
  },
  users      = {
    count = users, annotations = 20,
    attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
    model = h.user_model.biased { left = left, length = length },
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
  evaluation = { kl = { 1 } },
}
