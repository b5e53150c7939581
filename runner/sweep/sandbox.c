/* SPDX-License-Identifier: GPL-3.0-or-later
 * The sandbox: Lua's base, string, table, math and utf8 libraries without the
 * functions for files, other chunks, random numbers and the collector.  Memory
 * is limited.  A clock checked between instructions stops most endless loops
 * with their line; the supervisor's time limit stops the others. */
#include "sandbox.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "label.h"
#include "object.h"
#include "steady.h"
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

/* The line at which the outermost function returns: of the sweep's result. */
static void note_return(lua_State *lua, lua_Debug *running) {
  lua_Debug outer;
  if (lua_getstack(lua, 1, &outer) != 0) return;
  (void)lua_getinfo(lua, "l", running);
  sandbox_sweep(lua)->returned_line = running->currentline;
}

static void look(lua_State *lua, lua_Debug *running) {
  const heed_sweep *self = sandbox_sweep(lua);
  char text[48];
  if (running->event == LUA_HOOKRET) {
    note_return(lua, running);
    return;
  }
  if (now() <= self->deadline) return;
  (void)lua_getinfo(lua, "Sl", running);
  (void)snprintf(text, sizeof text, "still running after %.3g s",
                 seconds_of(self));
  lua_pushfstring(lua,
                  "%s:%d: %s; is there an endless loop? A large sweep "
                  "needs a higher --plan-timeout",
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
    (void)steady_text(lua, i);
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
  const char *name = steady_text(lua, 2);
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
  steady_open(lua);
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
                       "%s: the sweep needs more than %zu MiB of memory, a "
                       "quarter of --plan-memory",
                       self->options->sweep, self->lua_limit >> 20);
  } else if (lua_type(self->lua, -1) == LUA_TSTRING) {
    status = heed_fail(error, HEED_INVALID, "%s", lua_tostring(self->lua, -1));
    for (char *position = error->message; *position != '\0'; position++)
      if (*position == '\n' || *position == '\t') *position = ' ';
  } else { /* an error while give_place() ran */
    status = heed_fail(error, HEED_INVALID, "%s: the sweep failed",
                       self->options->sweep);
  }
  lua_pop(self->lua, 1);
  return status;
}

/* Whether the message starts with "NAME:LINE: " of a chunk, whose long names
 * Lua shortens to "..." and their end. */
static bool starts_with(const char *message, const char *name) {
  const size_t length = strlen(name);
  const char *end;
  if (length < LUA_IDSIZE) {
    if (strncmp(message, name, length) != 0) return false;
    end = message + length;
  } else {
    end = strstr(message, name + length - 20);
    if (strncmp(message, "...", 3) != 0 || end == NULL) return false;
    end += 20;
  }
  return *end == ':' && isdigit((unsigned char)end[1]);
}

/* Required files end in ".lua". */
static bool has_place(const heed_sweep *self, const char *message) {
  const char *line = strstr(message, ".lua:"), *text = strstr(message, ": ");
  if (starts_with(message, self->options->sweep)) return true;
  return line != NULL && text != NULL && line < text &&
         isdigit((unsigned char)line[5]);
}

/* The message handler of all calls: gives an error a place that has none. */
static int give_place(lua_State *lua) {
  const heed_sweep *self = sandbox_sweep(lua);
  char where[WHERE_SIZE];
  const bool is_text = lua_type(lua, 1) == LUA_TSTRING;
  if (self->is_loading) return 1;
  if (is_text && has_place(self, lua_tostring(lua, 1))) return 1;
  object_caller(lua, where);
  if (strchr(where, ':') == NULL)
    (void)snprintf(where, sizeof where, "%s", self->options->sweep);
  if (is_text)
    lua_pushfstring(lua, "%s: %s", where, lua_tostring(lua, 1));
  else
    lua_pushfstring(lua,
                    "%s: the sweep raised an error of type %s, expected a text",
                    where, luaL_typename(lua, 1));
  return 1;
}

heed_status sandbox_call(heed_sweep *self, int arguments, heed_error *error) {
  heed_error local;
  const int base = lua_gettop(self->lua) - arguments;
  int result;
  lua_pushcfunction(self->lua, give_place);
  lua_insert(self->lua, base);
  result = lua_pcall(self->lua, arguments, 1, base);
  lua_remove(self->lua, base);
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
  lua_sethook(self->lua, look, LUA_MASKCOUNT, INSTRUCTIONS_BETWEEN_LOOKS);
  lua_pushcfunction(self->lua, build);
  lua_pushlightuserdata(self->lua, &push_require);
  return sandbox_call(self, 1, error);
}

void sandbox_close(heed_sweep *self) {
  if (self->lua != NULL) lua_close(self->lua);
  self->lua = NULL;
}

/* ---- the file ---- */

/* The text of a file, a line at a time: after an error, `line` is where. */
typedef struct sandbox_reader {
  const char *next, *end;
  int line;
} sandbox_reader;

static const char *read_line(lua_State *lua, void *context, size_t *length) {
  sandbox_reader *self = context;
  const char *start = self->next, *feed;
  (void)lua;
  if (start == self->end) return NULL;
  feed = memchr(start, '\n', (size_t)(self->end - start));
  self->next = feed == NULL ? self->end : feed + 1;
  self->line++;
  *length = (size_t)(self->next - start);
  return start;
}

int sandbox_load(heed_sweep *self, const json_t *text, const char *name) {
  static const char mark[] = "\xef\xbb\xbf"; /* byte order, from some editors */
  const char *start = json_string_value(text);
  size_t length = json_string_length(text);
  sandbox_reader reader;
  int result;
  if (strncmp(start, mark, 3) == 0) {
    start += 3;
    length -= 3;
  }
  reader = (sandbox_reader){start, start + length, 0};
  self->is_loading = true;
  result = lua_load(self->lua, read_line, &reader,
                    label_format(self, "@%s", name), "t");
  self->is_loading = false;
  /* Parentheses that are nested too deeply have no line. */
  if (result != LUA_OK && lua_type(self->lua, -1) == LUA_TSTRING &&
      result != LUA_ERRMEM && !starts_with(lua_tostring(self->lua, -1), name)) {
    lua_pushfstring(self->lua, "%s:%d: %s", name, reader.line,
                    lua_tostring(self->lua, -1));
    lua_remove(self->lua, -2);
  }
  return result;
}

heed_status sandbox_run(heed_sweep *self, heed_error *error) {
  const char *path = self->options->sweep;
  heed_status status = text_open(path, path, &self->text, error);
  int result;
  if (status != HEED_OK) return status;
  result = sandbox_load(self, self->text, self->options->sweep);
  if (result != LUA_OK) return take_error(self, result, error);
  lua_sethook(self->lua, look, LUA_MASKCOUNT | LUA_MASKRET,
              INSTRUCTIONS_BETWEEN_LOOKS);
  status = sandbox_call(self, 0, error);
  lua_sethook(self->lua, look, LUA_MASKCOUNT, INSTRUCTIONS_BETWEEN_LOOKS);
  return status;
}
