/* SPDX-License-Identifier: GPL-3.0-or-later
 * The sandbox: Lua's base, string, table, math and utf8 libraries without the
 * functions for files, other chunks, random numbers and the collector.  Memory
 * is limited.  A clock checked between instructions stops most endless loops
 * with their line; the supervisor's time limit stops the others. */
#include "sandbox.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "label.h"
#include "text.h"

#define INSTRUCTIONS_BETWEEN_LOOKS 100000

heed_sweep *sandbox_sweep(lua_State *lua) {
  heed_sweep *self;
  memcpy(&self, lua_getextraspace(lua), sizeof(void *));
  return self;
}

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double seconds_of(const heed_sweep *self) {
  return self->options->seconds > 0 ? self->options->seconds : PLANNER_SECONDS;
}

/* lua_Alloc: if block is NULL, `had` is the kind of the new object. */
static void *allocate(void *context, void *block, size_t had, size_t wanted) {
  heed_sweep *self = context;
  void *moved;
  if (block == NULL) had = 0;
  if (wanted == 0) {
    free(block);
    self->lua_memory -= had;
    return NULL;
  }
  if (wanted > had && wanted - had > self->lua_limit - self->lua_memory)
    return NULL;
  moved = realloc(block, wanted);
  if (moved != NULL) self->lua_memory = self->lua_memory - had + wanted;
  return moved;
}

static void look_at_clock(lua_State *lua, lua_Debug *running) {
  const heed_sweep *self = sandbox_sweep(lua);
  char text[48];
  if (now() <= self->deadline) return;
  (void)lua_getinfo(lua, "Sl", running);
  (void)snprintf(text, sizeof text, "still running after %.3g s",
                 seconds_of(self));
  lua_pushfstring(lua, "%s:%d: %s; is there an endless loop?",
                  running->short_src, running->currentline, text);
  (void)lua_error(lua);
}

/* ---- the functions for sweeps ---- */

static int print(lua_State *lua) {
  const planner_options *options = sandbox_sweep(lua)->options;
  const int count = lua_gettop(lua);
  luaL_Buffer line;
  luaL_buffinit(lua, &line);
  for (int i = 1; i <= count; i++) {
    if (i > 1) luaL_addchar(&line, '\t');
    (void)luaL_tolstring(lua, i, NULL);
    luaL_addvalue(&line);
  }
  luaL_pushresult(&line);
  if (options->notice != NULL)
    options->notice(options->context, PLANNER_PRINTED, lua_tostring(lua, -1));
  return 0;
}

/* No finalizers: they would run at arbitrary times. */
static int set_metatable(lua_State *lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_argexpected(lua, lua_isnil(lua, 2) || lua_istable(lua, 2), 2,
                   "nil or a table");
  if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL)
    return luaL_error(lua, "cannot change a protected metatable");
  if (lua_istable(lua, 2)) {
    lua_pushliteral(lua, "__gc");
    if (lua_rawget(lua, 2) != LUA_TNIL)
      return luaL_error(lua, "__gc is not available in a sweep");
    lua_pop(lua, 1);
  }
  lua_settop(lua, 2);
  lua_setmetatable(lua, 1);
  return 1;
}

static int no_such_variable(lua_State *lua) {
  static const char *const left_out[] = {
      "io",     "os",       "package", "debug",          "coroutine",
      "dofile", "loadfile", "load",    "collectgarbage", "warn"};
  const char *name = luaL_tolstring(lua, 2, NULL);
  for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
    if (strcmp(name, left_out[i]) == 0)
      return luaL_error(lua, "%s is not available in a sweep", name);
  return luaL_error(lua, "unknown variable \"%s\"", name);
}

static int no_chance(lua_State *lua) {
  return luaL_error(lua,
                    "math.random is not available, because a sweep must be the "
                    "same each time; `seed` is the key of random numbers in "
                    "cells");
}

static void remove_fields(lua_State *lua, const char *const *names) {
  for (; *names != NULL; names++) {
    lua_pushnil(lua);
    lua_setfield(lua, -2, *names);
  }
}

static void open_base(lua_State *lua) {
  static const char *const removed[] = {"dofile",         "loadfile", "load",
                                        "collectgarbage", "warn",     NULL};
  static const luaL_Reg added[] = {
      {"print", print}, {"setmetatable", set_metatable}, {NULL, NULL}};
  luaL_requiref(lua, LUA_GNAME, luaopen_base, 1);
  remove_fields(lua, removed);
  luaL_setfuncs(lua, added, 0);
  lua_pop(lua, 1);
}

static void open_libraries(lua_State *lua) {
  static const char *const no_dump[] = {"dump", NULL};
  static const luaL_Reg chance[] = {
      {"random", no_chance}, {"randomseed", no_chance}, {NULL, NULL}};
  luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 1);
  remove_fields(lua, no_dump);
  luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 1);
  luaL_setfuncs(lua, chance, 0);
  luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(lua, LUA_UTF8LIBNAME, luaopen_utf8, 1);
  lua_pop(lua, 4);
}

/* A misspelt name is an error at its line, not a nil later. */
static void close_globals(lua_State *lua) {
  static const luaL_Reg strict[] = {{"__index", no_such_variable},
                                    {NULL, NULL}};
  lua_pushglobaltable(lua);
  luaL_newlib(lua, strict);
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_setmetatable(lua, -2);
  lua_pop(lua, 1);
}

/* Its argument pushes the function `require`. */
static int build(lua_State *lua) {
  void (*const *push_require)(lua_State * lua) = lua_touserdata(lua, 1);
  open_base(lua);
  open_libraries(lua);
  (*push_require)(lua);
  lua_setglobal(lua, "require");
  close_globals(lua);
  return 0;
}

/* ---- errors ---- */

/* Takes the error on top of the stack; its text includes the position. */
static heed_status take_error(heed_sweep *self, int result, heed_error *error) {
  heed_status status = HEED_INVALID;
  if (result == LUA_ERRMEM) {
    status = heed_fail(error, HEED_INVALID,
                       "%s: the sweep needs more than %zu MiB of memory",
                       self->options->sweep, self->lua_limit >> 20);
  } else if (lua_type(self->lua, -1) == LUA_TSTRING) {
    status = heed_fail(error, HEED_INVALID, "%s", lua_tostring(self->lua, -1));
    for (char *position = error->message; *position != '\0'; position++)
      if (*position == '\n' || *position == '\t') *position = ' ';
  } else {
    status = heed_fail(error, HEED_INVALID,
                       "%s: the sweep raised a %s as an error, expected a text",
                       self->options->sweep, luaL_typename(self->lua, -1));
  }
  lua_pop(self->lua, 1);
  return status;
}

heed_status sandbox_call(heed_sweep *self, int arguments, heed_error *error) {
  heed_error local;
  const int result = lua_pcall(self->lua, arguments, 1, 0);
  if (result == LUA_OK) return HEED_OK;
  return take_error(self, result, error == NULL ? &local : error);
}

heed_status sandbox_open(heed_sweep *self, void (*push_require)(lua_State *lua),
                         heed_error *error) {
  const size_t memory =
      self->options->memory > 0 ? self->options->memory : PLANNER_MEMORY;
  self->lua_limit = memory / 4;
  self->deadline = now() + seconds_of(self);
  self->lua = lua_newstate(allocate, self);
  if (self->lua == NULL) return heed_no_memory(error);
  memcpy(lua_getextraspace(self->lua), &self, sizeof(void *));
  lua_sethook(self->lua, look_at_clock, LUA_MASKCOUNT,
              INSTRUCTIONS_BETWEEN_LOOKS);
  lua_pushcfunction(self->lua, build);
  lua_pushlightuserdata(self->lua, &push_require);
  return sandbox_call(self, 1, error);
}

void sandbox_close(heed_sweep *self) {
  if (self->lua != NULL) lua_close(self->lua);
  self->lua = NULL;
}

/* ---- the file ---- */

static heed_status read_file(heed_sweep *self, heed_error *error) {
  const char *path = self->options->sweep;
  FILE *file = fopen(path, "rb");
  heed_status status;
  if (file == NULL)
    return heed_fail(error, HEED_INVALID, "%s: cannot read: %s", path,
                     strerror(errno));
  status = text_read(file, path, &self->text, error);
  (void)fclose(file);
  return status;
}

int sandbox_load(const heed_sweep *self, const json_t *text, const char *name) {
  static const char mark[] = "\xef\xbb\xbf"; /* byte order, from some editors */
  const char *start = json_string_value(text);
  size_t length = json_string_length(text);
  if (strncmp(start, mark, 3) == 0) {
    start += 3;
    length -= 3;
  }
  return luaL_loadbufferx(self->lua, start, length,
                          label_format(self, "@%s", name), "t");
}

heed_status sandbox_run(heed_sweep *self, heed_error *error) {
  heed_status status = read_file(self, error);
  int result;
  if (status != HEED_OK) return status;
  result = sandbox_load(self, self->text, self->options->sweep);
  if (result != LUA_OK) return take_error(self, result, error);
  return sandbox_call(self, 0, error);
}
