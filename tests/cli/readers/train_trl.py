# SPDX-License-Identifier: GPL-3.0-or-later
# Reads what heed export wrote as a trainer of language models does: datasets
# loads it, TRL's DPOTrainer prepares and tokenises it and takes a step with a
# model of random weights.  Nothing is downloaded.
#   train_trl.py F.jsonl EXPECTED_ROWS
import copy
import json
import math
import os
import sys
import tempfile

folder = tempfile.mkdtemp(dir=os.environ.get("BATS_TEST_TMPDIR"))
os.environ.update(HF_HOME=folder, HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1",
                  TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="")

import datasets
import numpy as np
import tokenizers
import torch
import transformers
import trl
from trl.data_utils import is_conversational, maybe_apply_chat_template
from trl.data_utils import maybe_extract_prompt

path, expected = sys.argv[1], int(sys.argv[2])
print("trl", trl.__version__, "datasets", datasets.__version__, "transformers",
      transformers.__version__, "torch", torch.__version__)
torch.manual_seed(1)

data = datasets.load_dataset("json", data_files=path, split="train")
lines = [json.loads(line) for line in open(path, encoding="utf-8")]
assert len(data) == len(lines) == expected, (len(data), len(lines))
assert data.to_list() == lines
types = {name: feature.dtype for name, feature in data.features.items()}
assert types == {"prompt": "string", "chosen": "string", "rejected": "string",
                 "weight": "float64", "eta_hat": "float64",
                 "user": "string"}, types


def tokenizer():
    """One token a byte, and a chat template."""
    model = tokenizers.Tokenizer(tokenizers.models.BPE(
        vocab={symbol: i for i, symbol in enumerate(
            sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()))},
        merges=[]))
    model.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=False)
    model.decoder = tokenizers.decoders.ByteLevel()
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=model, eos_token="<end>", pad_token="<pad>",
        clean_up_tokenization_spaces=False)
    made.chat_template = (
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}")
    return made


def train(rows, name):
    """What the trainer made of the rows, after one step of DPO."""
    token = tokenizer()
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=len(token), hidden_size=16, intermediate_size=32,
        num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
        max_position_embeddings=512, eos_token_id=token.eos_token_id,
        pad_token_id=token.pad_token_id))
    trainer = trl.DPOTrainer(
        model=model, ref_model=copy.deepcopy(model), processing_class=token,
        train_dataset=rows,
        args=trl.DPOConfig(
            output_dir=os.path.join(folder, name), max_steps=1, use_cpu=True,
            per_device_train_batch_size=len(rows), report_to=[],
            save_strategy="no", logging_steps=1, disable_tqdm=True,
            bf16=False))
    trainer.train()
    # The policy is its reference before the first step.
    loss = [entry["loss"] for entry in trainer.state.log_history
            if "loss" in entry][0]
    assert abs(loss - math.log(2)) < 1e-3, loss
    return token, trainer.train_dataset


first = data[0]
assert not is_conversational(first)
assert maybe_extract_prompt(first) == first
assert maybe_apply_chat_template(first, tokenizer()) == first

token, prepared = train(data, "texts")
assert len(prepared) == expected
for row, line in zip(prepared, lines):
    assert token.decode(row["prompt_ids"]) == line["prompt"], row
    assert token.decode(row["chosen_ids"]) == line["chosen"] + "<end>", row
    assert token.decode(row["rejected_ids"]) == line["rejected"] + "<end>", row

# As docs/annotation-logs.md says for a model with a chat template.
def as_messages(row):
    say = lambda role, text: [{"role": role, "content": text}]
    return {"prompt": say("user", row["prompt"]),
            "chosen": say("assistant", row["chosen"]),
            "rejected": say("assistant", row["rejected"])}


messages = data.map(as_messages, remove_columns=["weight", "eta_hat", "user"])
assert is_conversational(messages[0])
token, prepared = train(messages, "messages")
for row, line in zip(prepared, lines):
    assert token.decode(row["prompt_ids"]) == (
        f"<user>{line['prompt']}\n<assistant>"), row
    assert token.decode(row["chosen_ids"]) == line["chosen"] + "\n", row
# And for weights that differ: rows drawn in proportion.
weight = np.array(data["weight"])
drawn = np.random.default_rng(1).choice(len(data), len(data),
                                        p=weight / weight.sum())
_, prepared = train(data.select(drawn).map(
    as_messages, remove_columns=["weight", "eta_hat", "user"]), "drawn")
assert len(prepared) == expected

print(expected, "rows prepared and trained on, as texts and as messages")
