#!/usr/bin/env python3
"""Prints the table of docs/experiments/covariate.md by correlation, from the result of
scripts/correlation.lua.

    python3 scripts/correlation.py results/correlation.h5

Gains over all labels at KL = 1, paired within replicates.
"""
import sys

from paired import Cube, difference, interval, level, table

KL = 1.0  # at which win rates are matched


def main(path):
    cube = Cube(path, "slope", "arm", "correlation")
    slopes, arms, correlations = map(cube.labels, ("slope", "arm", "correlation"))
    values = cube.of("win_rate_at_kl", kl=KL)
    print(f"{values.shape[-1]} replicates.\n")
    for i, slope in enumerate(slopes):
        print(f"### Slope {slope:g}, at KL = {KL:g}\n")
        rows = [["win rate of all labels"] + [level(interval(v)) for v in values[i, 0]]]
        rows += [[arm] + [difference(interval(v)) for v in values[i, a] - values[i, 0]]
                 for a, arm in enumerate(arms) if a > 0]
        table(["gain over all labels"] + [f"correlation {c:g}" for c in correlations],
              rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
