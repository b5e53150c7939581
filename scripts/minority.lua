-- Casual users or another taste?
--
-- With probability 1 - eta a user follows a minority's taste, whose reward has
-- the given cosine to the true reward; "coin tosses" is the paper's world. The
-- right model knows the minority's preference probabilities, in the same way as
-- the pair's p or mu.
--
-- scripts/open_questions.py makes the table of docs/experiments/minority.md.

local h = require "heed"
local question = require "lib.open_questions"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 100, 500 }

local taste = h.axis { "taste", "coin tosses", "0.5", "0", "-0.5", "-1" }
local scale = h.axis { "minority_scale", 0, 4, 4, 4, 4, tie = taste }
local cosine = h.axis { "minority_cosine", 0, 0.5, 0, -0.5, -1, tie = taste }

local function right(mu)
  return h.estimator.em {
    pseudo_users = 0,
    mu = mu, prior = question.grid, model = h.user_model.minority {},
  }
end

local arm, arms = question.arms()
arm("all labels", question.paper "known", question.everyone, question.sigmoid)
question.compare(arm, right)
arm("paper's model: joint", question.paper "known", question.everyone,
    question.joint { nodes = 11 })
arm("right model: joint", right "known", question.everyone,
    question.joint { nodes = 11 })
question.oracle(arm, h.estimator.oracle { model = h.user_model.minority {} })

local of = h.rows(arms)

return h.sweep {
  title      = "Casual users or another taste?",
  seed       = 20251124,
  replicates = 8,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 500, cosine = 0.7, mu = gap,
    minority_scale = scale, minority_cosine = cosine,
  },
  users      = {
    count = users, annotations = 20,
    attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
    model = h.user_model.minority {},
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
  evaluation = { kl = { 1 } },
}
