# An adapter as llama.cpp loads it, for tests/cli/llm_adapter.bats: the
# log-probability of the second half of each line of tokens beside those that
# were found.
#   llm_llama.py MODEL-F32.gguf ADAPTER.gguf TOKENS FOUND
import ctypes
import sys

import llama_cpp
import numpy as np

llama_cpp.llama_log_set(llama_cpp.llama_log_callback(lambda *_: None), ctypes.c_void_p(0))
llama_cpp.llama_backend_init()
model = llama_cpp.llama_model_load_from_file(sys.argv[1].encode(), llama_cpp.llama_model_default_params())
assert model, "llama.cpp does not load the model"
vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
options = llama_cpp.llama_context_default_params()
options.n_ctx = options.n_batch = options.n_ubatch = 512
context = llama_cpp.llama_init_from_model(model, options)
adapter = llama_cpp.llama_adapter_lora_init(model, sys.argv[2].encode())
assert adapter, "llama.cpp does not load the adapter"


def scores(lines):
    for line in lines:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        batch = llama_cpp.llama_batch_init(len(line), 0, 1)
        batch.n_tokens = len(line)
        for i, token in enumerate(line):
            batch.token[i], batch.pos[i], batch.logits[i] = token, i, True
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
        assert llama_cpp.llama_decode(context, batch) == 0
        sum = 0.0
        for i in range(len(line) // 2, len(line)):
            row = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, i - 1), (vocabulary,)).astype(float)
            sum += row[line[i]] - row.max() - np.log(np.exp(row - row.max()).sum())
        llama_cpp.llama_batch_free(batch)
        yield sum


def use_adapter():
    """By the name that this version of the library has for it."""
    if hasattr(llama_cpp, "llama_set_adapter_lora"):
        return llama_cpp.llama_set_adapter_lora(context, adapter, 1.0)
    one = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter)
    return llama_cpp.llama_set_adapters_lora(context, one, 1, (ctypes.c_float * 1)(1.0))


lines = [[int(token) for token in line.split()] for line in open(sys.argv[3])]
found = np.loadtxt(sys.argv[4])
before = np.array(list(scores(lines)))
assert use_adapter() == 0
after = np.array(list(scores(lines)))
far = np.abs(after - found) / np.abs(after)
print(f"{len(lines)} responses: relative difference at most {far.max():.2e}; "
      f"the adapter moves them by {np.abs(after - before).min():.3g} at least")
assert len(lines) >= 10 and far.max() < 1e-2
assert np.abs(after - before).min() > 10 * np.abs(after - found).max()
