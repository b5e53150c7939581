#!/usr/bin/env python3
"""Prints the tables of docs/experiments/calibration.md from the result of
scripts/calibration.lua.

    python3 scripts/calibration.py results/calibration.h5 [calibration.tsv]

The test was fixed before the sweep ran. The ranks of a case at a gap, one per
replicate, are counted in BINS equal bins. Pearson's chi^2 against equal counts is
compared with the quantile of chi^2 with BINS - 1 degrees of freedom at LEVEL
divided by the number of tests (Bonferroni). The test applies to `bayes` under the
hyperprior of the users, for both families at each gap. For all other cases the same
statistic is a distance. The tables also give the largest distance of the ranks'
empirical distribution from the diagonal, whose 95 % quantile under uniformity is
Kolmogorov's.

The second argument names the output for scripts/calibration.gnuplot: the empirical
distribution minus the diagonal.
"""
import csv
import sys

import numpy as np
from scipy.stats import chi2, kstwo, norm

from paired import Cube, table

BINS = 10
LEVEL = 0.05
TESTED = "bayes"
POWER = 0.8
FAMILIES = ("Beta", "two-point")
CURVE = np.linspace(0, 1, 201)


class Ranks:
    def __init__(self, path):
        cube = Cube(path, "case", "gap")
        self.case, self.gap = cube.labels("case"), cube.labels("gap")
        self.values = cube.of("eta_rank")
        self.count = np.isfinite(self.values).sum(axis=-1).min()  # some may have failed
        tests = len(FAMILIES) * len(self.gap)
        self.critical = chi2.ppf(1 - LEVEL / tests, BINS - 1)
        self.band = kstwo.ppf(1 - LEVEL, self.count)

    def of(self, family, how):
        """For each gap, the ranks of the cells that did not fail."""
        values = self.values[self.case.index(f"{family}: {how}")]
        return [ranks[np.isfinite(ranks)] for ranks in values]

    def ways(self):
        """The estimators of a family; the list is the same for both families."""
        return [name.split(": ", 1)[1] for name in self.case
                if name.startswith(FAMILIES[0] + ":")]


def pearson(ranks):
    """Chi^2 against equal counts; the last axis is the replicate."""
    bins = np.minimum((ranks * BINS).astype(int), BINS - 1)
    expected = ranks.shape[-1] / BINS
    counts = np.stack([(bins == b).sum(axis=-1) for b in range(BINS)])
    return ((counts - expected) ** 2 / expected).sum(axis=0)


def above_diagonal(ranks):
    """Empirical distribution minus diagonal, along CURVE."""
    return (ranks[:, None] <= CURVE).mean(axis=0) - CURVE


def distance(ranks):
    """Kolmogorov's largest distance from the diagonal."""
    n = len(ranks)
    ordered = np.sort(ranks)
    return max((np.arange(1, n + 1) / n - ordered).max(),
               (ordered - np.arange(n) / n).max())


def middle(ranks):
    """Share in the central 90 %: the coverage of that interval."""
    return ((0.05 <= ranks) & (ranks <= 0.95)).mean()


def departure_seen(of, bend, grid):
    """The smallest departure on the grid that the test detects with POWER. bend turns
    normal deviates into those of a posterior that is off by a given size."""
    z = np.random.default_rng(1).standard_normal((2000, of.count))
    for size in grid:
        if (pearson(norm.cdf(bend(z, size))) > of.critical).mean() >= POWER:
            return size
    return np.nan


def show_test(of):
    print(f"{of.count} ranks per case and gap. χ² over {BINS} bins rejects above "
          f"{of.critical:.1f}; 95 % of uniform ranks\nstay within {of.band:.3f} of the "
          "diagonal.\n")
    shift = departure_seen(of, lambda z, s: z + s, np.arange(0.05, 1, 0.01))
    wide = departure_seen(of, lambda z, s: z / s, np.arange(1.05, 4, 0.01))
    narrow = departure_seen(of, lambda z, s: z * s, np.arange(1.05, 4, 0.01))
    print(f"Detectable with a power of {100 * POWER:.0f} %: a mean that is off by "
          f"{shift:.2f} posterior standard\ndeviations; a posterior {narrow:.2f} times "
          f"too narrow, or {wide:.2f} times too wide.\n")


def show(of, title, digits, statistic):
    print(f"### {title}\n")
    rows = []
    for how in of.ways():
        row = [how]
        for family in FAMILIES:
            row += [f"{statistic(ranks):.{digits}f}" for ranks in of.of(family, how)]
        rows.append(row)
    table(["estimator"] + [f"{family}, μ = {g:g}" for family in FAMILIES for g in of.gap],
          rows)


def verdict(of):
    print("### The planned test\n")
    rows = []
    for family in FAMILIES:
        for g, ranks in zip(of.gap, of.of(family, TESTED)):
            found = pearson(ranks)
            rows.append([family, f"{g:g}", f"{found:.1f}",
                         f"{chi2.sf(found, BINS - 1):.3f}",
                         "rejected" if found > of.critical else "uniform"])
    table(["P_η", "μ", "χ²", "p", f"at {of.critical:.1f}"], rows)


def write_tsv(of, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter="\t")
        out.writerow(["family", "gap", "how", "rank", "above", "band"])
        for family in FAMILIES:
            for how in of.ways():
                for gap, ranks in zip(of.gap, of.of(family, how)):
                    for rank, above in zip(CURVE, above_diagonal(ranks)):
                        out.writerow([family, gap, how, f"{rank:.3f}", f"{above:.4f}",
                                      f"{of.band:.4f}"])


def main(path, tsv_path=None):
    of = Ranks(path)
    show_test(of)
    verdict(of)
    show(of, f"χ² over {BINS} bins", 1, pearson)
    show(of, "Largest distance from the diagonal", 3, distance)
    show(of, "Share of true η in the central 90 % interval of its posterior", 3, middle)
    show(of, "Mean rank (below 0.5: η is lower than the posterior says)", 3, np.mean)
    if tsv_path is not None:
        write_tsv(of, tsv_path)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
