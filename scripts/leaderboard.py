#!/usr/bin/env python3
"""Prints the tables of docs/experiments/leaderboard.md.

    /usr/bin/python3 scripts/leaderboard.py results/leaderboard.h5 results/gold.h5 \\
        [-o results/leaderboard.tsv]

Of each case: how often Y comes out above X, as it should; mean of the estimates; how
many 95 % intervals cover the truth, and their mean width. "votes" are the logs' shares
of votes for the challenger, with the usual interval of a share. The tsv is for
scripts/leaderboard.gnuplot.
"""
import csv
import os
import sys

import h5py
import numpy as np

from paired import Cube, table

TRUTH = {"X": 0.70, "Y": 0.76}
LOGS = os.path.join(os.path.dirname(__file__), "..", "results", "leaderboard")
NAMES = {
    "votes": "share of votes",
    "none": "no gold pairs",
    "one": "one gold pair a user",
    "two": "two",
    "four": "four",
    "few": "one, for one user in six",
    "wrong": "two, 1 in 10 answers wrong",
    "wrong, said": "the same, `gold_error = 0.116`",
    "recognised": "two, half recognised",
    "left": "two, casual users choose left",
    "one side": "the same, challenger always left",
    "one side, said": "the same, model `position_bias`",
    "together": "two, one fit of all models",
}


def strengths(file, index):
    """P(challenger beats the base) by the strengths of a cell."""
    models = file["models"]
    here = models["test_index"][()] == index
    if not here.any():
        return [np.nan] * len(TRUTH)
    names = models["name"].asstr()[()][here]
    strength = dict(zip(names, models["strength"][()][here]))
    return [1 / (1 + np.exp(strength["base"] - strength[c])) for c in TRUTH]


def fits(path):
    """case -> runs x challengers x (estimate, low, high, identified)."""
    file = h5py.File(path, "r")
    found = {}
    names = ("mu", "mu_low", "mu_high", "identified")
    values = [file["estimator_" + name][()].ravel() for name in names]
    for i, label in enumerate(file["test"].asstr()[()]):
        case, run, which = label.split(": ")
        if which == "both":
            rows = [(p, np.nan, np.nan, np.nan) for p in strengths(file, i)]
            found.setdefault(case, []).append(rows)
        elif which == "X":
            found.setdefault(case, []).append([[v[i] for v in values]])
        else:
            found[case][-1].append([v[i] for v in values])
    done = {case: np.array(rows) for case, rows in found.items()}
    return {case: x[np.isfinite(x[:, :, 0]).all(axis=1)] for case, x in done.items()}


def votes(runs):
    """The same from the logs of the case "two"."""
    rows = []
    for run in range(1, runs + 1):
        row = []
        for challenger in TRUTH:
            with open(os.path.join(LOGS, "two", f"{run}-{challenger}.csv")) as log:
                said = [r["winner"] == "A" for r in csv.DictReader(log) if not r["gold"]]
            share = np.mean(said)
            half = 1.96 * np.sqrt(share * (1 - share) / len(said))
            row.append((share, share - half, share + half, np.nan))
        rows.append(row)
    return np.array(rows)


def percent(values):
    return f"{100 * np.mean(values):.0f} %"


def leaderboard(path, output):
    found = fits(path)
    found["votes"] = votes(len(found["two"]))
    rows, lines = [], []
    for case, name in NAMES.items():
        x = found[case]
        if len(x) == 0:
            continue
        right = x[:, 1, 0] > x[:, 0, 0]
        row = [name, str(len(x)), percent(right)]
        for k, truth in enumerate(TRUTH.values()):
            covers = (x[:, k, 1] <= truth) & (truth <= x[:, k, 2])
            row.append(f"{x[:, k, 0].mean():.3f}")
            if case == "together":
                row += ["–", "–"]
                continue
            row.append(percent(covers))
            row.append(f"{np.mean(x[:, k, 2] - x[:, k, 1]):.3f}")
        said = x[:, :, 3]
        row.append("–" if np.isnan(said).all() else percent(said))
        rows.append(row)
        low, high = np.percentile(x[:, :, 0], [2.5, 97.5], axis=0)
        for k, challenger in enumerate(TRUTH):
            lines.append([len(rows), name.replace("`", ""), challenger,
                          x[:, k, 0].mean(), low[k], high[k], percent(right)])
    table(["the log has", "runs", "order right", "X: mean", "covered", "width",
           "Y: mean", "covered", "width", "identified"], rows)
    if output:
        with open(output, "w") as target:
            for line in lines:
                target.write("\t".join(str(cell) for cell in line) + "\n")


def gaps(path):
    cube = Cube(path, "world", "gold")
    names = ("mu", "mu_low", "mu_high", "gold_annotations", "gold_needed")
    mu, low, high, gold, needed = (cube.of("estimator_" + name) for name in names)
    rows = []
    for g, gap in enumerate(map(float, cube.labels("world"))):
        for s, _ in enumerate(cube.labels("gold")):
            covers = (low[g, s] <= gap) & (gap <= high[g, s])
            asks = needed[g, s]
            rows.append([f"{gap:.2f}", f"{gold[g, s, 0] / 500:.0f}",
                         f"{mu[g, s].mean():.3f}", f"{mu[g, s].std(ddof=1):.3f}",
                         f"{np.mean(high[g, s] - low[g, s]):.3f}", percent(covers),
                         "–" if np.isnan(asks).mean() > 0.5
                         else f"{np.nanmedian(asks):.0f}"])
    table(["μ", "gold pairs a user", "mean of μ̂", "sd", "mean width", "covered",
           "further gold annotations for a width of .045 (median)"], rows)


def main(arguments):
    output = None
    if "-o" in arguments:
        at = arguments.index("-o")
        output = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    leaderboard(arguments[0], output)
    gaps(arguments[1])


main(sys.argv[1:])
