# Compares the tokenizer with the library `tokenizers` on SmolLM2. Skipped without
# the model or the Python packages gguf and tokenizers; HEED_PYTHON names a Python
# that has them.

bats_require_minimum_version 1.5.0

setup() {
  export python=${HEED_PYTHON:-python3}
  "$python" -c 'import gguf, tokenizers' 2>/dev/null ||
    skip "$python has not both packages gguf and tokenizers"
  model=$(PYTHON=$python "$HEED_SOURCE/scripts/fetch-model.sh" 2>/dev/null) ||
    skip "scripts/fetch-model.sh cannot bring the model"
}

@test "token ids, bytes and turns are the reference's on 5,000 texts" {
  "$python" "$HEED_SOURCE/tests/support/tokens.py" "$model" \
    "$HEED_BUILD/tests/tokens" chat
}

@test "token ids are the reference's by GPT-2's rule" {
  "$python" "$HEED_SOURCE/tests/support/tokens.py" "$model" \
    "$HEED_BUILD/tests/tokens" gpt-2
}

@test "token ids are the reference's by Llama 3's rule" {
  "$python" "$HEED_SOURCE/tests/support/tokens.py" "$model" \
    "$HEED_BUILD/tests/tokens" llama-bpe
}

@test "token ids are the reference's by Qwen 2's rule" {
  "$python" "$HEED_SOURCE/tests/support/tokens.py" "$model" \
    "$HEED_BUILD/tests/tokens" qwen2
}

@test "the model that is there is not fetched again" {
  run --separate-stderr env PYTHON=false "$HEED_SOURCE/scripts/fetch-model.sh"
  [ "$status" -eq 0 ]
  [ "$output" = "$model" ]
}

@test "without a network, what is missing is said" {
  run --separate-stderr env PYTHON=false \
    "$HEED_SOURCE/scripts/fetch-model.sh" "$BATS_TEST_TMPDIR/none"
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"put SmolLM2-135M-Instruct.Q4_1.gguf there by hand"* ]]
  [ -z "$(ls "$BATS_TEST_TMPDIR/none")" ]
}
