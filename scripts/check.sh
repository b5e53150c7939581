#!/usr/bin/env bash
# What the compilers, the analysers and the sanitizers say; slower than
# scripts/test.sh, and silent where all is well.
#   scripts/check.sh [clang|format|tidy|cppcheck|asan|valgrind …]   default: all
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh test
steps=("$@")
[ $# -gt 0 ] || steps=(clang format tidy cppcheck asan valgrind)

need() {
  command -v "$1" >/dev/null && return
  echo "$1 is missing: apt-get install $2" >&2
  exit 1
}

sources() {
  git ls-files 'runner/*.c' 'plugins/*.c'
}

for step in "${steps[@]}"; do
  echo "== $step"
  case "$step" in
    clang)
      need clang clang
      CC=clang cmake --preset debug -B build/clang >/dev/null
      cmake --build build/clang
      ;;
    format)
      need clang-format clang-format
      git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror
      ;;
    tidy)
      need clang-tidy clang-tidy
      CC=clang cmake --preset test -B build/clang >/dev/null
      # One file at a time: with several, clang-tidy 14 loses sight of va_start.
      sources | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/clang
      ;;
    cppcheck)
      need cppcheck cppcheck
      # It takes a sum over at least one term for 0.
      cppcheck --quiet --std=c11 --enable=warning,performance,portability \
        --error-exitcode=1 -j "$(nproc)" \
        --library=./.cppcheck.cfg \
        --suppress=invalidFunctionArg \
        -I runner -I runner/include -I plugins runner plugins
      ;;
    asan)
      cmake --preset asan >/dev/null
      cmake --build --preset asan
      ctest --preset asan -j "$(nproc)"
      ;;
    valgrind)
      need valgrind valgrind
      # Without optimisation: a child that ends early must still hold what its
      # parent will free.
      cmake --preset debug >/dev/null
      cmake --build --preset debug
      export HEED_TEST_SMALL=1
      printf '%s\n' build/debug/tests/test_* | xargs -P "$(nproc)" -I TEST sh -c '
        valgrind --quiet --error-exitcode=1 --leak-check=full \
          --errors-for-leak-kinds=definite TEST >TEST.valgrind 2>&1 &&
          echo "TEST clean" || { cat TEST.valgrind; exit 255; }'
      ;;
    *) echo "there is no step $step" >&2; exit 2 ;;
  esac
done
