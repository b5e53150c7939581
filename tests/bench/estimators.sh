#!/usr/bin/env bash
# What each estimator takes on 10^6 annotations, beside crowd-kit's on the same
# log: 10^4 users x 100 annotations, 20 a pair, 20 models.  heed's seconds are
# those of its posterior stage, crowd-kit's the processor's of fit(), which
# whoever else uses the machine does not lengthen; neither counts reading the
# log.  Both run with their own standards on when to stop; MACE from one start
# each.
#   tests/bench/estimators.sh
# crowd-kit is put into a virtual environment in the build folder, or taken from
# $HEED_CROWD_KIT.  BENCH_USERS: fewer users; BENCH_LIMIT: seconds after which a
# run of crowd-kit's is given up (default: 1200).
. "$(dirname "$0")/bench.bash"
users=${BENCH_USERS:-10000}
limit=${BENCH_LIMIT:-1200}
kit=${HEED_CROWD_KIT:-$build/crowd-kit}
if ! "$kit/bin/python3" -c 'import crowdkit' 2>/dev/null; then
  python3 -m venv "$kit"
  "$kit/bin/pip" install --quiet crowd-kit
fi
export OPENBLAS_NUM_THREADS=1

"$kit/bin/python3" - "$users" <<'PY'
import sys
import numpy as np
import pandas as pd
users, each = int(sys.argv[1]), 100
pairs = users * each // 20
dice = np.random.default_rng(1)
strength = np.linspace(-3, 3, 20)
a = dice.integers(0, 20, pairs)
b = (a + dice.integers(1, 20, pairs)) % 20
better = dice.random(pairs) < 1 / (1 + np.exp(strength[b] - strength[a]))
user = np.repeat(np.arange(users), each)
# A user's pairs are distinct: 7919 is prime and does not divide their number.
pair = (dice.integers(0, pairs, users)[user] + np.tile(np.arange(each), users) * 7919) % pairs
right = dice.random(len(user)) < (1 + dice.random(users)[user]) / 2
pd.DataFrame({
    "user": [f"u{j:06d}" for j in user], "pair": [f"p{i:06d}" for i in pair],
    "choice": np.where(right == better[pair], "A", "B"),
    "model_a": [f"m{m:02d}" for m in a[pair]], "model_b": [f"m{m:02d}" for m in b[pair]],
}).to_csv("log.csv", index=False)
PY

cat >estimators.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Estimators",
  replicates = 1,
  source = h.source.log { path = "log.csv", columns = { model_a = "model_a", model_b = "model_b" } },
  estimator = h.axis { "estimator", h.estimator.majority {}, h.estimator.dawid_skene {},
                       h.estimator.mace { form = "em", starts = 1 }, h.estimator.glad {}, h.estimator.crowd_bt {},
                       h.estimator.moments { mu = 0.7 }, h.estimator.em { mu = 0.7 },
                       h.estimator.bayes { mu = 0.7 }, h.estimator.frequency { mu = 0.7 },
                       h.estimator.em_bradley_terry {} },
}
LUA
"$heed" run estimators.lua -j 1 --progress none >/dev/null
/usr/bin/python3 - <<'PY'
import h5py
with h5py.File("estimators.h5") as f:
    seconds = f["timing/seconds_posterior"][()].ravel()
    steps = f["estimator_iterations"][()].ravel()
    for name, s, n in zip(f["estimator"].asstr()[()], seconds, steps):
        print(f"heed {name}: {s:.2f} s" + (f", {n:.0f} steps" if n == n else ""))
PY

cat >kit.py <<'PY'
import sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
import pandas as pd
from crowdkit.aggregation import GLAD, MACE, MajorityVote, NoisyBradleyTerry, OneCoinDawidSkene
log = pd.read_csv("log.csv", dtype=str)
labels = log.rename(columns={"user": "worker", "pair": "task", "choice": "label"})[["task", "worker", "label"]]
duels = log.rename(columns={"user": "worker", "model_a": "left", "model_b": "right"})
duels["label"] = np.where(duels.choice == "A", duels.left, duels.right)
made, of = {
    "MajorityVote": (MajorityVote(), labels),
    "OneCoinDawidSkene": (OneCoinDawidSkene(), labels),
    "MACE": (MACE(method="em", n_restarts=1), labels),
    "GLAD": (GLAD(), labels),
    "NoisyBradleyTerry": (NoisyBradleyTerry(), duels[["worker", "left", "right", "label"]]),
}[sys.argv[1]]
began = time.process_time()
made.fit(of)
steps = getattr(made, "loss_history_", None)
print(f"crowd-kit {sys.argv[1]}: {time.process_time() - began:.2f} s" + (f", {len(steps)} steps" if steps else ""))
PY
for name in MajorityVote OneCoinDawidSkene MACE GLAD NoisyBradleyTerry; do
  timeout "$limit" "$kit/bin/python3" kit.py "$name" || echo "crowd-kit $name: given up after $limit s"
done
