# What the benchmarks share.  HEED_BUILD: which build (default: build/release);
# BENCH_TURNS: how often each figure is taken (default: 5); the best counts,
# as everything that disturbs a run makes it longer.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${HEED_BUILD:-$source/build/release}
heed="$build/bin/heed"
[ -x "$heed" ] || { echo "$heed is missing: cmake --preset release && cmake --build --preset release" >&2; exit 1; }
export HEED_PLUGIN_PATH="$build/lib/heed:$build/tests/plugins/small"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# seconds ARGUMENT …: of the best of several runs of heed run.
seconds() {
  local best="" began took
  for ((turn = 0; turn < ${BENCH_TURNS:-5}; turn++)); do
    rm -rf result.h5 result.h5.work
    began=$(date +%s%N)
    "$heed" run "$@" -o result.h5 --progress none >/dev/null
    took=$((($(date +%s%N) - began) / 1000))
    if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
  done
  LC_ALL=C awk "BEGIN { printf \"%.4f\", $best / 1e6 }"
}

# compute EXPRESSION FORMAT
compute() {
  LC_ALL=C awk "BEGIN { printf \"$2\n\", $1 }"
}

# of_result FILE DATASET FUNCTION: min, max … of a dataset.
of_result() {
  /usr/bin/python3 -c '
import sys, h5py, numpy
with h5py.File(sys.argv[1]) as file:
    print(getattr(numpy, sys.argv[3])(file[sys.argv[2]][()]))' "$@"
}
