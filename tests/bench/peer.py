#!/usr/bin/env python3
"""The sweep of peer.lua, with numpy, scipy and a process pool.

    peer.py [--workers N] [--replicates N] [--seed N] [--check RESULT.h5]

The same model as heed's plugins, and the same sharing of work: one world for its
two populations, one fit for its ten shares.  A task is a world.  Array
operations go over all prompts and candidates at once; each world computes once
what its cells share.  Numbers are drawn by numpy, so that only means agree.

Prints the seconds of the sweep.  --check compares the mean of each metric at each
point with a result of heed.
"""
import argparse
import multiprocessing
import os
import sys
import time

# Set before numpy is imported: each worker has one BLAS thread, like heed's.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

GAPS = (0.60, 0.74, 0.90)
POPULATIONS = ((0.5, 0.5), (2.0, 2.0))
SHARES = np.linspace(0.1, 1.0, 10)
LEVELS = (0.1, 0.5, 1.0, 2.0)
PAIRS, PROMPTS, HELD_OUT, CANDIDATES, FEATURES = 10000, 2000, 500, 40, 8
USERS, EACH = 500, 20
COSINE, SCALE = 0.7, 4.0
NODES = np.linspace(0, 1, 41)
SHARPNESS_MOST, LIKENESS_MOST = 16.0, 4.0
METRICS = ("win_rate", "kl_from_reference", "reward_score", "regret", "cosine",
           "calibration_slope", "win_rate_at_kl", "eta_rmse", "eta_correlation",
           "label_accuracy")


# ---- worlds ----

def unit(vector):
    return vector / np.linalg.norm(vector)


def policy(lean, sign, along, across):
    """(N,K): probabilities of model A (sign 1) or B (sign -1)."""
    sharpness, likeness = lean
    energy = sharpness * (sign * along - 0.5 * likeness * across**2)
    weight = np.exp(energy - energy.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def calibrate(gap, along, across, win):
    """The lean whose mean p is the gap, with the smallest possible likeness."""
    def lean_at(place):
        return SHARPNESS_MOST * min(place, 1), LIKENESS_MOST * max(place - 1, 0)

    def excess(place):
        a = policy(lean_at(place), 1, along, across)
        b = policy(lean_at(place), -1, along, across)
        return (a * np.matmul(win, b[:, :, None])[:, :, 0]).sum(axis=1).mean() - gap

    low, high = (0, 1) if excess(1.0) >= 0 else (1, 2)
    return lean_at(brentq(excess, low, high, xtol=1e-9))


def draw(random, probability, prompt):
    """A candidate for each pair, by inversion."""
    cumulative = probability.cumsum(axis=1)
    u = random.random(len(prompt))[:, None] * cumulative[prompt, -1:]
    return (cumulative[prompt] < u).sum(axis=1)


def make_world(random, gap):
    w = unit(random.standard_normal(FEATURES))
    v = random.standard_normal(FEATURES)
    v = unit(v - v @ w * w)
    u = COSINE * w + np.sqrt(1 - COSINE**2) * v
    z = np.sqrt(1 - COSINE**2) * w - COSINE * v
    phi = random.standard_normal((PROMPTS + HELD_OUT, CANDIDATES, FEATURES))
    reward = SCALE * (phi @ w)
    pool, along, across = reward[:PROMPTS], phi[:PROMPTS] @ u, phi[:PROMPTS] @ z
    lean = calibrate(gap, along, across, expit(pool[:, :, None] - pool[:, None, :]))
    prompt = np.arange(PAIRS) % PROMPTS
    a = draw(random, policy(lean, 1, along, across), prompt)
    b = draw(random, policy(lean, -1, along, across), prompt)
    held_out = reward[PROMPTS:]
    return {
        "p": expit(reward[prompt, a] - reward[prompt, b]),
        "difference": phi[prompt, a] - phi[prompt, b],
        "phi": phi[PROMPTS:],
        "reward": held_out,
        # Against a uniform reference policy.
        "win": expit(held_out[:, :, None] - held_out[:, None, :]).mean(axis=2),
    }


# ---- users and their attentiveness ----

def annotate(random, world, shapes):
    """eta (users), pairs (users, each), whether A was chosen (users, each)."""
    eta = random.beta(*shapes, USERS)
    pair = random.permutation(PAIRS)[:USERS * EACH].reshape(USERS, EACH)
    chance = eta[:, None] * world["p"][pair] + (1 - eta[:, None]) / 2
    return eta, pair, random.random((USERS, EACH)) < chance


def fit(chose_a, gap):
    """Posterior means by EM over groups of users with equal counts."""
    agreed = chose_a.sum(axis=1)
    users = np.bincount(agreed, minlength=EACH + 1)
    p = 0.5 + NODES * (gap - 0.5)
    k = np.arange(EACH + 1)[:, None]
    likelihood = p**k * (1 - p)**(EACH - k)
    weight, last = np.full(len(NODES), 1 / len(NODES)), -np.inf
    for _ in range(50000):
        evidence = likelihood @ weight
        objective = users @ np.log(evidence)
        if objective - last <= 1e-11 * abs(objective):
            break
        last = objective
        weight = weight * ((users / evidence) @ likelihood) / USERS
    return (likelihood @ (weight * NODES) / evidence)[agreed]


# ---- policies ----

def train(x, ridge=1.0):
    """w that minimises the sum of -log sigmoid(x w), plus ridge/2 |w|^2."""
    w = np.zeros(FEATURES)
    for _ in range(100):
        g = expit(x @ w)
        slope = ridge * w - x.T @ (1 - g)
        hessian = (x * (g * (1 - g))[:, None]).T @ x + ridge * np.eye(FEATURES)
        step = np.linalg.solve(hessian, slope)
        w -= step
        if slope @ step < 1e-16 * (1 + w @ w):
            break
    return w


def on_ray(c, tilt):
    """The policy proportional to exp(c tilt), (H,K), and its mean KL."""
    energy = c * tilt
    energy -= energy.max(axis=1, keepdims=True)
    weight = np.exp(energy)
    total = weight.sum(axis=1, keepdims=True)
    pi = weight / total
    kl = (pi * energy).sum(axis=1) - np.log(total[:, 0]) + np.log(CANDIDATES)
    return pi, kl.mean()


def win_rate_at(level, tilt, win):
    high = 1.0
    while on_ray(high, tilt)[1] < level and high < 2.0**40:
        high *= 2
    c = brentq(lambda c: on_ray(c, tilt)[1] - level, 0, high, xtol=1e-10)
    return (on_ray(c, tilt)[0] * win).sum(axis=1).mean()


def evaluate(world, w):
    reward, win = world["reward"], world["win"]
    tilt = world["phi"] @ w
    tilt = tilt - np.log(np.exp(tilt).mean(axis=1, keepdims=True))
    pi, kl = on_ray(1.0, tilt)
    best = reward - np.log(np.exp(reward).mean(axis=1, keepdims=True))
    implied = tilt - tilt.mean(axis=1, keepdims=True)
    truth = reward - reward.mean(axis=1, keepdims=True)
    cross = (implied * truth).sum()
    return {
        "win_rate": (pi * win).sum(axis=1).mean(),
        "kl_from_reference": kl,
        "reward_score": ((pi - 1 / CANDIDATES) * reward).sum(axis=1).mean(),
        "regret": (pi * (tilt - best)).sum(axis=1).mean(),
        "cosine": cross / np.sqrt((implied**2).sum() * (truth**2).sum()),
        "calibration_slope": cross / (truth**2).sum(),
        "win_rate_at_kl": [win_rate_at(level, tilt, win) for level in LEVELS],
    }


# ---- cells ----

def run_population(random, world, shapes):
    eta, pair, chose_a = annotate(random, world, shapes)
    mean = fit(chose_a, world["p"].mean())
    order = np.argsort(-mean, kind="stable")
    x = world["difference"][pair] * np.where(chose_a, 1, -1)[:, :, None]
    p = world["p"][pair]
    # A pair of a response with itself has no better one.
    right = np.where(p == 0.5, np.nan, chose_a == (p > 0.5))
    shared = {"eta_rmse": np.sqrt(((mean - eta)**2).mean()),
              "eta_correlation": np.corrcoef(mean, eta)[0, 1]}
    cells = []
    for share in SHARES:
        kept = order[:round(share * USERS)]
        w = train(x[kept].reshape(-1, FEATURES))
        cells.append({**shared, **evaluate(world, w),
                      "label_accuracy": np.nanmean(right[kept])})
    return cells


def run_world(task):
    seed, replicate, gap = task
    random = np.random.default_rng([seed, replicate, int(1000 * gap)])
    world = make_world(random, gap)
    return [run_population(random, world, shapes) for shapes in POPULATIONS]


def run(workers, replicates, seed):
    """{metric: array (gap, population, share, replicate[, level])}"""
    tasks = [(seed, replicate, gap) for replicate in range(replicates) for gap in GAPS]
    with multiprocessing.Pool(workers) as pool:
        worlds = pool.map(run_world, tasks, chunksize=1)
    grid = np.array([[[[cell[name] for cell in cells] for cells in world] for world in worlds]
                     for name in METRICS if name != "win_rate_at_kl"])
    curve = np.array([[[cell["win_rate_at_kl"] for cell in cells] for cells in world]
                      for world in worlds])
    # (replicate, gap, ...) to (gap, ..., replicate)
    place = lambda a: np.moveaxis(a.reshape(replicates, len(GAPS), *a.shape[1:]), 0, 3)
    names = [name for name in METRICS if name != "win_rate_at_kl"]
    return {**dict(zip(names, map(place, grid))), "win_rate_at_kl": place(curve)}


# ---- agreement ----

def compare(own, path):
    """Differences of means at each point, in standard errors of both."""
    import h5py
    worst = 0.0
    with h5py.File(path) as file:
        for name in METRICS:
            theirs = np.array(file[name])
            a, b = own[name], theirs
            error = np.sqrt(a.var(axis=3, ddof=1) / a.shape[3]
                            + b.var(axis=3, ddof=1) / b.shape[3])
            with np.errstate(invalid="ignore", divide="ignore"):
                z = np.nan_to_num((a.mean(axis=3) - b.mean(axis=3)) / error)
            print(f"{name:18} {a.mean():9.5f} heed {b.mean():9.5f}   "
                  f"z at {z.size} points: mean {z.mean():5.2f}, sd {z.std():.2f}, "
                  f"largest {abs(z).max():.2f}")
            worst = max(worst, abs(z).max())
    return worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--replicates", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", metavar="RESULT.h5")
    given = parser.parse_args()
    start = time.perf_counter()
    own = run(given.workers, given.replicates, given.seed)
    print(f"{time.perf_counter() - start:.2f}")
    if given.check is None:
        return 0
    # 780 values that share worlds: more than 5 is not chance.
    worst = compare(own, given.check)
    print("agrees" if worst < 5 else "DIFFERS")
    return 0 if worst < 5 else 1


if __name__ == "__main__":
    sys.exit(main())
