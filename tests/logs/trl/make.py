"""Writes the fixtures of this folder with TRL's own functions on preference data
sets (trl 1.16.0 and datasets 5.2.0 from PyPI, Python 3.11), as its guide on data
set formats describes them (docs/source/dataset_formats.md, «Preference»).

  python3 -m venv trl && trl/bin/pip install --no-deps trl && trl/bin/pip install datasets
  cd tests/logs/trl && ~/trl/bin/python make.py

  explicit.jsonl        prompt, chosen, rejected, and a column that says who chose
  conversational.jsonl  the same as messages: trl.data_utils.extract_prompt() of
                        the next file
  implicit.jsonl        chosen and rejected are whole conversations
  implicit_text.jsonl   the same as texts: the prompt is what both begin with
  anonymous.jsonl       no column says who chose, as in most published data sets
  explicit.csv          Dataset.to_csv() of the first"""
import sys

sys.path.insert(0, "..")
from votes import message, read_as, votes

from datasets import Dataset
from trl.data_utils import extract_prompt, is_conversational

made = [v for v in votes(per_user=4, judges=3) if v.choice in "ab"]


def sides(vote, make):
    better, worse = make(vote.answer_a), make(vote.answer_b)
    return (better, worse) if vote.choice == "a" else (worse, better)


def row_of(vote, texts):
    # The pair is the prompt and the set of its two responses.  Here A is the chosen
    # one; which of the two heed calls A does not depend on who chose.
    chosen, rejected = sides(vote, lambda text: text)
    return {"user": vote.user, "pair": vote.pair, "choice": "a", **texts(chosen, rejected)}


def plain(vote):
    return lambda chosen, rejected: {"prompt": vote.question, "text_a": chosen, "text_b": rejected}


def earlier(vote):
    """Every fifth question comes after another one."""
    if int(vote.pair[1:]) % 5:
        return []
    return [message("user", "Hello!"), message("assistant", "Hello. What shall I compute?")]


def many_turns(vote):
    if not earlier(vote):
        return plain(vote)
    return lambda chosen, rejected: {
        "prompt": earlier(vote) + [message("user", vote.question)],
        "text_a": [message("assistant", chosen)], "text_b": [message("assistant", rejected)]}


def whole(vote):
    def conversation(answer):
        return earlier(vote) + [message("user", vote.question), message("assistant", answer)]
    return dict(zip(("chosen", "rejected"), sides(vote, conversation)), user=vote.user)


explicit = Dataset.from_list([
    {"user": v.user, "prompt": v.question,
     **dict(zip(("chosen", "rejected"), sides(v, lambda text: text)))} for v in made])
explicit.to_json("explicit.jsonl", force_ascii=False)
explicit.to_csv("explicit.csv")
explicit.remove_columns("user").to_json("anonymous.jsonl", force_ascii=False)
for name in ("explicit.jsonl", "explicit.csv"):
    read_as(name + ".rows.jsonl", [row_of(v, plain(v)) for v in made])
begun = Dataset.from_list([
    {"user": v.user, **dict(zip(("chosen", "rejected"), sides(v, lambda text: f"{v.question} {text}")))}
    for v in made])
begun.to_json("implicit_text.jsonl", force_ascii=False)
read_as("implicit_text.jsonl.rows.jsonl", [
    {**row_of(v, plain(v)), **dict(zip(("prompt", "text_a", "text_b"), extract_prompt(row).values()))}
    for v, row in zip(made, ({k: r[k] for k in ("chosen", "rejected")} for r in begun))])
implicit = Dataset.from_list([whole(v) for v in made])
assert is_conversational(implicit[0])
implicit.to_json("implicit.jsonl", force_ascii=False)
implicit.map(extract_prompt).to_json("conversational.jsonl", force_ascii=False)
for name in ("implicit.jsonl", "conversational.jsonl"):
    read_as(name + ".rows.jsonl", [row_of(v, many_turns(v)) for v in made])
