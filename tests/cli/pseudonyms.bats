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
  PYTHONPATH="$HEED_SOURCE/tests/support" /usr/bin/python3 - <<'PY'
import h5py, selection
with h5py.File("numbers.h5", "r+") as f:
    selection.as_before(f)
    del f["users/name"], f["selection/name"]
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
