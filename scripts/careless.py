#!/usr/bin/env python3
"""Prints the tables of docs/experiments/careless.md.

    python3 scripts/careless.py results/careless.h5 [-o results/careless.tsv]
    python3 scripts/careless.py results/careless_models.h5

Applies the rule of `heed users --alpha` to the kept posteriors: a user is careless if eta
is below the threshold; the largest set of users is called whose mean posterior
probability of attending is at most alpha, nobody if the fit is not identified. Where the
scale of eta is uncertain, the threshold for calls is lower. A corner is a law of eta, a gap and a number of
annotations. Of each estimator: the share of false calls, averaged over logs (a log
without a call has none), and the users who are rightly called, relative to those of the
oracle, which knows P_eta and the gap. A corner is above alpha if its 95 % interval is; in
parentheses, if the intervals of all corners hold at once. The last columns are over
corners in which the oracle calls ten users or more.
"""
import sys

import h5py
import numpy as np

from paired import Cube, interval

THRESHOLD = 0.5
ALPHAS = (0.05, 0.1, 0.2)


def call(wrong, alpha):
    """The rule of runner/verdict/careless.c."""
    order = np.argsort(wrong, kind="stable")
    order = order[wrong[order] < 0.5]
    value = wrong[order]
    if len(value) == 0:
        return np.zeros(len(wrong), bool)
    mean = np.cumsum(value) / np.arange(1, len(value) + 1)
    last = np.append(value[1:] != value[:-1], True)  # of users who are equally sure
    fine = np.flatnonzero(last & (mean <= alpha))
    called = np.zeros(len(wrong), bool)
    if len(fine):
        called[order[: fine[-1] + 1]] = True
    return called


def below(nodes, mass, threshold):
    """P(eta < threshold) of each row of mass."""
    low, high = nodes["low"], nodes["high"]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((threshold - low) / (high - low), 0, 1)
    part = np.where(high > low, part, low < threshold)
    return mass @ part / mass.sum(axis=1)


class Tables:
    """The kept tables of a result, by cell."""

    def __init__(self, file):
        self.file = file
        self.where = {}
        for name in ("users", "eta_nodes", "eta_posterior"):
            cell = file[name]["cell"][()]
            first = np.flatnonzero(np.append(True, cell[1:] != cell[:-1]))
            end = np.append(first[1:], len(cell))
            self.where[name] = {cell[f]: slice(f, e) for f, e in zip(first, end)}

    def read(self, name, cell, *columns):
        rows = self.where[name][cell]
        return {c: self.file[name][c][rows] for c in columns}

    def mass(self, cell, width):
        group, rows = self.file["eta_posterior"], self.where["eta_posterior"][cell]
        for name in group:
            if name.startswith("mass") and not name.endswith("component"):
                if group[name].shape[1:] == (width,) and rows.start < len(group[name]):
                    values = group[name][rows]
                    if len(values) and np.isfinite(values).all():
                        return values
        raise KeyError(f"no masses of cell {cell}")

    def users(self, cell, error):
        """eta and P(careless) of each user, and P(eta < the threshold for calls). error:
        the standard error of the mean of eta, relative to it."""
        nodes = self.read("eta_nodes", cell, "low", "high")
        users = self.read("users", cell, "posterior", "eta")
        mass = self.mass(cell, len(nodes["low"])).astype(float)
        row = users["posterior"]
        return (users["eta"].reshape(-1), below(nodes, mass, THRESHOLD)[row],
                below(nodes, mass, THRESHOLD / (1 + error))[row])


def measure(path):
    """(law, way, gap, annotations) -> false shares and right calls, [alpha, log]; and
    which logs are called identified."""
    cube = Cube(path, "case", "gap", "annotations")
    identified = cube.of("estimator_identified")
    error = np.zeros_like(identified)
    if "estimator_level_error" in cube.file:
        error = np.nan_to_num(cube.of("estimator_level_error") / cube.of("eta_mean"))
    tables = Tables(cube.file)
    shape = cube.file["status"].shape
    names = [d[0].name.strip("/") for d in cube.file["status"].dims]
    found = {}
    for c, case in enumerate(cube.labels("case")):
        law, way = case.split(": ")
        for g, gap in enumerate(cube.labels("gap")):
            for n, each in enumerate(cube.labels("annotations")):
                logs = shape[names.index("replicate")]
                false = np.zeros((len(ALPHAS), logs))
                right = np.zeros((len(ALPHAS), logs))
                trusted = np.zeros((len(ALPHAS), logs))
                for r in range(logs):
                    at = {"case": c, "gap": g, "annotations": n, "replicate": r}
                    cell = np.ravel_multi_index([at[k] for k in names], shape)
                    eta, p, surely = tables.users(cell, error[c, g, n, r])
                    if identified[c, g, n, r] < 0.5 and way != "oracle":
                        continue  # nobody is called
                    for a, alpha in enumerate(ALPHAS):
                        called = call(1 - surely, alpha)
                        wrong = called & (eta >= THRESHOLD)
                        false[a, r] = wrong.sum() / max(called.sum(), 1)
                        right[a, r] = (called & ~wrong).sum()
                        called = call(p, alpha)
                        wrong = called & (eta < THRESHOLD)
                        trusted[a, r] = wrong.sum() / max(called.sum(), 1)
                found[law, way, gap, int(each)] = (false, right, trusted,
                                                   identified[c, g, n] > 0.5)
    return found


def percent(pair):
    mean, half = pair
    return f"{100 * mean:.1f} ± {100 * half:.1f}"


def main(arguments):
    output = None
    if "-o" in arguments:
        at = arguments.index("-o")
        output = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    found = measure(arguments[0])
    lines, above = [], {}
    ways = list(dict.fromkeys(way for _, way, _, _ in found))
    corners = len(found) // len(ways)
    for way in ways:
        print(f"\n{way}\n")
        print("| law | gap | annotations | identified | false calls at .05, % | at .1 "
              "| at .2 | rightly called at .1 | of the oracle's, % | falsely trusted at .1, % |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for (law, other, gap, each), (false, right, trusted, said) in found.items():
            if other != way:
                continue
            best = found[law, "oracle", gap, each][1]
            share = right[1].sum() / best[1].sum() if best[1].sum() > 0 else np.nan
            print(f"| {law} | {gap:g} | {each} | {said.mean():.2f} "
                  f"| {percent(interval(false[0]))} | {percent(interval(false[1]))} "
                  f"| {percent(interval(false[2]))} | {right[1].mean():.1f} "
                  f"| {'–' if np.isnan(share) else f'{100 * share:.0f}'} "
                  f"| {percent(interval(trusted[1]))} |")
            for a, alpha in enumerate(ALPHAS):
                mean, half = interval(false[a])
                for n in (1, corners):
                    low = mean - interval(false[a], n)[1]
                    above[way, alpha, n] = above.get((way, alpha, n), 0) + (low > alpha)
                power = right[a].sum() / best[a].sum() if best[a].sum() > 0 else np.nan
                lines.append([law, way, gap, each, alpha, mean, mean - half, mean + half,
                              power, right[a].mean(), best[a].mean(), said.mean()])
    print("\n| estimator | corners above alpha at .05, .1, .2 | right calls relative to the "
          "oracle's, % | corners below 80 % of the oracle's at .1 | worst corner |")
    print("| --- | --- | --- | --- | --- |")
    for way in ways:
        rows = [line for line in lines if line[1] == way]
        over = [f"{above[way, a, 1]} ({above[way, a, corners]})" for a in ALPHAS]
        power = [100 * sum(r[9] for r in rows if r[4] == a) /
                 sum(r[10] for r in rows if r[4] == a) for a in ALPHAS]
        able = [r for r in rows if r[4] == 0.1 and r[10] >= 10]
        worst = max(rows, key=lambda r: r[5] - r[4])
        print(f"| {way} | {', '.join(over)} of {corners} "
              f"| {', '.join(f'{p:.0f}' for p in power)} "
              f"| {sum(r[8] < 0.8 for r in able)} of {len(able)} "
              f"| {worst[0]}, {worst[2]:g}, {worst[3]} each: {worst[5]:.3f} at {worst[4]} |")
    if output:
        with open(output, "w", encoding="utf-8") as target:
            target.write("law\tway\tgap\teach\talpha\tmean\tlow\thigh\tpower\tright\t"
                         "oracle\tidentified\n")
            for line in lines:
                target.write("\t".join(str(cell) for cell in line) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
