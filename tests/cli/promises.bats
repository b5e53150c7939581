# Distributions and user models that break a promise of their header are named
# before an estimator or a simulation relies on them.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  export HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed:$HEED_BUILD/tests/plugins/promise_breaker"
  export ASAN_OPTIONS="detect_leaks=0"
}

# sweep PRIOR [MODEL [ESTIMATOR_MODEL]]
sweep() {
  cat >sweep.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Promises", seed = 3, replicates = 2,
  source = h.source.synthetic { pairs = 60 },
  users = { count = 6, annotations = 10, attentiveness = h.distribution.beta {},
            model = ${2:-h.user_model.attentive {\}} },
  estimator = h.estimator.em { prior = $1, model = ${3:-h.user_model.attentive {\}} },
}
LUA
}

run_sweep() {
  run --separate-stderr "$HEED" run sweep.lua -o r.h5 -j 1 --progress none
  echo "$output"
  echo "$stderr"
}

# prior BREAKS WORDS: this prior of an estimator is refused with these words.
prior() {
  sweep "h.distribution.breaker { breaks = \"$1\" }"
  run_sweep
  failed distribution/breaker posterior "$2"
}

# failed PLUGIN STAGE WORDS: all cells failed in the stage, by this plugin.
failed() {
  [ "$status" -eq 3 ]
  /usr/bin/python3 - "$@" <<'PY'
import sys, h5py
f = h5py.File("r.h5")
texts = lambda name: {text.decode() for text in f[name][()].ravel()}
plugin, stage, words = sys.argv[1:]
assert texts("errors/plugin") == {plugin}, texts("errors/plugin")
assert texts("errors/stage") == {stage}, texts("errors/stage")
assert all(f"promise_breaker.so: {plugin}: {words}" in text for text in texts("errors/message")), texts("errors/message")
PY
}

# model BREAKS WORDS: users of this model are refused with these words.
model() {
  sweep "h.distribution.beta {}" "h.user_model.breaker { breaks = \"$1\" }"
  run_sweep
  failed user_model/breaker annotations "$2"
}

@test "a distribution and a user model that keep their promises run" {
  sweep "h.distribution.breaker {}" "h.user_model.breaker {}" "h.user_model.breaker {}"
  run_sweep
  [ "$status" -eq 0 ]
}

@test "nodes that descend, repeat or are NaN are refused, by the name of the distribution" {
  prior descending "nodes(): nodes[1] is 0.90625 after 0.96875, expected them to ascend"
  prior duplicate "nodes(): nodes[1] is 0.03125 after 0.03125, expected them to ascend"
  prior nan_nodes "nodes(): nodes[15] is nan, expected a finite number"
}

@test "weights that do not sum to 1 are refused, by the name of the distribution" {
  prior unnormalised "log_weights(): "
  prior positive "log_weights(): log_weight[0] is 0.5, expected at most 0"
}

@test "a free scale that does not lead back is refused, by the name of the distribution" {
  prior one_way "from_free(): gives theta[0] = -0.716"
}

@test "quantiles that fall are refused, by the name of the distribution" {
  prior falling "quantile(): gives 0.99 at u = 0.01 but 0.75 at u = 0.25, expected values that rise with u"
}

@test "a distribution that users are drawn from is checked, too" {
  sweep "h.distribution.beta {}"
  sed -i 's/attentiveness = h.distribution.beta {}/attentiveness = h.distribution.breaker { breaks = "falling" }/' sweep.lua
  run_sweep
  failed distribution/breaker annotations "quantile(): gives 0.99 at u = 0.01"
}

@test "a user model whose probabilities do not sum to 1 is refused before it draws users" {
  model sides "log_likelihood(): the probabilities of all histories of 3 answers sum to "
  model ties "log_likelihood(): the probabilities of all histories of 3 answers sum to 1.331"
  model casual "casual(): P(A) and P(B) sum to 1.2, expected 1"
}

@test "a user model whose simulate() disagrees with its likelihood is refused" {
  model simulated "simulate(): chooses A in 0."
}

@test "the user model of an estimator is refused, and the estimator gets no blame" {
  sweep "h.distribution.beta {}" "h.user_model.attentive {}" 'h.user_model.breaker { breaks = "sides" }'
  run_sweep
  failed user_model/breaker posterior "log_likelihood(): the probabilities of all histories of 3 answers sum to "
  sweep "h.distribution.beta {}" "h.user_model.attentive {}" 'h.user_model.breaker { breaks = "upside_down" }'
  run_sweep
  failed user_model/breaker posterior "domain(): gives eta the range 1 to 0, expected low below high"
}

@test "the summary of a run counts each culprit of a stage on a line of its own" {
  sweep 'h.axis("prior", { h.distribution.breaker { breaks = "one_way" }, h.distribution.beta {} })' \
    "h.user_model.attentive {}" \
    'h.axis("model", { h.user_model.attentive {}, h.user_model.breaker { breaks = "sides" } })'
  run_sweep
  [ "$status" -eq 3 ]
  [ "$(grep -c " failed in " <<<"$output")" -eq 2 ]
  [[ "${lines[0]}" == "2 cells done, 6 failed, "* ]]
  [[ "$output" == *"failed in posterior, distribution/breaker, at "*"promise_breaker.so: distribution/breaker: from_free(): "* ]]
  [[ "$output" == *"failed in posterior, user_model/breaker, at "*"promise_breaker.so: user_model/breaker: log_likelihood(): "* ]]
}
