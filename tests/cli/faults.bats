# A faulty plugin fails only its own cells.

load small

# heed_fault FAULT: a sweep whose estimator has no fault, that one, and none
# again, three filters below each, three replicates.
heed_fault() {
  write_sweep 'h.estimator.faulty { fault = h.axis { "fault", "none", "'"$1"'" } }'
  heed_run small.lua -j 2 --timeout "${timeout:-2}" --memory 400M
}

# costs FAULT STATUS WORDS: only its cells have that status, all others are
# done, and both the summary and the file name the plugin's file and say WORDS.
costs() {
  heed_fault "$1"
  [ "$status" -eq 3 ]
  [ "$(ask small.h5 'set(status[0].ravel()) == {0}')" = True ]
  [ "$(ask small.h5 "set(status[1].ravel()) == {$2}")" = True ]
  [ "$(ask small.h5 'numpy.isfinite(f["filter_draw"][()][0]).all()')" = True ]
  [ "$(ask small.h5 'numpy.isnan(f["filter_draw"][()][1]).all()')" = True ]
  [ "$(ask small.h5 'len(f["errors/message"])')" = 9 ]
  [ "$(ask small.h5 'set(texts("errors/stage"))')" = "{'posterior'}" ]
  [ "$(ask small.h5 'set(texts("errors/plugin"))')" = "{'estimator/faulty'}" ]
  [[ "$(ask small.h5 'texts("errors/message")[0]')" == *"/faulty.so: $3"* ]]
  [[ "$output" == "9 cells done, 9 failed"* ]]
  [[ "$output" == *"in posterior, estimator/faulty, at fault = $1; the first: "*"/faulty.so: $3"* ]]
  [ ! -e small.h5.work ]
}

@test "a crash costs its own cells" {
  costs crash 2 "was killed by signal 11"
  [ "$(ask small.h5 'set(f["errors/signal"][()])')" = "{11}" ]
}

@test "an abort costs its own cells, and its last words are kept" {
  costs abort 2 "was killed by signal 6"
  [[ "$output" == *"last line of its log: faulty: this cannot be"* ]]
}

@test "an exit() costs its own cells" {
  costs exit 2 "exited the process with status 0"
}

@test "an endless loop costs its own cells" {
  costs loop 3 "took longer than the limit of 2 s"
}

@test "10 GiB touched cost their own cells" {
  timeout=60 costs greedy 4 "held "
  [[ "$output" == *"more than the limit of 400 MiB"* ]]
}

@test "NaN costs its own cells" {
  costs nan 1 "invalid output: mean[0] is"
}

@test "an infinite output costs its own cells" {
  costs infinite 1 'its output "draw" is inf'
}

@test "wrong counts cost their own cells" {
  costs wrong_counts 1 "invalid output: a posterior of 5 units, expected 4"
}

@test "an error costs its own cells" {
  costs error 1 "the matrix is not definite"
}

@test "an error without a message costs its own cells" {
  costs silent 1 "failed without a message"
}

@test "a plugin that says it was cancelled although it was not costs its own cells" {
  costs quits 1 "it had enough"
}

@test "a crash while a plugin is closed costs its own cells" {
  write_sweep '' 'h.filter.faulty { fault = h.axis { "fault", "none", "late" } }'
  heed_run small.lua -j 2
  [ "$status" -eq 3 ]
  [ "$(ask small.h5 'set(status[:, 0].ravel()) == {0}')" = True ]
  # The last cell of a batch is safe before its plugin is closed.
  [ "$(ask small.h5 'set(status[:, 1].ravel()) <= {0, 2}')" = True ]
  [ "$(ask small.h5 '(status[:, 1] == 2).any()')" = True ]
  [ "$(ask small.h5 'set(texts("errors/stage"))')" = "{'selection'}" ]
}

@test "a filter that crashes does not cost the posterior it shares" {
  write_sweep '' 'h.filter.faulty { fault = h.axis { "fault", "none", "crash", "nan" } }'
  heed_run small.lua -j 2
  [ "$status" -eq 3 ]
  [ "$(ask small.h5 'set(status[:, 0].ravel()) == {0}')" = True ]
  [ "$(ask small.h5 'set(status[:, 1].ravel()) == {2}')" = True ]
  [ "$(ask small.h5 'set(status[:, 2].ravel()) == {1}')" = True ]
  [ "$(ask small.h5 'set(texts("errors/stage"))')" = "{'selection'}" ]
}

@test "every fault at once: the sound cells are those of a sound sweep" {
  write_sweep 'h.estimator.faulty { fault = h.axis { "fault", "none", "crash",
    "abort", "exit", "loop", "nan", "infinite", "wrong_counts", "error",
    "silent", "greedy", "babble", "quits" } }'
  heed_run small.lua -j 2 --timeout 4 --memory 400M -o faulty.h5
  [ "$status" -eq 3 ]
  write_sweep 'h.estimator.faulty { fault = h.axis { "fault", "none" } }'
  heed_run small.lua -o sound.h5
  [ "$status" -eq 0 ]
  same --within sound.h5 faulty.h5
}

@test "failed cells are not run again, unless --retry says so" {
  heed_fault error
  heed_run small.lua
  [ "$status" -eq 3 ]
  [[ "$output" == "0 cells done, 18 recorded before"* ]]
  [[ "$output" == *"9 of the cells recorded before had failed; --retry runs them again"* ]]
  heed_run small.lua --retry
  [ "$status" -eq 3 ]
  [[ "$output" == "0 cells done, 9 failed, 9 recorded before"* ]]
}
