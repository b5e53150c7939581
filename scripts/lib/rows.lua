-- Rows for h.rows, added one by one.
--
--   local arm, arms = rows("arm", { "estimator", "filter" }, { filter = all })
--   arm("everyone", em)
--   arm("top half", em, half)
--   local of = h.rows(arms)
--
-- Returns a function that adds a row, its name first and then the values of the
-- keys, and the table of rows. `defaults` gives a key the value that a row leaves
-- out.

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
