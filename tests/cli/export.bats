# heed export: writes the annotations that a filter kept as a preference data
# set.
#
# The last tests read the files with datasets, TRL, LLaMA-Factory and axolotl
# (PyPI) from the virtual environment $HEED_TRL, default trl in the build folder.
# Several gigabytes.  LLaMA-Factory and axolotl each want other versions of TRL;
# what reads data works without their dependencies:
#   python3 -m venv build/test/trl
#   build/test/trl/bin/pip install trl transformers datasets torch
#   build/test/trl/bin/pip install --no-deps llamafactory axolotl torchaudio
#   build/test/trl/bin/pip install peft colorama addict

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

# edit PYTHON: changes log.h5, which is f, as an earlier heed wrote it: its texts
# are strings.
edit() {
  PYTHONPATH="$HEED_SOURCE/tests/support" /usr/bin/python3 -c '
import sys, h5py, selection
f = h5py.File("log.h5", "r+")
selection.as_before(f)
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
keys = ["prompt", "chosen", "rejected", "weight", "eta_hat", "user", "pair"]
assert all(list(row) == keys for row in rows), rows
sums, hi = "What is 2 + 2?", 'Say "hi".'
not_yet = "no, née\nnot \\ yet"
assert [[row[key] for key in keys if key != "eta_hat"] for row in rows] == [
    [sums, "4", "5", 1.0, "dora", "p1"], [hi, "hi", not_yet, 1.0, "dora", "p2"],
    ["q3", "yes", "no", 1.0, "dora", "p3"],
    ["q4", "good", "bad", 1.0, "dora", "p4"],
    [sums, "5", "4", 1.0, "rex", "p1"], [hi, "hi", not_yet, 1.0, "rex", "p2"],
    ["q3", "yes", "no", 1.0, "rex", "p3"]], rows
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
  [[ "$stderr" == *"log.h5: the cell has no texts; heed export needs prompts and responses (columns prompt, text_a and text_b of the log). heed pairs needs no texts"* ]]
  [ ! -e none.jsonl ]
  write_sweep 'keep = { "selection" },' 'text_a = "one", text_b = "two"'
  heed_run
  export_ log.h5
  [[ "$stderr" == *"the cell has no prompts; heed export needs"* ]]
  sed -i '/^rex,p3/d' log.csv # one text alone does not tell that sides changed
  write_sweep 'keep = { "selection" },' 'prompt = "ask", text_a = "one"'
  heed_run
  export_ log.h5
  [[ "$stderr" == *"the cell has no responses; heed export needs"* ]]
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
  [[ "$stderr" == *"log.h5: the cell has no texts; "* ]]
}

@test "a cell without texts beside one with texts" {
  write_sweep
  sed -i "s/columns = { \(.*\), $texts }/columns = h.axis { \"log\", { \1, $texts }, { \1 } }/" log.lua
  heed_run
  "$HEED" export log.h5 --cell 0 -o texts.jsonl
  [ "$(wc -l <texts.jsonl)" -eq 7 ]
  export_ log.h5 --cell 1
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"the cell has no texts; "* ]]
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
  [[ "$stderr" == *"the cell has no responses; "* ]]
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

# ---- shapes ----

# in_shape SHAPE EXPRESSION: the rows in a shape.
in_shape() {
  "$HEED" export log.h5 --as "$1" -o shape.jsonl 2>/dev/null
  lines shape.jsonl "$2"
}

# Makes the rows of pair p1 a conversation: JSON in the columns of texts.
converse() {
  edit '
import json
say = lambda *said: json.dumps([{"role": r, "content": c} for r, c in said])
s = f["selection"]
names = s["pair_name"].asstr()[()]
s["messages"] = (names == "p1").astype("int8")
for i in (names == "p1").nonzero()[0]:
    s["prompt"][i] = say(("system", "Be \"brief\"."), ("user", "2 + 2?"),
                         ("assistant", "4"), ("user", "née?"))
    for side in "chosen", "rejected":
        s[side][i] = say(("assistant", s[side].asstr()[i]))'
}

@test "messages: every text is a list of messages" {
  heed_run
  [ "$(in_shape messages 'rows[3]["prompt"], rows[3]["chosen"], rows[3]["rejected"], list(rows[3])')" = \
    "([{'role': 'user', 'content': 'q4'}], [{'role': 'assistant', 'content': 'good'}], [{'role': 'assistant', 'content': 'bad'}], ['prompt', 'chosen', 'rejected', 'weight', 'eta_hat', 'user', 'pair'])" ]
  [ "$(lines shape.jsonl 'len(rows)')" -eq 7 ]
}

@test "kto: each response is a line with its label" {
  heed_run
  [ "$(in_shape kto '[(r["prompt"], r["completion"], r["label"], r["pair"]) for r in rows[6:8]]')" = \
    "[('q4', 'good', True, 'p4'), ('q4', 'bad', False, 'p4')]" ]
  [ "$(lines shape.jsonl 'len(rows), sum(r["label"] for r in rows)')" = "(14, 7)" ]
}

@test "llamafactory: ShareGPT's names of keys and roles" {
  heed_run
  [ "$(in_shape llamafactory 'rows[3]["conversations"], rows[3]["chosen"], rows[3]["rejected"]')" = \
    "([{'from': 'human', 'value': 'q4'}], {'from': 'gpt', 'value': 'good'}, {'from': 'gpt', 'value': 'bad'})" ]
}

@test "axolotl: messages, and a message for each response" {
  heed_run
  [ "$(in_shape axolotl 'rows[3]["messages"], rows[3]["chosen"], rows[3]["rejected"]')" = \
    "([{'role': 'user', 'content': 'q4'}], {'role': 'assistant', 'content': 'good'}, {'role': 'assistant', 'content': 'bad'})" ]
}

@test "a shape that heed does not know lists those that it knows" {
  heed_run
  export_ log.h5 --as parquet
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"--as: found parquet, expected trl, messages, kto, llamafactory or axolotl"* ]]
}

@test "a conversation is written as messages, and then all examples of the file are" {
  heed_run
  converse
  export_ log.h5 --as trl -o all.jsonl
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"log.h5: some pairs are conversations, so all examples are lists of messages"* ]]
  "$HEED" export log.h5 --as messages -o messages.jsonl
  cmp all.jsonl messages.jsonl
  [ "$(lines all.jsonl '[(m["role"], m["content"]) for m in rows[0]["prompt"]], rows[4]["chosen"], rows[3]["prompt"]')" = \
    "([('system', 'Be \"brief\".'), ('user', '2 + 2?'), ('assistant', '4'), ('user', 'née?')], [{'role': 'assistant', 'content': '5'}], [{'role': 'user', 'content': 'q4'}])" ]
  [ "$(in_shape kto 'rows[0]["completion"], rows[13]["prompt"]')" = \
    "([{'role': 'assistant', 'content': '4'}], [{'role': 'user', 'content': 'q3'}])" ]
  [ "$(in_shape llamafactory '[m["from"] for m in rows[0]["conversations"]]')" = \
    "['system', 'human', 'gpt', 'human']" ]
  [ "$(in_shape axolotl '[m["role"] for m in rows[0]["messages"]]')" = \
    "['system', 'user', 'assistant', 'user']" ]
}

@test "a log of conversations is exported as such, with its sides as the user saw them" {
  cat >log.jsonl <<'JSON'
{"who": "ann", "id": "p1", "said": "B", "ask": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}, {"role": "user", "content": "née?"}], "one": [{"role": "assistant", "content": "x"}], "two": [{"role": "assistant", "content": "y"}]}
{"who": "ann", "id": "p2", "said": "A", "ask": "q", "one": "u", "two": "v"}
JSON
  sed -i 's/log.csv/log.jsonl/' log.lua
  heed_run
  "$HEED" export log.h5 -o all.jsonl
  [ "$(lines all.jsonl '[[(m["role"], m["content"]) for m in r[k]] for r in rows for k in ("prompt", "chosen", "rejected")]')" = \
    "[[('user', '2 + 2?'), ('assistant', '4'), ('user', 'née?')], [('assistant', 'y')], [('assistant', 'x')], [('user', 'q')], [('assistant', 'u')], [('assistant', 'v')]]" ]
}

@test "what LLaMA-Factory or axolotl would skip or cut is left out and counted" {
  heed_run
  converse
  edit '
import json
say = lambda *said: json.dumps([{"role": r, "content": c} for r, c in said])
s = f["selection"]
s["messages"][:4] = 1
s["prompt"][0] = say(("user", "a"), ("user", "b"))
for i in 0, 1, 2, 3:
    s["chosen"][i] = say(("assistant", "x"))
    s["rejected"][i] = say(("assistant", "y"))
s["prompt"][1] = say(("critic", "a"))
s["prompt"][2] = say(("user", "a"))
s["chosen"][2] = say(("assistant", "x"), ("user", "y"), ("assistant", "z"))
s["prompt"][3] = say(("user", "a"))
s["rejected"][3] = say(("user", "y"))'
  export_ log.h5 --as llamafactory -o some.jsonl
  [[ "$stderr" == *"left out 4 of 7 annotations: 1 with a response of several messages, 2 with a role that the format lacks, 1 whose messages do not alternate"* ]]
  export_ log.h5 --as axolotl -o some.jsonl
  [[ "$stderr" == *"left out 3 of 7 annotations: 1 with a response of several messages, 2 with a role that the format lacks"* ]]
  export_ log.h5 --as messages -o some.jsonl
  [[ "$stderr" != *"left out"* ]]
}

@test "a text that should be messages and is not names its row" {
  heed_run
  converse
  for wrong in '{"role": "user"}|JSON that is not an array' \
               'plain|a text that is not JSON' \
               '["x"]|a message that is not an object' \
               '[{"content": "x"}]|a message without a text for its role' \
               '[{"role": "user", "content": 7}]|a message without a text for its content'; do
    edit "f['selection/prompt'][4] = r'${wrong%|*}'"
    export_ log.h5
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ "$stderr" == *"log.h5: selection/prompt: row 4: found ${wrong#*|}, expected an array of messages with role and content"* ]]
  done
  edit "f['selection/prompt'][4] = '[]'"
  export_ log.h5 -o some.jsonl
  [[ "$stderr" == *"left out 1 of 7 annotations: 1 without a known prompt"* ]]
}

# ---- draws ----

weights='f["selection/weight"][:] = [1, 2, 3, 4, 0.5, 0.25, 1e-9]'

@test "a draw has N examples of weight 1, in proportion to their weights, and again the same" {
  heed_run
  edit "$weights"
  "$HEED" export log.h5 --draw 10000 -o drawn.jsonl
  "$HEED" export log.h5 --draw 10000 | cmp - drawn.jsonl
  # Chi-square with 5 degrees of freedom passes 25 in 1 of 7000 draws.
  /usr/bin/python3 - <<'PY'
import collections, json
rows = [json.loads(line) for line in open("drawn.jsonl", encoding="utf-8")]
assert len(rows) == 10000 and {row["weight"] for row in rows} == {1.0}
seen = collections.Counter((row["user"], row["pair"]) for row in rows)
weight = {("dora", "p1"): 1, ("dora", "p2"): 2, ("dora", "p3"): 3,
          ("dora", "p4"): 4, ("rex", "p1"): .5, ("rex", "p2"): .25}
assert set(seen) == set(weight), seen
share = {key: 10000 * w / sum(weight.values()) for key, w in weight.items()}
assert sum((seen[k] - share[k]) ** 2 / share[k] for k in share) < 25, seen
PY
  sed -i 's/title = /seed = 5, title = /' log.lua
  heed_run
  edit "$weights"
  "$HEED" export log.h5 --draw 10000 -o other.jsonl
  run ! cmp -s drawn.jsonl other.jsonl
  [ "$(wc -l <other.jsonl)" -eq 10000 ]
}

@test "heed export warns that weights differ, unless it draws by them" {
  heed_run
  export_ log.h5 -o all.jsonl
  [[ "$stderr" != *"weights differ"* ]]
  edit "$weights"
  export_ log.h5 -o all.jsonl
  [ "$(grep -c "weights differ" <<<"$stderr")" -eq 1 ]
  grep -qx 'heed: warning: weights differ, and most trainers ignore them; --draw N draws examples by weight; with a filter that keeps or drops, all weights are 1' <<<"$stderr"
  export_ log.h5 --draw 9 -o drawn.jsonl
  [[ "$stderr" != *"weights differ"* ]]
  export_ log.h5 --by pair -o pairs.jsonl
  grep -qx 'heed: warning: weights differ, and most trainers ignore them; --draw N draws examples by weight' <<<"$stderr"
  # The row of another weight is not written.
  edit 'f["selection/weight"][:] = 0.5; f["selection/weight"][1] = 2; f["selection/prompt"][1] = ""'
  export_ log.h5 -o all.jsonl
  [[ "$stderr" != *"weights differ"* ]]
}

@test "a draw takes only what can be exported" {
  heed_run
  edit 'f["selection/prompt"][0] = ""'
  export_ log.h5 --draw 50 -o drawn.jsonl
  [ "$(wc -l <drawn.jsonl)" -eq 50 ]
  [[ "$stderr" == *"left out 1 of 7 annotations: 1 without a known prompt"* ]]
  export_ log.h5 --draw 0
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"--draw: found 0, expected a whole number from 1 to 1000000000"* ]]
}

# ---- labels of pairs ----

# Enumerates which response is better and who attended.
brute_force='
import csv, json, math, h5py
import numpy as np
import selection
f = h5py.File("log.h5")
get = lambda name: f["selection"][name][()]
names = np.array(selection.texts(f, "pair_name"))
choice, weight = get("choice"), get("weight")
eta, casual, prior = get("eta_left_out"), get("casual"), get("prior")
def label(pair):
    rows = np.flatnonzero(names == pair)
    total = {}
    for better in 1, 0:
        p = float(prior[rows[0]])
        total[better] = p if better else 1 - p
        for i in rows:
            chance = sum(
                (float(eta[i]) if attends else 1 - float(eta[i])) *
                (float(choice[i] == better) if attends else float(casual[i]))
                for attends in (True, False))
            total[better] *= chance ** weight[i]
    return total[1] / (total[1] + total[0]), len(rows)
'

# write_models [FURTHER KEYS [COLUMNS OF TEXTS [ESTIMATOR]]]
write_models() {
  cat >log.csv <<'CSV'
who,id,said,ask,one,two,a,b
ann,p1,A,q1,x1,y1,gpt,llama
ann,p2,A,q2,x2,y2,gpt,llama
ann,p3,A,q3,x3,y3,gpt,=cmd
ann,p4,A,q4,x4,y4,llama,=cmd
bob,p1,A,q1,x1,y1,gpt,llama
bob,p2,B,q2,x2,y2,gpt,llama
bob,p3,A,q3,x3,y3,gpt,=cmd
cy,p1,B,q1,x1,y1,gpt,llama
cy,p2,A,q2,x2,y2,gpt,llama
cy,p3,B,q3,x3,y3,gpt,=cmd
cy,p5,tie,q5,x5,y5,gpt,=cmd
CSV
  cat >log.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "A log",
  source = h.source.log {
    path = "log.csv", ties = "keep",
    columns = { user = "who", pair = "id", choice = "said", model_a = "a",
                model_b = "b", ${2-$texts} },
  },
  estimator = ${3-h.estimator.em_bradley_terry {\}},
  ${1-keep = { \"selection\", \"models\" \},}
}
LUA
}

@test "the label of a pair is the posterior over who attended, by enumeration" {
  write_models 'filter = h.filter.soft {}, keep = { "selection", "models" },'
  heed_run
  "$HEED" export log.h5 --by pair -o pairs.jsonl
  "$HEED" pairs log.h5 -o pairs.csv
  PYTHONPATH="$HEED_SOURCE/tests/support" /usr/bin/python3 - <<PY
$brute_force
rows = [json.loads(line) for line in open("pairs.jsonl")]
table = list(csv.DictReader(open("pairs.csv")))
assert [r["pair"] for r in rows] == [r["pair"] for r in table] == \
    ["p1", "p2", "p3", "p4"], table
assert len(set(prior[names == "p1"])) == 1 and len(set(prior)) == 3
for row, line in zip(rows, table):
    p, count = label(row["pair"])
    assert line["choice"] == ("A" if p > .5 else "B"), (line, p)
    assert math.isclose(row["probability"], max(p, 1 - p), rel_tol=1e-9)
    assert float(line["probability"]) == row["probability"]
    assert row["annotations"] == int(line["annotations"]) == count
    assert math.isclose(row["weight"], 2 * row["probability"] - 1)
    x, y = "x" + row["pair"][1], "y" + row["pair"][1]
    assert (row["chosen"], row["rejected"]) == ((x, y) if p > .5 else (y, x))
    assert list(row) == ["prompt", "chosen", "rejected", "weight",
                         "probability", "annotations", "pair"], row
PY
}

@test "the label of a pair is what attentive users say, not what its first user says" {
  heed_run
  edit '
s = f["selection"]
s["eta_left_out"][:] = [0.1, 0.5, 0.5, 0.5, 0.9, 0.5, 0.5]
s["prior"][:] = 0.5'
  "$HEED" export log.h5 --by pair -o pairs.jsonl
  # dora, .1, says 4 and rex, .9, says 5: odds (1.9 / .1) (.9 / 1.1).
  [ "$(lines pairs.jsonl '[(r["chosen"], r["rejected"], round(r["probability"], 5), r["annotations"]) for r in rows if r["pair"] == "p1"]')" = \
    "[('5', '4', 0.93956, 2)]" ]
  [ "$(wc -l <pairs.jsonl)" -eq 4 ]
}

@test "the prior of a pair comes from strengths, the gap or nothing, never from its labels" {
  write_models
  heed_run
  edit '
import numpy as np
s, m = f["selection"], f["models"]
strength = m["strength"][()]
a, b = s["model_a"][()], s["model_b"][()]
assert np.allclose(s["prior"][()], 1 / (1 + np.exp(strength[b] - strength[a])), atol=1e-6)'
  write_models 'keep = { "selection" },' "$texts" \
    'h.estimator.em { mu = 0.8, fit = "fixed", prior = h.distribution.beta {} }'
  heed_run
  edit 'assert abs(f["selection/prior"][()] - 0.8).max() < 1e-6'
  write_models 'keep = { "selection" },' "$texts" 'h.estimator.dawid_skene {}'
  heed_run
  edit 'assert (f["selection/prior"][()] == 0.5).all()'
}

@test "a log without texts has labels of pairs, and names of models if they are kept" {
  write_models 'keep = { "selection", "models" },' ''
  heed_run
  export_ log.h5 --by pair
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"has no texts; heed export needs prompts and responses"*"heed pairs needs no texts"* ]]
  run --separate-stderr "$HEED" pairs log.h5
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "pair,model_a,model_b,choice,probability,annotations" ]
  [[ "${lines[1]}" == "p1,gpt,llama,"[AB]",0."*",3" ]]
  [[ "${lines[4]}" == "p4,llama,'=cmd,"[AB]",0."*",1" ]]
  [ "${#lines[@]}" -eq 5 ]
  "$HEED" pairs log.h5 --raw | grep -q '^p4,llama,=cmd,'
  write_models 'keep = { "selection" },' ''
  heed_run
  "$HEED" pairs log.h5 -o pairs.csv
  [ "$(head -1 pairs.csv)" = "pair,choice,probability,annotations" ]
}

@test "heed pairs needs a selection, and one that this heed kept" {
  write_models 'keep = { "users" },'
  heed_run
  run "$HEED" pairs log.h5 -o pairs.csv
  [ "$status" -eq 2 ]
  [[ "$output" == *'log.h5: has no selection; the sweep needs keep = {"selection"}'* ]]
  write_models
  heed_run
  edit 'del f["selection/prior"]'
  run "$HEED" pairs log.h5 -o pairs.csv
  [ "$status" -eq 2 ]
  [[ "$output" == *"log.h5: the selection lacks eta_left_out, casual or prior, which the label of a pair needs: an older heed kept it; run the sweep again with --replace"* ]]
  [ ! -e pairs.csv ]
}

@test "a pair that nothing decides is a tie of heed pairs and no example" {
  heed_run
  edit '
s = f["selection"]
s["eta_left_out"][:] = 0.5
s["prior"][:] = 0.5'
  run --separate-stderr "$HEED" pairs log.h5
  [ "${lines[1]}" = "p1,tie,0.5,2" ]
  export_ log.h5 --by pair -o pairs.jsonl
  [[ "$stderr" == *"left out 1 of 4 pairs: 1 whose two responses are equally likely to be better"* ]]
  [ "$(lines pairs.jsonl '[r["pair"] for r in rows]')" = "['p2', 'p3', 'p4']" ]
}

@test "pairs are drawn by the weight of their labels" {
  heed_run
  "$HEED" export log.h5 --by pair --draw 20 --as kto -o drawn.jsonl
  [ "$(lines drawn.jsonl 'len(rows), {r["weight"] for r in rows}')" = "(40, {1.0})" ]
}

# ---- the data card ----

@test "beside a file stands its data card: sources, filter, attentiveness, license" {
  write_sweep 'filter = h.filter.top { share = 0.5 }, keep = { "selection" },'
  sed -i 's/title = "A log"/title = "A | log <b>"/' log.lua
  heed_run
  "$HEED" export log.h5 -o some.jsonl --license cc-by-4.0
  cat some.jsonl.card.md
  /usr/bin/python3 - <<'PY'
import hashlib, re
sha = lambda name: hashlib.sha256(open(name, "rb").read()).hexdigest()
card = open("some.jsonl.card.md", encoding="utf-8").read()
_, header, body = card.split("---\n", 2)
assert 'license: "cc-by-4.0"\n' in header
assert 'data_files: "some.jsonl"\n' in header
for part in (f"| SHA-256 | `{sha('some.jsonl')}` |", "| lines | 4 |",
             f"log.csv | `{sha('log.csv')}` |", "| filter | filter/top |",
             '"share":0.5', "| estimator | estimator/em |",
             "# A \\| log \\<b\\>\n", "Examples of 1 user.", "| 50 % | 0.525 |",
             "| shape | `trl` |", "| left out | nothing of the selection |"):
    assert part in body, part
assert re.search(r"The fit is (identified|\*\*not identified)", body)
PY
  "$HEED" export log.h5 -o some.jsonl --as llamafactory --draw 9
  grep -qx 'license: "unknown"' some.jsonl.card.md
  grep -q '^| drawn | 9 examples from 4, ' some.jsonl.card.md
  grep -q '"heed": {"file_name": "some.jsonl", "formatting": "sharegpt", "ranking": true,' some.jsonl.card.md
}

@test "the card of pairs counts all users whose annotations examples rest on" {
  cat >log.csv <<'CSV'
who,id,said,ask,one,two
ann,p1,A,q1,x,y
bob,p1,A,q1,x,y
cid,p1,A,q1,x,y
cid,p2,A,,x,y
dan,p2,A,,x,y
CSV
  heed_run
  edit 'f["selection/eta_hat"][:] = [0.25, 0.5, 0.875, 0.75, 0.75]'
  "$HEED" export log.h5 --by pair -o pairs.jsonl
  [ "$(lines pairs.jsonl '[(r["pair"], r["annotations"]) for r in rows]')" = "[('p1', 3)]" ]
  grep -q '^Examples rest on annotations of 3 users\. ' pairs.jsonl.card.md
  grep -qxF '| 0 % | 0.250 |' pairs.jsonl.card.md
  grep -qxF '| 50 % | 0.500 |' pairs.jsonl.card.md
  grep -qxF '| 100 % | 0.875 |' pairs.jsonl.card.md
  "$HEED" export log.h5 --by pair --draw 2 -o drawn.jsonl
  grep -q '^Examples rest on annotations of 3 users\. ' drawn.jsonl.card.md
}

@test "an export to standard output has no card, and then no license" {
  heed_run
  export_ log.h5
  [ "$(find . -name '*.card.md' | wc -l)" -eq 0 ]
  export_ log.h5 --license mit
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"--license: found no file for the data card, expected -o FILE"* ]]
}

@test "an export that fails leaves no card, and no part of a file" {
  heed_run
  edit 'f["selection/rejected"][4] = b"\xff"'
  export_ log.h5 -o none.jsonl
  [ "$status" -eq 2 ]
  [ "$(find . -name 'none*' | wc -l)" -eq 0 ]
}

@test "a card never replaces what heed export did not write, nor an input" {
  heed_run
  echo mine >all.jsonl.card.md
  export_ log.h5 -o all.jsonl
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"all.jsonl.card.md: is not a data card of heed export, which would replace it; rename it, or name another file with -o"* ]]
  [ "$(cat all.jsonl.card.md)" = mine ]
  [ ! -e all.jsonl ]
  rm all.jsonl.card.md
  ln -s log.csv all.jsonl.card.md
  export_ log.h5 -o all.jsonl
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"all.jsonl.card.md: is a file that the sweep reads"* ]]
  [ ! -e all.jsonl ]
}

@test "a kill at any write leaves whole files, and no other" {
  heed_run
  "$HEED" export log.h5 -o new.jsonl
  if (HEED_FAULT=1 setsid -w "$HEED" export log.h5 -o all.jsonl) >/dev/null 2>&1
  then skip "this build injects no faults"
  fi
  for ((moment = 1; ; moment++)); do
    rm -f all.jsonl all.jsonl.card.md
    if (HEED_FAULT=$moment setsid -w "$HEED" export log.h5 -o all.jsonl) >/dev/null 2>&1
    then break
    fi
    [ ! -e all.jsonl ] || cmp all.jsonl new.jsonl
    [ ! -e all.jsonl ] || [ -e all.jsonl.card.md ]
    [ ! -e all.jsonl.card.md ] ||
      grep -q "$(sha256sum <new.jsonl | cut -c1-64)" all.jsonl.card.md
  done
  [ "$moment" -gt 10 ]
  cmp all.jsonl new.jsonl
  # What a killed process left goes once the system knows that it is dead.
  for ((tries = 0; tries < 100; tries++)); do
    "$HEED" export log.h5 -o all.jsonl
    compgen -G '*.tmp-*' || break
    sleep 0.1
  done
  [ "$tries" -lt 100 ]
}

# ---- the tools themselves ----

# python PACKAGE: skips unless the virtual environment has it.
python_with() {
  python="${HEED_TRL:-$HEED_BUILD/trl}/bin/python3"
  [ -x "$python" ] ||
    skip "trl is not installed: the first lines of tests/cli/export.bats say how"
  "$python" -c "import $1" 2>/dev/null ||
    skip "$1 is not installed: the first lines of tests/cli/export.bats say how"
}

@test "datasets loads every shape for TRL, and its DPO and KTO trainers train on it" {
  python_with trl
  heed_run
  "$HEED" export log.h5 -o texts.jsonl
  "$HEED" export log.h5 --as messages -o messages.jsonl
  "$HEED" export log.h5 --as kto -o kto.jsonl
  "$HEED" export log.h5 --by pair -o pairs.jsonl
  write_sweep 'filter = h.filter.soft {}, keep = { "selection" },'
  heed_run
  "$HEED" export log.h5 -o soft.jsonl
  "$HEED" export log.h5 --draw 20 -o drawn.jsonl
  converse
  "$HEED" export log.h5 -o talks.jsonl
  "$HEED" export log.h5 --as kto -o kto_talks.jsonl
  "$python" "$HEED_SOURCE/tests/cli/readers/train_trl.py" texts.jsonl \
    messages.jsonl kto.jsonl pairs.jsonl soft.jsonl drawn.jsonl talks.jsonl \
    kto_talks.jsonl
}

@test "LLaMA-Factory converts every example, by the entry in the card" {
  python_with llamafactory.data
  heed_run
  converse
  "$HEED" export log.h5 --as llamafactory -o shape.jsonl
  "$python" "$HEED_SOURCE/tests/cli/readers/load_llamafactory.py" shape.jsonl |
    tee told
  grep -q "^7 examples converted" told
}

@test "axolotl transforms every example, by the configuration in the card" {
  python_with axolotl.prompt_strategies.dpo.chat_template
  heed_run
  converse
  "$HEED" export log.h5 --as axolotl -o shape.jsonl
  "$python" "$HEED_SOURCE/tests/cli/readers/load_axolotl.py" shape.jsonl |
    tee told
  grep -q "^7 examples transformed" told
}
