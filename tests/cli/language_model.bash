# What the tests of the language model beside other tools share.

bats_require_minimum_version 1.5.0

# need PYTHON MODULES HOW: skips unless that Python has them.
need() {
  "$1" -c "import $2" 2>/dev/null || skip "$2: not installed; $3"
}

# Sets model, or skips.
need_model() {
  model="${HEED_LLM_MODEL:-$("$HEED_SOURCE/scripts/fetch-model.sh" 2>/dev/null)}" ||
    skip "the model cannot be had: scripts/fetch-model.sh says why"
  [ -f "$model" ] || skip "no model: scripts/fetch-model.sh says why"
}
