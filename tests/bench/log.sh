#!/usr/bin/env bash
# Rows a second and bytes an annotation to read a log: CSV, packed, and by
# polars from the same CSV in the same run.  Each pair is annotated once, a user
# has 20 annotations on average; a row names two of 50 models.
#   tests/bench/log.sh [ROWS …]   by default 1000000 10000000
# BENCH_PYTHON: a Python with polars (default: python3); without polars its lines
# say so.  BENCH_COUNTED: rows of a packed log that is written without a log, and
# counted (default: 100000000).  BENCH_MEMORY: of heed pack (default: 2G).
# Rows are read by one thread.  Seconds are those of the processor, of the whole
# command: plan, hash of the file, world, a fit by majority.  "world": of making
# the world alone.  Bytes are the largest memory of a process, divided by the rows.
. "$(dirname "$0")/bench.bash"

/usr/bin/python3 - "$heed" "$build/tests/bench_log" "${BENCH_PYTHON:-python3}" \
  "${BENCH_MEMORY:-2G}" "${BENCH_COUNTED:-100000000}" "${@:-1000000}" \
  ${1:-10000000} <<'PY'
import os, subprocess, sys

heed, tool, python, memory, counted, *sizes = sys.argv[1:]
sizes = sorted({int(size) for size in sizes})
sweep = """
local h = require "heed"
return h.sweep {{
  source = h.source.log {{ path = "{}",
    columns = {{ model_a = "model_a", model_b = "model_b" }} }},
  estimator = h.estimator.majority {{}},
}}
"""
polars = """
import polars
frame = polars.read_csv("log.csv")
print(frame.height, frame["user"].n_unique(), frame["pair"].n_unique())
"""

def timed(*words, **more):
    """Processor seconds, and bytes of the largest process."""
    with open("said", "w") as said:
        child = subprocess.Popen(words, stdout=said, stderr=subprocess.DEVNULL,
                                 **more)
        _, status, used = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"log.sh: failed: {' '.join(words)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024

def line(rows, what, seconds, peak, size, world=""):
    print(f"| {rows:.0e} | {what} | {seconds:.2f} | {world} "
          f"| {rows / seconds / 1e6:.2f} "
          f"| {peak / rows:.0f} | {peak / 1e6:.0f} | {size / rows:.1f} |",
          flush=True)

def read(rows, what, path):
    with open("read.lua", "w") as out:
        out.write(sweep.format(path))
    seconds, peak = timed(heed, "cell", "read.lua", "--index", "0")
    world = next(words[1] for words in map(str.split, open("said"))
                 if len(words) == 3 and words[0] == "world" and words[2] == "s")
    line(rows, what, seconds, peak, os.path.getsize(path), f"{float(world):.2f}")

has_polars = subprocess.run([python, "-c", "import polars"],
                            stderr=subprocess.DEVNULL).returncode == 0
print("| rows | what | seconds | world | 10^6 rows/s | bytes/row | MB | file, bytes/row |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
for rows in sizes:
    subprocess.run([tool, "csv", str(rows), "log.csv"], check=True)
    size = os.path.getsize("log.csv")
    if has_polars:
        one = dict(os.environ, POLARS_MAX_THREADS="1")
        line(rows, "polars, CSV", *timed(python, "-c", polars, env=one), size)
    else:
        print(f"| {rows:.0e} | polars, CSV | skipped: {python} has no polars "
              "| | | | | |")
    read(rows, "heed, CSV", "log.csv")
    with open("log.lua", "w") as out:
        out.write(sweep.format("log.csv"))
    line(rows, f"heed pack, {memory}",
         *timed(heed, "pack", "log.lua", "--memory", memory, "-o", "log.heed"),
         size)
    read(rows, "heed, packed", "log.heed")
    os.remove("log.csv")
    os.remove("log.heed")

rows = int(counted)
subprocess.run([tool, "packed", counted, "log.heed"], check=True)
line(rows, "counted, packed", *timed(tool, "count", "log.heed"),
     os.path.getsize("log.heed"))
PY
