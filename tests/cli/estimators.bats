# The baseline estimators in whole sweeps, with sources, filters, trainers and
# metrics, and on the real LLMFAO comparisons if they are installed.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
}

@test "each estimator works with every filter, a trainer that weighs, and every metric" {
  cat >all.lua <<'LUA'
local h = require "heed"
local e = h.estimator
return h.sweep {
  title = "Every estimator",
  source = h.source.synthetic { pairs = 400, mu = 0.8, held_out = 100 },
  users = { count = 80, annotations = 40, assignment = "overlapping", holdout = 0.2,
            attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
            model = h.user_model.attentive {} },
  estimator = h.axis { "estimator", e.dawid_skene {}, e.glad {}, e.mace {}, e.majority {}, e.crowd_bt {}, e.moments {} },
  filter = h.axis { "filter", h.filter.none {}, h.filter.top { share = 0.5 }, h.filter.cutoff { threshold = 0.3 },
                    h.filter.confident { threshold = 0.2, confidence = 0.6 }, h.filter.soft {}, h.filter.random { share = 0.5 } },
  trainer = h.axis { "loss", h.trainer.dpo { loss = "sigmoid" }, h.trainer.dpo { loss = "noise_aware" },
                     h.trainer.dpo { loss = "joint", prior = h.distribution.beta {} } },
}
LUA
  "$HEED" run all.lua
  /usr/bin/python3 - 2>&3 <<'PY'
import sys
import h5py
import numpy as np
with h5py.File("all.h5") as f:
    assert f["status"][()].size == 6 * 6 * 3 and (f["status"][()] == f["status"][()].flat[0]).all()
    for metric in ("eta_correlation", "eta_rmse", "held_out_log_loss", "label_accuracy", "win_rate", "kl"):
        assert np.isfinite(f[metric][()]).all(), metric
    names = f["estimator"].asstr()[()]
    by = [d.keys()[0] for d in f["eta_correlation"].dims].index("estimator")
    correlation = np.moveaxis(f["eta_correlation"][()], by, 0).reshape(6, -1)[:, 0]
    loss = np.moveaxis(f["held_out_log_loss"][()], by, 0).reshape(6, -1)[:, 0]
    for name, r, l in zip(names, correlation, loss):
        print(f"# {name}: correlation of eta-hat and eta {r:.3f}, held-out log-loss {l:.4f}", file=sys.stderr)
    # Coins lose log 2 = .69; labels that are maximised over, with 6 choices a
    # pair, are overconfident.
    assert (correlation > 0.3).all() and (loss < 0.8).all()
PY
}

# The oracle stands in crowd_kit.bats and the unit tests; this says that users
# who disagree with others also disagree with a judge whom no fit has seen.
@test "real annotators: each estimator ranks users as GPT-4 would" {
  data="$HEED_SOURCE/../shared/data/llmfao"
  [ -e "$data/crowd-comparisons.csv" ] || skip "the LLMFAO comparisons are not there: docs/annotation-logs.md says where to get them"
  cat >crowd.lua <<LUA
local h = require "heed"
local e = h.estimator
local function judge(file) return { path = "$data/" .. file, pair = "id", choice = "winner" } end
return h.sweep {
  title = "Real annotators",
  source = h.source.log {
    path = "$data/crowd-comparisons.csv",
    columns = { user = "worker", pair = "id", choice = "winner", model_a = "left", model_b = "right" },
    references = { gpt4 = judge "gpt4-crowd-comparisons.csv", gpt3 = judge "gpt3-crowd-comparisons.csv" },
  },
  estimator = h.axis { "estimator", e.dawid_skene {}, e.glad {}, e.mace {}, e.majority {}, e.crowd_bt {} },
}
LUA
  "$HEED" run crowd.lua
  /usr/bin/python3 - 2>&3 <<'PY'
import sys
import h5py
with h5py.File("crowd.h5") as f:
    judges = f["judge"].asstr()[()].tolist()
    value = f["spearman_judge"][()].reshape(5, -1)
    seconds = f["timing/seconds_posterior"][()].ravel()
    for i, name in enumerate(f["estimator"].asstr()[()]):
        said = ", ".join(f"{j} {v:.3f}" for j, v in zip(judges, value[i]))
        print(f"# {name}: Spearman with {said}; {seconds[i]:.4f} s", file=sys.stderr)
        assert value[i][judges.index("gpt4")] > 0.7
PY
}

# With three annotations in all.  A gap is given to the estimators that take one.
@test "no estimator takes a few annotations for evidence" {
  printf '%s\n' user,pair,choice,a,b ann,1,A,m1,m2 >one.csv
  printf '%s\n' user,pair,choice,a,b ann,1,A,m1,m2 bob,1,A,m1,m2 cat,2,A,m1,m2 >three.csv
  /usr/bin/python3 - "$HEED" <<'PY'
import json, subprocess, sys
heed = lambda *words: json.loads(subprocess.check_output([sys.argv[1], *words, "--json"]))
fits = []
for plugin in heed("list", "estimator"):
    name = plugin["name"]
    parameters = [p["name"] for p in heed("describe", f"estimator/{name}")["parameters"]]
    if name != "oracle":  # it is told the truth
        fits.append(f"h.estimator.{name} {{ {'mu = 0.8,' if 'mu' in parameters else ''} label = '{name}' }}")
with open("few.lua", "w") as sweep:
    print(f"""local h = require "heed"
return h.sweep {{
  source = h.source.log {{ path = h.axis {{ "log", "one.csv", "three.csv" }},
    columns = {{ model_a = "a", model_b = "b" }} }},
  estimator = h.axis {{ "fit", {", ".join(fits)} }},
}}""", file=sweep)
PY
  "$HEED" run few.lua -o few.h5 --progress none
  /usr/bin/python3 - <<'PY'
import h5py
with h5py.File("few.h5") as f:
    fits = sorted(f["fit"].asstr()[()])
    assert len(fits) > 9 and (f["status"][()] == 0).all(), fits
    doubt = f["warnings/code"].asstr()[()] == "not_identified"
    # The log warns of the second itself: no user has two annotations.
    assert sorted(f["warnings/plugin"].asstr()[()][doubt]) == sorted(2 * fits + len(fits) * ["log"])
PY
}

# 300 pairs, 4 of 60 users on each, who toss coins.  The value of coin tosses is
# 1/2 for label_consensus and 0 for eta-hat of majority; the others explain
# chance, and their own value is in the interval.
@test "intervals of coin tosses hold the value of coin tosses" {
  /usr/bin/python3 - <<'PY'
import random
random.seed(4)
with open("coins.csv", "w") as log:
    print("user,pair,choice", file=log)
    for pair in range(300):
        for user in random.sample(range(60), 4):
            print(f"u{user},p{pair},{random.choice('AB')}", file=log)
PY
  for bootstrap in users users_and_pairs; do
    cat >coins.lua <<LUA
local h = require "heed"
local e = h.estimator
return h.sweep {
  replicates = 41, source = h.source.log { path = "coins.csv" }, users = { bootstrap = "$bootstrap" },
  estimator = h.axis { "estimator", e.majority {}, e.dawid_skene {}, e.mace { starts = 1 }, e.glad {}, e.crowd_bt {} },
}
LUA
    "$HEED" run coins.lua -o "$bootstrap.h5" --progress none
    "$HEED" show "$bootstrap.h5" --csv >"$bootstrap.csv"
    /usr/bin/python3 - "$bootstrap.csv" 2>&3 <<'PY'
import csv, sys
truth = {("label_consensus", "majority"): 0.5, ("eta_mean", "majority"): 0}
seen = 0
for row in csv.DictReader(open(sys.argv[1])):
    if row["metric"] not in ("label_consensus", "eta_mean"):
        continue
    low, high = float(row["low"]), float(row["high"])
    value = float(row["value"])
    assert low <= truth.get((row["metric"], row["estimator"]), value) <= high, row
    assert low <= value <= high, row
    seen += 1
assert seen == 10, seen
PY
  done
}

# The gap is .74. Two kinds of users: labels alone never tell it from a larger one.
# 500 users, one gold pair each: the standard error of mu is about .02.
@test "gold pairs of a log identify the gap, and the log is fitted whatever side they name" {
  /usr/bin/python3 - <<'PY'
import random
random.seed(6)
with open("gold.csv", "w") as log:
    print("user,pair,choice,left,gold,none", file=log)
    for user in range(500):
        eta = random.choice([0.1, 0.9])
        for pair in range(20):
            left = random.choice("AB")
            gold = random.choice("AB") if pair == 7 else ""
            p = 0.74 if not gold else 0.98 if gold == "A" else 0.02
            choice = "A" if random.random() < eta * p + (1 - eta) / 2 else "B"
            said = gold and random.choice([gold, "left" if gold == left else "right", "01"[gold == "A"]])
            print(f"u{user},p{user}-{pair},{choice},{left},{said},", file=log)
PY
  cat >gold.lua <<'LUA'
local h = require "heed"
local function log(column)
  return h.source.log { path = "gold.csv", columns = { left = "left", gold = column } }
end
local of = h.rows { "log", { "gold", source = log "gold" }, { "empty", source = log "none" } }
return h.sweep {
  source = of.source,
  estimator = h.estimator.em { mu = "estimated", prior = h.distribution.two_point {} },
}
LUA
  "$HEED" run gold.lua --progress none
  /usr/bin/python3 - <<'PY'
import h5py
with h5py.File("gold.h5") as f:
    low, high = (f["estimator_mu_" + end][()].ravel() for end in ("low", "high"))
    asked = f["estimator_gold_annotations"][()].ravel()
    needed = f["estimator_gold_needed"][()].ravel()
    identified = f["estimator_identified"][()].ravel()
    assert list(asked) == [500, 0], asked
    assert 0.64 < low[0] <= 0.74 <= high[0] < 0.84, (low, high)
    assert high[1] - low[1] > 0.2 and needed[1] > 100, (low, high, needed)
    assert list(identified) == [1, 0], identified
PY
}
