#!/usr/bin/env python3
"""Tables of docs/experiments/table2.md from the result of scripts/table2.lua.

    python3 scripts/table2.py results/table2.h5

± is a 95 % interval over replicates, of differences within replicates.
"""
import sys

from paired import Cube, difference, interval, level, table

KL = 1.0  # at which win rates are matched


def main(path):
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

                head = [f"{gap:g}", eta]
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


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
