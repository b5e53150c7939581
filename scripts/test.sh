#!/usr/bin/env bash
# Installs missing packages, builds heed with the faults that the crash tests
# inject, and runs all tests.  Lists skipped tests at the end.
#   scripts/test.sh [CTEST ARGUMENT …]     for example -R unit/
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh test
cmake --preset test >/dev/null
cmake --build --preset test
status=0
ctest --preset test -j "$(nproc)" "$@" || status=$?

# In the output formats of bats and cmocka.
skipped=$(sed -nE 's/^ok [0-9]+ (.*) # skip ?(.*)/\1: \2/p; s/^\[  SKIPPED \] ([a-z0-9_]+)$/\1/p' \
  build/test/Testing/Temporary/LastTest.log | sort -u)
if [ -n "$skipped" ]; then
  echo
  echo "Skipped here:"
  sed 's/^/  /' <<<"$skipped"
fi
exit "$status"
