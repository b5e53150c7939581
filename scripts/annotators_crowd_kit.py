#!/usr/bin/env python3
"""Compares heed's estimators with crowd-kit's (PyPI) on the LLMFAO comparisons. Prints
a table of docs/experiments/annotators.md.

    python3 -m venv build/crowd-kit
    build/crowd-kit/bin/pip install crowd-kit h5py
    build/crowd-kit/bin/python3 scripts/annotators_crowd_kit.py \\
        build/release/bin/heed ../shared/data/llmfao

Agreement and rank correlation use fits to all untied labels, in the same way for both
programs: people are kept in the order of the estimator's verdict until the share of
labels is reached (as h.filter.top { by = "labels" } does). The log-loss uses a fifth of
each person's labels; it is the mean over random choices of the fifth, with its standard
error.
"""
import pathlib
import subprocess
import sys
import tempfile
from importlib.metadata import version

import h5py
import numpy as np
import pandas as pd
from crowdkit.aggregation import (GLAD, MACE, MMSR, DawidSkene, MajorityVote,
                                  NoisyBradleyTerry, OneCoinDawidSkene, Wawa,
                                  ZeroBasedSkill)
from scipy.special import expit, logit
from scipy.stats import spearmanr

from paired import table

SPLITS = 5
SHARES = (0.7, 0.5, 0.3)
JUDGES = ("gpt4", "gpt3")
LEAST = 20  # a person is ranked from this many judged labels on


def read(folder):
    """Untied labels in the order of people, each with the verdicts. Names of people
    follow this order, because crowd-kit's MACE mixes up other names."""
    said = pd.read_csv(folder / "crowd-comparisons.csv", dtype=str)
    said = said[said.winner != "tie"].rename(columns={"id": "task", "winner": "label"})
    for judge in JUDGES:
        verdicts = pd.read_csv(folder / f"{judge}-crowd-comparisons.csv", dtype=str)
        said[judge] = said.task.map(verdicts.set_index("id").winner)
    number = {w: i for i, w in enumerate(said.worker.unique())}
    said["worker"] = said.worker.map(lambda w: f"w{number[w]:03d}")
    return said.sort_values("worker", kind="stable").reset_index(drop=True)


def halves(said, dice):
    """Four fifths of each person's labels, and the fifth that is held out."""
    held = np.zeros(len(said), bool)
    for rows in said.groupby("worker").indices.values():
        count = int(0.2 * len(rows) + 0.5)
        held[dice.permutation(rows)[:min(count, len(rows) - 1)]] = True
    return said[~held], said[held]


class ByTask:
    """An estimator with its verdict on people and the probability of an answer given
    the better one. Without this probability it predicts nothing."""

    def __init__(self, made, skill, likelihood=None, share=lambda fit: 0.5):
        self.made, self.skill, self.likelihood, self.share = made, skill, likelihood, share

    def fit(self, said):
        self.said = said
        self.fitted = self.made().fit(said)
        return self.skill(self.fitted, said)

    def foretell(self, held):
        if self.likelihood is None:
            return None
        probas = self.fitted.probas_.reindex(held.task)
        left = probas["left"].fillna(self.share(self.fitted)).to_numpy()
        return sum(q * self.likelihood(self.fitted, self.said, held, better)
                   for better, q in (("left", left), ("right", 1 - left)))


class ByModel:
    """NoisyBradleyTerry, which compares models instead of pairs."""

    def fit(self, said):
        chosen = np.where(said.label == "left", said.left, said.right)
        self.fitted = NoisyBradleyTerry().fit(said.assign(label=chosen))
        return self.fitted.skills_

    def foretell(self, held):
        fit = self.fitted
        score = pd.Series(logit(fit.scores_.to_numpy()), fit.scores_.index)
        sign = np.where(held.label == "left", 1, -1)
        gap = sign * (score[held.left].to_numpy() - score[held.right].to_numpy())
        skill = fit.skills_[held.worker].to_numpy()
        casual = expit(sign * logit(fit.biases_[held.worker].to_numpy()))
        return skill * expit(gap) + (1 - skill) * casual


def one_coin(fit, _, held, better):
    skill = fit.skills_[held.worker].to_numpy()
    return np.where(held.label == better, skill, 1 - skill)


def confusion(fit, _, held, better):
    rows = pd.MultiIndex.from_frame(held[["worker", "label"]])
    return fit.errors_[better].reindex(rows).fillna(0).to_numpy()


def diagonal(fit, said):
    """P(right answer) of people, both answers alike."""
    parts = [fit.errors_[label].xs(label, level="label") for label in ("left", "right")]
    return sum(part.reindex(said.worker.unique()).fillna(0) for part in parts) / 2


def spammer(fit, said, held, better):
    worker = pd.Index(said.worker.unique()).get_indexer(held.worker)
    label = pd.Index(said.label.unique()).get_indexer(held.label)
    spam = fit.spamming_[worker, 0] * fit.thetas_[worker, label]
    return spam + np.where(held.label == better, fit.spamming_[worker, 1], 0)


def glad(fit, _, held, better):
    easy = np.exp(fit.betas_.reindex(held.task).fillna(1)).to_numpy()
    right = expit(fit.alphas_[held.worker].to_numpy() * easy)
    return np.where(held.label == better, right, 1 - right)


def skills(fit, _):
    return fit.skills_


CROWD_KIT = {
    "MajorityVote": ByTask(MajorityVote, skills),
    "Wawa": ByTask(Wawa, skills),
    "ZeroBasedSkill": ByTask(ZeroBasedSkill, skills),
    "MMSR": ByTask(MMSR, skills),
    "OneCoinDawidSkene": ByTask(OneCoinDawidSkene, skills, one_coin,
                                lambda fit: fit.priors_["left"]),
    "DawidSkene": ByTask(DawidSkene, diagonal, confusion, lambda fit: fit.priors_["left"]),
    "MACE": ByTask(lambda: MACE(random_state=1), lambda fit, said: pd.Series(
        fit.spamming_[:, 1], said.worker.unique()), spammer),
    "GLAD": ByTask(GLAD, lambda fit, _: fit.alphas_, glad),
    "NoisyBradleyTerry": ByModel(),
}


def kept(said, skill, share):
    order = skill.reindex(said.worker.unique()).sort_values(ascending=False, kind="stable")
    place = said.worker.map({w: i for i, w in enumerate(order.index)})
    return said.loc[place.sort_values(kind="stable").index[:round(share * len(said))]]


def agreement(said, judge):
    judged = said[said[judge].isin(["left", "right"])]
    return (judged.label == judged[judge]).mean()


def rank(said, skill, judge):
    judged = said[said[judge].isin(["left", "right"])]
    same = (judged.label == judged[judge]).groupby(judged.worker).agg(["mean", "size"])
    often = same[same["size"] >= LEAST]
    return spearmanr(skill[often.index], often["mean"])[0]


def log_loss(arm, said):
    dice = np.random.default_rng(1)
    losses = []
    for _ in range(SPLITS):
        seen, held = halves(said, dice)
        arm.fit(seen)
        probability = arm.foretell(held)
        if probability is None:
            return "–"
        losses.append(-np.log(np.maximum(probability, 1e-300)).mean())
    return spread(losses)


def spread(losses):
    return f"{np.mean(losses):.3f} ± {np.std(losses, ddof=1) / np.sqrt(len(losses)):.3f}"


def of_crowd_kit(said):
    for name, arm in CROWD_KIT.items():
        skill = arm.fit(said)
        parts = [said] + [kept(said, skill, share) for share in SHARES]
        yield ([f"crowd-kit {name}"]
               + [f"{agreement(part, judge):.3f}" for judge in JUDGES for part in parts]
               + [f"{rank(said, skill, 'gpt4'):.3f}", log_loss(arm, said)])


class Run:
    """The log's own fits by scripts/annotators.lua, under other settings."""

    def __init__(self, heed, folder, **settings):
        path = f"{folder}/run.h5"
        pathlib.Path(path).unlink(missing_ok=True)
        given = [f"--set={name}={value}" for name, value in settings.items()]
        subprocess.run([heed, "run", "scripts/annotators.lua", "-o", path,
                        "--progress", "none", "--set=replicates=1", *given], check=True,
                       stdout=subprocess.DEVNULL)
        self.file = h5py.File(path)
        self.arm = self.labels("arm")

    def labels(self, axis):
        return [x.decode() for x in self.file[axis][()]]

    def value(self, metric, arm, kept="all", judge="gpt4"):
        item = self.file[metric]
        at = {"arm": self.arm.index(arm), "filter": self.labels("filter").index(kept),
              "judge": self.labels("judge").index(judge), "replicate": 0}
        return item[tuple(at[d[0].name.strip("/")] for d in item.dims)]


def of_heed(heed):
    with tempfile.TemporaryDirectory() as folder:
        whole = Run(heed, folder, **{"users.holdout": 0})
        losses = []
        for seed in range(1, SPLITS + 1):
            split = Run(heed, folder, seed=seed)
            losses.append({arm: split.value("held_out_log_loss", arm) for arm in whole.arm})
        names = ["all"] + [f"top {100 * share:.0f} %" for share in SHARES]
        for arm in whole.arm:
            yield ([f"heed {arm}"]
                   + [f"{whole.value('label_agreement', arm, name, judge):.3f}"
                      for judge in JUDGES for name in names]
                   + [f"{whole.value('spearman_judge', arm):.3f}",
                      spread([loss[arm] for loss in losses])])


def main(heed, folder):
    print(f"crowd-kit {version('crowd-kit')}, numpy {version('numpy')}, "
          f"pandas {version('pandas')}\n")
    head = [f"{title}, {part}" for title in ("GPT-4", "GPT-3.5")
            for part in ("all", "70 %", "50 %", "30 %")]
    table(["estimator", *head, "Spearman, GPT-4", "held-out log-loss, nat"],
          [*of_heed(heed), *of_crowd_kit(read(pathlib.Path(folder)))])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
