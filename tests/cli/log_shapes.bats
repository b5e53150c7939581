# The shapes in which a log comes: each says what the plain CSV says.
load log

# A log of two users, three pairs and two models, as log.csv.
plain_log() {
  printf '%s\n' user,pair,choice,model_a,model_b,seconds,device \
    ann,p1,A,m1,m2,3.5,phone ann,p2,B,m2,m1,10,desk bob,p1,B,m1,m2,1.25,phone \
    bob,p3,A,m1,m2,,phone >plain.csv
}

with_models='columns = { model_a = "model_a", model_b = "model_b" }'

# said: users, their annotations, and how often each chose the better model.
said() {
  "$HEED" users log.h5 | cut -d, -f1,2,4
}

# same [PARAMETERS] PATH: the log at PATH says what plain.csv says.
same() {
  source_log "$with_models" plain.csv
  runs && said >expected
  source_log "$with_models${2:+, $2}" "$1"
  runs
  said | diff expected -
}

@test "TSV, gzip and zstd say what CSV says" {
  plain_log
  tr , '\t' <plain.csv >log.tsv
  same log.tsv
  gzip -c plain.csv >log.csv.gz
  same log.csv.gz
  # Two members, and the zeros with which tapes were padded.
  { head -n2 plain.csv | gzip -c; tail -n+3 plain.csv | gzip -c; head -c 600 /dev/zero; } >log.csv.gz
  same log.csv.gz
  /usr/bin/python3 -c 'import json, csv
for row in csv.DictReader(open("plain.csv")): print(json.dumps(row))' >log.jsonl
  gzip -c log.jsonl >log.jsonl.gz
  same log.jsonl.gz
  if command -v zstd >/dev/null; then
    zstd -q plain.csv -o log.csv.zst
    same log.csv.zst
  fi
}

@test "a compressed file that is truncated or damaged is no shorter log" {
  echo user,pair,choice,model_a,model_b >plain.csv
  for i in $(seq 5000); do echo "u$((i * 7919 % 997)),p$i,A,m1,m2"; done >>plain.csv
  gzip -c plain.csv >whole.gz
  source_log "$with_models" log.csv.gz
  head -c $(($(stat -c %s whole.gz) - 5)) whole.gz >log.csv.gz
  fails 'log.csv.gz: cannot decompress gzip: it is truncated; the file may be damaged'
  cp whole.gz log.csv.gz
  printf 'x' | dd of=log.csv.gz bs=1 seek=$(($(stat -c %s whole.gz) / 2)) conv=notrunc status=none
  fails 'log.csv.gz: cannot decompress gzip: '
  { cat whole.gz; echo rest; } >log.csv.gz
  fails 'log.csv.gz: cannot decompress gzip: '
}

@test "in TSV, a quote counts only at the start of a field" {
  printf '%s\t%s\t%s\n' user pair choice 'an"n' 'say "hi"' A '"b,ob"' p1 B >log.tsv
  source_log "" log.tsv
  runs
  "$HEED" users log.h5 --raw | grep -F '"an""n"'
  "$HEED" users log.h5 --raw | grep -F '"b,ob"'
  printf '%s\t%s\t%s' user pair choice >log.tsv
  printf '\n%s\t%s\t%s' ann p1 A >>log.tsv
  runs
  [ "$(users)" = 'ann 1' ]
}

@test "a JSON array and objects that span lines say what JSON Lines say" {
  plain_log
  /usr/bin/python3 - <<'PY'
import csv, json
rows = list(csv.DictReader(open("plain.csv")))
json.dump(rows, open("log.json", "w"))
json.dump(rows, open("indented.json", "w"), indent=2)
open("spanning.json", "w").write("\n".join(json.dumps(row, indent=1) for row in rows))
json.dump({"version": 1, "data": {"rows": rows}}, open("within.json", "w"))
PY
  same log.json
  same indented.json
  same spanning.json
  same within.json 'rows = "data.rows[]"'
}

@test "what a JSON array may have wrong" {
  source_log "" log.json
  printf '[\n{"user":"a","pair":1,"choice":"A"},\n 7,\n{"user":"b","pair":1,"choice":"A"}]' >log.json
  fails 'log.json:3: found a number, expected an object'
  source_log 'malformed = "skip"' log.json
  runs
  [ "$(users)" = $'a 1\nb 1' ]
  is source_rows_skipped 1.0
  source_log "" log.json
  printf '[\n{"user":"a","pair":1,"choice":"A"},\n{"user":"b","pai' >log.json
  fails 'log.json:3: found '
  [[ "$stderr$output" == *'the file ends within it: possibly truncated'* ]]
  printf '[\n{"user":"a","pair":1,"choice":"A"}\n' >log.json
  fails 'log.json:3: the list is not closed: possibly truncated'
  printf '[{"user":"a","pair":1,"choice":"A"} {"user":"b","pair":1,"choice":"A"}]' >log.json
  fails 'log.json:1: expected a comma or ] after an object of the list'
  printf '[{"user":"a","pair":1,"choice":"A"}]]\n' >log.json
  fails 'log.json:1: found text after the list'
  source_log 'malformed = "skip"' log.json
  printf '[}}]{"user":}},,[[]' >log.json
  heed_run
  [ "$status" -ne 0 ]
}

@test "a path leads into an object; a whole key comes first" {
  printf '%s\n' '{"by":{"id":"ann"},"q":[{"n":"p1"},{"n":"p2"}],"value":{"selected":"A"}}' \
    '{"by":{"id":"bob"},"q":[{"n":"p1"},{"n":"p3"}],"value":{"selected":"B"},"by.id":"eve"}' >log.jsonl
  source_log 'columns = { user = "by.id", pair = "q[-1].n", choice = "value.selected" }' log.jsonl
  runs
  [ "$(users)" = $'ann 1\neve 1' ]
  source_log 'columns = { user = "by.id", pair = "q.1.n", choice = "value.selected" }' log.jsonl
  runs
  is source_pairs 2.0
  source_log 'columns = { user = "by.id", pair = "q[2].n", choice = "value.selected" }' log.jsonl
  fails 'log.jsonl:1: missing key "q[2].n"'
}

@test "the items of lists are rows, and know what they are items of" {
  cat >log.json <<'JSON'
[{"id": 1, "annotations": [
    {"id": 11, "by": "ann", "result": [{"selected": "left"}]},
    {"id": 12, "by": "bob", "result": [{"selected": "right"}]}]},
 {"id": 2, "annotations": []},
 {"id": 3, "annotations": null},
 {"id": 4, "annotations": [{"id": 13, "by": "ann", "result": [{"selected": "left"}]}]}]
JSON
  source_log 'rows = "annotations[].result[]", columns = { user = "by", pair = "$.id", choice = "selected" }' log.json
  runs
  [ "$(users)" = $'ann 2\nbob 1' ]
  is source_pairs 2.0
  source_log 'rows = "id[]", columns = { user = "by", pair = "$.id", choice = "selected" }' log.json
  fails 'log.json:1: found no list at "id", as source.rows says'
}

@test "an SQLite database is read by a query, and stays as it is" {
  /usr/bin/python3 - <<'PY'
import sqlite3
base = sqlite3.connect("log.db")
base.execute("create table votes (who text, pair integer, data text)")
base.executemany("insert into votes values (?, ?, ?)",
                 [("ann", 1, '{"said":"A"}'), ("ann", 2, '{"said":"B"}'), ("bob", 1, '{"said":"A"}')])
base.commit()
PY
  sha256sum log.db >before
  source_log "query = \"SELECT who AS user, pair, json_extract(data, '\$.said') AS choice FROM votes ORDER BY rowid\"" log.db
  runs
  [ "$(users)" = $'ann 2\nbob 1' ]
  sha256sum --quiet -c before
  [ "$(ls *.db* | tr "\n" " ")" = "log.db " ]
  source_log "" log.db
  fails 'log.db: an SQLite database needs source.query, a SELECT whose columns are those of the log'
  source_log 'query = "DELETE FROM votes"' log.db
  fails 'log.db: source.query: not authorized'
  source_log 'query = "SELECT 1; DELETE FROM votes"' log.db
  fails 'log.db: source.query: expected one SELECT'
  source_log 'query = "SELECT who FROM votes"' log.db
  fails 'log.db: missing column "user"; the file has "who"'
  source_log 'query = "SELECT nobody FROM votes"' log.db
  fails 'log.db: source.query: no such column: nobody'
  source_log "query = \"ATTACH 'other.db' AS other\"" log.db
  fails 'log.db: source.query: not authorized'
  [ ! -e other.db ]
  sha256sum --quiet -c before
  echo 'user,pair,choice' >log.db
  fails 'log.db: cannot read the database: file is not a database'
}

@test "several files are one log, in their order; a pattern is in the order of bytes" {
  printf '%s\n' user,pair,choice ann,p1,A bob,p1,B >log-2.csv
  printf '%s\n' pair,user,choice p2,ann,A >log-10.csv
  sed 's/"log.csv"/"log-*.csv"/' log.lua >log2.lua && mv log2.lua log.lua
  runs
  [ "$(users)" = $'ann 2\nbob 1' ]
  sed -i 's/"log-\*.csv"/{ "log-2.csv", "log-10.csv" }/' log.lua
  runs
  [ "$(users)" = $'ann 2\nbob 1' ]
  printf '%s\n' user,pair,choice ann,p1,B >log-3.csv
  sed -i 's/{ "log-2.csv", "log-10.csv" }/"log-[23].csv"/' log.lua
  fails 'log-3.csv:2: user "ann" has already annotated pair "p1", in line 2 of '
  sed -i 's/"log-\[23\].csv"/"none-*.csv"/' log.lua
  run --separate-stderr "$HEED" check log.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'none-*.csv: no file has a name of this pattern'* ]]
}

@test "a choice may name the model, or be set in one of three columns" {
  plain_log
  sed '1!{s/,A,m1/,m1,m1/;s/,A,m2/,m2,m2/;s/,B,m1,m2/,m2,m1,m2/;s/,B,m2,m1/,m1,m2,m1/}' plain.csv >log.csv
  grep -q ',m1,m1,m2' log.csv
  same log.csv
  awk -F, -v OFS=, 'NR == 1 { $3 = "a,b,tie" } NR > 1 { $3 = ($3 == "A") "," ($3 == "B") ",0" } 1' plain.csv >log.csv
  source_log 'columns = { chose_a = "a", chose_b = "b", chose_tie = "tie", model_a = "model_a", model_b = "model_b" }'
  runs
  said | diff expected -
  sed -i '2s/,1,0,0/,1,1,0/' log.csv
  fails 'log.csv:2: the columns of choices, "a" and others, have 2 that are 1, expected one'
}

@test "rows can be omitted by their words, and are counted" {
  plain_log
  source_log 'omit = { device = { "desk" } }' plain.csv
  runs
  [ "$(users)" = $'ann 1\nbob 2' ]
  is source_rows_omitted 1.0
  is source_rows 3.0
  source_log 'omit = { device = { "desk", "phone" } }' plain.csv
  fails 'plain.csv: no annotations; source.omit leaves out all'
}

@test "pairs can be told apart by models, by texts or by rows" {
  plain_log
  source_log "pairs = \"models\", duplicates = \"keep\", $with_models" plain.csv
  runs
  is source_pairs 1.0
  source_log "pairs = \"rows\", $with_models" plain.csv
  runs
  is source_pairs 4.0
  printf '%s\n' user,q,good,bad ann,x,1,2 bob,x,2,1 ann,y,1,2 >log.csv
  source_log 'pairs = "texts", positions = "unknown", columns = { choice = "c", prompt = "q", text_a = "good", text_b = "bad" }'
  sed -i '1s/$/,c/;2,$s/$/,A/' log.csv
  runs
  is source_pairs 2.0
  [ "$(ask 'texts(f, "chosen")')" = "['1', '1', '2']" ]
}

@test "covariates are numbers, or words as soon as one of them is" {
  plain_log
  source_log 'columns = { covariates = { "seconds", "device" } }' plain.csv
  runs
  source_log 'columns = { covariates = { "seconds", "Seconds" } }' plain.csv
  run --separate-stderr "$HEED" check log.lua
  [[ "$stderr" == *'"seconds" and "Seconds" both become the column "seconds"'* ]]
  source_log 'columns = { covariates = { "user" } }' plain.csv
  run --separate-stderr "$HEED" check log.lua
  [[ "$stderr" == *'"user" becomes the column "user", which annotations have already'* ]]
}

# kept: "USER PAIR" of each kept annotation.
kept() {
  ask '"; ".join(f"{u} {p}" for u, p in zip(texts(f, "name"), f["selection/pair"][()]))'
}

@test "a filter keeps annotations by a covariate, a user model reads one" {
  plain_log
  cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep {
  source = h.source.log { path = "plain.csv", columns = { covariates = { "seconds", "device" } } },
  estimator = h.estimator.em { mu = 0.8 },
  filter = h.filter.where { column = "seconds", low = 2, high = 5 },
  keep = { "users", "selection" },
}
LUA
  runs
  [ "$(kept)" = 'ann 0' ]
  sed -i 's/column = "seconds", low = 2, high = 5/column = "device", words = { "phone" }/' log.lua
  runs
  [ "$(kept)" = 'ann 0; bob 0; bob 2' ]
  sed -i 's/column = "device", words/column = "seconds", words/' log.lua
  fails 'column: the column "seconds" of the annotations has numbers, expected words'
  sed -i 's/filter = h.filter.where.*/filter = h.filter.where { column = "speed", low = 1 },/' log.lua
  fails 'column: the annotations have no column "speed" (of a log: columns.covariates)'
  sed -i 's/filter = h.filter.where.*/filter = h.filter.where { column = "speed" },/' log.lua
  run --separate-stderr "$HEED" check log.lua
  [[ "$stderr" == *'give a range (low, high) or words, one of the two'* ]]
  sed -i '/filter = /d; s/mu = 0.8/mu = 0.8, model = h.user_model.attention_by_covariate { column = "seconds", slope = 1, center = 5 }/' log.lua
  fails 'plain.csv:5) is empty, expected a number'
  sed -i 's/bob,p3,A,m1,m2,,/bob,p3,A,m1,m2,4,/' plain.csv
  runs
  "$HEED" users log.h5 >slow
  sed -i 's/,10,desk/,1,desk/' plain.csv
  runs
  ! "$HEED" users log.h5 | diff -q slow -
}

@test "a gold pair has one answer, whichever way round a row names its sides" {
  printf '%s\n' user,pair,choice,a,b,known ann,1,A,x,y,A bob,1,A,y,x,B eve,2,A,x,y, >log.csv
  source_log 'columns = { gold = "known", model_a = "a", model_b = "b" }'
  runs
  sed -i '3s/B$/A/' log.csv
  fails 'log.csv:3: pair "1": column "known" differs from an earlier row, found 0 for P(A is better), expected 1'
  sed -i '3s/A$/1.5/' log.csv
  fails 'log.csv:3: column "known": found "1.5", expected a word for the better answer, or the probability that A is better'
}

@test "conversations become a prompt and responses, and longer ones stay messages" {
  cat >log.jsonl <<'JSON'
{"user":"ann","pair":1,"choice":"A","a":[{"role":"user","content":"q1"},{"role":"assistant","content":"yes"}],"b":[{"role":"user","content":"q1"},{"role":"assistant","content":"no"}]}
{"user":"ann","pair":2,"choice":"B","a":[{"from":"human","value":"q2"},{"from":"gpt","value":"yes"},{"from":"human","value":"why"},{"from":"gpt","value":"so"}],"b":[{"from":"human","value":"q2"},{"from":"gpt","value":"no"}]}
{"user":"ann","pair":3,"choice":"B","a":[["USER","q3"],["ASSISTANT","yes"]],"b":[["USER","q3"],["ASSISTANT","no"]]}
{"user":"ann","pair":4,"choice":"B","a":[{"role":"user","content":[{"type":"text","text":"q"},{"type":"text","text":"4"}]},{"role":"assistant","content":"yes"}],"b":[{"role":"user","content":"q4"},{"role":"assistant","content":[{"type":"image","image":"x"}]}]}
JSON
  source_log 'columns = { text_a = "a", text_b = "b" }' log.jsonl
  runs
  texts() { ask "texts(f, '$1')"; }
  [ "$(texts prompt | cut -d, -f1)" = "['q1'" ]
  [ "$(texts chosen | cut -d, -f1)" = "['yes'" ]
  ask 'texts(f, "prompt")[1]' | grep -F '[{"role":"user","content":"q2"}]'
  ask 'texts(f, "rejected")[1]' |
    grep -F '[{"role":"assistant","content":"yes"},{"role":"user","content":"why"},{"role":"assistant","content":"so"}]'
  [ "$(ask 'texts(f, "prompt")[2]')" = q3 ]
  [ "$(ask 'texts(f, "chosen")[3]')" = "" ]
  printf '%s\n' '{"user":"ann","pair":1,"choice":"A","a":[{"role":"user"}],"b":"no"}' >log.jsonl
  fails 'log.jsonl:1: the texts: expected a text, or a list of messages with role and content'
}

@test "turns of one side in a cell of CSV are a conversation" {
  cat >log.csv <<'CSV'
user,pair,choice,q,a,b
ann,1,A,"[""one""]","[""yes""]","[""no""]"
ann,2,A,"[""one"",""two""]","[""yes"",""more""]","[""no"",""less""]"
ann,3,A,"[""one""]","[null]","[""no""]"
CSV
  source_log 'texts = "json", columns = { prompt = "q", text_a = "a", text_b = "b" }'
  runs
  [ "$(ask 'texts(f, "prompt")[0]')" = one ]
  [ "$(ask 'texts(f, "chosen")[0]')" = yes ]
  ask 'texts(f, "chosen")[1]' |
    grep -F '[{"role":"assistant","content":"yes"},{"role":"user","content":"two"},{"role":"assistant","content":"more"}]'
  [ "$(ask 'texts(f, "chosen")[2]')" = "" ]
}

@test "a Parquet file is named, with the line that converts it" {
  printf 'PAR1rest' >log.parquet
  source_log "" log.parquet
  fails 'log.parquet: the file is a Parquet file; convert it'
  # A path that would end the quotes of the line is not in it.
  cp log.parquet "it's.parquet"
  run "$HEED" look "it's.parquet"
  [[ "$output" == *'duckdb.sql("COPY (FROM \"FILE.parquet\") TO \"FILE.parquet.jsonl\"")'* ]]
}

# DuckDB (PyPI) in the virtual environment $HEED_DUCKDB, default duckdb in the
# build folder:
#   python3 -m venv build/test/duckdb && build/test/duckdb/bin/pip install duckdb
@test "the line of the message converts a Parquet file, and heed reads what it wrote" {
  local duckdb="${HEED_DUCKDB:-$HEED_BUILD/duckdb}"
  "$duckdb/bin/python3" -c 'import duckdb' || skip "no DuckDB in $duckdb (pip install duckdb)"
  mkdir "my logs"
  "$duckdb/bin/python3" - <<'PY'
import duckdb
duckdb.sql("""COPY (SELECT * FROM (VALUES
    ('ann', 1, 'A', TIMESTAMPTZ '2024-05-01 10:00:00+02', 1.5, [{role: 'user', content: 'say "hi"'},
     {role: 'assistant', content: E'line\none'}], [{role: 'user', content: 'say "hi"'}, {role: 'assistant', content: 'no'}]),
    ('née', 1152921504606846977, 'B', '2024-05-01 10:00:01.25+02', NULL, [{role: 'user', content: 'q'},
     {role: 'assistant', content: 'x'}], [{role: 'user', content: 'q'}, {role: 'assistant', content: 'y'}]))
  AS votes("user", pair, choice, time, seconds, one, two)) TO 'my logs/votes.parquet'""")
PY
  run "$HEED" look "my logs/votes.parquet"
  [ "$status" -eq 2 ]
  echo "$output"
  PATH="$duckdb/bin:$PATH" bash -c "$(sed -n "s/.*convert it: //p" <<<"$output")"
  run -0 --separate-stderr "$HEED" look "my logs/votes.parquet.jsonl" --rows \
    --set 'columns={"time":"time","text_a":"one","text_b":"two","covariates":["seconds"]}'
  echo "$output" >rows.jsonl
  /usr/bin/python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("rows.jsonl")]
assert [r["user"] for r in rows] == ["ann", "née"]
assert [r["pair"] for r in rows] == ["1", "1152921504606846977"]
assert [r["choice"] for r in rows] == ["a", "b"]
assert [r["time"] for r in rows] == [1714550400, 1714550401.25]
assert rows[0]["seconds"] == 1.5 and rows[1].get("seconds") is None
assert [rows[0][c] for c in ("prompt", "text_a", "text_b")] == ['say "hi"', "line\none", "no"]
PY
}
