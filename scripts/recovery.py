#!/usr/bin/env python3
"""Prints the tables of docs/experiments/recovery.md.

    python3 scripts/recovery.py results/recovery.h5
    python3 scripts/recovery.py results/coverage.h5 [coverage.tsv]

Each value of scripts/recovery.lua has next to it the value of an independent
implementation (numpy, 200 replicates). Intervals are 95 %: by Student's t over
replicates for a mean, by the bootstrap over replicates for a root mean square. A `!`
marks a value if the two differ by more than sampling error: by more than twice the
standard error of a difference of two equally uncertain estimates, and by more than
the rounding of the printed value. By chance alone, about three of 55 values are
marked. The second argument names the output for scripts/intervals.gnuplot.
"""
import sys

import h5py
import numpy as np
from scipy.stats import t as student

from paired import write_intervals

TRUTH = {"prior_low": 0.1, "prior_high": 0.9, "prior_share": 0.5}
COLUMNS = ("low", "high", "share", "eta", "split", "boundary")
# gap -> users -> figures in the order of COLUMNS, as printed; None: not given
EXPECTED = {
    0.60: {
        500: (".155", ".146", ".141", ".38", ".62", ".82"),
        2000: (".072", ".068", ".084", ".35", ".72", None),
        5000: (".024", ".022", ".025", ".31", ".79", None),
    },
    0.74: {
        500: (".061", ".058", ".069", ".29", ".82", None),
        2000: (".013", ".011", ".014", ".19", ".92", None),
        5000: (".005", ".004", ".006", ".10", ".98", None),
    },
    0.98: {
        500: (".016", ".009", ".027", ".09", ".99", None),
        2000: (".004", ".002", ".011", ".01", "1.0", None),
        5000: (".002", ".001", ".007", ".00", "1.0", None),
    },
}


def root_mean_square(errors):
    """(value, half the width of its 95 % interval)."""
    errors = errors[np.isfinite(errors)]
    dice = np.random.default_rng(1)
    draws = dice.integers(0, len(errors), (2000, len(errors)))
    spread = np.sqrt(np.mean(errors[draws] ** 2, axis=1))
    low, high = np.quantile(spread, [0.025, 0.975])
    return np.sqrt(np.mean(errors**2)), (high - low) / 2


def mean(values):
    """(value, half the width of its 95 % interval)."""
    values = values[np.isfinite(values)]
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values), student.ppf(0.975, len(values) - 1) * error


def read(file, name):
    """A metric, (gap, users, alternatives..., replicates)."""
    names = [d[0].name.strip("/") for d in file[name].dims]
    first = [names.index("gap"), names.index("user_count")]
    others = [i for i in range(len(names)) if i not in first]
    return np.transpose(file[name][()], first + others)


def figure(name, cell):
    if name in ("low", "high", "share"):
        column = "prior_" + name
        return root_mean_square(cell[column] - TRUTH[column])
    if name == "eta":
        return root_mean_square(cell["eta_rmse"])
    if name == "split":
        return mean(cell["split_accuracy"])
    return mean(cell["estimator_boundary"])


def recovery(file):
    used = list(TRUTH) + ["eta_rmse", "split_accuracy", "estimator_boundary"]
    values = {name: read(file, name) for name in used}
    flagged = count = 0
    print("| gap | users x annotations | " + " | ".join(COLUMNS) + " |")
    print("| --- " * (len(COLUMNS) + 2) + "|")
    for g, gap in enumerate(file["gap"][()]):
        for u, users in enumerate(file["user_count"][()]):
            cell = {name: values[name][g, u] for name in used}
            texts = []
            for name, printed in zip(COLUMNS, EXPECTED[round(gap, 2)][users]):
                found, half = figure(name, cell)
                text = f"{found:.3f} ± {half:.3f}"
                if printed is not None:
                    rounding = 0.5 * 10.0 ** -len(printed.split(".")[1])
                    off = abs(found - float(printed)) > rounding + np.sqrt(2) * half
                    text += f" ({printed}{' !' if off else ''})"
                    flagged += off
                    count += 1
                texts.append(text)
            annotations = file["annotations"][u]
            print(f"| {gap:.2f} | {users:.0f} x {annotations:.0f} | "
                  + " | ".join(texts) + " |")
    print(f"\n{flagged} of {count} values differ by more than sampling error.")


def drawn(file, values, labels):
    for g, gap in enumerate(file["gap"][()]):
        for u, users in enumerate(file["user_count"][()]):
            for p, label in enumerate(labels):
                yield (f"μ = {gap:g}", f"{users:.0f} × {file['annotations'][u]:.0f}", label,
                       mean(values[g, u, p]))


def coverage(file, tsv_path):
    values = read(file, "coverage")
    labels = [x.decode() if isinstance(x, bytes) else x for x in file["prior"][()]]
    print("| gap | users x annotations | " + " | ".join(labels) + " |")
    print("| --- " * (len(labels) + 2) + "|")
    for g, gap in enumerate(file["gap"][()]):
        for u, users in enumerate(file["user_count"][()]):
            texts = ["{:.3f} ± {:.3f}".format(*mean(values[g, u, p]))
                     for p in range(len(labels))]
            print(f"| {gap:.2f} | {users:.0f} x {file['annotations'][u]:.0f} | "
                  + " | ".join(texts) + " |")
    known = np.mean(values[:, :, labels.index("known beta")], axis=-1)
    inside = np.all((known > 0.88) & (known < 0.92))
    print("\nKnown beta: the coverage of all cells is "
          + ("" if inside else "NOT ") + "within 88 to 92 %.")
    if tsv_path is not None:
        write_intervals(tsv_path, drawn(file, values, labels))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with h5py.File(sys.argv[1], "r") as file:
        if "prior" in file:
            coverage(file, sys.argv[2] if len(sys.argv) > 2 else None)
        else:
            recovery(file)


main()
