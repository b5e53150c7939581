# The loader gives plugins OpenBLAS for matrix products.  gslcblas, which comes
# with GSL, has the same names and is twenty times slower.

bats_require_minimum_version 1.5.0

@test "every product of a worker and its plugins is OpenBLAS's" {
  cd "$BATS_TEST_TMPDIR"
  export HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed"
  cat >products.lua <<'LUA'
local h = require "heed"
return h.sweep {
  replicates = 1,
  source = h.source.synthetic { pairs = 400, held_out = 10, mu = 0.74 },
  users = { count = 20, annotations = 20, attentiveness = h.distribution.beta {},
            model = h.user_model.attentive {} },
  estimator = h.estimator.em { prior = h.distribution.beta {}, model = h.user_model.attentive {} },
  trainer = h.trainer.dpo {},
}
LUA
  # The loader writes down, for each process, which file gave it each symbol.
  mkdir bound
  LD_BIND_NOW=1 LD_DEBUG=bindings LD_DEBUG_OUTPUT=bound/to \
    "$HEED" run products.lua -j 1
  grep -h 'symbol .cblas_' bound/* >products
  # The planner, the supervisor and the worker; the trainer in two of them, by
  # the name under which it was opened.
  [ "$(grep -l 'symbol .cblas_' bound/* | wc -l)" -ge 3 ]
  [ "$(grep -c 'binding file /proc/[0-9]*/fd/.*cblas_dsyrk' products)" -ge 2 ]
  ! grep -v ' to [^ ]*libopenblas' products
}

@test "workers have as many BLAS threads as the plan says" {
  cd "$BATS_TEST_TMPDIR"
  export HEED_PLUGIN_PATH="$HEED_BUILD/tests/plugins/small:$HEED_BUILD/tests/plugins/faulty"
  cat >threads.lua <<'LUA'
local h = require "heed"
return h.sweep {
  blas_threads = 3,
  source = h.source.small {},
  users = { count = 1, annotations = 1, attentiveness = h.distribution.level {},
            model = h.user_model.chooser {} },
  estimator = h.estimator.faulty { seconds = 30 },
}
LUA
  "$HEED" run threads.lua -j 1 >out 2>err &
  supervisor=$!
  worker=""
  for ((turn = 0; turn < 500; turn++)); do
    worker=$(pgrep -P $supervisor -x "heed worker") && break
    sleep 0.02
  done
  [ -n "$worker" ]
  tr '\0' '\n' <"/proc/$worker/environ" | grep -qx OPENBLAS_NUM_THREADS=3
  kill -KILL $supervisor
  wait $supervisor || true
}
