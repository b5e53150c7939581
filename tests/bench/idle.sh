#!/usr/bin/env bash
# One stage of 1 s, then eight cells of 0.3 s under it, with two workers.  The
# shortest possible time is 2.2 s, plus heed's start.
#   tests/bench/idle.sh
. "$(dirname "$0")/bench.bash"
export HEED_PLUGIN_PATH="$HEED_PLUGIN_PATH:$build/tests/plugins/faulty"

# sweep SOURCE ESTIMATOR_SECONDS FILTER_SECONDS
sweep() {
  cat >idle.lua <<LUA
local h = require "heed"
local each = h.axis { "each", .30, .301, .302, .303, .304, .305, .306, .307 }
return h.sweep {
  title = "Idle",
  source = h.source.$1 { pairs = 20, seconds = 1 },
  users = { count = 4, annotations = 5, attentiveness = h.distribution.level {}, model = h.user_model.chooser {} },
  estimator = h.estimator.faulty { seconds = $2 },
  filter = h.filter.faulty { seconds = $3 },
}
LUA
}

sweep saved each 0
echo "a costly world and eight fits: $(seconds idle.lua -j 2) s"
sweep saved 0 each
echo "a costly world, one fit and eight filters: $(seconds idle.lua -j 2) s"
sweep small each 0
echo "a world that each worker makes, and eight fits: $(seconds idle.lua -j 2) s"
