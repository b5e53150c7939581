-- Is the leaderboard of a log right, and do its intervals cover? A third of the users
-- click at random or click left. scripts/ranks.py makes the logs, which this sweep reads,
-- and the tables of docs/experiments/ranks.md.
--
-- Replicate 0 is the log; each other replicate takes half of its users.

local h = require "heed"

local logs = 20 -- of each kind

local sources = { "log" }
for _, kind in ipairs { "random", "left", "uneven" } do
  for i = 0, logs - 1 do
    sources[#sources + 1] = h.source.log {
      label = kind .. " " .. i,
      path = ("../results/ranks/%s-%d.csv"):format(kind, i),
      columns = { model_a = "a", model_b = "b" },
    }
  end
end

return h.sweep {
  title      = "The leaderboard of a log",
  seed       = 20261203,
  replicates = 81,
  source     = h.axis(sources),
  users      = { bootstrap = "users" },
  estimator  = h.estimator.em_bradley_terry {},
  keep       = { "models" },
}
