-- luacheck of sweeps: `luacheck scripts`.  They run in heed's sandbox, which has
-- less than Lua (docs/sweeps.md, "What Lua there is").
std = "lua54"
not_globals = {
  "collectgarbage", "coroutine", "debug", "dofile", "io", "load", "loadfile",
  "math.random", "math.randomseed", "os", "package", "string.dump", "warn",
}
max_line_length = 100
