#!/usr/bin/env python3
"""Prints the tables of docs/experiments/figure6.md by number of features, from the
result of scripts/features.lua.

    python3 scripts/features.py results/features.h5

Gains are relative to keeping all, paired within replicates.
"""
import sys

from paired import Cube, difference, interval, level, table

KL = 1.0  # at which win rates are matched


def main(path):
    cube = Cube(path, "eta", "gap", "features", "share")
    eta, gap, features, share = map(cube.labels, ("eta", "gap", "features", "share"))
    kinds = {"raw": cube.of("win_rate"),
             f"at KL = {KL:g}": cube.of("win_rate_at_kl", kl=KL)}
    print(f"{kinds['raw'].shape[-1]} replicates.\n")
    for kind, values in kinds.items():
        print(f"### Gain over all by share of users, {kind}\n")
        rows = []
        for e, shape in enumerate(eta):
            for g, mu in enumerate(gap):
                for f, count in enumerate(features):
                    some = values[e, g, f]
                    best = int(some.mean(axis=-1)[:-1].argmax())
                    rows.append(
                        [shape, f"{mu:g}", f"{count:g}", level(interval(some[-1])),
                         f"{100 * share[best]:.0f} %"] +
                        [difference(interval(some[i] - some[-1])) for i in (0, 1, 4, 8)])
        table(["P_η", "μ", "features", "all", "best share", "10 %", "20 %", "50 %", "90 %"],
              rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
