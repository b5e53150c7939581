#!/usr/bin/env python3
"""Prints the tables of docs/experiments/losses.md from the result of
scripts/losses.lua.

    python3 scripts/losses.py results/losses.h5 [losses.tsv]

Arms are compared pairwise within replicates (scripts/paired.py): with sigmoid
on all labels, and with the share of users that is best with hindsight, the one
with the best mean over replicates of its condition. The second argument names
the output for scripts/intervals.gnuplot: win rate at KL = 1 compared with sigmoid on
all labels.
"""
import sys

import numpy as np

from paired import Arms, difference, interval, overall, table, verdicts, write_intervals

KL = 1.0  # at which win rates are matched
STEEP = 100  # a slope that grows with training: labels are separated
BEST = "sigmoid, best share of users"
HALF = "users 50 %"
FAMILIES = {"two-point .1/.9": "two points", "Beta(2, 2)": "Beta(2, 2)"}
DRAWN = [BEST, "hinge", "ipo", "label_smoothing 0.25", "robust 0.1", "robust 0.25",
         "robust 0.4", "robust_per_user, floor 0.1",
         "robust_per_user, floor 0.1, own label in", "noise_aware",
         "noise_aware, own label in", "joint", "clean labels"]
OWN = [("noise_aware", "noise_aware, own label in"),
       ("noise_aware, no ridge", "noise_aware, no ridge, own label in"),
       ("robust_per_user, floor 0.1", "robust_per_user, floor 0.1, own label in")]


class Losses(Arms):
    def __init__(self, path):
        super().__init__(path, "gap", "eta", kl=KL)
        self.gap, self.eta = self.labels("gap"), self.labels("eta")
        self.nats = self.of("kl_from_reference")
        self.slope = self.of("calibration_slope")
        self.cosine = self.of("cosine")
        self.regret = self.of("regret")

    def rows(self, share):
        """All arms, with one of the shares of users."""
        return ["all", share] + [a for a in self.arm[1:] if not a.startswith("users ")]

    def value(self, values, name):
        """The value of an arm: (gap, eta, replicate)."""
        return self.best(values, "users") if name == BEST else self.one(values, name)

    def conditions(self):
        for g, gap in enumerate(self.gap):
            for e, eta in enumerate(self.eta):
                yield (g, e), f"μ = {gap:g}, {FAMILIES[eta]}"


def called(name):
    return {"all": "sigmoid, all labels", HALF: "sigmoid, half of the users"}.get(name, name)


def slope(values):
    """The mean slope; there is none if labels are separated."""
    return f"{values.mean():.3f}" if values.max() < STEEP else "no limit"


def against(of, kind, values):
    print(f"### Win rate, {kind}\n")
    rows = []
    for name in of.rows(BEST):
        own = of.value(values, name)
        row = [called(name), f"{own.mean():.4f}"]
        for reference in ("all", BEST):
            gain = own - of.value(values, reference)
            row += [difference(overall(gain)), verdicts(gain)] \
                if name != reference else ["0", ""]
        rows.append(row)
    table(["loss", "win rate", "against sigmoid, all labels", "better / worse (simultaneous)",
           "against the best share", "better / worse (simultaneous)"], rows)


def by_condition(of):
    print(f"### Win rate at KL = {KL:g} against sigmoid on all labels, by condition\n")
    rows = []
    for name in of.rows(BEST)[1:]:
        gain = of.value(of.matched, name) - of.value(of.matched, "all")
        rows.append([name] + [difference(interval(gain[c])) for c, _ in of.conditions()])
    table(["loss"] + [label for _, label in of.conditions()], rows)


def scales(of):
    print("### KL from the reference, nat, and calibration slope of the reward\n")
    rows = []
    for name in of.rows(HALF):
        nats, steep = of.one(of.nats, name), of.one(of.slope, name)
        rows.append([called(name)] + [f"{nats[c].mean():.3f}, {slope(steep[c])}"
                                      for c, _ in of.conditions()])
    table(["loss"] + [label for _, label in of.conditions()], rows)


def directions(of):
    print("### Cosine of implied and true reward, and regret, nat\n")
    rows = []
    for name in of.rows(HALF):
        cosine, regret = of.one(of.cosine, name), of.one(of.regret, name)
        rows.append([called(name)] + [f"{cosine[c].mean():.4f}, {regret[c].mean():.3f}"
                                      for c, _ in of.conditions()])
    table(["loss"] + [label for _, label in of.conditions()], rows)


def own_labels(of):
    metrics = {"calibration slope": of.slope, "cosine": of.cosine, "regret, nat": of.regret,
               "win rate": of.raw, f"at KL = {KL:g}": of.matched}
    for left_out, included in OWN:
        print(f"### Effect of the own label, {left_out}: included − excluded\n")
        rows = []
        for c, label in of.conditions():
            row = [label]
            for metric, values in metrics.items():
                out, both = of.one(values, left_out)[c], of.one(values, included)[c]
                if metric == "calibration slope":
                    row.append(f"{slope(out)} → {slope(both)}")
                    if max(out.max(), both.max()) >= STEEP:
                        row.append("–")
                        continue
                row.append(difference(interval(both - out)))
            rows.append(row)
        table(["condition", "slope", "slope, difference"] + list(metrics)[1:], rows)


def drawn(of):
    for g, gap in enumerate(of.gap):
        for name in DRAWN:
            gain = of.value(of.matched, name) - of.value(of.matched, "all")
            for e, eta in enumerate(of.eta):
                yield f"μ = {gap:g}", name, FAMILIES[eta], interval(gain[g, e])


def main(path, tsv_path=None):
    of = Losses(path)
    print(f"{of.raw.shape[-1]} replicates.\n")
    against(of, "raw", of.raw)
    against(of, f"at KL = {KL:g}", of.matched)
    by_condition(of)
    scales(of)
    directions(of)
    own_labels(of)
    if tsv_path is not None:
        write_intervals(tsv_path, drawn(of))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
