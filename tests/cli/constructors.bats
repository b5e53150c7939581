# What a plugin may do while it is loaded: nothing that another plugin, or the
# output of a command, notices.

load small

# load_with WHAT: the plugins small and constructor, which does WHAT.
load_with() {
  export HEED_PLUGIN_PATH="$plugins/small:$plugins/constructor" CONSTRUCTOR="$1"
}

# skipped WORDS: heed list shows the other plugins, and warns of this one.
skipped() {
  run --separate-stderr timeout 15 "$HEED" list --json
  echo "$output"
  echo "$stderr"
  [ "$status" -eq 0 ]
  /usr/bin/python3 -c 'import json, sys
names = {plugin["name"] for plugin in json.loads(sys.argv[1])}
assert "empty" in names and "constructor" not in names, names' "$output"
  [[ "$stderr" == *"warning: $(realpath "$plugins")/constructor/constructor.so: $1"* ]]
}

@test "a plugin that starts a process while it is loaded is skipped, and the process ends" {
  for what in child daemon; do
    load_with "$what"
    skipped "closes files of heed, starts a process or exits the process while loading"
  done
  run --separate-stderr timeout 15 "$HEED" describe filter/empty
  [ "$status" -eq 0 ]
  [[ "$output" == *"filter/empty"* ]]
}

@test "a plugin that exits the process while it is loaded is skipped" {
  load_with exit
  skipped "exits the process while loading"
}

@test "a plugin that closes files while it is loaded is skipped" {
  for what in close output; do
    load_with "$what"
    skipped "closes files of heed, starts a process or exits the process while loading"
  done
}

@test "what a plugin prints while it is loaded is not output of a command" {
  load_with print
  run --separate-stderr "$HEED" list --json
  [ "$status" -eq 0 ]
  /usr/bin/python3 -c 'import json, sys; json.loads(sys.argv[1])' "$output"
  [[ "$stderr" == *"printed by a constructor"* ]]
}

@test "numbers that a plugin changes while it is loaded are put back" {
  write_sweep 'h.estimator.empty {}' 'h.filter.constructor {}'
  load_with nothing
  heed_run small.lua -o sound.h5
  [ "$status" -eq 0 ]
  load_with numbers
  heed_run small.lua -o changed.h5
  [ "$status" -eq 0 ]
  same sound.h5 changed.h5
}

@test "a sweep goes without a plugin that starts a process or closes files while it is loaded" {
  write_sweep 'h.estimator.empty {}' 'h.filter.empty {}'
  for what in child close exit; do
    load_with "$what"
    run --separate-stderr timeout 30 "$HEED" run small.lua -o "$what.h5" --progress none
    echo "$stderr"
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"constructor.so: "* ]]
  done
}

# word TEXT: odd_words.so with this summary.
word() {
  mkdir -p odd
  "${CC:-cc}" -shared -fPIC -I "$HEED_SOURCE/runner/include" "$@" \
    -o odd/odd_words.so "$HEED_SOURCE/tests/plugins/odd_words.c"
  export HEED_PLUGIN_PATH="$PWD/odd"
  run --separate-stderr "$HEED" list
  echo "$stderr"
  [ "$status" -eq 0 ]
  [[ "$output" != *odd_words* ]]
}

@test "a descriptor whose text is not UTF-8 or has control characters is refused" {
  for text in '"\033[31m"' '"two\nlines"' '"\377"' '"\302\233m"'; do
    word "-DTEXT=$text"
    [[ "$stderr" == *"odd_words.so: filter/odd_words: the summary is not plain text (expected UTF-8 without control characters)"* ]]
  done
}

@test "a crash while the texts of a descriptor are read names the file" {
  word '-DTEXT="plain"' '-DCHOICES=(const char *const *)8'
  [[ "$stderr" == *"odd_words.so: crashes with signal 11 while loading"* ]]
}

@test "a time limit of years is a time limit" {
  run --separate-stderr timeout 60 "$HEED" check small.lua --timeout 1e10
  [[ "$stderr" != *"did not finish"* && "$stderr" != *"still running"* ]]
}

@test "heed new quotes the folder that it prints" {
  run --separate-stderr "$HEED" new filter/mine -o "a 'b' c"
  [ "$status" -eq 0 ]
  [[ "$output" == *"  cd 'a '\\''b'\\'' c'"* ]]
}
