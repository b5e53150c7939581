# SPDX-License-Identifier: GPL-3.0-or-later
# Reads what heed export wrote as a trainer of language models does: datasets
# loads it, TRL's DPOTrainer or KTOTrainer prepares and tokenises it and takes a
# step with a model of random weights.  Nothing is downloaded.
#   train_trl.py FILES.jsonl …
# The keys of a file tell its shape; a file of texts is DPO's, and so on.
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
import tokenizers
import torch
import transformers
import trl
from trl.data_utils import is_conversational

print("trl", trl.__version__, "datasets", datasets.__version__, "transformers",
      transformers.__version__, "torch", torch.__version__)


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


def train(rows, kind):
    """What the trainer made of the rows, and its first loss."""
    torch.manual_seed(1)
    token = tokenizer()
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=len(token), hidden_size=16, intermediate_size=32,
        num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
        max_position_embeddings=512, eos_token_id=token.eos_token_id,
        pad_token_id=token.pad_token_id))
    trainer = getattr(trl, kind + "Trainer")(
        model=model, ref_model=copy.deepcopy(model), processing_class=token,
        train_dataset=rows,
        args=getattr(trl, kind + "Config")(
            output_dir=tempfile.mkdtemp(dir=folder), max_steps=1, use_cpu=True,
            per_device_train_batch_size=len(rows), report_to=[],
            save_strategy="no", logging_steps=1, disable_tqdm=True,
            bf16=False))
    trainer.train()
    loss = [entry["loss"] for entry in trainer.state.log_history
            if "loss" in entry][0]
    return token, trainer.train_dataset, loss


def shown(text, role, is_messages):
    """A text as the chat template shows it to the model."""
    if not is_messages:
        return text
    said = "".join(f"<{m['role']}>{m['content']}\n" for m in text)
    return said + "<assistant>" if role == "prompt" else (
        said.removeprefix("<assistant>"))


def check_dpo(data, lines, is_messages):
    token, prepared, loss = train(data, "DPO")
    # The policy is its reference before the first step.
    assert abs(loss - math.log(2)) < 1e-3, loss
    assert len(prepared) == len(lines)
    end = "" if is_messages else "<end>"
    for row, line in zip(prepared, lines):
        for key in "prompt", "chosen", "rejected":
            expected = shown(line[key], key, is_messages)
            expected += "" if key == "prompt" else end
            assert token.decode(row[key + "_ids"]) == expected, (row, expected)


def check_kto(data, lines):
    _, prepared, loss = train(data, "KTO")
    assert abs(loss - 0.5) < 1e-3, loss
    assert [row["label"] for row in prepared] == [
        line["label"] for line in lines]


for path in sys.argv[1:]:
    data = datasets.load_dataset("json", data_files=path, split="train")
    lines = [json.loads(line) for line in open(path, encoding="utf-8")]
    assert data.to_list() == lines and len(lines) > 0
    is_messages = is_conversational(data[0])
    assert is_messages == isinstance(lines[0]["prompt"], list)
    assert data.features["weight"].dtype == "float64"
    assert data.features["pair"].dtype == "string"
    if "label" in lines[0]:
        assert data.features["label"].dtype == "bool"
        check_kto(data, lines)
    else:
        check_dpo(data, lines, is_messages)
    print(path, len(lines), "lines prepared and trained on,",
          "as messages" if is_messages else "as texts")
