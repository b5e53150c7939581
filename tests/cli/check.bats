# heed check: plans a sweep in a child under limits, and shows it.

setup() {
  cd "$BATS_TEST_TMPDIR"
  plugins="$HEED_BUILD/tests/plugins"
  export HEED_PLUGIN_PATH="$plugins/planning_kinds"
  cat >good.lua <<'LUA'
local h = require "heed"
local model = h.user_model.plain {}
return h.sweep {
  title = "Ten thresholds",
  replicates = 5,
  source = h.source.made { pairs = 1000, mu = h.axis { "gap", 0.6, 0.74, 0.98 } },
  users = {
    count = h.axis { "crowd", 500, 2000 },
    annotations = h.axis { "each", 20, 50, tie = "crowd" },
    attentiveness = h.distribution.span {},
    model = model,
  },
  estimator = h.estimator.fit { model = model },
  filter = h.filter.part { share = h.axis { "share", h.linspace(0.1, 1, 10) } },
}
LUA
}

# Standard output and error apart.
check() {
  run --separate-stderr "$HEED" check "$@"
}

bats_require_minimum_version 1.5.0

@test "a sweep is shown with its axes, cells and shared stages" {
  check good.lua
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = "Ten thresholds" ]
  [[ "$output" == *"gap          3  0.6, 0.74, 0.98"* ]]
  [[ "$output" == *"+ each    tied  20, 50"* ]]
  [[ "$output" == *"60 points x 5 replicates = 300"* ]]
  [[ "$output" == *"world            3  source/made"* ]]
  [[ "$output" == *"posterior        6  estimator/fit"* ]]
  [[ "$output" == *"selection       60  filter/part"* ]]
  [ -z "$stderr" ]
}

@test "--json prints the plan" {
  check good.lua --json --set title=Other
  [ "$status" -eq 0 ]
  echo "$output" | /usr/bin/python3 -c '
import json, sys
plan = json.load(sys.stdin)
assert plan["heed_plan"] == 1 and plan["title"] == "Other"
assert plan["sweep"]["set"] == ["title=Other"]
assert len(plan["points"]) == 60 and len(plan["plugins"]) == 5
assert plan["nodes"][0]["spec"]["parameters"]["mu"] == 0.6
'
}

@test "--set changes a value, an axis, a plugin" {
  check good.lua --set source.mu=0.9 --set 'axis.share=[0.5,1]' --set users.attentiveness=flat
  [ "$status" -eq 0 ]
  [[ "$output" == *"4 points x 5 replicates = 20"* ]]
  [[ "$output" == *"distribution/flat 1.0"* ]]
}

@test "a mistake is reported with file and line, and the status is 2" {
  sed -i 's/pairs = 1000/piars = 1000/' good.lua
  check good.lua
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [ "$stderr" = 'heed: good.lua:6: h.source.made: piars: there is no such parameter; did you mean "pairs"?' ]
}

@test "a file that is missing, a folder, compiled Lua" {
  check absent.lua
  [ "$status" -eq 2 ]
  [ "$stderr" = "heed: absent.lua: cannot read: No such file or directory" ]
  check .
  [ "$stderr" = "heed: .: is a folder, expected a file" ]
  printf '\033LuaT' >compiled.lua
  check compiled.lua
  [ "$stderr" = "heed: compiled.lua: compiled Lua, expected text" ]
}

@test "a wrong command line is reported" {
  check
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: check: found nothing, expected SWEEP.lua"* ]]
  check good.lua --sett a=1
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: check: unknown option --sett; did you mean --set?"* ]]
  check good.lua --set
  [[ "$stderr" == "heed: check: --set: found nothing, expected PATH=VALUE"* ]]
  check good.lua --timeout soon
  [[ "$stderr" == "heed: check: --timeout: found soon, expected seconds above 0"* ]]
  check good.lua other.lua
  [[ "$stderr" == "heed: check: found other.lua, expected nothing more after SWEEP.lua"* ]]
}

# Each ends by the clock, wherever it hides.
endless() {
  printf '%s\n' "$1" >endless.lua
  SECONDS=0
  check --timeout 1 endless.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"still running after 1 s; is there an endless loop? A large sweep needs a higher --plan-timeout" ]]
  [ "$SECONDS" -lt 10 ]
}

@test "an endless loop is stopped and its line reported" {
  endless 'while true do end'
  [[ "$stderr" == "heed: endless.lua:1: "* ]]
}

@test "an endless loop that catches its errors is stopped" {
  endless 'while true do pcall(function() while true do end end) end'
}

@test "a string pattern without end is stopped" {
  endless 'local s = ("a"):rep(60); return s:find(("a?"):rep(60) .. ("a*"):rep(30) .. "b")'
}

@test "an endless exclude, and endless metamethods, are stopped" {
  sed 's/^}$/exclude = function() while true do end end }/' good.lua >endless.lua
  endless "$(cat endless.lua)"
  endless 'local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end })
    while true do pcall(function() return t[1] end) end'
}

@test "finalizers are not there to loop in" {
  echo 'setmetatable({}, { __gc = function() while true do end end })' >gc.lua
  check --timeout 5 gc.lua
  [ "$status" -eq 2 ]
  [ "$stderr" = "heed: gc.lua:1: __gc is not available in a sweep" ]
}

@test "memory is limited" {
  echo 'local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1e6) .. i end' >large.lua
  check --memory 512M large.lua
  [ "$status" -eq 2 ]
  [ "$stderr" = "heed: large.lua: the sweep needs more than 128 MiB of memory, a quarter of --plan-memory" ]
  echo 'return ("x"):rep(1e15)' >string.lua
  check string.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"resulting string too large" || "$stderr" == *"MiB of memory"* ]]
}

@test "a plan that outgrows the memory limit says so" {
  if nm "$HEED" 2>/dev/null | grep -q __asan_init; then
    skip "the address sanitizer needs all addresses"
  fi
  sed -i 's/0.6, 0.74, 0.98/h.linspace(0.6, 0.9, 2000)/; s/500, 2000/h.linspace(1, 40, 40)/
          s/20, 50,/h.linspace(1, 40, 40),/' good.lua
  check --memory 256M good.lua
  [ "$status" -eq 1 ]
  [ "$stderr" = "heed: out of memory while planning: the sweep is too large or --plan-memory is too small" ]
}

@test "a plugin that crashes while it loads is named, and the others load" {
  export HEED_PLUGIN_PATH="$plugins/planning_crash:$plugins/planning_kinds"
  check good.lua
  [ "$status" -eq 0 ]
  [[ "$output" == *"= 300"* ]]
  [[ "$stderr" == *"heed: warning: $plugins/planning_crash/planning_crash.so: "*" while loading; heed continues without it" ]]
}

@test "a plugin that dies in create() is named" {
  export HEED_PLUGIN_PATH="$plugins/planning_abort:$plugins/planning_kinds"
  check good.lua
  [ "$status" -eq 0 ]
  check good.lua --set filter=aborting
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"plugin filter/aborting "*" while checking its parameters (in create() or check())" ]]
}

@test "a file that is not a plugin is refused by name, and the others load" {
  mkdir -m 700 plugins
  echo "no shared object" >plugins/text.so
  chmod 600 plugins/text.so
  export HEED_PLUGIN_PATH="$PWD/plugins:$plugins/planning_kinds"
  check good.lua
  [ "$status" -eq 0 ]
  [[ "$stderr" == "heed: warning: $PWD/plugins/text.so: cannot load: "* ]]
}

@test "a missing plugin folder is reported" {
  check --plugin-path "$PWD/none" good.lua
  [ "$status" -ne 0 ]
  [[ "$stderr" == *"$PWD/none: cannot read: No such file or directory" ]]
}

@test "what a sweep prints goes to standard error" {
  sed -i '1i print("hello", 1)' good.lua
  check good.lua --json
  [ "$status" -eq 0 ]
  [ "$stderr" = $'hello\t1' ]
}

@test "the planner is not for people" {
  run "$HEED" plan good.lua 3>&-
  [ "$status" -eq 2 ]
  [[ "$output" == "heed: plan: heed itself starts this command"* ]]
}

@test "every command reports a zero byte with file and line" {
  printf 'local h = require "heed"\n-- \0\n' >zero.lua
  for command in check run "cell --index 0"; do
    run --separate-stderr "$HEED" $command zero.lua
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [ "$stderr" = "heed: zero.lua:2: zero byte" ]
  done
  mkdir lib
  cp zero.lua lib/parts.lua
  echo 'require "lib.parts"' >parts.lua
  check parts.lua
  [ "$status" -eq 2 ]
  [ "$stderr" = "heed: lib/parts.lua:2: zero byte" ]
  check good.lua --set 'title="a\u0000b"'
  [ "$status" -eq 2 ]
  [ "$stderr" = 'heed: --set title="a\u0000b": zero byte in a text' ]
}

@test "a point is named by the labels of its plugins, without what heed adds to them" {
  sed 's/estimator = .*/estimator = h.axis { "e", { "ml", h.estimator.fit { model = model } },\
    { x = h.estimator.fit { model = model } } },/' good.lua >alternatives.lua
  check alternatives.lua
  [ "$status" -eq 2 ]
  [ "$stderr" = 'heed: alternatives.lua:3: estimator: found a table, expected a plugin of kind estimator (where e = ["ml", "fit model=plain"])' ]
}
