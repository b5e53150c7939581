-- Casual users or another taste?
--
-- With probability 1 - eta a user follows the taste of a minority, whose
-- reward has the cosine given to the true one; "coin tosses" is the paper's
-- world. The right model is told the minority's preference probabilities, as
-- it is the pair's p or mu.
--
-- scripts/open_questions.py makes the table of docs/experiments/minority.md.

local h = require "heed"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 100, 500 }

local taste = h.axis { "taste", "coin tosses", "0.5", "0", "-0.5", "-1" }
local scale = h.axis { "minority_scale", 0, 4, 4, 4, 4, tie = "taste" }
local cosine = h.axis { "minority_cosine", 0, 0.5, 0, -0.5, -1, tie = "taste" }

local grid = h.distribution.grid { nodes = 41 }
local function paper(mu)
  return h.estimator.em {
    mu = mu, prior = grid, model = h.user_model.attentive {},
  }
end
local function right(mu)
  return h.estimator.em {
    mu = mu, prior = grid, model = h.user_model.minority {},
  }
end
local truth = h.estimator.oracle { model = h.user_model.minority {} }

local everyone = h.filter.none {}
local half = h.filter.top { share = 0.5, by = "labels" }
local sigmoid = h.trainer.dpo { loss = "sigmoid", ridge = "tuned", beta = 1 }
local noise_aware = h.trainer.dpo {
  loss = "noise_aware", ridge = "tuned", beta = 1,
}
-- On nodes of its own: closer ones give the same and take much longer.
local joint = h.trainer.dpo {
  loss = "joint", ridge = "tuned", beta = 1,
  prior = h.distribution.grid { nodes = 11 },
}

-- An arm is an estimator, a filter and a trainer.
local arms = { "arm" }
local function arm(name, estimator, filter, trainer)
  arms[#arms + 1] = {
    name, estimator = estimator, filter = filter, trainer = trainer,
  }
end

arm("all labels", paper("known"), everyone, sigmoid)
-- em knows the gap, or p of each pair as a reward model would tell it.
for _, mu in ipairs { "known", "pair" } do
  local function told(name)
    return mu == "pair" and name .. ", told p" or name
  end
  local as_paper, as_right = paper(mu), right(mu)
  arm(told "paper's model: top half", as_paper, half, sigmoid)
  arm(told "right model: top half", as_right, half, sigmoid)
  arm(told "paper's model: noise_aware", as_paper, everyone, noise_aware)
  arm(told "right model: noise_aware", as_right, everyone, noise_aware)
end
arm("paper's model: joint", paper("known"), everyone, joint)
arm("right model: joint", right("known"), everyone, joint)
arm("oracle eta: top half", truth, half, sigmoid)
arm("oracle eta: noise_aware", truth, everyone, noise_aware)

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
