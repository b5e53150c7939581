#!/usr/bin/env bash
# Processor seconds to read a log, by the shape of its ids: plain numbers, a
# common prefix, a common suffix, hexadecimal, URLs, UUIDs.  Each pair is
# annotated once; a user has 50 annotations.  The cheapest of several runs
# counts; a busy machine changes wall clocks more.
#   tests/bench/ids.sh [ROWS]     by default 1000000
# Fails if a shape costs more than 1.5 times what plain numbers cost.
. "$(dirname "$0")/bench.bash"

rows=${1:-1000000}
shapes=(plain prefix suffix hex url uuid)

# write SHAPE: log.csv, the same annotations under other names.
write() {
  /usr/bin/python3 - "$1" "$rows" <<'PY'
import random, sys, uuid
shape, rows = sys.argv[1], int(sys.argv[2])
name = {
    "plain": lambda kind, i: str(i),
    "prefix": lambda kind, i: f"{kind}_identifier_{i:09d}",
    "suffix": lambda kind, i: f"{i:09d}_identifier_{kind}",
    "hex": lambda kind, i: f"{i * 0x9E3779B97F4A7C15 % 2**64:016x}",
    "url": lambda kind, i: f"https://example.org/data/{kind}/{i}?view=1",
    "uuid": lambda kind, i: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{i}")),
}[shape]
random.seed(1)
with open("log.csv", "w") as out:
    out.write("user,pair,choice\n")
    for i in range(rows):
        user = random.randrange(max(1, rows // 50))
        out.write(f"{name('user', user)},{name('pair', i)},{random.choice('AB')}\n")
PY
}

cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep {
  source = h.source.log { path = "log.csv" },
  estimator = h.estimator.majority {},
}
LUA

processor_seconds() {
  /usr/bin/python3 - "$heed" "${BENCH_TURNS:-5}" <<'PY'
import os, resource, subprocess, sys
def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
best = float("inf")
for turn in range(int(sys.argv[2])):
    if os.path.exists("log.h5"):
        os.remove("log.h5")
    before = spent()
    subprocess.run([sys.argv[1], "run", "log.lua", "-j", "1", "--memory", "8G",
                    "--progress", "none", "-o", "log.h5"],
                   check=True, stdout=subprocess.DEVNULL)
    best = min(best, spent() - before)
print(f"{best:.3f}")
PY
}

echo "| ids | processor seconds for $rows rows | times plain |"
echo "| --- | --- | --- |"
worst=0
for shape in "${shapes[@]}"; do
  write "$shape"
  took=$(processor_seconds)
  [ "$shape" = plain ] && plain=$took
  awk -v s="$shape" -v t="$took" -v p="$plain" \
    'BEGIN { printf "| %s | %.3f | %.2f |\n", s, t, t / p; exit t > 1.5 * p }' ||
    worst=1
done
exit $worst
