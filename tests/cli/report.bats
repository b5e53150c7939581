#!/usr/bin/env bats
# heed report: one self-contained page, with the numbers of heed show.

bats_require_minimum_version 1.5.0

setup_file() {
  cd "$BATS_FILE_TMPDIR"
  cat >sweep.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Shares <script>alert('\"')</script> & 'quotes'", seed = 5, replicates = 4,
  source = h.source.synthetic { pairs = 1000, held_out = 50, mu = h.axis { "gap", 0.7, 0.9 } },
  users = { count = 50, annotations = 20, model = "attentive",
            attentiveness = h.axis { "eta", h.distribution.two_point {},
              h.distribution.beta { label = "it's <b>Beta</b>" } } },
  estimator = h.estimator.em { model = "attentive", max_iterations = 3 },
  filter = h.filter.top { share = h.axis { "share", 0.3, 0.6, 1 } },
  trainer = h.trainer.dpo { beta = 1 },
}
LUA
  "$HEED" run sweep.lua -o result.h5 --progress none
}

setup() {
  cd "$BATS_FILE_TMPDIR"
}

report() {
  rm -f page.html
  run --separate-stderr "$HEED" report result.h5 -o page.html "$@"
  [ "$status" -eq 0 ]
  /usr/bin/python3 "$HEED_SOURCE/tests/cli/readers/read_report.py" page.html >page.txt
}

@test "a page is whole, fetches nothing, and shows texts as they are" {
  report
  grep -qxF "title: Shares <script>alert('\"')</script> & 'quotes'" page.txt
  grep -q "^pre: local h = require" page.txt
  grep -q "^td: .*sweep.lua" page.txt
  grep -qxF "h2: Read this first: warnings, the worst first" page.txt
  grep -q "^p: not_converged in all 48 cells (em): " page.txt
}

@test "a figure has a panel a place of further axes, with labels and units" {
  report --metric win_rate --metric kl_from_reference
  [ "$(grep -c '^figure: ' page.txt)" -eq 4 ]
  grep -q "^figure: win_rate over share; eta = two_point |.*| share \[1\]" page.txt
  grep -q "^figure: kl_from_reference over share; eta = it's .*| kl from reference \[nat\]" page.txt
}

@test "axes go where they are told to" {
  report --metric win_rate --x gap --lines share
  [ "$(grep -c '^figure: ' page.txt)" -eq 2 ]
  grep -qF "figure: win_rate over gap; eta = it's <b>Beta</b>" page.txt
}

@test "names along an axis become rows" {
  report --metric win_rate --x eta --lines gap
  [ "$(grep -c '^figure: ' page.txt)" -eq 3 ]
  grep -F "figure: win_rate over eta; share = 0.3" page.txt | grep -qF "| it's <b>Beta</b> |"
}

@test "names with a per cent sign are names" {
  sed "s|it's <b>Beta</b>|the top 50 %, %d|" sweep.lua >percent.lua
  "$HEED" run percent.lua -o percent.h5 --progress none
  "$HEED" report percent.h5 -o percent.html --metric win_rate --x eta --lines gap
  /usr/bin/python3 "$HEED_SOURCE/tests/cli/readers/read_report.py" percent.html >percent.txt
  grep "^figure: win_rate over eta; share = 0.3" percent.txt | grep -qF "| the top 50 %, %d |"
}

@test "the numbers are those of heed show" {
  report --metric win_rate
  "$HEED" show result.h5 --metric win_rate --csv >shown.csv
  /usr/bin/python3 - <<'PY'
import csv
cells, rows = [], []
for line in open("page.txt", encoding="utf-8"):
    kind, _, text = line.rstrip("\n").partition(": ")
    if kind == "td":
        cells.append(text)
means = {f"{float(row['value']):.5g}" for row in csv.DictReader(open("shown.csv", encoding="utf-8"))}
assert len(means) == 12, means
assert means <= set(cells), means - set(cells)
PY
}

@test "without -o the page lies beside the result" {
  run --separate-stderr "$HEED" report result.h5 --metric win_rate
  [ "$status" -eq 0 ]
  [ "$output" = result.html ]
  [ -s result.html ]
}

@test "an unknown metric, axis or option is named, and no page is left" {
  rm -f page.html
  run --separate-stderr "$HEED" report result.h5 -o page.html --metric win_rat
  [ "$status" -eq 2 ]
  [[ $stderr == *"--metric win_rat: unknown metric; did you mean win_rate?"* ]]
  run --separate-stderr "$HEED" report result.h5 -o page.html --x gapp
  [ "$status" -eq 2 ]
  [[ $stderr == *"--x gapp: unknown axis; did you mean gap?"* ]]
  run --separate-stderr "$HEED" report result.h5 -o page.html --y gap
  [ "$status" -eq 2 ]
  [[ $stderr == *"unknown option --y"* ]]
  [ ! -e page.html ]
}

@test "a folder that is not there is named, and no temporary file" {
  run --separate-stderr "$HEED" report result.h5 -o nodir/page.html
  [ "$status" -eq 2 ]
  [ "$stderr" = "heed: nodir/page.html: cannot write: the folder nodir does not exist" ]
  run --separate-stderr "$HEED" report result.h5 -o /proc/page.html
  [ "$status" -eq 1 ]
  [[ "$stderr" == "heed: /proc/page.html: "* ]]
}

@test "where gnuplot is missing, its package is named" {
  rm -f page.html
  run --separate-stderr env PATH=/nowhere "$HEED" report result.h5 -o page.html
  [ "$status" -eq 2 ]
  [[ $stderr == *"gnuplot-nox"* ]]
  [ ! -e page.html ]
}

@test "a file that is no result is refused" {
  run --separate-stderr "$HEED" report sweep.lua -o page.html
  [ "$status" -eq 1 ]
  [[ $stderr == *"sweep.lua"* ]]
}
