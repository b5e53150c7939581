#!/usr/bin/env bash
# Steps and seconds of fits on small logs of two models, where likelihoods are
# flat: 216 logs each (users, annotations, law of eta, gap, replicate).
#   tests/bench/steps.sh
. "$(dirname "$0")/bench.bash"

cat >steps.lua <<'LUA'
local h = require "heed"
local fits = { "fit" }
local function fit(name, estimator) fits[#fits + 1] = { name, estimator = estimator } end
local beta, gaussian = h.distribution.beta {}, h.distribution.gaussian {}
fit("em, Beta, p of pairs", h.estimator.em { mu = "pair", prior = beta, pseudo_users = 0 })
fit("em, Beta, mu known", h.estimator.em { mu = "known", prior = beta, pseudo_users = 0 })
fit("em, Beta, mu estimated", h.estimator.em { mu = "estimated", prior = beta, pseudo_users = 0 })
fit("em, Gaussian, mu known", h.estimator.em { mu = "known", prior = gaussian, pseudo_users = 0 })
fit("em_bradley_terry, Beta", h.estimator.em_bradley_terry { prior = beta, pseudo_users = 0 })
fit("em_bradley_terry", h.estimator.em_bradley_terry {})
fit("crowd_bt", h.estimator.crowd_bt {})
fit("glad", h.estimator.glad {})
fit("mace", h.estimator.mace { form = "em" })
fit("dawid_skene", h.estimator.dawid_skene {})
local of = h.rows(fits)
return h.sweep {
  title = "Steps",
  seed = 11,
  replicates = 2,
  source = h.source.arena { models = 2, pairs = 40,
                            strength = h.axis { "strength", 0.3, 0.6, 1.5 } },
  users = {
    count = h.axis { "user_count", 10, 30, 60 },
    annotations = h.axis { "each", 5, 15, 30 },
    assignment = "overlapping",
    attentiveness = h.axis { "eta",
      h.distribution.beta { alpha = 2, beta = 2, label = "wide" },
      h.distribution.beta { alpha = 0.5, beta = 0.5, label = "apart" },
      h.distribution.beta { alpha = 60, beta = 140, label = "alike" },
      h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5, label = "two points" } },
    model = h.user_model.attentive {},
  },
  estimator = of.estimator,
}
LUA
"$heed" run steps.lua -o steps.h5 --progress none >/dev/null
/usr/bin/python3 - <<'PYTHON'
import h5py, numpy as np
with h5py.File("steps.h5") as file:
    steps = file["estimator_iterations"]
    axis = [next(iter(dim.keys()), "") for dim in steps.dims].index("fit")
    names = file["fit"].asstr()[()]
    columns = [np.moveaxis(file[name][()], axis, 0).reshape(len(names), -1) for name in
               ("estimator_iterations", "estimator_converged", "timing/seconds_posterior")]
print(f"{'fit':24} {'steps':>6} {'most':>6} {'not converged':>14} {'seconds':>8}")
for name, count, converged, seconds in zip(names, *columns):
    print(f"{name:24} {np.nanmedian(count):6.0f} {np.nanmax(count):6.0f} "
          f"{np.sum(converged == 0):14} {np.nansum(seconds):8.2f}")
PYTHON
