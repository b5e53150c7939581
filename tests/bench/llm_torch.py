# One DPO step of SmolLM2-135M's shape in PyTorch, for tests/bench/llm.sh: 4
# pairs of sequences of 128 tokens, log-probabilities of the last 64 of each,
# float32, a LoRA of rank 16 on every projection or all weights, AdamW.  Weights
# are random: their values cost nothing.  Logits are computed where they are asked
# for alone.  Twice over: each sequence read in full, as preference trainers for
# PyTorch do, and the prompt of a pair read once, written out here.
# Prints tokens per second of the best of several steps: as PyTorch runs it, and
# through torch.compile where that works.
#   llm_torch.py adapter|weights [STEPS]
import sys
import time

import torch
import torch.nn.functional as F

LAYERS, WIDTH, HEADS, KV, HEAD, FEED, VOCABULARY = 30, 576, 9, 3, 64, 1536, 49152
PAIRS, LENGTH, ASKED, RANK, BETA = 4, 128, 64, 16, 0.1
SEQUENCES, PROMPT = 2 * PAIRS, LENGTH - ASKED


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

    # x: (tokens, width)
    def forward(self, x, cos, sin, attend):
        h = F.rms_norm(x, (WIDTH,), self.n1, 1e-5)
        turn = lambda y: y * cos + torch.cat((-y[..., HEAD // 2:], y[..., :HEAD // 2]), -1) * sin
        q, k = turn(self.q(h).view(-1, HEADS, HEAD)), turn(self.k(h).view(-1, KV, HEAD))
        x = x + self.o(attend(q, k, self.v(h).view(-1, KV, HEAD)))
        h = F.rms_norm(x, (WIDTH,), self.n2, 1e-5)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


# (tokens, heads, width of a head) <-> (sequences, heads, their tokens, width)
def apart(y, sequences):
    return y.view(sequences, -1, *y.shape[1:]).transpose(1, 2)


def together(y):
    return y.transpose(1, 2).reshape(-1, HEADS * HEAD)


def attend_full(q, k, v):
    q, k, v = (apart(y, SEQUENCES) for y in (q, k, v))
    return together(F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True))


# The prompts stand first, then all responses, each of which sees its prompt too.
def attend_shared(q, k, v):
    prompt = [apart(y[:PAIRS * PROMPT], PAIRS) for y in (q, k, v)]
    q, k, v = (apart(y[PAIRS * PROMPT:], SEQUENCES) for y in (q, k, v))
    k, v = (torch.cat((p.repeat_interleave(2, 0), y), 2) for p, y in zip(prompt[1:], (k, v)))
    sees = torch.ones(ASKED, LENGTH, dtype=torch.bool).tril(PROMPT)
    return torch.cat((
        together(F.scaled_dot_product_attention(*prompt, is_causal=True, enable_gqa=True)),
        together(F.scaled_dot_product_attention(q, k, v, attn_mask=sees, enable_gqa=True))))


class Model(torch.nn.Module):
    def __init__(self, lora):
        super().__init__()
        self.embedding = torch.nn.Parameter(torch.randn(VOCABULARY, WIDTH) / WIDTH**0.5, not lora)
        self.layers = torch.nn.ModuleList(Layer(lora) for _ in range(LAYERS))
        self.norm = torch.nn.Parameter(torch.ones(WIDTH), not lora)
        angle = torch.outer(torch.arange(LENGTH).float(), 1e5 ** (-torch.arange(0, HEAD, 2) / HEAD))
        self.register_buffer("cos", torch.cat((angle, angle), -1).cos())
        self.register_buffer("sin", torch.cat((angle, angle), -1).sin())

    def forward(self, tokens, shared):
        place = torch.arange(LENGTH).expand(SEQUENCES, LENGTH)
        targets = tokens[:, PROMPT:].flatten()
        if shared:
            halves = lambda y: torch.cat((y[0::2, :PROMPT].flatten(), y[:, PROMPT:].flatten()))
            tokens, place, attend = halves(tokens), halves(place), attend_shared
        else:
            tokens, place, attend = tokens.flatten(), place.flatten(), attend_full
        cos, sin = self.cos[place][:, None], self.sin[place][:, None]
        x = F.embedding(tokens, self.embedding)
        for layer in self.layers:
            x = layer(x, cos, sin, attend)
        if shared:
            last = x[:PAIRS * PROMPT].view(PAIRS, PROMPT, WIDTH)[:, -1:].repeat_interleave(2, 0)
            x = torch.cat((last, x[PAIRS * PROMPT:].view(SEQUENCES, ASKED, WIDTH)[:, :-1]), 1)
        else:
            x = x.view(SEQUENCES, LENGTH, WIDTH)[:, PROMPT - 1:-1]
        logits = F.linear(F.rms_norm(x, (WIDTH,), self.norm, 1e-5), self.embedding).flatten(0, 1)
        return -F.cross_entropy(logits, targets, reduction="none").view(SEQUENCES, ASKED).sum(1)


def best(model, tokens, shared, reference, steps):
    optimiser = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-6, fused=True)
    shortest = float("inf")
    for _ in range(steps + 1):
        began = time.perf_counter()
        optimiser.zero_grad()
        gain = model(tokens, shared) - reference
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
    tokens[1::2, :PROMPT] = tokens[0::2, :PROMPT]
    with torch.no_grad():
        reference = model(tokens, False)
        assert torch.allclose(model(tokens, True), reference, rtol=1e-4)
    for how in "as it is", "torch.compile":
        for shared in False, True:
            name = f"PyTorch {torch.__version__}, {what}, {how}, a pair's prompt read {'once' if shared else 'twice'}"
            try:
                run = model if how == "as it is" else torch.compile(model)
                print(f"{name}: {best(run, tokens, shared, reference, steps):.0f} tokens/s", flush=True)
            except Exception as reason:  # no compiler here, or one that fails
                print(f"{name}: {type(reason).__name__}: {str(reason).splitlines()[0]}")


main()
