#!/usr/bin/env bash
# Installs what is missing, builds heed with the faults that the crash tests
# inject, and runs every test.  What cannot run here is named at the end.
#   scripts/test.sh [CTEST ARGUMENT …]     for example -R unit/
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh test
cmake --preset test >/dev/null
cmake --build --preset test
status=0
ctest --preset test -j "$(nproc)" "$@" || status=$?

# In the words of bats and of cmocka.
skipped=$(sed -nE 's/^ok [0-9]+ (.*) # skip ?(.*)/\1: \2/p; s/^\[  SKIPPED \] ([a-z0-9_]+)$/\1/p' \
  build/test/Testing/Temporary/LastTest.log | sort -u)
if [ -n "$skipped" ]; then
  echo
  echo "Skipped here:"
  sed 's/^/  /' <<<"$skipped"
fi
exit "$status"
