# What the tests of logs share: a sweep that reads log.csv, and questions to its
# result.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  source_log
}

# source_log [PARAMETERS [PATH]]: log.lua, with users and pairs that are kept.
source_log() {
  cat >log.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "A log",
  source = h.source.log { path = "${2:-log.csv}", $1 },
  estimator = h.estimator.em { mu = ${mu:-0.8}, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  keep = { "users", "selection", "trace" },
}
LUA
}

heed_run() {
  rm -f log.h5
  run --separate-stderr "$HEED" run log.lua --progress none "$@"
}

runs() {
  heed_run "$@"
  if [ "$status" -ne 0 ]; then
    echo "$output $stderr"
    return 1
  fi
}

# fails WITH: the only cell fails, and the message says this.
fails() {
  heed_run
  [ "$status" -ne 0 ]
  if [[ "$stderr$output" != *"$1"* ]]; then
    echo "$stderr$output"
    return 1
  fi
}

# ask EXPRESSION: prints what Python makes of it; f is log.h5, and texts(f, NAME)
# are those of its selection.
ask() {
  PYTHONPATH="$HEED_SOURCE/tests/support" /usr/bin/python3 -c '
import sys, h5py
from selection import texts
f = h5py.File("log.h5")
number = lambda name: float(f[name][()].ravel()[0])
print(eval(sys.argv[1]))' "$1"
}

# is METRIC NUMBER
is() {
  local found
  found=$(ask "number('$1')")
  [ "$found" = "$2" ] || { echo "$1: found $found, expected $2" && return 1; }
}

# users: "NAME ANNOTATIONS" of each, in order.
users() {
  "$HEED" users log.h5 | LC_ALL=C awk -F, 'NR > 1 { print $1, $4 }'
}

# etas: "NAME ETA_HAT" of each.
etas() {
  "$HEED" users log.h5 | LC_ALL=C awk -F, 'NR > 1 { printf "%s %.6f\n", $1, $2 }'
}

# warned CODE: the messages of these warnings.
warned() {
  "$HEED" show log.h5 | sed -n "s/^ .*x $1, log: //p"
}
