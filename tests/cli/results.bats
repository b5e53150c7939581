#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Result files: other programs read the same bits under the same labels; heed
# show, users and collect read them.

readers=$HEED_SOURCE/tests/cli/readers
python=/usr/bin/python3

setup_file() {
  export HEED_SAMPLE=$BATS_FILE_TMPDIR/sample.h5
  export HEED_VALUES=$BATS_FILE_TMPDIR/values.txt
  "$HEED_BUILD/tests/test_result_sample"
}

# Skips unless the Debian module is there.
need_module() {
  "$python" -c "import $1" 2>/dev/null || skip "$python has no module $1"
}

need() {
  command -v "$1" >/dev/null || skip "$1 is not installed"
}

need_r() {
  need Rscript
  Rscript -e "quit(status = !requireNamespace('$1', quietly = TRUE))" \
    >/dev/null 2>&1 || skip "R has no package $1"
}

# The reader's lines are those that the sample must have, to the bit.
same_values() {
  "$@" "$HEED_SAMPLE" $engine 2>"$BATS_TEST_TMPDIR/err" \
    >"$BATS_TEST_TMPDIR/found" || { cat "$BATS_TEST_TMPDIR/err"; return 1; }
  diff "$HEED_VALUES" "$BATS_TEST_TMPDIR/found"
}

@test "h5py finds every value under its labels" {
  need_module h5py
  same_values "$python" "$readers/read_h5py.py"
}

@test "xarray with h5netcdf finds every value under its labels" {
  need_module xarray; need_module h5netcdf
  engine=h5netcdf same_values "$python" "$readers/read_xarray.py"
}

@test "xarray with netCDF4 finds every value under its labels" {
  need_module xarray; need_module netCDF4
  engine=netcdf4 same_values "$python" "$readers/read_xarray.py"
}

@test "R with hdf5r finds every value under its labels" {
  need_r hdf5r
  same_values Rscript "$readers/read_hdf5r.R"
}

@test "R with rhdf5 finds every value under its labels" {
  need_r rhdf5
  same_values Rscript "$readers/read_rhdf5.R"
}

@test "Octave finds every value under its labels" {
  need octave
  same_values octave --no-gui --quiet "$readers/read_octave.m"
}

@test "ncdump sees axes, dimensions and units" {
  need ncdump
  run ncdump -h "$HEED_SAMPLE"
  [ "$status" -eq 0 ]
  [[ $output == *"double win_rate_at_kl(mu, eta, replicate, kl)"* ]]
  [[ $output == *"string eta(eta)"* ]]
  [[ $output == *'fit_time:units = "s"'* ]]
  [[ $output == *'win_rate:coordinates = "annotations"'* ]]
  [[ $output == *"group: timing"* ]]
}

@test "ncdump reads all of it, and h5dump" {
  need ncdump
  ncdump "$HEED_SAMPLE" >/dev/null
  need h5dump
  h5dump "$HEED_SAMPLE" >/dev/null
}

# ---- heed show ----

@test "heed show gives axes, intervals, failures and warnings" {
  run "$HEED" show "$HEED_SAMPLE"
  [ "$status" -eq 0 ]
  [[ $output == *"18 cells done, 1 failed, 1 not run"* ]]
  [[ $output == *"win_rate_at_kl: at matched KL"* ]]
  [[ $output == *"1 x posterior, estimator/sample, at mu = 0.6; eta = two_point low=0.1: ended by signal 11"* ]]
  [[ $output == *"9 x not_converged, estimator/sample: stopped after 5 steps"* ]]
}

@test "heed show --by averages over the other axes within each replicate" {
  run "$HEED" show "$HEED_SAMPLE" --metric win_rate --by mu --csv
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 4 ]
  [ "${lines[0]}" = "metric,at,mu,replicates,value,low,high,cells,all_cells" ]
  # Both values of eta have all four replicates: the mean of their means.
  "$HEED" show "$HEED_SAMPLE" --metric win_rate --csv |
    LC_ALL=C awk -F, -v found="$(cut -d, -f5 <<<"${lines[2]}")" '
      $3 == "0.74" { sum += $6; n++ }
      END { off = found - sum / n; exit !(n == 2 && off * off < 1e-24) }'
}

@test "heed show names the nearest metric" {
  run "$HEED" show "$HEED_SAMPLE" --metric win_rat
  [ "$status" -eq 2 ]
  [[ $output == *"--metric win_rat: unknown metric; did you mean win_rate?"* ]]
}

@test "heed show names the nearest axis, and the option" {
  run -2 "$HEED" show "$HEED_SAMPLE" --by etta
  [[ $output == *"--by etta: unknown axis; did you mean eta?"* ]]
  run -2 "$HEED" show "$HEED_SAMPLE" --by zzzzzz
  [[ $output == *"--by zzzzzz: unknown axis; heed show lists them"* ]]
}

@test "heed show keeps the order in which metrics are named" {
  run -0 "$HEED" show "$HEED_SAMPLE" --metric win_rate_at_kl --metric win_rate --metric win_rate_at_kl --csv
  [ "$(cut -d, -f1 <<<"$output" | uniq)" = "metric
win_rate_at_kl
win_rate" ]
}

@test "heed show says what is wrong with a file that is no result" {
  run "$HEED" show "$HEED_VALUES"
  [ "$status" -ne 0 ]
  [[ $output == *"values.txt: cannot open it as an HDF5 file"* ]]
  for command in users pairs export report show; do
    run "$HEED" "$command" "$HEED_VALUES"
    [ "$status" -ne 0 ]
    [[ $output == *"; expected a result of heed run" ]]
  done
  run "$HEED" show "$BATS_TEST_TMPDIR/none.h5"
  [ "$status" -ne 0 ]
  [[ $output == *"none.h5"*"No such file"* ]]
}

# ---- heed users ----

@test "heed users lists the cells to choose from" {
  run "$HEED" users "$HEED_SAMPLE"
  [ "$status" -eq 2 ]
  [[ $output == *"choose one with --cell"* ]]
  [[ $output == *"--cell 8 "*"mu 0.74"* ]]
}

@test "heed users quotes names as CSV asks for" {
  run --separate-stderr "$HEED" users "$HEED_SAMPLE" --cell 0
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "user,eta_hat,sd,annotations,eta,p_careless,verdict" ]
  [[ ${lines[2]} == '"bob, the ""second""",0.'*',0.2,30,0.2,'*',unsure' ]]
  [[ ${lines[3]} == céline,* ]]
}

@test "heed users writes a whole file or none" {
  "$HEED" users "$HEED_SAMPLE" --cell 0 -o "$BATS_TEST_TMPDIR/users.csv"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/users.csv")" -eq 4 ]
  run "$HEED" users "$HEED_SAMPLE" --cell 0 -o "$BATS_TEST_TMPDIR/no/users.csv"
  [ "$status" -eq 2 ]
  [[ $output == *"no/users.csv: cannot write: the folder "*"/no does not exist" ]]
}

# ---- heed collect ----

make_work() {
  HEED_SAMPLE_WORK=1 HEED_SAMPLE=$1/sample.h5 \
    "$HEED_BUILD/tests/test_result_sample"
}

@test "heed collect makes of a work folder what a run makes" {
  make_work "$BATS_TEST_TMPDIR"
  run "$HEED" collect "$BATS_TEST_TMPDIR/sample.h5.work" \
    -o "$BATS_TEST_TMPDIR/all.h5"
  [ "$status" -eq 3 ]
  [[ $output == *"18 cells done, 1 failed, 1 not run yet"* ]]
  diff <("$HEED" show --csv "$HEED_SAMPLE") \
    <("$HEED" show --csv "$BATS_TEST_TMPDIR/all.h5")
}

@test "heed collect does not replace the result of another sweep" {
  make_work "$BATS_TEST_TMPDIR"
  cp "$HEED_VALUES" "$BATS_TEST_TMPDIR/other.h5"
  run "$HEED" collect "$BATS_TEST_TMPDIR/sample.h5.work" \
    -o "$BATS_TEST_TMPDIR/other.h5"
  [ "$status" -eq 2 ]
  [[ $output == *"exists and is not a result of this sweep"* ]]
  cmp "$HEED_VALUES" "$BATS_TEST_TMPDIR/other.h5"
}

@test "heed collect on a full disk says so and leaves nothing behind" {
  disk=$BATS_TEST_TMPDIR/disk
  make_work "$BATS_TEST_TMPDIR"
  mkdir "$disk"
  mount -t tmpfs -o size=64k tmpfs "$disk" 2>/dev/null ||
    skip "a small file system cannot be mounted here"
  run "$HEED" collect "$BATS_TEST_TMPDIR/sample.h5.work" -o "$disk/all.h5"
  left=$(ls -A "$disk")
  umount "$disk"
  [ "$status" -eq 1 ]
  [[ $output == *"all.h5"*"No space left on device"* ]]
  [ -z "$left" ]
}
