#!/usr/bin/env python3
"""Makes the logs of scripts/ranks.lua, or prints the table of docs/experiments/ranks.md.

    python3 scripts/ranks.py make results/ranks
    python3 scripts/ranks.py show results/ranks.h5 [-o results/ranks.tsv]

Six models of known strength; 201 users, 30 annotations each. Two thirds of the users
attend to nine pairs in ten. The others click at random (random, uneven) or always click
left. Pairs are drawn evenly, except in "uneven": there, the users who attend rarely see
the best model, and those who click at random mostly do.
"""
import pathlib
import sys

import h5py
import numpy as np

KINDS = ("random", "left", "uneven")
LOGS, USERS, EACH = 20, 201, 30
STRENGTH = np.array([1.2, 0.8, 0.4, -0.2, -0.8, -1.4])
LEVEL = 0.95


def make(folder, kind, number):
    dice = np.random.default_rng([20261203, KINDS.index(kind), number])
    models = len(STRENGTH)
    with open(folder / f"{kind}-{number}.csv", "w") as out:
        print("user,pair,choice,a,b", file=out)
        for j in range(USERS):
            careless = j % 3 == 0
            for i in range(EACH):
                a, b = dice.choice(models, 2, replace=False)
                if kind == "uneven":
                    best = dice.random() < (0.9 if careless else 0.1)
                    a, b = dice.choice(np.arange(1, models), 2, replace=False)
                    if best:
                        a, b = dice.permutation([0, a])
                chance = 1 / (1 + np.exp(STRENGTH[b] - STRENGTH[a]))
                attends = not careless and dice.random() < 0.9
                left = dice.random() < (chance if attends else 0.5)
                if careless and kind == "left":
                    left = True
                # The first model is on the left.
                print(f"u{j},{j}.{i},{'A' if left else 'B'},m{a},m{b}", file=out)


def intervals(columns):
    """Max-t intervals of columns, (1 + replicates) x columns; as in
    runner/verdict/leaderboard.c."""
    value, drawn = columns[0], columns[1:]
    sd, bias = drawn.std(axis=0, ddof=1), drawn.mean(axis=0) - value
    c = np.quantile((abs(drawn - drawn.mean(axis=0)) / sd).max(axis=1), LEVEL)
    return value - c * sd - np.maximum(bias, 0), value + c * sd - np.minimum(bias, 0)


def judge(values, truth):
    """values: (1 + replicates) x models. Whether all intervals cover, the order is right,
    the first is right, all ranges of ranks cover; mean width; models that may be best."""
    values = values - values.mean(axis=1, keepdims=True)
    truth = truth - truth.mean()
    low, high = intervals(values)
    pairs = [(a, b) for a in range(len(truth)) for b in range(a)]
    least, most = intervals(np.array([values[:, a] - values[:, b] for a, b in pairs]).T)
    best, worst = np.ones(len(truth), int), np.full(len(truth), len(truth))
    for (a, b), lo, hi in zip(pairs, least, most):
        if lo > 0:
            best[b] += 1
            worst[a] -= 1
        if hi < 0:
            best[a] += 1
            worst[b] -= 1
    rank = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    return (np.all((low <= truth) & (truth <= high)),
            np.array_equal(np.argsort(-values[0]), np.argsort(-truth)),
            np.argmax(values[0]) == np.argmax(truth),
            np.all((best <= rank) & (rank <= worst)),
            np.mean(high - low), np.sum(best == 1))


def show(path, output):
    with h5py.File(path) as f:
        labels = [x.decode() for x in f["log"][()]]
        group = f["models"]
        log, names = group["log_index"][()], group["name"][()]
        found = {}
        for i, label in enumerate(labels):
            rows = np.flatnonzero(log == i)
            models = np.array([int(n.decode()[1:]) for n in names[rows]])
            for way, column in (("raw", "raw"), ("inattention taken out", "strength")):
                values = group[column][rows].reshape(-1, len(STRENGTH))
                truth = STRENGTH[models[: len(STRENGTH)]]
                found.setdefault((label.split()[0], way), []).append(judge(values, truth))
    print("| clicks of a third | leaderboard | logs | all intervals cover, % | order right, % "
          "| first right, % | ranges of ranks cover, % | mean width | models that may be best |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    lines = []
    for (kind, way), logs in found.items():
        mean = np.mean(np.array(logs, float), axis=0)
        print(f"| {kind} | {way} | {len(logs)} | " + " | ".join(f"{100 * x:.0f}" for x in mean[:4])
              + f" | {mean[4]:.2f} | {mean[5]:.1f} |")
        lines.append([kind, way, len(logs), *mean])
    if output:
        with open(output, "w") as target:
            target.write("kind\tway\tlogs\tcover\torder\tfirst\tranks\twidth\tbest\n")
            for line in lines:
                target.write("\t".join(str(x) for x in line) + "\n")


def main(arguments):
    output = None
    if "-o" in arguments:
        at = arguments.index("-o")
        output = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    if arguments[0] == "make":
        folder = pathlib.Path(arguments[1])
        folder.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            for number in range(LOGS):
                make(folder, kind, number)
    else:
        show(arguments[1], output)


main(sys.argv[1:])
