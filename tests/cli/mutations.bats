# Damaged files of interrupted and finished runs: mutate.py.

load small

# HEED_MUTATIONS=2000 for as many as a release wants.
@test "a damaged part, plan, lock, stage or result gives the right result or an error, never another result" {
  write_sweep 'h.estimator.faulty { seconds = h.axis { "pause", 0, 0.001 } }' '' \
    'h.source.saved { pairs = 20 }'
  sed 's/replicates = 3/replicates = 2/' small.lua >short.lua
  run /usr/bin/python3 "$HEED_SOURCE/tests/cli/mutate.py" "$HEED" "${HEED_MUTATIONS:-60}" 20261130
  echo "$output"
  [ "$status" -ne 77 ] || skip "this build injects no faults (-DHEED_FAULTS=ON)"
  [ "$status" -eq 0 ]
}
