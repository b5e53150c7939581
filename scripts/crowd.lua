-- Real annotators: who of them paid attention, and does it help to listen to
-- those alone?
--
-- 124 people compared responses of 59 language models (LLMFAO; where to get it
-- stands in docs/annotation-logs.md). Attentiveness and the models' strengths
-- are fitted jointly. Labels are then kept by inferred attentiveness, and
-- held against two reference judges that no fit has seen.
--
-- Replicate 0 is the log as it is; the others resample people.

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
