#!/usr/bin/env bats
# The kept selection of a log that is larger than a block of rows: it is written
# straight from the log's tables, and its texts are bytes beside it.

setup() {
  cd "$BATS_TEST_TMPDIR"
}

setup_file() {
  cd "$BATS_FILE_TMPDIR"
  # 20,000 pairs, each annotated twice: users come in any order, some texts are
  # empty, some have two bytes a character, and every 50th choice is a tie.
  /usr/bin/python3 - >log.csv <<'PY'
print("user,pair,choice,prompt,text_a,text_b,model_a,model_b")
for i in range(40000):
    pair = i % 20000
    print(f"u{i * 7919 % 997},p{pair},{'tie' if i % 50 == 0 else 'AB'[i * 31 % 7 > 2]},"
          f"q{pair // 3},{'' if pair % 11 == 0 else f'é{pair}'},b{pair},"
          f"m{pair % 5},m{5 + pair % 3}")
PY
  write_sweep 0.7 >log.lua
  "$HEED" run log.lua -o log.h5 --progress none >/dev/null 2>&1
}

# write_sweep MU: a sweep over these gaps.
write_sweep() {
  cat <<LUA
local h = require "heed"
return h.sweep {
  title = "Large",
  source = h.source.log { path = "$BATS_FILE_TMPDIR/log.csv", columns = {
    prompt = "prompt", text_a = "text_a", text_b = "text_b",
    model_a = "model_a", model_b = "model_b" } },
  estimator = h.estimator.em { mu = h.axis { "mu", $1 }, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  filter = h.filter.soft {},
  keep = { "selection" },
}
LUA
}

# compare FILE CELL: the rows of a cell are those of the log.
compare() {
  PYTHONPATH="$HEED_SOURCE/tests/support" /usr/bin/python3 - "$1" "$2" \
    "$BATS_FILE_TMPDIR/log.csv" <<'PY'
import csv, sys, h5py, selection
f = h5py.File(sys.argv[1])
s = f["selection"]
mine = s["cell"][()] == int(sys.argv[2])
text = {name: [t for t, own in zip(selection.texts(f, name), mine) if own]
        for name in ("name", "pair_name", "prompt", "chosen", "rejected")}
model = [s[name][()][mine] for name in ("model_a", "model_b")]
choice, user = s["choice"][()][mine], s["user"][()][mine]
found = [(text["name"][i], text["pair_name"][i], text["prompt"][i],
          *(text[("chosen", "rejected")[choice[i] == 0]][i:i + 1]),
          text[("rejected", "chosen")[choice[i] == 0]][i], int(choice[i]))
         for i in range(mine.sum())]
rows = [row for row in csv.DictReader(open(sys.argv[3])) if row["choice"] != "tie"]
expected = [(row["user"], row["pair"], row["prompt"], row["text_a"],
             row["text_b"], int(row["choice"] == "A")) for row in rows]
assert len(found) == 39200, len(found)
assert sorted(found) == sorted(expected)
assert (user[1:] >= user[:-1]).all()
assert len({(a, b) for a, b in zip(*model)}) == 15
assert (s["row"][()] == range(len(mine))).all()
PY
}

@test "a selection of many rows is that of the log" {
  compare "$BATS_FILE_TMPDIR/log.h5" 0
}

@test "it takes a few bytes a row" {
  # 39,200 rows, with texts of 30 bytes each: strings and columns as they are
  # would take 9 MB.
  [ "$(stat -c %s "$BATS_FILE_TMPDIR/log.h5")" -lt 2000000 ]
}

@test "a larger sweep carries it over" {
  cp "$BATS_FILE_TMPDIR/log.h5" .
  "$HEED" export log.h5 -o before.jsonl
  "$HEED" pairs log.h5 -o before.csv
  write_sweep "0.7, 0.9" >log.lua
  "$HEED" run log.lua -o log.h5 --progress none
  compare log.h5 0
  compare log.h5 1
  "$HEED" export log.h5 --cell 0 -o after.jsonl
  "$HEED" pairs log.h5 --cell 0 -o after.csv
  cmp before.jsonl after.jsonl
  cmp before.csv after.csv
  # All at once gives the same.
  "$HEED" run log.lua -o whole.h5 --progress none
  "$HEED" export log.h5 --cell 1 -o after.jsonl
  "$HEED" export whole.h5 --cell 1 -o whole.jsonl
  cmp after.jsonl whole.jsonl
}

@test "a result of an earlier heed, with strings, is exported and carried over" {
  cp "$BATS_FILE_TMPDIR/log.h5" .
  "$HEED" export log.h5 -o before.jsonl
  "$HEED" pairs log.h5 -o before.csv
  PYTHONPATH="$HEED_SOURCE/tests/support" /usr/bin/python3 -c '
import h5py, selection
with h5py.File("log.h5", "r+") as f:
    del f.attrs["sealed"]
    selection.as_before(f)'
  "$HEED" export log.h5 -o after.jsonl
  "$HEED" pairs log.h5 -o after.csv
  cmp before.jsonl after.jsonl
  cmp before.csv after.csv
  write_sweep "0.7, 0.9" >log.lua
  "$HEED" run log.lua -o log.h5 --progress none
  compare log.h5 0
  compare log.h5 1
  "$HEED" export log.h5 --cell 0 -o after.jsonl
  cmp before.jsonl after.jsonl
}

# killed_at MOMENT: a run that is killed when it touches the disk for that time.
killed_at() {
  rm -rf log.h5 log.h5.work count
  ! (HEED_FAULT=$1 HEED_FAULT_COUNT=$PWD/count setsid -w "$HEED" run log.lua \
    -o log.h5 -j 1 --progress none) >/dev/null 2>&1
}

@test "after a kill the next run completes it, and sets a changed part aside" {
  cp "$BATS_FILE_TMPDIR/log.lua" .
  killed_at 1 || skip "this build injects no faults (-DHEED_FAULTS=ON)"
  "$HEED" export "$BATS_FILE_TMPDIR/log.h5" -o whole.jsonl
  parts=0
  moment=2
  while killed_at $moment; do
    for part in log.h5.work/part-*.h5; do
      [ -e "$part" ] || continue
      parts=$((parts + 1))
      [ $((parts % 2)) -eq 0 ] ||
        printf x | dd of="$part" bs=1 seek=5000 conv=notrunc 2>/dev/null
    done
    "$HEED" run log.lua -o log.h5 --progress none 2>/dev/null
    "$HEED" export log.h5 -o again.jsonl
    cmp whole.jsonl again.jsonl
    [ -z "$(ls -d log.h5.* 2>/dev/null | grep -v "log.h5.work$")" ]
    moment=$((moment + 5))
  done
  [ "$moment" -gt 20 ]
  [ "$parts" -gt 1 ]
}

@test "xarray reads the selection and its texts as groups" {
  /usr/bin/python3 -c 'import xarray, h5netcdf' 2>/dev/null ||
    skip "xarray or h5netcdf is not installed"
  /usr/bin/python3 - "$BATS_FILE_TMPDIR/log.h5" <<'PY'
import sys, xarray
rows = xarray.open_dataset(sys.argv[1], engine="h5netcdf", group="selection")
assert rows.sizes == {"row": 39200}, rows.sizes
frame = rows.to_dataframe()
assert frame["prompt_length"].min() == 2
texts = xarray.open_dataset(sys.argv[1], engine="h5netcdf", group="selection_texts")
data = texts["prompt"].values.tobytes()
assert texts.sizes["prompt_byte"] == len(data)
first = frame.iloc[0]
assert data[int(first.prompt_start):][:int(first.prompt_length)].decode().startswith("q")
PY
}
