# One DPO step of SmolLM2-135M's shape in PyTorch, for tests/bench/llm.sh: 8
# sequences of 128 tokens, log-probabilities of the last 64 of each, float32, a
# LoRA of rank 16 on every projection or all weights, AdamW.  Weights are random:
# their values cost nothing.  Logits are computed where they are asked for alone.
# Prints tokens per second of the best of several steps: as PyTorch runs it, and
# through torch.compile where that works.
#   llm_torch.py adapter|weights [STEPS]
import sys
import time

import torch
import torch.nn.functional as F

LAYERS, WIDTH, HEADS, KV, HEAD, FEED, VOCABULARY = 30, 576, 9, 3, 64, 1536, 49152
SEQUENCES, LENGTH, ASKED, RANK, BETA = 8, 128, 64, 16, 0.1


class Linear(torch.nn.Module):
    def __init__(self, inputs, outputs, lora):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5, not lora)
        self.lora = lora
        if lora:
            self.a = torch.nn.Parameter(torch.randn(RANK, inputs) / inputs**0.5)
            self.b = torch.nn.Parameter(torch.zeros(outputs, RANK))

    def forward(self, x):
        y = F.linear(x, self.weight)
        return y + F.linear(F.linear(x, self.a), self.b) if self.lora else y


class Layer(torch.nn.Module):
    def __init__(self, lora):
        super().__init__()
        self.n1 = torch.nn.Parameter(torch.ones(WIDTH), not lora)
        self.n2 = torch.nn.Parameter(torch.ones(WIDTH), not lora)
        self.q = Linear(WIDTH, HEADS * HEAD, lora)
        self.k = Linear(WIDTH, KV * HEAD, lora)
        self.v = Linear(WIDTH, KV * HEAD, lora)
        self.o = Linear(HEADS * HEAD, WIDTH, lora)
        self.gate = Linear(WIDTH, FEED, lora)
        self.up = Linear(WIDTH, FEED, lora)
        self.down = Linear(FEED, WIDTH, lora)

    def forward(self, x, cos, sin):
        h = F.rms_norm(x, (WIDTH,), self.n1, 1e-5)
        heads = lambda y, n: y.view(SEQUENCES, LENGTH, n, HEAD).transpose(1, 2)
        turn = lambda y: y * cos + torch.cat((-y[..., HEAD // 2:], y[..., :HEAD // 2]), -1) * sin
        q, k, v = turn(heads(self.q(h), HEADS)), turn(heads(self.k(h), KV)), heads(self.v(h), KV)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + self.o(a.transpose(1, 2).reshape(SEQUENCES, LENGTH, HEADS * HEAD))
        h = F.rms_norm(x, (WIDTH,), self.n2, 1e-5)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Model(torch.nn.Module):
    def __init__(self, lora):
        super().__init__()
        self.embedding = torch.nn.Parameter(torch.randn(VOCABULARY, WIDTH) / WIDTH**0.5, not lora)
        self.layers = torch.nn.ModuleList(Layer(lora) for _ in range(LAYERS))
        self.norm = torch.nn.Parameter(torch.ones(WIDTH), not lora)
        angle = torch.outer(torch.arange(LENGTH).float(), 1e5 ** (-torch.arange(0, HEAD, 2) / HEAD))
        self.register_buffer("cos", torch.cat((angle, angle), -1).cos())
        self.register_buffer("sin", torch.cat((angle, angle), -1).sin())

    def forward(self, tokens):
        x = F.embedding(tokens, self.embedding)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin)
        x = F.rms_norm(x[:, -ASKED - 1:-1], (WIDTH,), self.norm, 1e-5)
        logits = F.linear(x, self.embedding).flatten(0, 1)
        return -F.cross_entropy(logits, tokens[:, -ASKED:].flatten(), reduction="none").view(SEQUENCES, ASKED).sum(1)


def best(model, tokens, reference, steps):
    optimiser = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-6, fused=True)
    shortest = float("inf")
    for _ in range(steps + 1):
        began = time.perf_counter()
        optimiser.zero_grad()
        gain = model(tokens) - reference
        loss = -F.logsigmoid(BETA * (gain[0::2] - gain[1::2])).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        shortest = min(shortest, time.perf_counter() - began)
    return SEQUENCES * LENGTH / shortest


def main():
    what, steps = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    torch.manual_seed(1)
    torch.set_num_threads(2)
    model = Model(what == "adapter")
    tokens = torch.randint(VOCABULARY, (SEQUENCES, LENGTH))
    with torch.no_grad():
        reference = model(tokens)
    print(f"PyTorch {torch.__version__}, {what}: {best(model, tokens, reference, steps):.0f} tokens/s", flush=True)
    try:
        compiled = torch.compile(model)
        print(f"PyTorch {torch.__version__}, {what}, torch.compile: {best(compiled, tokens, reference, steps):.0f} tokens/s")
    except Exception as reason:  # no compiler here, or one that fails
        print(f"PyTorch, torch.compile: {type(reason).__name__}: {str(reason).splitlines()[0]}")


main()
