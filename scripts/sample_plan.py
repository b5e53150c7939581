#!/usr/bin/env python3
"""The plan that a result holds, cut to what a page can show.

    scripts/sample_plan.py RESULT.h5

Hashes keep 8 digits, paths their last part, and the lists of plugins and
metrics their first item.
"""
import json
import re
import sys

import h5py

WIDTH = 96


def shorter(value):
    if isinstance(value, dict):
        return {key: shorter(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shorter(item) for item in value]
    if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value):
        return value[:8] + "…"
    if isinstance(value, str) and re.match("/.*/", value):
        return "…/" + value.rsplit("/", 1)[1]
    return value


def laid_out(value, indent=0, room=WIDTH):
    """On one line where it fits in the room; else as many items a line as fit,
    and what fits on no line by itself below."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) <= room or not isinstance(value, (dict, list)):
        return flat
    pad = "\n" + " " * (indent + 1)
    start, end = ("{", "}") if isinstance(value, dict) else ("[", "]")
    text, used = start, WIDTH
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        key = f"{json.dumps(name)}: " if isinstance(value, dict) else ""
        one = key + json.dumps(item, ensure_ascii=False) + ","
        whole = len(one) <= WIDTH - indent - 1
        if not whole:
            one = key + laid_out(item, indent + 1, WIDTH - indent - 1 - len(key)) + ","
        if used + 1 + len(one) > WIDTH or not whole or isinstance(value, list):
            text, used = text + pad + one, indent + 1 + len(one)
        else:
            text, used = f"{text} {one}", used + 1 + len(one)
        if not whole:
            used = WIDTH
    return text[:-1] + "\n" + " " * indent + end


def main():
    with h5py.File(sys.argv[1]) as file:
        plan = json.loads(file["sweep/plan"][()])
    for name in ("plugins", "metrics"):
        more = len(plan[name]) - 1
        plan[name] = plan[name][:1] + [f"… {more} more"]
    plan["sweep"]["text"] = plan["sweep"]["text"].split("\n", 1)[0] + "…"
    print(laid_out(shorter(plan)))


main()
