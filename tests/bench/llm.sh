#!/usr/bin/env bash
# A language model of SmolLM2-135M's size beside PyTorch and llama.cpp, in one
# run, two threads each: tokens a second of a DPO step (4 pairs of sequences of 128
# tokens, half of them a prompt that the pair has in common) and of generation (32
# prompts of 64 tokens, 64 more each).  tests/bench/llm.c states the formula for
# floating-point operations, and measures the rate of OpenBLAS's own products
# between its steps.
#   tests/bench/llm.sh
# $HEED_TORCH: a virtual environment with torch; $HEED_LLAMA: one with
# llama-cpp-python.  What is not there is said and left out.
. "$(dirname "$0")/bench.bash"
model=${HEED_LLM_MODEL:-$("$source/scripts/fetch-model.sh")}
export OPENBLAS_NUM_THREADS=2 OMP_NUM_THREADS=2
turns=${BENCH_TURNS:-5}

for what in adapter weights; do
  for shared in 1 0; do
    "$build/tests/bench_llm" "$model" "$folder" train what=$what shared=$shared rounds="$turns" |
      sed "s/^/heed, $what, a pair's prompt read $([ $shared = 1 ] && echo once || echo twice): /"
  done
  if [ -x "${HEED_TORCH:-}/bin/python3" ]; then
    "$HEED_TORCH/bin/python3" "$source/tests/bench/llm_torch.py" $what "$turns"
  else
    echo "PyTorch: left out, HEED_TORCH names no virtual environment"
  fi
done
"$build/tests/bench_llm" "$model" "$folder" generate rounds="$turns" | sed 's/^/heed, generation: /'
if [ -x "${HEED_LLAMA:-}/bin/python3" ]; then
  "$HEED_LLAMA/bin/python3" "$source/tests/bench/llm_llama.py" "$model" "$turns"
else
  echo "llama.cpp: left out, HEED_LLAMA names no virtual environment"
fi
