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
