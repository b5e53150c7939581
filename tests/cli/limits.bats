# Limits: time, memory, a plugin's output, disk space.

load small

@test "--timeout is for a stage, not for the run" {
  write_sweep '' 'h.filter.faulty { seconds = h.axis { "nap", 0.7, 0.71, 0.72 } }'
  heed_run small.lua -j 1 --timeout 5
  [ "$status" -eq 0 ]
  heed_run small.lua --timeout 0.1 -o short.h5
  [ "$status" -eq 3 ]
  [ "$(ask short.h5 'set(status.ravel()) == {3}')" = True ]
  [[ "$output" == *"timed out in selection, filter/faulty; the first: "*"took longer than the limit of 0.1 s"* ]]
}

@test "a cell that timed out is done with --retry and a longer limit" {
  write_sweep '' 'h.filter.faulty { seconds = h.axis { "nap", 0, 3600 } }'
  heed_run small.lua --timeout 3
  [ "$status" -eq 3 ]
  [ "$(ask small.h5 'set(status[:, 1].ravel()) == {3}')" = True ]
  export HEED_TEST_AWAKE=1
  heed_run small.lua --timeout 60 --retry
  [ "$status" -eq 0 ]
  [[ "$output" == "6 cells done, 6 recorded before"* ]]
  heed_run small.lua -o whole.h5
  same small.h5 whole.h5
}

@test "a plugin that babbles does not fill the disk" {
  write_sweep 'h.estimator.faulty { fault = "babble" }'
  "$HEED" run small.lua -j 1 >out 2>err &
  most=0
  while kill -0 $! 2>/dev/null; do
    size=$(stat -c %s small.h5.work/worker-0.log 2>/dev/null || echo 0)
    [ "$size" -le "$most" ] || most=$size
    sleep 0.01
  done
  wait $!
  grep -q "9 cells done" out
  # Of 66 MB a stage, what is written between two looks and the limit of 4 MiB.
  [ "$most" -lt 60000000 ]
}

# A file system of $1 KiB at ./disk, or the test is skipped.
mount_disk() {
  mkdir disk
  mount -t tmpfs -o size="$1k" tmpfs disk 2>/dev/null ||
    skip "a small file system cannot be mounted here"
}

teardown() {
  if mountpoint -q "$BATS_TEST_TMPDIR/disk"; then
    umount "$BATS_TEST_TMPDIR/disk"
  fi
}

@test "a full disk stops the run with a message, loses nothing, and the run can be resumed" {
  mount_disk 1600
  write_sweep 'h.estimator.empty {}' \
    'h.filter.faulty { seconds = h.axis { "nap", h.linspace(0, 0.001, 1000) } }'
  heed_run small.lua -o whole.h5
  [ "$status" -eq 0 ]
  heed_run small.lua -o disk/small.h5
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"disk/small.h5.work"*"No space left on device"* ]]
  safe=$(echo "$stderr" | sed -n 's/heed: .*\.work keeps \([0-9]*\) of 3000 cells; .*/\1/p')
  [ "$safe" -gt 0 ]
  mount -o remount,size=64m disk
  heed_run small.lua -o disk/small.h5
  [ "$status" -eq 0 ]
  [[ "$output" == "$((3000 - safe)) cells done, $safe recorded before"* ]]
  same whole.h5 disk/small.h5
}

@test "a disk that is too full for the result keeps the parts" {
  write_sweep 'h.estimator.empty {}' \
    'h.filter.faulty { seconds = h.axis { "nap", h.linspace(0, 0.001, 1000) } }'
  heed_run small.lua -o whole.h5
  mount_disk 8192
  cat /dev/zero >disk/ballast 2>/dev/null || true
  truncate -s "$(($(stat -c %s disk/ballast) - 1500000))" disk/ballast
  heed_run small.lua -o disk/small.h5
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"No space left on device"* ]]
  rm disk/ballast
  heed_run small.lua -o disk/small.h5
  [ "$status" -eq 0 ]
  same whole.h5 disk/small.h5
}
