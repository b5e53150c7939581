# A sweep says the same each time, and each of its errors has a place.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >good.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Steady",
  source = h.source.synthetic { pairs = 20, mu = h.axis { "gap", 0.6, 0.7 } },
  users = { count = 5, annotations = 3, model = h.user_model.attentive {},
    attentiveness = h.distribution.beta {} },
  estimator = h.estimator.constant { eta = 0.5 },
}
LUA
}

# says TEXT FILE [OPTION…]: bad usage, with this text and no other line, from
# check and from run.
says() {
  local text=$1 file=$2
  shift 2
  for command in check run; do
    run --separate-stderr timeout 60 "$HEED" "$command" "$file" "$@"
    echo "$status $stderr"
    [ "$status" -eq 2 ]
    [ "$stderr" = "heed: $text" ]
  done
  [ -z "$(find . -name '*.h5*')" ]
}

@test "pairs gives keys in order: numbers, texts, booleans" {
  cat >order.lua <<'LUA'
local t = { b = 1, a = 2, ["é"] = 3, [10] = 4, [2] = 5, [2.5] = 6, [-1] = 7, [true] = 8 }
for i = 1, 20 do t["k" .. i] = nil end
local keys = {}
for key, value in pairs(t) do keys[#keys + 1] = tostring(key) .. "=" .. value end
print(table.concat(keys, " "))
local key, value = next(t)
keys = {}
while key ~= nil do
  keys[#keys + 1] = tostring(key) .. "=" .. value
  key, value = next(t, key)
end
print(table.concat(keys, " "))
for key in pairs(t) do t[key] = nil end
print(next(t), next({}))
LUA
  cat good.lua >>order.lua
  run --separate-stderr "$HEED" check order.lua
  [ "$status" -eq 0 ]
  order="-1=7 2=5 2.5=6 10=4 a=2 b=1 é=3 true=8"
  [ "$stderr" = "$order"$'\n'"$order"$'\n'"nil	nil" ]
}

@test "pairs honours __pairs and skips what the loop removes" {
  cat >pairs.lua <<'LUA'
local t = setmetatable({}, { __pairs = function(t)
  return function(_, i) if i < 3 then return i + 1, "x" end end, t, 0
end })
for k, v in pairs(t) do print(k, v) end
local u = { a = 1, b = 2, c = 3 }
for k in pairs(u) do u.b = nil print(k) end
LUA
  cat good.lua >>pairs.lua
  run --separate-stderr "$HEED" check pairs.lua
  [ "$stderr" = $'1\tx\n2\tx\n3\tx\na\nc' ]
}

@test "a plan is the same each time, whichever tables a sweep iterates over" {
  cat >tables.lua <<'LUA'
local h = require "heed"
local names = {}
for i = 1, 40 do names["name" .. i] = i / 100 end
local values = {}
for _, value in pairs(names) do values[#values + 1] = value end
local address = tonumber((tostring({}):gsub("table: 0x", "")), 16)
return h.sweep {
  title = string.format("%s %s", {}, print) .. tostring(values) .. tostring(h.source),
  seed = address,
  source = h.source.synthetic { pairs = 20, mu = 0.7 },
  users = { count = 5, annotations = 3, model = h.user_model.attentive {},
    attentiveness = h.distribution.beta { low = h.axis("low", values) } },
  estimator = h.estimator.constant { eta = 0.5 },
}
LUA
  "$HEED" check tables.lua --json >first
  for turn in 1 2 3 4; do
    "$HEED" check tables.lua --json >again
    cmp first again
  done
}

@test "keys without an order and %p are refused with their line" {
  printf 'local t = {}\nfor k in pairs { [t] = 1, [{}] = 2 } do end\n' >keys.lua
  says "keys.lua:2: pairs: several keys of this table are tables or functions, which have no order; use texts or numbers as keys" keys.lua
  printf 'local t = {}\nnext { [t] = 1, [print] = 2 }\n' >keys.lua
  says "keys.lua:2: next: several keys of this table are tables or functions, which have no order; use texts or numbers as keys" keys.lua
  printf '\nprint(("%%5p"):format(print))\n' >address.lua
  says "address.lua:2: string.format: %p is not available, because a sweep must be the same each time" address.lua
}

@test "suggestions are the same each time" {
  printf 'local h = require "heed"\nlocal x = h.estimator.mac {}\n' >name.lua
  for turn in 1 2 3; do
    run "$HEED" check name.lua
    [ "$output" = "${first:=$output}" ]
  done
}

@test "an overflow of the C stack has a place" {
  printf 'local function f(s) return (s:gsub(".", f)) end\nreturn f "x"\n' >calls.lua
  says "calls.lua:1: C stack overflow" calls.lua
  printf 'return %s1%s\n' "$(printf '\n(%.0s' {1..300})" "$(printf ')%.0s' {1..300})" >nested.lua
  run "$HEED" check nested.lua
  [ "$status" -eq 2 ]
  [[ "$output" =~ ^"heed: nested.lua:"[12][0-9][0-9]": C stack overflow"$ ]]
  printf 'return require "nested"\n' >outer.lua
  run "$HEED" check outer.lua
  [ "$status" -eq 2 ]
  [[ "$output" =~ ^"heed: nested.lua:"[12][0-9][0-9]": C stack overflow"$ ]]
  printf 'local function f(t) return setmetatable({}, { __index = f })[1] end\nreturn f()\n' >index.lua
  run "$HEED" check index.lua
  [[ "$output" == "heed: index.lua:1: "*"stack overflow"* ]]
}

@test "every error that Lua raises has a place" {
  printf '\nerror({})\n' >table.lua
  says "table.lua:2: the sweep raised an error of type table, expected a text" table.lua
  printf '\nerror("plain", 0)\n' >plain.lua
  says "plain.lua:2: plain" plain.lua
  printf '\nprint(string.format("%%d", "x"))\n' >format.lua
  says "format.lua:2: bad argument #2 to 'format' (number expected, got string)" format.lua
  printf '\n\nassert(false, "plain")\n' >plain.lua
  says "plain.lua:3: plain" plain.lua
  printf 'local function f()\n  return 3\nend\nlocal x = f()\nreturn x\n' >number.lua
  says "number.lua:5: the sweep returns a number, expected return h.sweep { … }" number.lua
  long=$(printf 'x%.0s' {1..90})
  printf '\nerror "here"\n' >"$long.lua"
  run "$HEED" check "$long.lua"
  [[ "$output" == "heed: ...x"*".lua:2: here" ]]
}

@test "a zero byte is refused with its line, everywhere" {
  printf 'local h = require "heed"\n-- a stray zero byte: \0 in a comment\nreturn 1\n' >nul.lua
  says "nul.lua:2: zero byte" nul.lua
  printf '\xef\xbb\xbf\n\n\0' >mark.lua
  says "mark.lua:3: zero byte" mark.lua
  printf '\nrequire "nul"\n' >outer.lua
  says "nul.lua:2: zero byte" outer.lua
  says '--set users.count="\u0000": zero byte in a text' good.lua --set 'users.count="\u0000"'
}

@test "a FIFO, a folder and a bad name are refused, and nothing hangs" {
  mkfifo fifo.lua
  mkdir folder.lua
  says "fifo.lua: is not a regular file, expected a file" fifo.lua
  says "folder.lua: is a folder, expected a file" folder.lua
  printf '\nrequire "fifo"\n' >outer.lua
  says 'outer.lua:2: require "fifo": fifo.lua: is not a regular file, expected a file' outer.lua
  printf '\n\nrequire "folder"\n' >outer.lua
  says 'outer.lua:3: require "folder": folder.lua: is a folder, expected a file' outer.lua
  printf '\nrequire "%s"\n' "$(printf 'x%.0s' {1..300})" >outer.lua
  run "$HEED" check outer.lua
  [ "$status" -eq 2 ]
  [[ "$output" == 'heed: outer.lua:2: require "xxx'*': cannot read: File name too long' ]]
}

@test "what --set gives is blamed on --set" {
  says "--set replicates=-1: replicates: found -1, expected a whole number of at least 1 and at most 10000000" \
    good.lua --set replicates=-1
  says "--set title=3: title: found 3, expected a text" good.lua --set title=3
  says '--set axis.gap=[0.6,0.6]: axis "gap" has the value 0.6 twice' good.lua --set 'axis.gap=[0.6,0.6]'
  says "--set users.count=1e999: a number is too large" good.lua --set users.count=1e999
  deep=$(printf '[%.0s' {1..3000})$(printf ']%.0s' {1..3000})
  says "--set users.count=$deep: lists are nested too deeply" good.lua --set "users.count=$deep" ||
    [[ "$stderr" == "heed: --set users.count=[[[["* ]]
}

# axes COUNT [MORE]: many.lua, a sweep with so many axes of one value.
axes() {
  /usr/bin/python3 - "$@" >many.lua <<'PY'
import sys
count = int(sys.argv[1])
names = iter(f'h.axis {{ "a{i}", %s }}' for i in range(count))
print('local h = require "heed"\nreturn h.sweep {')
slots = [("source.pairs", 60)]
parts = {"pairs": 60, "mu": 0.7, "prompts": 50, "held_out": 20, "candidates": 4,
         "features": 3, "scale": 4, "cosine": 0.7}
def fill(fields):
    out = []
    for name, value in fields:
        axis = next(names, None)
        out.append(f"{name} = {axis % value if axis else value}")
    return ", ".join(out)
print(f"source = h.source.synthetic {{ {fill(parts.items())} }},")
print("users = {", fill([("count", 5), ("annotations", 5), ("law", '"fixed"'), ("spread", 1),
      ("assignment", '"once"')]), ", model = h.user_model.attentive {", fill([("ties", '"none"')]),
      "}, attentiveness = h.distribution.beta {",
      fill([("alpha", 2), ("beta", 2), ("low", 0), ("high", 1)]), "} },")
print("estimator = h.estimator.em {", fill([("starts", 1), ("nodes", 10), ("tolerance", 1e-4),
      ("max_iterations", 10), ("mu_alpha", 1), ("mu_beta", 1), ("mu", '"known"'),
      ("unit", '"user"'), ("own_label", '"left_out"')]), "},")
print("filter = h.filter.top {", fill([("share", 0.5), ("by", '"users"')]), "},")
print("evaluation = {", fill([("split", 0.5), ("level", 0.9), ("min_annotations", 1)]), "} }")
assert next(names, None) is None
PY
}

@test "more dimensions than a dataset can have are refused before cells run" {
  axes 31
  says "many.lua:2: h.sweep: found 31 axes, expected at most 30, because a dataset of the result has at most 32 dimensions: the axes, the replicate and the dimensions of win_rate_at_kl; tie axes together or use fewer" many.lua
}

@test "as many dimensions as a dataset can have are written" {
  axes 30
  "$HEED" run many.lua -o many.h5 --progress none
  "$HEED" show many.h5 | grep "1 point x 1 replicate: 1 cell done"
}

@test "a run raises the limits of the planner" {
  printf 'while true do end\n' >endless.lua
  says "endless.lua:1: still running after 0.5 s; is there an endless loop? A large sweep needs a higher --plan-timeout" \
    endless.lua --plan-timeout 0.5
  echo 'local t = {} for i = 1, 1e7 do t[i] = i .. "" end' | cat - good.lua >large.lua
  says "large.lua: the sweep needs more than 64 MiB of memory, a quarter of --plan-memory" \
    large.lua --plan-memory 256M
  run "$HEED" check large.lua --plan-memory 8G --plan-timeout 300
  [ "$status" -eq 0 ]
}
