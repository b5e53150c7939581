#!/usr/bin/env bats
# heed look on tables without a preset: columns by their names, what is odd, and
# texts of strangers in the sweep.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
}

look() {
  run --separate-stderr "$HEED" look "$@"
  echo "$stderr"
  [ "$status" -eq 0 ]
  echo "$output" >look.lua
}

has() {
  grep -F -- "$1" look.lua || { cat look.lua && return 1; }
}

has_not() {
  ! grep -F -- "$1" look.lua
}

# The report without the breaks of its lines.
says() {
  sed -n 's/^-- *//p' look.lua | tr -s ' \n' ' ' | grep -F -- "$1" ||
    { cat look.lua && return 1; }
}

runs() {
  "$HEED" check look.lua
  "$HEED" run look.lua --progress none -o look.h5
  rm look.h5
}

refused() {
  local message=$1
  shift
  run --separate-stderr "$HEED" look "$@"
  echo "$stderr"
  [ "$status" -eq 2 ]
  [[ $stderr == *"$message"* ]]
}

@test "columns are known by their names" {
  printf '%s\n' Worker_ID,item,winner,model_1,model_2,created_at,seconds \
    w1,4031,model_1,m,n,2026-01-01T10:00:00Z,3 w2,4031,model_2,m,n,2026-01-01T10:01:00Z,4 \
    w1,4032,tie,n,m,2026-01-01T10:02:00Z,5 >votes.csv
  look votes.csv
  has 'user = "Worker_ID"'
  has 'pair = "item"'
  has 'choice = "winner"'
  has 'model_a = "model_1", model_b = "model_2"'
  has 'time = "created_at"'
  has 'choices = { a = { "model_1" }, b = { "model_2" } }'
  says 'Not read: "seconds". To keep them as covariates, name them in `columns.covariates`.'
  says 'times: 2026-01-01 10:00 to 2026-01-01 10:01'
  says 'shared pairs 1 pairs that two users or more judged'
  runs
}

@test "the separator is known by the header, not by the name" {
  printf 'user\tpair\tchoice\nann\t1\tA\nbob\t1\tB\n' >votes.csv
  look votes.csv
  has 'format = "tsv"'
  runs
  printf '{"user": "ann", "pair": 1, "choice": "A"}\n' >votes.csv
  look votes.csv
  has 'format = "json"'
  runs
}

@test "words of choices, and numbers" {
  printf 'user,pair,vote\nann,1,1\nbob,1,2\nann,2,2\n' >votes.csv
  look votes.csv
  has 'choices = { a = { "1" }, b = { "2" } }'
  says 'Guessed that the choice 1 is A and 2 is B.'
  runs
  printf 'user,pair,vote\nann,1,Left\nbob,1,Right\nann,2,Both bad\n' >votes.csv
  look votes.csv
  has 'choices = { left = { "Left" }, right = { "Right" }, tie = { "Both bad" } }'
  runs
  printf 'user,pair,vote\nann,1,nice\nbob,1,ugly\n' >votes.csv
  refused 'found the choice "nice"' votes.csv
}

@test "two models, a probability, and neither" {
  printf 'user,pair,choice,model_a,model_b\nann,1,A,m,n\nbob,1,B,m,n\nbob,2,B,m,n\n' >votes.csv
  look votes.csv
  has 'estimator = h.estimator.em { mu = "estimated" }'
  runs
  printf 'user,pair,choice,p\nann,1,A,0.7\nbob,1,B,0.7\nbob,2,B,0.6\n' >votes.csv
  look votes.csv
  has 'estimator = h.estimator.em { mu = "pair" }'
  runs
  printf 'user,pair,choice\nann,1,A\nbob,2,B\nbob,3,B\n' >votes.csv
  look votes.csv
  says "Without models and shared pairs, nothing tells attentive users from others"
}

@test "what is odd" {
  {
    echo user,pair,choice,left
    for i in $(seq 12); do echo "ann,$i,A,$((i % 2))" | sed 's/,0$/,A/; s/,1$/,B/'; done
    echo bob,1,B,A
  } >votes.csv
  look votes.csv
  says 'More than half of the annotations are of one user, ann.'
  says '1 of 1 user with 10 or more choices always chose the same answer, A or B.'
  printf 'user,pair,choice,left\nann,1,A,A\nann,2,B,A\n' >votes.csv
  look votes.csv
  says 'There is only one user.'
  says 'The same answer, A, is left in every row'
  look votes.csv --set positions=unknown --set columns.left=null
  says 'No row says which answer was left'
}

@test "a file with faults is read, and the sweep says so" {
  printf 'user,pair,choice\nann,1,A\nann,1,A\nbob,1,B\n' >votes.csv
  look votes.csv
  has 'duplicates = "first"'
  says 'Without duplicates = "first": '
  runs
  printf 'user,pair,choice\nann,1,A\nann,2\nbob,1,B\n' >votes.csv
  look votes.csv
  has 'malformed = "skip"'
  has_not 'duplicates ='
  says 'rows_skipped 1 malformed rows, skipped'
  runs
}

@test "texts of strangers end no comment and no text of Lua" {
  /usr/bin/python3 - <<'PY'
import csv
name = 'a"]] os.exit(3)\n--\x1b[31m\u202e\\'
with open("votes.csv", "w", newline="") as file:
    csv.writer(file).writerows([["user", "pair", "choice", "model_a", "model_b", 'odd"\\key'],
      [name, "1", "A", name, "n", "1"], [name, "2", "B", "n", "o", "2"]])
PY
  look votes.csv
  [ "$(grep -c $'\x1b' look.lua)" -eq 0 ]
  [ "$(grep -c $'\u202e' look.lua)" -eq 0 ]
  [ "$(grep -vc -e '^--' -e '^local h' -e '^return' -e '^  ' -e '^}' -e '^$' look.lua)" -eq 0 ]
  runs
  cp votes.csv $'odd"]]\n\xe2\x80\xae.csv'
  look $'odd"]]\n\xe2\x80\xae.csv'
  "$HEED" check look.lua
}

@test "files that are no logs" {
  refused 'nothing.csv: no such file' nothing.csv
  refused 'nothing*.csv: no file matches this pattern' 'nothing*.csv'
  printf 'one,two\n1,2\n' >votes.csv
  refused 'votes.csv: no column seems to say who chose; the file has "one", "two"; name it: --set columns.user=COLUMN' votes.csv
  refused '--format foo: unknown format, expected one of auto, csv, tsv, ' votes.csv --format foo
  printf 'user,two\n1,2\n' >votes.csv
  refused 'no column seems to say what was chosen; the file has "user", "two"; name it: --set columns.choice=COLUMN' votes.csv
  printf 'user,pair,choice\n' >votes.csv
  refused 'votes.csv: found no row' votes.csv
  : >votes.csv
  refused 'votes.csv: the file is empty' votes.csv
  head -c 4096 /dev/urandom >votes.csv
  run "$HEED" look votes.csv
  [ "$status" -eq 2 ]
  if command -v sqlite3 >/dev/null; then
    sqlite3 other.db 'CREATE TABLE other (one)'
    refused 'no such table: feedback' other.db
  fi
}

@test "two votes on the same models are on different pairs" {
  printf 'user,winner,model_left,model_right,device\nu1,left,m,n,tel\nu1,right,m,n,web\nu2,left,n,m,tel\n' >log.csv
  run -0 --separate-stderr "$HEED" look log.csv
  [[ "$output" == *'pairs = "rows"'* && "$output" != *duplicates\ =* ]]
  [[ "$output" == *'No column seems to name the pair: each row is a pair of its'* ]]
  run -0 --separate-stderr "$HEED" look log.csv --set columns.pair=device
  [[ "$output" != *'pairs ='* && "$output" == *'pair = "device"'* ]]
  run --separate-stderr "$HEED" look log.csv --set columns.pair=nothing
  [ "$status" -ne 0 ]
  [[ "$stderr" == *'"nothing"'* ]]
}

@test "what --set names need not be guessed, and counts as read" {
  printf 'ip,pair,choice,seconds\n1,p1,A,3\n1,p2,B,4\n2,p1,A,5\n2,p2,B,6\n' >log.csv
  run --separate-stderr "$HEED" look log.csv
  [[ "$stderr" == *'name it: --set columns.user=COLUMN'* ]]
  run -0 --separate-stderr "$HEED" look log.csv --set columns.user=ip --set 'columns.covariates=["seconds"]'
  [[ "$output" == *'user = "ip"'* && "$output" != *'Not read'* ]]
}

@test "a packed log and files with brackets in their names are found" {
  printf 'user,pair,choice\nu1,p1,A\nu1,p2,B\nu2,p1,A\nu2,p2,B\n' >'log[1].csv'
  run -0 --separate-stderr "$HEED" look 'log[1].csv'
  "$HEED" pack 'log[1].csv' -o log.heed 2>/dev/null
  run -0 --separate-stderr "$HEED" look log.heed
  [[ "$output" == *'log.heed: a packed log'* ]]
}
