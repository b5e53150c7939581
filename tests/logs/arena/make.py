"""Writes the fixtures of this folder.  FastChat (fschat 0.2.36 from PyPI, Python
3.11) writes the first two itself; the published data sets have no script, so the
others are made by hand after their cards.

  python3 -m venv fschat && fschat/bin/pip install --no-deps fschat==0.2.36
  fschat/bin/pip install requests httpx pydantic numpy pandas plotly psutil pytz \
    tqdm polyglot pyicu pycld2 six pillow huggingface_hub
  cd tests/logs/arena && ~/fschat/bin/python make.py

  conv.json         FastChat's log of its arena: vote_last_response() of
                    fastchat/serve/gradio_block_arena_anony.py and _named.py
  clean_battle_conv.json
                    fastchat/serve/monitor/clean_battle_data.py, as its mode
                    conv_release writes it; lmsys/chatbot_arena_conversations has
                    this shape
  human_55k.csv     train.csv of the Kaggle contest «LMSYS - Chatbot Arena Human
                    Preference Predictions» = lmarena-ai/arena-human-preference-55k
  human_100k.jsonl  lmarena-ai/arena-human-preference-100k, whose card lists the
                    columns (README.md, dataset_info)
  human_140k.jsonl  lmarena-ai/arena-human-preference-140k (README.md, likewise)

Modules that only run models (torch, gradio, ...) are replaced by mocks."""
import csv
import importlib.abc
import importlib.machinery
import json
import os
import random
import sys
import tempfile
from types import SimpleNamespace
from unittest.mock import MagicMock

sys.path.insert(0, "..")
from votes import MODELS, START, USERS, message, read_as, votes

WITHOUT = {"gradio", "torch", "transformers", "accelerate", "safetensors", "peft",
           "markdown2", "nh3", "tiktoken", "shortuuid", "einops", "openai"}


class Mocks(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in WITHOUT:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock()
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module):
        pass


sys.meta_path.append(Mocks())
os.environ["LOGDIR"] = tempfile.mkdtemp()
here = os.getcwd()

from fastchat.serve import gradio_block_arena_anony as anony
from fastchat.serve import gradio_block_arena_named as named
from fastchat.serve.monitor.clean_battle_data import clean_battle_data

dice = random.Random(3)
now = START
CONV = os.path.join(here, "conv.json")
for block in (anony, named):
    block.get_conv_log_filename = lambda: CONV
    block.time = SimpleNamespace(time=lambda: now, sleep=lambda s: None)
    block.get_ip = lambda request: request.client.host
VOTES = {"a": "leftvote", "b": "rightvote", "tie": "tievote", "bad": "bothbad_vote"}
CLEAN = {"a": "model_a", "b": "model_b", "tie": "tie", "bad": "tie (bothbad)"}


def state_of(model, turns):
    state = anony.State(model)
    state.conv_id = f"{dice.getrandbits(128):032x}"
    # Its first `offset` messages are examples that the user never saw.  Short ones.
    state.conv.system_message = ""
    for turn in state.conv.messages:
        turn[1] = "An example."
    for question, answer in turns:
        state.conv.append_message(state.conv.roles[0], question)
        state.conv.append_message(state.conv.roles[1], answer)
    return state


def ip_of(user):
    return f"10.0.0.{USERS.index(user) + 1}"


def turns_of(vote, k):
    first = [("Hello!", "Hello! What shall I do?"), ("Hello!", "Hi.")] if k % 11 == 3 else None
    turns_a, turns_b = [(vote.question, vote.answer_a)], [(vote.question, vote.answer_b)]
    if first:  # two turns: the answers to the first differ too
        turns_a, turns_b = [first[0]] + turns_a, [first[1]] + turns_b
    return turns_a, turns_b


def texts_of(turns_a, turns_b):
    """The common beginning is the prompt; what follows it are the responses."""
    flat = [[m for q, a in turns for m in (message("user", q), message("assistant", a))]
            for turns in (turns_a, turns_b)]
    if len(turns_a) == 1:
        return {"prompt": turns_a[0][0], "text_a": turns_a[0][1], "text_b": turns_b[0][1]}
    return {"prompt": flat[0][:1], "text_a": flat[0][1:], "text_b": flat[1][1:]}


def row_of(vote, user, pair, k, **more):
    row = {"user": user, "pair": pair, "choice": {"bad": "tie"}.get(vote.choice, vote.choice),
           "model_a": vote.model_a, "model_b": vote.model_b, **more}
    row.update(texts_of(*turns_of(vote, k)))
    return row


if os.path.exists(CONV):
    os.remove(CONV)
made = votes(per_user=4)
raw_rows, clean_rows = [], []
for k, vote in enumerate(made):
    now = vote.time
    turns_a, turns_b = turns_of(vote, k)
    states = [state_of(vote.model_a, turns_a), state_of(vote.model_b, turns_b)]
    request = SimpleNamespace(client=SimpleNamespace(host=ip_of(vote.user)))
    if k % 12 == 7:  # side by side: the user chose the models and sees their names
        block, selectors = named, [vote.model_a, vote.model_b]
    elif k % 17 == 5:  # a second vote, when the arena has shown the names
        block, selectors = anony, [f"### Model A: {vote.model_a}", f"### Model B: {vote.model_b}"]
    else:
        block, selectors = anony, ["", ""]
    list(block.vote_last_response(states, VOTES[vote.choice], selectors, request) or ())
    if block is anony and selectors[0] == "":
        row = row_of(vote, ip_of(vote.user), states[0].conv_id, k, time=vote.time)
        raw_rows.append(row)
        clean_rows.append({**row, "user": f"arena_user_arena_user_{USERS.index(vote.user)}",
                           "language": "English"})
    if k % 20 == 9:  # the log has other events too
        with open(CONV, "a") as log:  # the shape of gradio_web_server.py, bot_response()
            log.write(json.dumps({"tstamp": now, "type": "chat", "model": vote.model_a,
                                  "gen_params": {"temperature": 0.7, "top_p": 1.0, "max_new_tokens": 1024},
                                  "start": now, "finish": now + 1, "state": states[0].dict(),
                                  "ip": ip_of(vote.user)}) + "\n")
        list(anony.vote_last_response(states, "share", selectors, request))
read_as("conv.json.rows.jsonl", raw_rows)

# As main() of clean_battle_data.py does in the mode conv_release.
battles = [b for b in clean_battle_data([CONV], [], sanitize_ip=True) if b["anony"]]
with open("clean_battle_conv.json", "w") as out:
    json.dump(battles, out, indent=2, ensure_ascii=False)
for row, battle in zip(clean_rows, battles):
    assert row["pair"] == battle["question_id"]
    row["user"], row["language"] = battle["judge"], battle["language"]
read_as("clean_battle_conv.json.rows.jsonl", clean_rows)

# By hand, after the cards.  55k has no user.
with open("human_55k.csv", "w", newline="", encoding="utf-8") as out:
    table = csv.writer(out, lineterminator="\n")
    table.writerow("id,model_a,model_b,prompt,response_a,response_b,"
                   "winner_model_a,winner_model_b,winner_tie".split(","))
    rows = []
    for k, vote in enumerate(made[:30]):
        turns_a, turns_b = turns_of(vote, k)
        lists = [[q for q, _ in turns_a], [a for _, a in turns_a], [a for _, a in turns_b]]
        if k == 8:  # an answer that failed is null
            lists[2] = [None]
        table.writerow([30192 + k, vote.model_a, vote.model_b,
                        *(json.dumps(x, ensure_ascii=False) for x in lists),
                        int(vote.choice == "a"), int(vote.choice == "b"), int(vote.choice in ("tie", "bad"))])
        row = row_of(vote, None, str(30192 + k), k)
        if k == 8:
            row["text_b"] = ""
        del row["user"]
        rows.append(row)
read_as("human_55k.csv.rows.jsonl", rows)


def conversations(turns_a, turns_b, wrap):
    return [[message(role, wrap(text)) for q, a in turns for role, text in (("user", q), ("assistant", a))]
            for turns in (turns_a, turns_b)]


with open("human_100k.jsonl", "w", encoding="utf-8") as out:
    rows = []
    for k, vote in enumerate(made[:24]):
        a, b = conversations(*turns_of(vote, k), lambda text: text)
        pair = f"{dice.getrandbits(128):032x}"
        user = f"{USERS.index(vote.user) + 77:032x}"
        out.write(json.dumps({
            "question_id": pair, "model_a": vote.model_a, "model_b": vote.model_b,
            "winner": CLEAN[vote.choice], "conversation_a": a, "conversation_b": b,
            "turn": len(a) // 2, "anony": True, "language": "English", "tstamp": vote.time + 0.25,
            "conv_metadata": {"sum_user_tokens": 9, "sum_assistant_a_tokens": 5, "sum_assistant_b_tokens": 7},
            "is_code": False, "is_refusal": False, "dedup_tag": {"high_freq": False, "sampled": True},
            "category_tag": {"math_v0.1": {"math": True}}, "judge_hash": user}, ensure_ascii=False) + "\n")
        rows.append(row_of(vote, user, pair, k, time=vote.time + 0.25, language="English"))
read_as("human_100k.jsonl.rows.jsonl", rows)

with open("human_140k.jsonl", "w", encoding="utf-8") as out:
    rows = []
    part = lambda text: [{"type": "text", "text": text, "image": None, "mimeType": None}]
    for k, vote in enumerate(made[:24]):
        a, b = conversations(*turns_of(vote, k), part)
        pair = f"{dice.getrandbits(128):032x}"
        session = f"{USERS.index(vote.user) + 500:032x}"
        out.write(json.dumps({
            "id": pair, "model_a": vote.model_a, "model_b": vote.model_b,
            "winner": {"bad": "both_bad"}.get(vote.choice, CLEAN[vote.choice]),
            "evaluation_session_id": session, "evaluation_order": len(a) // 2,
            "conversation_a": a, "conversation_b": b,
            "full_conversation": [{"user": a[-2], "model_side_a": a[-1], "model_side_b": b[-1]}],
            "conv_metadata": {"sum_assistant_a_tokens": 5, "sum_assistant_b_tokens": 7},
            "category_tag": {"math_v0.1": {"math": True}}, "language": "en", "is_code": False,
            "timestamp": f"2025-07-01 {10 + k // 60}:{k % 60:02d}:00"}, ensure_ascii=False) + "\n")
        rows.append(row_of(vote, session, pair, k, time=f"2025-07-01 {10 + k // 60}:{k % 60:02d}:00",
                           language="en", is_code=False, evaluation_order=len(a) // 2))
read_as("human_140k.jsonl.rows.jsonl", rows)
