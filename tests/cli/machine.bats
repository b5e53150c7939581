# What heed takes of the machine: cores, memory, the size of files.

bats_require_minimum_version 1.5.0
load small

@test "as many workers start as heed may use cores" {
  command -v taskset >/dev/null || skip "taskset is not installed"
  write_sweep 'h.estimator.faulty { seconds = 0.05 }' 'h.filter.faulty {}'
  core=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
  taskset -c "$core" "$HEED" run small.lua -o pinned.h5 --set replicates=6 --progress none
  [ "$(ask pinned.h5 'f.attrs["workers"]')" = 1 ]
  taskset -c "$core" "$HEED" run small.lua -o two.h5 -j 2 --progress none
  [ "$(ask two.h5 'f.attrs["workers"]')" = 2 ]
}

# The machine has much memory, of which 400 MiB are free.
@test "workers hold 90 % of the memory that is free, not of all there is" {
  printf 'MemTotal: 99999999 kB\nMemAvailable: 409600 kB\n' >meminfo
  hidden='mount --bind meminfo /proc/meminfo && exec "$@"'
  unshare -rm sh -c "$hidden" sh true 2>/dev/null || skip "mounting is not allowed here"
  write_sweep 'h.estimator.faulty { fault = h.axis { "fault", "none", "greedy" } }' 'h.filter.faulty {}'
  run --separate-stderr unshare -rm sh -c "$hidden" sh "$HEED" run small.lua -j 2 --progress none
  [ "$status" -eq 3 ]
  [[ "$output" == "3 cells done, 3 failed"*"and all workers together more than 360 MiB"* ]]
}

# limited KIBIBYTES: a run whose files must not be larger.
limited() {
  (ulimit -f "$1" && "$HEED" run small.lua -o r.h5 --progress none) >said 2>&1
}

@test "a file size limit is an error, and the run can be resumed" {
  "$HEED" run small.lua -o whole.h5 --progress none
  failed=0
  for most in 1 4 16 32 64; do
    code=0
    limited $most || code=$?
    cat said
    [ "$code" -le 1 ]
    if [ "$code" -eq 1 ]; then
      failed=$((failed + 1))
      grep -F 'File too large' said
    fi
  done
  [ "$failed" -gt 0 ]
  "$HEED" run small.lua -o r.h5 --progress none
  same whole.h5 r.h5
}
