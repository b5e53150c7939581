#!/usr/bin/env bats
# One sweep for each signature of failure, and one without a signature.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  export HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed:$HEED_BUILD/tests/plugins/misleading"
}

# sweep HEAD PARTS: a sweep of 20 users x 20, told its own parts.
sweep() {
  cat >sweep.lua <<LUA
local h = require "heed"
local paper = h.user_model.attentive {}
$1
return h.sweep {
  title = "Signatures", seed = 3, $2
}
LUA
  "$HEED" run sweep.lua -o result.h5 --progress none
  run --separate-stderr "$HEED" show result.h5
  [ "$status" -eq 0 ]
}

users() {
  echo "users = { count = ${1:-100}, annotations = 20, model = paper,
    attentiveness = ${2:-h.distribution.two_point {\}} },"
}

shows() {
  grep -q "^signatures of failure$" <<<"$output"
  grep -q "^  $1: $2" <<<"$output"
}

@test "users all attentive because mu is near one half" {
  sweep "" "replicates = 8, source = h.source.synthetic { mu = 0.51, pairs = 2000, held_out = 0 },
    $(users) estimator = h.estimator.em { mu = 0.51, prior = h.distribution.two_point {}, model = paper }"
  shows all_attentive "mean eta-hat above 0.9 at a gap within 0.05 of 1/2 in [1-8] of 8 cells"
}

@test "an objective that falls, where the trace is kept" {
  sweep "" "replicates = 2, keep = { 'trace' },
    source = h.source.synthetic { mu = 0.7, pairs = 2000, held_out = 0 }, $(users)
    estimator = h.axis { 'how', h.estimator.restless {}, h.estimator.em { model = paper } }"
  shows not_monotone "the objective fell from one step to the next in 2 of 4 cells, for example at how = restless"
}

@test "a fit that did not converge" {
  sweep "" "replicates = 2, source = h.source.synthetic { mu = 0.7, pairs = 2000, held_out = 0 },
    $(users) estimator = h.estimator.em { model = paper, max_iterations = 2 }"
  shows not_converged "the fit stopped before it converged (estimator_converged = 0) in 2 of 2 fits"
}

@test "a fit that the data do not identify" {
  sweep "" "replicates = 2, source = h.source.synthetic { mu = 0.74, pairs = 2000, held_out = 0 },
    $(users) estimator = h.estimator.em { mu = 'estimated', model = paper,
      prior = h.distribution.two_point {} }"
  shows not_identified "the data do not identify the parameters (estimator_identified = 0) in 2 of 2 fits"
}

# class_log ALWAYS WRONG: 200 items in two classes, ten labels each by 40 users.
# The first ALWAYS users say yes to all; of the labels of the others one in WRONG
# is wrong.
class_log() {
  LC_ALL=C awk -v always="$1" -v wrong="$2" 'BEGIN {
    print "user,pair,choice"
    split("1 3 7 9 11", stride)
    for (item = 0; item < 200; item++)
      for (k = 0; k < 10; k++) {
        user = (item * 7 + k * stride[1 + int(item / 40)]) % 40
        yes = item * 3 % 10 < 5
        if (user < always) yes = 1
        else if ((item * 13 + user * 29) % wrong == 0) yes = !yes
        print "u" user "," item "," (yes ? "yes" : "no")
      }
  }' >classes.csv
}

classes="source = h.source.log { path = 'classes.csv', choices = { a = { 'yes' }, b = { 'no' } } },"

@test "users of high eta-hat who disagree with the others" {
  class_log 12 20
  sweep "" "$classes
    estimator = h.axis { 'how', h.estimator.em { mu = 'estimated' }, h.estimator.dawid_skene {} },
    filter = h.filter.top { share = h.axis { 'share', 0.3, 1 }, by = 'labels' }"
  shows against_consensus "the higher a user's eta-hat, the less the user agrees with other users on the same pairs, in 1 of 2 fits; the correlation is -0\.[0-9]* at how = em mu=estimated, share = 0.3"
}

@test "the log itself, not its resamples, says that eta-hat and agreement disagree" {
  class_log 12 20
  sweep "" "$classes replicates = 5, users = { bootstrap = 'users' },
    estimator = h.estimator.em { mu = 'estimated' }"
  shows against_consensus "the higher a user's eta-hat, .* in 1 of 1 fits"
}

@test "users who all sort classes with care are not against the consensus" {
  class_log 0 8
  sweep "" "$classes
    estimator = h.axis { 'how', h.estimator.em { mu = 0.7 }, h.estimator.majority {},
      h.estimator.dawid_skene {}, h.estimator.mace {}, h.estimator.glad {} }"
  run ! grep -q "against_consensus" <<<"$output"
}

@test "a threshold that is too aggressive" {
  sweep "" "replicates = 8, source = h.source.synthetic { mu = 0.74, pairs = 2000, held_out = 100 },
    $(users 100 'h.distribution.uniform { low = 0.9, high = 1 }')
    estimator = h.estimator.em { model = paper },
    filter = h.axis { 'kept', h.filter.none { label = 'all' },
      h.filter.top { share = 0.05, label = 'top 5 %' } },
    trainer = h.trainer.dpo { beta = 1 }"
  shows filter_hurts "win rate at matched KL is lower than with all labels at 1 of 1 filtered points; the largest loss is 0\.[0-9]* \[0\.[0-9]*, 0\.[0-9]*\] at kept = top 5 %"
}

@test "win rate up while the reward is not" {
  sweep "" "replicates = 4, source = h.source.synthetic { mu = 0.74, pairs = 2000, held_out = 100,
      scale = 20 }, $(users)
    estimator = h.estimator.em { model = paper },
    trainer = h.axis { 'how', h.trainer.gambler {}, h.trainer.dpo { beta = 1 } }"
  shows reward_falls "win rate rises while the reward falls at 1 of 2 points, for example at how = gambler"
}

@test "an experiment in order shows none" {
  sweep "" "replicates = 4, source = h.source.synthetic { mu = 0.8, pairs = 2000, held_out = 100 },
    $(users) estimator = h.estimator.em { model = paper },
    trainer = h.trainer.dpo { beta = 1 }"
  run ! grep -q "signatures of failure" <<<"$output"
}

@test "the table alone has no signatures" {
  sweep "" "replicates = 2, source = h.source.synthetic { mu = 0.7, pairs = 2000, held_out = 0 },
    $(users) estimator = h.estimator.em { model = paper, max_iterations = 2 }"
  run --separate-stderr "$HEED" show result.h5 --csv
  run ! grep -q "signatures" <<<"$output"
}
