#!/usr/bin/env python3
"""Checks whether a rerun of an experiment agrees with its committed result.

    python3 scripts/verify_results.py REFERENCE.h5 RERUN.h5

The rerun has another seed and fewer replicates. Welch's t test compares each mean
over replicates with the committed mean. The smallest p-value of m comparisons must not
be below 0.001 / m (Bonferroni). A metric that does not vary
over replicates must be equal to 1e-6.
"""
import sys

import h5py
import numpy as np
from scipy.stats import t as student

LEVEL = 0.001


def metrics_of(file):
    """Every dataset over replicates, with the replicate first."""
    for name, item in file.items():
        if not isinstance(item, h5py.Dataset) or name == "status":
            continue
        axes = [d[0].name.strip("/") for d in item.dims if len(d) > 0]
        if "replicate" in axes and item.ndim > 1:
            yield name, np.moveaxis(item[()], axes.index("replicate"), 0)


def p_values(a, b):
    """Two-sided p-values, one per grid point; NaN if a side has too few replicates."""
    na, nb = (np.isfinite(x).sum(axis=0) for x in (a, b))
    with np.errstate(all="ignore"):
        va, vb = np.nanvar(a, axis=0, ddof=1) / na, np.nanvar(b, axis=0, ddof=1) / nb
        gap = np.nanmean(a, axis=0) - np.nanmean(b, axis=0)
        freedom = (va + vb) ** 2 / (va ** 2 / (na - 1) + vb ** 2 / (nb - 1))
        p = 2 * student.sf(np.abs(gap) / np.sqrt(va + vb), freedom)
        size = 1e-6 * np.maximum(1, np.abs(np.nanmean(a, axis=0)))
    p = np.where(va + vb > size ** 2, p, np.where(np.abs(gap) <= size, 1.0, 0.0))
    return np.where((na >= 2) & (nb >= 2), p, np.nan)


def main(reference, rerun):
    with h5py.File(reference, "r") as old, h5py.File(rerun, "r") as new:
        found = {}
        fresh = dict(metrics_of(new))
        for name, values in metrics_of(old):
            if name not in fresh:
                sys.exit(f"{rerun} has no metric {name}")
            if fresh[name].shape[1:] != values.shape[1:]:
                sys.exit(f"{name}: the grid is {fresh[name].shape[1:]}, "
                         f"in {reference} {values.shape[1:]}")
            found[name] = p_values(values, fresh[name])
    total = sum(np.isfinite(p).sum() for p in found.values())
    if total == 0:
        sys.exit(f"{reference}: nothing to compare")
    failed = False
    for name, p in found.items():
        if not np.isfinite(p).any():
            continue
        least = np.nanmin(p)
        bad = least < LEVEL / total
        failed |= bad
        print(f"  {name:28} {np.isfinite(p).sum():5} means, smallest p {least:.2g}"
              + (f" at {np.unravel_index(np.nanargmin(p), p.shape)}: DIFFERS" if bad else ""))
    print(f"  {total} comparisons, each allowed p = {LEVEL / total:.1g}: "
          + ("DIFFERENT" if failed else "within sampling error"))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
