#!/usr/bin/env python3
"""Prints the tables of docs/experiments/annotators.md and writes the data of its
figure, from the result of scripts/annotators.lua and the log itself.

    python3 scripts/annotators.py results/annotators.h5 ../shared/data/llmfao \\
        results/annotators.tsv

Replicate 0 is the log. Brackets give 95 % intervals over the other replicates,
halves of the people and pairs, as in heed show: they cover the percentiles, and the
same percentiles shifted so that their median is the value of the log.
"""
import csv
import sys
from collections import defaultdict

import h5py
import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln
from scipy.stats import spearmanr

from paired import table

JUDGES = (("gpt4", "GPT-4"), ("gpt3", "GPT-3.5"))
LEAST = 20  # a person is ranked from this many judged labels on


class Annotators:
    def __init__(self, path):
        self.file = h5py.File(path, "r")
        self.arm, self.filter, self.judge = (
            [x.decode() for x in self.file[name][()]] for name in ("arm", "filter", "judge"))

    def values(self, metric, arm, kept="all", judge=None, check=None):
        """Over replicates."""
        item = self.file[metric]
        names = [d[0].name.strip("/") for d in item.dims]
        at = {"arm": self.arm.index(arm), "filter": self.filter.index(kept),
              "judge": judge and self.judge.index(judge), "check": check,
              "replicate": slice(None)}
        return item[tuple(at[name] for name in names)]

    def interval(self, values):
        """The interval of the resamples; the log's own value twice where there is none."""
        if len(values) < 3:
            return values[0], values[0]
        low, middle, high = np.nanpercentile(values[1:], [2.5, 50, 97.5])
        moved = values[0] - middle
        return low + min(moved, 0), high + max(moved, 0)

    def cell(self, values):
        text = f"{values[0]:.3f}"
        low, high = self.interval(values)
        if low < high:
            text += f" [{low:.3f}, {high:.3f}]"
        return text


def gains(of):
    """Paired by resample: all arms of a resample share people and pairs."""
    print("### Gain in agreement over all labels\n")
    rows = []
    for arm in of.arm:
        row = [arm]
        for judge, _ in JUDGES:
            everyone = of.values("label_agreement", arm, "all", judge)
            row += [of.cell(of.values("label_agreement", arm, kept, judge) - everyone)
                    for kept in of.filter[1:4]]
        rows.append(row)
    table(["estimator"] + [f"{title}, {kept}" for _, title in JUDGES
                           for kept in of.filter[1:4]], rows)


def differences(of):
    """Differences from em, paired by resample."""
    print("### Differences from em\n")
    metrics = (("label_agreement", {"kept": "top 30 %", "judge": "gpt4"}),
               ("spearman_judge", {"judge": "gpt4"}), ("held_out_log_loss", {}))
    table(["estimator", "agreement with GPT-4, top 30 %", "Spearman, GPT-4",
           "held-out log-loss, nat"],
          [[arm] + [of.cell(of.values(metric, arm, **at) - of.values(metric, "em", **at))
                    for metric, at in metrics]
           for arm in of.arm[1:]])


# ---- how well a fit predicts its own log ----

def predictions(of):
    checks = [x.decode().replace("_", " ") for x in of.file["check"][()]]
    rows = []
    for arm in [a for a in of.arm if a.startswith("em")]:
        cells = []
        for i in range(len(checks)):
            observed, mean, low, high, tail = (
                of.values(f"estimator_check_{name}", arm, check=i)[0]
                for name in ("observed", "predicted", "low", "high", "tail"))
            cells.append("–" if np.isnan(mean) else
                         f"{observed:.3f} : {mean:.3f} [{low:.3f}, {high:.3f}], {tail:.3f}")
        rows.append([arm, *cells])
    print("### Posterior-predictive checks: observed : predicted [95 % interval], tail\n")
    table(["estimator", *checks], rows)


def starts(of):
    rows = []
    for arm in ("em, position bias", "em, ties"):
        share = of.values("estimator_best_starts", arm)
        spread = of.values("estimator_spread", arm)
        ties = of.values("model_casual_ties", arm)[1:]
        rows.append([arm, f"{spread[0]:.1f}", f"{np.median(spread[1:]):.1f}",
                     f"{np.mean(spread[1:] > 1):.2f}", f"{np.mean(share[1:]):.2f}",
                     f"{np.sum(ties > 0.5)} of {len(ties)}" if np.isfinite(ties).all() else "–"])
    print("### Starts\n")
    table(["estimator", "best − worst, nat", "its median over resamples",
           "resamples with more than 1 nat", "starts that reach the best",
           "resamples with a casual user who always ties"], rows)


# ---- the noise ceiling ----

def judged(folder, judge):
    """For each person, whether each untied label agrees with an untied verdict, in
    random order."""
    with open(f"{folder}/{judge}-crowd-comparisons.csv", encoding="utf-8") as file:
        verdict = {row["id"]: row["winner"] for row in csv.DictReader(file)}
    same = defaultdict(list)
    with open(f"{folder}/crowd-comparisons.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if "tie" not in (row["winner"], verdict.get(row["id"], "tie")):
                same[row["worker"]].append(row["winner"] == verdict[row["id"]])
    return [np.array(labels) for labels in same.values()]


def seen(people, dice):
    """What the sweep's estimators see: four fifths of each person's labels, for
    people with enough labels."""
    kept = [dice.permutation(labels)[:round(0.8 * len(labels))] for labels in people]
    return [labels for labels in kept if len(labels) >= LEAST]


def split_half(people):
    """sqrt(2 r / (1 + r)), r the rank correlation of two halves (Spearman 1910,
    Brown 1910)."""
    shares = [(x[::2].mean(), x[1::2].mean()) for x in people]
    r = spearmanr(*zip(*shares))[0]
    return np.sqrt(2 * r / (1 + r))


def beta_of(same, all_):
    """The Beta distribution of people's true shares, by maximum likelihood."""
    def cost(x):
        a, b = np.exp(x)
        return -np.sum(betaln(a + same, b + all_ - same) - betaln(a, b))
    return np.exp(minimize(cost, [1.0, 1.0], method="Nelder-Mead").x)


def simulated(people, dice):
    """Rank correlation of true shares, drawn from each person's posterior, and the
    shares of as many labels simulated from them."""
    same, all_ = np.array([(x.sum(), len(x)) for x in people]).T
    a, b = beta_of(same, all_)
    true = dice.beta(a + same, b + all_ - same)
    return spearmanr(true, dice.binomial(all_, true) / all_)[0]


def ceilings(folder):
    rows = []
    for judge, title in JUDGES:
        dice = np.random.default_rng(1)
        people = judged(folder, judge)
        draws = np.array([(split_half(some), simulated(some, dice), len(some))
                          for some in (seen(people, dice) for _ in range(400))])
        rows.append([title, f"{np.mean(draws[:, 2]):.0f}"]
                    + [f"{np.nanmean(x):.2f} ± {np.nanstd(x):.2f}" for x in draws.T[:2]])
    print("### Noise ceiling of the rank correlation (± one standard deviation)\n")
    table(["judge", "people", "split halves", "simulated"], rows)


def write(of, path):
    """Writes the data for scripts/intervals.gnuplot."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter="\t")
        out.writerow(["panel", "row", "series", "mean", "low", "high"])
        for judge, title in JUDGES:
            for arm in of.arm:
                for kept in of.filter:
                    values = of.values("label_agreement", arm, kept, judge)
                    out.writerow([title, arm, kept, values[0], *of.interval(values)])


def main(path, folder, to):
    of = Annotators(path)
    kept = of.filter
    for judge, title in JUDGES:
        print(f"### Agreement of kept labels with {title}, by share of labels\n")
        table(["estimator"] + kept, [
            [arm] + [of.cell(of.values("label_agreement", arm, name, judge))
                     for name in kept] for arm in of.arm])
    gains(of)
    print("### Agreement of kept labels with most other people\n")
    table(["estimator"] + kept, [
        [arm] + [of.cell(of.values("label_consensus", arm, name)) for name in kept]
        for arm in of.arm])
    print("### How well η̂ ranks people and the estimator predicts held-out labels\n")
    table(["estimator", "Spearman, GPT-4", "Spearman, GPT-3.5", "held-out log-loss, nat"], [
        [arm] + [of.cell(of.values("spearman_judge", arm, judge=judge))
                 for judge in ("gpt4", "gpt3")]
        + [of.cell(of.values("held_out_log_loss", arm))] for arm in of.arm])
    differences(of)
    ceilings(folder)
    predictions(of)
    starts(of)
    write(of, to)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
