-- Attention that depends on the pair: how exactly must the column rank
-- difficulty?
--
-- In scripts/covariate.lua the column that attention depends on ranks the pairs
-- exactly by difficulty.  Here its rank correlation with difficulty falls from 1
-- to 0: a column of a real log, such as length, never ranks exactly.
--
-- scripts/correlation.py makes the table of docs/experiments/covariate.md.

local h = require "heed"
local question = require "lib.open_questions"

local arm, arms = question.arms()
local paper = question.paper "known"
local function right(unit)
  return h.estimator.em {
    mu = "known", prior = question.grid, unit = unit,
    model = h.user_model.attention_by_covariate {},
  }
end
arm("all labels", paper, question.everyone, question.sigmoid)
arm("paper's model: noise_aware", paper, question.everyone, question.noise_aware)
arm("right model, by annotation: noise_aware", right "annotation",
    question.everyone, question.noise_aware)
arm("right model, by annotation: top half", right "annotation", question.half,
    question.sigmoid)
local of = h.rows(arms)

return h.sweep {
  title      = "How exactly must a column rank difficulty?",
  seed       = 20261201,
  replicates = 20,
  source     = h.source.synthetic {
    pairs = 10000, held_out = 500, cosine = 0.7, mu = 0.98,
    difficulty_correlation =
      h.axis { "correlation", 1, 0.9, 0.6, 0.3, 0, doc = "of the column and difficulty" },
  },
  users      = {
    count = 500, annotations = 20,
    attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
    model = h.user_model.attention_by_covariate { slope = h.axis { "slope", 1, 3 } },
  },
  estimator  = of.estimator,
  filter     = of.filter,
  trainer    = of.trainer,
  evaluation = { kl = { 1 } },
}
