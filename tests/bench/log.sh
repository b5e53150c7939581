#!/usr/bin/env bash
# Rows a second and bytes an annotation to read a log: CSV, packed, and by
# polars from the same CSV in the same run.  Each pair is annotated once, a user
# has 20 annotations on average; a row names two of 50 models.
#   tests/bench/log.sh [ROWS …]   by default 1000000 10000000
# BENCH_PYTHON: a Python with polars (default: python3); without polars its lines
# say so.  BENCH_FITTED, BENCH_POLARS: logs of more rows are not fitted, or not
# given to polars, which hold a log in memory (default: 10000000).  They are packed
# and counted.  BENCH_COUNTED: rows of packed logs that are written without a
# log, and counted (default: 100000000).  BENCH_MEMORY: of heed pack (default:
# 2G).  BENCH_TSV: also writes the figures there, for scripts/log.gnuplot.
# Then the whole job: read, fit by em with a known gap, keep the selection, export;
# the labels of pairs, and, of a log with short texts, training data.
# Rows are read by one thread.  Seconds are those of the processor, of the whole
# command: plan, hash of the file, world, a fit by majority.  "wall": from start
# to end, whatever else the machine does.  "world": of making the world alone.
# Bytes are the largest memory of a process, divided by the rows.
. "$(dirname "$0")/bench.bash"

[ $# -gt 0 ] || set -- 1000000 10000000
/usr/bin/python3 - "$heed" "$build/tests/bench_log" "${BENCH_PYTHON:-python3}" \
  "${BENCH_MEMORY:-2G}" "${BENCH_FITTED:-10000000}" "${BENCH_POLARS:-10000000}" \
  "${BENCH_COUNTED:-100000000}" "${BENCH_TSV:-/dev/null}" "$@" <<'PY'
import os, subprocess, sys, time

heed, tool, python, memory, fitted, most, counted, tsv, *sizes = sys.argv[1:]
sizes = sorted({int(size) for size in sizes})
table = open(tsv, "w")
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

job = """
local h = require "heed"
return h.sweep {{
  source = h.source.log {{ path = "{}",
    columns = {{ {} model_a = "model_a", model_b = "model_b" }} }},
  estimator = h.estimator.em {{ mu = 0.74 }},
  filter = h.filter.soft {{}},
  keep = {{ "selection", "users" }},
}}
"""
counts = """
local h = require "heed"
return h.sweep {{
  source = h.source.log {{ path = "{}", annotations = "counts" }},
  estimator = h.estimator.em {{ mu = 0.74 }},
}}
"""
texts = 'prompt = "prompt", text_a = "text_a", text_b = "text_b",'
jobs = []

def timed(*words, **more):
    """Processor seconds, seconds, and bytes of the largest process."""
    began = time.monotonic()
    with open("said", "w") as said:
        child = subprocess.Popen(words, stdout=said, stderr=subprocess.DEVNULL,
                                 **more)
        _, status, used = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"log.sh: failed: {' '.join(words)}")
    return (used.ru_utime + used.ru_stime, time.monotonic() - began,
            used.ru_maxrss * 1024)

def line(rows, what, took, size, world=""):
    seconds, wall, peak = took
    print(f"| {rows:.0e} | {what} | {seconds:.2f} | {wall:.2f} | {world} "
          f"| {rows / seconds / 1e6:.2f} "
          f"| {peak / rows:.0f} | {peak / 1e6:.0f} | {size / rows:.1f} |",
          flush=True)
    print(rows, what, f"{seconds:.3f}", f"{wall:.3f}", f"{peak / 1e6:.1f}",
          sep="\t", file=table, flush=True)

def read(rows, what, path):
    with open("read.lua", "w") as out:
        out.write(sweep.format(path))
    took = timed(heed, "cell", "read.lua", "--index", "0")
    world = next(words[1] for words in map(str.split, open("said"))
                 if len(words) == 3 and words[0] == "world" and words[2] == "s")
    line(rows, what, took, os.path.getsize(path), f"{float(world):.2f}")

def read_by_polars(rows):
    one = dict(os.environ, POLARS_MAX_THREADS="1")
    line(rows, "polars, CSV", timed(python, "-c", polars, env=one),
         os.path.getsize("log.csv"))

def pack(rows):
    took = timed(heed, "pack", "log.csv", "--memory", memory, "-o", "log.heed")
    line(rows, f"heed pack, {memory}", took, os.path.getsize("log.heed"))

def whole(rows, what, path, columns, command):
    with open("job.lua", "w") as out:
        out.write(job.format(path, columns))
    run = timed(heed, "run", "job.lua", "-o", "job.h5", "--progress", "none")
    export = timed(heed, command, "job.h5", "-o", "job.out")
    wall = run[1] + export[1]
    jobs.append(f"| {rows:.0e} | {what}, `heed {command}` | {run[0]:.1f} "
                f"| {export[0]:.1f} | {wall:.1f} "
                f"| {max(run[2], export[2]) / 1e6:.0f} "
                f"| {os.path.getsize('job.h5') / 1e6:.0f} |")
    os.remove("job.h5")
    os.remove("job.out")

def count_answers(rows, path):
    with open("counts.lua", "w") as out:
        out.write(counts.format(path))
    took = timed(heed, "cell", "counts.lua", "--index", "0")
    line(rows, "em, from counts", took, os.path.getsize(path))

def add_texts(log, path):
    with open(log) as rows, open(path, "w") as out:
        out.write(next(rows).rstrip("\n") + ",prompt,text_a,text_b\n")
        for row in map(str.rstrip, rows):
            pair, model = row.split(",")[1:4:2]
            out.write(f"{row},How do I write {pair} in C?,With a loop over "
                      f"{pair} and an array.,Use the library of {model}.\n")

has_polars = subprocess.run([python, "-c", "import polars"],
                            stderr=subprocess.DEVNULL).returncode == 0
if not has_polars:
    print(f"{python} has no polars: set BENCH_PYTHON\n")
print("| rows | what | seconds | wall | world | 10^6 rows/s | bytes/row | MB "
      "| file, bytes/row |")
print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
for rows in sizes:
    subprocess.run([tool, "csv", str(rows), "log.csv"], check=True)
    if has_polars and rows <= int(most):
        read_by_polars(rows)
    if rows <= int(fitted):
        read(rows, "heed, CSV", "log.csv")
    pack(rows)
    if rows <= int(fitted):
        read(rows, "heed, packed", "log.heed")
    line(rows, "counted, packed by heed", timed(tool, "count", "log.heed"),
         os.path.getsize("log.heed"))
    count_answers(rows, "log.heed")
    if rows <= int(fitted):
        whole(rows, "CSV", "log.csv", "", "pairs")
        whole(rows, "packed", "log.heed", "", "pairs")
    if rows <= 1000000:
        add_texts("log.csv", "texts.csv")
        whole(rows, "CSV with texts", "texts.csv", texts, "export")
        os.remove("texts.csv")
    os.remove("log.csv")
    os.remove("log.heed")

for rows in map(int, counted.split()):
    subprocess.run([tool, "packed", str(rows), "log.heed"], check=True)
    line(rows, "counted, users and classes", timed(tool, "count", "log.heed"),
         os.path.getsize("log.heed"))
    os.remove("log.heed")

print("\n| rows | the whole job | run, seconds | export, seconds | wall, seconds "
      "| MB | result, MB |")
print("| --- | --- | --- | --- | --- | --- | --- |")
print(*jobs, sep="\n")
PY
