# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder once more, in JAX, from the same GGUF file: an independent
implementation that tests/cli/llm.bats compares heed's with.

Written in the manner of Hugging Face's LlamaModel: query and key weights are
put back into its order and RoPE turns halves, not neighbours.  Gradients are
JAX's.

  llm_reference.py MODEL.gguf tokens FILE          20 texts as token ids, a line each
  llm_reference.py MODEL.gguf logits TOKENS FOUND  largest difference; mean log-probability
  llm_reference.py MODEL.gguf dpo TOKENS ADAPTER.gguf GRADIENT.gguf LOSSES
"""
import sys

import gguf
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_default_matmul_precision", "highest")
BETA = 0.1
TEXTS = """The capital of France is Paris, and the capital of Italy is Rome.
Water boils at one hundred degrees Celsius at sea level.
def add(a, b):     return a + b
Once upon a time there was a little girl who lived in a small house in the woods.
The quick brown fox jumps over the lazy dog.
In 1969, two men walked on the Moon for the first time.
To be, or not to be, that is the question.
Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.
My favourite recipe for bread needs flour, water, salt and yeast.
She opened the door, looked around, and whispered that nobody was there.
A preference is what somebody would choose if they paid attention.
If x is an even number, then x divided by two is a whole number.
SELECT name FROM users WHERE age > 30 ORDER BY name;
It rained all night; in the morning the streets were wet and the air was cool.
Dear Sir or Madam, I am writing to complain about the service in your hotel.
The heart pumps blood through the body about once every second.
Machine learning is the study of algorithms that improve with experience.
He said that he would come tomorrow, but he never did.
1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
Two users saw the same pair of answers, and only one of them read both.""".split("\n")


def tokens_of(reader, text):
    """Byte-level BPE of plain ASCII text, word by word, slowly."""
    words = [bytes(v).decode() for v in field(reader, "tokenizer.ggml.tokens")]
    merges = [bytes(v).decode() for v in field(reader, "tokenizer.ggml.merges")]
    number = {word: i for i, word in enumerate(words)}
    rank = {tuple(m.split(" ")): i for i, m in enumerate(merges)}
    found = []
    import re
    for word in re.findall(r" ?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+", text):
        part = list(word.replace(" ", "\u0120"))
        while len(part) > 1:
            best = min(zip(part, part[1:]), key=lambda p: rank.get(p, 1 << 30))
            if best not in rank:
                break
            i = next(i for i in range(len(part) - 1) if (part[i], part[i + 1]) == best)
            part[i:i + 2] = [part[i] + part[i + 1]]
        found += [number[p] for p in part]
    return found


def field(reader, key):
    of = reader.fields[key]
    return [of.parts[i] for i in of.data]


def number(reader, key):
    return field(reader, key)[0][0]


def load(path):
    reader = gguf.GGUFReader(path)
    tensors = {t.name: np.asarray(gguf.dequantize(t.data, t.tensor_type), np.float32)
               for t in reader.tensors}
    return reader, tensors


class Decoder:
    def __init__(self, path):
        self.reader, tensors = load(path)
        self.layers = int(number(self.reader, "llama.block_count"))
        self.heads = int(number(self.reader, "llama.attention.head_count"))
        self.kv_heads = int(number(self.reader, "llama.attention.head_count_kv"))
        self.base = float(number(self.reader, "llama.rope.freq_base"))
        self.epsilon = float(number(self.reader, "llama.attention.layer_norm_rms_epsilon"))
        self.w = {k: jnp.asarray(v) for k, v in tensors.items()}
        self.width = tensors["blk.0.attn_q.weight"].shape[0] // self.heads

    def halves(self, rows, heads):
        """Neighbouring pairs -> halves, along the last axis."""
        shape = rows.shape[:-1]
        return jnp.swapaxes(rows.reshape(*shape, heads, self.width // 2, 2), -1, -2).reshape(*shape, -1)

    def linear(self, x, name, adapter, alpha):
        y = x @ self.w[name].T
        if adapter is not None:
            a, b = adapter[name + ".lora_a"], adapter[name + ".lora_b"]
            y = y + alpha / a.shape[0] * ((x @ a.T) @ b.T)
        return y

    def norm(self, x, name):
        return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + self.epsilon) * self.w[name]

    def rotate(self, x):
        angle = np.arange(x.shape[0])[:, None] * self.base ** (-np.arange(0, self.width, 2) / self.width)
        cos, sin = (jnp.asarray(np.tile(f(angle), (1, 2)), jnp.float32)[:, None] for f in (np.cos, np.sin))
        first, second = jnp.split(x, 2, -1)
        return x * cos + jnp.concatenate([-second, first], -1) * sin

    def logits(self, token, adapter=None, alpha=1.0):
        x = self.w["token_embd.weight"][jnp.asarray(token)]
        count = len(token)
        mask = jnp.tril(jnp.ones((count, count), bool))
        for i in range(self.layers):
            at = lambda name: f"blk.{i}.{name}.weight"
            h = self.norm(x, at("attn_norm"))
            q, k, v = (self.linear(h, at(n), adapter, alpha) for n in ("attn_q", "attn_k", "attn_v"))
            q = self.rotate(self.halves(q, self.heads).reshape(count, self.heads, -1))
            k = self.rotate(self.halves(k, self.kv_heads).reshape(count, self.kv_heads, -1))
            group = self.heads // self.kv_heads
            k = jnp.repeat(k, group, 1)
            v = jnp.repeat(v.reshape(count, self.kv_heads, -1), group, 1)
            score = jnp.einsum("thd,shd->hts", q, k) / np.sqrt(self.width)
            p = jax.nn.softmax(jnp.where(mask, score, -jnp.inf), -1)
            x = x + self.linear(jnp.einsum("hts,shd->thd", p, v).reshape(count, -1), at("attn_output"), adapter, alpha)
            h = self.norm(x, at("ffn_norm"))
            act = jax.nn.silu(self.linear(h, at("ffn_gate"), adapter, alpha)) * self.linear(h, at("ffn_up"), adapter, alpha)
            x = x + self.linear(act, at("ffn_down"), adapter, alpha)
        return self.norm(x, "output_norm.weight") @ self.w.get("output.weight", self.w["token_embd.weight"]).T

    def responses(self, tokens, adapter=None, alpha=1.0):
        """log P(second half | what is before), summed, of each sequence.  Padded
        at the end, which causal attention does not see."""
        longest = max(map(len, tokens))
        padded = np.array([t + [0] * (longest - len(t)) for t in tokens])
        asked = np.array([[len(t) // 2 <= i < len(t) for i in range(longest)] for t in tokens])
        logp = jax.nn.log_softmax(jax.vmap(lambda t: self.logits(t, adapter, alpha))(padded))
        chosen = jnp.take_along_axis(logp[:, :-1], jnp.asarray(padded)[:, 1:, None], 2)[..., 0]
        return (chosen * asked[:, 1:]).sum(1)


def read_tokens(path):
    return [[int(t) for t in line.split()] for line in open(path)]


def compare_logits(model, tokens, path):
    vocabulary = model.w["token_embd.weight"].shape[0]
    found = np.fromfile(path, np.float32).reshape(-1, vocabulary)
    first, worst, nll, count = 0, 0.0, 0.0, 0
    for token in tokens:
        expected = np.asarray(model.logits(token))
        worst = max(worst, float(np.abs(found[first:first + len(token)] - expected).max()))
        logp = np.asarray(jax.nn.log_softmax(expected))
        nll -= sum(logp[t - 1, token[t]] for t in range(1, len(token)))
        count += len(token) - 1
        first += len(token)
    print(f"{len(tokens)} texts, {first} tokens: largest difference of logits {worst:.2e}, "
          f"mean log-probability {-nll / count:.3f}")
    assert worst < 1e-3, worst
    assert nll / count < 4, "no language: another order of heads?"


def adamw(x, m, v, g, t):
    rate = 1e-3 * min(1, t / 3)
    norm = np.sqrt(sum(float((a.astype(np.float64) ** 2).sum()) for a in g.values()))
    for k in x:
        d = g[k] * min(1, 1 / norm)
        m[k] = 0.9 * m[k] + 0.1 * d
        v[k] = 0.999 * v[k] + 0.001 * d * d
        x[k] = x[k] * (1 - rate * 0.01) - rate * (m[k] / (1 - 0.9 ** t)) / (
            np.sqrt(v[k] / (1 - 0.999 ** t)) + 1e-8)


def compare_dpo(model, tokens, adapter_path, gradient_path, losses_path):
    reader, adapter = load(adapter_path)
    alpha = float(number(reader, "adapter.lora.alpha"))
    _, found = load(gradient_path)
    reference = np.asarray(model.responses(tokens))

    def loss(of, weights):
        model.w = weights  # an argument: constants would be folded for minutes
        lp = model.responses(tokens, of, alpha) - reference
        return -jax.nn.log_sigmoid(BETA * (lp[0::2] - lp[1::2])).mean()

    ours = [float(line) for line in open(losses_path)]
    m = {k: np.zeros_like(a) for k, a in adapter.items()}
    v = {k: np.zeros_like(a) for k, a in adapter.items()}
    weights = model.w
    slope = jax.jit(jax.value_and_grad(loss))
    for t in range(1, 11):
        value, g = slope(adapter, weights)
        g = {k: np.asarray(a) for k, a in g.items()}
        if t == 1:
            worst = max((float(np.linalg.norm(found[k] - g[k]) / np.linalg.norm(g[k])), k) for k in g)
            print(f"{len(g)} gradients: largest relative difference {worst[0]:.2e} ({worst[1]})", flush=True)
            assert worst[0] < 1e-3, worst
        print(f"step {t}: loss {ours[t - 1]:.7f}, in JAX {float(value):.7f}", flush=True)
        assert abs(ours[t - 1] - float(value)) < 1e-3 * max(abs(float(value)), 1e-2)
        adamw(adapter, m, v, g, t)


def main(path, what, *rest):
    if what == "tokens":
        reader = gguf.GGUFReader(path)
        with open(rest[0], "w") as file:
            for text in TEXTS:
                print(*tokens_of(reader, text), file=file)
        return
    model = Decoder(path)
    tokens = read_tokens(rest[0])
    if what == "logits":
        compare_logits(model, tokens, rest[1])
    else:
        compare_dpo(model, tokens, *rest[1:])


main(*sys.argv[1:])
