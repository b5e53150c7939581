#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Coverage of intervals over three ways to resample the users of a log.

usage: half_samples.py LOGS RESAMPLES

Each log has 300 pairs, 4 of 60 users on each.  In half of the logs everybody
tosses a coin; in the others 40 % of the users do, and the rest are right with
probability .9.  Three metrics of agreement are computed for each log and for
its resamples:

  consensus  share of labels that agree with the majority of the other users
  majority   mean eta-hat of the estimator majority
  one-coin   mean eta-hat of the estimator dawid_skene, after 80 steps of EM

The ways to resample:

  copies   users with replacement; the copies of a user are separate users
  weights  users with replacement; a user weighs as often as drawn, and copies
           of a user are not compared with each other
  half     a random half of the users

Printed for each: the mean difference from the log, and which share of the
intervals hold the truth (the value of coin tosses, or the mean over logs):
percentiles; percentiles moved to the value; and both together, as in heed show.
docs/decisions/half-samples.md has the figures of `half_samples.py 100 60`.
"""
import functools
import math
import sys

import numpy as np

USERS, PAIRS, VOTES = 60, 300, 4
METRICS = ("consensus", "majority", "one-coin")
WAYS = ("copies", "weights", "half")


def draw_log(random, coins):
    right = np.full(USERS, 0.5) if coins else np.where(random.random(USERS) < 0.4, 0.5, 0.9)
    truth = random.random(PAIRS) < 0.5
    user = np.concatenate([random.choice(USERS, VOTES, replace=False) for _ in range(PAIRS)])
    pair = np.repeat(np.arange(PAIRS), VOTES)
    choice = np.where(random.random(len(user)) < right[user], truth[pair], ~truth[pair])
    return user, pair, choice.astype(float)


@functools.lru_cache(None)
def reliability(votes, accuracy):
    """P(the majority is right | it is not split)."""
    chance = [math.comb(votes, k) * accuracy**k * (1 - accuracy) ** (votes - k) for k in range(votes + 1)]
    right = sum(chance[k] for k in range(votes + 1) if 2 * k > votes)
    wrong = sum(chance[k] for k in range(votes + 1) if 2 * k < votes)
    return right / (right + wrong) if right + wrong > 0 else 0.5


def measure(log, weight, apart):
    """weight of each user; apart: copies of a user are not compared."""
    user, pair, choice = log
    kept = weight[user] > 0
    user, pair, choice = user[kept], pair[kept], choice[kept]
    w = weight[user]
    own = w if apart else np.ones(len(w))
    for_a = np.bincount(pair, w * choice, PAIRS)[pair] - own * choice
    votes = np.bincount(pair, w, PAIRS)[pair] - own
    lead = 2 * for_a - votes
    split = lead == 0
    agrees = np.where(split, 0.0, (lead > 0) == (choice > 0))
    same = np.where(choice > 0, for_a, votes - for_a)
    found = {"consensus": (w * agrees)[~split].sum() / w[~split].sum()}

    everyone = math.sqrt(max(2 * (w * same).sum() / (w * votes).sum() - 1, 0))
    accuracy = round((1 + everyone) / 2, 6)
    gap = np.array([reliability(int(n), accuracy) - 0.5 for n in np.rint(votes)])
    gap = np.where(split, 0, gap)
    agreed = np.bincount(user, np.where(split, 0, agrees - 0.5) * gap, USERS)
    expected = np.bincount(user, gap * gap, USERS)
    eta = np.where(expected > 1e-12, agreed / np.maximum(expected, 1e-12), everyone)
    found["majority"] = np.average(np.clip(eta, 0, 1), weights=weight)

    # A copy that is no user of its own gives its evidence once.
    once = (w > 0) * 1.0 if apart else w
    labels = np.maximum(np.bincount(user, once, USERS), 1e-9)
    x = np.clip((np.bincount(user, once * same, USERS) + 0.6) / (np.bincount(user, once * votes, USERS) + 1), 0.01, 0.99)
    share = 0.5
    seen = np.bincount(pair, once, PAIRS) > 0
    for _ in range(80):
        odds = np.bincount(pair, once * (2 * choice - 1) * np.log(x / (1 - x))[user], PAIRS)
        q = 1 / (1 + np.exp(-odds - math.log(share / (1 - share))))
        right = np.where(choice > 0, q[pair], 1 - q[pair])
        x = np.clip(np.bincount(user, once * right, USERS) / labels, 1e-6, 1 - 1e-6)
        share = min(max(q[seen].mean(), 1e-6), 1 - 1e-6)
    found["one-coin"] = np.average(np.clip(2 * x - 1, 0, 1), weights=weight)
    return [found[name] for name in METRICS]


def draw_weights(random, way):
    if way == "half":
        weight = np.zeros(USERS)
        weight[random.permutation(USERS)[: USERS // 2]] = 1
        return weight
    return np.bincount(random.integers(0, USERS, USERS), minlength=USERS).astype(float)


def report(kind, values, resampled):
    for m, name in enumerate(METRICS):
        value = values[:, m]
        truth = value.mean()
        if kind == "coins" and name != "one-coin":
            truth = 0.5 if name == "consensus" else 0.0
        print(f"{kind}, {name}: truth {truth:.3f}, sd over logs {value.std():.3f}")
        for way in WAYS:
            others = resampled[way][:, :, m]
            low, middle, high = np.quantile(others, [0.025, 0.5, 0.975], axis=1)
            moved = value - middle
            covers = [
                np.mean((a <= truth + 1e-12) & (truth - 1e-12 <= b))
                for a, b in (
                    (low, high),
                    (low + moved, high + moved),
                    (low + np.minimum(moved, 0), high + np.maximum(moved, 0)),
                )
            ]
            print(
                f"  {way:8} bias {(others.mean(axis=1) - value).mean():+.3f}  "
                f"percentiles {covers[0]:.2f}  moved {covers[1]:.2f}  both {covers[2]:.2f}"
            )


def main():
    logs, resamples = int(sys.argv[1]), int(sys.argv[2])
    for kind in ("coins", "mixed"):
        random = np.random.default_rng(1 if kind == "coins" else 2)
        values, resampled = [], {way: [] for way in WAYS}
        for _ in range(logs):
            log = draw_log(random, kind == "coins")
            values.append(measure(log, np.ones(USERS), True))
            for way in WAYS:
                resampled[way].append(
                    [measure(log, draw_weights(random, way), way != "copies") for _ in range(resamples)]
                )
        report(kind, np.array(values), {way: np.array(resampled[way]) for way in WAYS})


main()
