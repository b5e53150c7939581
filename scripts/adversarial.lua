-- Hostile users: does a model of them help?
--
-- Three users in ten have eta = 0.1 (the paper's world) or are hostile: their eta
-- is below 0, and they usually choose the worse response. In the last world they
-- are the majority. The paper's model limits eta to [0, 1]; the right model
-- allows values down to -1.
--
-- scripts/open_questions.py makes the table of docs/experiments/adversarial.md.

local h = require "heed"
local question = require "lib.open_questions"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 100, 500 }

local world = h.rows { "world",
  { "none hostile", low = 0.1, share = 0.7 },
  { "30 % at -.3", low = -0.3, share = 0.7 },
  { "30 % at -.6", low = -0.6, share = 0.7 },
  { "30 % at -.9", low = -0.9, share = 0.7 },
  { "60 % at -.9", low = -0.9, share = 0.4 },
}

local wide = h.distribution.grid { nodes = 81, low = -1 }
local function right(mu)
  return h.estimator.em {
    pseudo_users = 0,
    mu = mu, prior = wide, model = h.user_model.adversarial {},
  }
end

local arm, arms = question.arms()
arm("all labels", question.paper "known", question.everyone, question.sigmoid)
question.compare(arm, right)
arm("paper's model: joint", question.paper "known", question.everyone,
    question.joint { nodes = 11 })
arm("right model: joint", right "known", question.everyone,
    question.joint { nodes = 21, low = -1 })
question.oracle(arm, h.estimator.oracle { model = h.user_model.adversarial {} })

local of = h.rows(arms)

return h.sweep {
  title      = "Users who work against: does a model that knows of them pay?",
  seed       = 20251124,
  replicates = 8,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 500, cosine = 0.7, mu = gap,
  },
  users      = {
    count = users, annotations = 20,
    attentiveness = h.distribution.two_point {
      low = world.low, high = 0.9, share = world.share,
    },
    model = h.user_model.adversarial {},
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
  evaluation = { kl = { 1 } },
}
