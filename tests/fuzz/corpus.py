#!/usr/bin/env python3
"""Makes tests/fuzz/corpus/{gguf,tokenizer}: small files that the fuzzers start
from.  They need the Python package gguf."""
import pathlib
import sys

import gguf
import numpy as np

folder = pathlib.Path(sys.argv[1])
CHATML = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
          "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"
          "{{ '<|im_start|>assistant\\n' }}{% endif %}")


def written(path, fill):
    out = gguf.GGUFWriter(path, "llama")
    fill(out)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path.read_bytes()


def keys(out):
    out.add_uint32("u", 7)
    out.add_float32("f", 0.5)
    out.add_bool("flag", True)
    out.add_string("text", "text")
    out.add_array("texts", ["one", "", "three"])
    out.add_array("i", [1, -2])
    out.add_array("fs", [1.0, 2.0])


def tensors(name):
    kind = gguf.GGMLQuantizationType[name]
    size = gguf.GGML_QUANT_SIZES[kind][1]
    rows = np.arange(2 * size, dtype=np.uint8).reshape(2, size)
    return lambda out: out.add_tensor("t", rows, raw_shape=rows.shape, raw_dtype=kind)


def vocabulary(pre):
    def fill(out):
        words = ["<|im_start|>", "<|im_end|>", "<user>", *"abcdeĠĊ'st1", "Ã", "©", "ab", "Ġa",
                 "abc", "cd", "Ġab", "Ã©"]
        out.add_tokenizer_model("gpt2")
        out.add_tokenizer_pre(pre)
        out.add_token_list(words)
        out.add_token_types([3, 3, 4] + [1] * (len(words) - 3))
        out.add_token_merges(["a b", "Ġ a", "ab c", "c d", "Ġa b", "Ã ©"])
        out.add_bos_token_id(0)
        out.add_eos_token_id(1)
        out.add_add_bos_token(False)
        out.add_chat_template(CHATML)
    return fill


for kind in ("gguf", "tokenizer"):
    (folder / kind).mkdir(parents=True, exist_ok=True)
written(folder / "gguf" / "keys", keys)
for name in "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K".split():
    written(folder / "gguf" / name.lower(), tensors(name))
text = "abcd ab<user>é  1\n'st <|im_start|>".encode() + b"\xff"
for pre in "default smollm llama-bpe qwen2".split():
    path = folder / "tokenizer" / pre
    path.write_bytes(bytes([len(text)]) + text + written(path, vocabulary(pre)))
(folder / "tokenizer" / "text").write_bytes(
    b"\xff" + "I'll  don'T\r\n \n 12345 ½ 你好\u3000é e\u0301 👍🏽!!\n\n".encode() + b"\xe2\x82\xf0\x9f")
