#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Several tools read the result of scripts/figure3.lua: each selects by label the
# correlation for Beta users, a gap of 0.98 and 2000 users, and all find the
# numbers that heed show prints.

python=/usr/bin/python3

setup_file() {
  export RESULT=$BATS_FILE_TMPDIR/figure3.h5
  "$HEED" run "$HEED_SOURCE/scripts/figure3.lua" --set replicates=3 \
    --progress none -o "$RESULT"
  # heed's own mean over the replicates, to six digits.
  EXPECTED=$("$HEED" show "$RESULT" --metric eta_correlation --csv |
    LC_ALL=C awk -F, '$3 == 2000 && $4 == 0.98 && $5 == "beta" { printf "%.6f", $7 }')
  export EXPECTED
  [ -n "$EXPECTED" ]
}

need_module() {
  "$python" -c "import $1" 2>/dev/null || skip "$python has no module $1"
}

need() {
  command -v "$1" >/dev/null || skip "$1 is not installed"
}

xarray_finds_it() {
  need_module xarray
  need_module "$1"
  run "$python" - "$RESULT" "$2" <<'PYTHON'
import sys, xarray
with xarray.open_dataset(sys.argv[1], engine=sys.argv[2]) as data:
    cube = data["eta_correlation"]
    assert cube.dims == ("user_count", "gap", "eta", "replicate"), cube.dims
    assert list(data["annotations"].values) == [20, 50, 100]
    print("%.6f" % cube.sel(eta="beta", gap=0.98, user_count=2000).mean())
PYTHON
  [ "$output" = "$EXPECTED" ]
}

@test "figure 3 opens in xarray through h5netcdf" {
  xarray_finds_it h5netcdf h5netcdf
}

@test "figure 3 opens in xarray through netCDF4" {
  xarray_finds_it netCDF4 netcdf4
}

@test "figure 3 opens in h5py" {
  need_module h5py
  run "$python" - "$RESULT" <<'PYTHON'
import sys, h5py
with h5py.File(sys.argv[1]) as file:
    cube = file["eta_correlation"]
    axes = [dimension[0] for dimension in cube.dims]
    assert [a.name for a in axes] == ["/user_count", "/gap", "/eta", "/replicate"]
    at = (list(axes[0][()]).index(2000), list(axes[1][()]).index(0.98),
          list(axes[2].asstr()[()]).index("beta"))
    print("%.6f" % cube[at].mean())
PYTHON
  [ "$output" = "$EXPECTED" ]
}

@test "figure 3 opens in ncdump, with its axes named" {
  need ncdump
  run ncdump -h "$RESULT"
  [ "$status" -eq 0 ]
  [[ "$output" == *"double eta_correlation(user_count, gap, eta, replicate)"* ]]
  [[ "$output" == *'title = "Figure 3: EM recovers attentiveness"'* ]]
}

@test "figure 3 opens in R" {
  need Rscript
  Rscript -e "quit(status = !requireNamespace('hdf5r', quietly = TRUE))" \
    >/dev/null 2>&1 || skip "R has no package hdf5r"
  cat >"$BATS_TEST_TMPDIR/read.R" <<'R'
file <- hdf5r::H5File$new(commandArgs(TRUE)[1], mode = "r")
cube <- file[["eta_correlation"]][, , , ]  # dimensions are reversed in R
at <- c(which(file[["eta"]][] == "beta"), which(file[["gap"]][] == 0.98),
        which(file[["user_count"]][] == 2000))
cat(sprintf("%.6f", mean(cube[, at[1], at[2], at[3]])))
R
  run Rscript "$BATS_TEST_TMPDIR/read.R" "$RESULT"
  [ "$output" = "$EXPECTED" ]
}

@test "figure 3 opens in Octave" {
  need octave
  cat >"$BATS_TEST_TMPDIR/read.m" <<'OCTAVE'
data = load("-hdf5", argv(){end}, "labels", "gap", "user_count", ...
            "eta_correlation");
names = cellstr(char(data.labels.eta'));
at = [find(strcmp(names, "beta")), find(data.gap == 0.98), ...
      find(data.user_count == 2000)];
cube = data.eta_correlation;              % dimensions are reversed in Octave
printf("%.6f", mean(cube(:, at(1), at(2), at(3))));
OCTAVE
  # Octave 7 may complain of its own exit; that is not about the file.
  found=$(octave --no-gui --quiet "$BATS_TEST_TMPDIR/read.m" "$RESULT" \
    2>"$BATS_TEST_TMPDIR/err")
  [ "$found" = "$EXPECTED" ]
}
