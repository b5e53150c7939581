# Threads inside a stage (`threads` in a sweep): how many a stage gets, and that
# heed's guarantees hold in each thread of a plugin.

load small.bash

setup() {
  cd "$BATS_TEST_TMPDIR"
  plugins="$HEED_BUILD/tests/plugins"
  export HEED_PLUGIN_PATH="$plugins/small:$plugins/faulty:$plugins/threads"
  ulimit -c 0
  # Sanitizers map terabytes and answer signals themselves.
  export ASAN_OPTIONS="handle_segv=0:handle_abort=0:detect_leaks=0"
}

# threads_sweep [PARAMETERS [HEAD]]: small.lua with the estimator `threads`.
threads_sweep() {
  write_sweep "h.estimator.threads { $1 }, replicates = 1${2:+, $2}" nil
}

need_cores() {
  [ "$(nproc)" -ge 2 ] || skip "heed may use only one core"
}

offered() {
  ask "$1" 'f["estimator_offered"][()].ravel().tolist()'
}

@test "a worker alone may use all cores of the run" {
  need_cores
  threads_sweep
  heed_run small.lua -j 2 -o two.h5
  [ "$status" -eq 0 ]
  [ "$(offered two.h5)" = "[2.0]" ]
  [ "$(ask two.h5 'f["estimator_got"][()].ravel().tolist()')" = "[2.0]" ]
  heed_run small.lua -j 1 -o one.h5
  [ "$(offered one.h5)" = "[1.0]" ]
  taskset -c "$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')" \
    "$HEED" run small.lua -j 2 -o bound.h5
  [ "$(offered bound.h5)" = "[1.0]" ]
}

@test "workers that run together have one core each, and the last one has them all" {
  need_cores
  threads_sweep "seconds = h.axis { 'seconds', 0.3, 0.6, 0.9 }"
  heed_run small.lua -j 2
  [ "$status" -eq 0 ]
  # Two cells begin; the third begins while the longer of them runs.
  [ "$(offered small.h5)" = "[1.0, 1.0, 1.0]" ]
  # Cells of one posterior go to one worker: the other has nothing to do.
  write_sweep "h.estimator.threads {}, replicates = 1" \
    'h.filter.faulty { seconds = h.axis { "nap", 0, 0.1 } }'
  heed_run small.lua -j 2 -o filters.h5
  [ "$(offered filters.h5)" = "[2.0, 2.0]" ]
}

@test "threads = N gives each stage N threads" {
  threads_sweep "seconds = h.axis { 'seconds', 0, 0.01 }" "threads = 3"
  heed_run small.lua -j 2
  [ "$status" -eq 0 ]
  [ "$(offered small.h5)" = "[3.0, 3.0]" ]
  [ "$(ask small.h5 'f["estimator_got"][()].ravel().tolist()')" = "[3.0, 3.0]" ]
}

@test "heed cell offers the sweep's threads" {
  threads_sweep "" "threads = 3"
  run -0 "$HEED" cell small.lua --index 0
  grep -Eq '^estimator_offered +3$' <<<"$output"
  run -0 "$HEED" cell small.lua --index 0 --set threads='"auto"'
  grep -Eq "^estimator_offered +$(nproc)$" <<<"$output"
}

@test "no bit and no key depends on the number of threads" {
  threads_sweep
  heed_run small.lua --set threads=1 -o one.h5
  heed_run small.lua --set threads=4 -o four.h5
  [ "$(offered one.h5) $(offered four.h5)" = "[1.0] [4.0]" ]
  for file in one four; do
    ask $file.h5 'f["estimator_sum"][()].tobytes().hex(), texts("cells/key")' >$file
  done
  cmp one four
  heed_run small.lua --set threads=2 -o one.h5
  [[ "$output" == "0 cells done, 1 recorded before"* ]]
}

@test "threads takes auto or a whole number for the whole sweep" {
  for wrong in 0 1.5 '"all"' 'h.axis { "threads", 1, 2 }'; do
    threads_sweep "" "threads = $wrong"
    run --separate-stderr "$HEED" check small.lua
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"small.lua:"*"threads: "* ]]
    [[ "$stderr" == *found* || "$stderr" == *'expected "auto", or a number'* ]]
  done
  threads_sweep "" 'threads = "auto"'
  run -0 "$HEED" check small.lua
  run -2 --separate-stderr "$HEED" check small.lua --set threads=2.5
  [[ "$stderr" == *"--set threads=2.5: threads: found 2.5, expected a whole number"* ]]
}

@test "the floating-point environment of each thread is put back, in the plugin's name" {
  [ "$(uname -m)" = x86_64 ] || skip "no x86-64 processor"
  threads_sweep "fault = 'flushes', seconds = h.axis { 'seconds', 0, 0.001 }" "threads = 3"
  heed_run small.lua -j 1
  [ "$status" -eq 0 ]
  # clang's OpenMP puts it back by itself when the threads work again.
  ldd "$HEED" | grep -q libomp ||
    [[ "$output" == *"changed_denormals in all 2 cells (threads): changed the flushing of denormals of the process; "* ]]
  [ "$(ask small.h5 'f["estimator_flushing"][()].ravel().tolist()')" = "[0.0, 0.0]" ]
}

@test "no thread can write to an input" {
  threads_sweep "fault = 'writes'" "threads = 3"
  heed_run small.lua -j 1
  [ "$status" -eq 3 ]
  [[ "$output" == *"in posterior, estimator/threads: "*"wrote to the output of the stage world, which is read-only"* ]]
}

@test "a thread that hangs costs its cells" {
  threads_sweep "fault = h.axis { 'fault', 'none', 'hangs' }" "threads = 3"
  heed_run small.lua -j 1 --timeout 1
  [ "$status" -eq 3 ]
  [[ "$output" == *"1 cell done, 1 failed"*"1 timed out in posterior, estimator/threads"* ]]
}

@test "heed check --plugin tries a plugin with threads" {
  file="$plugins/threads/threads.so"
  run -0 "$HEED" check --plugin "$file" --set report=false
  run -1 "$HEED" check --plugin "$file" --set report=false --set fault=unsteady
  [[ "$output" == *"estimator/threads: estimate(): sum[0] is "*" with 3 threads, expected "*" as before"* ]]
}
