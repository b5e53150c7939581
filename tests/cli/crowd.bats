# em_bradley_terry on logs of many models: against direct maximisation by scipy,
# and on the real LLMFAO comparisons if they are installed.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
}

@test "strengths, weights and users are those of a direct maximisation" {
  cat >oracle.py <<'PY'
"""Makes a log; or holds a result against a maximisation by L-BFGS."""
import csv, sys
import numpy as np
from scipy.optimize import minimize

MODELS, USERS, EACH, NODES, RIDGE = 6, 60, 25, 11, 0.05

def make():
    dice = np.random.default_rng(3)
    strength = dice.normal(0, 1.5, MODELS)
    with open("log.csv", "w") as out:
        print("user,pair,choice,model_a,model_b", file=out)
        for j in range(USERS):
            eta = dice.random() < 0.6
            for i in range(EACH):
                a, b = dice.choice(MODELS, 2, replace=False)
                p = 1 / (1 + np.exp(strength[b] - strength[a]))
                chose_a = dice.random() < (p if eta else 0.5)
                print(f"u{j},p{j}_{i},{'A' if chose_a else 'B'},m{a},m{b}", file=out)

def compare():
    import h5py
    rows = list(csv.DictReader(open("log.csv")))
    number = {}
    model = np.array([[number.setdefault(r[c], len(number)) for c in ("model_a", "model_b")] for r in rows])
    user = np.array([int(r["user"][1:]) for r in rows])
    sign = np.array([1 if r["choice"] == "A" else -1 for r in rows])
    nodes = np.linspace(0, 1, NODES)
    def parts(x):
        s, w = x[:MODELS], np.exp(x[MODELS:] - x[MODELS:].max())
        w /= w.sum()
        g = 1 / (1 + np.exp(-sign * (s[model[:, 0]] - s[model[:, 1]])))
        q = np.log(nodes * g[:, None] + (1 - nodes) / 2)
        each = np.zeros((USERS, NODES))
        np.add.at(each, user, q)
        return s, w, each
    def cost(x):
        s, w, each = parts(x)
        top = each.max(1, keepdims=True)
        return -np.sum(np.log(np.exp(each - top) @ w) + top[:, 0]) + RIDGE * s @ s
    best = min((minimize(cost, np.r_[np.random.default_rng(i).normal(0, 1, MODELS), np.zeros(NODES)],
                         method="L-BFGS-B", options=dict(maxfun=10**6, maxiter=5000, ftol=1e-15, gtol=1e-8))
                for i in range(3)), key=lambda fit: fit.fun)
    s, w, each = parts(best.x)
    mass = np.exp(each - each.max(1, keepdims=True)) * w
    eta = mass @ nodes / mass.sum(1)
    with h5py.File("fit.h5") as f:
        found = f["estimator_objective"][()].ravel()[0]
        assert [t.decode() for t in f["models/name"][()]] == list(number)
        strength = f["models/strength"][()]
        assert f["models/annotations"][()].sum() == 2 * len(rows)
    users = {r["user"]: float(r["eta_hat"]) for r in csv.DictReader(open("users.csv"))}
    eta_found = np.array([users[f"u{j}"] for j in range(USERS)])
    print(f"# objective {found:.6f}, directly {-best.fun:.6f}; strengths differ by {abs(strength - s).max():.1e}, "
          f"eta-hat by {abs(eta_found - eta).max():.1e}", file=sys.stderr)
    assert found > -best.fun - 1e-6 * abs(best.fun) and found < -best.fun + 1e-4
    assert abs(strength - s).max() < 0.01 and abs(eta_found - eta).max() < 0.01

make() if sys.argv[1] == "make" else compare()
PY
  /usr/bin/python3 oracle.py make
  cat >fit.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Many models",
  source = h.source.log {
    path = "log.csv", columns = { model_a = "model_a", model_b = "model_b" },
  },
  estimator = h.estimator.em_bradley_terry {
    prior = h.distribution.grid { nodes = 11 }, ridge = 0.05, pseudo_users = 0,
  },
  keep = { "users", "models" },
}
LUA
  "$HEED" run fit.lua
  "$HEED" users fit.h5 -o users.csv
  /usr/bin/python3 oracle.py compare 2>&3
}

@test "real annotators: likelihood, and agreement with judges that no fit has seen" {
  data="$HEED_SOURCE/../shared/data/llmfao"
  [ -e "$data/crowd-comparisons.csv" ] || skip "the LLMFAO comparisons are not there: docs/annotation-logs.md says where to get them"
  "$HEED" run "$HEED_SOURCE/scripts/crowd.lua" -o crowd.h5 --set replicates=1 \
    --set 'estimator.checks=["left_dispersion", "left_share"]'
  "$HEED" users crowd.h5 -o users.csv
  /usr/bin/python3 - "$data" 2>&3 <<'PY'
import csv, sys
import h5py
import numpy as np
from collections import defaultdict
from scipy.stats import spearmanr
with h5py.File("crowd.h5") as f:
    objective = f["estimator_objective"][()].ravel()[0]
    checks = [name.decode() for name in f["check"][()]]
    of_check = {part: dict(zip(checks, f["estimator_check_" + part][()].reshape(-1, 2)[0]))
                for part in ("observed", "low", "high", "tail")}
eta = {r["user"]: float(r["eta_hat"]) for r in csv.DictReader(open("users.csv"))}
assert len(eta) == 124 and all(0 <= e <= 1 for e in eta.values())
assert objective >= -2841.8, objective
verdict = {r["id"]: r["winner"] for r in csv.DictReader(open(sys.argv[1] + "/gpt4-crowd-comparisons.csv"))}
same = defaultdict(list)
for r in csv.DictReader(open(sys.argv[1] + "/crowd-comparisons.csv")):
    if r["winner"] != "tie" and verdict.get(r["id"], "tie") != "tie":
        same[r["worker"]].append(r["winner"] == verdict[r["id"]])
often = [w for w in same if len(same[w]) >= 20]
rho = spearmanr([eta[w] for w in often], [np.mean(same[w]) for w in often])[0]
print(f"# objective {objective:.2f}; Spearman with agreement with GPT-4 over {len(often)} users: {rho:.3f}", file=sys.stderr)
assert rho > 0.65
# What stands left in the file is A: people liked it, which the model does not foretell.
said = defaultdict(list)
for r in csv.DictReader(open(sys.argv[1] + "/crowd-comparisons.csv")):
    if r["winner"] != "tie":
        said[r["worker"]].append(r["winner"] == "left")
labels = sum(map(len, said.values()))
q = sum(map(sum, said.values())) / labels
spread = sum((sum(x) - q * len(x)) ** 2 / len(x) for x in said.values()) / (q * (1 - q)) / (len(said) - 1)
print(f"# left share {q:.3f}, dispersion {spread:.3f}; checks {of_check}", file=sys.stderr)
assert abs(of_check["observed"]["left_share"] - q) < 1e-12
assert abs(of_check["observed"]["left_dispersion"] - spread) < 1e-9
assert q > of_check["high"]["left_share"] and of_check["tail"]["left_share"] < 0.005
PY
}
