#!/usr/bin/env bats
# What every command says of cells that kept nobody, failed or are in doubt.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  export HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed:$HEED_BUILD/tests/plugins/misleading:$HEED_BUILD/tests/plugins/faulty"
}

# sweep PARTS: sweep.lua with these parts.
sweep() {
  cat >sweep.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Told", seed = 3, $1
}
LUA
}

# run_sweep PARTS [ARGUMENTS]: runs it into result.h5.
run_sweep() {
  sweep "$1"
  shift
  run --separate-stderr "$HEED" run sweep.lua -o result.h5 --progress none "$@"
}

world() {
  echo "source = h.source.synthetic { pairs = 400, held_out = ${2:-0}, mu = $1 },
    users = { count = 20, annotations = 20, attentiveness = 'beta', model = 'attentive' },"
}

# column FILE METRIC AXIS COLUMN: of heed show --csv, a line a row.
column() {
  "$HEED" show "$1" --metric "$2" --by "$3" --csv |
    /usr/bin/python3 -c 'import csv, sys; [print(row[sys.argv[1]]) for row in csv.DictReader(sys.stdin)]' "$4"
}

# ---- nobody is kept ----

# A beta posterior of 20 annotations has no mean near 1.
nobody="replicates = 3, $(world 'h.axis { "gap", 0.6, 0.9 }' 20)
  estimator = h.estimator.em { prior = h.distribution.beta {} },
  filter = h.filter.cutoff { threshold = h.axis { 'threshold', 0, 0.6, 2 } },"

@test "a filter that keeps nobody is a result: no users are kept, and the posterior is measured" {
  run_sweep "$nobody"
  [ "$status" -eq 0 ]
  [[ "$output" == "18 cells done, "* ]]
  [ "$(column result.h5 users_kept threshold value | tail -n 1)" = 0 ]
  [ "$(column result.h5 labels_kept threshold value | tail -n 1)" = 0 ]
  [ "$(column result.h5 eta_correlation threshold all_cells | sort -u)" = 6 ]
  [ "$(column result.h5 eta_correlation threshold cells | sort -u)" = 6 ]
  # A threshold changes nothing of the posterior.
  [ "$(column result.h5 eta_correlation threshold value | sort -u | wc -l)" -eq 1 ]
}

@test "without a kept annotation there is no policy, and the reason is recorded" {
  run_sweep "replicates = 2, $(world 0.9 20)
    estimator = h.estimator.em { prior = h.distribution.beta {} },
    keep = { 'policy', 'selection' },
    filter = h.axis { 'kept', h.filter.none { label = 'all' },
      h.filter.cutoff { threshold = 2, label = 'nobody' } },
    trainer = h.trainer.dpo { beta = 1 }, evaluation = { kl = { 0.01 } },"
  [ "$status" -eq 0 ]
  for metric in win_rate win_rate_at_kl regret label_accuracy trainer_converged; do
    [ "$(column result.h5 $metric kept cells | tr '\n' ' ')" = "2 0 " ]
  done
  run -0 "$HEED" show result.h5
  [[ "$output" == *"2 x nothing_kept, cutoff: kept none of the 400 annotations: metrics of kept labels and of the policy are missing"* ]]
  run -2 "$HEED" export result.h5 --cell 2
  [[ "$output" == *"result.h5: cell 2 kept no selection"* ]]
}

@test "a row over fewer cells than others says so, in heed show, its CSV and the report" {
  run_sweep "$nobody"
  run -0 "$HEED" show result.h5 --metric label_accuracy --by threshold
  [[ "$output" == *"over 0 of 6 cells"* ]]
  kept=$(column result.h5 label_accuracy threshold cells | sed -n 2p)
  [ "$kept" -gt 0 ]
  [ "$kept" -lt 6 ]
  [[ "$output" == *"over $kept of 6 cells"* ]]
  [[ "$output" == *"A row over fewer cells averages other cells: do not compare it with the other rows."* ]]
  [ "$(grep -c "of 6 cells" <<<"$output")" -eq 2 ]
  run -0 "$HEED" show result.h5 --metric eta_correlation --by threshold
  [[ "$output" != *" cells"*"of 6 cells"* ]]
  [[ "$output" != *"do not compare"* ]]
  "$HEED" report result.h5 -o page.html --metric label_accuracy --x threshold --lines gap
  grep -q "<b>Some points average fewer cells than others</b>" page.html
  grep -q "<td class=n>0 of 3</td>" page.html
  grep -q "95 % intervals (Student) over [0-9] to 3 replicates" page.html
  "$HEED" report result.h5 -o page.html --metric eta_correlation --x threshold --lines gap
  run ! grep -q "average fewer cells" page.html
  grep -q "95 % intervals (Student) over 3 replicates" page.html
}
