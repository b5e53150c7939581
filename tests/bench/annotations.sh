#!/usr/bin/env bash
# What em_bradley_terry takes by the number of annotations: nanoseconds of the
# processor an annotation and step, with one thread and with two, beside
# crowd-kit's NoisyBradleyTerry on the same log; and the whole job: read, fit,
# keep the selection, export.  A user has 100 annotations of pairs of 20 models,
# each pair is annotated once.
#   tests/bench/annotations.sh [ROWS …]   by default 100000 1000000 10000000
# heed's seconds are those of the processor of the whole run minus those of
# majority on the same log, crowd-kit's those of fit(): neither counts reading,
# and whoever else uses the machine lengthens them little.  "wall" is the
# posterior stage from start to end, which they do lengthen.  All that is not a
# step (the posterior's spread, users without an annotation) counts, too.
# BENCH_PYTHON: a Python with crowd-kit; without it, its lines say so.
# BENCH_LIMIT, BENCH_LIMIT_GB: seconds of the processor (default: 600) and GB
# (default: 8) at which crowd-kit is stopped.  BENCH_WHOLE (default: 10000000):
# logs of more rows are only fitted, from a packed log, because a CSV of 10^8
# rows does not fit in memory.  BENCH_TSV: also writes the figures there, for
# scripts/annotations.gnuplot.
. "$(dirname "$0")/bench.bash"

[ $# -gt 0 ] || set -- 100000 1000000 10000000
export OPENBLAS_NUM_THREADS=1
/usr/bin/python3 - "$heed" "$build/tests/bench_log" "${BENCH_PYTHON:-python3}" \
  "${BENCH_LIMIT:-600}" "${BENCH_LIMIT_GB:-8}" "${BENCH_WHOLE:-10000000}" \
  "${BENCH_TURNS:-3}" "${BENCH_TSV:-/dev/null}" "$@" <<'PY'
import os, resource, subprocess, sys, time

heed, tool, python, limit, gigabytes, whole, turns, tsv, *sizes = sys.argv[1:]
table = open(tsv, "w")
sweep = """
local h = require "heed"
return h.sweep {{
  threads = {},
  source = h.source.log {{ path = "{}", columns = {{ model_a = "model_a", model_b = "model_b" }} }},
  estimator = h.estimator.{} {{}},
  filter = h.filter.soft {{}},
  keep = {{ "selection", "users" }},
}}
"""
kit = """
import sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd
from crowdkit.aggregation import NoisyBradleyTerry
log = pd.read_csv("log.csv", dtype=str).rename(
    columns={"user": "worker", "model_a": "left", "model_b": "right"})
log["label"] = np.where(log.choice == "A", log.left, log.right)
log = log[["worker", "left", "right", "label"]]
made, began = NoisyBradleyTerry(), time.process_time()
made.fit(log)
print(time.process_time() - began, made.n_iter)
"""

def timed(*words, **more):
    """Processor seconds, seconds and bytes of a process; None: it failed."""
    began = time.monotonic()
    with open("said", "w") as said:
        child = subprocess.Popen(words, stdout=said, stderr=subprocess.DEVNULL, **more)
        _, status, used = os.wait4(child.pid, 0)
    taken = used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss * 1024
    return taken if status == 0 else None

def need(*words):
    taken = timed(*words)
    if taken is None:
        raise SystemExit(f"annotations.sh: failed: {' '.join(words)}")
    return taken

def line(rows, what, seconds, wall, steps, peak, said=""):
    each = seconds / rows / steps * 1e9
    print(f"| {rows:.0e} | {what} | {seconds:.2f} | {wall:.2f} | {steps:.0f} | {each:.1f} "
          f"| {peak / 1e6:.0f} | {said}", flush=True)
    print(rows, what, f"{seconds:.3f}", f"{wall:.3f}", f"{steps:.0f}", f"{each:.3f}",
          f"{peak / 1e6:.1f}", said or "-", sep="\t", file=table, flush=True)

def cell(threads, estimator):
    """The best of a few turns, and what was said."""
    with open("cell.lua", "w") as out:
        out.write(sweep.format(threads, log, estimator))
    best, said, wall = None, {}, float("inf")
    for _ in range(int(turns)):
        taken = need(heed, "cell", "cell.lua", "--index", "0")
        said = {words[0]: words[1] for words in map(str.split, open("said")) if len(words) > 1}
        stage = next(float(words[1]) for words in map(str.split, open("said"))
                     if len(words) == 3 and words[0] == "posterior" and words[2] == "s")
        best, wall = min(best or taken, taken), min(wall, stage)
    return best, wall, float(said.get("estimator_iterations", "nan"))

def fit(rows):
    reading, _, _ = cell(1, "majority")
    for threads in (1, 2):
        taken, wall, steps = cell(threads, "em_bradley_terry")
        line(rows, f"heed, {threads} thread{'s' * (threads > 1)}", taken[0] - reading[0], wall,
             steps, taken[2])

def guard():
    """Limits crowd-kit, with its reading of the log."""
    resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes) << 30,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit),) * 2)

def fit_by_peer(rows):
    taken = timed(python, "-c", kit, preexec_fn=guard)
    if taken is None:
        print(f"| {rows:.0e} | crowd-kit | stopped at {limit} s or {gigabytes} GB | | | | |")
        print(rows, "crowd-kit", *["NaN"] * 5, f"stopped at {limit} s or {gigabytes} GB",
              sep="\t", file=table, flush=True)
        return False
    seconds, steps = map(float, open("said").read().split())
    line(rows, "crowd-kit", seconds, taken[1], steps, taken[2])
    return True

def run_job(rows):
    with open("cell.lua", "w") as out:
        out.write(sweep.format(1, log, "em_bradley_terry"))
    run = need(heed, "run", "cell.lua", "-o", "job.h5", "-j", "1", "--progress", "none")
    export = need(heed, "pairs", "job.h5", "-o", "job.out")
    jobs.append(f"| {rows:.0e} | {run[0]:.1f} | {export[0]:.1f} | {run[1] + export[1]:.1f} "
                f"| {max(run[2], export[2]) / 1e6:.0f} | {os.path.getsize('job.h5') / 1e6:.0f} |")
    os.remove("job.h5")
    os.remove("job.out")

jobs = []
peer = subprocess.run([python, "-c", "import crowdkit"], stderr=subprocess.DEVNULL).returncode == 0
if not peer:
    print(f"{python} has no crowd-kit: set BENCH_PYTHON\n")
print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
print("| annotations | what | seconds | wall | steps | ns an annotation and step | MB | |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
for rows in sorted({int(size) for size in sizes}):
    subprocess.run([tool, "crowd", str(rows), "log.csv"], check=True)
    log = "log.csv"
    if rows > int(whole):
        log = "log.heed"
        need(heed, "pack", "log.csv", "--set", "columns.model_a=model_a", "--set",
             "columns.model_b=model_b", "-o", log)
    fit(rows)
    peer = peer and fit_by_peer(rows)
    if rows <= int(whole):
        run_job(rows)
    for path in {"log.csv", log}:
        os.remove(path)
print("\n| annotations | run, seconds | export, seconds | wall, seconds | MB | result, MB |")
print("| --- | --- | --- | --- | --- | --- |")
print(*jobs, sep="\n")
PY
