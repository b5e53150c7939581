#!/usr/bin/env bash
# Seconds to make a world of 10^4 and of 10^6 pairs, and nanoseconds of the
# frontier (win_rate_at_kl) per candidate and level of KL.
#   tests/bench/worlds.sh
. "$(dirname "$0")/bench.bash"

# sweep PAIRS METRICS TRAINER: 20 levels of KL.
sweep() {
  cat >worlds.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Worlds",
  replicates = 10,
  source = h.source.synthetic { pairs = $1, mu = 0.74 },
  users = { count = 500, annotations = 20,
            attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
            model = h.user_model.attentive {} },
  estimator = h.estimator.constant {},
  evaluation = { metrics = { $2 }, kl = h.linspace(0.1, 2, 20) },
  trainer = $3,
}
LUA
}

# stage NAME: least seconds of that stage over replicates and turns.
stage() {
  for ((turn = 0; turn < ${BENCH_TURNS:-5}; turn++)); do
    rm -rf result.h5
    "$heed" run worlds.lua -j 1 -o result.h5 --progress none >/dev/null
    of_result result.h5 "timing/seconds_$1" nanmin
  done | LC_ALL=C sort -g | head -n 1
}

for pairs in 10000 1000000; do
  sweep "$pairs" '"eta_mean"' 'h.trainer.none {}'
  echo "a world of $pairs pairs: $(compute "$(stage world)" %.4f) s"
done

dpo='h.trainer.dpo { beta = 1, ridge = 1 }'
sweep 10000 '"win_rate"' "$dpo"
without=$(stage evaluation)
sweep 10000 '"win_rate", "win_rate_at_kl"' "$dpo"
with=$(stage evaluation)
# 500 held-out prompts with 40 candidates, 20 levels.
echo "the frontier: $(compute "($with - $without) / 4e5 * 1e9" %.2f) ns per candidate and KL"
