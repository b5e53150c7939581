-- Users who work against: does a model that knows of them pay?
--
-- Three users in ten have eta = 0.1 (the paper's world) or, hostile ones, one
-- below 0: they choose the worse response more often than not. In the last world
-- they are the majority. The paper's model holds eta in [0, 1]; the right one
-- lets it go down to -1.
--
-- scripts/open_questions.py makes the table of docs/experiments/adversarial.md.

local h = require "heed"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 100, 500 }

local world = h.rows { "world",
  { "none hostile", low = 0.1, share = 0.7 },
  { "30 % at -.3", low = -0.3, share = 0.7 },
  { "30 % at -.6", low = -0.6, share = 0.7 },
  { "30 % at -.9", low = -0.9, share = 0.7 },
  { "60 % at -.9", low = -0.9, share = 0.4 },
}

local grid = h.distribution.grid { nodes = 41 }
local function paper(mu)
  return h.estimator.em {
    mu = mu, prior = grid, model = h.user_model.attentive {},
  }
end
local wide = h.distribution.grid { nodes = 81, low = -1 }
local function right(mu)
  return h.estimator.em {
    mu = mu, prior = wide, model = h.user_model.adversarial {},
  }
end
local truth = h.estimator.oracle { model = h.user_model.adversarial {} }

local everyone = h.filter.none {}
local half = h.filter.top { share = 0.5, by = "labels" }
local sigmoid = h.trainer.dpo { loss = "sigmoid", ridge = "tuned", beta = 1 }
local noise_aware = h.trainer.dpo {
  loss = "noise_aware", ridge = "tuned", beta = 1,
}
-- joint on nodes of its own: closer ones give the same and take much longer.
local function joint(nodes)
  return h.trainer.dpo {
    loss = "joint", ridge = "tuned", beta = 1,
    prior = h.distribution.grid(nodes),
  }
end

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
arm("paper's model: joint", paper("known"), everyone, joint { nodes = 11 })
arm("right model: joint", right("known"), everyone, joint { nodes = 21, low = -1 })
arm("oracle eta: top half", truth, half, sigmoid)
arm("oracle eta: noise_aware", truth, everyone, noise_aware)

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
