"""Writes the fixtures of this folder with Argilla's own classes (argilla 2.8.0
from PyPI, datasets 5.2.0, Python 3.11), without a server:

  python3 -m venv argilla && argilla/bin/pip install argilla
  cd tests/logs/argilla && ~/argilla/bin/python make.py

The settings are Argilla's own template for pairs, Settings.for_ranking()
(argilla/settings/_templates.py): the fields instruction, response1 and
response2, and the question `ranking`.

  records.json    dataset.records.to_json(): an array of nested records.  The
                  export drops the status of each answer, so submitted, draft
                  and discarded answers look alike
  records.jsonl   dataset.records.to_datasets().to_json(): one flat record a line,
                  with the status of each answer
  labels.json     to_json() of a dataset with a LabelQuestion
"""
import os
import sys
import uuid
from types import SimpleNamespace

sys.path.insert(0, "..")
from votes import read_as, votes

import argilla as rg
from argilla.records._io import HFDatasetsIO, JsonIO


def user_id(name):
    return uuid.uuid5(uuid.NAMESPACE_URL, name)


def status_of(k):
    return {5: "draft", 11: "discarded"}.get(k % 17, "submitted")


def fields_of(vote):
    return {"instruction": vote.question, "response1": vote.answer_a,
            "response2": vote.answer_b}


def ranking_of(vote):
    names = ["response1", "response2"]
    return names if vote.choice == "a" else names[::-1]


def label_of(vote):
    return {"a": "response1", "b": "response2", "tie": "tie", "bad": "tie"}[vote.choice]


def records_of(made, question, value):
    by_pair = {}
    for k, vote in enumerate(made):
        by_pair.setdefault(vote.pair, []).append((k, vote))
    records = []
    for pair, judged in by_pair.items():
        vote = judged[0][1]
        records.append(rg.Record(
            id=pair, fields=fields_of(vote),
            metadata={"model_a": vote.model_a, "model_b": vote.model_b},
            suggestions=[rg.Suggestion(question, value(vote), score=0.5, agent="judge")],
            responses=[rg.Response(question, value(v), user_id(v.user), status=status_of(k))
                       for k, v in judged]))
    return records


def row_of(vote, choice):
    return {"user": str(user_id(vote.user)), "pair": vote.pair, "choice": choice,
            "model_a": vote.model_a, "model_b": vote.model_b,
            "prompt": vote.question, "text_a": vote.answer_a, "text_b": vote.answer_b}


def write_json(records, path):
    if os.path.exists(path):
        os.remove(path)
    JsonIO.to_json(records, path)


# Users rank, so there are no ties.
made = [v for v in votes(per_user=4, judges=3) if v.choice in "ab"]
records = records_of(made, "ranking", ranking_of)
# A record that nobody has answered.
records.append(rg.Record(id="q999", fields=fields_of(made[0])))
write_json(records, "records.json")
read_as("records.json.rows.jsonl", [row_of(v, v.choice) for v in made])
HFDatasetsIO.to_datasets(records, SimpleNamespace(schema={})).to_json("records.jsonl")
read_as("records.jsonl.rows.jsonl", [row_of(v, v.choice) for k, v in enumerate(made)
                              if status_of(k) == "submitted"])

made = votes(per_user=4, judges=3)
write_json(records_of(made, "preference", label_of), "labels.json")
read_as("labels.json.rows.jsonl", [row_of(v, {"bad": "tie"}.get(v.choice, v.choice)) for v in made])
