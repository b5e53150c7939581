/* SPDX-License-Identifier: GPL-3.0-or-later
 * Work folder and result file: what is recorded comes back, whatever happens in
 * between. */
/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */
#include "result/result.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/refusing_malloc.h"
#include "files/file.h"
#include "hdf/kept.h"
#include "host/host.h"
#include "sample.h"
#include "work/batch.h"

static const storage_sample small = {2, 2, 2, "A sample", false};
static const storage_sample larger = {3, 4, 4, "A sample", false};

typedef struct bench {
  char folder[64], result[96], work_folder[112];
  heed_error error;
} bench;

static int set_up(void **state) {
  bench *self = calloc(1, sizeof *self);
  if (self == NULL) return -1;
  strcpy(self->folder, "/tmp/heed-storage-XXXXXX");
  if (mkdtemp(self->folder) == NULL) return -1;
  (void)snprintf(self->result, sizeof self->result, "%s/out.h5", self->folder);
  (void)snprintf(self->work_folder, sizeof self->work_folder, "%s.work",
                 self->result);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  bench *self = *state;
  char command[128];
  int status;
  (void)snprintf(command, sizeof command, "rm -rf '%s'", self->folder);
  status = system(command);
  free(self);
  return status;
}

/* Every call that must succeed. */
#define OK(self, call)                                            \
  do {                                                            \
    if ((call) != HEED_OK) fail_msg("%s", (self)->error.message); \
  } while (0)

static heed_work *open_work(bench *self, const storage_sample *sample) {
  char *text = sample_plan_text(sample);
  heed_work *folder = NULL;
  OK(self, work_open(self->result, &folder, &self->error));
  OK(self, work_save_plan(folder, text, &self->error));
  free(text);
  return folder;
}

static void write_cell(bench *self, heed_work *folder, const heed_plan *plan,
                       size_t cell, bool fails) {
  heed_record *one = sample_record(plan, cell);
  if (fails) sample_fail(one);
  OK(self, work_write_part(folder, plan, (const heed_record *const *)&one, 1,
                           &self->error));
  record_free(one);
}

static void write_cells(bench *self, heed_work *folder, const heed_plan *plan,
                        const uint8_t *recorded) {
  for (size_t cell = 0; cell < plan_cell_count(plan); cell++)
    if (recorded == NULL || !recorded[cell])
      write_cell(self, folder, plan, cell, false);
}

static uint8_t *recorded_of(bench *self, const heed_work *folder,
                            const heed_plan *plan, bool retry) {
  uint8_t *recorded = calloc(plan_cell_count(plan), 1);
  result_trouble trouble;
  OK(self, result_recorded(folder, self->result, plan, retry, recorded,
                           &trouble, &self->error));
  assert_int_equal(trouble.damaged.count, 0);
  return recorded;
}

static const result_goal any = {NULL, 0, false};

static void consolidate(bench *self, const heed_work *folder,
                        const heed_plan *plan) {
  const result_provenance provenance = {"heed run", "host", "user", "start",
                                        "end",      1.0,    2};
  OK(self, result_consolidate(folder, self->result, plan, &any, &provenance,
                              &self->error));
}

static size_t place_of(const heed_plan *plan, size_t cell) {
  const size_t *position = plan->points[cell / plan->replicates].position;
  return (position[0] * plan->axes[1].coordinate.count + position[1]) *
             plan->replicates +
         cell % plan->replicates;
}

/* All cells of the plan are in the result, with the very bits they had. */
static void assert_result_is_whole(bench *self, const heed_plan *plan) {
  work_batch found;
  OK(self, result_read(self->result, plan, &found, &self->error));
  for (size_t cell = 0; cell < plan_cell_count(plan); cell++) {
    const size_t place = place_of(plan, cell);
    assert_int_equal(found.status[place], RECORD_DONE);
    for (size_t i = 0; i < plan->metric_count; i++)
      for (size_t j = 0; j < plan->metrics[i].count; j++) {
        const double expected = sample_cell_value(plan, cell, i, j);
        assert_memory_equal(&found.values[place * plan->value_count +
                                          plan->metrics[i].offset + j],
                            &expected, sizeof expected);
      }
  }
  batch_free(&found);
}

static size_t entries_in(const char *folder) {
  DIR *entries = opendir(folder);
  size_t count = 0;
  if (entries == NULL) return 0;
  while (readdir(entries) != NULL) count++;
  (void)closedir(entries);
  return count - 2;
}

/* ---- what is recorded comes back ---- */

static void every_metric_comes_back_bit_for_bit(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&larger);
  heed_work *folder = open_work(self, &larger);
  write_cells(self, folder, plan, NULL);
  consolidate(self, folder, plan);
  assert_result_is_whole(self, plan);
  OK(self, work_remove(folder, &self->error));
  assert_int_equal(entries_in(self->folder), 1);
  plan_free(plan);
}

static void what_a_cell_failed_of_comes_back(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  work_batch found;
  for (size_t cell = 0; cell < plan_cell_count(plan); cell++)
    write_cell(self, folder, plan, cell, cell % 3 == 0);
  consolidate(self, folder, plan);
  OK(self, result_read(self->result, plan, &found, &self->error));
  assert_int_equal(found.failure_count, 3);
  assert_string_equal(found.failure_stage[0], "posterior");
  assert_string_equal(found.failure_plugin[0], "estimator/sample");
  assert_int_equal(found.failure_signal[0], 11);
  for (size_t i = 0; i < found.failure_count; i++)
    assert_int_equal(found.status[found.failure_row[i]], RECORD_CRASHED);
  assert_int_equal(found.warning_count, 4);
  assert_string_equal(found.warning_code[0], "not_converged");
  batch_free(&found);
  work_close(folder);
  plan_free(plan);
}

static void excluded_cells_are_missing(void **state) {
  const storage_sample with_hole = {3, 2, 2, "A sample", true};
  bench *self = *state;
  heed_plan *plan = sample_plan(&with_hole);
  heed_work *folder = open_work(self, &with_hole);
  work_batch found;
  size_t missing = 0;
  write_cells(self, folder, plan, NULL);
  consolidate(self, folder, plan);
  OK(self, result_read(self->result, plan, &found, &self->error));
  for (size_t i = 0; i < found.rows; i++)
    if (found.status[i] == RECORD_MISSING) {
      missing++;
      assert_string_equal(found.keys[i], "");
      assert_true(isnan(found.values[i * plan->value_count]));
    }
  assert_int_equal(missing, 2);
  batch_free(&found);
  work_close(folder);
  plan_free(plan);
}

static void texts_that_are_not_utf8_are_mended(void **state) {
  heed_plan *plan = sample_plan(&small);
  heed_record *one = record_create(plan, 0);
  heed_error error;
  (void)state;
  assert_int_equal(record_fail(one, RECORD_FAILED, PLAN_WORLD, "source/x", 0,
                               "caf\xE9 \xC3\xA9", &error),
                   HEED_OK);
  assert_string_equal(one->message, "caf\xEF\xBF\xBD \xC3\xA9");
  record_free(one);
  plan_free(plan);
}

/* ---- kept tables ---- */

static heed_table *kept_of(bench *self, const heed_plan *plan,
                           const char *name) {
  hdf_file file = {self->result, HEED_OK, &self->error};
  const hid_t root = hdf_open(&file);
  heed_table *table = kept_read(&file, root, name, 0, SIZE_MAX);
  (void)plan;
  if (table == NULL) fail_msg("%s: %s", name, self->error.message);
  (void)H5Fclose(root);
  return table;
}

static void kept_rows_stand_in_the_order_of_the_grid(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  heed_table *users;
  const int64_t *cell, *annotations;
  const double *mean;
  for (size_t i = plan_cell_count(plan); i-- > 0;)
    write_cell(self, folder, plan, i, false);
  consolidate(self, folder, plan);
  users = kept_of(self, plan, "users");
  assert_int_equal(users->rows, 3 * plan_cell_count(plan));
  cell = heed_table_data(users, "cell", HEED_INT64);
  mean = heed_table_data(users, "mean", HEED_FLOAT64);
  annotations = heed_table_data(users, "annotations", HEED_INT64);
  for (size_t i = 0; i < plan_cell_count(plan); i++) {
    const size_t row = 3 * place_of(plan, i);
    const double expected =
        sample_value(sample_cell_mu(plan, i), sample_cell_eta(plan, i),
                     i % plan->replicates, 100, 1);
    assert_int_equal(cell[row], place_of(plan, i));
    assert_int_equal(annotations[row + 2], 40);
    assert_memory_equal(&mean[row + 1], &expected, sizeof expected);
  }
  kept_free(users);
  work_close(folder);
  plan_free(plan);
}

static void a_column_that_only_some_cells_keep_is_nan_elsewhere(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  heed_table *users;
  const int32_t *eta_index;
  const double *eta;
  write_cells(self, folder, plan, NULL);
  consolidate(self, folder, plan);
  users = kept_of(self, plan, "users");
  eta = heed_table_data(users, "eta", HEED_FLOAT64);
  eta_index = heed_table_data(users, "eta_index", HEED_INT32);
  for (size_t i = 0; i < users->rows; i++)
    assert_int_equal(isnan(eta[i]) != 0, eta_index[i] == 1);
  kept_free(users);
  work_close(folder);
  plan_free(plan);
}

static void a_column_of_another_width_gets_a_name_of_its_own(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  heed_table *policy;
  write_cells(self, folder, plan, NULL);
  consolidate(self, folder, plan);
  consolidate(self, folder, plan); /* and keeps it when it is carried over */
  policy = kept_of(self, plan, "policy");
  assert_int_equal(heed_table_column(policy, "weight")->width +
                       heed_table_column(policy, "weight_2")->width,
                   5);
  assert_null(heed_table_column(policy, "weight_3"));
  kept_free(policy);
  work_close(folder);
  plan_free(plan);
}

/* ---- resume and extend ---- */

static void recorded_cells_are_those_in_parts_and_result(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  uint8_t *recorded;
  write_cell(self, folder, plan, 1, false);
  write_cell(self, folder, plan, 5, false);
  consolidate(self, folder, plan);
  OK(self, work_remove(folder, &self->error));
  folder = open_work(self, &small);
  write_cell(self, folder, plan, 6, false);
  recorded = recorded_of(self, folder, plan, false);
  for (size_t i = 0; i < plan_cell_count(plan); i++)
    assert_int_equal(recorded[i], i == 1 || i == 5 || i == 6);
  free(recorded);
  work_close(folder);
  plan_free(plan);
}

static void a_failed_cell_is_recorded_unless_it_is_to_be_retried(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  uint8_t *recorded;
  write_cell(self, folder, plan, 3, true);
  recorded = recorded_of(self, folder, plan, false);
  assert_int_equal(recorded[3], WORK_FAILED);
  free(recorded);
  recorded = recorded_of(self, folder, plan, true);
  assert_int_equal(recorded[3], WORK_NOT_RECORDED);
  free(recorded);
  work_close(folder);
  plan_free(plan);
}

static void a_cell_that_was_retried_counts_as_done(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  for (size_t i = 0; i < plan_cell_count(plan); i++)
    write_cell(self, folder, plan, i, i == 3);
  consolidate(self, folder, plan);
  write_cell(self, folder, plan, 3, false);
  consolidate(self, folder, plan);
  assert_result_is_whole(self, plan);
  work_close(folder);
  plan_free(plan);
}

/* A value on an axis, twice the replicates, further labels of a dimension. */
static void an_extended_sweep_keeps_what_it_had(void **state) {
  const storage_sample wider = {3, 2, 4, "A sample", false};
  bench *self = *state;
  heed_plan *earlier = sample_plan(&small), *later = sample_plan(&wider);
  heed_work *folder = open_work(self, &small);
  uint8_t *recorded;
  size_t count = 0;
  write_cells(self, folder, earlier, NULL);
  consolidate(self, folder, earlier);
  OK(self, work_remove(folder, &self->error));
  folder = open_work(self, &wider);
  recorded = recorded_of(self, folder, later, false);
  for (size_t i = 0; i < plan_cell_count(later); i++) count += recorded[i];
  assert_int_equal(count, plan_cell_count(earlier));
  write_cells(self, folder, later, recorded);
  consolidate(self, folder, later);
  assert_result_is_whole(self, later);
  OK(self, work_remove(folder, &self->error));
  free(recorded);
  plan_free(earlier);
  plan_free(later);
}

static void values_are_matched_by_the_labels_of_their_dimensions(void **state) {
  const storage_sample more_kl = {2, 4, 2, "A sample", false};
  bench *self = *state;
  heed_plan *earlier = sample_plan(&small), *later = sample_plan(&more_kl);
  heed_work *folder = open_work(self, &small);
  const plan_metric *by_kl = &later->metrics[1];
  work_batch found;
  write_cells(self, folder, earlier, NULL);
  consolidate(self, folder, later);
  OK(self, result_read(self->result, later, &found, &self->error));
  for (size_t cell = 0; cell < plan_cell_count(later); cell++)
    for (size_t i = 0; i < by_kl->count; i++) {
      const double value =
          found.values[place_of(later, cell) * later->value_count +
                       by_kl->offset + i];
      const double expected = sample_cell_value(later, cell, 1, i);
      if (i < 2)
        assert_memory_equal(&value, &expected, sizeof value);
      else
        assert_true(isnan(value));
    }
  batch_free(&found);
  work_close(folder);
  plan_free(earlier);
  plan_free(later);
}

static void inspecting_tells_sweeps_apart_and_counts_orphans(void **state) {
  const storage_sample other = {2, 2, 2, "Another", false};
  const storage_sample shrunk = {1, 2, 2, "A sample", false};
  bench *self = *state;
  heed_plan *plan = sample_plan(&small), *stranger = sample_plan(&other),
            *less = sample_plan(&shrunk);
  heed_work *folder = open_work(self, &small);
  bool exists, same;
  size_t orphans;
  OK(self, result_inspect(self->result, plan, &exists, &same, &orphans,
                          &self->error));
  assert_false(exists);
  write_cells(self, folder, plan, NULL);
  consolidate(self, folder, plan);
  OK(self, result_inspect(self->result, plan, &exists, &same, &orphans,
                          &self->error));
  assert_true(exists && same && orphans == 0);
  OK(self, result_inspect(self->result, stranger, &exists, &same, &orphans,
                          &self->error));
  assert_true(exists && !same);
  OK(self, result_inspect(self->result, less, &exists, &same, &orphans,
                          &self->error));
  assert_true(same && orphans == 4);
  work_close(folder);
  plan_free(plan);
  plan_free(stranger);
  plan_free(less);
}

/* ---- the work folder ---- */

static void a_second_process_is_told_who_is_at_work(void **state) {
  bench *self = *state;
  heed_work *folder = open_work(self, &small), *second = NULL;
  char holder[32];
  int status;
  const pid_t child = fork();
  if (child == 0) {
    const heed_status refused = work_open(self->result, &second, &self->error);
    (void)snprintf(holder, sizeof holder, "process %ld ", (long)getppid());
    _exit(refused == HEED_IO && strstr(self->error.message, holder) != NULL
              ? 0
              : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  work_close(folder);
  folder = open_work(self, &small);
  OK(self, work_remove(folder, &self->error));
}

#define PART "part-0123456789abcdef0123456789abcdef.h5"

static void temporary_files_of_the_dead_are_removed(void **state) {
  bench *self = *state;
  heed_work *folder = open_work(self, &small);
  char path[512], host[128] = "";
  const pid_t child = fork();
  if (child == 0) _exit(0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  work_close(folder);
  (void)gethostname(host, sizeof host - 1);
  (void)snprintf(path, sizeof path, "%s/" PART ".tmp-%s-%ld", self->work_folder,
                 host, (long)child);
  assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
  folder = open_work(self, &small);
  assert_int_equal(access(path, F_OK), -1);
  work_close(folder);
}

static void a_worker_joins_only_a_folder_that_is_there(void **state) {
  bench *self = *state;
  heed_work *folder = NULL;
  assert_int_equal(work_join(self->work_folder, &folder, &self->error),
                   HEED_IO);
  assert_non_null(strstr(self->error.message, self->work_folder));
}

/* ---- full disks ---- */

/* No file can grow beyond `bytes`: the kernel's nearest thing to a full disk
 * that needs no privilege. */
static void limit_files(rlim_t bytes) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
  (void)signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_part_that_does_not_fit_costs_only_itself(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  heed_record *one = sample_record(plan, 1);
  uint8_t *recorded;
  size_t earlier;
  heed_status status;
  write_cell(self, folder, plan, 0, false);
  earlier = entries_in(self->work_folder);
  limit_files(3000);
  status = work_write_part(folder, plan, (const heed_record *const *)&one, 1,
                           &self->error);
  limit_files(0);
  assert_int_equal(status, HEED_IO);
  assert_non_null(strstr(self->error.message, "limit on the size of files"));
  assert_int_equal(entries_in(self->work_folder), earlier);
  recorded = recorded_of(self, folder, plan, false);
  assert_int_equal(recorded[0], 1);
  assert_int_equal(recorded[1], 0);
  free(recorded);
  record_free(one);
  work_close(folder);
  plan_free(plan);
}

/* In a process of its own, which HDF5 then leaves untidy: hdf.c. */
static bool fails_to_consolidate(bench *self, const heed_work *folder,
                                 const heed_plan *plan, rlim_t bytes) {
  int result;
  const pid_t child = fork();
  if (child == 0) {
    heed_status status;
    limit_files(bytes);
    status = result_consolidate(folder, self->result, plan, &any, NULL,
                                &self->error);
    _exit(status == HEED_IO && strstr(self->error.message, self->result) != NULL
              ? 0
              : 1);
  }
  assert_int_equal(waitpid(child, &result, 0), child);
  return result == 0;
}

static void a_result_that_does_not_fit_leaves_the_old_one(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  write_cells(self, folder, plan, NULL);
  consolidate(self, folder, plan);
  /* At any size: HDF5 writes some of it at once, some when it closes. */
  for (rlim_t bytes = 1000; bytes < 60000; bytes += 7000) {
    assert_true(fails_to_consolidate(self, folder, plan, bytes));
    assert_int_equal(entries_in(self->folder), 2);
    assert_result_is_whole(self, plan);
  }
  work_close(folder);
  plan_free(plan);
}

/* ---- kills ---- */

/* A run from whatever is there to a result and no work folder. */
static void run_all(bench *self, const heed_plan *plan) {
  heed_work *folder = open_work(self, &small);
  uint8_t *recorded = recorded_of(self, folder, plan, false);
  write_cells(self, folder, plan, recorded);
  free(recorded);
  consolidate(self, folder, plan);
  OK(self, work_remove(folder, &self->error));
}

/* Runs it in a process group of its own with a fault; true if it was killed. */
static bool run_killed(bench *self, const heed_plan *plan,
                       unsigned long moment) {
  char number[32];
  int status;
  const pid_t child = fork();
  if (child == 0) {
    (void)setsid();
    (void)snprintf(number, sizeof number, "%lu", moment);
    (void)setenv("HEED_FAULT", number, 1);
    run_all(self, plan);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) assert_int_equal(WEXITSTATUS(status), 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void a_kill_at_any_moment_loses_nothing(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  unsigned long moment = 1;
  while (run_killed(self, plan, moment)) {
    run_all(self, plan);
    assert_result_is_whole(self, plan);
    assert_int_equal(entries_in(self->folder), 1);
    assert_int_equal(unlink(self->result), 0);
    moment++;
  }
  plan_free(plan);
  if (moment == 1) skip(); /* a build without injected faults */
  /* Eight parts of at least eight moments, and the result. */
  assert_true(moment > 100);
}

/* ---- worlds of costly sources ---- */

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_saved_world_is_loaded_as_it_was(void **state) {
  bench *self = *state;
  heed_work *folder = open_work(self, &small);
  double p[] = {0.25, NAN, 0.75};
  int32_t topic[] = {2, 1, 0};
  const char *texts[] = {"", "two\nlines", "\xCE\xB7"};
  int8_t verdict[] = {0, 1, 2, -1, 1, 0};
  heed_column columns[] = {{"p", HEED_FLOAT64, 1, p},
                           {"topic", HEED_INT32, 1, topic},
                           {"text_a", HEED_STRING, 1, texts},
                           {"verdict", HEED_INT8, 2, verdict}};
  heed_table pairs = {sizeof pairs, "pairs", 3, 4, columns};
  heed_table models = {sizeof models, "models", 0, 0, NULL};
  const char *judges[] = {"gpt4", "gpt3"};
  heed_world world = {.size = sizeof world,
                      .pairs = &pairs,
                      .models = &models,
                      .mu = 0.5,
                      .mu_requested = NAN,
                      .candidates = 8,
                      .features = 16,
                      .held_out = 5,
                      .judge_count = 2,
                      .judges = judges};
  heed_world loaded = {.size = sizeof loaded};
  host_service host = {.output = arena_create(), .scratch = arena_create()};
  bool found = true;
  char digest[PLAN_KEY_SIZE] = "";
  service_open(&host);
  OK(self, work_load_world(folder, KEY, digest, &host.host, &loaded, &found,
                           &self->error));
  assert_false(found);
  OK(self, work_save_world(folder, KEY, &world, digest, &self->error));
  OK(self, work_load_world(folder, KEY, digest, &host.host, &loaded, &found,
                           &self->error));
  assert_true(found);
  assert_memory_equal(heed_table_data(loaded.pairs, "p", HEED_FLOAT64), p,
                      sizeof p);
  assert_memory_equal(heed_table_data(loaded.pairs, "topic", HEED_INT32), topic,
                      sizeof topic);
  assert_memory_equal(heed_table_data(loaded.pairs, "verdict", HEED_INT8),
                      verdict, sizeof verdict);
  assert_int_equal(heed_table_column(loaded.pairs, "verdict")->width, 2);
  for (size_t i = 0; i < 3; i++)
    assert_string_equal(((const char **)heed_table_data(loaded.pairs, "text_a",
                                                        HEED_STRING))[i],
                        texts[i]);
  assert_int_equal(loaded.models->rows, 0);
  assert_null(loaded.prompts);
  assert_true(loaded.mu == 0.5 && isnan(loaded.mu_requested));
  assert_int_equal(loaded.held_out, 5);
  assert_int_equal(loaded.judge_count, 2);
  assert_string_equal(loaded.judges[1], "gpt3");
  arena_free(host.output);
  arena_free(host.scratch);
  work_close(folder);
}

static void a_policy_has_its_name_once_it_is_committed(void **state) {
  bench *self = *state;
  heed_work *folder = open_work(self, &small);
  char path[256], final[256], digest[PLAN_KEY_SIZE];
  bool found = true;
  OK(self, work_policy_path(folder, KEY, path, sizeof path, &self->error));
  assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
  OK(self, work_find_policy(folder, KEY, "", final, sizeof final, &found,
                            &self->error));
  assert_false(found);
  OK(self, work_commit_policy(folder, KEY, digest, &self->error));
  OK(self, work_find_policy(folder, KEY, digest, final, sizeof final, &found,
                            &self->error));
  assert_true(found);
  assert_int_equal(access(final, F_OK), 0);
  assert_int_equal(access(path, F_OK), -1);
  OK(self, work_remove(folder, &self->error));
}

/* ---- damage ---- */

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- out of memory ---- */

typedef struct consolidation {
  const bench *bench;
  const heed_work *folder;
  const heed_plan *plan;
} consolidation;

static heed_status try_to_consolidate(void *context, heed_error *error) {
  const consolidation *self = context;
  return result_consolidate(self->folder, self->bench->result, self->plan, &any,
                            NULL, error);
}

/* Each time the earlier result is there, and is counted again the next time. */
static void a_consolidation_says_that_it_is_out_of_memory(void **state) {
  bench *self = *state;
  heed_plan *plan = sample_plan(&small);
  heed_work *folder = open_work(self, &small);
  consolidation context = {self, folder, plan};
  const size_t cells = plan_cell_count(plan);
  uint8_t *recorded;
  write_cell(self, folder, plan, 0, false);
  OK(self, try_to_consolidate(&context, &self->error));
  write_cell(self, folder, plan, 1, true);
  refusing_malloc_each(try_to_consolidate, &context);
  recorded = recorded_of(self, folder, plan, false);
  assert_int_equal(recorded[0], WORK_DONE);
  assert_int_equal(recorded[1], WORK_FAILED);
  for (size_t i = 2; i < cells; i++)
    assert_int_equal(recorded[i], WORK_NOT_RECORDED);
  free(recorded);
  work_close(folder);
  plan_free(plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_metric_comes_back_bit_for_bit),
      TEST(what_a_cell_failed_of_comes_back),
      TEST(excluded_cells_are_missing),
      TEST(texts_that_are_not_utf8_are_mended),
      TEST(kept_rows_stand_in_the_order_of_the_grid),
      TEST(a_column_that_only_some_cells_keep_is_nan_elsewhere),
      TEST(a_column_of_another_width_gets_a_name_of_its_own),
      TEST(recorded_cells_are_those_in_parts_and_result),
      TEST(a_failed_cell_is_recorded_unless_it_is_to_be_retried),
      TEST(a_cell_that_was_retried_counts_as_done),
      TEST(an_extended_sweep_keeps_what_it_had),
      TEST(values_are_matched_by_the_labels_of_their_dimensions),
      TEST(inspecting_tells_sweeps_apart_and_counts_orphans),
      TEST(a_second_process_is_told_who_is_at_work),
      TEST(temporary_files_of_the_dead_are_removed),
      TEST(a_worker_joins_only_a_folder_that_is_there),
      TEST(a_part_that_does_not_fit_costs_only_itself),
      TEST(a_result_that_does_not_fit_leaves_the_old_one),
      TEST(a_kill_at_any_moment_loses_nothing),
      TEST(a_saved_world_is_loaded_as_it_was),
      TEST(a_policy_has_its_name_once_it_is_committed),
      TEST(a_consolidation_says_that_it_is_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
