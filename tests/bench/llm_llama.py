# Generation with llama.cpp, for tests/bench/llm.sh: 32 sequences of 64 random
# tokens in one batch, then 64 more of each, drawn from all logits at temperature
# 1.  Prints tokens per second of the best of several rounds.
#   llm_llama.py MODEL.gguf [ROUNDS]
import ctypes
import sys
import time

import llama_cpp
import numpy as np

PROMPTS, LENGTH, MOST, THREADS = 32, 64, 64, 2

quiet = llama_cpp.llama_log_callback(lambda *_: None)  # must outlive the library
llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
llama_cpp.llama_backend_init()
model = llama_cpp.llama_model_load_from_file(sys.argv[1].encode(), llama_cpp.llama_model_default_params())
vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
options = llama_cpp.llama_context_default_params()
options.n_ctx = PROMPTS * (LENGTH + MOST)
options.n_batch = options.n_ubatch = 512
options.n_seq_max = PROMPTS
options.n_threads = options.n_threads_batch = THREADS
context = llama_cpp.llama_init_from_model(model, options)
memory = llama_cpp.llama_get_memory(context)
batch = llama_cpp.llama_batch_init(512, 0, 1)
chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_dist(1))


def put(token, position, sequence, logits):
    at = batch.n_tokens
    batch.token[at], batch.pos[at] = token, position
    batch.n_seq_id[at], batch.seq_id[at][0], batch.logits[at] = 1, sequence, logits
    batch.n_tokens += 1


def run():
    if llama_cpp.llama_decode(context, batch) != 0:
        sys.exit("llama_decode failed")


def once():
    prompt = np.random.default_rng(1).integers(0, vocabulary, (PROMPTS, LENGTH))
    llama_cpp.llama_memory_clear(memory, True)
    last = [0] * PROMPTS
    for first in range(0, PROMPTS, 512 // LENGTH):
        batch.n_tokens = 0
        for s in range(first, first + 512 // LENGTH):
            for i in range(LENGTH):
                put(int(prompt[s, i]), i, s, i == LENGTH - 1)
        run()
        for s in range(first, first + 512 // LENGTH):
            last[s] = llama_cpp.llama_sampler_sample(chain, context, (s - first) * LENGTH + LENGTH - 1)
    for step in range(1, MOST):
        batch.n_tokens = 0
        for s in range(PROMPTS):
            put(last[s], LENGTH + step - 1, s, True)
        run()
        last = [llama_cpp.llama_sampler_sample(chain, context, s) for s in range(PROMPTS)]


shortest = float("inf")
for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 5):
    began = time.perf_counter()
    once()
    shortest = min(shortest, time.perf_counter() - began)
print(f"llama.cpp (llama-cpp-python {llama_cpp.__version__}): {PROMPTS * MOST / shortest:.0f} tokens/s")
