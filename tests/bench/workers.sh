#!/usr/bin/env bash
# Two workers against one, where stages take the time: simulated users, EM, DPO.
#   tests/bench/workers.sh
. "$(dirname "$0")/bench.bash"

cat >workers.lua <<'LUA'
local h = require "heed"
local beta = h.distribution.beta {}
return h.sweep {
  title = "Workers",
  replicates = 30,
  source = h.source.synthetic { pairs = 20000, held_out = 200, mu = h.axis { "gap", 0.74, 0.9 } },
  users = { count = 800, annotations = 25, attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
            model = h.user_model.attentive {} },
  estimator = h.estimator.em { mu = "known", prior = beta, model = h.user_model.attentive {} },
  filter = h.filter.top { share = h.axis { "share", 0.3, 0.6, 1 } },
  trainer = h.trainer.dpo { loss = "sigmoid" },
}
LUA
one=$(seconds workers.lua -j 1)
two=$(seconds workers.lua -j 2)
echo "one worker $one s, two $two s: $(compute "$one / $two" %.2f) times as fast (aim: at least 1.9; $(nproc) cores)"
