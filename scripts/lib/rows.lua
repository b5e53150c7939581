-- Builds rows for h.rows one by one.
--
--   local arm, arms = rows("arm", { "estimator", "filter" }, { filter = all })
--   arm("everyone", em)
--   arm("top half", em, half)
--   local of = h.rows(arms)
--
-- Returns a function that adds a row, and the table of rows. The function takes
-- the row's name, then the values of the keys. `defaults` gives the values that a
-- row omits.

return function(name, keys, defaults)
  local rows = { name }
  local function add(row_name, ...)
    local row = { row_name }
    for i, key in ipairs(keys) do
      local value = select(i, ...)
      if value == nil and defaults then value = defaults[key] end
      row[key] = value
    end
    rows[#rows + 1] = row
  end
  return add, rows
end
