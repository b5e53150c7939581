#!/usr/bin/env python3
"""Prints the tables of docs/experiments/arms.md from the result of scripts/arms.lua.

    python3 scripts/arms.py results/arms.h5 [arms.tsv]

Arms are compared pairwise within replicates (scripts/paired.py).

Two kinds of thresholds represent all thresholds. `best with hindsight` has the
best mean over replicates of its condition; nobody can choose it in practice. The
others are what a product would choose on held-out noisy labels, separately in each
replicate: by their log-loss under the policy's implied reward (`chosen by
log-loss`), or by the number of labels that this reward ranks correctly (`chosen by
accuracy`), which ignores the scale of the reward. The second argument names the
output for scripts/intervals.gnuplot.
"""
import sys

import numpy as np

from paired import (Arms, difference, overall, table, verdicts,
                    write_intervals)

KL = 1.0  # at which win rates are matched
REFERENCE = "threshold on users, best with hindsight"


def arms_of(of, values):
    rivals = {
        "all labels": of.one(values, "all"),
        "threshold on users, best with hindsight": of.best(values, "users"),
        "threshold on users, chosen by log-loss": of.chosen(values, "users", of.loss),
        "threshold on users, chosen by accuracy": of.chosen(values, "users", of.error),
        "threshold on labels, best with hindsight": of.best(values, "labels"),
        "soft weights": of.one(values, "soft"),
        "noise_aware": of.one(values, "noise_aware"),
        "joint": of.one(values, "joint"),
        "control: always A": of.one(values, "always A"),
        "control: constant eta": of.one(values, "constant eta"),
        "control: random 50 % of labels": of.one(values, "random 50 %"),
        "oracle eta, noise_aware": of.one(values, "oracle eta"),
        "oracle eta, 50 % of labels": of.one(values, "oracle 50 %"),
        "clean labels": of.one(values, "clean labels"),
    }
    return rivals


def drawn(raw, matched, gap):
    """Rows of the figure: by gap, means over the other conditions."""
    for values, kind in ((raw, "raw"), (matched, f"at KL = {KL:g}")):
        for name in values:
            if name == REFERENCE:
                continue
            for g, value in enumerate(gap):
                yield (kind, name.removeprefix("control: "), f"μ = {value:g}",
                       overall((values[name] - values[REFERENCE])[:, g]))


def main(path, tsv_path=None):
    of = Arms(path, "eta", "gap", "direction", kl=KL)
    eta, gap, direction = map(of.labels, ("eta", "gap", "direction"))
    replicates = of.raw.shape[-1]
    conditions = int(np.prod(of.raw.shape[:3]))
    print(f"{conditions} conditions, {replicates} replicates.\n")

    raw, matched = arms_of(of, of.raw), arms_of(of, of.matched)
    print("### Compared with the best threshold on users with hindsight\n")
    rows = []
    for name in raw:
        a = raw[name] - raw[REFERENCE]
        b = matched[name] - matched[REFERENCE]
        rows.append([
            name, f"{np.nanmean(raw[name]):.4f}", f"{np.nanmean(matched[name]):.4f}",
            difference(overall(a)) if name != REFERENCE else "0",
            difference(overall(b)) if name != REFERENCE else "0",
            verdicts(b) if name != REFERENCE else "",
        ])
    table(["arm", "win rate", f"at KL = {KL:g}", "difference, raw",
           f"difference at KL = {KL:g}", "better / worse (simultaneous)"], rows)

    for label, axis, values in (("shape of P_η", 0, eta), ("gap μ", 1, gap),
                                ("direction", 2, direction)):
        print(f"### By {label}: difference at KL = {KL:g}\n")
        names = ["all labels", "threshold on users, chosen by accuracy", "noise_aware",
                 "joint", "control: constant eta", "control: always A"]
        rows = []
        for i, value in enumerate(values):
            row = [str(value)]
            for name in names:
                gain = np.take(matched[name] - matched[REFERENCE], i, axis=axis)
                row.append(difference(overall(gain)))
            rows.append(row)
        table([label] + names, rows)

    print("### Gain of filtering over all labels, by share of users\n")
    rows = []
    for share in range(1, 10):
        name = f"users {share}0 %"
        a = of.one(of.raw, name) - raw["all labels"]
        b = of.one(of.matched, name) - matched["all labels"]
        rows.append([f"{share}0 %", difference(overall(a)), difference(overall(b)),
                     verdicts(b)])
    table(["share kept", "raw", f"at KL = {KL:g}", "better / worse (simultaneous)"], rows)

    print("### Best share of users (sweet spot) at KL = 1\n")
    rows = []
    which = of.thresholds("users")
    shares = [of.arm[i].replace("users ", "") for i in which]
    for i, shape in enumerate(eta):
        row = [shape]
        for j in range(len(gap)):
            means = np.nanmean(of.matched[i, j][:, which, :], axis=(0, 2))
            best = shares[int(means.argmax())]
            row.append(best if best != "all" else "100 %")
        rows.append(row)
    table(["shape"] + [f"μ = {g:g}" for g in gap], rows)
    if tsv_path is not None:
        write_intervals(tsv_path, drawn(raw, matched, gap))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
