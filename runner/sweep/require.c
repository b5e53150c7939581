/* SPDX-License-Identifier: GPL-3.0-or-later
 * require "lib.arms": the file lib/arms.lua below the sweep's folder.
 *
 * A required file runs once, in the sandbox and under the limits of its sweep;
 * later calls return the same value.  heed runs exactly the text that it
 * hashed.  The plan lists the files beside its inputs.  No key depends on them:
 * keys depend on resolved parameters, and a file can change nothing else. */
#include "require.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "host/hash.h"
#include "label.h"
#include "object.h"
#include "sandbox.h"
#include "text.h"

/* Raises "sweep.lua:3: require "NAME": message". */
static int complain(lua_State *lua, const char *name, const heed_error *error) {
  char call[160];
  (void)snprintf(call, sizeof call, "require \"%.120s\"", name);
  return object_raise(lua, call, error->message);
}

/* ---- names ---- */

/* Words of letters, digits, '_' and '-', separated by dots. */
static bool is_name(const char *name) {
  const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  size_t length = strspn(name, letters);
  while (length > 0 && name[length] == '.') {
    name += length + 1;
    length = strspn(name, letters);
  }
  return length > 0 && name[length] == '\0';
}

/* "lib.arms" is "lib/arms.lua".  Truncates a long name, which then names no
 * file. */
static void file_of(const char *name, char file[PATH_MAX]) {
  const size_t length = strlen(name);
  (void)snprintf(file, PATH_MAX, "%s.lua", name);
  for (size_t i = 0; i < length && file[i] != '\0'; i++)
    if (file[i] == '.') file[i] = '/';
}

/* ---- files ---- */

static bool is_below(const char *path, const char *folder) {
  const size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 &&
         (folder[length - 1] == '/' || path[length] == '/');
}

/* The path without links; it must not lead out of the sweep's folder. */
static heed_status find_file(const heed_sweep *self, const char *file,
                             const char **path, heed_error *error) {
  const char *joined = label_format(self, "%s/%s", self->folder, file);
  char *absolute = realpath(joined, NULL);
  if (absolute == NULL)
    return errno == ENOENT
               ? heed_fail(error, HEED_INVALID, "%s: no such file", joined)
               : heed_fail(error, HEED_INVALID, "%s: cannot read: %s", joined,
                           strerror(errno));
  *path = arena_copy(self->memory, absolute);
  free(absolute);
  if (*path == NULL) return heed_no_memory(error);
  if (!is_below(*path, self->folder))
    return heed_fail(error, HEED_INVALID,
                     "%s: leads to %s, outside the sweep's folder", joined,
                     *path);
  if (!text_is_utf8(*path))
    return heed_fail(error, HEED_INVALID, "%s: the path %s is not UTF-8",
                     joined, *path);
  return HEED_OK;
}

/* ---- the files of a sweep ---- */

static bool is_known(const heed_sweep *self, const char *path, size_t *number) {
  for (*number = 0; *number < self->file_count; ++*number)
    if (strcmp(self->files[*number].path, path) == 0) return true;
  return false;
}

static heed_status add_file(heed_sweep *self, const char *path,
                            const char *shown, heed_error *error) {
  sweep_file *files =
      realloc(self->files, (self->file_count + 1) * sizeof *files);
  json_t *text = NULL;
  heed_status status;
  if (files == NULL) return heed_no_memory(error);
  self->files = files;
  status = text_open(path, shown, &text, error);
  if (status != HEED_OK) return status;
  files += self->file_count++;
  *files = (sweep_file){
      .path = path, .shown = shown, .text = text, .value = LUA_NOREF};
  hash_bytes(json_string_value(text), json_string_length(text), files->sha256);
  return HEED_OK;
}

/* "a.lua requires b.lua, which requires a.lua": the running files from number
 * `first` on; SIZE_MAX: from the sweep. */
static heed_status refuse_circle(const heed_sweep *self, size_t first,
                                 heed_error *error) {
  const bool whole = first == SIZE_MAX;
  const char *start =
      whole ? self->options->sweep : self->files[self->running[first]].shown;
  const char *text = start, *joint = " requires ";
  for (size_t i = whole ? 0 : first + 1; i < self->running_count; i++) {
    text = label_format(self, "%s%s%s", text, joint,
                        self->files[self->running[i]].shown);
    joint = ", which requires ";
  }
  return heed_fail(error, HEED_INVALID, "cyclic require: %s%s%s", text, joint,
                   start);
}

static heed_status check_running(const heed_sweep *self, const char *path,
                                 heed_error *error) {
  if (strcmp(path, self->path) == 0)
    return refuse_circle(self, SIZE_MAX, error);
  for (size_t i = 0; i < self->running_count; i++)
    if (strcmp(path, self->files[self->running[i]].path) == 0)
      return refuse_circle(self, i, error);
  if (self->running_count < SWEEP_DEEPEST_REQUIRE) return HEED_OK;
  return heed_fail(error, HEED_INVALID, "files require files more than %d deep",
                   SWEEP_DEEPEST_REQUIRE);
}

/* Finds the required file: below the folder, and not running now. */
static heed_status resolve(const heed_sweep *self, const char *name,
                           char file[PATH_MAX], const char **path,
                           heed_error *error) {
  heed_status status;
  if (!is_name(name))
    return heed_fail(error, HEED_INVALID,
                     "expected a name like \"arms\" or \"lib.arms\", for "
                     "arms.lua or lib/arms.lua in the folder of the sweep");
  file_of(name, file);
  status = find_file(self, file, path, error);
  return status == HEED_OK ? check_running(self, *path, error) : status;
}

/* ---- running one ---- */

/* __close of the guard: the file has returned or raised an error. */
static int leave(lua_State *lua) {
  sandbox_sweep(lua)->running_count--;
  return 0;
}

/* Pushes a value that calls leave() when the running function ends. */
static void push_guard(lua_State *lua) {
  lua_newtable(lua);
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, leave);
  lua_setfield(lua, -2, "__close");
  lua_setmetatable(lua, -2);
}

static void run(lua_State *lua, size_t number) {
  heed_sweep *self = sandbox_sweep(lua);
  push_guard(lua);
  if (sandbox_load(self, self->files[number].text, self->files[number].shown) !=
      LUA_OK)
    (void)lua_error(lua);
  lua_toclose(lua, -2);
  self->running[self->running_count++] = number;
  lua_call(lua, 0, 1);
  if (lua_isnil(lua, -1)) {
    lua_pop(lua, 1);
    lua_pushboolean(lua, 1);
  }
  self->files[number].value = luaL_ref(lua, LUA_REGISTRYINDEX);
}

/* A fault of one line of the file is told with that line, else with the line of
 * `require`. */
static int refuse_file(lua_State *lua, const char *name, const char *shown,
                       const heed_error *error) {
  const size_t length = strlen(shown);
  if (strncmp(error->message, shown, length) != 0 ||
      error->message[length] != ':' || error->message[length + 1] < '0' ||
      error->message[length + 1] > '9')
    return complain(lua, name, error);
  lua_pushstring(lua, error->message);
  return lua_error(lua);
}

int require_file(lua_State *lua) {
  heed_sweep *self = sandbox_sweep(lua);
  char file[PATH_MAX];
  const char *name, *shown, *path = NULL;
  heed_error error;
  size_t number;
  luaL_checktype(lua, 1, LUA_TSTRING);
  name = text_at(lua, 1, "", &error);
  if (name == NULL) return object_raise(lua, "require", error.message);
  if (strcmp(name, "heed") == 0) {
    lua_pushvalue(lua, lua_upvalueindex(1));
    return 1;
  }
  if (resolve(self, name, file, &path, &error) != HEED_OK)
    return complain(lua, name, &error);
  if (!is_known(self, path, &number)) {
    shown = label_format(self, "%s%s", self->shown_folder, file);
    if (add_file(self, path, shown, &error) != HEED_OK)
      return refuse_file(lua, name, shown, &error);
  }
  if (self->files[number].value == LUA_NOREF) run(lua, number);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, self->files[number].value);
  return 1;
}

/* ---- in the plan ---- */

json_t *require_list(const heed_sweep *self, bool with_text) {
  json_t *list = json_array();
  for (size_t i = 0; i < self->file_count; i++) {
    const sweep_file *file = &self->files[i];
    json_t *made =
        json_pack("{s:s, s:s}", "path", file->path, "sha256", file->sha256);
    if (with_text) (void)json_object_set(made, "text", file->text);
    (void)json_array_append_new(list, made);
  }
  return list;
}

void require_close(heed_sweep *self) {
  for (size_t i = 0; i < self->file_count; i++)
    json_decref(self->files[i].text);
  free(self->files);
}
