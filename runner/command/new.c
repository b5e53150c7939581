/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed new: writes a plugin that builds, and its test. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "plugins.h"
#include "sweep/annotations.h"
#include "templates.h"

#define NAME_LENGTH 48
#define FILE_COUNT 4

typedef struct new_options {
  const char *full;   /* KIND/NAME */
  const char *folder; /* NULL: NAME */
  char kind[NAME_LENGTH];
  const char *name;
} new_options;

/* A file to write. */
typedef struct new_file {
  char path[PATH_MAX];
  char template[NAME_LENGTH + 8];
} new_file;

/* ---- arguments ---- */

static int check_kind(const char *kind) {
  const char *names[HEED_KIND_COUNT], *nearest;
  heed_kind found;
  if (kind_of(kind, &found)) return EXIT_DONE;
  for (unsigned i = 0; i < HEED_KIND_COUNT; i++)
    names[i] = kind_name((heed_kind)i);
  nearest = schema_nearest(kind, names, HEED_KIND_COUNT);
  if (nearest != NULL)
    return command_usage("new", "unknown kind \"%s\"; did you mean %s?", kind,
                         nearest);
  return command_usage("new",
                       "unknown kind \"%s\"; expected source, distribution, "
                       "user_model, estimator, filter or trainer",
                       kind);
}

static int check_name(const char *name) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
  if (*name < 'a' || *name > 'z' || strspn(name, allowed) != strlen(name))
    return command_usage("new",
                         "the name \"%s\" is not valid: expected lower-case "
                         "letters, digits and '_', a letter first",
                         name);
  if (strlen(name) >= NAME_LENGTH)
    return command_usage("new",
                         "the name \"%s\" is too long: expected at most %d "
                         "characters",
                         name, NAME_LENGTH - 1);
  if (annotations_is_keyword(name))
    return command_usage("new",
                         "the name \"%s\" is not valid: it is a reserved word "
                         "of Lua, so sweeps cannot use it",
                         name);
  return EXIT_DONE;
}

/* heed cannot load two plugins with the same name. */
static int check_free(const command_common *common, const new_options *asked) {
  const host_plugin_file *file;
  host_registry *plugins;
  heed_kind kind;
  int status = plugins_load(common, &plugins);
  if (status != EXIT_DONE) return status;
  if (kind_of(asked->kind, &kind) &&
      registry_find(plugins, kind, asked->name, &file) != NULL)
    status =
        command_usage("new", "%s already exists, in %s; choose another name",
                      asked->full, file->path);
  registry_free(plugins);
  return status;
}

static int check_options(const command_common *common, new_options *asked) {
  const char *slash = strchr(asked->full, '/');
  int status;
  if (slash == NULL)
    return command_usage("new",
                         "found %s, expected KIND/NAME, as in "
                         "estimator/mine",
                         asked->full);
  (void)snprintf(asked->kind, sizeof asked->kind, "%.*s",
                 (int)(slash - asked->full), asked->full);
  asked->name = slash + 1;
  if (asked->folder == NULL) asked->folder = asked->name;
  status = check_kind(asked->kind);
  if (status == EXIT_DONE) status = check_name(asked->name);
  if (status == EXIT_DONE) status = check_free(common, asked);
  return status;
}

/* ---- the files ---- */

static void plan_file(const new_options *asked, new_file *file,
                      const char *name, const char *ending) {
  const bool own = ending[0] != '\0';
  (void)snprintf(file->path, sizeof file->path, "%s/%s%s", asked->folder,
                 own ? asked->name : name, ending);
  (void)snprintf(file->template, sizeof file->template, "%s%s",
                 own ? asked->kind : name, ending);
}

static void plan_files(const new_options *asked, new_file files[FILE_COUNT]) {
  plan_file(asked, &files[0], "", ".c");
  plan_file(asked, &files[1], "", ".lua");
  plan_file(asked, &files[2], "CMakeLists.txt", "");
  plan_file(asked, &files[3], "README.md", "");
}

/* Call before the first write. */
static int check_absent(const new_file files[FILE_COUNT]) {
  struct stat file_status;
  for (size_t i = 0; i < FILE_COUNT; i++)
    if (lstat(files[i].path, &file_status) == 0)
      return command_usage("new",
                           "%s already exists and is not overwritten; choose "
                           "another folder with -o FOLDER",
                           files[i].path);
  return EXIT_DONE;
}

static const command_template *template_of(const char *name) {
  for (size_t i = 0; i < command_template_count; i++)
    if (strcmp(command_templates[i].name, name) == 0)
      return &command_templates[i];
  return NULL;
}

/* Writes the text and fills in the plugin's kind and name. */
static void write_text(const new_options *asked, const command_template *text,
                       FILE *stream) {
  static const char kind[] = "template_kind", name[] = "template_name";
  for (size_t i = 0; i < text->length;) {
    const unsigned char *rest = text->text + i;
    const size_t left = text->length - i;
    if (left >= sizeof name - 1 && memcmp(rest, name, sizeof name - 1) == 0) {
      (void)fputs(asked->name, stream);
      i += sizeof name - 1;
    } else if (left >= sizeof kind - 1 &&
               memcmp(rest, kind, sizeof kind - 1) == 0) {
      (void)fputs(asked->kind, stream);
      i += sizeof kind - 1;
    } else {
      (void)fputc(*rest, stream);
      i++;
    }
  }
}

static heed_status write_file(const new_options *asked, const new_file *file,
                              heed_error *error) {
  const command_template *text = template_of(file->template);
  const int descriptor =
      open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  FILE *stream = descriptor < 0 ? NULL : fdopen(descriptor, "w");
  bool written;
  if (text == NULL)
    return heed_fail(error, HEED_INTERNAL, "missing template %s",
                     file->template);
  if (stream == NULL)
    return heed_fail(error, HEED_IO, "%s: cannot write: %s", file->path,
                     strerror(errno));
  write_text(asked, text, stream);
  written = ferror(stream) == 0;
  written = fclose(stream) == 0 && written;
  if (written) return HEED_OK;
  (void)unlink(file->path);
  return heed_fail(error, HEED_IO, "%s: cannot write: %s", file->path,
                   strerror(errno));
}

/* Writes all files; after an error, removes those already written. */
static heed_status write_files(const new_options *asked,
                               const new_file files[FILE_COUNT],
                               heed_error *error) {
  heed_status status = HEED_OK;
  const bool made = mkdir(asked->folder, 0777) == 0;
  if (!made && errno != EEXIST)
    return heed_fail(error, HEED_IO, "%s: cannot create the folder: %s",
                     asked->folder, strerror(errno));
  for (size_t i = 0; i < FILE_COUNT; i++) {
    status = write_file(asked, &files[i], error);
    if (status == HEED_OK) continue;
    while (i > 0) (void)unlink(files[--i].path);
    if (made) (void)rmdir(asked->folder);
    return status;
  }
  return status;
}

/* ---- the command ---- */

/* A word for the shell: quoted if it has other characters than names of files
 * mostly have. */
static void print_word(const char *text) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-";
  if (*text != '\0' && *text != '-' && strspn(text, plain) == strlen(text)) {
    printf("%s", text);
    return;
  }
  printf("%s'", *text == '-' ? "./" : "");
  for (; *text != '\0'; text++)
    if (*text == '\'')
      printf("'\\''");
    else
      printf("%c", *text);
  printf("'");
}

int command_new(const command_arguments *given) {
  new_options asked = {given->plugin, given->output, "", NULL};
  new_file files[FILE_COUNT];
  heed_error error = {HEED_OK, ""};
  char path[PATH_MAX];
  const char *prefix;
  int status = check_options(&given->common, &asked);
  if (status != EXIT_DONE) return status;
  plan_files(&asked, files);
  status = check_absent(files);
  if (status != EXIT_DONE) return status;
  if (write_files(&asked, files, &error) != HEED_OK)
    return command_error(&error);
  for (size_t i = 0; i < FILE_COUNT; i++) printf("%s\n", files[i].path);
  prefix = plugins_prefix(path);
  if (prefix == NULL) prefix = "FOLDER";
  printf("\nBuild it and test it:\n  cd ");
  print_word(asked.folder);
  printf("\n  cmake -B build -DHEED=");
  print_word(prefix);
  printf(
      "\n"
      "  cmake --build build\n"
      "  ctest --test-dir build\n"
      "\nRun its sweep:\n"
      "  export HEED_PLUGIN_PATH=");
  print_word(prefix);
  printf("/lib/heed:$PWD/build/plugins\n  heed run %s.lua\n", asked.name);
  return EXIT_DONE;
}
