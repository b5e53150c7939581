-- Attention that comes and goes: do posteriors by annotation help?
--
-- A user's attention is a Markov chain of two states. From one annotation to the
-- next it stays the same with probability r (persistence); otherwise it is drawn
-- again. r = 0 is the paper's world. The right model fits r, and gives for each
-- annotation the probability that it was attended.
--
-- scripts/open_questions.py makes the table of docs/experiments/states.md.

local h = require "heed"
local question = require "lib.open_questions"

local gap = h.axis { "gap", 0.74, 0.98 }

local users = h.axis { "user_count", 40, 200 }

local persistence = h.axis { "persistence", 0, 0.5, 0.8, 0.95 }

local function right(mu, unit, own_label)
  return h.estimator.em {
    pseudo_users = 0,
    mu = mu, prior = question.grid, model = h.user_model.attention_states {},
    unit = unit, own_label = own_label,
  }
end

local arm, arms = question.arms()
arm("all labels", question.paper "known", question.everyone, question.sigmoid)
question.compare(arm, right, function(mu, told)
  local each = right(mu, "annotation")
  arm(told "by annotation: top half", each, question.half, question.sigmoid)
  arm(told "by annotation: noise_aware", each, question.everyone, question.noise_aware)
  arm(told "by annotation, own label in: top half",
      right(mu, "annotation", "included"), question.half, question.sigmoid)
end)
arm("paper's model: joint", question.paper "known", question.everyone,
    question.joint { nodes = 11 })
question.oracle(arm, h.estimator.oracle {})

local of = h.rows(arms)

return h.sweep {
  title      = "Attention that comes and goes: do posteriors by annotation pay?",
  seed       = 20251124,
  replicates = 8,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 500, cosine = 0.7, mu = gap,
  },
  users      = {
    count = users, annotations = 50,
    attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
    model = h.user_model.attention_states { persistence = persistence },
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
  evaluation = { kl = { 1 } },
}
