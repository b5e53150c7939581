-- Attentiveness and gaps that differ between topics
--
-- A user's attentiveness in each of five topics varies around the user's mean:
-- spread is its variance as a share of eta (1 - eta); 0 is the paper's world. The
-- gap between the models may differ between topics. em knows the gap of all
-- pairs, the gap of each topic (mu_topic), or p of each pair, as from a reward
-- model. The right model pools topics partially, fits the spread, and gives for
-- each annotation the probability that it was attended.
--
-- scripts/open_questions.py makes the table of docs/experiments/topics.md.

local h = require "heed"
local question = require "lib.open_questions"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 40, 200 }

local world = h.rows { "topics",
  { "alike", spread = 0, topic_correlation = 0 },
  { "spread .2", spread = 0.2, topic_correlation = 0 },
  { "spread .6", spread = 0.6, topic_correlation = 0 },
  { "gaps differ", spread = 0, topic_correlation = 0.9 },
  { "both", spread = 0.6, topic_correlation = 0.9 },
}

local function em(told, model, unit)
  return h.estimator.em {
    pseudo_users = 0,
    mu = told and "pair" or "known", p = told or "p", prior = question.grid,
    model = model, unit = unit,
  }
end
local paper = h.user_model.attentive {}
local right = h.user_model.attention_by_topic {}

local everyone, half = question.everyone, question.half
local sigmoid, noise_aware = question.sigmoid, question.noise_aware

local arm, arms = question.arms()
arm("all labels", em(nil, paper), everyone, sigmoid)
for _, told in ipairs { { "" }, { ", told gaps", "mu_topic" }, { ", told p", "p" } } do
  local name, column = told[1], told[2]
  local as_paper, as_right = em(column, paper), em(column, right)
  local each = em(column, right, "annotation")
  arm("paper's model: top half" .. name, as_paper, half, sigmoid)
  arm("right model: top half" .. name, as_right, half, sigmoid)
  arm("by annotation: top half" .. name, each, half, sigmoid)
  arm("paper's model: noise_aware" .. name, as_paper, everyone, noise_aware)
  arm("right model: noise_aware" .. name, as_right, everyone, noise_aware)
  arm("by annotation: noise_aware" .. name, each, everyone, noise_aware)
end
arm("paper's model: joint", em(nil, paper), everyone, question.joint { nodes = 11 })
question.oracle(arm, h.estimator.oracle {})

local of = h.rows(arms)

return h.sweep {
  title      = "Attentiveness that differs between topics, and a gap that does",
  seed       = 20251124,
  replicates = 8,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 500, cosine = 0.7, mu = gap,
    topics = 5, topic_correlation = world.topic_correlation,
  },
  users      = {
    count = users, annotations = 50,
    attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
    model = h.user_model.attention_by_topic { spread = world.spread },
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
  evaluation = { kl = { 1 } },
}
