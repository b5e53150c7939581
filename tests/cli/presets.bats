#!/usr/bin/env bats
# The exports of tools (tests/logs): each row as it must be read, the sweep that
# `heed look` prints, and what is set aside.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  logs=$HEED_SOURCE/tests/logs
}

# read FILE ROWS "OPTION …" [PARAMETER=VALUE …]: heed reads FILE as ROWS says; the
# options are those of presets.py.
read_as() {
  local file=$1 rows=$2 options=$3 settings=()
  shift 3
  for each; do settings+=(--set "$each"); done
  run --separate-stderr "$HEED" look "$logs/$file" --rows --set ties=keep \
    --set duplicates=keep "${settings[@]}"
  echo "$file: $stderr"
  [ "$status" -eq 0 ]
  echo "$output" >read.jsonl
  # shellcheck disable=SC2086 # options are words
  /usr/bin/python3 "$HEED_SOURCE/tests/cli/presets.py" read.jsonl "$logs/$rows" $options
}

# look FILE [OPTION …]: the sweep, in look.lua.
look() {
  run --separate-stderr "$HEED" look "$@"
  echo "$stderr"
  [ "$status" -eq 0 ]
  echo "$output" >look.lua
}

# refused MESSAGE FILE [OPTION …]
refused() {
  local message=$1
  shift
  run --separate-stderr "$HEED" look "$@"
  echo "$stderr"
  [ "$status" -eq 2 ]
  [[ $stderr == *"$message"* ]]
}

has() {
  grep -F -- "$1" look.lua || { cat look.lua && return 1; }
}

@test "arena: logs of FastChat and the sets of Chatbot Arena" {
  read_as arena/conv.json arena/conv.json.rows.jsonl ""
  read_as arena/clean_battle_conv.json arena/clean_battle_conv.json.rows.jsonl "" \
    'columns.covariates=["language"]'
  read_as arena/human_100k.jsonl arena/human_100k.jsonl.rows.jsonl "" \
    'columns.covariates=["language"]'
  read_as arena/human_140k.jsonl arena/human_140k.jsonl.rows.jsonl "" \
    'columns.covariates=["language","is_code","evaluation_order"]'
  read_as arena/human_55k.csv arena/human_55k.csv.rows.jsonl "" columns.user=id
}

@test "open_webui: the export and the database" {
  for file in feedback.json webui.db; do
    read_as open_webui/$file open_webui/feedback.json.rows.jsonl "arena=meta_arena" \
      'columns.covariates=["meta.arena"]'
  done
}

@test "label_studio: JSON, a snapshot, JSON-MIN and CSV" {
  for file in export.json export_min.json export.csv; do
    read_as label_studio/$file label_studio/export.json.rows.jsonl "" \
      'columns.covariates=["lead_time"]'
  done
  look "$logs/label_studio/snapshot.json" --rows
  grep -F '"user":"user-' look.lua || grep -F '@' look.lua
}

@test "argilla: nested and flat records, rankings and labels" {
  for file in records.json records.jsonl labels.json; do
    read_as argilla/$file argilla/$file.rows.jsonl ""
  done
}

@test "potato: the state of users and the tables" {
  local texts=without=model_a,model_b,prompt,text_a,text_b
  for study in fixed random; do
    read_as "potato/$study/*/user_state.json" potato/$study/rows.jsonl \
      "$texts users=read"
  done
  for form in csv tsv jsonl; do
    read_as potato/fixed/annotations.$form potato/fixed/rows.jsonl $texts
  done
}

@test "crowd_kit: comparisons and classes" {
  read_as crowd_kit/pairwise.csv crowd_kit/pairwise.csv.rows.jsonl ""
  read_as crowd_kit/classes.csv crowd_kit/classes.csv.rows.jsonl "" \
    'choices.a=["1"]' 'choices.b=["0"]'
}

@test "trl: prompts with and without, texts and messages" {
  for file in explicit.jsonl implicit.jsonl implicit_text.jsonl conversational.jsonl \
    explicit.csv; do
    read_as trl/$file trl/$file.rows.jsonl ""
  done
}

# sweeps FORM FILE [OPTION …]: heed look names the form, and the sweep that it
# prints passes heed check and runs.
sweeps() {
  local form=$1
  shift
  look "$@"
  has ": $form"
  [ "$(grep -c '^local h = require "heed"$' look.lua)" -eq 1 ]
  run "$HEED" check look.lua
  echo "$output"
  [ "$status" -eq 0 ]
  rm -f look.h5
  run "$HEED" run look.lua --progress none
  echo "$output"
  [ "$status" -eq 0 ]
}

@test "heed look names each export, and its sweep runs" {
  cp -r "$logs" logs
  sweeps "a log of FastChat's arena" logs/arena/conv.json
  has 'estimator = h.estimator.em_bradley_terry { checks = { "agreement_dispersion" } }'
  has 'keep = { "users", "models", "selection" }'
  sweeps 'cleaned battles of Chatbot Arena' logs/arena/clean_battle_conv.json
  sweeps 'Chatbot Arena, 100k' logs/arena/human_100k.jsonl
  sweeps 'Chatbot Arena, 140k' logs/arena/human_140k.jsonl
  sweeps 'Chatbot Arena, 55k' logs/arena/human_55k.csv --set columns.user=id
  sweeps 'feedback of Open WebUI' logs/open_webui/feedback.json
  sweeps 'feedback of Open WebUI' logs/open_webui/webui.db
  for file in export.json snapshot.json; do
    sweeps 'tasks of Label Studio, with their' logs/label_studio/$file
  done
  for file in export_min.json export.csv; do
    sweeps 'annotations of Label Studio, one a row' logs/label_studio/$file
  done
  sweeps 'records of Argilla' logs/argilla/records.json
  sweeps 'records of Argilla, as a data set' logs/argilla/records.jsonl
  sweeps 'records of Argilla' logs/argilla/labels.json
  for study in fixed random; do
    sweeps 'the state of a user of Potato' "logs/potato/$study/*/user_state.json"
    sweeps 'annotations of Potato' logs/potato/$study/annotations.jsonl
    for form in csv tsv; do
      sweeps "a table of Potato's annotations" logs/potato/$study/annotations.$form
    done
  done
  sweeps 'comparisons for crowd-kit' logs/crowd_kit/pairwise.csv
  sweeps 'classes for crowd-kit' logs/crowd_kit/classes.csv
  has 'choices = { a = { "1" }, b = { "0" } }'
  has 'estimator = h.estimator.dawid_skene {}'
  for file in explicit.jsonl implicit.jsonl implicit_text.jsonl conversational.jsonl \
    explicit.csv; do
    sweeps 'preference data for TRL' logs/trl/$file
  done
}

@test "what is no comparison is set aside, and counted by reason" {
  set_aside() {
    local what=$1
    shift
    look "$@"
    sed -n 's/^-- *//p' look.lua | tr -s ' \n' ' ' | grep -F "$what" ||
      { cat look.lua && return 1; }
  }
  set_aside '11 records without a comparison: 7 where users saw the names of the models, 2 of type "chat", 2 of type "share"' \
    "$logs/arena/conv.json"
  set_aside '3 records without a comparison: 1 with a rating that is neither 1 nor -1, 1 beside an answer of the same model, 1 rated alone, with no answer beside it' \
    "$logs/open_webui/feedback.json"
  set_aside '5 records without a comparison' "$logs/argilla/records.jsonl"
  set_aside 'without an answer' "$logs/label_studio/export.json"
  # Twice the same click: the export begins with the last.
  set_aside 'dropped 1 repeated annotation' "$logs/open_webui/webui.db"
}

# The report without the breaks of its lines.
says() {
  sed -n 's/^-- *//p' look.lua | tr -s ' \n' ' ' | grep -F -- "$1" ||
    { cat look.lua && return 1; }
}

@test "where no column says who chose, each row is a user, of whom nothing is inferred" {
  cp -r "$logs" logs
  printf '{"id": "1", "model_a": "m", "model_b": "n", "winner": "model_a", "conversation_a": [], "conversation_b": []}\n{"id": "2", "model_a": "m", "model_b": "n", "winner": "model_b", "conversation_a": [], "conversation_b": []}\n' >expert.jsonl
  for file in logs/arena/human_55k.csv logs/trl/anonymous.jsonl expert.jsonl; do
    sweeps "" $file
    says 'not_identified: no column says who '
    says 'so each row is a user of its own'
    says 'one answer does not show who pays attention: eta-hat and everything computed from it are guesses; raw strengths do not depend on it'
    has 'estimator = h.estimator.constant { eta = 1, mu = 0.5 }'
    says 'annotations of a user: 1 to 1'
    run -0 --separate-stderr "$HEED" users look.h5
    [[ "$output" == *",unsure"* && "$output" != *",trusted"* && "$output" != *",careless"* ]]
    [[ "$stderr" == *"not_identified"* ]]
    run -0 --separate-stderr "$HEED" show look.h5
    [[ "$output" == *"the annotations do not show who pays attention"* ]]
  done
  says 'this set of the arena leaves users out (Arena 100k and 140k have them)'
  # A fit to single answers can be sure of itself: nobody is judged all the same.
  sed 's/constant { eta = 1, mu = 0.5 }/em { mu = 0.999, fit = "fixed", prior = h.distribution.beta { alpha = 50, beta = 1 } }/' look.lua >sure.lua
  sed -i 's/expert.jsonl/sure.jsonl/; s/"expert/"sure/' sure.lua
  for i in $(seq 40); do sed -n 1p expert.jsonl | sed "s/\"1\"/\"$i\"/"; done >sure.jsonl
  "$HEED" run sure.lua --progress none -o sure.h5
  run -0 --separate-stderr "$HEED" users sure.h5
  [ "$(cut -d, -f2 <<<"${lines[1]}" | cut -c-3)" = 0.9 ]
  [[ "$output" == *",unsure"* && "$output" != *",trusted"* ]]
}

@test "of a log without users, the raw leaderboard and the export work" {
  cp -r "$logs" logs
  sweeps 'Chatbot Arena, 55k' logs/arena/human_55k.csv
  "$HEED" export look.h5 -o arena.jsonl
  "$HEED" report look.h5 -o arena.html
  grep -q 'The fit is \*\*not identified\*\*' arena.jsonl.card.md
  grep -q 'These annotations do not show who pays attention' arena.html
  grep -q 'Which model is best' arena.html
  ! grep -q 'inattention taken out' arena.html
  /usr/bin/python3 - <<'PY'
import csv, h5py, json
votes = list(csv.DictReader(open("logs/arena/human_55k.csv")))
chosen = [v for v in votes if v["winner_tie"] != "1"]
rows = [json.loads(line) for line in open("arena.jsonl")]
assert {r["pair"] for r in rows} <= {v["id"] for v in chosen} and len(rows) == len(chosen) - 1
assert len({r["user"] for r in rows}) == len(rows) and all(r["weight"] == 1 for r in rows)
with h5py.File("look.h5") as f:
    assert set(f["models"]) >= {"raw", "name"} and "strength" not in f["models"]
    assert (f["users/replicate"][()] == 0).sum() == len(chosen)
PY
  sweeps 'preference data for TRL' logs/trl/anonymous.jsonl
  "$HEED" export look.h5 -o trl.jsonl
  [ "$(wc -l <trl.jsonl)" -eq "$(wc -l <logs/trl/anonymous.jsonl)" ]
}

@test "a table without users is read if the sweep says that rows are users, packed or not" {
  printf 'pair,choice,model_a,model_b\n1,A,m,n\n2,B,m,n\n3,A,n,m\n' >votes.csv
  cat >votes.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "x",
  source = h.source.log { path = "votes.csv", users = "rows",
    columns = { model_a = "model_a", model_b = "model_b" } },
  estimator = h.estimator.em { mu = 0.8 },
  keep = { "users", "models" },
}
LUA
  "$HEED" run votes.lua --progress none -o plain.h5
  "$HEED" pack votes.lua -o votes.heed
  "$HEED" run votes.lua --progress none -o packed.h5 --set source.path=votes.heed
  "$HEED" run votes.lua --progress none -o counts.h5 --set source.path=votes.heed --set source.annotations=counts
  for file in plain.h5 packed.h5 counts.h5; do
    run -0 --separate-stderr "$HEED" users $file
    [ "$(cut -d, -f1 <<<"$output" | tr '\n' ' ')" = "user row 1 row 2 row 3 " ]
    [[ "$stderr" == *"not_identified (log)"* ]]
    /usr/bin/python3 - $file <<'PY'
import h5py, sys
with h5py.File(sys.argv[1]) as f:
    said = f["warnings/message"].asstr()[()][f["warnings/plugin"].asstr()[()] == "log"]
assert any(t.startswith('each row is a user of its own (users = "rows"); one answer does not show who') for t in said), said
PY
  done
  run "$HEED" check votes.lua --set source.columns.user=who
  [ "$status" -eq 2 ]
  [[ "$output" == *'found both users = "rows" and columns.user, expected one of them'* ]]
}

@test "tools whose exports always say who chose are refused without it" {
  cut -d, -f2- "$logs/crowd_kit/pairwise.csv" >nobody.csv
  refused 'nobody.csv: no column says who chose (looked for "worker"); name the column in source.columns.user' \
    nobody.csv
}

@test "files of another kind than the preset, and several kinds at once" {
  printf 'user,pair,choice\nann,1,A\n' >votes.csv
  refused 'votes.csv: the records are not of the kind that format = "arena" reads; the first has "user", "pair", "choice"' \
    votes.csv --format arena
  : >empty.json
  refused 'empty.json: ' empty.json --format trl
  mkdir both
  cp "$logs/arena/human_100k.jsonl" both/1.jsonl
  cp "$logs/arena/human_140k.jsonl" both/2.jsonl
  refused '2.jsonl: the file is of another kind (Chatbot Arena, 140k)' 'both/*.jsonl'
  refused '--format nothing: unknown format, expected one of auto, csv, ' votes.csv --format nothing
}

@test "what a preset's record may have wrong" {
  printf 'worker,left,right,label\nu,m,n,k\n' >bad.csv
  refused 'bad.csv:2: found the label "k", expected "m" or "n"' bad.csv
  printf 'worker,left,right,label\nu,m,m,m\n' >bad.csv
  refused 'bad.csv:2: found the label "m", expected "m" or "m", two different names' bad.csv
  printf 'id,model_a,model_b,winner_model_a,winner_model_b,winner_tie,by\n1,m,n,1,1,0,u\n' >bad.csv
  refused 'have 2 that are 1, expected one' bad.csv --set columns.user=by
  printf '{"tstamp": 1, "type": "leftvote", "models": [""], "states": [{}], "ip": "i"}\n' >bad.json
  refused 'bad.json:1: a vote has 1 states and 1 models, expected 2 of each' bad.json
  printf '{"chosen": "a", "rejected": ["b"], "user": "u"}\n' >bad.jsonl
  refused 'bad.jsonl:1: chosen and rejected: expected two texts or two lists of messages' bad.jsonl
  printf '{"chosen": "a", "rejected": "b", "user": "u", "judge": "v"}\n' >bad.jsonl
  refused '"user" and "judge" may both say who chose; set source.columns.user to one of them' bad.jsonl
}

@test "one of several questions is asked for by name" {
  /usr/bin/python3 - <<'PY'
import json
task = {"id": 1, "data": {"one": "x", "two": "y"}, "annotations": [{"completed_by": 7,
  "created_at": "2026-01-01T00:00:00Z", "result": [
    {"type": "pairwise", "from_name": name, "to_name": "one,two",
     "value": {"selected": side}} for name, side in [("style", "left"), ("facts", "right")]]}]}
json.dump([task], open("tasks.json", "w"))
record = {"id": "1", "fields": {"response1": "x", "response2": "y"}, "_server_id": None,
  "responses": {name: [{"value": value, "user_id": "u"}] for name, value in
                [("style", "response1"), ("facts", ["response2", "response1"])]}}
json.dump([record], open("records.json", "w"))
state = {"user_id": "u", "instance_id_to_label_to_value": {"i": {
  "style": {"selection": "A"}, "facts": {"scale_value": 2}, "sure": {"sure": "4"}}}}
json.dump(state, open("user_state.json", "w"))
PY
  refused 'several controls compare answers: "style", "facts"; set source.columns.choice to one of them' tasks.json
  refused 'several questions compare answers: "style", "facts"' records.json
  refused 'several schemas compare answers: "style", "facts"' user_state.json
  for file in tasks.json records.json user_state.json; do
    look $file --rows --set columns.choice=style
    has '"choice":"a"'
    look $file --rows --set columns.choice=facts
    has '"choice":"b"'
  done
  look user_state.json --rows --set columns.choice=style --set 'columns.covariates=["sure.sure"]'
  has '"sure_sure":4.0'
}

@test "the tile that a user of Potato picked is the answer that it showed" {
  cat >user_state.json <<'JSON'
{"user_id": "u", "instance_id_to_label_to_value": {
   "i": {"better": {"selection": "A"}}, "j": {"better": {"selection": "A"}}},
 "instance_id_to_presentation_order": {"j": {"better": [1, 0]}}}
JSON
  look user_state.json --rows
  has '"pair":"i","choice":"a","left":"a"'
  has '"pair":"j","choice":"b","left":"b"'
}

@test "half of a character in a text of JSON is U+FFFD" {
  printf '{"user":"a","pair":"p","choice":"A","prompt":"p\\ud83d \\ud83d\\ude00"}\n' >votes.jsonl
  printf '{"user":"a","pair":"q\\\\ud83d","choice":"A","prompt":"q"}\n' >>votes.jsonl
  look votes.jsonl --rows
  has '"prompt":"p\uFFFD \uD83D\uDE00"'
  has '"pair":"q\\ud83d"'
}

@test "a pair whose texts are unknown does not get the prompt of another" {
  cat >votes.jsonl <<'JSON'
{"user":"a","pair":"p","choice":"A","prompt":null,"text_a":null,"text_b":null}
{"user":"a","pair":"q","choice":"A","prompt":"What?","text_a":"x","text_b":"y"}
JSON
  look votes.jsonl --rows
  has '"pair":"p","choice":"a","left":"a","prompt":null'
  has '"pair":"q","choice":"a","left":"a","prompt":"What?"'
}

@test "parts of a message are lines" {
  cat >votes.jsonl <<'JSON'
{"user":"a","pair":"p","choice":"A","prompt":[{"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]}],"text_a":"x","text_b":"y"}
JSON
  look votes.jsonl --rows
  has '"prompt":"one\ntwo"'
}

@test "lists of messages in quotes are messages if the sweep says that texts are JSON" {
  /usr/bin/python3 - <<'PY'
import json
say = lambda role, text: json.dumps([{"role": role, "content": text}])
print(json.dumps({"prompt": say("user", "What?"), "chosen": say("assistant", "x"),
                  "rejected": say("assistant", "y"), "user": "u"}), file=open("votes.jsonl", "w"))
PY
  look votes.jsonl --rows --set texts=json
  has '"prompt":"What?"'
  look votes.jsonl --rows
  has '"prompt":"[{'
}

@test "heed describe source/log names each preset" {
  run "$HEED" describe source/log
  for preset in arena open_webui label_studio argilla potato crowd_kit trl; do
    [[ $output == *" | $preset"* && $output == *" $preset ("* ]]
  done
}
