# --pseudonyms KEYFILE: the same keyed hash of a user's name wherever heed writes
# users.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  /usr/bin/python3 - <<'PY'
import random
random.seed(3)
with open("log.csv", "w") as out:
    print("user,pair,choice,prompt,text_a,text_b", file=out)
    for name in ("dora.smith", "rex", "née"):
        for i in range(12):
            print(f"{name},p{i},{random.choice('AB')},ask {i},one {i},two {i}", file=out)
PY
  cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "A log",
  source = h.source.log { path = "log.csv",
    columns = { prompt = "prompt", text_a = "text_a", text_b = "text_b" } },
  estimator = h.estimator.em { mu = 0.8 },
  keep = { "users", "selection" },
}
LUA
  "$HEED" run log.lua -o log.h5 --progress none -j 1 >said 2>&1
  printf 'sixteen bytes!!!' >key
  cat >hidden.py <<'PY'
import hashlib, hmac
names = ("dora.smith", "rex", "née")
key = open("key", "rb").read()
hidden = {n: hmac.new(key, n.encode(), hashlib.sha256).hexdigest()[:32] for n in names}
PY
}

@test "users, export and report write the same pseudonyms, and no name" {
  "$HEED" users log.h5 --pseudonyms key --json -o users.json 2>/dev/null
  for shape in trl messages kto llamafactory axolotl; do
    "$HEED" export log.h5 --as "$shape" --pseudonyms key -o "$shape.jsonl" 2>/dev/null
  done
  "$HEED" report log.h5 --pseudonyms key -o log.html 2>/dev/null
  PYTHONPATH=. /usr/bin/python3 - <<'PY'
import json
from hidden import *
assert [u["user"] for u in json.load(open("users.json"))["users"]] == list(hidden.values())
for shape in ("trl", "messages", "kto", "llamafactory", "axolotl"):
    rows = [json.loads(line) for line in open(f"{shape}.jsonl")]
    assert {r["user"] for r in rows} == set(hidden.values()), shape
for file in ("users.json", "trl.jsonl", "kto.jsonl", "trl.jsonl.card.md", "log.html"):
    text = open(file).read()
    assert not any(n in text for n in ("dora", "née")), file
PY
}

@test "an export under a key has the rows of one without, but for the names, and its card says so" {
  "$HEED" export log.h5 -o plain.jsonl 2>/dev/null
  "$HEED" export log.h5 --pseudonyms key -o hidden.jsonl 2>/dev/null
  PYTHONPATH=. /usr/bin/python3 - <<'PY'
import json
from hidden import *
plain, found = ([json.loads(line) for line in open(f"{f}.jsonl")] for f in ("plain", "hidden"))
assert [{**r, "user": hidden[r["user"]]} for r in plain] == found
assert "`user` is a pseudonym" in open("hidden.jsonl.card.md").read()
assert "`user` is the user's name" in open("plain.jsonl.card.md").read()
PY
}

@test "an export without names has pseudonyms of the numbers, as heed users" {
  cp log.h5 numbers.h5
  /usr/bin/python3 - <<'PY'
import h5py
with h5py.File("numbers.h5", "r+") as f:
    del f["users/name"], f["selection/name_start"], f["selection/name_length"]
PY
  "$HEED" users numbers.h5 --pseudonyms key --json -o users.json 2>/dev/null
  "$HEED" export numbers.h5 --pseudonyms key -o numbers.jsonl 2>/dev/null
  /usr/bin/python3 - <<'PY'
import hashlib, hmac, json
key = open("key", "rb").read()
hidden = [hmac.new(key, str(j).encode(), hashlib.sha256).hexdigest()[:32] for j in range(3)]
assert [u["user"] for u in json.load(open("users.json"))["users"]] == hidden
assert {json.loads(line)["user"] for line in open("numbers.jsonl")} == set(hidden)
PY
}

@test "a key that is no key is refused before anything is written" {
  printf 'fifteen bytes!!' >short
  run --separate-stderr "$HEED" export log.h5 --pseudonyms short -o some.jsonl
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"short: found 15 bytes, expected a key of 16 bytes or more"* ]]
  [ ! -e some.jsonl ]
}

# A user's name in a warning, a failure, the folder of the log and the sweep.
make_leaks() {
  mkdir -p alice_real
  sed 's/$/,/; 1s/,$/,kind/; s/^rex.*/&zoe.gone/' log.csv >alice_real/log.csv
  sed -n 's/^dora.smith,p0,.*/&,/p' log.csv >>alice_real/log.csv
  sed -e 's|path = "log.csv"|path = "alice_real/log.csv", malformed = h.axis { "bad", "skip", "stop" }, omit = { kind = { "zoe.gone" } }|' log.lua >leaks.lua
  "$HEED" run leaks.lua -o leaks.h5 --progress none -j 1 >said 2>&1 || true
  grep -q '1 cell done, 1 failed' said
  grep -q 'row_skipped.*user "dora.smith"' said
}

@test "warnings, failures, paths and the sweep name no user under a key" {
  make_leaks
  "$HEED" users leaks.h5 --pseudonyms key -o users.csv 2>users.err
  "$HEED" export leaks.h5 --pseudonyms key -o some.jsonl 2>export.err
  "$HEED" report leaks.h5 --pseudonyms key -o page.html 2>report.err
  run ! grep -E 'dora|smith|alice|zoe' users.csv users.err some.jsonl some.jsonl.card.md export.err page.html report.err
  for file in users.err export.err; do
    grep -qx 'heed: warning: row_skipped (log): (its words are left out: they may name users)' "$file"
  done
  grep -q 'row_skipped' page.html
  grep -q '<td>bad = stop</td><td>(its words are left out: they may name users)</td>' page.html
  grep -q 'The text of the sweep, its path, the command and the paths of its inputs are left out' page.html
  hash=$(sha256sum <alice_real/log.csv)
  grep -q "SHA-256 ${hash%% *}" page.html
  grep -qxF "| 1 | \`${hash%% *}\` |" some.jsonl.card.md
}

@test "without a key, warnings, failures, paths and the sweep are shown" {
  make_leaks
  "$HEED" users leaks.h5 -o users.csv 2>users.err
  "$HEED" report leaks.h5 -o page.html
  grep -q 'row_skipped (log): .*alice_real/log.csv:38: user "dora.smith"' users.err
  for text in 'zoe.gone' 'alice_real/log.csv, SHA-256' 'dora.smith'; do grep -q "$text" page.html; done
}

@test "no command writes onto the key, under any name" {
  before=$(sha256sum <key)
  ln -s key link
  ln key hard
  ln -s key card.jsonl.card.md
  for name in key ./key "$PWD/key" link hard; do
    for command in users export report; do
      run --separate-stderr "$HEED" "$command" log.h5 --pseudonyms key -o "$name"
      [ "$status" -eq 2 ]
      [ "$stderr" = "heed: $name: is the key of the pseudonyms; name another file with -o" ]
    done
  done
  run --separate-stderr "$HEED" users log.h5 --pseudonyms link -o key
  [ "$status" -eq 2 ]
  run --separate-stderr "$HEED" export log.h5 --pseudonyms key -o card.jsonl
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"card.jsonl.card.md: is the key of the pseudonyms"* ]]
  [ ! -e card.jsonl ]
  [ "$(sha256sum <key)" = "$before" ]
}
