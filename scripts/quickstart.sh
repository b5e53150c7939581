#!/usr/bin/env bash
# From a fresh Debian 12 to the paper's Figure 3: installs missing packages,
# builds heed, runs scripts/figure3.lua and shows its table.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh run
cmake --preset release -DBUILD_TESTING=OFF >/dev/null
cmake --build --preset release

heed=build/release/bin/heed
result=results/figure3.h5
"$heed" run scripts/figure3.lua -o "$result"
echo
"$heed" show "$result" --metric eta_correlation --metric eta_rmse \
  --metric split_accuracy
echo
echo "The result is $result; docs/results.md says how to read it in Python, R,"
echo "Octave, Julia and MATLAB. To call heed by its name in this shell:"
echo "  export PATH=\"$PWD/build/release/bin:\$PATH\""
