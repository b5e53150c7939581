# Tools for authors of sweeps: heed describe --lua agrees with the schemas and
# the sweeps of scripts/, luacheck passes, the examples of docs/sweeps.md run.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  unset HEED_PLUGIN_PATH
}

need() {
  command -v "$1" >/dev/null || skip "$1: not installed"
}

# annotations COMMAND ARGUMENT …: tests/support/annotations.py says what differs.
annotations() {
  run /usr/bin/python3 "$HEED_SOURCE/tests/support/annotations.py" "$@"
}

write_annotations() {
  "$HEED" describe --lua >heed.d.lua
}

# record SWEEP: its calls of h, to the file calls.
record() {
  lua5.4 "$HEED_SOURCE/tests/support/record.lua" "$1" >calls
}

@test "describe --lua has every parameter of every plugin with its type, and nothing else" {
  write_annotations
  annotations schemas heed.d.lua
  echo "$output"
  [ "$status" -eq 0 ]
  [ "${output% plugins}" -ge 20 ]
}

@test "describe --lua describes the plugins that are found, whatever their texts are" {
  for plugin in planning_kinds small faulty odd_texts; do
    export HEED_PLUGIN_PATH="$HEED_BUILD/tests/plugins/$plugin"
    write_annotations
    annotations schemas heed.d.lua
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(head -1 heed.d.lua)" = "---@meta heed" ]
  done
}

@test "describe --lua is valid Lua that does nothing" {
  need lua5.4
  need luac5.4
  for plugin in "" "$HEED_BUILD/tests/plugins/odd_texts"; do
    "$HEED" describe --lua ${plugin:+--plugin-path "$plugin"} >heed.d.lua
    luac5.4 -p heed.d.lua
    run lua5.4 -e 'assert(type(dofile "heed.d.lua".axis) == "function") print "read"'
    [ "$status" -eq 0 ]
    [ "$output" = read ]
  done
}

# changed SED EXPECTED: what the comparison says of heed.d.lua so changed.
changed() {
  sed "$1" heed.d.lua >changed.d.lua
  ! cmp -s heed.d.lua changed.d.lua
  annotations schemas changed.d.lua
  echo "$output"
  [ "$status" -eq 1 ]
  [[ "$output" == *"$2"* ]]
}

@test "the comparison reports an annotation that is missing, added or wrong" {
  write_annotations
  changed '/^---@field candidates?/d' "source.synthetic.candidates: is missing"
  changed 's/^---@field candidates? .*/&\n---@field candies? number/' "source.synthetic.candies: is no parameter"
  changed 's/^---@field candidates? integer/---@field candidates? number/' "source.synthetic.candidates: found number, expected integer"
  changed 's/^---@field candidates?/---@field candidates/' "source.synthetic.candidates: required, expected the other"
  changed 's/^---@field candidates? integer|heed.Axis/---@field candidates? integer/' "source.synthetic.candidates: cannot be an axis"
  changed 's/^\(---@field candidates?.*\); default 40/\1/' "source.synthetic.candidates: its comment does not say '; default 40'"
  changed 's/^\(---@alias heed.source.log.ties "drop"\)|"keep"/\1/' 'source.log.ties: found "drop", expected "drop"|"keep"'
  changed 's/^\(---@alias heed.user_model.Name .*\)|"attentive"/\1/' 'model: found'
  changed '/^function heed.filter.top/d' "filter.top: there is no constructor"
  changed 's/^function heed.filter.top/function heed.filter.best(parameters) end\n&/' "filter.best(): there is no such plugin"
  changed 's/^heed.filter = {}/---@alias heed.filter.idle "x"\n&/' "heed.filter.idle: nothing uses it"
}

@test "describe --lua has the parts of a sweep that heed has" {
  write_annotations
  "$HEED" check --json "$HEED_SOURCE/scripts/figure3.lua" >plan.json
  annotations host heed.d.lua plan.json
  echo "$output"
  [ "$status" -eq 0 ]
  sed 's/^---@field holdout?/---@field held_out?/' heed.d.lua >changed.d.lua
  annotations host changed.d.lua plan.json
  [ "$status" -eq 1 ]
  [[ "$output" == *"users: ['held_out', 'holdout'] on one side only"* ]]
}

@test "heed takes every choice that describe --lua has for the parts of a sweep, and no other" {
  write_annotations
  for alias in users.law users.assignment users.bootstrap keep.item; do
    annotations literals heed.d.lua "heed.sweep.$alias"
    [ "$status" -eq 0 ]
    [ -n "$output" ]
    for choice in $output; do
      set="${alias/keep.item/keep}"
      [ "$set" = keep ] && value="[\"$choice\"]" || value="$choice"
      "$HEED" check "$HEED_SOURCE/scripts/figure3.lua" --set "$set=$value" >/dev/null
    done
    [ "$set" = keep ] && value='["none_of_these"]' || value=none_of_these
    run "$HEED" check "$HEED_SOURCE/scripts/figure3.lua" --set "$set=$value"
    [ "$status" -eq 2 ]
    [[ "$output" == *'there is no choice "none_of_these"; expected '* ]]
    # The message names them all.
    said=$(grep -o '"[a-z_]*"' <<<"${output#*expected}" | tr -d '"' | sort)
    annotations literals heed.d.lua "heed.sweep.$alias"
    [ "$said" = "$output" ]
  done
}

@test "describe --lua has the functions of h, and the options of h.axis" {
  write_annotations
  annotations words heed.d.lua
  [ "$output" = "axis
linspace
logspace
rows
sweep" ]
  { echo 'local h = require "heed"'
    for word in $output; do echo "assert(type(h.$word) == \"function\")"; done
    echo 'h.axis { "a", 1, zzzzzzzz = 1 }'; } >words.lua
  run "$HEED" check words.lua
  [ "$output" = 'heed: words.lua:7: h.axis { "a", … }: zzzzzzzz: unknown option; expected unit, doc, tie or labels' ]
  annotations fields heed.d.lua heed.axis.options
  [ "$output" = "doc
labels
tie
unit" ]
}

@test "the calls of every sweep in scripts/ are of the types that describe --lua gives" {
  need lua5.4
  write_annotations
  count=0
  for sweep in "$HEED_SOURCE"/scripts/*.lua; do
    record "$sweep"
    annotations calls heed.d.lua calls
    echo "$sweep: $output"
    [ "$status" -eq 0 ]
    count=$((count + 1))
  done
  [ "$count" -ge 20 ]
}

# called LUA EXPECTED: what is said of a sweep with these calls.
called() {
  mkdir -p called
  printf 'local h = require "heed"\n%s\n' "$1" >called/sweep.lua
  record called/sweep.lua
  annotations calls heed.d.lua calls
  echo "$output"
  [ "$status" -eq 1 ]
  [[ "$output" == *"$2"* ]]
}

@test "a call of another type is reported" {
  need lua5.4
  write_annotations
  called 'h.source.synthetic { piars = 10 }' "source.synthetic.piars: heed.source.synthetic has no such field"
  called 'h.source.synthetic { pairs = "ten" }' 'source.synthetic.pairs: "ten" is not heed.Axis|integer'
  called 'h.source.synthetic { pairs = 10.5 }' 'source.synthetic.pairs: {"$float": 10.5} is not'
  called 'h.source.synthetic { mu = h.axis { "mu", 0.6, "x" } }' 'source.synthetic.mu: the axis has the value "x"'
  called 'h.source.log {}' "source.log.path: is missing"
  called 'h.source.log { path = "x", references = { judge = { pair = "id" } } }' 'source.log.references: {"judge": {"pair": "id"}} is not'
  called 'h.filter.top { by = "user" }' 'filter.top.by: "user" is not'
  called 'h.estimator.em { prior = h.filter.none {} }' 'estimator.em.prior: {"$plugin": "filter"} is not'
  called 'h.filter.best {}' "filter.best: there is no such constructor"
  called 'h.sweep { source = "synthetic", estimator = "em", users = { cuont = 1 } }' "sweep.users.cuont: heed.sweep.users has no such field"
}

@test "--lua describes all plugins, and takes no plugin" {
  run --separate-stderr "$HEED" describe --lua source/synthetic
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [[ "$stderr" == "heed: describe: expected either KIND/NAME or --lua"* ]]
}

@test "luacheck finds nothing in the sweeps of scripts/" {
  need luacheck
  cd "$HEED_SOURCE"
  run luacheck --no-color scripts
  echo "$output"
  [ "$status" -eq 0 ]
  [[ "$output" == *"0 warnings / 0 errors in "* ]]
}

@test "luacheck knows no global that the sandbox lacks, and all that Lua 5.4 documents" {
  need luacheck
  need lua5.4
  # Every global of Lua and every field of its libraries, by what is read.
  lua5.4 -e '
    for name, value in pairs(_G) do
      if name ~= "_G" and name ~= "arg" then print(name) end
      if type(value) == "table" and name ~= "_G" and name ~= "arg" and name ~= "package" then
        for field in pairs(value) do print(name .. "." .. field) end
      end
    end' | LC_ALL=C sort >all
  while read -r name; do
    printf 'local heed_ok = pcall(function() return %s end) and %s ~= nil print("%s", heed_ok)\n' \
      "$name" "$name" "$name"
  done <all >globals.lua
  # math.random is there, and raises an error that says why it is of no use.
  "$HEED" check globals.lua 2>&1 | sed -n 's/\ttrue$//p' | grep -v '^math.random' | LC_ALL=C sort >sandbox
  while read -r name; do
    echo "return $name" >one.lua
    luacheck --config "$HEED_SOURCE/.luacheckrc" -q one.lua >/dev/null && echo "$name"
  done <all >known
  [ "$(wc -l <known)" -gt 50 ]
  [ -z "$(LC_ALL=C comm -13 sandbox known)" ]
  # Functions of older versions of Lua that a library may still have.
  [ -z "$(LC_ALL=C comm -23 sandbox known | grep -v '^math\.')" ]
}

# One file for each example in Lua of a page; those that are no whole sweep get
# the rest of one.
split_examples() {
  awk -v out="$2" '
    /^```lua/ { inside = 1; file = sprintf("%s/%02d.lua", out, ++n); next }
    /^```/ { inside = 0; next }
    inside { print >file }' "$1"
  for file in "$2"/*.lua; do
    grep -q 'h\.sweep' "$file" && continue
    { echo 'local h = require "heed"'
      grep -v 'require "heed"' "$file"
      cat <<'LUA'
return h.sweep {
  source = h.source.synthetic { pairs = 200 },
  users = { count = 10, annotations = 20, attentiveness = "beta", model = "attentive" },
  estimator = "em",
}
LUA
    } >whole.lua
    mv whole.lua "$file"
  done
}

@test "every example of docs/sweeps.md passes heed check" {
  mkdir -p page/lib
  split_examples "$HEED_SOURCE/docs/sweeps.md" page
  cp "$HEED_SOURCE/scripts/lib/rows.lua" page/lib/
  count=0
  for file in page/*.lua; do
    run "$HEED" check "$file"
    echo "$file: $output"
    cat "$file"
    [ "$status" -eq 0 ]
    count=$((count + 1))
  done
  [ "$count" -ge 5 ]
}

@test "a plugin with a parameter called label gets it, and has it once in describe --lua" {
  export HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed:$HEED_BUILD/tests/plugins/odd_texts"
  "$HEED" describe --lua >types.lua
  [ "$(sed -n '/^---@class (exact) heed.filter.end/,/^heed.filter/p' types.lua | grep -c '@field label')" -eq 1 ]
  [ "$(sed -n '/^---@class (exact) heed.filter.top/,/^function/p' types.lua | grep -c '@field label')" -eq 1 ]
  cat >labelled.lua <<'LUA'
local h = require "heed"
return h.sweep {
  source = h.source.synthetic { pairs = 100, held_out = 0, mu = 0.8 },
  users = { count = 5, annotations = 5, attentiveness = "beta", model = "attentive" },
  estimator = h.estimator.em {},
  filter = h.axis { "kept", h.filter["end"] { label = "mine" }, h.filter.top { share = 1, label = "all" } },
}
LUA
  "$HEED" check labelled.lua --json | /usr/bin/python3 -c '
import json, sys
plan = json.load(sys.stdin)
specs = [node["spec"] for node in plan["nodes"] if node["stage"] == "selection"]
assert specs[0]["parameters"]["label"] == "mine", specs
assert "label" not in specs[1]["parameters"], specs
assert plan["axes"][0]["labels"][1] == "all", plan["axes"]'
}
