# llama.cpp loads an adapter that heed wrote, over a float32 copy of its base.
# llama-cpp-python (PyPI) is in the virtual environment $HEED_LLAMA, default
# llama in the build folder:
#   python3 -m venv build/test/llama
#   build/test/llama/bin/pip install llama-cpp-python
# The adapter is $HEED_LLM_ADAPTER, for example from a sweep with
# keep = {"policy"}; default: a random adapter.

load language_model

setup() {
  python="${HEED_LLAMA:-$HEED_BUILD/llama}/bin/python3"
  need "$python" llama_cpp "the first lines of tests/cli/llm_adapter.bats say how"
  need_model
  steps="$HEED_BUILD/tests/llm_steps"
  cd "$BATS_TEST_TMPDIR"
}

@test "llama.cpp finds the log-probabilities of ten responses to 1e-2" {
  "$steps" "$model" copy base.gguf
  adapter="${HEED_LLM_ADAPTER:-adapter.gguf}"
  [ -f "$adapter" ] || "$steps" "$model" adapter adapter.gguf
  for i in 1 2 3 4 5 6 7 8 9 10; do
    printf 'A question, number %s: what is there to say of it? Answer: %s things, and more.' $i $((i * i)) |
      od -An -v -tu1 | tr -s ' \n' ' ' | sed 's/^ //; s/ $//'
    echo
  done >bytes.txt
  "$python" -c '
import sys, llama_cpp
model = llama_cpp.Llama("base.gguf", vocab_only=True, verbose=False)
for line in open("bytes.txt"):
    print(*model.tokenize(bytes(map(int, line.split())), add_bos=False))' >tokens.txt
  "$steps" "$model" score tokens.txt "$adapter" >found.txt
  "$python" "$HEED_SOURCE/tests/cli/readers/llm_llama.py" base.gguf "$adapter" tokens.txt found.txt >&3
}
