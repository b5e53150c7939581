#!/usr/bin/env bash
# Runs compilers, analysers and sanitizers.  Slower than scripts/test.sh; prints
# only problems.
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
      # It wrongly assumes that a sum over at least one term is 0, and that a
      # table lives only as long as the host that makes it.
      cppcheck --quiet --std=c11 --enable=warning,performance,portability \
        --error-exitcode=1 -j "$(nproc)" \
        --library=./.cppcheck.cfg \
        --suppress=invalidFunctionArg \
        --suppress=returnDanglingLifetime:runner/contract/estimator.c \
        $(printf -- '-I %s ' runner/include runner/*/include) -I plugins runner plugins
      ;;
    asan)
      cmake --preset asan >/dev/null
      cmake --build --preset asan
      ctest --preset asan -j "$(nproc)"
      ;;
    valgrind)
      need valgrind valgrind
      cmake --preset debug >/dev/null
      cmake --build --preset debug
      export HEED_TEST_SMALL=1 logs=build/debug/valgrind
      rm -rf "$logs"
      mkdir "$logs"
      # A test is clean if it passes and valgrind reports nothing. Forked children
      # exit early with their parent's memory: valgrind skips them, and they keep
      # the exit status that their test checks.
      printf '%s\n' build/debug/tests/test_* | xargs -P "$(nproc)" -I TEST sh -c '
        name=$(basename TEST)
        valgrind --quiet --child-silent-after-fork=yes --leak-check=full --show-leak-kinds=definite \
          --log-file="$logs/$name.log" TEST >"$logs/$name.out" 2>&1 &&
          ! [ -s "$logs/$name.log" ] && echo "$name clean" && exit
        cat "$logs/$name.out" "$logs/$name.log"; exit 1'
      ;;
    *) echo "unknown step: $step" >&2; exit 2 ;;
  esac
done
