#!/usr/bin/env bash
# Installs what is missing, builds heed with the faults that the crash tests
# inject, and runs every test.  What cannot run here says so and is skipped.
#   scripts/test.sh [CTEST ARGUMENT …]     for example -R unit/
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh test
cmake --preset test >/dev/null
cmake --build --preset test
ctest --preset test -j "$(nproc)" "$@"
