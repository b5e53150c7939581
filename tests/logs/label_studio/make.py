"""Writes the fixtures of this folder through a running Label Studio (label-studio
1.23.2 from PyPI, Python 3.11, SQLite), as browsers do: people sign up, compare
answers, skip some, and the owner exports the project.

  python3 -m venv label-studio && label-studio/bin/pip install label-studio
  label-studio/bin/label-studio start --init heed --username owner@example.com \
    --password heedheed1 --no-browser --data-dir /tmp/label-studio --port 8193
  cd tests/logs/label_studio && ~/label-studio/bin/python make.py

The project has Label Studio's own template «Human Preference collection for RLHF»
(label_studio/annotation_templates/generative-ai/human-feedback-collection).

  export.json      JSON: tasks with their annotations; completed_by is a number
  snapshot.json    a snapshot that shows who answered: completed_by is an object
  export_min.json  JSON-MIN: one flat record an annotation
  export.csv       CSV: the same as a table

Times are those of the run, so a second run writes other files."""
import json
import os
import sys
import time

sys.path.insert(0, "..")
from votes import USERS, read_as, votes

import requests
import yaml
import label_studio

SERVER = "http://localhost:8193"


def sign_in(email, page):
    session = requests.Session()
    session.get(f"{SERVER}/user/{page}/")
    session.post(f"{SERVER}/user/{page}/", headers={"Referer": SERVER}, data={
        "email": email, "password": "heedheed1", "allow_newsletters": "false",
        "csrfmiddlewaretoken": session.cookies["csrftoken"]})
    session.headers.update({"X-CSRFToken": session.cookies["csrftoken"], "Referer": SERVER})
    return session


def ask(session, method, path, **kwargs):
    answer = session.request(method, SERVER + "/api/" + path, **kwargs)
    answer.raise_for_status()
    return answer


def template():
    path = os.path.join(os.path.dirname(label_studio.__file__), "annotation_templates",
                        "generative-ai", "human-feedback-collection", "config.yml")
    with open(path) as file:
        return yaml.safe_load(file)["config"]


def is_skipped(k):
    return k % 23 == 7


def is_empty(vote):
    """Pairwise has no tie: who sees none better submits nothing, or skips."""
    return vote.choice in ("tie", "bad")


def annotation_of(vote, k):
    result = [] if is_skipped(k) or is_empty(vote) else [{
        "id": f"r{k:05d}", "from_name": "comparison", "to_name": "answer1,answer2",
        "type": "pairwise", "origin": "manual",
        "value": {"selected": "left" if vote.choice == "a" else "right"}}]
    return {"result": result, "lead_time": vote.seconds, "was_cancelled": is_skipped(k)}


def save(name, answer):
    with open(name, "wb") as file:
        file.write(answer.content)


owner = sign_in("owner@example.com", "login")
people = {u: sign_in(f"{u}@example.com", "signup") for u in USERS}
ids = {u: ask(s, "GET", "current-user/whoami").json()["id"] for u, s in people.items()}
project = ask(owner, "POST", "projects", json={
    "title": "heed", "label_config": template(), "maximum_annotations": 3}).json()["id"]
made = votes(per_user=3, judges=3)
by_pair = {v.pair: v for v in made}
ask(owner, "POST", f"projects/{project}/import", json=[
    {"prompt": v.question, "answer1": v.answer_a, "answer2": v.answer_b,
     "model1": v.model_a, "model2": v.model_b} for v in by_pair.values()])
listed = ask(owner, "GET", f"tasks?project={project}&page_size=1000&fields=all").json()["tasks"]
task_of = {t["data"]["prompt"]: t["id"] for t in listed}
rows = []
for k, vote in enumerate(made):
    task = task_of[vote.question]
    if k == 20:  # begins to answer, and does not submit
        ask(people[vote.user], "POST", f"tasks/{task}/drafts",
            json={"result": annotation_of(vote, 1)["result"], "lead_time": 3.5})
        continue
    stored = ask(people[vote.user], "POST", f"tasks/{task}/annotations/",
                 json=annotation_of(vote, k)).json()
    if is_skipped(k) or is_empty(vote):
        continue
    rows.append({"user": ids[vote.user], "pair": task, "choice": "left" if vote.choice == "a" else "right",
                 "model_a": vote.model_a, "model_b": vote.model_b, "time": stored["created_at"],
                 "lead_time": vote.seconds, "prompt": vote.question,
                 "text_a": vote.answer_a, "text_b": vote.answer_b})
for name, kind in (("export.json", "JSON"), ("export_min.json", "JSON_MIN"), ("export.csv", "CSV")):
    save(name, ask(owner, "GET", f"projects/{project}/export?exportType={kind}"))
made_snapshot = ask(owner, "POST", f"projects/{project}/exports", json={
    "title": "heed", "serialization_options": {"annotations__completed_by": {"only_id": False}}}).json()
time.sleep(3)
save("snapshot.json", ask(owner, "GET", f"projects/{project}/exports/{made_snapshot['id']}/download?exportType=JSON"))
read_as("export.json.rows.jsonl", rows)
