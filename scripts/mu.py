#!/usr/bin/env python3
"""Prints the tables of docs/experiments/mu.md from the result of scripts/mu.lua.

    python3 scripts/mu.py results/mu.h5 [mu.tsv]

± is the 95 % interval over replicates (scripts/paired.py). A profile is the
log-likelihood with an assumed μ and everything else fitted, relative to the best of
its replicate over all assumed or estimated μ. The second argument names the output
for scripts/mu.gnuplot.
"""
import csv
import sys

import numpy as np

from paired import Cube, interval, level, table

ESTIMATED = {"flat": "estimated, flat prior", "10 pairs": "estimated, 10 pairs",
             "100 pairs": "estimated, 100 pairs"}
MODE = {"10 pairs": 6.5 / 8, "100 pairs": 74 / 98}  # of the priors in the sweep
FROM = (0.55, 0.70, 0.74, 0.86)  # assumed μ from here to .98
FAMILIES = {"two_point": "two points", "beta": "Beta"}
FITTED = {"two_point": ("low", "high", "share"), "beta": ("alpha", "beta")}


class Fits:
    def __init__(self, path):
        self.cube = Cube(path, "user_count", "gap", "eta", "assumed")
        self.rows = self.cube.labels("assumed")
        self.assumed = [r for r in self.rows if r[0].isdigit()]
        self.users, self.gap, self.eta = map(
            self.cube.labels, ("user_count", "gap", "eta"))
        self.each = self.cube.labels("annotations")
        self.metrics = {}

    def of(self, metric, condition, row):
        """A metric by replicate; a condition is (users, gap, eta) by index."""
        if metric not in self.metrics:
            self.metrics[metric] = self.cube.of(metric)
        return self.metrics[metric][condition][self.rows.index(row)]

    def conditions(self, users=None):
        """Condition and its names."""
        for u in range(len(self.users)) if users is None else [users]:
            for e, eta in enumerate(self.eta):
                for g, gap in enumerate(self.gap):
                    yield (u, g, e), [self.size(u), FAMILIES[eta], f"{gap:g}"]

    def done(self):
        """The smallest and largest number of replicates of a condition."""
        values = self.cube.of("estimator_log_likelihood")
        counts = np.isfinite(values).sum(axis=-1)
        return counts.min(), counts.max()

    def size(self, u):
        return f"{self.users[u]:.0f} × {self.each[u]:.0f}"

    def profile(self, condition):
        """Log-likelihood relative to the best: (assumed, replicate)."""
        values = np.array([self.of("estimator_log_likelihood", condition, row)
                           for row in self.rows])
        below = values - np.nanmax(values, axis=0)
        return below[[self.rows.index(row) for row in self.assumed]]


    def interval_of_mu(self, condition, row):
        """Width of the reported interval, and whether it covers μ, by replicate."""
        low, high, truth = (self.of(metric, condition, row) for metric in (
            "estimator_mu_low", "estimator_mu_high", "source_mu"))
        done = np.isfinite(low)
        return low[done], high[done], ((low <= truth) & (truth <= high))[done]


HEAD = ["users × annotations", "P_η", "gap"]


def percent(flags):
    return f"{100 * np.nanmean(flags):.0f} %"


def mean(values, digits):
    """– if some replicate has no value: equal η̂ have no order."""
    if not np.isfinite(values).all():
        return "–"
    return f"{values.mean():.{digits}f}"


def fall_over(of, condition, low):
    """Range of the log-likelihood over the assumed μ from low up, by replicate."""
    some = of.profile(condition)[[float(a) >= low for a in of.assumed]]
    return np.ptp(some, axis=0)


def flatness(of):
    print("### Range of the log-likelihood over assumed μ, nat\n")
    rows = []
    for condition, names in of.conditions():
        falls = [fall_over(of, condition, low) for low in FROM]
        rows.append(names + [f"{np.nanmean(f):.3f} (at most {np.nanmax(f):.3f})"
                             for f in falls])
    table(HEAD + [f"{low:.2f}–0.98" for low in FROM], rows)


def intervals(of):
    print("### The 95 % likelihood interval of μ, and how often `em` reports it as identified\n")
    rows = []
    for condition, names in of.conditions():
        row = ESTIMATED["flat"]
        low, high, covers = of.interval_of_mu(condition, row)
        rows.append(names + [f"{low.mean():.3f}–{high.mean():.3f}",
                             level(interval(high - low)), percent(covers),
                             percent(of.of("estimator_identified", condition, row))])
    table(HEAD + ["interval", "width", "covers μ", "identified"], rows)


def estimates(of):
    print("### μ̂ by the prior on μ, and its distance from the mode of the prior\n")
    rows = []
    for condition, names in of.conditions():
        cells = []
        for name, row in ESTIMATED.items():
            found = of.of("estimator_mu", condition, row)
            cells.append(level(interval(found)))
            if name in MODE:
                cells[-1] += f" ({round(np.nanmean(found) - MODE[name], 3) + 0:+.3f})"
        rows.append(names + cells)
    table(HEAD + ["flat"] + [f"{name}, mode {MODE[name]:.3f}" for name in MODE], rows)


def prior_intervals(of):
    print("### Coverage and width of the reported interval, by the prior on μ\n")
    rows = []
    for condition, names in of.conditions():
        cells = []
        for row in ESTIMATED.values():
            low, high, covers = of.interval_of_mu(condition, row)
            cells.append(f"{percent(covers)}, {(high - low).mean():.3f}")
        rows.append(names + cells)
    table(HEAD + list(ESTIMATED), rows)


def by_assumed(of, users, title, metric, digits):
    print(f"### {title}, {of.size(users)}, by the μ assumed\n")
    columns = of.assumed + ["known"]
    rows = [names[1:] + [mean(of.of(metric, condition, row), digits) for row in columns]
            for condition, names in of.conditions(users)]
    table(HEAD[1:] + columns, rows)


def fitted(of, users):
    print(f"### The fitted P_η, {of.size(users)}, by the μ assumed\n")
    columns = of.assumed + ["known"]
    rows = []
    for condition, names in of.conditions(users):
        parameters = FITTED[of.eta[condition[2]]]
        cells = [", ".join(f"{np.nanmedian(of.of('prior_' + p, condition, row)):.3g}"
                           for p in parameters) for row in columns]
        rows.append([f"{names[1]} ({', '.join(parameters)})", names[2]] + cells)
    table(HEAD[1:] + columns, rows)


def write_tsv(of, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter="\t")
        out.writerow(["size", "eta", "gap", "assumed", "below"])
        for condition, names in of.conditions():
            for mu, below in zip(of.assumed, of.profile(condition)):
                out.writerow([*names, mu, f"{np.nanmean(below):.5f}"])


def main(path, tsv_path=None):
    of = Fits(path)
    least, most = of.done()
    print(f"{most} replicates.\n" if least == most else f"{least} to {most} replicates.\n")
    flatness(of)
    intervals(of)
    estimates(of)
    prior_intervals(of)
    for users in range(len(of.users)):
        by_assumed(of, users, "RMSE of η̂", "eta_rmse", 3)
        by_assumed(of, users, "Rank correlation of η̂ and η", "eta_spearman", 3)
        by_assumed(of, users, "Users on the right side of one half", "split_accuracy", 3)
        fitted(of, users)
    if tsv_path is not None:
        write_tsv(of, tsv_path)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
