/* SPDX-License-Identifier: GPL-3.0-or-later
 * The registry: which files it loads, which it refuses, and in what words. */
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/this_abi.h"
#include "../support/workbench.h"
#include "host/hash.h"

#define BUILT HEED_TEST_BUILD "/tests/plugins/"

typedef struct place {
  char folder[64];
  host_registry *plugins;
  heed_error error;
} place;

static int open_place(void **state) {
  place *self = calloc(1, sizeof *self);
  if (self == NULL) return -1;
  (void)snprintf(self->folder, sizeof self->folder,
                 "/tmp/heed_test_registry_XXXXXX");
  *state = self;
  return mkdtemp(self->folder) == NULL ||
                 registry_create(false, &self->plugins, &self->error) != HEED_OK
             ? -1
             : 0;
}

static int close_place(void **state) {
  place *self = *state;
  char command[128];
  registry_free(self->plugins);
  (void)snprintf(command, sizeof command, "rm -rf %s", self->folder);
  (void)!system(command);
  free(self);
  return 0;
}

/* FOLDER/NAME, a copy of a plugin of the build; the text stays. */
static const char *copy_of(const place *self, const char *plugin,
                           const char *name) {
  static char path[128];
  char command[4096];
  (void)snprintf(path, sizeof path, "%s/%s", self->folder, name);
  (void)snprintf(command, sizeof command,
                 "cp " BUILT "%s/%s.so %s && chmod 644 %s", plugin, plugin,
                 path, path);
  assert_int_equal(system(command), 0);
  return path;
}

static void refused(place *self, const char *path, const char *words) {
  assert_int_not_equal(registry_load(self->plugins, path, NULL, &self->error),
                       HEED_OK);
  assert_non_null(strstr(self->error.message, path));
  if (strstr(self->error.message, words) == NULL)
    fail_msg("found: %s\nexpected in it: %s", self->error.message, words);
  assert_int_equal(registry_count(self->plugins), 0);
}

static void load(place *self, const char *path) {
  if (registry_load(self->plugins, path, NULL, &self->error) != HEED_OK)
    fail_msg("%s", self->error.message);
}

/* ---- what is loaded ---- */

static void a_plugin_is_found_by_kind_and_name(void **state) {
  place *self = *state;
  const host_plugin_file *file;
  const char *path = copy_of(self, "small", "small.so");
  load(self, path);
  assert_non_null(registry_find(self->plugins, HEED_SOURCE, "small", &file));
  assert_string_equal(file->path, path);
  assert_null(registry_find(self->plugins, HEED_FILTER, "small", NULL));
  assert_null(registry_find(self->plugins, HEED_SOURCE, "smal", NULL));
}

static void a_plugin_is_found_by_its_full_name(void **state) {
  place *self = *state;
  load(self, copy_of(self, "small", "small.so"));
  assert_ptr_equal(registry_named(self->plugins, "source/small", NULL),
                   registry_find(self->plugins, HEED_SOURCE, "small", NULL));
  assert_null(registry_named(self->plugins, "filter/small", NULL));
  assert_null(registry_named(self->plugins, "sources/small", NULL));
  assert_null(registry_named(self->plugins, "small", NULL));
  assert_null(registry_named(self->plugins, "", NULL));
}

static void two_files_load_side_by_side(void **state) {
  place *self = *state;
  load(self, copy_of(self, "small", "small.so"));
  load(self, copy_of(self, "faulty", "faulty.so"));
  assert_non_null(registry_find(self->plugins, HEED_SOURCE, "small", NULL));
  assert_non_null(registry_find(self->plugins, HEED_FILTER, "faulty", NULL));
}

static void the_hash_is_that_of_the_file(void **state) {
  place *self = *state;
  const host_plugin_file *file;
  char command[256], expected[HASH_SIZE] = "";
  const char *path = copy_of(self, "small", "small.so");
  load(self, path);
  (void)registry_at(self->plugins, 0, &file);
  (void)snprintf(command, sizeof command, "sha256sum %s", path);
  FILE *pipe = popen(command, "r");
  assert_non_null(fgets(expected, sizeof expected, pipe));
  (void)pclose(pipe);
  assert_string_equal(file->sha256, expected);
}

static void a_file_that_changed_since_it_was_planned_is_refused(void **state) {
  place *self = *state;
  char planned[HASH_SIZE];
  const char *path = copy_of(self, "small", "small.so");
  hash_bytes("", 0, planned);
  assert_int_equal(registry_load(self->plugins, path, planned, &self->error),
                   HEED_INVALID);
  assert_non_null(strstr(self->error.message,
                         "the plugin has changed since the sweep was planned"));
  assert_non_null(strstr(self->error.message, "expected e3b0c44298fc"));
}

/* Something else keeps the first file in memory.  The loader knows it by the
 * descriptor's number, which the second file must not get. */
static void a_file_that_stays_in_memory_is_not_taken_for_the_next(
    void **state) {
  place *self = *state;
  const char *path = copy_of(self, "small", "small.so");
  void *held = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  assert_non_null(held);
  load(self, path);
  registry_free(self->plugins);
  assert_int_equal(registry_create(false, &self->plugins, &self->error),
                   HEED_OK);
  load(self, copy_of(self, "faulty", "faulty.so"));
  assert_non_null(registry_find(self->plugins, HEED_FILTER, "faulty", NULL));
  assert_null(registry_find(self->plugins, HEED_SOURCE, "small", NULL));
  (void)dlclose(held);
}

static size_t open_descriptors(void) {
  size_t count = 0;
  for (int i = 0; i < 256; i++) count += fcntl(i, F_GETFD) >= 0;
  return count;
}

static void a_freed_registry_leaves_no_descriptor_open(void **state) {
  place *self = *state;
  const size_t earlier = open_descriptors();
  load(self, copy_of(self, "small", "small.so"));
  /* refused, and closed at once or later */
  assert_int_not_equal(
      registry_load(self->plugins, copy_of(self, "wrong_abi", "other.so"), NULL,
                    &self->error),
      HEED_OK);
  assert_true(open_descriptors() > earlier);
  registry_free(self->plugins);
  self->plugins = NULL;
  assert_int_equal(open_descriptors(), earlier);
}

/* ---- what is refused ---- */

static void a_file_that_others_may_write_to_is_refused(void **state) {
  place *self = *state;
  const char *path = copy_of(self, "small", "small.so");
  assert_int_equal(chmod(path, 0664), 0);
  refused(self, path, "users other than you and root can write to this plugin");
  refused(self, path, "mode 664): chmod go-w it");
  assert_int_equal(chmod(path, 0646), 0);
  refused(self, path, "mode 646");
}

static void a_file_in_a_folder_that_others_may_write_to_is_refused(
    void **state) {
  place *self = *state;
  const char *path = copy_of(self, "small", "small.so");
  assert_int_equal(chmod(self->folder, 0770), 0);
  refused(self, path, "users other than you and root can write to its folder");
  refused(self, path, self->folder);
}

static void a_file_of_another_user_is_refused(void **state) {
  place *self = *state;
  const char *path = copy_of(self, "small", "small.so");
  if (geteuid() != 0) skip(); /* only root gives files away */
  assert_int_equal(chown(path, 65534, 65534), 0);
  refused(self, path, "owner 65534");
}

static void unsafe_files_load_when_that_is_allowed(void **state) {
  place *self = *state;
  const char *path = copy_of(self, "small", "small.so");
  assert_int_equal(chmod(path, 0666), 0);
  assert_int_equal(chmod(self->folder, 0777), 0);
  registry_free(self->plugins);
  assert_int_equal(registry_create(true, &self->plugins, &self->error),
                   HEED_OK);
  load(self, path);
}

static void a_missing_file_is_named(void **state) {
  place *self = *state;
  refused(self, "/nowhere/gone.so", "cannot open: No such file or directory");
}

static void a_pipe_is_refused_and_not_waited_for(void **state) {
  place *self = *state;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/pipe.so", self->folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  refused(self, path, "is not a regular file");
}

static void a_text_file_is_refused(void **state) {
  place *self = *state;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/text.so", self->folder);
  FILE *file = fopen(path, "w");
  assert_true(fputs("not an object, though it is called one\n", file) >= 0);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(chmod(path, 0600), 0);
  refused(self, path, "cannot load: ");
  assert_null(strstr(self->error.message, "/proc/"));
}

static void an_object_without_the_symbol_is_refused(void **state) {
  place *self = *state;
  refused(self, copy_of(self, "no_symbol", "no_symbol.so"),
          "has no symbol heed_plugins: is it a heed plugin?");
}

static void an_object_of_another_abi_is_refused_with_both_numbers(
    void **state) {
  place *self = *state;
  refused(self, copy_of(self, "wrong_abi", "wrong_abi.so"),
          "built for plugin ABI 5.7, this heed has ABI " THIS_ABI);
}

static void an_object_that_lacks_a_function_is_refused_by_its_name(
    void **state) {
  place *self = *state;
  refused(self, copy_of(self, "unresolved", "unresolved.so"),
          "cannot load: undefined symbol: nobody_has_this");
}

static void a_taken_name_is_refused_with_both_files(void **state) {
  place *self = *state;
  char first[128];
  (void)snprintf(first, sizeof first, "%s", copy_of(self, "small", "first.so"));
  load(self, first);
  const size_t count = registry_count(self->plugins);
  const char *second = copy_of(self, "small", "second.so");
  assert_int_equal(registry_load(self->plugins, second, NULL, &self->error),
                   HEED_INVALID);
  assert_non_null(strstr(self->error.message, first));
  assert_non_null(strstr(self->error.message, second));
  assert_non_null(strstr(self->error.message, "source/small is already"));
  assert_int_equal(registry_count(self->plugins), count);
}

/* ---- scans ---- */

typedef struct heard {
  char names[1024]; /* in order; a refusal is marked by '!' */
} heard;

static void hear(void *context, const char *file, const heed_error *refusal) {
  heard *self = context;
  const size_t used = strlen(self->names);
  (void)snprintf(self->names + used, sizeof self->names - used, "%s%s ",
                 refusal == NULL ? "" : "!", strrchr(file, '/') + 1);
}

static void a_scan_announces_files_in_alphabetical_order(void **state) {
  place *self = *state;
  heard said = {""};
  (void)copy_of(self, "small", "b.so");
  (void)copy_of(self, "wrong_abi", "a.so");
  (void)copy_of(self, "faulty", "c.so");
  (void)copy_of(self, "faulty", "readme.txt");
  assert_int_equal(registry_scan(self->plugins, self->folder, NULL, &said, hear,
                                 &self->error),
                   HEED_OK);
  assert_string_equal(said.names, "a.so !a.so b.so c.so ");
  assert_non_null(registry_find(self->plugins, HEED_FILTER, "faulty", NULL));
}

static void a_scan_leaves_out_what_it_is_told_to(void **state) {
  place *self = *state;
  heard said = {""};
  const char *skip[] = {copy_of(self, "small", "a.so"), NULL};
  assert_int_equal(registry_scan(self->plugins, self->folder, skip, &said, hear,
                                 &self->error),
                   HEED_OK);
  assert_string_equal(said.names, "");
  assert_int_equal(registry_count(self->plugins), 0);
}

static void a_scan_of_a_missing_folder_fails(void **state) {
  place *self = *state;
  assert_int_equal(
      registry_scan(self->plugins, "/nowhere", NULL, NULL, NULL, &self->error),
      HEED_IO);
  assert_string_equal(self->error.message,
                      "plugin folder /nowhere: cannot read: No such file or "
                      "directory");
}

#define with_place(test) \
  cmocka_unit_test_setup_teardown(test, open_place, close_place)

int main(void) {
  const struct CMUnitTest tests[] = {
      with_place(a_plugin_is_found_by_kind_and_name),
      with_place(a_plugin_is_found_by_its_full_name),
      with_place(two_files_load_side_by_side),
      with_place(the_hash_is_that_of_the_file),
      with_place(a_file_that_changed_since_it_was_planned_is_refused),
      with_place(a_file_that_stays_in_memory_is_not_taken_for_the_next),
      with_place(a_freed_registry_leaves_no_descriptor_open),
      with_place(a_file_that_others_may_write_to_is_refused),
      with_place(a_file_in_a_folder_that_others_may_write_to_is_refused),
      with_place(a_file_of_another_user_is_refused),
      with_place(unsafe_files_load_when_that_is_allowed),
      with_place(a_missing_file_is_named),
      with_place(a_pipe_is_refused_and_not_waited_for),
      with_place(a_text_file_is_refused),
      with_place(an_object_without_the_symbol_is_refused),
      with_place(an_object_of_another_abi_is_refused_with_both_numbers),
      with_place(an_object_that_lacks_a_function_is_refused_by_its_name),
      with_place(a_taken_name_is_refused_with_both_files),
      with_place(a_scan_announces_files_in_alphabetical_order),
      with_place(a_scan_leaves_out_what_it_is_told_to),
      with_place(a_scan_of_a_missing_folder_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
