#!/usr/bin/env python3
"""Prints the tables of docs/experiments/trust.md.

    python3 scripts/trust.py results/trust-*.h5 [-o results/trust.tsv]

A corner is a law of eta, a strength, a number of users and of annotations each. Of
each estimator: in how many logs it says that the annotations identify attentiveness,
how many of its central 90 % intervals cover eta, and how wide they are beside the
oracle's, which knows P_eta and the strengths. Coverage and width are over the logs that
it calls identified. "Oracle tells" is the part of the spread of eta that the oracle's
root mean square error takes away: it separates users from .1 on. A corner is identified
if half of its logs are. The tsv is for scripts/trust.gnuplot.
"""
import sys

import numpy as np

from paired import Cube

WAYS = ("default", "default before", "em", "em before", "bayes")
SPREAD = {"Beta(2, 2)": 0.2236, "two points": 0.4, "alike": 0.0323}


def read(path):
    """Yields corner, way, and arrays over logs of it and of the oracle."""
    cube = Cube(path, "case", "strength", "user_count", "annotations")
    names = ("estimator_identified", "coverage", "interval_width", "eta_rmse")
    values = {name: cube.of(name) for name in names}
    cases = cube.labels("case")
    for c, case in enumerate(cases):
        law, way = case.rsplit(": ", 1)
        if way == "oracle":
            continue
        oracle = cases.index(law + ": oracle")
        for s, strength in enumerate(cube.labels("strength")):
            for u, users in enumerate(cube.labels("user_count")):
                for n, each in enumerate(cube.labels("annotations")):
                    at = (s, u, n)
                    found = {k: v[(c, *at)] for k, v in values.items()}
                    best = {k: v[(oracle, *at)] for k, v in values.items()}
                    yield (law, strength, int(users), int(each)), way, found, best


def summarise(corner, found, oracle):
    """identified, coverage and width ratio where identified, coverage of all logs,
    and whether the oracle separates users."""
    said = found["estimator_identified"] > 0.5
    cover = found["coverage"]
    with np.errstate(divide="ignore"):
        ratio = found["interval_width"] / oracle["interval_width"]
    told = 1 - np.sqrt(np.mean(oracle["eta_rmse"] ** 2)) / SPREAD[corner[0]]
    return {
        "logs": len(said),
        "identified": np.mean(said),
        "coverage": np.mean(cover[said]) if said.any() else np.nan,
        "ratio": np.mean(ratio[said]) if said.any() else np.nan,
        "all": np.mean(cover),
        "width": np.mean(found["interval_width"]),
        "oracle": np.mean(oracle["interval_width"]),
        "told": told,
    }


def summary(rows):
    """One line for each law and way."""
    print("| law | estimator | corners identified | coverage .85 to .95 "
          "| coverage below | coverage above | over 1.3 times as wide | not identified, oracle separates "
          "| coin tosses identified | coverage, all corners |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for law in SPREAD:
        for way in WAYS:
            some = {c: r for (c, w), r in rows.items() if (c[0], w) == (law, way)}
            if not some:
                continue
            real = [r for c, r in some.items() if c[1] > 0]
            tossed = [r for c, r in some.items() if c[1] == 0]
            said = [r for r in real if r["identified"] >= 0.5]
            cover = np.round([r["coverage"] for r in said], 2)
            missed = [r for r in real if r["identified"] < 0.5 and r["told"] >= 0.1]
            logs = sum(r["logs"] for r in tossed)
            false = sum(r["identified"] * r["logs"] for r in tossed)
            every = np.array([r["all"] for r in some.values()])
            print(f"| {law} | {way} | {len(said)} of {len(real)} "
                  f"| {np.sum((cover >= 0.85) & (cover <= 0.95))} "
                  f"| {np.sum(cover < 0.85)} | {np.sum(cover > 0.95)} "
                  f"| {sum(r['ratio'] > 1.3 for r in said)} | {len(missed)} "
                  f"| {false:.0f} of {logs} "
                  f"| {every.min():.2f} to {every.max():.2f} |")


def text(value, digits=2):
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def main(arguments):
    output = None
    if "-o" in arguments:
        at = arguments.index("-o")
        output = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    rows = {}
    for path in arguments:
        for corner, way, found, oracle in read(path):
            rows[corner, way] = summarise(corner, found, oracle)
    summary(rows)
    for way in WAYS:
        print(f"\n{way}\n")
        print("| law | strength | users | each | logs | identified | coverage "
              "| width / oracle's | coverage, all logs | oracle tells |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for (corner, other), row in sorted(rows.items()):
            if other != way:
                continue
            law, strength, users, each = corner
            print(f"| {law} | {strength:g} | {users} | {each} | {row['logs']} "
                  f"| {text(row['identified'])} | {text(row['coverage'])} "
                  f"| {text(row['ratio'])} | {text(row['all'])} "
                  f"| {text(row['told'])} |")
    if output:
        with open(output, "w") as target:
            for (corner, way), row in sorted(rows.items(), key=lambda r: r[0][::-1]):
                cells = [*corner, way, *(row[k] for k in row)]
                target.write("\t".join(str(cell) for cell in cells) + "\n")


main(sys.argv[1:])
