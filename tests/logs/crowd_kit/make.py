"""Writes the fixtures of this folder as users of crowd-kit do: data frames with
its columns, which crowd-kit 1.4.2 (PyPI, pandas 3.1.1, Python 3.11) fits here, so
that they are known to be right.  crowd-kit itself writes no logs.

  python3 -m venv crowd-kit && crowd-kit/bin/pip install crowd-kit
  cd tests/logs/crowd_kit && ~/crowd-kit/bin/python make.py

  pairwise.csv   worker, left, right, label: label is the item that won
                 (crowdkit/aggregation/pairwise/noisy_bt.py, fit)
  classes.csv    task, worker, label: labels of two classes, not preferences
                 (crowdkit/aggregation/classification/dawid_skene.py, fit)
"""
import sys

sys.path.insert(0, "..")
from votes import read_as, votes

import pandas as pd
from crowdkit.aggregation import DawidSkene, NoisyBradleyTerry

made = [v for v in votes(per_user=8, judges=2) if v.choice in "ab"]
frame = pd.DataFrame([{"worker": v.user, "left": v.model_a, "right": v.model_b,
                       "label": v.model_a if v.choice == "a" else v.model_b} for v in made])
print(NoisyBradleyTerry(n_iter=20).fit_predict(frame))
frame.to_csv("pairwise.csv", index=False)
# The pair is the set of its two items: crowd-kit knows no other.
read_as("pairwise.csv.rows.jsonl", [
    {"user": v.user, "pair": " ".join(sorted([v.model_a, v.model_b])), "choice": v.choice,
     "model_a": v.model_a, "model_b": v.model_b, "left": "a"} for v in made])

made = [v for v in votes(judges=3) if v.choice in "ab"]
frame = pd.DataFrame([{"task": v.pair, "worker": v.user, "label": int(v.choice == "a")} for v in made])
print(DawidSkene(n_iter=20).fit_predict(frame).value_counts())
frame.to_csv("classes.csv", index=False)
read_as("classes.csv.rows.jsonl", [{"user": v.user, "pair": v.pair, "choice": v.choice} for v in made])
