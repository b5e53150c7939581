-- Real annotators, every estimator side by side: whose choice of labels agrees
-- best with two reference judges that no fit has seen, and with most of the
-- other people?
--
-- The LLMFAO comparisons (where to get them stands in docs/annotation-logs.md).
-- Every estimator sees the same log; labels are kept by inferred attentiveness,
-- at equal shares of labels. A fifth of each person's labels is held out, for
-- the log-loss of what estimators foretell. Ties are left out but where a
-- user model has a likelihood for them. Posterior-predictive checks say in what
-- respects a fit does not foretell the log that it was made from.
--
-- Replicate 0 is the log as it is; the others resample people and pairs. Copies
-- of a resampled person agree with themselves, which estimators that read
-- agreement on pairs take for agreement with others: for those the replicates
-- say nothing.
--
-- scripts/annotators.py makes the tables of docs/experiments/annotators.md.

local h = require "heed"
local llmfao = require "lib.llmfao"
local rows = require "lib.rows"

local untied, all = llmfao "drop", llmfao "keep"

local function em(model, ridge)
  return h.estimator.em_bradley_terry {
    prior = h.distribution.grid { nodes = 41 }, ridge = ridge or 0.05, model = model,
    checks = {
      "left_share", "left_dispersion", "agreement_dispersion", "tie_rate",
      "tie_dispersion",
    },
  }
end

local arm, arms = rows("arm", { "estimator", "source" }, { source = untied })

arm("em", em "attentive")
arm("em, ridge .005", em("attentive", 0.005))
arm("em, position bias", em(h.user_model.position_bias {}))
arm("em, ties", em(h.user_model.attentive { ties = "davidson" }), all)
arm("dawid_skene", h.estimator.dawid_skene {})
arm("mace", h.estimator.mace {})
arm("glad", h.estimator.glad {})
arm("crowd_bt", h.estimator.crowd_bt {})
arm("crowd_bt, Beta(2, 2)", h.estimator.crowd_bt { alpha = 2, beta = 2 })
arm("majority", h.estimator.majority {})

local of = h.rows(arms)

return h.sweep {
  title      = "Real annotators: every estimator side by side",
  seed       = 20251019,
  replicates = 101,
  source     = of.source,
  users      = { bootstrap = "users_and_pairs", holdout = 0.2 },
  estimator  = of.estimator,
  filter     = h.axis {
    "filter",
    h.filter.none { label = "all" },
    h.filter.top { share = 0.7, by = "labels", label = "top 70 %" },
    h.filter.top { share = 0.5, by = "labels", label = "top 50 %" },
    h.filter.top { share = 0.3, by = "labels", label = "top 30 %" },
    h.filter.random { share = 0.5, by = "labels", label = "random 50 %" },
  },
}
