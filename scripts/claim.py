#!/usr/bin/env python3
"""Tables of docs/experiments/claim.md from the result of scripts/claim.lua.

    python3 scripts/claim.py results/claim.h5

Arms are compared pairwise within replicates (scripts/paired.py). Of the
thresholds two stand for all: the one with the best mean over replicates of its
world, which no one can choose in practice, and the one chosen on held-out noisy
labels in each replicate anew, by accuracy or by log-loss of the implied reward.
"""
import sys

from paired import Arms, difference, interval, overall, table, verdicts

KL = 1.0  # at which win rates are matched
SOFT = ["noise_aware", "joint", "joint, Beta", "joint, prior held"]
CONTROLS = ["all", "soft", "always A", "constant eta", "random 50 %", "oracle eta",
            "oracle 50 %", "clean labels"]


def gains(of, values, reference):
    arms = {name: of.one(values, name) for name in SOFT + CONTROLS}
    arms["threshold by accuracy"] = of.chosen(values, "users", of.error)
    arms["threshold by log-loss"] = of.chosen(values, "users", of.loss)
    return {name: arm - reference for name, arm in arms.items()}


def main(path):
    of = Arms(path, "world", kl=KL)
    worlds = of.labels("world")
    print(f"{len(worlds)} worlds, {of.raw.shape[-1]} replicates.\n")
    raw = gains(of, of.raw, of.best(of.raw, "users"))
    matched = gains(of, of.matched, of.best(of.matched, "users"))

    print("### All worlds: against the threshold chosen with hindsight\n")
    rows = []
    for name in raw:
        wins, losses, n = verdicts(matched[name])
        rows.append([name, difference(overall(raw[name])), difference(overall(matched[name])),
                     f"{wins} / {losses} of {n}"])
    table(["arm", "raw", f"at KL = {KL:g}", "better / worse"], rows)

    for title, names in (
            ("Models of the noise", SOFT),
            ("Thresholds that one can choose, and controls",
             ["threshold by accuracy", "all", "constant eta", "oracle eta", "always A"])):
        print(f"### {title}: difference at KL = {KL:g}, world by world\n")
        table(["world"] + names, [
            [world] + [difference(interval(matched[name][i])) for name in names]
            for i, world in enumerate(worlds)])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
