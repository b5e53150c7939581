#!/usr/bin/env bash
# Reruns the experiments with another seed and fewer replicates, and checks that
# results/reference/ agrees within sampling error.
#   scripts/verify-results.sh [NAME …]     for example table2; default: all
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh test
cmake --preset release -DBUILD_TESTING=OFF >/dev/null
cmake --build --preset release >/dev/null

# Replicates of the rerun: at least 3, a few minutes per experiment.
declare -A replicates=(
  [figure3]=8 [table2]=8 [figure6]=4 [arms]=3 [annotators]=12 [crowd]=40
  [recovery]=30 [coverage]=20 [calibration]=40 [mu]=4 [losses]=3
  [claim]=3 [beliefs]=3 [states]=3 [covariate]=3 [topics]=3 [biased]=3
  [adversarial]=3 [minority]=3
)
names=("$@")
[ $# -gt 0 ] || for file in results/reference/*.h5; do
  names+=("$(basename "$file" .h5)")
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
for name in "${names[@]}"; do
  [ -e "results/reference/$name.h5" ] || { echo "results/reference/$name.h5: no such file" >&2; exit 2; }
  [ -n "${replicates[$name]:-}" ] || { echo "$0: no number of replicates for $name" >&2; exit 2; }
  echo "$name"
  if grep -q llmfao "scripts/$name.lua" && [ ! -d ../shared/data/llmfao ]; then
    echo "  skipped: the LLMFAO comparisons are missing (docs/annotation-logs.md)"
    continue
  fi
  build/release/bin/heed run "scripts/$name.lua" -o "$folder/$name.h5" \
    --set seed=1 --set replicates="${replicates[$name]}" --progress none
  /usr/bin/python3 scripts/verify_results.py "results/reference/$name.h5" "$folder/$name.h5" || status=1
done
exit $status
