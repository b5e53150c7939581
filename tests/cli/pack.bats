# heed pack: packed logs, and what the source log makes of them.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# every_column [ROWS [MALFORMED]]: log.csv, with all columns, ties, duplicates,
# rows that name the sides the other way round, and malformed rows per 100.
every_column() {
  /usr/bin/python3 - "${1:-1500}" "${2:-0}" <<'PY'
import random, sys
random.seed(5)
models = [f"m{i}" for i in range(6)]
pairs = [(random.sample(models, 2), round(random.random(), 3),
          random.choice(["t1", "t2"]), random.choice(["", "0.9"]),
          random.random()) for _ in range(120)]
with open("log.csv", "w") as out:
    out.write("who,item,said,a,b,left,p,at,sec,dev,topic,gold,x\n")
    for n in range(int(sys.argv[1])):
        k = random.randrange(len(pairs))
        (a, b), p, topic, gold, x = pairs[k]
        said = random.choices(["A", "B", "tie", "?"], [60, 30, 10, int(sys.argv[2])])[0]
        if random.random() < .3:
            a, b, p, x, gold = b, a, round(1 - p, 3), -x, gold and "0.1"
        out.write(f"u{random.randrange(40)},p{k},{said},{a},{b},"
                  f"{random.choice([a, b])},{p},{random.randrange(10 ** 6)},"
                  f"{random.choice([random.random(), 3, 'slow'])},"
                  f"{random.choice(['tel', 'web', ''])},{topic},{gold},{x}\n")
PY
}

columns='user = "who", pair = "item", choice = "said", model_a = "a",
  model_b = "b", left = "left", p = "p", time = "at", topic = "topic",
  gold = "gold", covariates = { "sec", "dev" }'

# write_sweep [PARAMETERS [PATH]]: log.lua
write_sweep() {
  cat >log.lua <<LUA
local h = require "heed"
return h.sweep {
  source = h.source.log { path = ${2:-\"log.csv\"}, malformed = "skip",
    difference = { "x" }, columns = { $columns }, ${1:-duplicates = \"first\"} },
  estimator = h.axis { "estimator",
    h.estimator.em { mu = 0.8, fit = "fixed",
      prior = h.distribution.beta { alpha = 2, beta = 2 } },
    h.estimator.em_bradley_terry {}, h.estimator.dawid_skene {} },
  keep = { "users", "models" },
}
LUA
}

# runs LOG RESULT: the sweep on this log.
runs() {
  run "$HEED" run log.lua --progress none --set "source.path=$1" -o "$2"
  [ "$status" -eq 0 ] || { echo "$output" && return 1; }
}

# same A.h5 B.h5: all is the same but the name and the hash of the input.
same() {
  run /usr/bin/python3 "$HEED_SOURCE/tests/cli/same.py" "$1" "$2"
  found=$(sed 's/.*differs: //' <<<"$output" | sort | paste -sd ' ')
  [ "$found" = 'cells/key inputs/path inputs/sha256 sweep/plan' ] ||
    { echo "differs: $found" && return 1; }
}

pack() {
  run --separate-stderr "$HEED" pack "$@"
}

# fails WITH: the last command failed and said this.
said() {
  [ "$status" -ne 0 ]
  [[ "$stderr$output" == *"$1"* ]] || { echo "$stderr$output" && return 1; }
}

# ---- the same bits ----

@test "a packed log and the log give the same bits: ties, duplicates, order, omitted rows" {
  every_column
  for parameters in 'duplicates = "first"' 'duplicates = "keep"' \
    'duplicates = "first", order = "file", omit = { dev = { "tel" } }'; do
    write_sweep "$parameters"
    rm -f log.heed
    pack log.lua -o log.heed
    [ "$status" -eq 0 ]
    runs log.csv plain.h5
    runs log.heed packed.h5
    same plain.h5 packed.h5
    rm plain.h5 packed.h5
  done
}

@test "malformed rows were skipped when the log was packed; their number stays" {
  every_column 500 2
  write_sweep
  pack log.lua -o log.heed
  [[ "$stderr" == *'heed: warning: log: skipped '*' malformed rows'* ]]
  runs log.csv plain.h5
  runs log.heed packed.h5
  run /usr/bin/python3 "$HEED_SOURCE/tests/cli/same.py" plain.h5 packed.h5
  # The log names each row in a warning.
  [ "$(grep -v 'cells/key\|inputs/\|sweep/plan\|warnings/' <<<"$output")" = '' ]
}

@test "a packed log needs no names of columns" {
  every_column
  write_sweep
  pack log.lua -o log.heed
  runs log.csv plain.h5
  columns='' write_sweep
  runs log.heed packed.h5
  run /usr/bin/python3 "$HEED_SOURCE/tests/cli/same.py" plain.h5 packed.h5
  [[ "$output" != *metric* && "$output" != *users* && "$output" != *eta* ]]
}

@test "the annotations of LLMFAO give the same bits packed and unpacked" {
  data="$HEED_SOURCE/../shared/data/llmfao"
  [ -e "$data/crowd-comparisons.csv" ] || skip "the LLMFAO comparisons are not there: docs/annotation-logs.md says where to get them"
  cp "$data/crowd-comparisons.csv" log.csv
  cat >log.lua <<LUA
local h = require "heed"
local e = h.estimator
return h.sweep {
  source = h.source.log {
    path = "log.csv",
    columns = { user = "worker", pair = "id", choice = "winner", model_a = "left", model_b = "right" },
    references = { gpt4 = { path = "$data/gpt4-crowd-comparisons.csv", pair = "id", choice = "winner" } },
  },
  estimator = h.axis { "estimator", e.em { mu = 0.8 }, e.em_bradley_terry {}, e.dawid_skene {} },
  keep = { "users", "models" },
}
LUA
  pack log.lua -o log.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  runs log.csv plain.h5
  runs log.heed packed.h5
  same plain.h5 packed.h5
}

# ---- a log that is larger than memory ----

@test "a log that is larger than memory is sorted on the disk, into the same file" {
  every_column 40000 1
  { head -n 25001 log.csv; } >one.csv
  { head -n 1 log.csv && tail -n +25002 log.csv; } >two.csv
  write_sweep 'duplicates = "keep"' '{ "one.csv", "two.csv" }'
  pack log.lua -o memory.heed
  [ "$status" -eq 0 ]
  [[ "$stderr" != *'temporary files'* ]]
  pack log.lua --memory 1M -o disk.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  [[ "$stderr" == *'rows, more than fit in 1 MB of memory: up to '*' MB of temporary files in ., and '*' MB for the packed log'* ]]
  cmp memory.heed disk.heed
}

@test "rows that contradict their pair are skipped on the disk as in memory" {
  every_column 20000 1
  awk -F, -v OFS=, 'NR % 97 == 0 { $4 = "other" }
    NR % 89 == 0 { $1 = "u" NR; $5 = "other" } 1' log.csv >odd.csv
  mv odd.csv log.csv
  write_sweep 'duplicates = "keep"'
  pack log.lua -o memory.heed
  pack log.lua --memory 1M -o disk.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  [[ "$stderr" == *'temporary files'* ]]
  cmp memory.heed disk.heed
}

@test "pairs of their own rows, of models and of texts are sorted on the disk, too" {
  every_column 20000
  for parameters in 'pairs = "rows"' 'pairs = "models", duplicates = "keep"' \
    'pairs = "texts", duplicates = "keep"'; do
    columns='user = "who", choice = "said", model_a = "a", model_b = "b"'
    [[ "$parameters" == *texts* ]] &&
      columns="$columns, text_a = \"a\", text_b = \"b\", prompt = \"topic\""
    write_sweep "$parameters"
    sed -i 's/difference = { "x" }, //' log.lua
    pack log.lua -o memory.heed
    pack log.lua --memory 1M -o disk.heed
    [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
    # Hashes of texts have a new key each time.
    if [[ "$parameters" == *texts* ]]; then
      [ "$(stat -c %s memory.heed)" = "$(stat -c %s disk.heed)" ]
      pack log.lua --set source.path=memory.heed --drop texts -o one.heed
      pack log.lua --set source.path=disk.heed --drop texts -o other.heed
      cmp one.heed other.heed
    else
      cmp memory.heed disk.heed
    fi
  done
}

@test "the first malformed row of a log that is larger than memory is named" {
  every_column 20000
  { cat log.csv && printf '%s\n' 'u1,p3,A,m8,m9,m8,0.5,1,2,tel,t1,,0' \
    'u1,p5,A,m8,m9,m8,0.5,1,2,tel,t1,,0' 'u1,p6,A,m8,m9,m8,0.5,1,2,tel,t1,,0'; } >more.csv
  mv more.csv log.csv
  write_sweep
  pack log.lua --memory 1M --set source.malformed=stop -o log.heed
  said 'log.csv:20002: pair "p3" has models "m8" and "m9" here, but others in an earlier row'
  [ "$(ls log*)" = $'log.csv\nlog.lua' ]
}

# ---- appending ----

@test "rows that are appended make the same file as one log of all rows" {
  every_column
  { head -n 1001 log.csv; } >one.csv
  { head -n 1 log.csv && tail -n +1002 log.csv; } >two.csv
  write_sweep 'duplicates = "first"' '{ "one.csv", "two.csv" }'
  pack log.lua -o both.heed
  write_sweep 'duplicates = "first"' '"one.csv"'
  pack log.lua -o one.heed
  write_sweep 'duplicates = "first"' '"two.csv"'
  pack log.lua --append one.heed -o appended.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  cmp both.heed appended.heed
}

@test "rows with other columns than the packed log are not appended" {
  every_column
  write_sweep
  pack log.lua -o log.heed
  columns=${columns/'time = "at",'/} write_sweep
  pack log.lua --append log.heed -o more.heed
  said 'log.heed: has times, but the rows to append have none; the sweep must name the same columns'
  [ ! -e more.heed ]
  write_sweep
  pack log.lua -o short.heed --drop row
  pack log.lua --append short.heed -o more.heed
  said 'short.heed: has no pairs or rows, which new rows need (packed with --drop row)'
  pack log.lua --set source.path=log.heed --append log.heed -o more.heed
  said 'log.heed: is packed; --append adds the rows of a log that is not packed'
}

@test "a packed log can be packed again, with fewer columns" {
  every_column
  write_sweep
  pack log.lua -o log.heed
  pack log.lua --set source.path=log.heed -o again.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  cmp log.heed again.heed
  pack log.lua -o direct.heed --drop row
  pack log.lua --set source.path=log.heed -o indirect.heed --drop row
  cmp direct.heed indirect.heed
  [ "$(stat -c %s direct.heed)" -lt "$(stat -c %s log.heed)" ]
}

# ---- dropped columns ----

@test "a sweep that names a dropped column fails and says how the log was packed" {
  every_column
  write_sweep
  for pair in 'time=has no times' 'p=has no p' 'topic=has no topics' \
    'gold=has no gold answers' 'covariates=has no covariate "sec"' \
    'difference=has no difference "x"' 'pair=has no pairs'; do
    column=${pair%%=*}
    pack log.lua -o short.heed --drop "$column"
    [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
    run --separate-stderr "$HEED" run log.lua --progress none \
      --set source.path=short.heed -o short.h5
    said "short.heed: ${pair#*=} (packed with --drop $column)"
    rm -f short.h5 short.heed
  done
  pack log.lua -o short.heed --drop times
  said '--drop: found "times", expected one of pair, row, p, time, covariates, topic, gold, difference, texts'
}

@test "a column of another name than that which was packed is refused" {
  every_column
  write_sweep
  pack log.lua -o log.heed
  columns=${columns/'time = "at"'/'time = "sec"'} write_sweep
  run --separate-stderr "$HEED" run log.lua --progress none \
    --set source.path=log.heed -o log.h5
  said 'log.heed: found the column "sec" for times, expected "at", with which it was packed'
}

# ---- without tables ----

@test "a packed log is counted user by user, in little memory" {
  every_column 3000
  write_sweep
  pack log.lua -o log.heed --drop pair
  count() { awk -F, -v said="$1" '$3 == said' log.csv | wc -l; }
  run "$HEED_BUILD/tests/bench_log" count log.heed
  [[ "$output" == "3000 annotations, "*" $(count tie) ties: "* ]] ||
    { echo "$output" && return 1; }
}

@test "heed check --data of a large packed log finds repeated annotations and dropped columns" {
  # Beyond 1000000 annotations heed makes no tables to check a log.
  "$HEED_BUILD/tests/bench_log" csv 1000100 log.csv
  cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep {
  source = h.source.log { path = "log.csv",
    columns = { model_a = "model_a", model_b = "model_b" } },
  estimator = h.estimator.majority {},
}
LUA
  pack log.lua -o log.heed
  "$HEED" check log.lua --data --set source.path=log.heed >/dev/null
  run --separate-stderr "$HEED" check log.lua --set source.path=log.heed \
    --set source.columns.time=at
  said 'log.heed: has no times; the log that was packed had none, or its sweep did not name the column'
  tail -n 1 log.csv >>log.csv
  pack log.lua -o log.heed
  run --separate-stderr "$HEED" check log.lua --data --set source.path=log.heed
  said 'log.csv:1000102: user '
  said ' has already annotated pair "p1000099", in line 1000101'
}

# ---- damage ----

# sections FILE: "INDEX OFFSET LENGTH" of each section.
sections() {
  /usr/bin/python3 - "$1" <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
count, = struct.unpack_from("<I", data, 12)
directory, = struct.unpack_from("<Q", data, 24)
for i in range(count):
    offset, length = struct.unpack_from("<QQ", data, directory + 64 * i + 32)
    print(i, offset, length)
PY
}

# flip FILE OFFSET: the bits of one byte.
flip() {
  /usr/bin/python3 - "$1" "$2" <<'PY'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 0x55]))
PY
}

@test "a changed byte in any section is found, and the message names the section" {
  every_column 300
  write_sweep
  pack log.lua -o log.heed
  while read -r index offset length; do
    [ "$length" -gt 0 ] || continue
    cp log.heed bad.heed
    flip bad.heed $((offset + length / 2))
    run --separate-stderr "$HEED" check log.lua --data --set source.path=bad.heed
    said 'bad.heed: damaged packed log: '
    said '; pack the log again'
  done < <(sections log.heed | awk 'NR % 4 == 2')
  cp log.heed bad.heed
  flip bad.heed 20
  run --separate-stderr "$HEED" check log.lua --set source.path=bad.heed
  said 'bad.heed: damaged packed log: the header has a wrong hash'
  cp log.heed bad.heed
  flip bad.heed $(($(stat -c %s log.heed) - 3))
  run --separate-stderr "$HEED" check log.lua --set source.path=bad.heed
  said 'bad.heed: damaged packed log: the directory has a wrong hash'
}

@test "a truncated file, another version and another kind of file are refused" {
  every_column 100
  write_sweep
  pack log.lua -o log.heed
  head -c 40 log.heed >bad.heed
  run --separate-stderr "$HEED" check log.lua --set source.path=bad.heed
  said 'bad.heed: damaged packed log: the file is truncated'
  head -c -1 log.heed >bad.heed
  run --separate-stderr "$HEED" check log.lua --set source.path=bad.heed
  said "bad.heed: damaged packed log: the file has $(stat -c %s bad.heed) bytes, expected $(stat -c %s log.heed)"
  cp log.heed bad.heed
  flip bad.heed 8
  run --separate-stderr "$HEED" check log.lua --set source.path=bad.heed
  said 'bad.heed: a packed log of version 84, expected 1'
  cp log.csv bad.heed
  run --separate-stderr "$HEED" check log.lua --set source.path=bad.heed
  said 'bad.heed: is not a packed log; heed pack makes one'
  run --separate-stderr "$HEED" check log.lua --set 'source.path=["log.heed", "log.csv"]'
  said 'path: found 2 files with a packed log among them, expected one packed log; heed pack --append joins logs'
  cp log.heed log.txt
  run --separate-stderr "$HEED" check log.lua --set source.path=log.txt
  [ "$status" -eq 0 ]
}

# ---- the file ----

@test "heed pack writes onto no file that it reads" {
  every_column 100
  write_sweep
  pack log.lua -o log.heed
  before=$(cat log.csv log.lua log.heed | sha256sum)
  pack log.lua -o log.csv
  said 'log.csv: is a file that the sweep reads; name another file with -o'
  pack log.lua -o log.lua
  said 'log.lua: is the sweep; name another file with -o'
  pack log.lua --append log.heed -o log.heed
  said 'log.heed: is the packed log that heed reads; name another file with -o'
  [ "$(cat log.csv log.lua log.heed | sha256sum)" = "$before" ]
}

@test "a malformed row, a full limit or too little memory leaves the old file and no other" {
  every_column 100
  write_sweep
  pack log.lua -o log.heed
  before=$(sha256sum log.heed)
  pack log.lua --set source.malformed=stop --set source.choices.tie='["x"]' -o log.heed
  said 'log.csv:'
  cp log.heed earlier.heed
  every_column 70000
  pack log.lua --append earlier.heed --memory 1M -o log.heed
  said 'users, pairs and annotations need more than the 1 MB that --memory allows; increase --memory'
  rm earlier.heed
  run --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 64; "$HEED" pack log.lua -o log.heed'
  said 'cannot write the output: File too large'
  [ "$(sha256sum log.heed)" = "$before" ]
  [ "$(ls log*)" = $'log.csv\nlog.heed\nlog.lua' ]
}

@test "heed pack that is killed leaves the old file; the next one removes the rest" {
  every_column 200000
  write_sweep
  echo old >log.heed
  "$HEED" pack log.lua -o log.heed 2>/dev/null &
  while ! compgen -G 'log.heed.tmp-*' >/dev/null; do sleep 0.01; done
  kill -KILL $!
  wait $! || true
  [ "$(cat log.heed)" = old ]
  compgen -G 'log.heed.tmp-*'
  pack log.lua -o log.heed
  [ "$status" -eq 0 ]
  [ "$(ls log*)" = $'log.csv\nlog.heed\nlog.lua' ]
}

@test "a sweep with several sources is not packed" {
  every_column 10
  write_sweep
  sed -i 's/malformed = "skip"/malformed = h.axis { "malformed", "skip", "stop" }/' log.lua
  pack log.lua -o log.heed
  said 'log.lua: has 2 sources, expected one: give each axis of the source one value with --set'
  [ ! -e log.heed ]
}

# ---- a log without a sweep ----

@test "heed pack of a log finds its form as heed look does, and says which" {
  every_column 200
  cut -d, -f1-5 log.csv | sed '1s/.*/user,pair,choice,model_a,model_b/' >votes.csv
  pack votes.csv -o votes.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  [[ "$stderr" == *'votes.csv seems to be: a table, CSV'* ]]
  "$HEED" look votes.csv >votes.lua 2>/dev/null
  pack votes.lua -o sweep.heed
  cmp votes.heed sweep.heed
  pack 'vote*.csv' -o pattern.heed
  cmp votes.heed pattern.heed
  pack votes.heed --format packed -o again.heed
  cmp votes.heed again.heed
}

@test "heed look and heed pack know a packed log, whatever its name" {
  printf 'user,pair,choice\nu1,1,A\n' >votes.csv
  pack votes.csv -o votes.heed
  [[ "$stderr" == *'packed 1 annotation of 1 user and 1 pair'* ]] || { echo "$stderr" && return 1; }
  pack votes.heed -o again.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  [[ "$stderr" == *'votes.heed seems to be: a packed log of heed'* ]] || { echo "$stderr" && return 1; }
  cmp votes.heed again.heed
  cp votes.heed votes.bin
  pack votes.bin -o again.heed
  [[ "$stderr" == *'votes.bin seems to be: a packed log of heed'* ]] || { echo "$stderr" && return 1; }
  cmp votes.heed again.heed
  run --separate-stderr "$HEED" look votes.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  [[ "$output" == *'-- votes.heed: a packed log of heed'* ]]
  [[ "$output" == *'path = "votes.heed"'* && "$output" != *format* ]]
  run --separate-stderr "$HEED" look votes.bin
  [[ "$output" == *'format = "packed"'* ]]
}

@test "the message for unknown columns has what reads the log" {
  printf 'ip,pair,picked\nu1,1,A\n' >votes.csv
  pack votes.csv -o votes.heed
  said 'the file has "ip", "pair", "picked"; name it: --set columns.user=COLUMN'
  pack votes.csv --set columns.user=ip --set columns.choice=picked -o votes.heed
  [ "$status" -eq 0 ] || { echo "$stderr" && return 1; }
  run -0 --separate-stderr "$HEED" look votes.csv --set columns.user=ip --set columns.choice=picked
  [[ "$output" == *'user = "ip"'* ]]
}

@test "--set changes how heed pack reads a log without a sweep, with or without \"source.\"" {
  every_column 200
  cut -d, -f1-5 log.csv | sed '1s/.*/user,pair,choice,model_a,model_b/' >votes.csv
  for set in columns.user=model_a source.columns.user=model_a; do
    pack votes.csv --set "$set" -o votes.heed
    [[ "$stderr" == *' of 6 users and '* ]] || { echo "$stderr" && return 1; }
  done
}

@test "heed pack of a file that no source knows says what to do, and writes nothing" {
  printf 'one,two\n1,2\n' >other.csv
  pack other.csv -o log.heed
  said 'other.csv: no column seems to say who chose; the file has "one", "two"; name it: --set columns.user=COLUMN'
  said 'Give its form with --format and its columns with --set, or name them in a sweep and pack the sweep'
  pack nothing.csv -o log.heed
  said 'nothing.csv: no such file'
  printf 'user,pair,choice\nu1,1,A\n' >votes.csv
  for log in votes.csv 'vo*.csv'; do
    pack "$log" -o votes.csv
    said 'votes.csv: is the log that heed reads; name another file with -o'
  done
  [ "$(cat votes.csv)" = $'user,pair,choice\nu1,1,A' ]
  [ ! -e log.heed ]
}

@test "the logs of tools are packed as they are read, with and without a sweep" {
  logs="$HEED_SOURCE/tests/logs"
  for file in arena/human_55k.csv open_webui/feedback.json open_webui/webui.db crowd_kit/pairwise.csv \
    potato/snapshot.json trl/anonymous.jsonl; do
    [ -e "$logs/$file" ] || continue
    "$HEED" look "$logs/$file" 2>/dev/null |
      sed 's/replicates = 201,//; s/users = { bootstrap = "users" },//; s/, "selection"//' >log.lua
    pack "$logs/$file" -o one.heed
    [ "$status" -eq 0 ] || { echo "$file: $stderr" && return 1; }
    pack log.lua -o two.heed
    [ "$status" -eq 0 ]
    runs "$logs/$file" plain.h5
    for packed in one two; do
      runs "$PWD/$packed.heed" packed.h5
      run /usr/bin/python3 "$HEED_SOURCE/tests/cli/same.py" plain.h5 packed.h5
      found=$(sed 's/.*differs: //' <<<"$output" | grep -v 'cells/key\|inputs/\|sweep/plan\|warnings/\|set_aside' || true)
      [ "$found" = '' ] || { echo "$file differs: $found" && return 1; }
      rm packed.h5
    done
    rm plain.h5 one.heed two.heed
  done
}

@test "every column that a sweep names must have the name with which the log was packed" {
  printf 'user,session,pair,choice,left\nu1,s1,p1,A,A\nu1,s2,p2,B,A\nu2,s1,p1,A,B\n' >log.csv
  cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep { source = h.source.log { path = "log.csv", columns = { left = "left" } },
                 estimator = h.estimator.em { mu = 0.7 } }
LUA
  pack log.lua -o log.heed
  for column in user pair choice left prompt; do
    run --separate-stderr "$HEED" check log.lua --data --set source.path=log.heed --set source.columns.$column=session
    said 'log.heed: found the column "session" for '
  done
}
