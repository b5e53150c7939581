# Result files that others wrote or changed: every command that reads one ends
# with a message or the right numbers.  None crashes, hangs or reads other files.

bats_require_minimum_version 1.5.0
load broken.bash

# A result with everything in it: texts, failures, warnings, kept tables.
setup_file() {
  cd "$BATS_FILE_TMPDIR"
  {
    echo user,pair,choice,prompt,text_a,text_b
    for user in ann bob cy; do
      for pair in 1 2 3 4; do echo "$user,$pair,A,prompt $pair,one $pair,two $pair"; done
    done
    echo short,row
  } >log.csv
  cat >sample.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Sample",
  source = h.source.log { path = "log.csv", malformed = "skip",
    columns = { prompt = "prompt", text_a = "text_a", text_b = "text_b" } },
  estimator = h.estimator.em { mu = h.axis { "mu", 0.7, 1.5 }, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  filter = h.filter.top { share = h.axis { "share", 0.5, 1 } },
  keep = { "users", "selection", "trace" },
}
LUA
  sed -i 's/1\.5 }/0.9 }/' sample.lua
  "$HEED" run sample.lua -o sample.h5 --progress none
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  cp "$BATS_FILE_TMPDIR"/{log.csv,sample.lua,sample.h5} .
}

# change PYTHON: changes sample.h5, which is f, and takes its seal off.
change() {
  cp "$BATS_FILE_TMPDIR/sample.h5" .
  /usr/bin/python3 -c '
import sys, h5py, numpy as np
with h5py.File("sample.h5", "r+") as f:
    del f.attrs["sealed"]
    exec(sys.argv[1])' "$1"
}

# all_end FILE: each command that reads a result ends within a minute, by
# itself, with the numbers or a message.
all_end() {
  for command in "show $1" "show $1 --csv" "report $1 -o page.html" \
    "users $1 --cell 0" "export $1 --cell 0" "pairs $1 --cell 0" "complete -- show $1 --metric"; do
    run --separate-stderr timeout 60 "$HEED" $command
    [ "$status" -le 2 ] || { echo "$command: $status $stderr"; return 1; }
    [[ "$command" == complete* || "$status" -eq 0 || -n "$stderr" ]]
  done
}

# says MESSAGE: show fails and says so.
says() {
  run --separate-stderr timeout 60 "$HEED" show sample.h5
  [ "$status" -ne 0 ]
  if [[ "$stderr" != *"$1"* ]]; then
    echo "$stderr"
    return 1
  fi
}

@test "a named pipe, a device or a folder is refused, not waited for" {
  mkfifo pipe
  mkdir folder
  for file in pipe /dev/zero folder; do all_end "$file"; done
  for command in show users export report; do
    run --separate-stderr timeout 60 "$HEED" $command pipe
    [[ "$stderr" == "heed: pipe: is a named pipe, expected a result file" ]]
    run --separate-stderr timeout 60 "$HEED" $command /dev/zero
    [[ "$stderr" == "heed: /dev/zero: is a device, expected a result file" ]]
  done
  run --separate-stderr timeout 60 "$HEED" run sample.lua -o pipe --progress none
  [ "$status" -ne 0 ] && [ "$status" -ne 124 ]
}

@test "a file that is no HDF5, or is truncated, is named" {
  echo nonsense >sample.h5
  all_end sample.h5
  says 'sample.h5: cannot open it as an HDF5 file'
  head -c 3000 "$BATS_FILE_TMPDIR/sample.h5" >sample.h5
  all_end sample.h5
  says 'sample.h5'
}

@test "texts that are NULL are empty texts" {
  # Every dataset of texts in turn, as one that was never written.
  names=$(/usr/bin/python3 -c '
import h5py
with h5py.File("sample.h5") as f:
    found = []
    f.visititems(lambda name, item: found.append(name)
                 if isinstance(item, h5py.Dataset) and item.dtype.kind == "O" else None)
    print(*found)')
  [[ "$names" == *cells/key* && "$names" == *warnings/message* && "$names" == *users/name* ]]
  for name in $names; do
    change "
shape = f['$name'].shape; del f['$name']
f.create_dataset('$name', shape, dtype=h5py.string_dtype())"
    all_end sample.h5
    run timeout 60 "$HEED" run sample.lua -o sample.h5 --progress none
    [ "$status" -lt 126 ]
  done
}

@test "values outside the file are refused" {
  cp sample.h5 other.h5
  change 'del f["status"]; f["status"] = h5py.ExternalLink("other.h5", "/status")'
  says 'sample.h5: status: is a link to another file'
  change 'del f["users"]; f["users"] = h5py.ExternalLink("other.h5", "/users")'
  run --separate-stderr "$HEED" users sample.h5 --cell 0
  [[ "$status" -ne 0 && "$stderr" == *'is a link to another file'* ]]
  change '
layout = h5py.VirtualLayout(shape=f["status"].shape, dtype="i8")
layout[...] = h5py.VirtualSource("other.h5", "status", shape=f["status"].shape)
del f["status"]; f.create_virtual_dataset("status", layout)'
  says 'sample.h5: status: its values are in another file'
  change '
shape = f["status"].shape; del f["status"]
f.create_dataset("status", shape, dtype="i8", external=[("log.csv", 0, 8 * int(np.prod(shape)))])'
  says 'sample.h5: status: its values are in another file'
}

@test "a dataset that claims more values than the file can hold is refused" {
  change 'del f["status"]; f.create_dataset("status", (10**13,), dtype="i8", chunks=(1000,))'
  says 'status: claims more values than the file can hold'
  change 'f["users/cell"]; del f["users/cell"]
f.create_dataset("users/cell", (10**13,), dtype="i8", chunks=(1000,))'
  all_end sample.h5
}

@test "a plan whose cells are not those of the file is refused" {
  change '
import json
plan = json.loads(f["sweep/plan"][()]); plan["replicates"] = 1000
del f["sweep/plan"]; f["sweep/plan"] = json.dumps(plan)'
  says 'sample.h5: holds 4 cells, expected those of its plan'
  all_end sample.h5
  change 'del f["sweep/plan"]; f["sweep/plan"] = "{\"heed_plan\": 1}"'
  says 'plan: seed'
  all_end sample.h5
}

@test "columns of the wrong type or shape are refused" {
  for name in users/mean users/name selection/user selection/prompt_start \
    selection/prompt_length selection_texts/prompt; do
    for wrong in '7' '[[1, 2, 3]]' '["a"]' 'np.zeros((2, 2, 2))' \
      'np.zeros(3, dtype="V9")' 'h5py.Empty("f8")'; do
      change "del f['$name']; f['$name'] = $wrong"
      all_end sample.h5
    done
  done
}

@test "a crash while a result is read is an error that names the file" {
  broken sample.h5 'raise(SIGSEGV);'
  for command in show report users export; do
    run --separate-stderr "$HEED" $command sample.h5
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"heed: sample.h5: reading the file crashed (signal 11, Segmentation fault): it may be damaged" ]]
  done
  run --separate-stderr "$HEED" complete -- show sample.h5 --metric ''
  [ "$status" -eq 0 ]
  [ -z "$output$stderr" ]
}

@test "a loop while a result is read is an error that names the file" {
  broken sample.h5 "$loops"
  run --separate-stderr "$HEED" show sample.h5
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"heed: sample.h5: reading the file does not end: it may be damaged" ]]
}

@test "Ctrl-C ends a command that reads a result" {
  broken sample.h5 'fclose(fopen("here", "w")); for (;;) sleep(1);'
  /usr/bin/python3 - "$HEED" <<'PY'
import os, signal, subprocess, sys, time
run = subprocess.Popen([sys.argv[1], "show", "sample.h5"], start_new_session=True,
                       preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
while not os.path.exists("here"):
    time.sleep(0.02)
os.killpg(run.pid, signal.SIGINT)
assert run.wait() == -signal.SIGINT, run.returncode
try:
    os.killpg(run.pid, 0)
    sys.exit("the process that reads is still there")
except ProcessLookupError:
    pass
PY
}

@test "damaged copies of a result never crash or hang a command" {
  /usr/bin/python3 "$HEED_SOURCE/tests/support/mutate.py" results 0 "${HEED_MUTATIONS:-20}" \
    sample.h5 damaged
  "$HEED" show sample.h5 >right
  for file in damaged/*.h5; do
    run --separate-stderr timeout 300 "$HEED" show "$file"
    [ "$status" -le 2 ] || { echo "$file: $status"; return 1; }
    [ "$status" -ne 0 ] || diff right <(printf '%s\n' "$output")
    run --separate-stderr timeout 300 "$HEED" report "$file" -o page.html
    [ "$status" -le 2 ] || { echo "$file: $status"; return 1; }
  done
}

@test "damaged copies of a result without a seal never crash or hang a command" {
  change ''
  /usr/bin/python3 "$HEED_SOURCE/tests/support/mutate.py" unsealed 0 "${HEED_MUTATIONS:-20}" \
    sample.h5 damaged
  for file in damaged/*.h5; do
    for command in show "report -o page.html" "users --cell 0" "export --cell 0" "pairs --cell 0"; do
      run --separate-stderr timeout 300 "$HEED" $command "$file"
      [ "$status" -le 2 ] || { echo "$file: $command: $status"; return 1; }
      [ "$status" -eq 0 ] || [ -n "$stderr" ]
    done
  done
}

@test "a run does not extend a result whose reading crashes, and leaves it alone" {
  change ''
  cp sample.h5 before.h5
  broken sample.h5 'raise(SIGSEGV);'
  run --separate-stderr "$HEED" run sample.lua --set replicates=2 -o sample.h5 --progress none
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"sample.h5: reading the file crashed (signal 11, Segmentation fault)"* ]]
  cmp sample.h5 before.h5
}

@test "a damaged result is refused; one that another program wrote to is read with a warning" {
  cp sample.h5 right.h5
  for command in show users\ --cell\ 0 export\ --cell\ 0 report; do
    printf '\001' | dd of=sample.h5 bs=1 seek=5000 conv=notrunc status=none
    run --separate-stderr "$HEED" $command sample.h5
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"sample.h5: its SHA-256 is not the one that heed wrote at its end"* ]]
  done
  cp right.h5 sample.h5
  /usr/bin/python3 -c '
import h5py
with h5py.File("sample.h5", "r+") as f: f.attrs["note"] = "mine"'
  run --separate-stderr "$HEED" show sample.h5
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"sample.h5: another program has written to this file since heed made it"* ]]
  change ''
  diff <("$HEED" show sample.h5) <("$HEED" show right.h5)
}

@test "heed reports that a file of values only lacks its plan" {
  change 'del f["sweep/plan"]'
  says 'sample.h5: lacks the plan of its sweep (dataset sweep/plan)'
  for file in "$HEED_SOURCE"/results/reference/figure3.h5; do
    run --separate-stderr "$HEED" show "$file"
    [[ "$status" -eq 2 && "$stderr" == *"lacks the plan of its sweep"* ]]
  done
}
