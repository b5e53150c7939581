# An adapter as llama.cpp loads it, for tests/cli/llm_adapter.bats: the
# log-probability of the second half of each line of tokens beside those that
# were found.
#   llm_llama.py MODEL-F32.gguf ADAPTER.gguf TOKENS FOUND
import sys

import numpy as np
from llama_cpp import Llama


def scores(lines, **more):
    model = Llama(sys.argv[1], n_ctx=512, n_batch=512, logits_all=True, verbose=False, **more)
    for line in lines:
        model.reset()
        model.eval(line)
        at = np.arange(len(line) // 2, len(line))
        logits = np.asarray(model.scores[at - 1], dtype=float)
        top = logits.max(axis=1)
        chosen = logits[np.arange(len(at)), np.array(line)[at]]
        yield (chosen - top - np.log(np.exp(logits - top[:, None]).sum(axis=1))).sum()


lines = [[int(token) for token in line.split()] for line in open(sys.argv[3])]
found = np.loadtxt(sys.argv[4])
before = np.array(list(scores(lines)))
after = np.array(list(scores(lines, lora_path=sys.argv[2])))
far = np.abs(after - found) / np.abs(after)
print(f"# {len(lines)} responses: relative difference at most {far.max():.2e}; "
      f"the adapter moves them by {np.abs(after - before).min():.3g} to {np.abs(after - before).max():.3g}")
assert len(lines) >= 10 and far.max() < 1e-2
assert np.abs(after - before).max() > 10 * np.abs(after - found).max()
