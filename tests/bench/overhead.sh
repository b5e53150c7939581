#!/usr/bin/env bash
# What heed itself costs a cell: stages that do nothing, one worker; the
# difference between many cells and a tenth of them, so that starting counts
# for nothing, and writing the result counts.
#   tests/bench/overhead.sh
. "$(dirname "$0")/bench.bash"

# sweep REPLICATES VALUES
sweep() {
  cat >empty.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Empty",
  replicates = $1,
  source = h.source.small {},
  users = { count = 1, annotations = 1, attentiveness = h.distribution.level {},
            model = h.user_model.chooser {} },
  estimator = h.estimator.empty {},
  filter = h.filter.empty { number = h.axis { "number", h.linspace(0, 1, $2) } },
}
LUA
}

# report WHAT REPLICATES VALUES
report() {
  local few many
  sweep "$(($2 / 10))" "$3"
  few=$(seconds empty.lua -j 1)
  sweep "$2" "$3"
  many=$(seconds empty.lua -j 1)
  echo "$1: $(compute "1e6 * ($many - $few) / ($2 * $3 * 0.9)" %.1f) microseconds a cell (aim: below 50)"
}

report "cells that share all but a filter" 100 1000
report "cells that share nothing" 50000 2
