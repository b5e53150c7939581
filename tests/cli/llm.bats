# Compares the decoder with an independent one in JAX, on SmolLM2-135M.  JAX and
# gguf (PyPI) are in the virtual environment $HEED_LLM_REFERENCE, default llm in
# the build folder:
#   python3 -m venv build/test/llm
#   build/test/llm/bin/pip install "jax[cpu]" gguf
# The model is $HEED_LLM_MODEL, default that of scripts/fetch-model.sh.  Takes
# several minutes and 4 GB of memory.

load language_model

setup() {
  python="${HEED_LLM_REFERENCE:-$HEED_BUILD/llm}/bin/python3"
  need "$python" "jax, gguf" "the first lines of tests/cli/llm.bats say how"
  need_model
  steps="$HEED_BUILD/tests/llm_steps"
  cd "$BATS_TEST_TMPDIR"
  reference() { "$python" "$HEED_SOURCE/tests/cli/readers/llm_reference.py" "$model" "$@"; }
  reference tokens tokens.txt
}

@test "logits on 20 texts are those of an independent decoder to 1e-3" {
  "$steps" "$model" logits tokens.txt logits.bin
  reference logits tokens.txt logits.bin
}

@test "every gradient of an adapter under the DPO loss is autograd's to 1e-3, and ten steps follow its losses" {
  head -4 tokens.txt >pairs.txt
  "$steps" "$model" adapter adapter.gguf
  "$steps" "$model" dpo pairs.txt adapter.gguf gradient.gguf >losses.txt
  reference dpo pairs.txt adapter.gguf gradient.gguf losses.txt
}
