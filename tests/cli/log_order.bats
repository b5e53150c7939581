# The source log: repeated annotations, ties, and the order of annotations.

load log.bash

# ---- duplicates and ties ----

tie_then_choice() {
  printf '%s\n' user,pair,choice ann,p1,tie ann,p1,A ann,p2,B bob,p1,A bob,p2,B >log.csv
}

@test "a tie and then a choice by one user are duplicates" {
  tie_then_choice
  fails 'log.csv:3: user "ann" has already annotated pair "p1", in line 2; source.duplicates = "first" keeps the first annotation, "keep" keeps all as independent answers'
}

@test "the first of two annotations may be a tie, which is then dropped" {
  tie_then_choice
  source_log 'duplicates = "first"'
  runs
  [ "$(users)" = $'ann 1\nbob 2' ]
  is source_duplicates 1.0
  is source_ties 1.0
  warned duplicates_dropped | grep '^dropped 1 repeated annotation$'
  printf '%s\n' user,pair,choice ann,p1,A ann,p1,tie ann,p2,B bob,p1,A bob,p2,B >log.csv
  runs
  [ "$(users)" = $'ann 2\nbob 2' ]
}

@test "all of two annotations may be kept, and the tie is dropped" {
  tie_then_choice
  source_log 'duplicates = "keep"'
  runs
  [ "$(users)" = $'ann 2\nbob 2' ]
}

@test "two rows of one user that name the sides differently are duplicates" {
  source_log 'columns = { model_a = "a", model_b = "b" }'
  printf '%s\n' user,pair,choice,a,b ann,p1,A,x,y bob,p1,A,x,y ann,p1,B,y,x >log.csv
  fails 'log.csv:4: user "ann" has already annotated pair "p1", in line 2'
}

@test "the first duplicate of the file is named, whoever made it" {
  printf '%s\n' user,pair,choice ann,p1,A bob,p1,A bob,p1,B ann,p1,B >log.csv
  fails 'log.csv:4: user "bob" has already annotated pair "p1", in line 3'
  source_log 'malformed = "skip"'
  runs
  is source_rows 2.0
  is source_rows_skipped 2.0
}

@test "users who only tie are counted, and a warning says so" {
  printf '%s\n' user,pair,choice tim,p1,tie ann,p1,A tim,p2,tie bob,p2,B bob,p1,tie >log.csv
  runs
  [ "$(users)" = $'ann 1\nbob 1' ]
  is source_users 2.0
  is source_users_only_ties 1.0
  is source_ties 3.0
  warned users_only_ties | grep '^1 of 3 users only tie'
  source_log 'ties = "keep"'
  sed -i 's/h.estimator.em {/h.estimator.em { model = h.user_model.attentive { ties = "davidson" },/' log.lua
  runs
  is source_users 3.0
  is source_users_only_ties 0.0
}

@test "a log of nothing but ties says so" {
  printf '%s\n' user,pair,choice tim,p1,tie ann,p1,tie >log.csv
  fails 'log.csv: found only ties, 2 annotations, which source.ties = "drop" drops'
}

# ---- order ----

# Users whose attention comes and goes, in order of time and shuffled.  The
# times are written as TIME, a Python expression of t.
states() {
  /usr/bin/python3 - "$1" <<'PY'
import datetime, random, sys
random.seed(3)
when = eval("lambda t: " + sys.argv[1])
rows = []
for u in range(20):
    attends = True
    for t in range(40):
        if random.random() < .08:
            attends = not attends
        p = random.choice([.05, .95])
        says = "a" if random.random() < (p if attends else .5) else "b"
        rows.append(f"{when(t)},u{u},{u}_{t},{says},{p}")
def write(name, rows):
    with open(name, "w") as out:
        out.write("\n".join(["time,user,pair,choice,p"] + rows) + "\n")
write("sorted.csv", rows)
random.shuffle(rows)
write("shuffled.csv", rows)
PY
}

# persistence LOG [PARAMETERS]
persistence() {
  cat >log.lua <<LUA
local h = require "heed"
return h.sweep {
  source = h.source.log { path = "$1", $2 },
  estimator = h.estimator.em { mu = "pair", model = h.user_model.attention_states {} },
}
LUA
  runs >&2
  ask 'round(number("model_persistence"), 6)'
}

@test "a model that depends on the order refuses a log whose order is unknown" {
  states t
  persistence sorted.csv 'columns = { p = "p" }' || true
  [ "$status" -ne 0 ]
  [[ "$stderr$output" == *'depends on the order of each user'\''s annotations, which is unknown in this log; name the column of times (source.columns.time), or, if the rows are in order of time, set source.order = "file"'* ]]
}

@test "times order the annotations, however the file is sorted" {
  states t
  expected=$(persistence sorted.csv 'columns = { p = "p" }, order = "file"')
  LC_ALL=C awk "BEGIN { exit !($expected > 0.5) }"
  [ "$(persistence shuffled.csv 'columns = { p = "p", time = "time" }')" = "$expected" ]
  [ "$(persistence shuffled.csv 'columns = { p = "p" }, order = "file"')" != "$expected" ]
}

@test "times may be dates" {
  states '(datetime.datetime(2024, 2, 28, 23) + datetime.timedelta(hours=t)).isoformat()'
  expected=$(persistence sorted.csv 'columns = { p = "p" }, order = "file"')
  [ "$(persistence shuffled.csv 'columns = { p = "p", time = "time" }')" = "$expected" ]
}

# Whether the rows of one user, written in this order, have ascending times:
# then each answer keeps its turn, and the first of a pair is the first row.
@test "dates of all forms are ordered, and equal times keep the order of the file" {
  source_log 'duplicates = "first", columns = { time = "time" }'
  ordered() {
    printf 'user,pair,choice,time\nann,p,A,%s\nann,p,B,%s\n' "$1" "$2" >log.csv
    runs
    etas
  }
  first=$(ordered 1 2)
  second=$(ordered 2 1)
  [ "$first" != "$second" ]
  [ "$(ordered 5 5)" = "$first" ]
  [ "$(ordered 9 10)" = "$first" ]
  [ "$(ordered 2024-02-29 2024-03-01)" = "$first" ]
  [ "$(ordered 2023-12-31T23:59:59 2024-01-01)" = "$first" ]
  [ "$(ordered 2024-05-31T12:30:05.25Z 2024-05-31T12:30:05.5Z)" = "$first" ]
  [ "$(ordered 2024-05-31T12:30+02:00 '2024-05-31 11:00')" = "$first" ]
  [ "$(ordered 2024-05-31T12:30-0200 2024-05-31T13:00Z)" = "$second" ]
}

@test "a time that is none, or of another form than before, is malformed" {
  source_log 'columns = { time = "time" }'
  for wrong in soon 2024-02-30 2023-02-29 31/05/2024 2024-05-31T25:00 2024-05-31T12:30X; do
    printf 'user,pair,choice,time\nann,p,A,%s\n' "$wrong" >log.csv
    fails "log.csv:2: column \"time\": found \"$wrong\", expected a number or a date such as 2024-05-31T12:30:00Z"
  done
  printf 'user,pair,choice,time\nann,p,A,\n' >log.csv
  fails 'log.csv:2: column "time" is empty, expected a number or a date such as 2024-05-31T12:30:00Z'
  printf 'user,pair,choice,time\nann,p,A,17\nbob,p,A,2024-05-31\n' >log.csv
  fails 'log.csv:3: column "time": found "2024-05-31", expected a number as in earlier rows'
}
