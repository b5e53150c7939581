"""Invented votes for the fixtures of tests/logs: 12 users compare the answers of
four models.  Odd users mostly see which answer is better, even users toss coins.
No person and no model is real.

`read_as` writes NAME.rows.jsonl beside a fixture NAME: the rows that the preset
must read from it, the oracle of the tests."""
import json
import math
import random
from dataclasses import dataclass

MODELS = ["model-1", "model-2", "model-3", "model-4"]
STRENGTH = dict(zip(MODELS, (1.0, 0.3, -0.3, -1.0)))
USERS = [f"u{k:02d}" for k in range(12)]
START = 1_700_000_000  # 2023-11-14 22:13:20 UTC


@dataclass
class Vote:
    user: str
    pair: str
    model_a: str
    model_b: str
    choice: str  # "a", "b", "tie" or "bad": both are bad
    time: int
    question: str
    answer_a: str
    answer_b: str
    seconds: float  # that the user took


def choose(dice, user, model_a, model_b):
    if dice.random() < 0.12:
        return dice.choice(["tie", "bad"])
    better = 1 / (1 + math.exp(STRENGTH[model_b] - STRENGTH[model_a]))
    heed = 0.9 if USERS.index(user) % 2 else 0.1
    return "a" if dice.random() < heed * better + (1 - heed) / 2 else "b"


def text_of(dice, pair):
    n, m = dice.randrange(2, 10), dice.randrange(2, 10)
    return (f"What is {n} × {m}? ({pair})", f"It is {n * m}.",
            f"I think, roughly {n * m + 1}.")


def votes(per_user=6, judges=1):
    """Of `per_user` pairs; each pair has `judges` users, side by side in time."""
    dice = random.Random(7)
    made = []
    pairs = len(USERS) * per_user // judges
    for k in range(pairs):
        model_a, model_b = dice.sample(MODELS, 2)
        texts = text_of(dice, f"q{k:03d}")
        for j in range(judges):
            user = USERS[(k * judges + j * 5) % len(USERS)]
            made.append(Vote(user, f"q{k:03d}", model_a, model_b,
                             choose(dice, user, model_a, model_b),
                             START + 60 * len(made), *texts,
                             seconds=round(dice.uniform(2, 40), 1)))
    return made


def message(role, text):
    return {"role": role, "content": text}


def read_as(path, rows):
    """What a preset must read, one row a line: the columns of a flat log."""
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
