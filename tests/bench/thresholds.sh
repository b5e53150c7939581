#!/usr/bin/env bash
# Ten thresholds against one: the fit that they share is made once.
#   tests/bench/thresholds.sh
. "$(dirname "$0")/bench.bash"

# sweep SHARES
sweep() {
  cat >thresholds.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Thresholds",
  replicates = 8,
  source = h.source.synthetic { pairs = 100000, held_out = 0, mu = 0.74 },
  users = { count = 2000, annotations = 50, assignment = "overlapping",
            attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
            model = h.user_model.attentive {} },
  estimator = h.estimator.em { mu = "known", prior = h.distribution.beta {},
                               model = h.user_model.attentive {} },
  filter = h.filter.top { share = h.axis { "share", $1 } },
}
LUA
}

sweep 0.5
one=$(seconds thresholds.lua -j 1)
sweep "h.linspace(0.1, 1, 10)"
ten=$(seconds thresholds.lua -j 1)
echo "one threshold $one s, ten $ten s: $(compute "$ten / $one" %.3f) times as long (aim: at most 1.2)"
