# Compares estimators with crowd-kit's (PyPI) on the same logs.  crowd-kit is in
# the virtual environment $HEED_CROWD_KIT, default crowd-kit in the build folder:
#   python3 -m venv build/test/crowd-kit
#   build/test/crowd-kit/bin/pip install crowd-kit

bats_require_minimum_version 1.5.0

setup() {
  kit="${HEED_CROWD_KIT:-$HEED_BUILD/crowd-kit}/bin/python3"
  "$kit" -c 'import crowdkit' 2>/dev/null ||
    skip "crowd-kit is not installed: the first lines of tests/cli/crowd_kit.bats say how"
  cd "$BATS_TEST_TMPDIR"
  cat >common.py <<'PY'
import csv, json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
import pandas as pd

def log():
    return pd.read_csv("log.csv", dtype=str)

def labels():
    """The log in crowd-kit's words."""
    return log().rename(columns={"user": "worker", "pair": "task", "choice": "label"})[["task", "worker", "label"]]

def eta():
    return pd.read_csv("users.csv", dtype={"user": str}).set_index("user").eta_hat

def fit(name):
    return json.load(open("fit.json"))[name]

def near(what, found, expected, tolerance):
    off = np.abs(np.asarray(found) - np.asarray(expected)).max()
    print(f"# {what}: differ by {off:.1e}", file=sys.stderr)
    assert off <= tolerance, (what, off)
PY
}

# 60 users of 40 annotations on 240 pairs; from coins to certainty.  Names sort
# in the order in which they appear: crowd-kit's MACE mixes up the strategies of
# users and labels whose names do not.
make_log() {
  "$kit" - <<'PY'
import numpy as np
dice = np.random.default_rng(5)
better = dice.random(240) < 0.6
with open("log.csv", "w") as out:
    print("user,pair,choice", file=out)
    for j in range(60):
        for i in dice.choice(240, 40, replace=False):
            right = dice.random() < (1 + j / 59) / 2
            print(f"u{j:02d},p{i:03d},{'A' if right == better[i] else 'B'}", file=out)
PY
  sed -i '2s/B$/A/' log.csv
}

# heed_fit ESTIMATOR [SOURCE PARAMETERS]: users.csv, fit.json.
heed_fit() {
  cat >fit.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Beside crowd-kit",
  source = h.source.log { path = "log.csv", $2 },
  estimator = h.estimator.$1,
  keep = { "users", "models" },
}
LUA
  rm -f fit.h5
  "$HEED" run fit.lua
  "$HEED" users fit.h5 -o users.csv
  /usr/bin/python3 - <<'PY'
import h5py, json
with h5py.File("fit.h5") as f:
    fit = {name[10:]: float(f[name][()].ravel()[0]) for name in f if name.startswith("estimator_")}
    if "strength" in f.get("models", {}):
        fit["strength"] = dict(zip([t.decode() for t in f["models/name"][()]], f["models/strength"][()].tolist()))
json.dump(fit, open("fit.json", "w"))
PY
}

# Both are EM for the same likelihood; 300 plain steps bring crowd-kit's to
# rounding (a negative tolerance keeps it from stopping).
@test "dawid_skene: accuracies, share and labels are OneCoinDawidSkene's" {
  make_log
  heed_fit 'dawid_skene { alpha = 1, beta = 1, negative = "keep", tolerance = 1e-15 }'
  "$kit" - 2>&3 <<'PY'
from common import *
from crowdkit.aggregation import OneCoinDawidSkene
kit = OneCoinDawidSkene(n_iter=300, tol=-1).fit(labels())
a = (1 + eta()) / 2
near("accuracies", a, kit.skills_[a.index], 1e-8)
near("share", fit("share"), kit.priors_["A"], 1e-8)
said = labels()
own = a[said.worker].clip(1e-10, 1 - 1e-10).to_numpy()
odds = pd.Series(np.where(said.label == "A", 1, -1) * np.log(own / (1 - own))).groupby(said.task.to_numpy()).sum()
odds += np.log(fit("share") / (1 - fit("share")))
near("labels", 1 / (1 + np.exp(-odds)), kit.probas_.loc[odds.index, "A"], 1e-7)
PY
}

# eta = a + b - 1 of the two accuracies on crowd-kit's diagonal.
@test "dawid_skene: eta per class is that of DawidSkene's confusion matrices" {
  make_log
  heed_fit 'dawid_skene { coins = "per_class", alpha = 1, beta = 1, negative = "keep", tolerance = 1e-15 }'
  "$kit" - 2>&3 <<'PY'
from common import *
from crowdkit.aggregation import DawidSkene
kit = DawidSkene(n_iter=600, tol=-1).fit(labels())
diagonal = {c: kit.errors_[c].xs(c, level="label") for c in "AB"}
found = eta()
near("eta", found, (diagonal["A"] + diagonal["B"] - 1)[found.index], 1e-6)
near("share", fit("share"), kit.priors_["A"], 1e-7)
PY
}

# The smoothing of both is .01 over two labels.
@test "mace: competences are MACE's by EM" {
  make_log
  heed_fit 'mace { form = "em", share = 0.5, tolerance = 1e-15 }'
  "$kit" - 2>&3 <<'PY'
from common import *
from crowdkit.aggregation import MACE
said = labels()
kit = MACE(method="em", n_restarts=1, n_iter=1000).fit(said)
competence = pd.Series(kit.spamming_[:, 1], index=pd.unique(said.worker))
near("competences", eta(), competence[eta().index], 1e-6)
PY
}

# crowd-kit keeps exponentials of mean logarithms; eta is the mean.
@test "mace: competences are MACE's in the variational form" {
  make_log
  heed_fit 'mace { share = 0.5, tolerance = 1e-15 }'
  "$kit" - 2>&3 <<'PY'
from common import *
from crowdkit.aggregation import MACE
from scipy.special import digamma
said = labels()
kit = MACE(method="vb", n_restarts=1, n_iter=3000).fit(said)
competence = pd.Series(kit.spamming_[:, 1], index=pd.unique(said.worker))
found = eta()
both = 1 + said.groupby("worker").size()[found.index]
near("competences", np.exp(digamma(found * both) - digamma(both)), competence[found.index], 1e-6)
PY
}

# crowd-kit's M-step is a conjugate gradient search, stopped where the gradient
# falls below 1e-8.
@test "glad: eta follows from GLAD's abilities and difficulties" {
  make_log
  heed_fit 'glad { negative = "keep", tolerance = 1e-15 }'
  "$kit" - 2>&3 <<'PY'
from common import *
from crowdkit.aggregation import GLAD
said = labels()
kit = GLAD(n_iter=40, tol=-1, m_step_tol=1e-8, m_step_max_iter=100).fit(said)
m = kit.alphas_[said.worker].to_numpy() * np.exp(kit.betas_[said.task].to_numpy())
expected = pd.Series(np.tanh(m / 2)).groupby(said.worker.to_numpy()).mean()
near("eta", eta(), expected[eta().index], 1e-5)
PY
}

# MajorityVote counts a user's own choice in; take it out, and count again.
@test "majority: agreement is that with MajorityVote's shares less the own choice" {
  make_log
  heed_fit 'majority { reliability = 1, negative = "keep" }'
  "$kit" - 2>&3 <<'PY'
from common import *
from crowdkit.aggregation import MajorityVote
said = labels()
kit = MajorityVote().fit(said)
votes = said.groupby("task").size()[said.task].to_numpy()
own = np.where(said.label == "A", 1, -1)
lead = np.round((2 * kit.probas_.loc[said.task, "A"].to_numpy() - 1) * votes) - own
met = lead != 0
agreed = pd.Series(lead * own > 0)[met].groupby(said.worker[met].to_numpy()).mean()
near("2 agreement - 1", eta(), 2 * agreed[eta().index] - 1, 1e-12)
PY
}

# crowd-kit's model lets a casual user lean to one side, where Chen's tosses a
# coin, and its skill is an attentiveness within [0, 1]: with the leaning at
# 0 its likelihood must be heed's.  Its own maximum is not held against heed's:
# the gradient that it climbs by (1.4.2) is not that of its likelihood.  The
# scores of both order the models alike.
@test "crowd_bt: the likelihood is NoisyBradleyTerry's, and so is the order of models" {
  "$kit" - <<'PY'
import numpy as np
dice = np.random.default_rng(7)
strength = np.linspace(-2, 2, 8)
with open("log.csv", "w") as out:
    print("user,pair,choice,model_a,model_b", file=out)
    for j in range(40):
        for i in range(150):
            a, b = dice.choice(8, 2, replace=False)
            p = 1 / (1 + np.exp(strength[b] - strength[a]))
            eta = 0.3 + 0.7 * j / 39
            choice = "A" if dice.random() < eta * p + (1 - eta) / 2 else "B"
            print(f"u{j:02d},p{a}{b},{choice},m{a},m{b}", file=out)
PY
  heed_fit 'crowd_bt { negative = "keep", ridge = 0.01, alpha = 1.1, beta = 1.1 }' 'duplicates = "keep", columns = { model_a = "model_a", model_b = "model_b" }'
  "$kit" - 2>&3 <<'PY'
from common import *
from crowdkit.aggregation import NoisyBradleyTerry
said = log().rename(columns={"user": "worker", "model_a": "left", "model_b": "right"})
said["label"] = np.where(said.choice == "A", said.left, said.right)
users, models = sorted(said.worker.unique()), sorted(said.left.unique())
skill = eta()[users].to_numpy()
assert (skill > 0).all() and (skill < 1).all()
place = {m: i + 1 for i, m in enumerate(models)}
data = said[["left", "right", "label"]].map(place.get).to_numpy()
strength = np.array([fit("strength")[m] for m in models])
x = np.r_[0, strength, np.zeros(len(users)), np.log(skill / (1 - skill))]
who = said.worker.map({u: i for i, u in enumerate(users)}).to_numpy()
ours = -NoisyBradleyTerry._compute_log_likelihood(x, data, who, len(models), len(users), 0)
near("log-likelihood", fit("log_likelihood"), ours, 1e-6)
scores = NoisyBradleyTerry(n_iter=1000, tol=1e-12).fit(said[["worker", "left", "right", "label"]]).scores_[models]
print(f"# scores: {scores.round(2).tolist()}, strengths {strength.round(2).tolist()}", file=sys.stderr)
assert (np.argsort(scores.to_numpy()) == np.argsort(strength)).all()
PY
}
