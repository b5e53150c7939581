#!/usr/bin/env bats
# scripts/verify_results.py: compares a committed result with a rerun.

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >sweep.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Small", seed = 1, replicates = 12,
  source = h.source.synthetic { pairs = 1000, held_out = 0, mu = h.axis { "gap", 0.7, 0.9 } },
  users = { count = 100, annotations = 10,
            attentiveness = h.distribution.beta { alpha = 2, beta = 2 }, model = "attentive" },
  estimator = h.estimator.frequency {},
}
LUA
  "$HEED" run sweep.lua -o result.h5 --progress none
  /usr/bin/python3 "$HEED_SOURCE/scripts/reference.py" result.h5 reference.h5 eta_rmse eta_mean
}

rerun() {
  "$HEED" run sweep.lua -o rerun.h5 --progress none --set seed=2 "$@"
  run /usr/bin/python3 "$HEED_SOURCE/scripts/verify_results.py" reference.h5 rerun.h5
}

@test "a rerun with another seed and fewer replicates lies within sampling error" {
  rerun --set replicates=6
  [ "$status" -eq 0 ]
  [[ $output == *"4 comparisons"*"within sampling error"* ]]
}

@test "a rerun of users that are a little more attentive differs" {
  rerun --set users.attentiveness.alpha=3
  [ "$status" -eq 1 ]
  [[ $output == *"eta_mean"*"DIFFERS"* ]]
}

@test "a rerun on another grid is refused" {
  rerun --set axis.gap='[0.7, 0.8, 0.9]'
  [ "$status" -eq 1 ]
  [[ $output == "eta_mean: the grid is (3,), in reference.h5 (2,)" ]]
}

@test "a metric that a reference is to keep must be there" {
  run /usr/bin/python3 "$HEED_SOURCE/scripts/reference.py" result.h5 other.h5 eta_rmse etta
  [ "$status" -eq 1 ]
  [[ $output == "result.h5 has no metric etta" ]]
  [ ! -e other.h5 ]
}
