# heed export: writes the annotations that a filter kept as a preference data
# set.
#
# The last test reads the file with datasets and TRL (PyPI) from the virtual
# environment $HEED_TRL, default trl in the build folder.  Several gigabytes:
#   python3 -m venv build/test/trl
#   build/test/trl/bin/pip install trl transformers datasets torch

bats_require_minimum_version 1.5.0

# dora follows A; rex differs on p1, sees p3 with its sides changed, and chooses
# what dora chose; both tie on p5.  Quotes, a line break, a backslash and
# letters that are not ASCII are in the texts.
setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >log.csv <<'CSV'
who,id,said,ask,one,two
dora,p1,A,What is 2 + 2?,4,5
dora,p2,A,"Say ""hi"".",hi,"no, née
not \ yet"
dora,p3,A,q3,yes,no
dora,p4,B,q4,bad,good
dora,p5,tie,q5,x,y
rex,p1,B,What is 2 + 2?,4,5
rex,p2,A,,,
rex,p3,B,q3,no,yes
rex,p5,tie,q5,x,y
CSV
  write_sweep
}

texts='prompt = "ask", text_a = "one", text_b = "two"'

# write_sweep [FURTHER KEYS [COLUMNS OF TEXTS]]
write_sweep() {
  cat >log.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "A log",
  source = h.source.log {
    path = "log.csv", ties = "keep",
    columns = { user = "who", pair = "id", choice = "said", ${2-$texts} },
  },
  estimator = h.estimator.em { mu = 0.8, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  ${1-keep = { \"selection\" \},}
}
LUA
}

heed_run() {
  rm -f log.h5
  "$HEED" run log.lua "$@" >said 2>&1 || { cat said; return 1; }
}

export_() {
  run --separate-stderr "$HEED" export "$@"
}

# lines FILE EXPRESSION: what Python makes of it; rows are the objects.
lines() {
  /usr/bin/python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
print(eval(sys.argv[2]))' "$@"
}

edit() {
  /usr/bin/python3 -c '
import sys, h5py
f = h5py.File("log.h5", "r+")
exec(sys.argv[1])' "$1"
}

@test "a line is an annotation that was kept and is no tie" {
  heed_run
  export_ log.h5 -o all.jsonl
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  /usr/bin/python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("all.jsonl", encoding="utf-8")]
keys = ["prompt", "chosen", "rejected", "weight", "eta_hat", "user"]
assert all(list(row) == keys for row in rows), rows
sums, hi = "What is 2 + 2?", 'Say "hi".'
not_yet = "no, née\nnot \\ yet"
assert [[row[key] for key in keys if key != "eta_hat"] for row in rows] == [
    [sums, "4", "5", 1.0, "dora"], [hi, "hi", not_yet, 1.0, "dora"],
    ["q3", "yes", "no", 1.0, "dora"], ["q4", "good", "bad", 1.0, "dora"],
    [sums, "5", "4", 1.0, "rex"], [hi, "hi", not_yet, 1.0, "rex"],
    ["q3", "yes", "no", 1.0, "rex"]], rows
PY
  "$HEED" export log.h5 | cmp - all.jsonl
}

@test "eta_hat is that of heed users, with all its digits; weights are numbers with a point" {
  write_sweep 'keep = { "selection", "users" },'
  heed_run
  "$HEED" export log.h5 -o all.jsonl
  "$HEED" users log.h5 -o users.csv
  /usr/bin/python3 - <<'PY'
import csv, json
eta = {row["user"]: float(row["eta_hat"])
       for row in csv.DictReader(open("users.csv"))}
rows = [json.loads(line) for line in open("all.jsonl", encoding="utf-8")]
assert {(row["user"], row["eta_hat"]) for row in rows} == set(eta.items())
assert eta["dora"] > eta["rex"]
PY
  [ "$(grep -c '"weight": 1\.0, ' all.jsonl)" -eq 7 ]
}

@test "what top leaves out takes no room; what it keeps weighs 1" {
  write_sweep 'filter = h.filter.top { share = 0.5 }, keep = { "selection" },'
  heed_run
  "$HEED" export log.h5 -o top.jsonl
  [ "$(lines top.jsonl '[(r["user"], r["weight"]) for r in rows]')" = \
    "[('dora', 1.0), ('dora', 1.0), ('dora', 1.0), ('dora', 1.0)]" ]
  edit 'assert len(f["selection/pair"]) == 4'
}

@test "weights of a soft filter come out to the bit" {
  write_sweep 'filter = h.filter.soft {}, keep = { "selection" },'
  heed_run
  "$HEED" export log.h5 -o soft.jsonl
  edit '
import json
rows = [json.loads(line) for line in open("soft.jsonl", encoding="utf-8")]
weight = f["selection/weight"][()].tolist()
assert [row["weight"] for row in rows] == weight
assert len(set(weight)) == 2 and 0 < min(weight) < max(weight) <= 1, weight'
}

@test "cells that select differently are listed; those that share a selection are one" {
  write_sweep 'filter = h.filter.top { share = h.axis { "share", 0.5, 1 } },
    evaluation = { split = h.axis { "split", 0.4, 0.5, 0.6 } },
    keep = { "selection" },'
  heed_run
  export_ log.h5
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "$stderr" == *"log.h5: more than one cell kept its selection; choose one with --cell"* ]]
  [[ "$stderr" == *"--cell 0 "*"share 0.5"*"--cell 3 "*"share 1"* ]]
  "$HEED" export log.h5 --cell 2 -o half.jsonl
  "$HEED" export log.h5 --cell 5 -o all.jsonl
  [ "$(wc -l <half.jsonl)" -eq 4 ]
  [ "$(wc -l <all.jsonl)" -eq 7 ]
  sed -i 's/h.axis { "share", 0.5, 1 }/0.5/' log.lua
  heed_run
  "$HEED" export log.h5 | cmp - half.jsonl
  sed -i '/filter =/d' log.lua
  heed_run
  "$HEED" export log.h5 | cmp - all.jsonl
}

@test "a cell that is not there, or is no number" {
  heed_run
  export_ log.h5 --cell 1
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"log.h5: unknown cell 1; expected a number below 1"* ]]
  export_ log.h5 --cell first
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"heed: export: --cell: found first, expected a whole number"* ]]
  export_
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"heed: export: found nothing, expected RESULT.h5"* ]]
}

@test "a result that kept no selection says what the sweep must say" {
  write_sweep 'keep = { "users" },'
  heed_run
  export_ log.h5 -o none.jsonl
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'log.h5: has no selection; the sweep needs keep = {"selection"}'* ]]
  [ ! -e none.jsonl ]
}

@test "results from before there were selections still open" {
  HEED_SAMPLE=old.h5 HEED_VALUES=values.txt "$HEED_BUILD/tests/test_result_sample"
  export_ old.h5
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'old.h5: has no selection; the sweep needs keep = {"selection"}'* ]]
  export_ old.h5 --cell 0
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'old.h5: cell 0 kept no selection'* ]]
  "$HEED" show old.h5 >/dev/null
  "$HEED" users old.h5 --cell 0 | head -1 | grep '^user,eta_hat,'
}

@test "a cell whose filter kept nobody has nothing to export" {
  write_sweep 'filter = h.filter.cutoff { threshold = 1 }, keep = { "selection" },'
  "$HEED" run log.lua >/dev/null 2>&1
  export_ log.h5
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"log.h5: no cell of replicate 0 kept its selection; heed show lists the failures and warnings"* ]]
}

@test "annotations without a known text, or with two equal texts, are left out and counted" {
  cat >log.csv <<'CSV'
who,id,said,ask,one,two
ann,1,A,What?,yes,no
ann,2,A,What?,yes,yes
ann,3,A,What?,,no
ann,4,B,What?,,no
bob,5,B,,yes,no
bob,6,B,What?,yes,no
CSV
  heed_run
  export_ log.h5 -o some.jsonl
  [ "$status" -eq 0 ]
  [ "$(lines some.jsonl '[(r["prompt"], r["chosen"], r["rejected"], r["user"]) for r in rows]')" = \
    "[('What?', 'yes', 'no', 'ann'), ('What?', 'no', 'yes', 'bob')]" ]
  [[ "$stderr" == *"heed: warning: left out 4 of 6 annotations: 2 without a known response, 1 without a known prompt, 1 whose two responses are equal"* ]]
}

@test "a selection of which nothing can be exported is an error, and no file is left" {
  cat >log.csv <<'CSV'
who,id,said,ask,one,two
ann,1,A,What?,yes,yes
ann,2,B,What?,no,no
CSV
  heed_run
  export_ log.h5 -o none.jsonl
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"log.h5: nothing to export: heed left out 2 of 2 annotations: 2 whose two responses are equal"* ]]
  [ ! -e none.jsonl ]
}

@test "a world without texts, or without some" {
  write_sweep 'keep = { "selection" },' ''
  heed_run
  export_ log.h5 -o none.jsonl
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"log.h5: the cell's world has no texts; heed export needs prompts and responses (of a log: columns prompt, text_a and text_b)"* ]]
  [ ! -e none.jsonl ]
  write_sweep 'keep = { "selection" },' 'text_a = "one", text_b = "two"'
  heed_run
  export_ log.h5
  [[ "$stderr" == *"the cell's world has no texts of prompts; heed export needs"* ]]
  sed -i '/^rex,p3/d' log.csv # one text alone does not tell that sides changed
  write_sweep 'keep = { "selection" },' 'prompt = "ask", text_a = "one"'
  heed_run
  export_ log.h5
  [[ "$stderr" == *"the cell's world has no texts of responses; heed export needs"* ]]
}

@test "a simulated world keeps its selection, and has no texts" {
  cat >simulated.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Simulated", replicates = 2,
  source = h.source.synthetic { pairs = 200 },
  users = { count = 10, annotations = 20, model = h.user_model.attentive {},
            attentiveness = h.distribution.beta { alpha = 2, beta = 2 } },
  estimator = h.estimator.em {},
  filter = h.filter.top { share = 0.3 },
  keep = { "selection" },
}
LUA
  "$HEED" run simulated.lua -o log.h5 >/dev/null 2>&1
  edit '
weight = f["selection/weight"][()]
assert (weight > 0).all() and 2 * 40 < len(weight) < 2 * 100, len(weight)
assert set(f["selection/replicate"][()]) == {0, 1}
assert "chosen" not in f["selection"]'
  export_ log.h5
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"log.h5: the cell's world has no texts; "* ]]
}

@test "a cell without texts beside one with texts" {
  write_sweep
  sed -i "s/columns = { \(.*\), $texts }/columns = h.axis { \"log\", { \1, $texts }, { \1 } }/" log.lua
  heed_run
  "$HEED" export log.h5 --cell 0 -o texts.jsonl
  [ "$(wc -l <texts.jsonl)" -eq 7 ]
  export_ log.h5 --cell 1
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"the cell's world has no texts; "* ]]
}

@test "users without names are numbers" {
  heed_run
  edit 'del f["selection/name"]'
  "$HEED" export log.h5 -o all.jsonl
  [ "$(lines all.jsonl '[r["user"] for r in rows]')" = "[0, 0, 0, 0, 1, 1, 1]" ]
}

@test "a damaged selection: what is wrong is named, nothing is written" {
  heed_run
  edit 'f["selection/rejected"][4] = b"\xff"'
  export_ log.h5
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "$stderr" == *"log.h5: selection/rejected: row 4 is not UTF-8"* ]]
  export_ log.h5 -o none.jsonl
  [ "$status" -eq 2 ]
  [ ! -e none.jsonl ]
  edit 'f["selection/rejected"][4] = "x"; f["selection/weight"][2] = float("nan")'
  export_ log.h5
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"log.h5: selection/weight: row 2 is nan, expected a number"* ]]
  edit 'f["selection/weight"][2] = 1; del f["selection/prompt"]
f["selection"].create_dataset("prompt", (7,), dtype=h5py.string_dtype())
f["selection/prompt"][3] = "only one"'
  "$HEED" export log.h5 -o all.jsonl
  [ "$(lines all.jsonl '"|".join(r["prompt"] for r in rows)')" = "only one" ]
  edit 'del f["selection/chosen"]'
  export_ log.h5
  [[ "$stderr" == *"the cell's world has no texts of responses; "* ]]
  edit 'del f["selection/eta_hat"]'
  export_ log.h5
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"log.h5: the group selection lacks user, weight or eta_hat"* ]]
}

@test "the file is written whole or not at all" {
  heed_run
  export_ log.h5 -o no/all.jsonl
  [ "$status" -eq 2 ]
  [ "$stderr" = "heed: no/all.jsonl: cannot write: the folder no does not exist" ]
  export_ log.h5 -o /dev/full/all.jsonl
  [ "$status" -eq 1 ]
  run bash -c '"$HEED" export log.h5 2>&1 >/dev/full'
  [ "$status" -eq 1 ]
  [[ "$output" == *"standard output: cannot write"* ]]
}

@test "of a resampled log only the log itself keeps its selection" {
  write_sweep 'replicates = 3, users = { bootstrap = "users" }, keep = { "selection" },'
  heed_run
  edit 'assert set(f["selection/replicate"][()]) == {0}'
  "$HEED" export log.h5 -o all.jsonl
  [ "$(wc -l <all.jsonl)" -eq 7 ]
  export_ log.h5 --cell 2
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"log.h5: cell 2, a resampled log, kept no selection; use cell 0, the original log"* ]]
}

@test "a selection is carried over when a sweep is extended" {
  write_sweep 'filter = h.filter.top { share = h.axis { "share", 0.5 } },
    keep = { "selection" },'
  heed_run
  "$HEED" export log.h5 -o before.jsonl
  sed -i 's/"share", 0.5/"share", 0.5, 1/' log.lua
  "$HEED" run log.lua >/dev/null 2>&1
  "$HEED" export log.h5 --cell 0 | cmp - before.jsonl
  [ "$("$HEED" export log.h5 --cell 1 | wc -l)" -eq 7 ]
}

@test "datasets loads it, and TRL's DPO trainer prepares it and trains on it" {
  python="${HEED_TRL:-$HEED_BUILD/trl}/bin/python3"
  [ -x "$python" ] ||
    skip "trl is not installed: the first lines of tests/cli/export.bats say how"
  heed_run
  "$HEED" export log.h5 -o all.jsonl
  "$python" "$HEED_SOURCE/tests/cli/readers/train_trl.py" all.jsonl 7
  write_sweep 'filter = h.filter.soft {}, keep = { "selection" },'
  heed_run
  "$HEED" export log.h5 -o soft.jsonl
  "$python" "$HEED_SOURCE/tests/cli/readers/train_trl.py" soft.jsonl 7
}
