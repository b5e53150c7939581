#!/usr/bin/env python3
"""Tables of docs/experiments/annotators.md from the result of
scripts/annotators.lua.

    python3 scripts/annotators.py results/annotators.h5

Replicate 0 is the log; brackets are 95 % intervals over the others, which
resample people and pairs. They are left out where copies of a resampled person
would pass for other people: for estimators that read agreement on pairs, and for
consensus.
"""
import sys

import h5py
import numpy as np

from paired import table

READ_AGREEMENT = ("dawid_skene", "mace", "glad", "majority")


class Annotators:
    def __init__(self, path):
        self.file = h5py.File(path, "r")
        self.arm, self.filter, self.judge = (
            [x.decode() for x in self.file[name][()]] for name in ("arm", "filter", "judge"))

    def values(self, metric, arm, kept="all", judge=None):
        """Over replicates."""
        item = self.file[metric]
        names = [d[0].name.strip("/") for d in item.dims]
        at = {"arm": self.arm.index(arm), "filter": self.filter.index(kept),
              "judge": judge and self.judge.index(judge), "replicate": slice(None)}
        return item[tuple(at[name] for name in names)]

    def cell(self, arm, values, interval=True):
        text = f"{values[0]:.3f}"
        if interval and arm not in READ_AGREEMENT:
            low, high = np.nanpercentile(values[1:], [2.5, 97.5])
            text += f" [{low:.3f}, {high:.3f}]"
        return text


def main(path):
    of = Annotators(path)
    kept = of.filter
    for judge, title in (("gpt4", "GPT-4"), ("gpt3", "GPT-3.5")):
        print(f"### Agreement of kept labels with {title}, by share of labels\n")
        table(["estimator"] + kept, [
            [arm] + [of.cell(arm, of.values("label_agreement", arm, name, judge))
                     for name in kept] for arm in of.arm])
    print("### Agreement of kept labels with most other people\n")
    table(["estimator"] + kept, [
        [arm] + [of.cell(arm, of.values("label_consensus", arm, name), interval=False)
                 for name in kept] for arm in of.arm])
    print("### How well η̂ ranks people, and what the estimator foretells\n")
    table(["estimator", "Spearman, GPT-4", "Spearman, GPT-3.5", "held-out log-loss, nat"], [
        [arm] + [of.cell(arm, of.values("spearman_judge", arm, judge=judge))
                 for judge in ("gpt4", "gpt3")]
        + [of.cell(arm, of.values("held_out_log_loss", arm))] for arm in of.arm])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
