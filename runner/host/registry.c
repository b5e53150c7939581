/* SPDX-License-Identifier: GPL-3.0-or-later
 * The registry: opens shared objects and lists their plugins.
 *
 * A file is opened once, hashed through that descriptor and loaded as
 * /proc/PID/fd/N.  The descriptor stays open while the object is in memory: the
 * loader identifies an object by name and would confuse a second file under the
 * same N with the first.
 *
 * PID is a number because debuggers also open the loader's names.  To a
 * debugger /proc/self is the debugger: gdb would read from a pipe of its own
 * and wait for ever. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "host/hash.h"
#include "host/host.h"
#include "loading.h"

#define LINK_SIZE 64

typedef struct loaded_file {
  struct loaded_file *next;
  host_plugin_file public;
  char *path; /* owns public.path */
  int descriptor;
  char link[LINK_SIZE]; /* /proc/PID/fd/N, PID at the time of loading */
  void *handle;
} loaded_file;

typedef struct registry_entry {
  const heed_plugin *plugin;
  loaded_file *file;
} registry_entry;

struct host_registry {
  bool allow_unsafe;
  host_arena *descriptors; /* adopted descriptors */
  loaded_file *files;      /* newest first */
  registry_entry *entries;
  size_t entry_count;
};

heed_status registry_create(bool allow_unsafe, host_registry **result,
                            heed_error *error) {
  host_registry *self = calloc(1, sizeof *self);
  if (self != NULL) self->descriptors = arena_create();
  if (self == NULL || self->descriptors == NULL) {
    free(self);
    return heed_no_memory(error);
  }
  self->allow_unsafe = allow_unsafe;
  *result = self;
  return HEED_OK;
}

static void link_file(loaded_file *file) {
  char self[32] = "self";
  const ssize_t length = readlink("/proc/self", self, sizeof self - 1);
  if (length > 0) self[length] = '\0';
  (void)snprintf(file->link, LINK_SIZE, "/proc/%s/fd/%d", self,
                 file->descriptor);
}

/* True if the object outlived dlclose(): another registry has it, or it must
 * never be unloaded (as some C++ and Rust objects). */
static bool is_in_memory(const loaded_file *file) {
  void *handle = dlopen(file->link, RTLD_LAZY | RTLD_NOLOAD);
  if (handle != NULL) (void)dlclose(handle);
  return handle != NULL;
}

static void file_close(loaded_file *file) {
  loading_state loading;
  if (file->handle != NULL) {
    loading_begin(&loading);
    (void)dlclose(file->handle);
    (void)loading_end(&loading);
  }
  if (file->descriptor >= 0 && (file->handle == NULL || !is_in_memory(file)))
    (void)close(file->descriptor);
  free(file->path);
  free(file);
}

void registry_free(host_registry *self) {
  if (self == NULL) return;
  for (loaded_file *file = self->files, *next; file != NULL; file = next) {
    next = file->next;
    file_close(file);
  }
  arena_free(self->descriptors);
  free(self->entries);
  free(self);
}

static bool others_may_write(const struct stat *status) {
  return (status->st_uid != 0 && status->st_uid != geteuid()) ||
         (status->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static heed_status check_safe(const loaded_file *file, struct stat status,
                              heed_error *error) {
  char folder[PATH_MAX];
  if (others_may_write(&status))
    return heed_fail(error, HEED_INVALID,
                     "%s: users other than you and root can write to this "
                     "plugin (owner %u, mode %03o): chmod go-w it, or pass "
                     "--allow-unsafe-plugins",
                     file->path, (unsigned)status.st_uid,
                     (unsigned)status.st_mode & 0777u);
  (void)snprintf(folder, sizeof folder, "%s", file->path);
  const char *parent = dirname(folder);
  if (stat(parent, &status) != 0)
    return heed_fail(error, HEED_IO, "%s: %s", parent, strerror(errno));
  if (others_may_write(&status))
    return heed_fail(error, HEED_INVALID,
                     "%s: users other than you and root can write to its "
                     "folder %s (owner %u, mode %03o): chmod go-w it, or pass "
                     "--allow-unsafe-plugins",
                     file->path, parent, (unsigned)status.st_uid,
                     (unsigned)status.st_mode & 0777u);
  return HEED_OK;
}

/* The loader's message, without the name that the host gave the file. */
static const char *loader_message(const char *link) {
  const char *said = dlerror();
  const size_t length = strlen(link);
  if (said == NULL) return "the loader gives no reason";
  return strncmp(said, link, length) == 0 &&
                 strncmp(said + length, ": ", 2) == 0
             ? said + length + 2
             : said;
}

static heed_status open_file(const host_registry *self, loaded_file *file,
                             const char *sha256, heed_error *error) {
  struct stat file_status;
  loading_state loading;
  const char *fault;
  heed_status status = HEED_OK;
  /* A pipe would block. */
  file->descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file->descriptor < 0 || fstat(file->descriptor, &file_status) != 0)
    return heed_fail(error, HEED_IO, "%s: cannot open: %s", file->path,
                     strerror(errno));
  if (!S_ISREG(file_status.st_mode))
    return heed_fail(error, HEED_INVALID, "%s: is not a regular file",
                     file->path);
  if (!self->allow_unsafe) status = check_safe(file, file_status, error);
  if (status == HEED_OK)
    status = hash_descriptor(file->descriptor, file->path, file->public.sha256,
                             error);
  if (status != HEED_OK) return status;
  if (sha256 != NULL && strcmp(sha256, file->public.sha256) != 0)
    return heed_fail(error, HEED_INVALID,
                     "%s: the plugin has changed since the sweep was planned "
                     "(SHA-256 %.12s…, expected %.12s…)",
                     file->path, file->public.sha256, sha256);
  link_file(file);
  loading_begin(&loading);
  file->handle = dlopen(file->link, RTLD_NOW | RTLD_LOCAL);
  fault = loading_end(&loading);
  if (fault != NULL)
    return heed_fail(error, HEED_INTERNAL,
                     "%s: %s while heed loaded it, expected constructors that "
                     "do not change the process",
                     file->path, fault);
  if (file->handle == NULL)
    return heed_fail(error, HEED_INVALID, "%s: cannot load: %s", file->path,
                     loader_message(file->link));
  return HEED_OK;
}

static heed_status add_entry(host_registry *self, const heed_plugin *given,
                             loaded_file *file, heed_error *error) {
  const host_plugin_file *taken;
  const heed_plugin *plugin;
  heed_status status =
      descriptor_adopt(given, file->path, self->descriptors, &plugin, error);
  registry_entry *entries;
  if (status != HEED_OK) return status;
  if (registry_find(self, plugin->kind, plugin->name, &taken) != NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: %s/%s is already loaded from %s; rename one of them",
                     file->path, kind_name(plugin->kind), plugin->name,
                     taken->path);
  entries = realloc(self->entries, (self->entry_count + 1) * sizeof *entries);
  if (entries == NULL) return heed_no_memory(error);
  entries[self->entry_count++] = (registry_entry){plugin, file};
  self->entries = entries;
  return HEED_OK;
}

/* Registers all plugins of a file, or none. */
static heed_status add_entries(host_registry *self, loaded_file *file,
                               heed_error *error) {
  const size_t earlier = self->entry_count;
  const heed_plugin_list *list = dlsym(file->handle, "heed_plugins");
  heed_status status;
  if (list == NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: has no symbol heed_plugins: is it a heed plugin?",
                     file->path);
  status = descriptor_check_list(list, file->path, error);
  for (size_t i = 0; status == HEED_OK && i < list->count; i++)
    status = add_entry(self, list->plugins[i], file, error);
  if (status != HEED_OK) self->entry_count = earlier;
  return status;
}

heed_status registry_load(host_registry *self, const char *path,
                          const char *sha256, heed_error *error) {
  loaded_file *file = calloc(1, sizeof *file);
  heed_status status;
  if (file == NULL) return heed_no_memory(error);
  file->descriptor = -1;
  file->path = realpath(path, NULL);
  if (file->path == NULL) {
    free(file);
    return heed_fail(error, HEED_IO, "%s: cannot open: %s", path,
                     strerror(errno));
  }
  file->public.path = file->path;
  status = open_file(self, file, sha256, error);
  if (status == HEED_OK) status = add_entries(self, file, error);
  if (status != HEED_OK) {
    file_close(file);
    return status;
  }
  file->next = self->files;
  self->files = file;
  return HEED_OK;
}

static int is_object(const struct dirent *candidate) {
  const size_t length = strlen(candidate->d_name);
  return length > 3 && strcmp(candidate->d_name + length - 3, ".so") == 0;
}

static bool is_listed(const char *const *list, const char *path) {
  for (; list != NULL && *list != NULL; list++)
    if (strcmp(*list, path) == 0) return true;
  return false;
}

typedef struct registry_search {
  host_registry *self;
  const char *const *skip;
  void *context;
  void (*announce)(void *, const char *, const heed_error *);
} registry_search;

static void scan_file(const registry_search *all, const char *path) {
  heed_error refusal;
  if (is_listed(all->skip, path)) return;
  if (all->announce != NULL) all->announce(all->context, path, NULL);
  if (registry_load(all->self, path, NULL, &refusal) != HEED_OK &&
      all->announce != NULL)
    all->announce(all->context, path, &refusal);
}

static heed_status scan_folder(const registry_search *all, const char *folder,
                               heed_error *error) {
  struct dirent **names;
  char path[PATH_MAX];
  const int count = scandir(folder, &names, is_object, alphasort);
  if (count < 0)
    return heed_fail(error, HEED_IO, "plugin folder %s: cannot read: %s",
                     folder, strerror(errno));
  for (int i = 0; i < count; i++) {
    if (snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name) <
        (int)sizeof path)
      scan_file(all, path);
    free(names[i]);
  }
  free(names);
  return HEED_OK;
}

heed_status registry_scan(host_registry *self, const char *search_path,
                          const char *const *skip, void *context,
                          void (*announce)(void *context, const char *file,
                                           const heed_error *refusal),
                          heed_error *error) {
  const registry_search all = {self, skip, context, announce};
  heed_status status = HEED_OK;
  char *copy = strdup(search_path), *rest = NULL;
  if (copy == NULL) return heed_no_memory(error);
  for (char *folder = strtok_r(copy, ":", &rest);
       folder != NULL && status == HEED_OK; folder = strtok_r(NULL, ":", &rest))
    status = scan_folder(&all, folder, error);
  free(copy);
  return status;
}

size_t registry_count(const host_registry *self) {
  return self->entry_count;
}

const heed_plugin *registry_at(const host_registry *self, size_t index,
                               const host_plugin_file **file) {
  if (file != NULL) *file = &self->entries[index].file->public;
  return self->entries[index].plugin;
}

const heed_plugin *registry_find(const host_registry *self, heed_kind kind,
                                 const char *name,
                                 const host_plugin_file **file) {
  for (size_t i = 0; i < self->entry_count; i++) {
    const heed_plugin *plugin = self->entries[i].plugin;
    if (plugin->kind == kind && strcmp(plugin->name, name) == 0)
      return registry_at(self, i, file);
  }
  return NULL;
}

const heed_plugin *registry_named(const host_registry *self, const char *full,
                                  const host_plugin_file **file) {
  const char *slash = strchr(full, '/');
  char kind_text[32];
  heed_kind kind;
  if (slash == NULL) return NULL;
  (void)snprintf(kind_text, sizeof kind_text, "%.*s", (int)(slash - full),
                 full);
  if (!kind_of(kind_text, &kind)) return NULL;
  return registry_find(self, kind, slash + 1, file);
}
