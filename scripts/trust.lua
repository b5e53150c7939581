-- How far can standard errors of attentiveness be trusted? Users of known
-- attentiveness compare models of known strength, from coin tosses (strength 0) to
-- models that hardly need a judge (strength 2). Each estimator reports central 90 %
-- intervals. The oracle knows the strengths and P_eta.
--
-- docs/experiments/trust.md shows the figures; scripts/trust.py prints them.

local h = require "heed"
local rows = require "lib.rows"

local laws = {
  { "Beta(2, 2)", h.distribution.beta { alpha = 2, beta = 2 } },
  { "two points", h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 } },
  { "alike", h.distribution.beta { alpha = 60, beta = 140 } },
}

local add_case, cases = rows("case", { "law", "estimator" })
for i, law in ipairs(laws) do
  local function case(name, estimator)
    add_case(law[1] .. ": " .. name, law[2], estimator)
  end
  case("oracle", h.estimator.em { mu = "pair", prior = law[2], fit = "fixed" })
  case("default", h.estimator.em_bradley_terry {})
  case("default before", h.estimator.em_bradley_terry { pseudo_users = 0 })
  if i == 1 then
    case("em", h.estimator.em { mu = "pair" })
    case("em before", h.estimator.em {
      mu = "pair", pseudo_users = 0, max_iterations = 2000,
    })
    case("bayes", h.estimator.bayes { mu = "pair" })
  end
end
local of = h.rows(cases)

return h.sweep {
  title      = "Trust in standard errors",
  seed       = 20261130,
  replicates = 8,
  source     = h.source.arena {
    models = 6, pairs = 50000, strength = h.axis { "strength", 0, 0.5, 1, 2 },
  },
  users      = {
    count = h.axis { "user_count", 5, 50, 500 },
    annotations = h.axis { "annotations", 1, 5, 20 },
    attentiveness = of.law, model = h.user_model.attentive {},
  },
  estimator  = of.estimator,
  evaluation = { level = 0.9 },
}
