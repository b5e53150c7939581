# SIGKILL of the whole process group, at every write, fsync, rename and unlink of
# storage and at random times.  After each, the same command resumes, and the
# result is bit-identical to that of an uninterrupted run.

load small

# disturbed COMMAND …: in a process group of its own, which may be killed.
disturbed() {
  setsid "$@" >out 2>err </dev/null || true
}

# goes_on NAME: a run that is left alone completes what a killed one left in
# small.h5; the result is kept, to be compared with the others.
goes_on() {
  heed_run small.lua -j 2
  [ "$status" -eq 0 ] || { echo "after $1: $stderr"; return 1; }
  ! compgen -G 'small.h5?*' || { echo "left after $1"; return 1; }
  mv small.h5 "after-$1.h5"
}

# every_moment WORKERS: kills at the first moment of storage, at the second, …
# until a run gets past them all.
every_moment() {
  for ((moment = 1; ; moment++)); do
    rm -rf small.h5 small.h5.work count
    HEED_FAULT=$moment HEED_FAULT_COUNT=$PWD/count \
      disturbed "$HEED" run small.lua -j "$1"
    if grep -q "cells done" out; then break; fi
    goes_on "moment-$moment"
  done
  [ "$moment" -gt 20 ]
  same whole.h5 after-*.h5
}

faults_are_built() {
  HEED_FAULT=1 HEED_FAULT_COUNT=$PWD/probe disturbed "$HEED" run small.lua -o probe.h5
  rm -rf probe*
  ! grep -q "cells done" out
}

@test "a kill at any moment of storage loses nothing: one worker" {
  faults_are_built || skip "this build injects no faults (-DHEED_FAULTS=ON)"
  heed_run small.lua -j 1 -o whole.h5
  every_moment 1
}

@test "a kill at any moment of storage loses nothing: two workers" {
  faults_are_built || skip "this build injects no faults (-DHEED_FAULTS=ON)"
  heed_run small.lua -j 2 -o whole.h5
  every_moment 2
}

@test "a kill at any moment while a result is extended loses nothing" {
  faults_are_built || skip "this build injects no faults (-DHEED_FAULTS=ON)"
  heed_run small.lua -o first.h5
  sed -i 's/replicates = 3/replicates = 4/' small.lua
  heed_run small.lua -o whole.h5
  for ((moment = 1; ; moment++)); do
    rm -rf small.h5 small.h5.work count
    cp first.h5 small.h5
    HEED_FAULT=$moment HEED_FAULT_COUNT=$PWD/count disturbed "$HEED" run small.lua
    if grep -q "cells done" out; then break; fi
    cp small.h5 "killed-$moment.h5"
    goes_on "moment-$moment"
  done
  [ "$moment" -gt 20 ]
  same --within first.h5 killed-*.h5
  same whole.h5 after-*.h5
}

@test "a kill at any moment of a costly stage loses nothing" {
  faults_are_built || skip "this build injects no faults (-DHEED_FAULTS=ON)"
  write_sweep 'h.estimator.empty {}' '' 'h.source.saved { pairs = 20 }'
  heed_run small.lua -o whole.h5
  every_moment 1
}

# HEED_KILLS=100 for as many as a release wants.
@test "kills at random moments lose nothing" {
  write_sweep 'h.estimator.faulty { seconds = h.axis { "pause", 0.01, 0.02, 0.03 } }' \
    'h.filter.faulty { seconds = h.axis { "nap", h.linspace(0, 0.01, 10) } }'
  began=$(date +%s%N)
  heed_run small.lua -j 2 -o whole.h5
  [ "$status" -eq 0 ]
  lasted=$((($(date +%s%N) - began) / 1000))
  RANDOM=20251124
  killed=0
  for ((turn = 0; turn < ${HEED_KILLS:-10}; turn++)); do
    rm -rf small.h5 small.h5.work
    for again in 1 2; do
      setsid "$HEED" run small.lua -j 2 >out 2>err </dev/null &
      supervisor=$!
      sleep "$(printf '0.%06d' $((RANDOM * lasted / 32768 % 1000000)))"
      if kill -KILL -- -$supervisor 2>/dev/null; then killed=$((killed + 1)); fi
      wait $supervisor || true
    done
    goes_on "kill-$turn"
  done
  [ "$killed" -gt 0 ]
  same whole.h5 after-*.h5
}
