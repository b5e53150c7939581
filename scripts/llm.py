#!/usr/bin/env python3
"""Prints the tables of docs/experiments/llm.md.

    python3 scripts/llm.py results/llm.h5

Arms are compared prompt by prompt: they have the same held-out prompts and, for each
prompt, the same stream of random numbers. Intervals are 95 %, over prompts.
"""
import sys

import h5py
import numpy as np


def read(path):
    """Labels of arms; for each arm the columns of `responses`, one row per prompt."""
    with h5py.File(path, "r") as file:
        arms = list(file["arm"].asstr()[()])
        kept = {name: column[()] for name, column in file["responses"].items()}
        cells = np.unique(kept["cell"])
        rows = [{n: c[kept["cell"] == k] for n, c in kept.items()} for k in cells]
        metrics = {n: file[n][()].ravel() for n in file
                   if isinstance(file[n], h5py.Dataset) and file[n].size == len(arms)}
    return [arms[int(k)] for k in cells], rows, metrics


def mean(values):
    return f"{values.mean():+.3f} ± {1.96 * values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def share(values):
    return mean(values).lstrip("+")


def text(bytes_):
    return " ".join(bytes_.decode().split()).replace("|", "\\|")


def main():
    arms, rows, metrics = read(sys.argv[1])
    print(f"{len(rows[0]['win'])} held-out prompts. The gap is {metrics['estimator_mu'][0]:.3f}; A's answer "
          f"scores higher in a share of {metrics['source_better'][0]:.3f} of the pairs (ties count half).\n")
    print("| arm | win rate | reward | KL, nat | win rate − unfiltered | reward − unfiltered |")
    print("| --- | --- | --- | --- | --- | --- |")
    for arm, row in zip(arms, rows):
        less = ["", ""] if arm == arms[0] else [
            mean(row[name] - rows[0][name]) for name in ("win", "reward_gain")]
        print(f"| {arm} | {share(row['win'])} | {mean(row['reward_gain'])} | "
              f"{mean(row['log_ratio'])} | {less[0]} | {less[1]} |")
    print("\n| arm | labels kept | labels right | correlation of η̂ and η | after training | loss | margin |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for i, arm in enumerate(arms):
        of = lambda name: "" if np.isnan(metrics[name][i]) else f"{metrics[name][i]:.3f}"
        print(f"| {arm} | {of('labels_kept')} | {of('label_accuracy')} | {of('eta_correlation')} | "
              f"{of('refined_eta_correlation')} | {of('trainer_loss')} | {of('trainer_margin')} |")
    print("\n| prompt | before |", " | ".join(f"after: {arm}" for arm in (arms[0], arms[-1])), "|")
    print("| --- | --- | --- | --- |")
    for i in range(10):
        print(f"| {text(rows[0]['text'][i])} | {text(rows[0]['reference'][i])} | "
              f"{text(rows[0]['policy'][i])} | {text(rows[-1]['policy'][i])} |")


main()
