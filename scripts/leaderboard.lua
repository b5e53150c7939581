-- Which model is better, if each was shown to other users? Two challengers met a base
-- model, X among keen users and Y among casual ones, so that the share of votes ranks
-- them the wrong way. Gold pairs say how much users attend, and so how good a
-- challenger is for a reader who does.
--
-- scripts/leaderboard_logs.py writes the logs; its head describes them.
-- docs/experiments/leaderboard.md shows the figures; scripts/leaderboard.py prints them.

local h = require "heed"
local rows = require "lib.rows"

local runs, few = 100, 25

-- One log of the given challengers.
local function log(case, run, challengers)
  local paths = {}
  for i, challenger in ipairs(challengers) do
    paths[i] = ("../results/leaderboard/%s/%d-%s.csv"):format(case, run, challenger)
  end
  return h.source.log {
    path = paths,
    columns = {
      choice = "winner", left = "left", model_a = "a", model_b = "b", gold = "gold",
    },
  }
end

local add_test, tests = rows("test", { "source", "estimator" })

-- The gap of each challenger to the base, from its own log.
local function add_case(name, logs, settings, count)
  settings.mu = "estimated"
  settings.gold_width = 0.05
  for run = 1, count or runs do
    for _, challenger in ipairs { "X", "Y" } do
      add_test(("%s: %d: %s"):format(name, run, challenger),
               log(logs, run, { challenger }), h.estimator.em(settings))
    end
  end
end

for _, name in ipairs {
  "none", "one", "two", "four", "few", "wrong", "recognised", "left", "one side",
} do
  add_case(name, name, {})
end
add_case("wrong, said", "wrong", { gold_error = 0.116 })
add_case("one side, said", "one side", { model = h.user_model.position_bias {} }, few)
-- One fit of all models, in which all users have one P_eta.
for run = 1, few do
  add_test(("together: %d: both"):format(run), log("two", run, { "X", "Y" }),
           h.estimator.em_bradley_terry {})
end
local of = h.rows(tests)

return h.sweep {
  title     = "A leaderboard free of inattention",
  source    = of.source,
  estimator = of.estimator,
  keep      = { "models" },
}
