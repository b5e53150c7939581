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
  [[ "$output" == *"2 x nothing_kept, cutoff: kept no annotation of 400: metrics of kept labels and of the policy are missing"* ]]
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

# ---- what a run ends with ----

# Neither of these fits warns of anything itself.
doubtful="replicates = 2, $(world 0.8) keep = { 'users' },
  estimator = h.estimator.doubtful { identified = h.axis { 'known', false, true },
    converged = h.axis { 'ready', false, true } },"

@test "heed run ends with its warnings and signatures, counted, the worst first, with their place" {
  run_sweep "$doubtful"
  [ "$status" -eq 0 ]
  [[ "${lines[0]}" == "8 cells done, "* ]]
  [ "${lines[1]}" = "warnings, the worst first" ]
  [[ "${lines[2]}" == "  not_identified in 4 of 8 cells, at known = false (doubtful): "* ]]
  last=$((${#lines[@]} - 1))
  [[ "${lines[$((last - 1))]}" == "  not_converged in 4 of 8 cells, at ready = false (doubtful): "* ]]
  [ "${lines[$last]}" = "heed show result.h5 has the details" ]
  # A run that finds all cells recorded says the same.
  told=("${lines[@]:1}")
  run -0 --separate-stderr "$HEED" run sweep.lua -o result.h5 --progress none
  [ "${lines[*]:1}" = "${told[*]}" ]
}

@test "of several estimators, each is reported with its own cells" {
  run_sweep "replicates = 2, $(world 0.8) filter = h.filter.top { share = h.axis { 'share', 0.5, 1 } },
    estimator = h.axis { 'estimator', h.estimator.doubtful { identified = false },
      h.estimator.em { mu = 0.501, fit = 'fixed', prior = h.distribution.beta {} }, h.estimator.oracle {} },"
  [ "$status" -eq 0 ]
  [ "$(grep -c '^  not_identified' <<<"$output")" -eq 2 ]
  [[ "$output" == *"  not_identified in 4 of 12 cells, at estimator = "*doubtful*" (doubtful): "* ]]
  [[ "$output" == *"  not_identified in 4 of 12 cells, at estimator = "*" (em): "* ]]
}

@test "a fit that is not identified is reported even if its estimator does not warn" {
  run_sweep "$(world 0.8) estimator = h.estimator.doubtful { identified = false },"
  [ "$status" -eq 0 ]
  [ "${lines[2]}" = "  not_identified (doubtful): the data do not identify the fit: eta-hat may reflect the prior more than the users" ]
  run -0 "$HEED" show result.h5
  [[ "$output" == *"1 x not_identified, doubtful: "* ]]
}

@test "a fit on the boundary is reported" {
  { echo user,pair,choice; for i in {1..20}; do printf 'ann,a%d,A\nbob,b%d,A\n' $i $i; done; } >log.csv
  run_sweep "source = h.source.log { path = 'log.csv' }, keep = { 'users' },
    estimator = h.estimator.em { mu = 0.9, prior = 'beta', pseudo_users = 0 },"
  [ "$status" -eq 0 ]
  [[ "$output" == *"  boundary (em): the fitted prior lies on the boundary of its domain"* ]]
  run -0 --separate-stderr "$HEED" users result.h5
  [[ "$stderr" == *"heed: warning: boundary (em): "* ]]
  "$HEED" report result.h5 -o page.html
  grep -q "<b>boundary</b>" page.html
}

@test "a run without warnings ends with its counts" {
  run_sweep "$(world 0.9) estimator = h.estimator.doubtful {},"
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 1 ]
  [ -z "$stderr" ]
}

@test "--progress json ends with the findings" {
  sweep "$doubtful"
  run -0 --separate-stderr "$HEED" run sweep.lua -o result.h5 --progress json
  tail -n 1 <<<"$stderr" | /usr/bin/python3 -c '
import json, sys
last = json.load(sys.stdin)
assert last["done"] == 8 and last["failed"] == 0, last
first = last["warnings"][0]
assert (first["name"], first["plugin"], first["cells"], first["of"], first["at"]) == (
    "not_identified", "doubtful", 4, 8, "known = false"), first
assert first["message"]
assert "not_converged" in [one["name"] for one in last["warnings"]]'
}

@test "heed users reports the doubts about its cell on standard error, and nothing else" {
  run_sweep "$doubtful"
  run -0 --separate-stderr "$HEED" users result.h5 --cell 0
  [[ "$output" == "user,eta_hat,"* ]]
  [[ "$stderr" == "heed: warning: not_identified (doubtful): "*"heed show result.h5 has the details" ]]
  [[ "$stderr" == *"heed: warning: not_converged (doubtful): "* ]]
  [[ "$output" == *",unsure" && "$output" != *trusted* && "$output" != *,careless* ]]
  run -0 --separate-stderr "$HEED" users result.h5 --cell 6
  [ "$stderr" = "heed: warning: p_careless is unknown, and so is every verdict: the estimator gives users no standard error" ]
  run -0 --separate-stderr "$HEED" users result.h5 --cell 4
  [[ "$stderr" != *"not_identified"* ]]
  [[ "$stderr" == *"not_converged"* ]]
}

@test "heed export reports the doubts about its cell on standard error" {
  printf 'user,pair,choice,q,x,y\nann,1,A,What?,yes,no\nann,2,B,What?,1,2\n' >log.csv
  run_sweep "source = h.source.log { path = 'log.csv',
      columns = { prompt = 'q', text_a = 'x', text_b = 'y' } },
    estimator = h.estimator.doubtful { identified = false }, keep = { 'selection' },"
  [ "$status" -eq 0 ]
  [[ "$output" == *"warnings, the worst first
  not_identified (doubtful): "* ]]
  run -0 --separate-stderr "$HEED" export result.h5 -o all.jsonl
  [ -z "$output" ]
  [ "$(wc -l <all.jsonl)" -eq 2 ]
  [[ "$stderr" == "heed: warning: not_identified (doubtful): "* ]]
}

@test "a report begins with the doubts" {
  run_sweep "$doubtful"
  "$HEED" report result.h5 -o page.html
  /usr/bin/python3 - <<'PY'
page = open("page.html", encoding="utf-8").read()
first, second = page.index("Read this first"), page.index("<h2>Figures")
assert first < second
told = page[first:second]
assert "<b>not_identified</b> in 4 of 8 cells, at known = false (doubtful): " in told, told
assert told.index("not_identified") < told.index("not_converged")
PY
}

# ---- failures ----

@test "failures say at which values of the axes they lie" {
  run_sweep "replicates = 2, $(world 'h.axis { "gap", 0.6, 0.7, 0.9 }')
    estimator = h.axis { 'how', h.estimator.em { label = 'em' },
      h.estimator.faulty { fault = 'error', label = 'bad' } },"
  [ "$status" -eq 3 ]
  [[ "$output" == *"6 failed in posterior, estimator/faulty, at how = bad; the first: "* ]]
  run -0 "$HEED" show result.h5
  [[ "$output" == *"6 x posterior, estimator/faulty, at how = bad: "* ]]
  "$HEED" report result.h5 -o page.html
  grep -q "<td>estimator/faulty</td><td>how = bad</td>" page.html
}

@test "where only one value of two axes fails, both are named; an axis along which all fail is not" {
  run_sweep "replicates = 2, $(world 'h.axis { "gap", 0.6, 0.9 }')
    estimator = h.estimator.faulty { fault = h.axis { 'fault', 'none', 'error', 'nan' },
      seconds = h.axis { 'pause', 0, 0.001 } },
    exclude = function(p) return p.fault == 'error' and p.pause == 0 end,"
  [ "$status" -eq 3 ]
  [[ "$output" == *" failed in posterior, estimator/faulty, at fault = error, nan; the first: "* ]]
  run -0 "$HEED" show result.h5
  [[ "$output" == *"4 x posterior, estimator/faulty, at fault = error; pause = 0.001: "* ]]
}

# ---- names ----

@test "an axis called users runs with keep = { users }, and is users_axis in the file" {
  run_sweep "source = h.source.synthetic { pairs = 400, held_out = 0, mu = 0.8 },
    users = { count = h.axis { 'users', 5, 10 }, annotations = h.axis { 'status', 10, 20, tie = 'users' },
      attentiveness = 'beta', model = 'attentive' },
    keep = { 'users' }, estimator = h.estimator.doubtful {},"
  [ "$status" -eq 0 ]
  /usr/bin/python3 - <<'PY'
import h5py
f = h5py.File("result.h5")
assert f["users_axis"][()].tolist() == [5, 10], f["users_axis"][()]
assert f["status_axis"][()].tolist() == [10, 20]
assert sorted(f["users/users_index"][()].tolist()) == 5 * [0] + 10 * [1]
assert f["status"].shape == (2, 1)
PY
  [ "$(column result.h5 eta_mean users users | tr '\n' ' ')" = "5 10 " ]
  run -0 --separate-stderr "$HEED" users result.h5 --cell 1
  [ "${#lines[@]}" -eq 11 ]
}

# ---- metrics that a sweep cannot have ----

@test "a metric that no cell has is shown with what it needs" {
  run_sweep "$(world 0.8) estimator = h.estimator.doubtful {},"
  run -0 "$HEED" show result.h5 --metric win_rate
  [[ "$output" == *"win_rate: "*"
  no cell has a value; the metric needs a trainer, held-out prompts (source.held_out), a source with a judge and a reference policy, and at least one kept annotation"* ]]
  run -2 "$HEED" show result.h5 --metric label_agreement
  [[ "$output" == *"--metric label_agreement: this sweep cannot have the metric, which needs reference judges (references of source.log)"* ]]
  "$HEED" report result.h5 -o page.html --metric win_rate
  grep -q "<p>win_rate: no cell has a value; the metric needs a trainer" page.html
}

# ---- what would fail at run time ----

# refused PARTS TEXT: heed check refuses the sweep with its line and the text.
refused() {
  sweep "$1"
  run --separate-stderr "$HEED" check sweep.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: "*"sweep.lua:"*"$2"* ]]
}

@test "heed check refuses an estimator whose source or parts do not suit it" {
  printf 'user,pair,choice,x,y,p\nann,1,A,m,n,0.7\nann,2,B,n,m,0.6\nbob,1,A,m,n,0.7\n' >log.csv
  log="source = h.source.log { path = 'log.csv' },"
  models="source = h.source.log { path = 'log.csv', columns = { model_a = 'x', model_b = 'y' } },"
  refused "$log estimator = h.estimator.em_bradley_terry {}," \
    "the source's pairs do not record which models gave their responses (columns model_a and model_b)"
  refused "$models estimator = h.estimator.em_bradley_terry { prior = 'two_point' }," \
    "the prior two_point has moving atoms; this estimator needs a prior on fixed nodes"
  refused "$models estimator = h.estimator.em_bradley_terry { model = 'adversarial' }," \
    "this estimator needs a user model that is a mixture of an attentive and a casual user; adversarial is not"
  refused "$models estimator = h.estimator.em {}," \
    "mu: the source does not know the gap; give mu as a number"
  refused "$models estimator = h.estimator.moments { mu = 'pair' }," \
    'mu = "pair": the source has no column p'
  # One alternative of an axis is enough.
  refused "$log estimator = h.axis { 'how', h.estimator.em { mu = 0.8 }, h.estimator.em_bradley_terry {} }," \
    "how = em_bradley_terry"
  for parts in "$models estimator = h.estimator.em_bradley_terry {}," \
    "$log estimator = h.estimator.em { mu = 0.8 }," \
    "source = h.source.log { path = 'log.csv', columns = { p = 'p' } }, estimator = h.estimator.em { mu = 'pair' }," \
    "$log estimator = h.estimator.em { mu = 'estimated' },"; do
    sweep "$parts"
    run -0 "$HEED" check sweep.lua
    run -0 "$HEED" run sweep.lua --replace --progress none
  done
}

# ---- users without enough judged labels ----

@test "users whom spearman_judge leaves out are counted" {
  {
    echo user,pair,choice
    for pair in 1 2 3 4 5; do
      for user in ann bob cat; do echo "$user,$pair,A"; done
    done
    echo dan,1,A
  } >log.csv
  { echo pair,choice; for pair in 1 2 3 4 5; do echo "$pair,A"; done; } >judge.csv
  run_sweep "source = h.source.log { path = 'log.csv', references = {
      wise = { path = 'judge.csv', pair = 'pair', choice = 'choice' } } },
    evaluation = { min_annotations = 3 }, estimator = h.estimator.doubtful {},"
  [ "$status" -eq 0 ]
  [[ "$output" == *"few_judged: spearman_judge leaves out users with fewer than 3 judged labels (evaluation.min_annotations): judge wise 1 of 4"* ]]
  [ "$("$HEED" show result.h5 --metric users_judged --csv | tail -n 1 | cut -d, -f4)" = 3 ]
}

@test "the summary of a run distinguishes judges" {
  printf '%s\n' user,pair,choice ann,1,A ann,2,A >log.csv
  printf '%s\n' pair,choice 1,A 7,A >wise.csv
  printf '%s\n' pair,choice 8,A 9,A >odd.csv
  run_sweep "source = h.source.log { path = 'log.csv', references = {
      wise = { path = 'wise.csv', pair = 'pair', choice = 'choice' },
      odd = { path = 'odd.csv', pair = 'pair', choice = 'choice' } } },
    estimator = h.estimator.em { mu = 0.7 },"
  [ "$status" -eq 0 ]
  [[ "$output" == *"verdicts_without_pair (log): judge odd: the log lacks 2 of its 2 pairs; the first is \"8\" ("*"odd.csv:2); judge wise: the log lacks 1 of its 2 pairs; the first is \"7\" ("*"wise.csv:3)"* ]]
  [[ "$output" == *"pairs_without_verdict (log): judge odd: lacks a verdict on 2 of the 2 pairs of the log; judge wise: lacks a verdict on 1 of the 2 pairs of the log"* ]]
  [[ "$output" == *"few_judged: "*": judge odd 1 of 1, judge wise 1 of 1"* ]]
}

# ---- exit statuses ----

@test "a result, a sweep and a work folder that are missing are wrong usage, whatever the command" {
  for command in "run none.lua" "check none.lua" "show none.h5" "users none.h5" \
    "report none.h5" "export none.h5" "collect none.work -o x.h5"; do
    run --separate-stderr "$HEED" $command
    [ "$status" -eq 2 ]
    [[ "$stderr" == "heed: none."*"No such file or directory"* ]]
  done
}

@test "labels that a spreadsheet would run are guarded" {
  run_sweep "replicates = 1, $(world 0.9 20)
    estimator = h.estimator.em { prior = h.distribution.beta {} },
    filter = h.filter.cutoff { threshold = h.axis { 'threshold', 0, 0.1, 0.2, labels = { '=2+2', '-1', 'low' } } },"
  [ "$status" -eq 0 ]
  [ "$(column result.h5 users_kept threshold threshold | tr '\n' ' ')" = "'=2+2 -1 low " ]
}
