#!/usr/bin/env python3
"""Prints the table of docs/experiments/claim.md on other settings, from the result of
scripts/independent.lua.

    python3 scripts/independent.py results/independent.h5

Gains at KL = 1 over the threshold that is best with hindsight, paired within replicates.
"""
import sys

from paired import Arms, difference, interval, table

KL = 1.0  # at which win rates are matched


def main(path):
    of = Arms(path, "world", "setting", kl=KL)
    worlds, settings = of.labels("world"), of.labels("setting")
    best = of.best(of.matched, "users")
    print(f"{of.raw.shape[-1]} replicates.\n")
    for name in ("joint", "noise_aware"):
        print(f"### `{name}` against the best threshold at KL = {KL:g}\n")
        gain = of.one(of.matched, name) - best
        table(["setting"] + worlds, [
            [setting] + [difference(interval(gain[w, s])) for w in range(len(worlds))]
            for s, setting in enumerate(settings)])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
