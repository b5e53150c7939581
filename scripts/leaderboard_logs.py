#!/usr/bin/env python3
"""Writes the simulated logs of scripts/leaderboard.lua to results/leaderboard/.

    /usr/bin/python3 scripts/leaderboard_logs.py [RUNS]

Each file is an A/B test of one challenger, X or Y, against a base model: 300 users
with 20 annotations each, some of them of gold pairs. X beats the base with probability
.70 for a reader who attends, Y with .76. X was shown to attentive users (eta from
Beta(8, 2)), Y to casual ones (Beta(4, 6)). A gold pair is an answer of the base and a
worse one by it; an attentive reader misses the better one in 2 of 100 cases. The two
sides are random unless a case says otherwise. Cases of a run share their users and
their luck.
"""
import os
import sys

import numpy as np

USERS, EACH = 300, 20
CHALLENGERS = {"X": (0.70, 8, 2), "Y": (0.76, 4, 6)}
SLIP = 0.02
# Of each case: gold pairs a user; share of users who get them; share of gold answers
# that are wrong; how far users recognise gold pairs (1: they always attend to them);
# whether casual users choose the left side; whether the challenger is always left.
CASES = {
    "none": (0, 1, 0, 0, False, False),
    "one": (1, 1, 0, 0, False, False),
    "two": (2, 1, 0, 0, False, False),
    "four": (4, 1, 0, 0, False, False),
    "few": (1, 1 / 6, 0, 0, False, False),
    "wrong": (2, 1, 0.1, 0, False, False),
    "recognised": (2, 1, 0, 0.5, False, False),
    "left": (2, 1, 0, 0, True, False),
    "one side": (2, 1, 0, 0, True, True),
}


def simulate(challenger, run, case):
    """The lines of a log."""
    gold_each, asked, wrong, recognised, prefers_left, one_side = CASES[case]
    mu, alpha, beta = CHALLENGERS[challenger]
    draw = np.random.default_rng([20261130, run, ord(challenger)])
    eta = draw.beta(alpha, beta, USERS)[:, None]
    asks = draw.permutation(USERS)[:, None] < round(asked * USERS)
    place = draw.random((USERS, EACH)).argsort(axis=1)
    attends, follows, picks, side, answer, error = draw.random((6, USERS, EACH))
    gold = (place < gold_each) & asks
    better = np.where(gold, np.where(answer < 0.5, 1 - SLIP, SLIP), mu)
    left = np.where(gold | (not one_side), side < 0.5, True)
    looks = attends < np.where(gold, eta + recognised * (1 - eta), eta)
    habit = left if prefers_left else picks < 0.5
    chose = np.where(looks, follows < better, habit)
    known = (answer < 0.5) != (error < wrong)
    yield "user,pair,winner,left,a,b,gold"
    for j in range(USERS):
        for i in range(EACH):
            models = "base,base" if gold[j, i] else f"{challenger},base"
            yield (
                f"{challenger}{j},{challenger}{j * EACH + i},{'BA'[int(chose[j, i])]},"
                f"{'BA'[int(left[j, i])]},{models},{'BA'[int(known[j, i])] if gold[j, i] else ''}"
            )


def write(path, lines):
    with open(path, "w") as target:
        target.writelines(line + "\n" for line in lines)


def main(runs):
    folder = os.path.join(os.path.dirname(__file__), "..", "results", "leaderboard")
    for case in CASES:
        os.makedirs(os.path.join(folder, case), exist_ok=True)
        for run in range(1, runs + 1):
            for challenger in CHALLENGERS:
                path = os.path.join(folder, case, f"{run}-{challenger}.csv")
                write(path, simulate(challenger, run, case))


main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
