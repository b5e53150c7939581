# The source log: the forms that CSV and JSON Lines take in the wild.

load log.bash

# ---- blanks ----

@test "blanks around a field of CSV belong to its text, as in JSON Lines" {
  printf '%s\n' user,pair,choice,q,ta,tb \
    'ann,q1,A,Indent it,    return x,return x' \
    'bob,q2,A,  say hi, hi,hi	' >log.csv
  /usr/bin/python3 - <<'PY'
import csv, json
with open("log.jsonl", "w") as out:
    for row in csv.DictReader(open("log.csv")):
        out.write(json.dumps(row) + "\n")
PY
  columns='columns = { prompt = "q", text_a = "ta", text_b = "tb" }'
  source_log "$columns"
  runs
  "$HEED" export log.h5 >csv.jsonl
  source_log "$columns" log.jsonl
  runs
  "$HEED" export log.h5 >jsonl.jsonl
  diff csv.jsonl jsonl.jsonl
  grep -F '"prompt": "Indent it", "chosen": "    return x", "rejected": "return x"' csv.jsonl
  grep -F '"prompt": "  say hi", "chosen": " hi", "rejected": "hi\t"' csv.jsonl
}

@test "a user with a blank in front is another user, in every format" {
  printf '%s\n' user,pair,choice 'ann,1,A' ' ann,1,B' >log.csv
  runs
  is source_users 2.0
  printf '%s\n' '{"user":"ann","pair":1,"choice":"A"}' \
    '{"user":" ann","pair":1,"choice":"B"}' >log.jsonl
  source_log "" log.jsonl
  runs
  is source_users 2.0
  source_log "" both.h5
  for type in 'h5py.string_dtype()' '"S4"'; do
    /usr/bin/python3 -c "
import h5py, numpy
with h5py.File('both.h5', 'w') as f:
    for name, values in ('user', ['ann', ' ann']), ('pair', ['1', '1']), ('choice', ['A', 'B']):
        f[name] = numpy.array(values, $type)"
    runs
    is source_users 2.0
  done
}

@test "blanks around a choice, a number and a column's name do not matter" {
  printf '%s\n' 'user, pair , choice,p' 'ann,1, A , 0.7 ' 'bob,1,B	,0.7' >log.csv
  source_log 'columns = { p = "p" }'
  runs
  is source_rows 2.0
  printf '%s\n' '{"user":"ann","pair":"1","choice":" A ","p":" 0.7"}' >log.jsonl
  source_log 'columns = { p = "p" }' log.jsonl
  runs
}

@test "a user of nothing but blanks is an empty cell" {
  printf '%s\n' user,pair,choice '   ,1,A' >log.csv
  fails 'log.csv:2: column "user" is empty'
}

# ---- lines ----

@test "lines that end with CR alone are lines" {
  printf 'user,pair,choice\rann,p1,A\rb"b,p1,A\rbob,p2,A\rann,p3,B\r' >log.csv
  fails 'log.csv:3: a quote inside an unquoted field'
  printf 'user,pair,choice\rann,p1,A\rbob,p2\rann,p3,B\r' >log.csv
  fails 'log.csv:3: found 2 fields, expected 3 as in the header'
  [[ "$stderr$output" != *truncated* ]]
  printf 'user,pair,choice\rann,p1,A\rbob,p2,A\rann,p3,maybe' >log.csv
  fails 'log.csv:4: column "choice": found the choice "maybe"'
}

@test "a malformed row among lines that end with CR affects no other row" {
  source_log 'malformed = "skip"'
  printf 'user,pair,choice\rann,p1,A\rb"b,p1,A\rbob,p2,A\rann,p3,B\r' >log.csv
  runs
  [ "$(users)" = $'ann 2\nbob 1' ]
  printf 'user,pair,choice\rann,p1,A\rb\x8eb,p1,A\rbob,p2,A\rann,p3,B\r' >log.csv
  runs
  [ "$(users)" = $'ann 2\nbob 1' ]
  is source_rows_skipped 1.0
  [[ "$(warned row_skipped)" == *"log.csv:3: byte 2 of line 3, 0x8E, is not UTF-8" ]]
}

@test "a file whose lines end in several ways is read line by line" {
  source_log 'malformed = "skip"'
  printf 'user,pair,choice\nann,p1,A\rb"b,p1,A\r\nbob,p2,A\rann,p3,B' >log.csv
  runs
  [ "$(users)" = $'ann 2\nbob 1' ]
  [[ "$(warned row_skipped)" == *log.csv:3:* ]]
}

@test "CR inside quotes is a character, and no line of a file with LF" {
  printf 'user,pair,choice\n"an\rn",p1,A\n"b\nob",p1,B\nann,p2,maybe\n' >log.csv
  fails 'log.csv:5: column "choice"'
  printf 'user,pair,choice\r"an\rn",p1,A\rann,p2,maybe\r' >log.csv
  fails 'log.csv:4: column "choice"'
}

@test "JSON Lines may end with CR alone" {
  printf '{"user":"ann","pair":1,"choice":"A"}\r{"user":"bob","pair":1,"choice":"B"}\r' >log.jsonl
  source_log "" log.jsonl
  runs
  [ "$(users)" = $'ann 1\nbob 1' ]
}

# ---- what spreadsheets add ----

@test "columns without a name are ignored, also if there are several" {
  printf '%s\n' user,pair,choice,,, ann,1,A,,, bob,1,B,x,, >log.csv
  runs
  [ "$(users)" = $'ann 1\nbob 1' ]
  printf '%s\n' 'user,pair,,choice, ' ann,1,x,A, bob,1,y,B, >log.csv
  runs
  [ "$(users)" = $'ann 1\nbob 1' ]
}

@test "a row of commas alone is a blank line, wherever it stands" {
  printf '%s\n' ,, ', ,' user,pair,choice ann,1,A ,, ,,,,, '"",,' bob,1,B ,, >log.csv
  runs
  [ "$(users)" = $'ann 1\nbob 1' ]
  is source_rows_skipped 0.0
}

@test "a header of 60000 columns is read at once, and its repeated name is found" {
  /usr/bin/python3 - <<'PY'
many = [f"column_number_{i}" for i in range(60000)]
for name, names in (("log.csv", many), ("twice.csv", many + [many[30000]])):
    with open(name, "w") as out:
        out.write(",".join(["user", "pair", "choice"] + names) + "\n")
        out.write(",".join(["ann", "1", "A"] + ["x"] * len(names)) + "\n")
PY
  runs
  mv twice.csv log.csv
  fails 'log.csv:1: two columns are named "column_number_30000"'
}

@test "a line with quotes and a line without are the same row, at any line end" {
  printf '%s\n' user,pair,choice,q,ta,,other,tb 'ann,p1,A,,x,,,y' \
    'ann,p2,B, q ,one,,z, other' '' ,,,,,,, 'bob,p1,A,ask,x,1,,' >plain.csv
  sed 's/[^,]\+/"&"/g' plain.csv >quoted.csv
  columns='columns = { prompt = "q", text_a = "ta", text_b = "tb" }'
  source_log "$columns"
  for end in '\n' '\r' '\r\n'; do
    for form in plain quoted; do
      awk -v ORS="$end" 1 "$form.csv" >log.csv
      runs
      is source_rows 3.0
      "$HEED" export log.h5 >"$form.jsonl"
      users >>"$form.jsonl"
    done
    diff plain.jsonl quoted.jsonl
  done
  echo '"eve",p3,A,,' >>quoted.csv
  echo 'eve,p3,A,,' >>plain.csv
  for form in plain quoted; do
    cp "$form.csv" log.csv
    fails 'log.csv:7: found 5 fields, expected 8 as in the header'
  done
}

@test "semicolons and tabs between columns are recognised" {
  printf '%s\n' 'user;pair;choice' 'ann;1;A' >log.csv
  fails 'log.csv:1: missing column "user"; semicolons seem to separate the columns, expected commas: "user;pair;choice"'
  printf '%s\n' 'user	pair	choice' 'ann	1	A' >log.csv
  fails 'missing column "user"; tabs seem to separate the columns, expected commas'
  printf '%s\n' ',user;pair;choice' ',ann;1;A' >log.csv
  fails 'semicolons seem to separate the columns, expected commas: "user;pair;choice"'
}

@test "files of other forms are named" {
  printf '\xff\xfeu\0s\0e\0r\0' >log.csv
  fails 'log.csv: the file is UTF-16 text; save it as UTF-8'
  printf 'PK\x03\x04rest' >log.csv
  fails 'log.csv: the file is a ZIP archive or a spreadsheet'
  printf '\x1f\x8brest' >log.csv
  fails 'log.csv: cannot decompress gzip: unknown compression method; the file may be damaged'
}

# ---- malformed rows ----

@test "a header that cannot be read ends the run, also if rows are skipped" {
  source_log 'malformed = "skip"'
  printf 'user,pair,choice,no\xfcte\nann,1,A,x\nbob,1,B,y\n' >log.csv
  fails 'log.csv:1: the header: byte 20 of line 1, 0xFC, is not UTF-8'
  printf 'user,pair,choice,no\xfcte\nuser,pair,choice,x\nbob,1,B,y\n' >log.csv
  fails 'log.csv:1: the header: byte 20 of line 1, 0xFC, is not UTF-8'
  printf '\n,,,\nuser,pair,cho"ice,note\nuser,pair,choice,x\nbob,1,B,y\n' >log.csv
  fails 'log.csv:3: the header: a quote inside an unquoted field'
}

@test "users, pairs and models that only skipped rows name are not in the log" {
  source_log 'malformed = "skip", columns = { model_a = "a", model_b = "b", topic = "t" }'
  printf '%s\n' user,pair,choice,a,b,t u1,q1,A,x,y,one u2,q1,A,x,ghost,one \
    u2,q2,B,x,y,one ghost,q3,maybe,x,spook,two ghost,q1,A,x,y,other \
    u3,q4,A,x,,one >log.csv
  runs
  is source_rows_skipped 4.0
  is source_models 2.0
  is source_users 2.0
  is source_pairs 2.0
}

@test "a skipped row teaches its pair no text" {
  source_log 'malformed = "skip", columns = { prompt = "q", text_a = "ta", text_b = "tb" }'
  printf '%s\n' user,pair,choice,q,ta,tb u1,q1,A,,one,two u2,q1,A,ghost,one,other \
    u3,q1,B,real,one,two >log.csv
  runs
  is source_rows_skipped 1.0
  [ "$("$HEED" export log.h5 | grep -c '"prompt": "real"')" = 2 ]
}

# ---- JSON ----

@test "a list or an object where a word is expected is named with its column" {
  source_log "" log.jsonl
  printf '%s\n' '{"user":{"id":1},"pair":1,"choice":"A","q":"x"}' >log.jsonl
  fails 'log.jsonl:1: column "user": found an object, expected a text or a number'
  printf '%s\n' '{"user":"a","pair":[1],"choice":"A","q":"x"}' >log.jsonl
  fails 'log.jsonl:1: column "pair": found a list, expected a text or a number'
  printf '%s\n' '{"user":"a","pair":1,"choice":"A","q":"x","more":[1,{"x":2}]}' >log.jsonl
  runs
}

@test "NUL in JSON Lines is refused, as in CSV" {
  source_log "" log.jsonl
  printf '{"user":"a","pair":1,"choice":"A"}\n\0\0\0\n' >log.jsonl
  fails 'log.jsonl:2: byte 1 of the line, 0x00, is NUL'
  printf '{"user":"a\0b","pair":1,"choice":"A"}\n' >log.jsonl
  fails 'log.jsonl:1: byte 11 of the line, 0x00, is NUL'
  printf '{"user":"a\\u0000b","pair":1,"choice":"A"}\n' >log.jsonl
  fails 'log.jsonl:1: found \u0000 is not allowed'
}

# ---- what messages show ----

@test "control characters of a log reach no message" {
  printf 'user,pair,choice\nann,1,\x1b]0;owned\x07\x1b[31mX\n' >log.csv
  fails 'found the choice "\x1b]0;owned\x07\x1b[31mX"'
  printf 'us\x1b[31mer,pair,choice\nann,1,A\n' >log.csv
  fails 'the file has "us\x1b[31mer"'
  printf 'user,pair,choice,x\x1b,x\x1b\nann,1,A,,\n' >log.csv
  fails 'two columns are named "x\x1b"'
  printf 'user,pair,choice\nann,1,\xc2\x9b31m\xe2\x80\xaeX\n' >log.csv
  fails 'found the choice "\u009b31m\u202eX"'
  printf 'user,pair,choice\n"a\x1b",1,A\n"a\x1b",1,A\n' >log.csv
  fails 'user "a\x1b" has already annotated'
  printf '{"user":"\\u001b[2J","pair":1,"choice":"\\u001b[2J"}\n' >log.jsonl
  source_log "" log.jsonl
  fails 'found the choice "\x1b[2J"'
}

@test "a message that cuts a text cuts no character" {
  printf 'user,pair,choice\nann,1,%s\n' "$(printf 'x%.0s' {1..39})ééé" >log.csv
  fails "$(printf 'x%.0s' {1..39})\", expected a word"
}

@test "unknown choices are listed with their numbers, and known ones proposed" {
  printf '%s\n' user,pair,choice a,1,A a,2,'tie (bothbad)' b,1,'tie (bothbad)' \
    b,2,Draw c,1,nonsense c,2,LEFT >log.csv
  fails 'log.csv:3: column "choice": found the choice "tie (bothbad)", expected a word for A, B, left, right or a tie (source.choices); unknown words: "tie (bothbad)" (2 rows), "Draw" (1 row), "nonsense" (1 row), "LEFT" (1 row); try choices = { left = { "left", "LEFT" }, tie = { "tie", "both", "neither", "tie (bothbad)", "Draw" } }'
  source_log 'choices = { left = { "left", "LEFT" }, tie = { "tie", "tie (bothbad)", "Draw", "nonsense" } }'
  runs
  is source_ties 4.0
}

@test "half of a character in a name is malformed; in a text it becomes U+FFFD" {
  printf '%s\n' '{"user":"\ud83d","pair":"p1","choice":"A","prompt":"q"}' '{"user":"\ud83e","pair":"p1","choice":"B","prompt":"q"}' >half.jsonl
  printf 'local h = require "heed"\nreturn h.sweep { source = h.source.log { path = "half.jsonl", columns = { prompt = "prompt" } }, estimator = h.estimator.em { mu = 0.7 } }\n' >half.lua
  run "$HEED" check --data half.lua
  [ "$status" -ne 0 ]
  [[ "$output" == *'half.jsonl:1: column "user": found half of a character'* ]]
  sed -i 's/"\\ud83d","pair"/"u1","pair"/; s/"\\ud83e","pair"/"u2","pair"/; s/"q"/"q\\ud83d"/' half.jsonl
  run "$HEED" check --data half.lua
  [ "$status" -eq 0 ] || { echo "$output" && cat half.jsonl && return 1; }
}
