#!/usr/bin/env python3
"""tokens.py MODEL.gguf TOKENS [chat|RULE]: 5,000 texts through TOKENS (tests/support/tokens.c)
and through the library `tokenizers` with the model's own vocabulary and merges;
the ids have to be the same, with control tokens recognised and without, and the
turns of a chat as well.  With a RULE (gpt-2, llama-bpe, qwen2), the model's vocabulary is cut by
that rule.  Says what differs, and how many were compared."""
import random
import struct
import subprocess
import sys
import tempfile
import unicodedata

import gguf
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers
from tokenizers import Regex

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CUTS = {
    "gpt-2": [pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "smollm": [pre_tokenizers.Digits(individual_digits=True),
               pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "llama-bpe": [pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                  pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)],
    "qwen2": [pre_tokenizers.Split(Regex(LLAMA3.replace("{1,3}", "")), "isolated"),
              pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)],
}


def reference(model, control):
    keys = {name: field.contents() for name, field in gguf.GGUFReader(model).fields.items()
            if name.startswith("tokenizer.")}
    tokens, types = keys["tokenizer.ggml.tokens"], keys["tokenizer.ggml.token_type"]
    rule = keys["tokenizer.ggml.pre"]
    made = Tokenizer(models.BPE(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in keys["tokenizer.ggml.merges"]],
        ignore_merges=rule == "llama-bpe"))
    made.pre_tokenizer = pre_tokenizers.Sequence(CUTS[rule])
    marks = [t for t, kind in zip(tokens, types) if kind == 4 or (control and kind == 3)]
    made.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in marks])
    return made


WORDS = """the of and don't I'll WE'VE they'RE it'ſ naïve Straße Ελλάδα привет мир שלום
مرحبا नमस्ते สวัสดี 你好世界 こんにちは 안녕하세요 Việt ﬁne ½ Ⅷ ٣٤٥ 1234567890 3.14159e-10 e=mc²
👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷 1️⃣ ❤️ <|im_start|> <|im_end|> <|endoftext|> <|im_start <repo_name>
for(int i=0;i<n;i++){ x[i]+=1; } def f(x): return "a'b" #include<stdio.h> http://a.b/c?d=e&f=%20
'' ''' "" -- --- ... !!! ??? ___ \\n \\t @user #tag $1,000.00 100% a_b_c CamelCaseWord ÀÉ Å n̈ 각""".split()
SPACES = [" ", " ", " ", "  ", "    ", "\n", "\n\n", "\r\n", "\t", " \n ", "\u00a0", "\u2003",
          "\u3000", "\u2028", "\u0085", "\x0b", "\x1c", "\u200b", "", ""]


def planes(chance, count):
    """Characters of every plane: mostly assigned ones, some not."""
    made = []
    while len(made) < count:
        plane = chance.randrange(17)
        c = plane << 16 | chance.randrange(0x10000)
        if 0xD800 <= c < 0xE000 or c == 0:
            continue
        if plane < 4 and unicodedata.category(chr(c)) == "Cn" and chance.random() < 0.9:
            continue
        made.append(chr(c))
    return "".join(made)


def texts(count=5000):
    chance = random.Random(20251010)
    made = [b"", b" ", b"\n", b"\0", b"a" * 20000, b" " * 5000, "é".encode() * 3000, b"\xff" * 300,
            "".join(chr(c) for c in range(0x3000) if c).encode()]
    for plane in range(17):  # a block of each plane
        for start in (0, 0x400, 0xF000, 0xFF80):
            made.append("".join(chr(plane << 16 | c) for c in range(start, start + 128)
                                if not 0xD800 <= c < 0xE000).encode())
    while len(made) < count:
        kind = chance.randrange(6)
        if kind < 3:
            text = "".join(chance.choice(WORDS) + chance.choice(SPACES)
                           for _ in range(chance.randrange(1, 40)))
        elif kind == 3:
            text = planes(chance, chance.randrange(1, 60))
        elif kind == 4:
            text = "".join(chance.choice(SPACES + [planes(chance, 1), chance.choice(WORDS)])
                           for _ in range(chance.randrange(1, 60)))
        else:
            text = "".join(chr(chance.randrange(1, 0x250)) for _ in range(chance.randrange(1, 60)))
        raw = text.encode()
        if chance.random() < 0.2:  # break it
            raw = bytearray(raw)
            for _ in range(chance.randrange(1, 6)):
                if raw and chance.random() < 0.5:
                    raw[chance.randrange(len(raw))] = chance.randrange(256)
                elif raw:
                    del raw[chance.randrange(len(raw))]
                raw += bytes(chance.randrange(128, 256) for _ in range(chance.randrange(3)))
            raw = bytes(raw)
        made.append(raw)
    return made


def ours(program, model, mode, raws):
    said = subprocess.run([program, model, mode], check=True, capture_output=True,
                          input=b"".join(struct.pack("<I", len(r)) + r for r in raws))
    lines = said.stdout.decode().split("\n")
    return [[int(i) for i in line.split()] for line in lines[0:2 * len(raws):2]], [
        bytes.fromhex(line) for line in lines[1:2 * len(raws):2]]


def compare(what, raws, found, expected):
    wrong = [i for i in range(len(raws)) if found[i] != expected[i]]
    for i in wrong[:5]:
        print(f"{what}: {raws[i][:200]!r}\n  found    {found[i][:60]}\n  expected {expected[i][:60]}")
    print(f"{what}: {len(raws)} texts, {sum(map(len, expected))} tokens, {len(wrong)} differ")
    return len(wrong)


def with_rule(model, rule, path):
    """The model's tokens and merges in a file of their own, under another rule."""
    fields = gguf.GGUFReader(model).fields
    out = gguf.GGUFWriter(path, "llama")
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre(rule)
    out.add_token_list(fields["tokenizer.ggml.tokens"].contents())
    out.add_token_types(fields["tokenizer.ggml.token_type"].contents())
    out.add_token_merges(fields["tokenizer.ggml.merges"].contents())
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path


def main():
    with tempfile.TemporaryDirectory() as folder:
        model, program, *mode = sys.argv[1:]
        if mode and mode[0] != "chat":
            model = with_rule(model, mode[0], f"{folder}/{mode[0]}.gguf")
        return run(model, program, mode == ["chat"])


def run(model, program, chat):
    raws = texts()
    plain = [raw.decode("utf-8", errors="replace") for raw in raws]
    if "qwen2" in model:
        # Its tokenizer composes text.  The reference composes by a Unicode of its
        # own, too old to know the order of some marks: so Python composes for it.
        own = normalizers.NFC()
        composed = [unicodedata.normalize("NFC", text) for text in plain]
        print(sum(own.normalize_str(a) != b for a, b in zip(plain, composed)),
              "texts are composed otherwise by the reference's Unicode")
        plain = composed
    differ, lost = 0, 0
    for control in (False, True):
        by = reference(model, control)
        expected = [by.encode(text, add_special_tokens=False).ids for text in plain]
        found, decoded = ours(program, model, "control" if control else "plain", raws)
        differ += compare("control tokens" if control else "text", raws, found, expected)
        has = set(by.get_vocab())
        alphabet = {c for c in pre_tokenizers.ByteLevel.alphabet() if c in has}
        spelled = {byte for byte, c in BYTES.items() if c in alphabet}
        for text, got in zip(plain, decoded):
            raw = bytes(b for b in text.encode() if b in spelled)
            lost += got != raw
    print(f"decoded: {lost} are not the bytes that the vocabulary can spell")
    if chat:
        by = reference(model, False)
        ids = by.get_vocab()
        start, end = ids["<|im_start|>"], ids["<|im_end|>"]
        encode = lambda text: by.encode(text, add_special_tokens=False).ids
        turn = lambda role, text: [start] + encode(f"{role}\n{text}") + [end] + encode("\n")
        system = turn("system", "You are a helpful AI assistant named SmolLM, trained by Hugging Face")
        expected = [system + turn("user", t) + [start] + encode("assistant\n") for t in plain]
        differ += compare("chat", raws, ours(program, model, "chat", raws)[0], expected)
    return 1 if differ + lost else 0


def byte_characters():
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in kept]
    return {**{b: chr(b) for b in kept}, **{b: chr(256 + i) for i, b in enumerate(rest)}}


BYTES = byte_characters()
sys.exit(main())
