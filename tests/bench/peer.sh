#!/usr/bin/env bash
# Compares a sweep of Figure 6's size (peer.lua) with the same sweep in numpy
# (peer.py), in turns, with two workers and one BLAS thread each.  Prints medians,
# and heed's seconds by stage.
#   tests/bench/peer.sh [FILE]     FILE: JSON of the figures
# BENCH_PYTHON: a python3 with numpy, scipy and h5py (default: /usr/bin/python3).
. "$(dirname "$0")/bench.bash"
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
python=${BENCH_PYTHON:-/usr/bin/python3}
workers=${BENCH_WORKERS:-2}

"$python" - <<'PY'
import platform, numpy, scipy
try:
    from numpy.core._multiarray_umath import __cpu_features__ as found
except ImportError:
    from numpy._core._multiarray_umath import __cpu_features__ as found
simd = "AVX512_SKX" if found.get("AVX512_SKX") else "none"
print(f"Python {platform.python_version()}, numpy {numpy.__version__}, scipy {scipy.__version__}; "
      f"SIMD for numpy's exp of doubles: {simd}")
PY

# Seconds of heed's whole run, and of the peer's sweep without Python's start.
heed_turn() {
  local began
  rm -rf result.h5
  began=$(date +%s%N)
  "$heed" run "$source/tests/bench/peer.lua" -j "$workers" -o result.h5 --progress none >/dev/null
  compute "($(date +%s%N) - $began) / 1e9" %.3f
}
peer_turn() {
  "$python" "$source/tests/bench/peer.py" --workers "$workers"
}
median() {
  tr ' ' '\n' <<<"$*" | LC_ALL=C sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

ours=() theirs=()
for ((turn = 1; turn <= ${BENCH_TURNS:-5}; turn++)); do
  ours+=("$(heed_turn)")
  theirs+=("$(peer_turn)")
  echo "turn $turn: heed ${ours[-1]} s, numpy ${theirs[-1]} s"
done
heed_median=$(median "${ours[@]}") peer_median=$(median "${theirs[@]}")
echo "median: heed $heed_median s, numpy $peer_median s: $(compute "$peer_median / $heed_median" %.2f) times as fast"

"$python" - "$heed_median" "$peer_median" "${1:-/dev/null}" <<'PY'
import json, sys, h5py, numpy
with h5py.File("result.h5") as file:
    stages = {name[8:]: numpy.asarray(values) for name, values in file["timing"].items()
              if name.startswith("seconds_")}
# A cell that shares a stage has 0 there.
seconds = {name: round(float(numpy.nansum(values)), 3) for name, values in stages.items()}
runs = {name: int((values > 0).sum()) for name, values in stages.items()}
for name in ("world", "annotations", "posterior", "selection", "policy", "evaluation"):
    print(f"{name:12} {runs[name]:4} times, {seconds[name]:7.3f} s")
ours, peers = float(sys.argv[1]), float(sys.argv[2])
json.dump({"sweep_s": ours, "sweep_numpy_s": peers, "sweep_ratio": peers / ours,
           **{f"sweep_{name}_s": value for name, value in seconds.items()}},
          open(sys.argv[3], "w"))
PY
