# SPDX-License-Identifier: GPL-3.0-or-later
# Reads what heed export --as llamafactory wrote with LLaMA-Factory's own
# converter, by the entry of dataset_info.json that the data card gives.
#   load_llamafactory.py F.jsonl
import json
import os
import re
import sys
import types

os.environ.update(HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="")

import datasets
from llamafactory.data.converter import get_dataset_converter
from llamafactory.data.parser import get_dataset_list

path = sys.argv[1]
card = open(path + ".card.md", encoding="utf-8").read()
entry = json.loads("{" + re.search(r"```json\n(.*?)```", card, re.S)[1] + "}")
[attributes] = get_dataset_list(["heed"], entry)
assert attributes.dataset_name == os.path.basename(path)
assert attributes.ranking and attributes.formatting == "sharegpt"

data = datasets.load_dataset("json", data_files=path, split="train")
convert = get_dataset_converter(attributes.formatting, attributes,
                                types.SimpleNamespace(media_dir=""))
roles = {"human": "user", "gpt": "assistant", "observation": "observation"}
for row in data:
    made = convert(row)
    said = row["conversations"]
    system = said.pop(0)["value"] if said[0]["from"] == "system" else ""
    assert (made["_system"] or "") == system, made
    assert made["_prompt"] == [
        {"role": roles[m["from"]], "content": m["value"]} for m in said], made
    assert [m["content"] for m in made["_response"]] == [
        row["chosen"]["value"], row["rejected"]["value"]], made
print(len(data), "examples converted, none skipped")
