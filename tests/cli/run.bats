# heed run: results, extension, refusals, interrupts, progress; heed cell.

load small

# ---- results ----

@test "a sweep runs, and its result has its name" {
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "18 cells done, "*": small.h5" ]]
  [ -z "$stderr" ]
  [ "$(ask small.h5 'status.shape')" = "(2, 3, 3)" ]
  [ "$(ask small.h5 'set(status.ravel()) == {0}')" = True ]
  ! compgen -G 'small.h5?*' # neither work folder nor temporary files
}

@test "the result goes to results/ where there is such a folder" {
  mkdir results
  heed_run small.lua
  [ "$status" -eq 0 ]
  [ -f results/small.h5 ]
}

@test "-o names the result" {
  mkdir deep
  heed_run small.lua -o deep/other.h5
  [ "$status" -eq 0 ]
  [ -f deep/other.h5 ]
  [ ! -e small.h5 ]
}

@test "any number of workers gives the same bits" {
  for workers in 1 2 5; do
    heed_run small.lua -j $workers -o $workers.h5
    [ "$status" -eq 0 ]
  done
  same 1.h5 2.h5
  same 1.h5 5.h5
}

@test "--set changes what is run, and is reported" {
  heed_run small.lua --set seed=8 -o eight.h5
  [ "$status" -eq 0 ]
  heed_run small.lua
  run same small.h5 eight.h5
  [ "$status" -eq 1 ]
  [[ "$output" == *"differs: filter_draw"* ]]
  [[ "$(ask eight.h5 'f.attrs["command"]')" == *"--set seed=8"* ]]
}

# ---- going on and extending ----

@test "what is recorded is not run again" {
  heed_run small.lua
  cp small.h5 before.h5
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "0 cells done, 18 recorded before"* ]]
  same before.h5 small.h5
}

@test "a new value of an axis and more replicates run only what is new" {
  heed_run small.lua
  cp small.h5 before.h5
  sed -i 's/replicates = 3/replicates = 6/; s/"nap", 0, 0.001, 0.002/"nap", 0, 0.0015, 0.001, 0.002/' small.lua
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "30 cells done, 18 recorded before"* ]]
  same --within before.h5 small.h5
  heed_run small.lua -o fresh.h5
  [[ "$output" == "48 cells done, "* ]]
  same fresh.h5 small.h5
}

@test "a result holds the files that its sweep requires, and its cells do not depend on them" {
  mkdir lib
  echo 'return { 0, 0.001 }' >lib/pauses.lua
  sed -i 's/h.axis { "pause", 0, 0.001 }/h.axis("pause", require "lib.pauses")/' small.lua
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "18 cells done, "* ]]
  [ "$(ask small.h5 'texts("inputs/path")')" = "['$(realpath lib/pauses.lua)']" ]
  [ "$(ask small.h5 'texts("inputs/sha256")')" = "['$(sha256sum lib/pauses.lua | cut -d' ' -f1)']" ]
  [ "$(ask small.h5 '__import__("json").loads(f["sweep/plan"][()])["sweep"]["required"][0]["text"]')" = \
    'return { 0, 0.001 }' ]
  echo 'return { 0, 1e-3 } -- the same values' >lib/pauses.lua
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "0 cells done, 18 recorded before"* ]]
}

@test "a sweep that lost a value does not drop its cells silently" {
  heed_run small.lua
  sed -i 's/"nap", 0, 0.001, 0.002/"nap", 0, 0.001/' small.lua
  heed_run small.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"small.h5: holds 6 finished cells that this sweep does not have"* ]]
  [ "$(ask small.h5 'status.size')" = 18 ]
  [ ! -e small.h5.work ]
}

@test "the result of another sweep is not overwritten, unless --replace says so" {
  heed_run small.lua
  sed -i 's/Small/Other/' small.lua
  cp small.h5 before.h5
  heed_run small.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"small.h5: exists and is not a result of this sweep"* ]]
  cmp before.h5 small.h5
  heed_run small.lua --replace
  [ "$status" -eq 0 ]
  [[ "$output" == "18 cells done, "* ]]
  [ "$(ask small.h5 'f.attrs["title"]')" = Other ]
}

@test "a file that is not a heed result is not overwritten" {
  echo precious >small.h5
  heed_run small.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"small.h5: exists and is not a result of this sweep"* ]]
  [ "$(cat small.h5)" = precious ]
}

@test "a result folder that is not there is named" {
  heed_run small.lua -o nowhere/small.h5
  [ "$status" -eq 2 ]
  [ "$stderr" = "heed: nowhere/small.h5: cannot write: the folder nowhere does not exist" ]
}

@test "a folder that cannot be written to is named" {
  [ "$(id -u)" -ne 0 ] || skip "root may write anywhere"
  mkdir closed
  chmod 555 closed
  heed_run small.lua -o closed/small.h5
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"closed/small.h5.work: cannot create: Permission denied"* ]]
}

# ---- costly stages ----

@test "a costly world is made once a replicate, whoever needs it" {
  write_sweep '' '' 'h.source.saved { pairs = 20, seconds = 0.2, made = "'"$PWD/made"'" }'
  heed_run small.lua -j 4
  [ "$status" -eq 0 ]
  [ "$(stat -c %s made)" = 3 ]
}

@test "a costly world is not made again for those that die under it" {
  write_sweep '' 'h.filter.faulty { fault = h.axis { "fault", "none", "crash", "abort" } }' \
    'h.source.saved { pairs = 20, made = "'"$PWD/made"'" }'
  heed_run small.lua -j 1
  [ "$status" -eq 3 ]
  [[ "$output" == "6 cells done, 12 failed"* ]]
  [ "$(stat -c %s made)" = 3 ]
}

@test "cells of a costly stage start when that stage is done, on every worker" {
  write_sweep 'h.estimator.faulty {}, replicates = 1' \
    'h.filter.faulty { seconds = h.axis { "nap", 1, 1.1, 1.2, 1.3 } }' \
    'h.source.saved { pairs = 20, seconds = 0.5, made = "'"$PWD/made"'" }'
  heed_run small.lua -j 2
  [ "$status" -eq 0 ]
  [ "$(stat -c %s made)" = 1 ]
  # One worker alone takes 5.1 s, two take 2.8 s and what else the machine does.
  [ "$(ask small.h5 'f.attrs["wall_seconds"] < 4.3')" = True ]
}

# ---- interrupts ----

# The estimator takes that many seconds; `begun` is there once it is its turn.
slow() {
  write_sweep 'h.estimator.faulty { seconds = h.axis { "pause", '"$1"', '"$2"' } }' '' \
    'h.source.small { pairs = 20, made = "'"$PWD/begun"'" }'
}

@test "Ctrl-C finishes the running cells, exits with 130, and the run can be resumed" {
  heed_run small.lua -o whole.h5
  write_sweep '' 'h.filter.faulty { seconds = h.axis { "nap", 0.3, 0.31, 0.32 } }'
  setsid "$HEED" run small.lua -j 2 >out 2>err &
  supervisor=$!
  await compgen -G 'small.h5.work/part-*.h5'
  kill -INT -- -$supervisor
  status=0
  wait $supervisor || status=$?
  [ "$status" -eq 130 ]
  grep -q "finishing the running cells; interrupt again to stop at once" err
  grep -q "heed: small.h5.work keeps [0-9]* of 18 cells; the same command resumes the run" err
  [ ! -e small.h5 ]
  parts=$(ls small.h5.work/part-*.h5 | wc -l)
  [ "$parts" -ge 1 ]
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == *" recorded before"* ]]
  [ ! -e small.h5.work ]
}

@test "Ctrl-C twice stops at once" {
  slow 30 31
  setsid "$HEED" run small.lua -j 2 >out 2>err &
  supervisor=$!
  await test -s begun
  sleep 0.1
  kill -INT -- -$supervisor
  sleep 0.1
  kill -INT -- -$supervisor
  began=$SECONDS
  status=0
  wait $supervisor || status=$?
  [ "$status" -eq 130 ]
  [ $((SECONDS - began)) -lt 10 ]
  grep -q "stopping at once" err
}

@test "a second run is refused while the first is running" {
  slow 1 1.5
  "$HEED" run small.lua >out 2>err &
  first=$!
  await test -s small.h5.work/lock
  heed_run small.lua
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"small.h5.work: another heed is using this folder (process $first on "* ]]
  kill -INT $first
  wait $first || true
}

# Of the group $1, who is left?
nobody_of() {
  ! pgrep -g "$1" >/dev/null
}

@test "workers die with their supervisor" {
  slow 30 31
  setsid "$HEED" run small.lua -j 2 >out 2>err &
  supervisor=$!
  await test -s begun
  [ "$(pgrep -g $supervisor | wc -l)" -ge 3 ]
  kill -KILL $supervisor
  wait $supervisor || true
  await nobody_of $supervisor
}

# ---- progress ----

@test "--progress json says how far it is, line by line" {
  heed_run small.lua --progress json
  [ "$status" -eq 0 ]
  echo "$stderr" | /usr/bin/python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert lines[-1]["total"] == lines[-1]["done"] == 18
assert lines[-1]["failed"] == lines[-1]["reused"] == 0
'
}

@test "--progress none is silent" {
  heed_run small.lua --progress none
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
}

@test "a terminal gets a bar with rate and time left" {
  command -v script >/dev/null || skip "script is not installed (bsdutils)"
  script -qec true /dev/null >/dev/null 2>&1 </dev/null || skip "there are no pseudo-terminals"
  script -qec "$HEED run small.lua" /dev/null >out </dev/null
  grep -q '\[#*\] 18/18 cells, .*/s, 0.0 s left' out
}

# ---- options ----

# refused WORDS ARGUMENT …: with status 2, before anything is written.
refused() {
  words="$1"
  shift
  heed_run "$@"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"$words"* ]]
  [ ! -e small.h5.work ]
}

@test "wrong usage is reported" {
  refused "unknown option --jolly" small.lua --jolly
  refused "--output: found nothing, expected FILE" small.lua -o
  refused "found nothing, expected SWEEP.lua"
  refused "found small.lua, expected nothing more after SWEEP.lua" small.lua small.lua
  refused "--workers: found 0, expected a whole number from 1 to 1024" small.lua -j 0
  refused "--timeout: found soon, expected seconds above 0" small.lua --timeout soon
  refused "--memory: found 3X, expected bytes" small.lua --memory 3X
  refused "--progress: found fast, expected auto, bar, plain, json or none" \
    small.lua --progress fast
  refused "nosuch.lua" nosuch.lua
}

@test "a zero byte in a sweep is refused, not a crash" {
  printf -- '-- \0 in a comment\n' >zero.lua
  cat small.lua >>zero.lua
  refused "heed: " zero.lua
  run --separate-stderr "$HEED" cell zero.lua --index 0
  [ "$status" -eq 2 ]
}

# ---- one cell ----

@test "heed cell runs one cell and prints its stages and metrics" {
  run --separate-stderr "$HEED" cell small.lua --index 17
  [ "$status" -eq 0 ]
  [[ "${lines[0]}" == "cell 17: pause = 0.001, nap = 0.002, replicate 2" ]]
  [[ "$output" == *"posterior estimator/faulty"* ]]
  [[ "$output" == *"filter_draw"* ]]
  heed_run small.lua
  draw=$(ask small.h5 '"%.10g" % f["filter_draw"][()].ravel()[17]')
  run --separate-stderr "$HEED" cell small.lua --index 17
  [[ "$output" =~ filter_draw\ +$draw ]]
}

@test "heed cell says what failed" {
  run --separate-stderr "$HEED" cell small.lua --index 0 --set estimator.fault=error
  [ "$status" -eq 3 ]
  [[ "$output" == *"failed in posterior: estimator/faulty: "*"the matrix is not definite"* ]]
}

@test "heed cell --debugger runs the same cell under gdb" {
  mkdir bin
  printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >bin/gdb
  chmod +x bin/gdb
  PATH="$PWD/bin:$PATH" run --separate-stderr "$HEED" cell small.lua --index 3 \
    --debugger --set seed=8 --set title=x
  [ "$status" -eq 0 ]
  [ "$output" = "--args
$(realpath "$HEED")
--plugin-path
$HEED_PLUGIN_PATH
cell
--index
3
--set
seed=8
--set
title=x
--
small.lua" ]
}

@test "heed cell refuses an index that is not there" {
  run --separate-stderr "$HEED" cell small.lua --index 18
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"--index: found 18, expected 0 to 17"* ]]
}

@test "evaluation.metrics computes only the metrics that it names" {
  sed -i 's/  seed = 7,/  seed = 7, evaluation = { metrics = { "eta_mean", "eta_rmse" } },/' small.lua
  heed_run small.lua -o few.h5
  [ "$status" -eq 0 ]
  run "$HEED" show few.h5
  [[ "$output" == *"eta_mean: "* ]]
  [[ "$output" == *"eta_rmse: "* ]]
  [[ "$output" != *"eta_bias"* ]]
  [[ "$output" != *"labels_kept"* ]]
  sed -i 's/"eta_mean"/"eta_meen"/' small.lua
  heed_run small.lua -o wrong.h5
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"evaluation.metrics"*"eta_meen"*"eta_mean"* ]]
}
