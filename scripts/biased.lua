-- Attentive but biased: position and length beside quality
--
-- Attentive users follow the better response, and what stands left or is
-- longer as well: log-odds added to quality's. Length is a feature of
-- responses of cosine 0.5 to the true reward. "none" is the paper's world. The
-- right model fits both gains.
--
-- scripts/open_questions.py makes the table of docs/experiments/biased.md.

local h = require "heed"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 100, 500 }

local bias = h.axis {
  "bias", "none", "left 1", "left 3", "longer 1", "shorter 1",
}
local left = h.axis { "left", 0, 1, 3, 0, 0, tie = "bias" }
local length = h.axis { "length", 0, 0, 0, 1, -1, tie = "bias" }

local grid = h.distribution.grid { nodes = 41 }
local function paper(mu)
  return h.estimator.em {
    mu = mu, prior = grid, model = h.user_model.attentive {},
  }
end
local function right(mu)
  return h.estimator.em {
    mu = mu, prior = grid,
    model = h.user_model.biased { left = "fitted", length = "fitted" },
  }
end
local truth = h.estimator.oracle {}

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
arm("oracle eta: top half", truth, half, sigmoid)
arm("oracle eta: noise_aware", truth, everyone, noise_aware)

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
