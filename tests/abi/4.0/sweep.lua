-- Every plugin of this folder in one sweep; its cells differ in two axes.
local h = require "heed"
return h.sweep {
  title      = "Plugins of ABI 4.0",
  seed       = 40,
  replicates = 3,
  source     = h.source.frozen {
    pairs = 60, gap = h.axis { "gap", 0.75, 0.9 }, reversed = true,
    note = "a text", mode = "even", level = 0.25, file = "sweep.lua",
    grades = { 0.5, 1 }, shares = { low = 1, high = 2 }, place = { x = 7 },
  },
  users      = { count = 30, annotations = 40, assignment = "overlapping", holdout = 0.25,
                 attentiveness = h.distribution.frozen { share = 0.6 },
                 model = h.user_model.frozen {} },
  estimator  = h.estimator.frozen {},
  filter     = h.filter.frozen { least = h.axis { "least", 0, 0.5 } },
  trainer    = h.trainer.frozen {},
  keep       = { "users", "trace", "policy" },
}
