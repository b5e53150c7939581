"""Paired comparisons within replicates, from heed's result files.

Cells of one replicate share world, users and annotations as far as their axes
allow, so arms are compared replicate by replicate. Intervals are 95 %, by
Student's t over replicates. A value that averages over conditions first averages
within each replicate.
"""
import csv

import h5py
import numpy as np
from scipy.stats import t as student


class Cube:
    """The metrics of a result file with their axes in the requested order and the
    replicate last."""

    def __init__(self, path, *axes):
        self.file = h5py.File(path, "r")
        self.axes = [*axes, "replicate"]

    def labels(self, axis):
        values = self.file[axis][()]
        return [x.decode() if isinstance(x, bytes) else float(x) for x in values]

    def of(self, metric, **at):
        """A metric; at: the value to take of each further dimension."""
        dataset = self.file[metric]
        order = [d[0].name.strip("/") for d in dataset.dims]
        values = dataset[()]
        for name, wanted in at.items():
            index = int(np.argmin(np.abs(self.file[name][()] - wanted)))
            values = np.take(values, index, axis=order.index(name))
            order.remove(name)
        return np.transpose(values, [order.index(axis) for axis in self.axes])


class Arms(Cube):
    """A result with an axis `arm` after the given axes: its policies, raw and
    at matched KL. Arms named `KIND …` and `all` are the thresholds of a kind."""

    def __init__(self, path, *axes, kl):
        super().__init__(path, *axes, "arm")
        self.arm = self.labels("arm")
        self.raw = self.of("win_rate")
        self.matched = self.of("win_rate_at_kl", kl=kl)
        self.loss = self.of("policy_log_loss")
        self.error = -self.of("policy_accuracy")

    def one(self, values, name):
        return values[..., self.arm.index(name), :]

    def thresholds(self, kind):
        names = [a for a in self.arm if a.startswith(kind + " ")] + ["all"]
        return [self.arm.index(a) for a in names]

    def best(self, values, kind):
        """The threshold with the best mean of each condition."""
        some = values[..., self.thresholds(kind), :]
        index = np.nanmean(some, axis=-1).argmax(axis=-1)
        return np.take_along_axis(some, index[..., None, None], axis=-2)[..., 0, :]

    def chosen(self, values, kind, criterion):
        """The threshold with the smallest criterion of each replicate."""
        which = self.thresholds(kind)
        index = criterion[..., which, :].argmin(axis=-2)
        some = values[..., which, :]
        return np.take_along_axis(some, index[..., None, :], axis=-2)[..., 0, :]


def interval(differences, comparisons=1):
    """Mean and half-width over replicates. comparisons: how many intervals are to hold
    at the same time with 95 % (Bonferroni)."""
    x = np.ravel(differences)
    x = x[np.isfinite(x)]
    if len(x) < 2:
        return np.nan, np.nan
    half = student.ppf(1 - 0.025 / comparisons, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x))
    return x.mean(), half


def overall(differences):
    """The same of the mean over conditions; the last axis is the replicate."""
    return interval(np.nanmean(differences.reshape(-1, differences.shape[-1]), axis=0))


def verdicts(differences):
    """As text: the number of conditions whose interval lies above 0 and the number below
    0; in parentheses the same of simultaneous intervals; and the number of all."""
    rows = differences.reshape(-1, differences.shape[-1])
    n = sum(np.isfinite(interval(row)[0]) for row in rows)
    counts = []
    for comparisons in (1, max(n, 1)):
        pairs = [interval(row, comparisons) for row in rows]
        above = sum(m - h > 0 for m, h in pairs)
        below = sum(m + h < 0 for m, h in pairs)
        counts.append(f"{above} / {below}")
    return f"{counts[0]} ({counts[1]}) of {n}"


def difference(pair):
    """A difference and its half-width as text."""
    mean, half = pair
    return f"{mean:+.4f} ± {half:.4f}" if np.isfinite(mean) else "–"


def level(pair, digits=3):
    """A mean and its half-width as text."""
    mean, half = pair
    return f"{mean:.{digits}f} ± {half:.{digits}f}" if np.isfinite(mean) else "–"


def table(head, rows):
    """Prints a table in Markdown."""
    print("| " + " | ".join(head) + " |")
    print("| " + " | ".join(["---"] * len(head)) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def write_intervals(path, rows):
    """Writes the data for scripts/intervals.gnuplot. A row has a panel, a row and a
    series as text, and a mean and its half-width."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None)
        out.writerow(["panel", "row", "series", "mean", "low", "high"])
        for panel, row, series, (mean, half) in rows:
            if np.isfinite(mean):
                out.writerow([panel, row, series, mean, mean - half, mean + half])
