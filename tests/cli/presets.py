"""What heed reads of a tool's export, against the rows that it must read.

  presets.py READ.jsonl ROWS.jsonl [COLUMN=NAME …] [without=COLUMN,…] [users=read]

READ.jsonl is the output of heed look --rows; ROWS.jsonl is beside each fixture of
tests/logs.  COLUMN=NAME: the column NAME of READ.jsonl is COLUMN of ROWS.jsonl.
without: columns that the file lacks.  users=read: only rows of users that were read.
A row's A may be heed's B: answers are compared by their models and texts."""
import datetime
import json
import sys

read_path, rows_path, *columns = sys.argv[1:]
other_names = dict(each.split("=") for each in columns)
without = set(other_names.pop("without", "").split(",")) - {""}
users_read = other_names.pop("users", "") == "read"


def time_of(value):
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        value = value.timestamp()
    return round(value, 3)


def said(value):
    """A lone message of a user or an assistant is its text."""
    if value is None:  # unknown
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def plain(row, keys):
    """The row without names for its answers; the keys that both files have."""
    sides = {"left": "a", "right": "b", "a": "a", "b": "b", "tie": "tie"}
    answer = {side: (row[f"model_{side}"] if "model_a" in keys else None,
                     said(row[f"text_{side}"]) if "text_a" in keys else None)
              for side in "ab"}
    if answer["a"] == answer["b"]:  # nothing tells them apart but their names
        answer = {"a": "a", "b": "b"}
    choice = sides[row["choice"]]
    made = [str(row.get("user", row["pair"])),
            "tie" if choice == "tie" else repr(answer[choice]),
            repr(sorted(map(repr, answer.values())))]
    if "left" in keys:
        made.append(repr(answer[row["left"]]))
    if "prompt" in keys:
        made.append(said(row["prompt"]))
    if "time" in keys:
        made.append(time_of(row["time"]))
    for key in sorted(keys - {"user", "pair", "choice", "model_a", "model_b", "left",
                              "prompt", "text_a", "text_b", "time"}):
        value = row[key]
        if isinstance(value, bool):
            value = str(value).lower()
        made.append(str(float(value)) if isinstance(value, (int, float)) else value)
    return tuple(made)


read = [json.loads(line) for line in open(read_path)]
rows = [json.loads(line) for line in open(rows_path)]
for row in read:
    for name, column in other_names.items():
        row[name] = row.pop(column)
if users_read:
    known = {row["user"] for row in read}
    rows = [row for row in rows if row["user"] in known]
assert len(read) == len(rows), f"read {len(read)} rows, expected {len(rows)}"
keys = set(rows[0]) & set(read[0])
if "user" not in keys:  # nobody says who voted: the pair stands in
    read = [{**row, "user": row["pair"]} for row in read]
missing = set(rows[0]) - keys
assert missing == without, f"missing {missing}, expected {without}"
found = sorted((plain(row, keys), row["pair"]) for row in read)
expected = sorted((plain(row, keys), str(row["pair"])) for row in rows)
for one, other in zip(found, expected):
    assert one[0] == other[0], f"read {one[0]}\nexpected {other[0]}"

# The same pairs, whatever their names: rows that look alike may be swapped.
def groups(pairs):
    made = {}
    for row, pair in pairs:
        made.setdefault(pair, []).append(row)
    return sorted(sorted(each) for each in made.values())

assert groups(found) == groups(expected), "other pairs"
print(len(read), "rows", *sorted(keys))
