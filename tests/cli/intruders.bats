# A plugin that changes the process it runs in, or the outputs of other stages,
# changes no cell of another plugin, and is named.

load small

# attack PAIRS ATTACK …: intruder.h5, a sweep over these attacks of a filter,
# beside one filter that attacks nothing.
attack() {
  local pairs="$1" attacks="" each
  for each in "${@:2}"; do attacks+=", \"$each\""; done
  export HEED_PLUGIN_PATH="$plugins/small:$plugins/intruder"
  write_sweep 'h.estimator.empty {}' \
    'h.filter.intruder { file = "'"$PWD"'/started", late = '"${late:-false}"',
      attack = h.axis { "attack", "none"'"$attacks"' } }' \
    "h.source.small { pairs = $pairs }"
  heed_run small.lua -o intruder.h5 -j "${jobs:-2}" --progress none
  echo "$output"
  echo "$stderr"
}

# sound PAIRS: sound.h5, the cell of that sweep that attacks nothing.
sound() {
  attack "$1"
  mv intruder.h5 sound.h5
}

# warned CODE COUNT: so many cells have a warning of this code by the intruder.
warned() {
  [ "$(ask intruder.h5 "texts('warnings/code').count('$1')")" = "$2" ]
}

# failed COUNT MESSAGE: so many cells failed in the filter with this message.
failed() {
  [ "$(ask intruder.h5 "sum(text.endswith('''/intruder.so: $2''') for text in texts('errors/message'))")" = "$1" ]
  [ "$(ask intruder.h5 'set(texts("errors/plugin"))')" = "{'filter/intruder'}" ]
}

@test "numbers that a plugin changes for its process are put back after each call" {
  sound 20
  attack 20 locale thread_locale rounding traps flushing
  [ "$status" -eq 0 ]
  warned changed_locale 6
  warned changed_rounding 3
  warned changed_traps 3
  warned changed_denormals 3
  [ "$(ask intruder.h5 'set(texts("warnings/plugin"))')" = "{'intruder'}" ]
  same --within sound.h5 intruder.h5
  # Evaluation comes after the filter: all cells have the same metrics.
  [ "$(ask intruder.h5 '(f["eta_rmse"][()] == f["eta_rmse"][()][:1]).all()')" = True ]
}

@test "what else a plugin changes of its process is put back after the stage" {
  attack 20 folder umask handler blocked alarm limits variable
  [ "$status" -eq 0 ]
  for code in folder umask handlers blocked_signals alarm limits variables; do
    warned "changed_$code" 3
  done
}

@test "the order and the number of workers change no warning" {
  jobs=1 attack 20 rounding umask limits
  mv intruder.h5 one.h5
  jobs=3 attack 20 rounding umask limits
  same one.h5 intruder.h5
}

@test "what a plugin changes in destroy() is put back" {
  late=true sound 20
  late=true attack 20 rounding locale umask folder limits
  [ "$status" -eq 0 ]
  same --within sound.h5 intruder.h5
}

@test "a write to a small output of another stage fails, and other cells get the output as it was" {
  sound 20
  attack 20 posterior converged choice pairs
  [ "$status" -eq 3 ]
  failed 6 "wrote to the output of the stage posterior, which is read-only"
  failed 3 "wrote to the output of the stage annotations, which is read-only"
  failed 3 "wrote to the output of the stage world, which is read-only"
  same --within sound.h5 intruder.h5
}

@test "a write to a large output of another stage crashes, and the message says what was written to" {
  [[ "$(ldd "$HEED")" != *asan* ]] || skip "a sanitizer answers signal 11 itself"
  sound 20000
  attack 20000 pairs
  [ "$status" -eq 3 ]
  failed 3 "was killed by signal 11 (Segmentation fault); last line of its log: wrote to the output of the stage world, which is read-only"
  same --within sound.h5 intruder.h5
}

@test "a plugin that closes or replaces what its worker needs is named, and console and file agree" {
  sound 20
  attack 20 socket replaced log all_files
  [ "$status" -eq 3 ]
  failed 9 "closed or replaced the socket to the supervisor of its worker"
  failed 3 "closed or replaced standard error of its worker"
  [ "$(ask intruder.h5 'set(texts("errors/stage"))')" = "{'selection'}" ]
  [ "$(ask intruder.h5 '(status == 0).sum()')" = 3 ]
  [[ "$output" == "3 cells done, 12 failed"* ]]
  same --within sound.h5 intruder.h5
}

@test "processes that a plugin starts end with its worker" {
  attack 20 child daemon
  [ "$status" -eq 0 ]
  [ "$(wc -l <started)" -eq 6 ]
  while read -r process; do
    [ ! -e "/proc/$process" ]
  done <started
}

@test "processes that a plugin starts end with the run when it is interrupted" {
  export HEED_PLUGIN_PATH="$plugins/small:$plugins/intruder:$plugins/faulty"
  write_sweep 'h.estimator.empty {}' 'h.axis { "filter",
    h.filter.intruder { file = "'"$PWD"'/started", attack = "daemon" },
    h.filter.faulty { seconds = 60 } }'
  "$HEED" run small.lua -j 1 --progress none 3>&- &
  await test -s started
  kill -INT $!
  kill -INT $!
  wait $! || true
  while read -r process; do
    [ ! -e "/proc/$process" ]
  done <started
}

# late HOW WORDS: a plugin that hangs or crashes only while a worker loads it
# ends the run, with its file and these words.
late() {
  export HEED_PLUGIN_PATH="$plugins/small:$plugins/late_hang" LATE_HANG="$1"
  write_sweep 'h.estimator.empty {}' 'h.filter.late_hang {}'
  heed_run small.lua -j 1 --progress none --worker-timeout 0.5
  echo "$stderr"
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"3 workers in a row died before they recorded a cell: $(realpath "$plugins")/late_hang/late_hang.so: $2"* ]]
  [[ "$stderr" == *".work keeps 0 of 3 cells; "* ]]
}

@test "a plugin that hangs while a worker loads it ends the run, and is named" {
  late hang "did not load within 0.5 s"
}

@test "a worker that stops outside stages ends within its limit" {
  late stop "did not load within 0.5 s"
}

@test "a plugin that crashes while a worker loads it is named" {
  late crash "was killed by signal 6 (Aborted) while it was loaded"
}
