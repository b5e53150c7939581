-- Real annotators, all estimators on one log: which estimator selects the labels
-- that agree best with two held-out reference judges, and with the majority of
-- the other people?
--
-- Data: the LLMFAO comparisons (docs/annotation-logs.md says how to get them).
-- Labels are kept by inferred attentiveness, at equal shares of labels. A fifth
-- of each person's labels is held out for the log-loss of predictions. Ties are
-- dropped unless the user model has a likelihood for them. Posterior-predictive
-- checks show where a fit does not predict its own log.
--
-- Replicate 0 is the unchanged log; each other replicate takes half of the people
-- and of the pairs.
--
-- scripts/annotators.py makes the tables of docs/experiments/annotators.md.

local h = require "heed"
local llmfao = require "lib.llmfao"
local rows = require "lib.rows"

local untied, all = llmfao "drop", llmfao "keep"

local function em(model, ridge)
  return h.estimator.em_bradley_terry {
    pseudo_users = 0,
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
-- Maximum likelihood, as in crowd-kit.
arm("dawid_skene", h.estimator.dawid_skene { alpha = 1, beta = 1 })
arm("mace", h.estimator.mace { form = "em", share = 0.5 })
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
