# SPDX-License-Identifier: GPL-3.0-or-later
# Reads what heed export --as axolotl wrote with axolotl's own strategy,
# chat_template.default, by the configuration that the data card gives.
#   load_axolotl.py F.jsonl
import os
import re
import sys

os.environ.update(HF_HUB_OFFLINE="1", CUDA_VISIBLE_DEVICES="")

import datasets
import jinja2
import yaml
from axolotl.prompt_strategies.dpo import chat_template
from axolotl.utils.dict import DictDefault

path = sys.argv[1]
card = open(path + ".card.md", encoding="utf-8").read()
given = yaml.safe_load(re.search(r"```yaml\n(.*?)```", card, re.S)[1])
[source] = given["datasets"]
assert given["rl"] == "dpo" and source["path"] == os.path.basename(path)
assert source["type"] == "chat_template.default"
data = datasets.load_dataset(source["ds_type"], data_files=path,
                             split=source["split"])
template = ("{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
            "{% if add_generation_prompt %}<assistant>{% endif %}")


class Tokenizer:
    def apply_chat_template(self, messages, add_generation_prompt,
                            chat_template, tokenize):
        return jinja2.Template(chat_template, keep_trailing_newline=True).render(
            messages=messages, add_generation_prompt=add_generation_prompt)


transform, _ = chat_template.default(DictDefault(
    {"datasets": [source], "chat_template": "jinja",
     "chat_template_jinja": template}))
for row in data:
    made = transform(row, tokenizer=Tokenizer())
    assert made["prompt"] == "".join(
        f"<{m['role']}>{m['content']}\n" for m in row["messages"]
    ) + "<assistant>", made
    assert made["chosen"] == row["chosen"]["content"], made
    assert made["rejected"] == row["rejected"]["content"], made
print(len(data), "examples transformed")
