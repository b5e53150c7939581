#!/usr/bin/env python3
"""Prints root mean square errors of directly maximised likelihoods, to check the
table of docs/experiments/recovery.md. It uses no code of heed.

    python3 scripts/recovery_direct.py GAP USERS ANNOTATIONS REPLICATES
"""
import sys

import numpy as np
from scipy.optimize import minimize
from scipy.stats import binom

STARTS = ((0.1, 0.9, 0.5), (0.3, 0.7, 0.5), (0.05, 0.6, 0.7), (0.4, 0.95, 0.3),
          (0.45, 0.999, 0.01), (0.001, 0.55, 0.98), (0.48, 0.95, 0.05), (0.05, 0.52, 0.95))


def fit(histogram, annotations, gap):
    chosen = np.arange(annotations + 1)

    def cost(x):
        low, high = (binom.pmf(chosen, annotations, 0.5 + eta * (gap - 0.5)) for eta in x[:2])
        return -histogram @ np.log(np.maximum((1 - x[2]) * low + x[2] * high, 1e-300))

    best = min((minimize(cost, start, method="L-BFGS-B",
                         bounds=[(0, 1), (0, 1), (1e-9, 1 - 1e-9)],
                         options={"ftol": 1e-13, "gtol": 1e-9}) for start in STARTS),
               key=lambda found: found.fun)
    low, high, share = best.x
    return (low, high, share) if low <= high else (high, low, 1 - share)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    gap, users, annotations, replicates = float(sys.argv[1]), *map(int, sys.argv[2:])
    dice = np.random.default_rng(5)
    squares = []
    for _ in range(replicates):
        eta = np.where(dice.random(users) < 0.5, 0.1, 0.9)
        chosen = dice.binomial(annotations, 0.5 + eta * (gap - 0.5))
        found = fit(np.bincount(chosen, minlength=annotations + 1), annotations, gap)
        squares.append((np.array(found) - (0.1, 0.9, 0.5)) ** 2)
    root = np.sqrt(np.mean(squares, axis=0))
    half = 1.96 * np.std(squares, axis=0) / np.sqrt(replicates) / (2 * root)
    for name, value, width in zip(("low", "high", "share"), root, half):
        print(f"{name:5} {value:.4f} ± {width:.4f}")


main()
