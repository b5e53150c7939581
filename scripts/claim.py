#!/usr/bin/env python3
"""Prints the tables of docs/experiments/claim.md from the results of
scripts/claim.lua and scripts/beliefs.lua.

    python3 scripts/claim.py results/claim.h5 [claim.tsv]

Arms are compared pairwise within replicates (scripts/paired.py). Two
kinds of thresholds represent all thresholds: the one with the best mean over
replicates of its world, which nobody can choose in practice, and the one chosen on
held-out noisy labels in each replicate, by accuracy or by log-loss of the implied
reward. The second argument names the output for scripts/intervals.gnuplot.
"""
import sys

from paired import (Arms, difference, interval, overall, table, verdicts,
                    write_intervals)

KL = 1.0  # at which win rates are matched
HINDSIGHT = "threshold chosen with hindsight"
LOG_LOSS = "threshold chosen by log-loss"
ACCURACY = "threshold chosen by accuracy"
MODELS = ("noise_aware", "joint")  # arms with these names model the noise
DRAWN = ("noise_aware", "joint", "joint, Beta")


class Claim(Arms):
    def __init__(self, path):
        super().__init__(path, "world", kl=KL)
        self.world = self.labels("world")
        others = [a for a in self.arm if not a.startswith("users ")]
        self.models = [a for a in others if a.startswith(MODELS)]
        self.controls = [a for a in others if a not in self.models]

    def value(self, values, name):
        if name == HINDSIGHT:
            return self.best(values, "users")
        if name == LOG_LOSS:
            return self.chosen(values, "users", self.loss)
        if name == ACCURACY:
            return self.chosen(values, "users", self.error)
        return self.one(values, name)

    def gain(self, values, name, reference):
        """(world, replicate)"""
        return self.value(values, name) - self.value(values, reference)


def overall_table(of):
    print("### Mean over worlds, against the threshold chosen with hindsight\n")
    rows = []
    for name in of.models + [LOG_LOSS, ACCURACY] + of.controls:
        raw, matched = (of.gain(v, name, HINDSIGHT) for v in (of.raw, of.matched))
        rows.append([name, difference(overall(raw)), difference(overall(matched)),
                     verdicts(matched)])
    table(["arm", "raw", f"at KL = {KL:g}", "better / worse (simultaneous)"], rows)


def by_world(of, title, values, names, reference):
    print(f"### {title}\n")
    table(["world"] + names, [
        [world] + [difference(interval(of.gain(values, name, reference)[i]))
                   for name in names]
        for i, world in enumerate(of.world)])


def drawn(of):
    for i, world in enumerate(of.world):
        for reference in (HINDSIGHT, LOG_LOSS):
            for name in DRAWN:
                yield (f"against the {reference}", world, name,
                       interval(of.gain(of.matched, name, reference)[i]))


def main(path, tsv_path=None):
    of = Claim(path)
    print(f"{len(of.world)} worlds, {of.raw.shape[-1]} replicates.\n")
    overall_table(of)
    by_world(of, f"Models of the noise at KL = {KL:g}, against the {HINDSIGHT}",
             of.matched, of.models, HINDSIGHT)
    by_world(of, f"Models of the noise at KL = {KL:g}, against the {LOG_LOSS}",
             of.matched, of.models, LOG_LOSS)
    by_world(of, f"Models of the noise, raw, against the {HINDSIGHT}",
             of.raw, of.models, HINDSIGHT)
    by_world(of, f"Chosen thresholds and controls at KL = {KL:g}, against the {HINDSIGHT}",
             of.matched, [LOG_LOSS, ACCURACY] + of.controls, HINDSIGHT)
    if tsv_path is not None:
        write_intervals(tsv_path, drawn(of))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
