# The source log: formats of real logs, and error messages for bad ones.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  # Two users, four pairs; dora follows A, rex the left side.
  printf '%s\n' \
    'who,pair,said,first,second,shown' \
    'dora,p1,A,m1,m2,A' \
    'dora,p2,A,m1,m2,B' \
    'dora,p3,A,m1,m2,A' \
    'rex,p1,left,m1,m2,A' \
    'rex,p2,left,m1,m2,B' \
    'rex,p4,tie,m1,m2,A' >log.csv
  write_sweep
}

# write_sweep [SOURCE PARAMETERS]
write_sweep() {
  cat >log.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "A log",
  source = h.source.log {
    path = "log.csv",
    columns = { user = "who", pair = "pair", choice = "said",
                model_a = "first", model_b = "second", left = "shown" },
    $1
  },
  estimator = h.estimator.em { mu = 0.8, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  keep = { "users" },
}
LUA
}

heed_run() {
  run --separate-stderr "$HEED" run log.lua "$@"
}

# fails WITH: the sweep is refused or its only cell fails, and it says why.
fails() {
  heed_run -o bad.h5
  [ "$status" -eq 2 ] || [ "$status" -eq 3 ]
  if [[ "$stderr$output" != *"$1"* ]]; then
    echo "$stderr"
    return 1
  fi
}

# ask EXPRESSION: prints what Python makes of it; f is log.h5.
ask() {
  /usr/bin/python3 -c '
import sys, h5py
f = h5py.File("log.h5")
number = lambda name: float(f[name][()].ravel()[0])
print(eval(sys.argv[1]))' "$1"
}

# Says what was read, so that two forms of a log can be compared.
read_of() {
  rm -f log.h5
  "$HEED" run log.lua "$@" >/dev/null 2>&1
  ask '[number("source_" + x) for x in ("rows", "ties", "users", "pairs", "models")] + [round(number("eta_mean"), 12)]'
}

@test "annotations are read: users, pairs, models, ties, sides" {
  heed_run
  [ "$status" -eq 0 ]
  [ "$(ask 'number("source_rows")')" = 6.0 ]
  [ "$(ask 'number("source_ties")')" = 1.0 ]
  [ "$(ask 'number("source_users")')" = 2.0 ]
  [ "$(ask 'number("source_pairs")')" = 4.0 ]
  [ "$(ask 'number("source_models")')" = 2.0 ]
  "$HEED" users log.h5 -o users.csv
  # dora chose A three times: E[eta] under Beta(2,2) and mu = .8 is in closed
  # form; rex chose left, which was A once and B once.
  /usr/bin/python3 - <<'PY'
import csv
from scipy.integrate import quad
rows = {row["user"]: row for row in csv.DictReader(open("users.csv"))}
def mean(a, b):
    w = lambda x: x * (1 - x) * (.5 + .3 * x) ** a * (.5 - .3 * x) ** b
    return quad(lambda x: x * w(x), 0, 1)[0] / quad(w, 0, 1)[0]
eta = {user: float(row["eta_hat"]) for user, row in rows.items()}
assert abs(eta["dora"] - mean(3, 0)) < 1e-7, eta
assert abs(eta["rex"] - mean(1, 1)) < 1e-7, eta
PY
}

@test "JSON Lines and HDF5 hold the same as CSV" {
  expected=$(read_of)
  /usr/bin/python3 - <<'PY'
import csv, json, h5py
rows = list(csv.DictReader(open("log.csv")))
with open("log.jsonl", "w") as out:
    for row in rows:
        out.write(json.dumps(row) + "\n\n")
with h5py.File("in.h5", "w") as out:
    for name in rows[0]:
        texts = [row[name] for row in rows]
        out[name] = [t.encode() for t in texts] if name == "who" else texts
PY
  [ "$(read_of --set source.path=log.jsonl)" = "$expected" ]
  [ "$(read_of --set source.path=in.h5)" = "$expected" ]
}

@test "CRLF, a BOM, blank lines, quotes and a last line without an end change nothing" {
  expected=$(read_of)
  sed 's/$/\r/' log.csv >crlf.csv
  [ "$(read_of --set source.path=crlf.csv)" = "$expected" ]
  { printf '\xef\xbb\xbf'; cat log.csv; } >bom.csv
  [ "$(read_of --set source.path=bom.csv)" = "$expected" ]
  sed 's/$/\n/; s/dora/"dora"/; s/p1/"p""1\n"/' log.csv >quoted.csv
  [ "$(read_of --set source.path=quoted.csv)" = "$expected" ]
  printf %s "$(cat log.csv)" >open.csv
  [ "$(read_of --set source.path=open.csv)" = "$expected" ]
}

@test "a pair whose models stand the other way round is the same pair" {
  expected=$(read_of)
  sed -i 's/^rex,p1,left,m1,m2,A/rex,p1,left,m2,m1,B/' log.csv
  [ "$(read_of)" = "$expected" ]
}

@test "a log that has changed is another experiment" {
  heed_run
  [ "$status" -eq 0 ]
  heed_run
  [ "$status" -eq 0 ]
  echo 'eve,p1,B,m1,m2,A' >>log.csv
  heed_run
  [ "$status" -ne 0 ]
  [[ "$stderr" == *"log.h5"* ]]
}

@test "a file that is not there, a folder, an empty file, a header alone" {
  rm log.csv
  fails "log.csv"
  [[ "$stderr$output" == *"No such file"* ]]
  mkdir log.csv
  fails "log.csv"
  rmdir log.csv
  : >log.csv
  fails "log.csv: the file is empty"
  echo 'who,pair,said,first,second,shown' >log.csv
  fails "log.csv: no annotations"
}

@test "a missing column is named, with those that are there" {
  sed -i '1s/said/verdict/' log.csv
  fails 'log.csv: missing column "said"; the file has "who", "pair", "verdict", "first", "second", "shown"'
  sed -i '1s/^/,/; 1s/first/,first/' log.csv
  fails 'log.csv: missing column "said"; the file has "who", "pair", "verdict", "first", "second", "shown"'
}

@test "a column named twice" {
  sed -i '1s/second/first/' log.csv
  fails 'log.csv:1: two columns are named "first"'
}

@test "duplicate rows: named, the first kept, or all" {
  echo 'dora,p2,B,m1,m2,A' >>log.csv
  fails 'log.csv:8: user "dora" has already annotated pair "p2"'
  write_sweep 'duplicates = "first",'
  heed_run
  [ "$(ask 'number("source_duplicates")')" = 1.0 ]
  write_sweep 'duplicates = "keep",'
  heed_run -o kept.h5
  [ "$status" -eq 0 ]
  [[ "$output" == *"duplicates_kept (log): kept 1 repeated annotation; fits count each as new evidence"* ]]
}

@test "a choice in unknown words" {
  sed -i '3s/,A,/,a bit of A,/' log.csv
  fails 'log.csv:3: column "said": found the choice "a bit of A", expected a word for A, B, left, right or a tie (source.choices)'
  write_sweep 'choices = { a = { "A", "a bit of A" } },'
  heed_run
  [ "$status" -eq 0 ]
}

@test "a side that was chosen where nobody says what stood there" {
  sed -i '5s/A$//' log.csv
  fails 'log.csv:5: the choice "left" names a side, but positions are not recorded'
}

@test "a pair with other models than before" {
  sed -i '5s/m2/m3/' log.csv
  fails 'log.csv:5: pair "p1" has models "m1" and "m3" here, but others in an earlier row'
}

# Texts: a prompt, A's answer, B's answer; rows of a pair may leave them out.
add_texts() {
  awk -F, -v OFS=, 'NR == 1 { print $0, "ask", "one", "two"; next }
    { print $0, "prompt of " $2, $2 " of m1", $2 " of m2" }' log.csv >with.csv
  mv with.csv log.csv
  sed -i 's/left = "shown"/&, prompt = "ask", text_a = "one", text_b = "two"/' \
    log.lua
}

@test "a pair with another prompt or another text than before" {
  expected=$(read_of)
  add_texts
  [ "$(read_of)" = "$expected" ]
  sed -i '5s/,prompt of p1,p1 of m1,/,,,/' log.csv
  [ "$(read_of)" = "$expected" ]
  sed -i '5s/p1 of m2/something else/' log.csv
  fails 'log.csv:5: pair "p1": the text of B differs from an earlier row, found "something else"'
  sed -i '5s/,,,something else/,another,,/' log.csv
  fails 'log.csv:5: pair "p1": the prompt differs from an earlier row, found "another"'
}

@test "texts stay with their models, and tell sides where no models do" {
  expected=$(read_of)
  add_texts
  sed -i '5s/.*/rex,p1,left,m2,m1,B,prompt of p1,p1 of m2,p1 of m1/' log.csv
  [ "$(read_of)" = "$expected" ]
  sed -i '5s/p1 of m2,p1 of m1/p1 of m1,p1 of m2/' log.csv
  fails 'log.csv:5: pair "p1": the text of A differs from an earlier row, found "p1 of m2"'
  sed -i 's/model_a = "first", model_b = "second", //' log.lua
  row() { sed -i "5s/.*/rex,p1,$1,m1,m2,A,prompt of p1,p1 of $2,p1 of $3/" log.csv; }
  row A m1 m2
  chose_a=$(read_of)
  row B m1 m2
  chose_b=$(read_of)
  row A m2 m1
  [ "$(read_of)" = "$chose_b" ]
  [ "$chose_a" != "$chose_b" ]
}

@test "an empty cell, too few fields, too many" {
  sed -i '4s/dora//' log.csv
  fails 'log.csv:4: column "who" is empty'
  sed -i '4s/.*/dora,p3,A,m1,m2/' log.csv
  fails 'log.csv:4: found 5 fields, expected 6 as in the header'
  sed -i '4s/.*/dora,p3,A,m1,m2,A,B/' log.csv
  fails 'log.csv:4: found 7 fields, expected 6 as in the header'
  sed -i '4s/.*/dora/' log.csv
  fails 'log.csv:4: found 1 field, expected 6 as in the header'
}

@test "line numbers count blank lines and lines inside quotes" {
  sed -i '2s/$/\n\n/; 3s/dora/"do\nra"/; 4s/$/,/' log.csv
  fails 'log.csv:7: found 7 fields'
}

@test "a truncated last line" {
  printf 'eve,p1,A,m' >>log.csv
  fails 'log.csv:8: found 4 fields, expected 6 as in the header; the file ends within this line: possibly truncated'
}

@test "a lone quote at the start of a field, inside one, at the end" {
  sed -i '3s/dora/"dora/' log.csv
  fails 'log.csv:3: a quoted field is not closed before the end of the file: truncated, or an unmatched quote'
  sed -i '3s/"dora/do"ra/' log.csv
  fails 'log.csv:3: a quote inside an unquoted field, or text after a closing quote'
  sed -i '3s/do"ra/"dora" /; 3s/"dora" /"dora"x/' log.csv
  fails 'log.csv:3: a quote inside an unquoted field, or text after a closing quote'
}

@test "bytes that are not UTF-8, and NUL" {
  sed -i '3s/dora/d\xf6ra/' log.csv
  fails 'log.csv:3: byte 2 of line 3, 0xF6, is not UTF-8'
  sed -i '3s/d\xf6ra/d\x00ra/' log.csv
  fails 'log.csv:3: byte 2 of line 3, 0x00, is NUL'
}

@test "a quote that is alone swallows no good row" {
  write_sweep 'malformed = "skip",'
  expected=$(read_of)
  sed -i '2s/^/"alone,p1,A,m1,m2,A\n/; 5s/^/eve,"p1,A,m1,m2,A\n/' log.csv
  [ "$(read_of)" = "$expected" ]
  [ "$(ask 'number("source_rows_skipped")')" = 2.0 ]
}

@test "malformed rows are skipped, counted and named where that is asked for" {
  write_sweep 'malformed = "skip",'
  expected=$(read_of)
  sed -i '2s/^/too,few\n"alone,p1,A,m1,m2,A\n\xff,p1,A,m1,m2,A\neve,p1,maybe,m1,m2,A\nab"c,p1,A,m1,m2,A\n/' log.csv
  printf 'eve,p1' >>log.csv
  [ "$(read_of)" = "$expected" ]
  [ "$(ask 'number("source_rows_skipped")')" = 6.0 ]
  "$HEED" show log.h5 | grep 'row_skipped.*log.csv:2: found 2 fields, expected 6'
  "$HEED" show log.h5 | grep 'skipped 6 malformed rows$'
  ask '"\n".join(str(x) for x in f["warnings/message"][()])' >said
  for line in '2: found 2 fields' '3: byte 1 of line 4' '4: byte 1 of line 4' '5: column "said"' '6: a quote' '13: found 2 fields'; do
    grep -F "log.csv:$line" said
  done
  sed -i '3,6d;$d' log.csv
  [ "$(read_of)" = "$expected" ]
  "$HEED" show log.h5 | grep 'skipped 1 malformed row$'
}

@test "what JSON Lines may have wrong" {
  printf '%s\n' '{"who":"a","pair":"p","said":"A","first":"x","second":"y","shown":"A"}' '{"who":' >log.jsonl
  sed -i 's/log.csv/log.jsonl/' log.lua
  fails 'log.jsonl:2: found '
  printf '[1]\n' >log.jsonl
  fails 'log.jsonl:1: found a number, expected an object'
  printf '{"who":"a"}\n' >log.jsonl
  fails 'log.jsonl:1: missing key "pair"'
  printf '{"who":"a","who":"b"}\n' >log.jsonl
  fails 'log.jsonl:1: found duplicate object key'
  printf '{"who":"a","pa' >log.jsonl
  fails 'the last line has no line end: possibly truncated'
}

@test "p, a feature and a judge's verdict are checked, too" {
  sed -i '1s/$/,p,x/; 2,$s/$/,0.7,1.5/' log.csv
  sed -i 's/left = "shown"/left = "shown", p = "p"/' log.lua
  sed -i 's/path = "log.csv"/path = "log.csv", difference = { "x" }/' log.lua
  heed_run
  [ "$status" -eq 0 ]
  cp log.csv good.csv
  sed -i '3s/0.7/1.7/' log.csv
  fails 'log.csv:3: column "p": found "1.7", expected a probability'
  sed '3s/1.5/long/' good.csv >log.csv
  fails 'log.csv:3: column "x": found "long", expected a number'
  cp good.csv log.csv
  printf 'pair,choice\np1,A\np2,maybe\n' >judge.csv
  sed -i 's/difference/references = { judy = { path = "judge.csv" } }, difference/' log.lua
  fails 'judge.csv:3: column "choice": found the verdict "maybe"'
}

@test "model_a without model_b is refused before anything runs" {
  sed -i 's/, model_b = "second"//' log.lua
  heed_run
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"model_a and model_b go together; found only model_a"* ]]
}

# The run is too long to end before the log changes, and stops when it does.
@test "a log that changes during a run ends it: no cell of the new log is recorded" {
  for change in 'echo late,zz,A,m1,m2,A >>log.csv' 'rm log.csv' 'echo broken >log.csv'; do
    cp log.csv kept.csv
    write_sweep
    sed -i 's/return h.sweep {/&replicates = 100000, users = { bootstrap = "users" },/' log.lua
    "$HEED" run log.lua -j 2 -o long.h5 --progress none 2>said &
    running=$!
    for ((turn = 0; turn < 3000; turn++)); do
      ! ls long.h5.work/part-*.h5 >/dev/null 2>&1 || break
      sleep 0.02
    done
    eval "$change"
    ended=0
    wait $running || ended=$?
    [ "$ended" -eq 1 ]
    grep -E "log.csv: (the file has changed since the sweep was planned|cannot read: No such file or directory; the sweep needs this file)" said
    "$HEED" collect long.h5.work -o log.h5 || true
    [ "$(ask '{str(rows) for rows in f["source_rows"][()].ravel()} <= {"6.0", "nan"}')" = True ]
    [ "$(ask '(f["status"][()] == 2).sum() == 0')" = True ]
    rm -rf long.h5* log.h5
    mv kept.csv log.csv
  done
}
