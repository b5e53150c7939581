#!/usr/bin/env bash
# Runs the benchmarks that have a peer or a limit, and appends their figures to a
# file, one line of JSON per run: commit, date, processor, figures.  The figures
# belong to one machine: keep the file outside the repository.
#   tests/bench/history.sh [FILE]              (default: BUILD/bench.jsonl)
#   tests/bench/history.sh --draw PICTURE.svg [FILE]
. "$(dirname "$0")/bench.bash"

# draw PICTURE FILE: each figure by run, relative to its first run.
draw() {
  "${BENCH_PYTHON:-/usr/bin/python3}" - "$2" >history.txt <<'PY'
import json, sys
runs = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
first = {}
for run in runs:
    for name, value in run["figures"].items():
        first.setdefault(name, value)
for place, name in enumerate(sorted(first)):
    print(("\n\n" if place > 0 else "") + f'"{name}"')
    for number, run in enumerate(runs):
        if name in run["figures"]:
            print(number, run["figures"][name] / first[name], run["commit"])
PY
  gnuplot <<GNUPLOT
set terminal svg size 1000, 700 noenhanced font "sans,11"
set output "$1"
set title "Figures of the benchmarks, relative to the first run that has them"
set key outside right autotitle columnhead
set logscale y
set ylabel "times the first"
set xtics rotate by 60 right
stats "history.txt" using 1 nooutput
plot for [i = 0:STATS_blocks - 1] "history.txt" index i using 1:2:xtic(3) with linespoints
GNUPLOT
}

if [ "${1:-}" = --draw ]; then
  [ $# -ge 2 ] || { echo "usage: $0 --draw PICTURE.svg [FILE]" >&2; exit 2; }
  draw "$(realpath -m "$OLDPWD/$2")" "$(realpath "${3:+$OLDPWD/}${3:-$build/bench.jsonl}")"
  exit
fi

file=$(realpath -m "${1:+$OLDPWD/}${1:-$build/bench.jsonl}")
echo "== the machine's limits"
"$build/tests/bench_floor" | tee floor.json
echo "== a sweep of Figure 6's size"
"$source/tests/bench/peer.sh" "$PWD/peer.json"
echo "== worlds and the frontier"
"$source/tests/bench/worlds.sh" | tee worlds.txt

"${BENCH_PYTHON:-/usr/bin/python3}" - "$(git -C "$source" describe --always --dirty)" >>"$file" <<'PY'
import datetime, json, re, sys
figures = json.load(open("peer.json"))
floor = json.load(open("floor.json"))
for name, rates in floor.items():
    if isinstance(rates, list):
        figures[f"{name}_one"], figures[f"{name}_all"] = rates
for pairs, value in re.findall(r"a world of (\d+) pairs: ([\d.]+) s", open("worlds.txt").read()):
    figures[f"world_{pairs}_s"] = float(value)
for value in re.findall(r"the frontier: ([\d.]+) ns", open("worlds.txt").read()):
    figures["frontier_ns"] = float(value)
processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "")
print(json.dumps({"commit": sys.argv[1],
                  "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                  "processor": processor, "cores": floor["cores"], "vector": floor["vector"],
                  "figures": figures}))
PY
echo "appended to $file"
