# Packed logs that are counted: source.log with annotations = "counts".

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# write_log ROWS USERS [PAIRS]: log.csv.  A tenth are ties; the first users
# tie first, two users only tie.  With PAIRS, users repeat pairs.
write_log() {
  /usr/bin/python3 - "$1" "$2" "${3:-0}" <<'PY'
import math, random, sys
random.seed(7)
rows, users, pairs = map(int, sys.argv[1:])
models = [f"m{i}" for i in range(5)]
strength = {m: random.gauss(0, 1) for m in models}
attends = [random.random() < .6 for _ in range(users)]
with open("log.csv", "w") as out:
    out.write("user,pair,choice,model_a,model_b,left\n")
    for k in range(rows):
        user = k if k < users else random.randrange(users)
        number = random.randrange(pairs) if pairs else k
        a, b = random.sample(models, 2) if not pairs else models[:2]
        p = 1 / (1 + math.exp(strength[b] - strength[a])) if attends[user] else .5
        said = random.choices(["A", "B", "tie"], [p * .9, (1 - p) * .9, .1])[0]
        if k < 8 or user in (3, 5):
            said = "tie"
        out.write(f"u{user},p{number},{said},{a},{b},{random.choice('AB')}\n")
PY
}

columns='columns = { model_a = "model_a", model_b = "model_b", left = "left" }'
known_gap='h.estimator.em { mu = 0.7 }'

# write_sweep NAME LOG [SOURCE [ESTIMATOR [MORE]]]
write_sweep() {
  cat >"$1.lua" <<LUA
local h = require "heed"
return h.sweep {
  source = h.source.log { path = "$2", ${3:-}
    $columns },
  estimator = ${4:-$known_gap},
  keep = { "users", "models" }, ${5:-}
}
LUA
}

runs() {
  run "$HEED" run "$1.lua" --progress none -o "$1.h5"
  [ "$status" -eq 0 ] || { echo "$output" && return 1; }
}

packs() {
  run "$HEED" pack rows.lua -o log.heed "$@"
  [ "$status" -eq 0 ] || { echo "$output" && return 1; }
}

# fails WITH
fails() {
  [ "$status" -ne 0 ]
  [[ "$output" == *"$1"* ]] || { echo "$output" && return 1; }
}

estimators='h.axis { "estimator",
  h.estimator.em { mu = 0.7 },
  h.estimator.em { mu = 0.7, model = h.user_model.position_bias {} },
  h.estimator.em { mu = "estimated" },
  h.estimator.em { mu = 0.7, prior = h.distribution.two_point {} },
  h.estimator.em_bradley_terry {},
  h.estimator.em_bradley_terry { model = h.user_model.position_bias {} } }'

@test "counts and rows give the same bits" {
  write_log 20000 100
  for ties in drop keep; do
    [ "$ties" = drop ] || estimators='h.axis { "estimator",
      h.estimator.em { mu = 0.7, model = h.user_model.attentive { ties = "davidson" } },
      h.estimator.em_bradley_terry { model = h.user_model.attentive { ties = "davidson" } } }'
    write_sweep rows log.csv "ties = \"$ties\"," "$estimators"
    packs
    write_sweep counts log.heed "annotations = \"counts\", ties = \"$ties\"," "$estimators"
    runs rows
    runs counts
    run /usr/bin/python3 "$HEED_SOURCE/tests/cli/same.py" rows.h5 counts.h5
    # Pairs are not known.
    found=$(sed 's/.*differs: //' <<<"$output" | sort | paste -sd ' ')
    [ "$found" = 'cells/key inputs/path inputs/sha256 sweep/file sweep/plan sweep/text users_compared' ] ||
      { echo "differs: $found" && return 1; }
    rm ./*.h5 log.heed
  done
}

@test "the page of counts does not say that no pair was annotated twice" {
  write_log 2000 20 60
  write_sweep rows log.csv 'duplicates = "keep",'
  packs
  write_sweep counts log.heed 'annotations = "counts", duplicates = "keep",'
  runs counts
  "$HEED" report counts.h5 -o counts.html
  grep -q 'Agreement: unknown. It needs pairs with several annotations and two different choices; counts do not say which pair an annotation is of.' counts.html
}

@test "a log without pairs and rows is counted; its users have another order" {
  write_log 5000 40
  write_sweep rows log.csv
  packs --drop pair --drop row
  write_sweep counts log.heed 'annotations = "counts",'
  runs rows
  runs counts
  [[ "$output" == *'duplicates_unknown'*'repeated annotations cannot be found'* ]]
  /usr/bin/python3 - <<'PY'
import h5py
users = []
for name in "rows.h5", "counts.h5":
    with h5py.File(name) as file:
        table = file["users"]
        users.append({n: (round(m, 9), c) for n, m, c in zip(
            table["name"].asstr()[()], table["mean"][()], table["annotations"][()])})
assert len(users[0]) == 38 and users[0] == users[1], (len(users[0]), users)
PY
}

@test "models count only if the sweep names them" {
  write_log 5000 10
  write_sweep rows log.csv
  packs
  columns='' write_sweep counts log.heed 'annotations = "counts",'
  run "$HEED" run counts.lua --progress none -o counts.h5
  [ "$status" -eq 0 ]
  run /usr/bin/python3 -c '
import h5py
file = h5py.File("counts.h5")
print("models" in file)'
  [ "$output" = 'False' ]
  columns='' write_sweep counts log.heed 'annotations = "counts",' 'h.estimator.em_bradley_terry {}'
  run "$HEED" check counts.lua
  fails 'models'
}

@test "repeated annotations are found, or counted" {
  write_log 2000 20 60
  write_sweep rows log.csv 'duplicates = "keep",'
  packs
  write_sweep counts log.heed 'annotations = "counts",'
  run "$HEED" check --data counts.lua
  fails 'has annotated a pair twice; source.duplicates = "keep" keeps all as independent answers, source.annotations = "rows" names the pair'
  write_sweep counts log.heed 'annotations = "counts", duplicates = "keep",'
  runs rows
  runs counts
  run /usr/bin/python3 -c '
import h5py
a, b = h5py.File("rows.h5"), h5py.File("counts.h5")
assert a["source_duplicates"][()] == b["source_duplicates"][()] > 500
assert (a["users/mean"][()] == b["users/mean"][()]).all()'
  [ "$status" -eq 0 ] || { echo "$output" && return 1; }
}

@test "what needs single annotations refuses counts, before a fit" {
  write_log 500 10
  write_sweep rows log.csv
  packs
  counts='annotations = "counts",'
  write_sweep counts log.heed "$counts" 'h.estimator.majority {}'
  run "$HEED" check counts.lua
  fails 'estimator/majority needs single annotations; this source gives counts of them'
  write_sweep counts log.heed "$counts" '' 'filter = h.filter.top { share = 0.5 }'
  run "$HEED" check counts.lua
  fails 'counts.lua:6: filter/top needs single annotations; this source gives counts of them'
  write_sweep counts log.heed "$counts" '' 'trainer = h.trainer.dpo {}'
  run "$HEED" check counts.lua
  fails 'counts.lua:6: trainer/dpo needs single annotations; this source gives counts of them'
  write_sweep counts log.heed "$counts" '' 'users = { holdout = 0.2 }'
  run "$HEED" run counts.lua --progress none -o counts.h5
  fails 'users: holdout and bootstrap = "users_and_pairs" need single annotations; this source gives counts'
  write_sweep counts log.heed "$counts" 'h.estimator.em { mu = 0.7, unit = "annotation" }'
  run "$HEED" run counts.lua --progress none -o counts.h5
  fails 'unit = "annotation" needs single annotations; this source gives counts of them'
  write_sweep counts log.heed "$counts" 'h.estimator.em { mu = 0.7, model = h.user_model.attention_states {} }'
  run "$HEED" run counts.lua --progress none -o counts.h5
  fails 'the order'
  write_sweep counts log.heed "$counts" 'h.estimator.em { mu = "pair" }'
  run "$HEED" run counts.lua --progress none -o counts.h5
  fails 'p'
  write_sweep counts log.heed "$counts"
  sed -i 's/"users", "models"/"selection"/' counts.lua
  run "$HEED" run counts.lua --progress none -o counts.h5
  fails 'keep: "selection" needs single annotations; this source gives counts of them'
}

@test "a parameter that counts cannot follow is refused, and so is a log that is not packed" {
  write_log 500 10
  write_sweep rows log.csv
  packs
  for more in 'duplicates = "first"' 'difference = { "x" }' \
    'references = { judge = { path = "log.csv" } }'; do
    write_sweep counts log.heed "annotations = \"counts\", $more,"
    run "$HEED" check --data counts.lua
    fails "log.heed: annotations = \"counts\" counts choices, sides and models; it cannot be combined with ${more%% =*}"
  done
  write_sweep counts log.csv 'annotations = "counts",'
  run "$HEED" check --data counts.lua
  fails 'log.csv: annotations = "counts" needs a packed log, which heed pack makes'
}

@test "a damaged packed log is refused when it is counted, too" {
  write_log 500 10
  write_sweep rows log.csv
  packs
  write_sweep counts log.heed 'annotations = "counts",'
  for section in $(seq 30); do
    cp log.heed whole.heed
    /usr/bin/python3 - "$section" <<'PY'
import struct, sys
data = bytearray(open("log.heed", "rb").read())
count, = struct.unpack_from("<I", data, 12)
directory, = struct.unpack_from("<Q", data, 24)
entry = directory + 64 * (int(sys.argv[1]) % count)
offset, length = struct.unpack_from("<QQ", data, entry + 32)
# An empty section has no byte: change its entry.
data[offset + length // 2 if length else entry + 24] ^= 1
open("log.heed", "wb").write(data)
PY
    run "$HEED" check --data counts.lua
    fails 'log.heed: damaged packed log: '
    mv whole.heed log.heed
  done
}

@test "a small or sparse log is counted by em_bradley_terry, too, and in every resample" {
  printf 'user,pair,choice,model_a,model_b\nu1,p1,A,x,y\nu1,p2,B,x,y\nu2,p1,A,x,y\nu2,p2,A,x,y\nu3,p1,B,x,z\nu3,p2,A,x,z\nu4,p3,B,y,z\n' >log.csv
  sed -i '/^u[34],/s/,p/,q/' log.csv
  columns='columns = { model_a = "model_a", model_b = "model_b" }'
  write_sweep rows log.csv '' 'h.estimator.em_bradley_terry {}'
  packs
  write_sweep counts log.heed 'annotations = "counts",' 'h.estimator.em_bradley_terry {}' \
    'replicates = 11, users = { bootstrap = "users" }'
  run "$HEED" run counts.lua --progress none -o counts.h5
  [[ "$output" == *"11 cells done"* && "$output" != *failed* ]]
  sed -i 's/replicates = 11, users = { bootstrap = "users" }//' counts.lua
  "$HEED" run counts.lua --progress none -o one.h5
  runs rows
  run /usr/bin/python3 -c '
import h5py, numpy
a, b = h5py.File("rows.h5"), h5py.File("one.h5")
assert numpy.allclose(a["users/mean"][()], b["users/mean"][()], atol=1e-7)'
  [ "$status" -eq 0 ]
}

@test "gold answers of the file are not left out without a word" {
  /usr/bin/python3 - <<'PY'
with open("log.csv", "w") as out:
    out.write("user,pair,choice,gold\n")
    for user in "abc":
        for k in range(10):
            out.write(f"{user},p{k},{'BA'[k >= 5]},{'B' if k < 5 else ''}\n")
PY
  columns='columns = { gold = "gold" }' write_sweep rows log.csv
  packs
  columns='' write_sweep counts log.heed 'annotations = "counts",'
  run "$HEED" check --data counts.lua
  fails 'log.heed: has gold answers, which annotations = "counts" cannot use; pack the log with --drop gold'
  columns='columns = { gold = "gold" }' write_sweep rows log.csv
  rm log.heed
  packs --drop gold
  runs counts
}
