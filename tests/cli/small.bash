# What the tests of `heed run` share: a sweep of stages that cost nothing and
# fail as they are told to, and questions to its result.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  plugins="$HEED_BUILD/tests/plugins"
  export HEED_PLUGIN_PATH="$plugins/small:$plugins/faulty"
  ulimit -c 0
  # Sanitizers map terabytes and answer signals themselves.
  export ASAN_OPTIONS="handle_segv=0:handle_abort=0:detect_leaks=0"
  write_sweep
}

# write_sweep [ESTIMATOR [FILTER [SOURCE]]]: small.lua, 3 replicates.
write_sweep() {
  cat >small.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Small",
  seed = 7,
  replicates = 3,
  source = ${3:-h.source.small { pairs = 20 \}},
  users = {
    count = 4,
    annotations = 5,
    attentiveness = h.distribution.level {},
    model = h.user_model.chooser {},
  },
  estimator = ${1:-h.estimator.faulty { seconds = h.axis { \"pause\", 0, 0.001 \} \}},
  filter = ${2:-h.filter.faulty { seconds = h.axis { \"nap\", 0, 0.001, 0.002 \} \}},
}
LUA
}

heed_run() {
  run --separate-stderr "$HEED" run "$@"
}

same() {
  /usr/bin/python3 "$HEED_SOURCE/tests/cli/same.py" "$@"
}

# ask FILE EXPRESSION: prints what Python makes of it; f is the file, status
# the grid of statuses.
ask() {
  /usr/bin/python3 -c '
import sys, h5py, numpy
f = h5py.File(sys.argv[1])
status = f["status"][()]
texts = lambda name: [text.decode() for text in f[name][()].ravel()]
print(eval(sys.argv[2]))' "$@"
}

# Waits until the condition holds, for ten seconds at most.
await() {
  for ((turn = 0; turn < 500; turn++)); do
    "$@" && return 0
    sleep 0.02
  done
  return 1
}
