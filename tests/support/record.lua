-- Runs a sweep in plain Lua with a `heed` that does nothing but record: one line
-- of JSON for each call of a constructor and of h.sweep.
--
--   lua5.4 record.lua FOLDER/SWEEP.lua
--
-- In the JSON, {"$plugin": kind} and {"$axis": [values]} are what h returned,
-- {"$float": x} is a number that Lua does not hold as an integer.

local path = arg[1]
package.path = path:match("^(.*/)") .. "?.lua"

local marks = setmetatable({}, { __mode = "k" })

local function marked(mark, value)
  local object = {}
  marks[object] = { mark, value }
  return object
end

local function text(value)
  return '"' .. value:gsub('[%c"\\]', function(letter)
    return ("\\u%04x"):format(letter:byte())
  end) .. '"'
end

local to_json

local function table_to_json(value)
  local parts = {}
  if marks[value] then
    return ("{%s:%s}"):format(text(marks[value][1]), to_json(marks[value][2]))
  end
  if #value > 0 then
    for _, item in ipairs(value) do parts[#parts + 1] = to_json(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, item in pairs(value) do
    parts[#parts + 1] = text(key) .. ":" .. to_json(item)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function to_json(value)
  local kind = math.type(value) or type(value)
  if kind == "string" then return text(value) end
  if kind == "float" then return ('{"$float":%.17g}'):format(value) end
  if kind == "table" then return table_to_json(value) end
  if kind == "function" then return '{"$function":true}' end
  return tostring(value)
end

local function record(name, parameters)
  print(("[%s,%s]"):format(text(name), to_json(parameters or {})))
end

local h = {}

function h.axis(first, values)
  if type(first) == "string" then return marked("$axis", values) end
  if #first == 2 and type(first[2]) == "table" and not marks[first[2]] then
    return marked("$axis", first[2])
  end
  return marked("$axis", table.move(first, 2, #first, 1, {}))
end

function h.rows(rows)
  local columns = {}
  for key in pairs(rows[2]) do
    if key ~= 1 then
      local values = {}
      for i = 2, #rows do values[i - 1] = rows[i][key] end
      columns[key] = marked("$axis", values)
    end
  end
  return columns
end

function h.linspace(low, high, count)
  local values = {}
  for i = 1, count do values[i] = low + (high - low) * (i - 1) / (count - 1) end
  return values
end
h.logspace = h.linspace

function h.sweep(parts)
  record("sweep", parts)
end

for _, kind in ipairs {
  "source", "distribution", "user_model", "estimator", "filter", "trainer",
} do
  h[kind] = setmetatable({}, {
    __index = function(_, name)
      return function(parameters)
        record(kind .. "." .. name, parameters)
        return marked("$plugin", kind)
      end
    end,
  })
end

package.loaded.heed = h
dofile(path)
