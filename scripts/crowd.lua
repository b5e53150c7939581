-- Real annotators: who paid attention, and does it help to use only their
-- labels?
--
-- 124 people compared responses of 59 language models (LLMFAO;
-- docs/annotation-logs.md says how to get the data). The fit is joint over
-- attentiveness and the models' strengths. Labels are then kept by inferred
-- attentiveness, and compared with two held-out reference judges.
--
-- Replicate 0 is the unchanged log; each other replicate takes half of the people.

local h = require "heed"
local llmfao = require "lib.llmfao"

return h.sweep {
  title      = "Real annotators: agreement of kept labels with reference judges",
  seed       = 20251015,
  replicates = 201,
  source     = llmfao "drop",
  users      = { bootstrap = "users" },
  estimator  = h.estimator.em_bradley_terry {
    prior = h.distribution.grid { nodes = 41 },
    ridge = 0.05,
  },
  filter     = h.filter.top {
    share = h.axis { "share", h.linspace(0.1, 1.0, 10) },
    by = h.axis { "by", "users", "labels" },
  },
  keep       = { "users", "models" },
}
