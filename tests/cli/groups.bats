# heed users --group-by: users by a covariate of their annotations. The oracles
# are written in Python and read the log and the kept tables.

bats_require_minimum_version 1.5.0

setup_file() {
  cd "$BATS_FILE_TMPDIR"
  cat >make.py <<'PY'
"""Users on phones click at random; the device of some annotations is missing."""
import numpy as np
dice = np.random.default_rng(23)
strength = [1.6, 0.5, -0.4, -1.7]
with open("log.csv", "w") as out:
    print("user,pair,choice,model_a,model_b,Device,mean,age", file=out)
    for j in range(60):
        phone = j % 3 == 0
        for i in range(30):
            a, b = dice.choice(4, 2, replace=False)
            p = 0.5 if phone else 1 / (1 + np.exp(strength[b] - strength[a]))
            device = "=phone" if phone == (i % 5 != 0) else "desk"
            if i % 7 == 0 or j == 59: device = ""
            seconds = "" if i % 4 == 0 or j == 58 else f"{dice.gamma(2, 2 if phone else 5):.5f}"
            print(f"u{j},p{i % 20}_{a}{b},{'A' if dice.random() < p else 'B'},m{a},m{b},"
                  f"{device},{seconds},{20 + 10 * (j % 4)}", file=out)
PY
  /usr/bin/python3 make.py
  cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "A log",
  replicates = 31,
  source = h.source.log {
    path = "log.csv", duplicates = "keep",
    columns = { model_a = "model_a", model_b = "model_b",
                covariates = { "Device", "mean", "age" } },
  },
  users = { bootstrap = "users" },
  estimator = h.estimator.em_bradley_terry { ridge = 0.2 },
  keep = { "users" },
}
LUA
  "$HEED" run log.lua -o log.h5 --progress none -j 1
  cat >oracle.py <<'PY'
import collections, csv, json, statistics, subprocess, os
import h5py, numpy as np
log = collections.defaultdict(list)
for row in csv.DictReader(open("log.csv")): log[row["user"]].append(row)

def users_of(*options):
    text = subprocess.run([os.environ["HEED"], "users", "log.h5", *options], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(text) if "--json" in options else list(csv.DictReader(text.splitlines()))

def word(user):
    counts = collections.Counter(r["Device"] for r in log[user] if r["Device"])
    return min(counts, key=lambda w: (-counts[w], w)) if counts else ""

def mean(user):
    known = [float(r["mean"]) for r in log[user] if r["mean"]]
    return statistics.fmean(known) if known else float("nan")
PY
  export PYTHONPATH=.
}

setup() {
  cd "$BATS_FILE_TMPDIR"
  export PYTHONPATH=.
}

@test "a result keeps each user's most frequent word and mean number of each covariate" {
  /usr/bin/python3 - <<'PY'
from oracle import *
with h5py.File("log.h5") as f:
    first = f["users/replicate"][()] == 0
    names = [n.decode() for n in f["users/name"][()][first]]
    device = [n.decode() for n in f["users/covariate_device"][()][first]]
    seconds, age = f["users/covariate_mean"][()][first], f["users/covariate_age"][()][first]
    assert all(n == b"" for n in f["users/covariate_device"][()][~first])
assert len(names) == 60 and device == [word(u) for u in names] and "" in device
np.testing.assert_allclose(seconds, [mean(u) for u in names])
assert np.isnan(seconds).sum() == 1
np.testing.assert_array_equal(age, [float(log[u][0]["age"]) for u in names])
PY
}

@test "a group of a word has its users, their annotations, attentiveness and verdicts" {
  /usr/bin/python3 - <<'PY'
from oracle import *
users = users_of("--raw")
groups = users_of("--group-by", "device", "--raw")
assert list(groups[0]) == ["word", "users", "annotations", "eta_hat", "attentive",
                           "attentive_low", "attentive_high", "careless", "trusted"]
sizes = [int(g["users"]) for g in groups]
assert [g["word"] for g in groups] == ["desk", "=phone", ""] and sizes == [39, 20, 1]
for g in groups:
    own = [u for u in users if word(u["user"]) == g["word"]]
    assert int(g["users"]) == len(own) and int(g["annotations"]) == 30 * len(own)
    assert abs(float(g["eta_hat"]) - statistics.fmean(float(u["eta_hat"]) for u in own)) < 1e-6
    share = statistics.fmean(1 - float(u["p_careless"]) for u in own)
    assert abs(float(g["attentive"]) - share) < 1e-6
    for call in ("careless", "trusted"):
        assert int(g[call]) == sum(u["verdict"] == call for u in own)
desk, phone = groups[0], groups[1]
assert float(desk["attentive_low"]) > 0.7 and float(phone["attentive_high"]) < 0.4
assert users_of("--group-by", "device")[1]["word"] == "'=phone"
PY
}

@test "a group's interval has its users' own uncertainty and that of the resampled fits" {
  /usr/bin/python3 - <<'PY'
from oracle import *
users = users_of("--raw")
with h5py.File("log.h5") as f:
    name, sd, mean_, replicate = (f["users"][c][()] for c in ("name", "sd", "mean", "replicate"))
def normal(r, own):
    rows = [i for i in np.flatnonzero(replicate == r) if name[i].decode() in own]
    return 1 - statistics.fmean(statistics.NormalDist(mean_[i], sd[i]).cdf(0.5) for i in rows)
for g in users_of("--group-by", "device", "--raw")[:2]:
    own = {u["user"] for u in users if word(u["user"]) == g["word"]}
    attends = [1 - float(u["p_careless"]) for u in users if u["user"] in own]
    value = statistics.fmean(attends)
    drawn = [value + normal(r, own) - normal(0, own) for r in range(1, 31)]
    variance = sum(a * (1 - a) for a in attends) / len(own) ** 2 + statistics.variance(drawn)
    bias, width = statistics.fmean(drawn) - value, 1.959964 * variance ** 0.5
    assert abs(float(g["attentive_low"]) - max(value - width - max(bias, 0), 0)) < 1e-5, g
    assert abs(float(g["attentive_high"]) - min(value + width - min(bias, 0), 1)) < 1e-5, g
PY
}

@test "numbers make groups of equally many users, and equal numbers stay together" {
  /usr/bin/python3 - <<'PY'
from oracle import *
groups = users_of("--group-by", "mean", "--groups", "3")
assert list(groups[0])[:3] == ["low", "high", "users"]
assert [int(g["users"]) for g in groups] == [19, 20, 20, 1]
known = sorted(mean(u) for u in log if mean(u) == mean(u))
at = 0
for g in groups[:3]:
    own = known[at:at + int(g["users"])]
    assert abs(float(g["low"]) - own[0]) < 1e-9 and abs(float(g["high"]) - own[-1]) < 1e-9
    at += len(own)
assert groups[3]["low"] == groups[3]["high"] == ""
ages = users_of("--group-by", "age")
assert [(g["low"], g["high"], g["users"]) for g in ages] == [(a, a, "15") for a in ("20", "30", "40", "50")]
ages = users_of("--group-by", "age", "--groups", "2")
assert [(g["low"], g["high"], g["users"]) for g in ages] == [("20", "30", "30"), ("40", "50", "30")]
PY
}

@test "JSON has the groups beside the users, and each user's group" {
  /usr/bin/python3 - <<'PY'
from oracle import *
found, plain = users_of("--group-by", "device", "--json", "--sort", "p_careless"), users_of("--json")
assert set(found) - set(plain) == {"group_by", "groups"} and found["schema"] == "heed-users/1"
assert found["group_by"] == "device" and "group" not in plain["users"][0]
assert [g["word"] for g in found["groups"]] == ["desk", "=phone", None]
for u in found["users"]:
    assert (found["groups"][u["group"]]["word"] or "") == word(u["user"])
table = users_of("--group-by", "device", "--raw")
for g, row in zip(found["groups"], table):
    assert set(g) == {"word", "users", "annotations", "eta_hat", "attentive_share", "careless", "trusted"}
    assert g["attentive_share"]["value"] == float(row["attentive"])
    assert g["attentive_share"]["includes_fit"] is True
numbers = users_of("--group-by", "mean", "--json")
assert numbers["groups"][-1]["low"] is None
for u in numbers["users"]:
    g = numbers["groups"][u["group"]]
    own = mean(u["user"])
    assert g["low"] is None if own != own else g["low"] - 1e-9 <= own <= g["high"] + 1e-9
PY
}

@test "numbers that are not finite are null in JSON" {
  cat >large.csv <<'CSV'
user,pair,choice,size
u,p1,A,1e308
u,p2,A,1e308
v,p1,B,-1e308
v,p2,A,-1e308
w,p1,B,1
w,p2,A,2
CSV
  cat >large.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Large numbers",
  source = h.source.log { path = "large.csv", columns = { covariates = { "size" } } },
  estimator = h.estimator.em { mu = 0.8, fit = "fixed" },
  keep = { "users" },
}
LUA
  "$HEED" run large.lua -o large.h5 --progress none -j 1 >said 2>&1 || { cat said; false; }
  "$HEED" users large.h5 --group-by size --json -o large.json 2>/dev/null
  cp large.h5 edited.h5
  /usr/bin/python3 - <<'PY'
import h5py
with h5py.File("edited.h5", "r+") as f: f["users/sd"][0] = float("inf")
PY
  "$HEED" users edited.h5 --json -o edited.json 2>/dev/null
  /usr/bin/python3 - <<'PY'
import json
def refuse(word): raise ValueError(word)
groups, users = (json.load(open(f), parse_constant=refuse) for f in ("large.json", "edited.json"))
assert [g["low"] for g in groups["groups"]] == [None, 1.5, None], groups
assert users["users"][0]["sd"] is None
PY
}

@test "a packed log has the same groups" {
  "$HEED" pack log.lua -o log.heed
  "$HEED" run log.lua -o packed.h5 --progress none -j 1 --set source.path=log.heed
  for covariate in device mean age; do
    "$HEED" users log.h5 --group-by $covariate -o plain.csv
    "$HEED" users packed.h5 --group-by $covariate -o packed.csv
    cmp plain.csv packed.csv
  done
}

@test "an unknown covariate is refused by name, and so is a result without covariates" {
  run --separate-stderr "$HEED" users log.h5 --group-by browser
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'log.h5: users have no covariate "browser"; expected one of "age", "device", "mean"'* ]]
  sed 's/covariates = .*/},/' log.lua >plain.lua
  "$HEED" run plain.lua -o plain.h5 --progress none -j 1 --set replicates=1
  run --separate-stderr "$HEED" users plain.h5 --group-by device
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'plain.h5: has no covariates of users; the sweep needs columns.covariates of its log and keep = {"users"}'* ]]
}
