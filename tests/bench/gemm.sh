#!/usr/bin/env bash
# The rate of matrix products inside a worker beside the library's own, one
# thread each.
#   tests/bench/gemm.sh
. "$(dirname "$0")/bench.bash"
export HEED_PLUGIN_PATH="$HEED_PLUGIN_PATH:$build/tests/plugins/gemm"
export OPENBLAS_NUM_THREADS=1

cat >gemm.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Products",
  replicates = 3,
  source = h.source.gemm {},
  users = { count = 1, annotations = 1, attentiveness = h.distribution.level {},
            model = h.user_model.chooser {} },
  estimator = h.estimator.empty {},
}
LUA
"$heed" run gemm.lua -j 1 --progress none >/dev/null
inside=$(of_result gemm.h5 source_rate max)
alone=$(for turn in 1 2 3; do "$build/tests/bench_gemm"; done | sort -g | tail -1)
echo "products of doubles, $(compute "$inside" %.1f) GFLOP/s in a worker, $(compute "$alone" %.1f) without heed: $(compute "$inside / $alone" %.2f)"
