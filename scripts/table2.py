#!/usr/bin/env python3
"""Prints the tables of docs/experiments/table2.md from the result of
scripts/table2.lua.

    python3 scripts/table2.py results/table2.h5 [table2.tsv]

± is the 95 % interval over replicates of differences within replicates. The second
argument names the output for scripts/intervals.gnuplot.
"""
import sys

from paired import Cube, difference, interval, level, table, write_intervals

KL = 1.0  # at which win rates are matched
SHAPES = {"two_point": "two points", "beta": "Beta(2, 2)"}
DRAWN = {"filter": "the half most attentive by η̂", "oracle half": "the truly attentive half",
         "random half": "a random half"}


def drawn(cube, raw, matched):
    arm = cube.labels("arm")
    for values, kind in ((raw, "raw"), (matched, f"at KL = {KL:g}")):
        for s, scale in enumerate(cube.labels("scale")):
            for g, gap in enumerate(cube.labels("gap")):
                for e, eta in enumerate(cube.labels("eta")):
                    cell = values[s, g, e]
                    for name, text in DRAWN.items():
                        gain = cell[arm.index(name)] - cell[arm.index("all")]
                        yield (f"scale {scale:g}, {kind}", f"μ = {gap:g}, {SHAPES[eta]}", text,
                               interval(gain))


def main(path, tsv_path=None):
    cube = Cube(path, "scale", "gap", "eta", "arm")
    arm = cube.labels("arm")
    raw, matched = cube.of("win_rate"), cube.of("win_rate_at_kl", kl=KL)
    nats = cube.of("kl_from_reference")
    print(f"{raw.shape[-1]} replicates.\n")
    for s, scale in enumerate(cube.labels("scale")):
        print(f"### Scale {scale:g}\n")
        rows, controls = [], []
        for g, gap in enumerate(cube.labels("gap")):
            for e, eta in enumerate(cube.labels("eta")):
                def one(values, name):
                    return values[s, g, e, arm.index(name)]

                def gain(values, name):
                    return difference(interval(one(values, name) - one(values, "all")))

                head = [f"{gap:g}", SHAPES[eta]]
                rows.append(head + [
                    level(interval(one(raw, "all"))), level(interval(one(raw, "filter"))),
                    gain(raw, "filter"), gain(matched, "filter"),
                    f"{one(nats, 'all').mean():.2f}, {one(nats, 'filter').mean():.2f}"])
                controls.append(head + [
                    f"{gain(raw, name)}, {gain(matched, name)}"
                    for name in ("random half", "oracle half", "clean labels")])
        table(["μ", "P_η", "DPO", "DPO + Filter", "gain, raw", f"gain at KL = {KL:g}",
               "KL of the two, nat"], rows)
        print(f"Gain over all labels, raw and at KL = {KL:g}:\n")
        table(["μ", "P_η", "a random half of the labels", "the truly attentive half",
               "labels without noise"], controls)
    if tsv_path is not None:
        write_intervals(tsv_path, drawn(cube, raw, matched))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
