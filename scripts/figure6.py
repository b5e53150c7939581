#!/usr/bin/env python3
"""Prints the tables of docs/experiments/figure6.md from the result of
scripts/figure6.lua.

    python3 scripts/figure6.py results/figure6.h5 [figure6.tsv]

± is the 95 % interval over replicates of differences within replicates: keeping a
share compared with keeping all. The second argument names the output for
scripts/figure6.gnuplot.

The sweet spot is the share with the best mean. The data cannot distinguish a share
from it if the interval of their paired difference covers 0.
"""
import csv
import sys

from paired import Cube, difference, interval, table

KL = 1.0  # at which win rates are matched
SHOWN = (0.5, 0.7, 0.9)  # the paper's next check


class Sweep:
    def __init__(self, path):
        cube = Cube(path, "eta", "gap", "by", "share")
        self.eta, self.gap, self.by, self.share = map(
            cube.labels, ("eta", "gap", "by", "share"))
        self.values = {"raw": cube.of("win_rate"),
                       f"at KL = {KL:g}": cube.of("win_rate_at_kl", kl=KL)}

    def gain(self, kind, share):
        """Gain of a share over all: (eta, gap, by, replicate)."""
        values = self.values[kind]
        return values[..., self.share.index(share), :] - values[..., -1, :]

    def sweet_spot(self, kind, e, g, b):
        """The best share, and the shares that cannot be distinguished from it."""
        values = self.values[kind][e, g, b]
        best = int(values.mean(axis=-1).argmax())
        alike = []
        for i, share in enumerate(self.share):
            mean, half = interval(values[i] - values[best])
            if i == best or mean + half >= 0:
                alike.append(share)
        return self.share[best], alike


def percent(share):
    return f"{100 * share:.0f}"


def sweet_spots(of):
    for kind in of.values:
        for b, by in enumerate(of.by):
            print(f"### The sweet spot by share of {by}, {kind}\n")
            rows = []
            for e, eta in enumerate(of.eta):
                row = [eta]
                for g in range(len(of.gap)):
                    best, alike = of.sweet_spot(kind, e, g, b)
                    span = f"{percent(min(alike))}–{percent(max(alike))}"
                    row.append(f"{percent(best)} % ({span})")
                rows.append(row)
            table(["P_η"] + [f"μ = {g:g}" for g in of.gap], rows)


def shares_shown(of):
    for kind in of.values:
        for b, by in enumerate(of.by):
            print(f"### Top 50, 70, 90 % of {by} compared with all, {kind}\n")
            rows = []
            for e, eta in enumerate(of.eta):
                for g, gap in enumerate(of.gap):
                    rows.append([eta, f"{gap:g}"] + [
                        difference(interval(of.gain(kind, share)[e, g, b]))
                        for share in SHOWN])
            table(["P_η", "μ"] + [f"top {percent(s)} %" for s in SHOWN], rows)


def users_or_labels(of):
    print("### A share of users compared with the same share of labels, mean over conditions\n")
    rows = []
    for share in of.share[:-1]:
        row = [f"{percent(share)} %"]
        for kind, values in of.values.items():
            both = values[..., of.share.index(share), :]
            gap = both[:, :, of.by.index("users")] - both[:, :, of.by.index("labels")]
            row.append(difference(interval(gap.mean(axis=(0, 1)))))
        rows.append(row)
    table(["share kept"] + list(of.values), rows)


def write_tsv(of, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter="\t")
        out.writerow(["kind", "by", "eta", "gap", "share", "mean", "low", "high"])
        for kind in of.values:
            for b, by in enumerate(of.by):
                for e, eta in enumerate(of.eta):
                    for g, gap in enumerate(of.gap):
                        for share in of.share:
                            mean, half = interval(of.gain(kind, share)[e, g, b])
                            out.writerow([kind.split()[0], by, eta, gap, share,
                                          mean, mean - half, mean + half])


def main(path, tsv_path=None):
    of = Sweep(path)
    print(f"{of.values['raw'].shape[-1]} replicates.\n")
    sweet_spots(of)
    shares_shown(of)
    users_or_labels(of)
    if tsv_path is not None:
        write_tsv(of, tsv_path)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
