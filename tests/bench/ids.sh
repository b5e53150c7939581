#!/usr/bin/env bash
# Processor seconds to read a log, by the shape of its ids: plain numbers, a
# common prefix, a common suffix, hexadecimal, URLs, UUIDs.  Each pair is
# annotated once; a user has 50 annotations.  The cheapest of several turns
# counts; a busy machine changes wall clocks more.  A turn takes all shapes one
# after another, so that what slows the machine for a while slows them all.
#   tests/bench/ids.sh [ROWS]     by default 1000000
# Fails if a shape costs more than 1.5 times what plain numbers cost.
. "$(dirname "$0")/bench.bash"

/usr/bin/python3 - "$heed" "${1:-1000000}" "${BENCH_TURNS:-3}" <<'PY'
import os, random, resource, subprocess, sys, uuid

heed, rows, turns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
shapes = {
    "plain": lambda kind, i: str(i),
    "prefix": lambda kind, i: f"{kind}_identifier_{i:09d}",
    "suffix": lambda kind, i: f"{i:09d}_identifier_{kind}",
    "hex": lambda kind, i: f"{i * 0x9E3779B97F4A7C15 % 2**64:016x}",
    "url": lambda kind, i: f"https://example.org/data/{kind}/{i}?view=1",
    "uuid": lambda kind, i: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{i}")),
}
sweep = """
local h = require "heed"
return h.sweep {{
  source = h.source.log {{ path = "{}.csv" }},
  estimator = h.estimator.majority {{}},
}}
"""

# The same annotations under names of each shape.
def write(shape):
    name = shapes[shape]
    random.seed(1)
    with open(f"{shape}.csv", "w") as out:
        out.write("user,pair,choice\n")
        for i in range(rows):
            user = random.randrange(max(1, rows // 50))
            out.write(f"{name('user', user)},{name('pair', i)},{random.choice('AB')}\n")
    with open(f"{shape}.lua", "w") as out:
        out.write(sweep.format(shape))

def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

def read(shape):
    before = spent()
    subprocess.run([heed, "run", f"{shape}.lua", "-j", "1", "--memory", "8G",
                    "--progress", "none", "-o", "result.h5"],
                   check=True, stdout=subprocess.DEVNULL)
    os.remove("result.h5")
    return spent() - before

for shape in shapes:
    write(shape)
took = {shape: float("inf") for shape in shapes}
for turn in range(turns):
    for shape in shapes:
        took[shape] = min(took[shape], read(shape))

print(f"{rows} rows, the best of {turns} turns")
print("| ids | processor seconds | times plain | size of the log | seconds per 100 MB |")
print("| --- | --- | --- | --- | --- |")
for shape in shapes:
    size = os.path.getsize(f"{shape}.csv") / 1e6
    print(f"| {shape} | {took[shape]:.2f} | {took[shape] / took['plain']:.2f} "
          f"| {size:.1f} MB | {took[shape] / size * 100:.1f} |")
sys.exit(max(took.values()) > 1.5 * took["plain"])
PY
