#!/usr/bin/env bash
# Seconds of fits of thousands of models, each compared a few times: 400 users with
# 20 annotations each, on 8,000 pairs.
#   tests/bench/models.sh
. "$(dirname "$0")/bench.bash"

# posterior MODELS ESTIMATOR: least seconds of the stage over the turns.
posterior() {
  cat >models.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Models",
  source = h.source.arena { models = $1, pairs = 8000, strength = 1 },
  users = { count = 400, annotations = 20,
            attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
            model = h.user_model.attentive {} },
  estimator = $2,
}
LUA
  for ((turn = 0; turn < ${BENCH_TURNS:-5}; turn++)); do
    rm -rf result.h5
    "$heed" run models.lua -j 1 -o result.h5 --progress none >/dev/null
    of_result result.h5 timing/seconds_posterior nanmin
  done | LC_ALL=C sort -g | head -n 1
}

for models in 1000 4000; do
  for estimator in 'em_bradley_terry {}' 'em_bradley_terry { pseudo_users = 0 }' 'crowd_bt {}'; do
    echo "$estimator, $models models: $(compute "$(posterior "$models" "h.estimator.$estimator")" %.2f) s"
  done
done
