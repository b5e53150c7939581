#!/usr/bin/env bats
# The rooms of the runner: the compiler and scripts/architecture.py refuse wrong
# arrows, and docs/architecture.md agrees with the includes.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
}

architecture() {
  run /usr/bin/python3 "$HEED_SOURCE/scripts/architecture.py" "$@"
}

# A copy of the checkout to break; then: broken WORDS…, the fault expected.
copy_checkout() {
  mkdir house
  cp -r "$HEED_SOURCE/runner" "$HEED_SOURCE/plugins" "$HEED_SOURCE/docs" house
}

broken() {
  architecture check --root house
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"$1"* ]]
}

# compile FILE: as the build does, in the copy.
compile() {
  /usr/bin/python3 - "$HEED_BUILD" "$HEED_SOURCE/$1" "$PWD/house" "$HEED_SOURCE" >command.sh <<'PY'
import json, shlex, sys
build, file, copy, source = sys.argv[1:]
entries = json.load(open(f"{build}/compile_commands.json"))
words = shlex.split(next(e["command"] for e in entries if e["file"] == file))
words = [w.replace(f"{source}/runner", f"{copy}/runner") for w in words]
print(shlex.join([*words[:words.index("-o")], "-fsyntax-only", words[-1]]))
PY
  run sh command.sh
}

@test "the patch that lets host include stages does not build" {
  copy_checkout
  compile runner/host/arena.c
  [ "$status" -eq 0 ]
  sed -i '0,/#include/s//#include "stages\/stages.h"\n#include/' house/runner/host/arena.c
  compile runner/host/arena.c
  [ "$status" -ne 0 ]
  [[ $output == *"stages/stages.h"* ]]
}

@test "no room finds the headers of a room that it does not see" {
  architecture walls "$HEED_BUILD"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"includes tried"* ]]
}

@test "rooms include what CMake names, and the drawing, the table and the faces say the same" {
  architecture check
  echo "$output"
  [ "$status" -eq 0 ]
}

@test "files of the runner and of a plugin need each other one way, and define a symbol once" {
  architecture circles "$HEED_BUILD"
  echo "$output"
  [ "$status" -eq 0 ]
}

@test "the planner's room knows neither Lua nor the plugin host" {
  run nm -u "$HEED_BUILD/runner/libheed_planner.a"
  [ "$status" -eq 0 ]
  [[ $output == *" json_loads"* ]]
  [[ $output != *" lua_"* && $output != *" luaL_"* && $output != *" registry_"* ]]
}

@test "an include that the compiler finds and CMake does not name is a fault" {
  copy_checkout
  sed -i '0,/#include/s//#include "hdf\/hdf.h"\n#include/' house/runner/stages/run.c
  broken "stages includes hdf, which is not PRIVATE"
}

@test "an arrow that CMake names and no file includes is a fault" {
  copy_checkout
  sed -i 's/heed_room(stages /&PRIVATE heed_hdf /' house/runner/CMakeLists.txt
  broken "stages names hdf as PRIVATE, and does not include it so"
}

@test "an include that climbs out of its folder is a fault" {
  copy_checkout
  sed -i '0,/#include/s//#include "..\/stages\/level.h"\n#include/' house/runner/host/arena.c
  broken 'runner/host/arena.c:3: "../stages/level.h" climbs out of its folder'
}

@test "headers that include each other are a fault" {
  copy_checkout
  sed -i '0,/#include/s//#include "result\/result.h"\n#include/' house/runner/work/include/work/record.h
  broken "headers that include each other: "
}

@test "a plugin that includes a header of the runner is a fault" {
  copy_checkout
  sed -i '0,/#include/s//#include "host\/host.h"\n#include/' house/plugins/filters/top.c
  broken '"host/host.h" is the runner'"'"'s'
}

@test "a drawing, a table or a face that differs from the includes is a fault" {
  copy_checkout
  sed -i '/"report" -> /d' house/docs/architecture.dot
  broken "docs/architecture.dot is not what the includes say"
  broken "docs/architecture.svg does not draw docs/architecture.dot"
  sed -i 's/Runs a cell of a plan/Runs something/' house/docs/architecture.md
  broken "docs/architecture.md: the table of rooms is not what the faces say"
  sed -i 's/Callers: view, command/Callers: command/' house/runner/result/include/result/result.h
  broken 'runner/result/include/result/result.h: expected "Callers: view, command."'
}

@test "two files that need each other, and a symbol that both define, are faults" {
  mkdir -p build/runner/CMakeFiles/heed_x.dir
  cd build
  echo 'int b(void); int a(void) { return b(); } int both;' >a.c
  echo 'int a(void); int b(void) { return a(); } int both;' >b.c
  for file in a b; do
    object=runner/CMakeFiles/heed_x.dir/$file.c.o
    cc -c -fno-common $file.c -o $object
    echo "{\"file\": \"$PWD/$file.c\", \"command\": \"cc -o $object -c $file.c\"}" >$file.json
  done
  echo "[$(cat a.json), $(cat b.json)]" >compile_commands.json
  architecture circles .
  [ "$status" -eq 1 ]
  [[ $output == *"files that need each other: heed_x.dir/a.c.o, heed_x.dir/b.c.o"* ]]
  [[ $output == *"both is defined in heed_x.dir/a.c.o and in heed_x.dir/b.c.o"* ]]
}

@test "Graphviz draws docs/architecture.svg from docs/architecture.dot" {
  command -v dot >/dev/null || skip "dot is missing: apt-get install graphviz"
  dot -Tsvg "$HEED_SOURCE/docs/architecture.dot" | grep -o '<title>.*</title>' | sort >drawn
  grep -o '<title>.*</title>' "$HEED_SOURCE/docs/architecture.svg" | sort | diff - drawn
}

@test "the top level holds what the design names, and dot files" {
  git -C "$HEED_SOURCE" rev-parse HEAD >/dev/null 2>&1 || skip "not a git checkout"
  git -C "$HEED_SOURCE" ls-tree --name-only HEAD | grep -v '^\.' | sort >found
  printf '%s\n' CMakeLists.txt CMakePresets.json LICENSE README.md \
    docs plugins results runner scripts tests | sort | diff - found
}

# fenced LANGUAGE: the block of docs/architecture.md in that language.
fenced() {
  sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$HEED_SOURCE/docs/architecture.md" | sed '1d;$d'
}

@test "the sample plan in docs/architecture.md is what its command makes, but for hashes" {
  fenced lua >two-shares.lua
  "$HEED" run two-shares.lua --progress none
  /usr/bin/python3 "$HEED_SOURCE/scripts/sample_plan.py" two-shares.h5 >made.json
  mask='s/"[0-9a-f]{8}…"/"HASH"/g'
  fenced json | sed -E "$mask" >expected.json
  sed -E "$mask" made.json | diff -u expected.json -
}
