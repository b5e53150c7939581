# Compares scripts/recovery.lua with direct maximisation of the same likelihoods.
# docs/experiments/recovery.md quotes the output of
#   HEED_REPLICATES=200 scripts/test.sh -V -R cli/recovery

setup() {
  cd "$BATS_TEST_TMPDIR"
  export HEED_PLUGIN_PATH="$(dirname "$HEED")/../lib/heed:$HEED_BUILD/tests/plugins/direct"
}

@test "every fit has the likelihood of the best of 20 direct fits, and none ever lost any" {
  cat >direct.lua <<'LUA'
local h = require "heed"
local users = h.axis { "user_count", 500, 2000, 5000 }
local annotations = h.axis { "annotations", 20, 50, 100, tie = "user_count" }
local pairs_needed = h.axis { "pairs", 10000, 100000, 500000, tie = "user_count" }
return h.sweep {
  title      = "Recovery beside direct maximisation",
  seed       = 20251016,
  replicates = 3,
  source     = h.source.synthetic {
    pairs = pairs_needed, held_out = 0, mu = h.axis { "gap", 0.60, 0.74, 0.98 },
  },
  users      = {
    count = users,
    annotations = annotations,
    attentiveness = h.distribution.two_point { low = 0.1, high = 0.9, share = 0.5 },
    model = h.user_model.attentive {},
  },
  estimator  = h.axis { "fit", h.estimator.direct {},
    h.estimator.em { mu = "known", prior = h.distribution.two_point {} },
    labels = { "direct", "em" } },
  keep       = { "trace" },
}
LUA
  "$HEED" run direct.lua -o direct.h5 --set "replicates=${HEED_REPLICATES:-3}"
  /usr/bin/python3 - >&3 <<'PY'
import h5py, numpy as np
with h5py.File("direct.h5") as f:
    best = f["estimator_log_likelihood"][()]
    names = [d[0].name.strip("/") for d in f["estimator_log_likelihood"].dims]
    direct, em = np.moveaxis(best, names.index("fit"), 0)
    assert direct.size == em.size and direct.size % 9 == 0
    short = (direct - em) / abs(direct)
    print(f"# {em.size} fits; relative to the best direct one: {-short.max():.1e} at worst, {-short.min():.1e} at best")
    assert np.isfinite(short).all() and short.max() < 1e-6
    trace = f["trace"]
    value, series, cell = trace["value"][()], trace["series"][()], trace["cell"][()]
    falls = np.diff(value)[(np.diff(cell) == 0)]
    scale = abs(value[:-1][np.diff(cell) == 0])
    print(f"# {falls.size} steps; the deepest fall of the objective is {(falls / scale).min():.1e} of it")
    assert falls.size > em.size and (falls / scale).min() > -1e-13
PY
}
