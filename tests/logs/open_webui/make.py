"""Writes the fixtures of this folder with Open WebUI's own backend (open-webui
0.12.4 from PyPI, Python 3.11), without its server:

  python3 -m venv open-webui
  open-webui/bin/pip install --no-deps open-webui
  open-webui/bin/pip install sqlalchemy==2.0.50 pydantic==2.13.4 aiosqlite \
    alembic fastapi typer uvicorn cryptography aiohttp python-engineio orjson \
    python-mimeparse pillow markdown beautifulsoup4
  cd tests/logs/open_webui && WEBUI_SECRET_KEY=x ~/open-webui/bin/python make.py

  feedback.json   what the admin's button «Export» saves: the answer of
                  /evaluations/feedbacks/all/export (open_webui/routers/
                  evaluations.py, export_all_feedbacks)
  webui.db        the table `feedback` of the SQLite database, with the DDL of
                  open_webui/models/feedbacks.py.  The other tables are left out

The backend stores what the browser sends.  `form_of` sends the same: feedbackHandler
in src/lib/components/chat/Messages/ResponseMessage.svelte.  The clock and the ids
are fixed, so that the files are the same in each run."""
import asyncio
import json
import os
import random
import sys
import tempfile
import uuid

sys.path.insert(0, "..")
from votes import MODELS, START, message, read_as, votes

os.environ["DATA_DIR"] = tempfile.mkdtemp()
if os.path.exists("webui.db"):
    os.remove("webui.db")
os.environ["DATABASE_URL"] = "sqlite:///" + os.path.abspath("webui.db")
os.environ["DATABASE_ENABLE_SQLITE_WAL"] = "false"

from open_webui.internal import db
from open_webui.models import feedbacks as backend

dice = random.Random(11)
now = START


def new_id():
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


backend.uuid = type("ids", (), {"uuid4": staticmethod(new_id)})
backend.time = type("clock", (), {"time": staticmethod(lambda: now)})


def reply(parent, model, text, index, arena):
    message = {"parentId": parent, "id": new_id(), "childrenIds": [],
               "role": "assistant", "content": text, "model": model,
               "modelName": model, "modelIdx": index, "timestamp": now, "done": True}
    if arena:
        message.update(model="arena-model", modelName="Arena Model",
                       selectedModelId=model, arena=True)
    return message


def asked(parent, text, models):
    return {"id": new_id(), "parentId": parent, "childrenIds": [], "role": "user",
            "content": text, "timestamp": now, "models": models}


def chat_of(turns, answers, arena=False):
    """turns: earlier (question, answer, model), then the last question; answers:
    (model, text) of the last turn.  The chat and the replies of the last turn."""
    messages, parent, count = {}, None, 0

    def add(message):
        messages[message["id"]] = message
        if message["parentId"]:
            messages[message["parentId"]]["childrenIds"].append(message["id"])
        return message["id"]

    for question, answer, model in turns[:-1]:
        parent = add(asked(parent, question, [model]))
        parent = add(reply(parent, model, answer, 0, False))
        count += 2
    models = ["arena-model"] * len(answers) if arena else [m for m, _ in answers]
    parent = add(asked(parent, turns[-1], models))
    replies = [reply(parent, model, text, k, arena) for k, (model, text) in enumerate(answers)]
    for message in replies:
        add(message)
    chat = {"id": new_id(), "title": "Sums", "archived": False,
            "chat": {"models": models, "history": {
                "messages": messages, "currentId": replies[-1]["id"]}},
            "created_at": now, "updated_at": now}
    return chat, replies, count + 2


def model_of(reply):
    return reply.get("selectedModelId", reply["model"])


def form_of(chat, replies, rated, index, rating, **annotation):
    data = {"rating": rating, **annotation, "model_id": model_of(rated)}
    if len(replies) > 1:
        data["sibling_model_ids"] = [model_of(m) for m in replies if m is not rated]
    names = [data["model_id"], *data.get("sibling_model_ids", [])]
    return {"type": "rating", "data": data,
            "meta": {"arena": rated.get("arena", False), "model_id": rated["model"],
                     "message_id": rated["id"], "message_index": index,
                     "chat_id": chat["id"], "base_models": {n: None for n in names}},
            "snapshot": {"chat": chat}}


clicks = []  # the rows that each click must become; the export begins with the last


def rows_of(user, turns, replies, rated, rating, arena):
    rows = []
    for sibling in replies:
        a, b = model_of(rated), model_of(sibling)
        if a == b or rating not in (1, -1):
            continue
        texts = {"prompt": turns[-1], "text_a": rated["content"], "text_b": sibling["content"]}
        if len(turns) > 1:
            earlier = [m for question, answer, _ in turns[:-1]
                       for m in (message("user", question), message("assistant", answer))]
            texts = {"prompt": earlier + [message("user", turns[-1])],
                     "text_a": [message("assistant", rated["content"])],
                     "text_b": [message("assistant", sibling["content"])]}
        rows.append({"user": user, "pair": ":".join([rated["parentId"], *sorted([a, b])]),
                     "choice": "a" if rating == 1 else "b", "model_a": a, "model_b": b,
                     "time": now, "arena": arena, **texts})
    return rows


async def rate(user, turns, chat, replies, rated, index, rating, **annotation):
    await backend.Feedbacks.insert_new_feedback(user, backend.FeedbackForm(
        **form_of(chat, replies, rated, index, rating, **annotation)))
    clicks.append(rows_of(user, turns, replies, rated, rating, rated.get("arena", False)))


async def click(user, turns, answers, rated, rating, arena=False, **annotation):
    global now
    chat, replies, index = chat_of(turns, answers, arena)
    await rate(user, turns, chat, replies, replies[rated], index, rating, **annotation)
    now += 60
    return chat, replies, index


async def main():
    global now
    async with db.async_engine.begin() as connection:
        await connection.run_sync(backend.Feedback.__table__.create)
    made = [v for v in votes(per_user=2) if v.choice in "ab"]
    for k, vote in enumerate(made):
        answers = [(vote.model_a, vote.answer_a), (vote.model_b, vote.answer_b)]
        # The user rates one of the two answers: up or down.
        rated = dice.randrange(2)
        rating = 1 if (vote.choice == "a") == (rated == 0) else -1
        turns = [vote.question]
        if k % 9 == 4:  # two turns
            turns = [("Hello!", "Hello. What shall I compute?", vote.model_a), vote.question]
        await click(vote.user, turns, answers, rated, rating, arena=k % 3 == 0,
                    reason="accurate_information" if rating == 1 else "not_factual",
                    comment="", tags=["Mathematics"],
                    details={"rating": 8 if rating == 1 else 2})
    vote = made[0]
    three = [(MODELS[0], "It is 6."), (MODELS[1], "It is 7."), (MODELS[2], "It is 8.")]
    await click("u01", ["What is 2 × 3?"], three, 0, 1)       # beats two siblings
    await click("u03", ["What is 2 × 4?"], three, 0, -1)      # loses to two siblings
    # What cannot be read as a comparison:
    await click("u05", ["What is 2 × 5?"], three[:1], 0, 1)   # an answer without siblings
    await click("u05", ["What is 2 × 6?"], [three[0]] * 2, 0, 1)  # the same model again
    await click("u07", ["What is 2 × 7?"], three[:2], 0, None, comment="Hm.")  # no rating
    # The user rates both answers of one turn: the same comparison twice.
    turns = ["What is 2 × 8?"]
    chat, replies, index = await click("u09", turns, three[:2], 0, 1)
    await rate("u09", turns, chat, replies, replies[1], index, -1)
    exported = await backend.Feedbacks.get_all_feedbacks()
    with open("feedback.json", "w", encoding="utf-8") as file:
        json.dump([f.model_dump() for f in exported], file,
                  ensure_ascii=False, separators=(",", ":"))
    read_as("feedback.json.rows.jsonl", [row for rows in clicks[::-1] for row in rows])
    await db.async_engine.dispose()


asyncio.run(main())
