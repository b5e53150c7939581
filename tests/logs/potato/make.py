"""Writes the fixtures of this folder through a running Potato server
(potato-annotation 2.12.1 from PyPI, Python 3.11), as browsers do.

  python3 -m venv potato && potato/bin/pip install potato-annotation
  cd tests/logs/potato && ~/potato/bin/python make.py ~/potato/bin/potato

  fixed/   every user sees the answers in the order of the data
  random/  randomize_order: the answers change sides.  A tile says which answer it
           showed only in user_state.json (instance_id_to_presentation_order); the
           exports leave the order out, so there A means «the answer shown first»

In each: annotations.csv, .tsv and .jsonl from `python -m potato.export`, the data
file items.json, and USER/user_state.json of three users."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, "..")
from votes import read_as, votes

import requests

SERVER = "http://localhost:8194"
KEPT = ("u01", "u02", "u03")
CONFIG = """annotation_task_name: heed
task_dir: .
output_annotation_dir: annotation_output/
data_files: [items.json]
item_properties: {{id_key: id, text_key: prompt}}
user_config: {{allow_all_users: true, users: []}}
annotation_schemes:
  - annotation_type: pairwise
    name: better
    description: Which answer is better?
    mode: binary
    items_key: answers
    allow_tie: true
    randomize_order: {randomize}
  - annotation_type: slider
    name: sure
    description: How sure are you?
    min_value: 1
    max_value: 5
    starting_value: 3
"""


def sign_in(user):
    session = requests.Session()
    session.post(SERVER + "/register", data={"action": "signup", "email": user, "pass": "heedheed1"})
    session.post(SERVER + "/auth", data={"action": "login", "email": user, "pass": "heedheed1"})
    return session


def shown(session, index):
    """The order in which the page of an item shows the answers."""
    page = session.post(SERVER + "/annotate", json={"action": "go_to", "go_to": index})
    found = re.search(r'<script[^>]*id="instance_data"[^>]*>(.*?)</script>', page.text, re.S)
    return json.loads(found.group(1))


def annotate(made, items):
    users = {}
    for vote in made:
        users.setdefault(vote.user, []).append(vote)
    for user, votes_of in sorted(users.items()):
        session = sign_in(user)
        session.get(SERVER + "/annotate")
        for vote in votes_of:
            index = [i["id"] for i in items].index(vote.pair)
            item = shown(session, index)
            assert item["id"] == vote.pair, item
            tile = {"tie": "tie", "bad": "tie"}.get(vote.choice)
            if tile is None:
                better = vote.answer_a if vote.choice == "a" else vote.answer_b
                tile = "AB"[item["answers"].index(better)]
            session.post(SERVER + "/updateinstance", json={
                "instance_id": vote.pair, "span_annotations": [],
                "annotations": {"better:::selection": tile, "sure:::sure": "4"},
                "client_timestamp": "2025-07-01T10:00:00"}).raise_for_status()


def make(folder, randomize, potato):
    made = votes(judges=3)
    by_pair = {v.pair: v for v in made}
    items = [{"id": v.pair, "prompt": v.question, "answers": [v.answer_a, v.answer_b],
              "models": [v.model_a, v.model_b]} for v in by_pair.values()]
    there = tempfile.mkdtemp()
    with open(os.path.join(there, "config.yaml"), "w") as file:
        file.write(CONFIG.format(randomize=str(randomize).lower()))
    with open(os.path.join(there, "items.json"), "w", encoding="utf-8") as file:
        json.dump(items, file, ensure_ascii=False)
    server = subprocess.Popen([potato, "start", "config.yaml", "-p", "8194"], cwd=there,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(120):
            time.sleep(1)
            try:
                requests.get(SERVER)
                break
            except requests.ConnectionError:
                pass
        annotate(made, items)
    finally:
        server.terminate()
        server.wait()
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    shutil.copy(os.path.join(there, "items.json"), folder)
    for kind in ("csv", "tsv", "jsonl"):
        subprocess.run([sys.executable, "-m", "potato.export", "--config", "config.yaml", "--format",
                        kind, "--output", "out"], cwd=there, check=True, stdout=subprocess.DEVNULL)
        shutil.copy(os.path.join(there, "out", "annotations." + kind), folder)
    orders = {}
    for user in sorted({v.user for v in made}):
        path = os.path.join(there, "annotation_output", user, "user_state.json")
        with open(path, encoding="utf-8") as file:
            orders[user] = json.load(file)["instance_id_to_presentation_order"]
        if user in KEPT:
            os.mkdir(os.path.join(folder, user))
            shutil.copyfile(path, os.path.join(folder, user, "user_state.json"))
    rows = []
    for vote in made:
        order = orders[vote.user].get(vote.pair, {}).get("better", [0, 1])
        rows.append({"user": vote.user, "pair": vote.pair,
                     "choice": {"bad": "tie"}.get(vote.choice, vote.choice),
                     "left": "ab"[order[0]], "model_a": vote.model_a, "model_b": vote.model_b,
                     "prompt": vote.question, "text_a": vote.answer_a, "text_b": vote.answer_b})
    read_as(os.path.join(folder, "rows.jsonl"), rows)


make("fixed", False, sys.argv[1])
make("random", True, sys.argv[1])
