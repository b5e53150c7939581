/* SPDX-License-Identifier: GPL-3.0-or-later
 * Execution: which cells go out together, what a worker tells, and workers that
 * do not leave.  What a run does as a whole is tested in tests/cli. */
/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "execution/execution.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "host/hash.h"
#include "queue.h"

/* A sweep of 2 worlds x 2 posteriors x 3 evaluations, 2 replicates. */
#define WORLDS 2
#define POSTERIORS 2
#define LEAVES 3
#define POINTS (WORLDS * POSTERIORS * LEAVES)
#define REPLICATES 2
#define CELLS (POINTS * REPLICATES)
#define NODES (WORLDS * (1 + POSTERIORS * (1 + LEAVES)))

static plan_node nodes[NODES];
static plan_point points[POINTS];
static heed_plan tree;
static const uint8_t nothing[CELLS];

static size_t add_node(plan_stage stage, size_t parent, size_t point,
                       size_t count) {
  const size_t position = tree.node_count++;
  nodes[position] = (plan_node){.stage = stage,
                                .parent = parent,
                                .first_point = point,
                                .point_count = count};
  return position;
}

static void make_tree(bool costly) {
  tree =
      (heed_plan){.replicates = REPLICATES, .nodes = nodes, .points = points};
  for (size_t i = 0; i < WORLDS; i++) {
    const size_t world =
        add_node(PLAN_WORLD, SIZE_MAX, tree.point_count, POSTERIORS * LEAVES);
    nodes[world].costly = costly;
    for (size_t j = 0; j < POSTERIORS; j++) {
      const size_t posterior =
          add_node(PLAN_POSTERIOR, world, tree.point_count, LEAVES);
      for (size_t k = 0; k < LEAVES; k++) {
        const size_t point = tree.point_count++;
        points[point].leaf = add_node(PLAN_EVALUATION, posterior, point, 1);
      }
    }
  }
}

static const execution_batch_wish modest = {
    .cells = 1, .most = CELLS, .worth = SIZE_MAX};
static const execution_batch_wish other = {
    .taker = 1, .cells = 1, .most = CELLS, .worth = SIZE_MAX};

static size_t cell_of(size_t point, size_t replicate) {
  return point * REPLICATES + replicate;
}

/* ---- the queue ---- */

static void a_batch_ends_where_a_shared_posterior_ends(void **state) {
  uint64_t cells[CELLS];
  execution_queue *self;
  (void)state;
  make_tree(false);
  self = queue_create(&tree, nothing);
  assert_int_equal(queue_take(self, &modest, cells), LEAVES);
  for (size_t i = 0; i < LEAVES; i++) assert_int_equal(cells[i], cell_of(i, 0));
  assert_int_equal(queue_take(self, &modest, cells), LEAVES);
  assert_int_equal(cells[0], cell_of(LEAVES, 0));
  assert_int_equal(queue_waiting(self), CELLS - 2 * LEAVES);
  queue_free(self);
}

static void every_cell_is_taken_once_replicate_by_replicate(void **state) {
  uint64_t cells[CELLS];
  size_t total = 0, count;
  execution_queue *self;
  (void)state;
  make_tree(false);
  self = queue_create(&tree, nothing);
  while ((count = queue_take(self, &modest, cells)) > 0)
    for (size_t i = 0; i < count; i++, total++)
      assert_int_equal(cells[i], cell_of(total % POINTS, total / POINTS));
  assert_int_equal(total, CELLS);
  queue_free(self);
}

static void a_posterior_worth_sharing_is_split_for_an_idle_worker(
    void **state) {
  execution_batch_wish wish = modest;
  uint64_t cells[CELLS];
  execution_queue *self;
  (void)state;
  make_tree(false);
  self = queue_create(&tree, nothing);
  wish.worth = 2;
  assert_int_equal(queue_take(self, &wish, cells), LEAVES);
  wish.idle = 1;
  assert_int_equal(queue_take(self, &wish, cells), 2);
  queue_free(self);
}

static void batches_leave_something_for_idle_workers(void **state) {
  execution_batch_wish wish = modest;
  uint64_t cells[CELLS];
  execution_queue *self;
  size_t most = 0, count;
  (void)state;
  make_tree(false);
  self = queue_create(&tree, nothing);
  wish.cells = CELLS;
  wish.idle = 1;
  while ((count = queue_take(self, &wish, cells)) > 0)
    if (count > most) most = count;
  /* A quarter and one, up to the end of a posterior. */
  assert_in_range(most, 1, CELLS / 4 + LEAVES);
  queue_free(self);
}

static void recorded_cells_are_not_taken(void **state) {
  uint8_t recorded[CELLS] = {0};
  uint64_t cells[CELLS];
  execution_queue *self;
  size_t total = 0, count;
  (void)state;
  make_tree(false);
  for (size_t i = 0; i < CELLS; i += 2) recorded[i] = 1;
  self = queue_create(&tree, recorded);
  assert_int_equal(queue_waiting(self), CELLS / 2);
  while ((count = queue_take(self, &modest, cells)) > 0)
    for (size_t i = 0; i < count; i++, total++)
      assert_int_equal(cells[i] % 2, 1);
  assert_int_equal(total, CELLS / 2);
  queue_free(self);
}

static void returned_cells_are_taken_first(void **state) {
  uint64_t first[CELLS], second[CELLS], again[CELLS];
  execution_queue *self;
  (void)state;
  make_tree(false);
  self = queue_create(&tree, nothing);
  assert_int_equal(queue_take(self, &modest, first), LEAVES);
  assert_int_equal(queue_take(self, &modest, second), LEAVES);
  queue_recorded(self, (size_t)first[0]);
  for (size_t i = 0; i < LEAVES; i++) queue_return(self, (size_t)first[i]);
  assert_int_equal(queue_waiting(self), CELLS - LEAVES - 1);
  assert_int_equal(queue_take(self, &modest, again), LEAVES - 1);
  assert_int_equal(again[0], first[1]);
  assert_int_equal(queue_state(self, (size_t)first[0]), CELL_RECORDED);
  queue_free(self);
}

static void a_worker_with_nothing_to_take_is_known(void **state) {
  uint64_t cells[CELLS];
  execution_queue *self;
  (void)state;
  make_tree(true);
  self = queue_create(&tree, nothing);
  assert_true(queue_has_for(self, modest.taker));
  assert_true(queue_has_for(self, other.taker));
  /* The first worker is making each world of each replicate. */
  while (queue_has_for(self, other.taker))
    assert_int_not_equal(queue_take(self, &modest, cells), 0);
  assert_int_equal(queue_take(self, &other, cells), 0);
  assert_true(queue_has_for(self, modest.taker));
  queue_free(self);
}

static void a_costly_node_is_made_by_one_worker_at_a_time(void **state) {
  uint64_t first[CELLS], second[CELLS], third[CELLS];
  execution_batch_wish wish = other;
  execution_queue *self;
  (void)state;
  make_tree(true);
  self = queue_create(&tree, nothing);
  /* Only one cell, so that the others do not wait longer than needed. */
  assert_int_equal(queue_take(self, &modest, first), 1);
  /* The first world is under way: the other worker gets the second. */
  assert_int_equal(queue_take(self, &other, second), 1);
  assert_int_equal(second[0], cell_of(POSTERIORS * LEAVES, 0));
  /* Once it is recorded, all workers can load it. */
  queue_recorded(self, (size_t)first[0]);
  wish.last = (size_t)first[0] + 1;
  assert_int_equal(queue_take(self, &wish, third), LEAVES - 1);
  assert_int_equal(third[0], cell_of(1, 0));
  queue_free(self);
}

static void cells_of_a_costly_node_start_when_it_is_made(void **state) {
  uint64_t first[CELLS], second[CELLS];
  execution_batch_wish wish = other;
  execution_queue *self;
  (void)state;
  make_tree(true);
  self = queue_create(&tree, nothing);
  assert_int_equal(queue_take(self, &modest, first), 1);
  wish.last = (size_t)first[0] + 1;
  queue_made(self, (size_t)first[0], PLAN_POSTERIOR); /* is not costly */
  assert_int_equal(queue_take(self, &wish, second), 1);
  assert_int_equal(second[0], cell_of(POSTERIORS * LEAVES, 0));
  queue_made(self, (size_t)first[0], PLAN_WORLD);
  assert_int_equal(queue_take(self, &wish, second), LEAVES - 1);
  assert_int_equal(second[0], cell_of(1, 0));
  queue_free(self);
}

static void a_shared_checkpoint_is_made_by_one_worker_at_a_time(void **state) {
  uint64_t first[CELLS], second[CELLS];
  execution_batch_wish wish = modest;
  execution_queue *self;
  (void)state;
  make_tree(true);
  for (size_t i = 0; i < tree.node_count; i++)
    if (nodes[i].costly) (void)strcpy(nodes[i].shared, "one for all worlds");
  self = queue_create(&tree, nothing);
  assert_int_equal(queue_take(self, &modest, first), 1);
  /* All worlds of this replicate are left alone: the next one's first. */
  assert_int_equal(queue_take(self, &other, second), 1);
  assert_int_equal(second[0], cell_of(0, 1));
  /* Made, it is for all; each world is still made by one. */
  queue_made(self, (size_t)first[0], PLAN_WORLD);
  wish.last = (size_t)first[0] + 1;
  assert_int_equal(queue_take(self, &wish, first), LEAVES - 1);
  assert_int_equal(first[0], cell_of(1, 0));
  assert_int_equal(queue_take(self, &other, second), 1);
  assert_int_equal(second[0], cell_of(POSTERIORS * LEAVES, 0));
  queue_free(self);
}

static void a_costly_node_of_a_dead_worker_is_free_again(void **state) {
  uint64_t first[CELLS], second[CELLS];
  execution_queue *self;
  (void)state;
  make_tree(true);
  self = queue_create(&tree, nothing);
  assert_int_equal(queue_take(self, &modest, first), 1);
  queue_return(self, (size_t)first[0]);
  while (queue_take(self, &other, second) > 0 && second[0] != first[0])
    continue;
  assert_int_equal(second[0], first[0]);
  queue_free(self);
}

static void where_all_costly_nodes_are_under_way_nothing_is_taken(
    void **state) {
  execution_batch_wish wish = modest;
  uint64_t cells[CELLS];
  execution_queue *self;
  (void)state;
  make_tree(true);
  self = queue_create(&tree, nothing);
  for (uint32_t taker = 0; taker < WORLDS * REPLICATES; taker++) {
    wish.taker = taker;
    assert_int_equal(queue_take(self, &wish, cells), 1);
  }
  wish.taker = WORLDS * REPLICATES;
  assert_int_equal(queue_take(self, &wish, cells), 0);
  assert_int_equal(queue_waiting(self), CELLS - WORLDS * REPLICATES);
  queue_free(self);
}

/* Takes a batch as worker `taker` whose last cell was *last. */
static size_t take_as(execution_queue *self, uint32_t taker, size_t *last,
                      uint64_t *cells) {
  execution_batch_wish wish = modest;
  size_t count;
  wish.taker = taker;
  wish.last = *last;
  count = queue_take(self, &wish, cells);
  if (count > 0) *last = (size_t)cells[count - 1] + 1;
  return count;
}

static void a_worker_goes_on_with_its_world(void **state) {
  uint64_t cells[CELLS];
  size_t last[2] = {0, 0};
  execution_queue *self;
  (void)state;
  make_tree(false);
  self = queue_create(&tree, nothing);
  /* Each begins a world, and takes the second posterior of its own. */
  for (size_t turn = 0; turn < POSTERIORS; turn++)
    for (uint32_t taker = 0; taker < 2; taker++) {
      assert_int_equal(take_as(self, taker, &last[taker], cells), LEAVES);
      assert_int_equal(cells[0],
                       cell_of((taker * POSTERIORS + turn) * LEAVES, 0));
    }
  /* The next replicate has worlds of its own. */
  for (uint32_t taker = 0; taker < 2; taker++) {
    assert_int_equal(take_as(self, taker, &last[taker], cells), LEAVES);
    assert_int_equal(cells[0], cell_of(taker * POSTERIORS * LEAVES, 1));
  }
  queue_free(self);
}

static void a_worker_without_a_world_helps_another(void **state) {
  uint64_t cells[CELLS];
  size_t last[2] = {0, 0}, total = 0, count;
  execution_queue *self;
  (void)state;
  make_tree(false);
  self = queue_create(&tree, nothing);
  total += take_as(self, 0, &last[0], cells);
  /* The other takes all the rest, the first one's world at the end. */
  while ((count = take_as(self, 1, &last[1], cells)) > 0) total += count;
  assert_int_equal(total, CELLS);
  assert_int_equal(cells[0], cell_of(LEAVES, 0));
  queue_free(self);
}

static void what_is_announced_is_seen(void **state) {
  execution_slot self = {0};
  execution_place place;
  (void)state;
  assert_false(slot_look(&self, &place));
  slot_announce(&self, 12345678901, PLAN_EVALUATION);
  assert_true(slot_look(&self, &place));
  assert_int_equal(place.cell, 12345678901);
  assert_int_equal(place.stage, PLAN_EVALUATION);
  assert_true(isnan(place.done));
  assert_true(place.seconds >= 0 && place.seconds < 60);
  atomic_store(&self.done, 1 + 250000);
  assert_true(slot_look(&self, &place));
  assert_true(place.done == 0.25);
  slot_rest(&self);
  assert_false(slot_look(&self, &place));
  assert_false(slot_last(&self, &place));
}

static void what_a_stage_says_is_seen_until_the_next(void **state) {
  static execution_slot self;
  execution_place place;
  char longer[2 * EXECUTION_WHAT];
  (void)state;
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  slot_announce(&self, 3, PLAN_POLICY);
  assert_true(slot_look(&self, &place));
  assert_string_equal(place.what, "");
  slot_tell(&self, 0.25, "step 1 of 4");
  assert_true(slot_look(&self, &place));
  assert_string_equal(place.what, "step 1 of 4");
  assert_true(fabs(place.done - 0.25) < 1e-5);
  slot_tell(&self, 0.5, longer);
  assert_true(slot_look(&self, &place));
  assert_int_equal(strlen(place.what), EXECUTION_WHAT - 1);
  slot_announce(&self, 4, PLAN_POLICY);
  assert_true(slot_look(&self, &place));
  assert_string_equal(place.what, "");
}

static void a_changing_slot_is_not_believed_but_of_the_dead(void **state) {
  execution_slot self = {0};
  execution_place place;
  (void)state;
  slot_announce(&self, 7, PLAN_WORLD);
  atomic_store(&self.start, 0);
  assert_false(slot_look(&self, &place));
  assert_true(slot_last(&self, &place));
  assert_int_equal(place.cell, 7);
  assert_int_equal(place.stage, PLAN_WORLD);
}

static void messages_come_through_whole_and_in_order(void **state) {
  execution_message sent = {.kind = MESSAGE_RUN, .count = CHANNEL_CELLS}, got;
  int sockets[2];
  (void)state;
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
  for (size_t i = 0; i < CHANNEL_CELLS; i++) sent.body.cells[i] = i * i;
  assert_false(channel_receive(sockets[1], &got, false));
  assert_true(channel_send(sockets[0], &sent));
  sent = (execution_message){.kind = MESSAGE_ERROR, .status = HEED_IO};
  strcpy(sent.body.text, "no room");
  assert_true(channel_send(sockets[0], &sent));
  assert_true(channel_receive(sockets[1], &got, true));
  assert_int_equal(got.kind, MESSAGE_RUN);
  assert_int_equal(got.count, CHANNEL_CELLS);
  for (size_t i = 0; i < CHANNEL_CELLS; i++)
    assert_int_equal(got.body.cells[i], i * i);
  assert_true(channel_receive(sockets[1], &got, true));
  assert_string_equal(got.body.text, "no room");
  (void)close(sockets[0]);
  assert_false(channel_receive(sockets[1], &got, true));
  assert_false(channel_send(sockets[1], &sent));
  (void)close(sockets[1]);
}

/* ---- plugins of a plan ---- */

static void a_plugin_that_is_not_what_was_planned_with_is_refused(
    void **state) {
  static const char file[] = HEED_TEST_BUILD "/tests/plugins/small/small.so";
  plan_plugin wanted = {HEED_SOURCE, "small", "1.0", file, NULL};
  const heed_plan plan = {.plugin_count = 1, .plugins = &wanted};
  heed_error error = {HEED_OK, ""};
  char digest[HASH_SIZE];
  host_registry *loaded = NULL;
  const int opened = open(file, O_RDONLY);
  (void)state;
  assert_int_equal(hash_descriptor(opened, file, digest, &error), HEED_OK);
  (void)close(opened);
  wanted.sha256 = digest;
  assert_int_equal(execution_load(&plan, true, NULL, NULL, &loaded, &error),
                   HEED_OK);
  registry_free(loaded);
  digest[0] = digest[0] == '0' ? '1' : '0';
  assert_int_not_equal(execution_load(&plan, true, NULL, NULL, &loaded, &error),
                       HEED_OK);
  assert_non_null(strstr(error.message, file));
}

/* ---- workers ---- */

/* child_start() starts this program again, as it would heed. */
static int be_a_worker(const char *folder) {
  const char *name = strrchr(folder, '/') + 1;
  fprintf(stderr, "first words\nlast words\n");
  if (strncmp(name, "leaves", 6) == 0) return 3;
  if (strncmp(name, "dies", 4) == 0) (void)raise(SIGABRT);
  for (;;) (void)pause(); /* it hangs */
}

/* What valgrind runs is valgrind: it cannot start itself as a worker. */
static void need_own_program(void) {
  const char *preloaded = getenv("LD_PRELOAD");
  if (preloaded == NULL || strstr(preloaded, "valgrind") == NULL) return;
  print_message("not under valgrind\n");
  skip();
}

/* folder: becomes a new folder; the work folder is beside it. */
static heed_work *start_worker(execution_child *self, char *folder) {
  heed_work *work = NULL;
  execution_child_options options = {NULL, 3, false};
  heed_error error = {HEED_OK, ""};
  assert_non_null(mkdtemp(folder));
  assert_int_equal(work_open(folder, &work, &error), HEED_OK);
  options.work = work;
  assert_int_equal(child_start(self, &options, &error), HEED_OK);
  return work;
}

static void end_worker(execution_child *self, execution_child_end *end) {
  const struct timespec moment = {0, 1000000};
  for (int i = 0; i < 10000; i++) {
    if (child_has_ended(self, end)) return;
    (void)nanosleep(&moment, NULL);
  }
  fail_msg("the worker does not end");
}

static void remove_folder(heed_work *work, const char *folder) {
  heed_error error;
  assert_int_equal(work_remove(work, &error), HEED_OK);
  assert_int_equal(rmdir(folder), 0);
}

static void how_a_worker_ended_is_known(void **state) {
  char leaves[] = "/tmp/leaves-XXXXXX", dies[] = "/tmp/dies-XXXXXX";
  execution_child self = {0};
  execution_child_end end;
  heed_work *work;
  (void)state;
  need_own_program();
  work = start_worker(&self, leaves);
  end_worker(&self, &end);
  assert_true(WIFEXITED(end.wait_status));
  assert_int_equal(WEXITSTATUS(end.wait_status), 3);
  assert_string_equal(end.words, "last words");
  child_forget(&self);
  remove_folder(work, leaves);
  work = start_worker(&self, dies);
  end_worker(&self, &end);
  assert_true(WIFSIGNALED(end.wait_status));
  assert_int_equal(WTERMSIG(end.wait_status), SIGABRT);
  child_forget(&self);
  remove_folder(work, dies);
}

static void a_worker_that_does_not_leave_is_killed(void **state) {
  char folder[] = "/tmp/hangs-XXXXXX";
  execution_child self = {0};
  uint64_t start;
  heed_work *work;
  (void)state;
  need_own_program();
  work = start_worker(&self, folder);
  start = channel_now();
  child_dismiss(&self, false);
  /* Two seconds are given, ten allow for a busy machine. */
  assert_true(channel_seconds_since(start) < 10);
  assert_int_equal(self.pid, 0);
  remove_folder(work, folder);
  work = start_worker(&self, strcpy(folder, "/tmp/hangs-XXXXXX"));
  start = channel_now();
  child_dismiss(&self, true);
  assert_true(channel_seconds_since(start) < 2);
  assert_int_equal(self.pid, 0);
  remove_folder(work, folder);
}

static void a_worker_is_weighed_and_its_log_kept_short(void **state) {
  char folder[] = "/tmp/hangs-XXXXXX", *words;
  const size_t length = (size_t)5 << 20;
  execution_child self = {0};
  struct stat file_status;
  heed_work *work;
  (void)state;
  need_own_program();
  work = start_worker(&self, folder);
  child_weigh(&self);
  assert_in_range(self.held, 1 << 12, (size_t)1 << 30);
  words = calloc(length, 1);
  assert_int_equal(write(self.log, words, length), length);
  free(words);
  child_trim_log(&self);
  assert_int_equal(fstat(self.log, &file_status), 0);
  assert_true(file_status.st_size < (off_t)length);
  child_dismiss(&self, true);
  remove_folder(work, folder);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_batch_ends_where_a_shared_posterior_ends),
      cmocka_unit_test(every_cell_is_taken_once_replicate_by_replicate),
      cmocka_unit_test(a_posterior_worth_sharing_is_split_for_an_idle_worker),
      cmocka_unit_test(batches_leave_something_for_idle_workers),
      cmocka_unit_test(recorded_cells_are_not_taken),
      cmocka_unit_test(returned_cells_are_taken_first),
      cmocka_unit_test(a_worker_with_nothing_to_take_is_known),
      cmocka_unit_test(a_costly_node_is_made_by_one_worker_at_a_time),
      cmocka_unit_test(a_shared_checkpoint_is_made_by_one_worker_at_a_time),
      cmocka_unit_test(a_costly_node_of_a_dead_worker_is_free_again),
      cmocka_unit_test(where_all_costly_nodes_are_under_way_nothing_is_taken),
      cmocka_unit_test(cells_of_a_costly_node_start_when_it_is_made),
      cmocka_unit_test(a_worker_goes_on_with_its_world),
      cmocka_unit_test(a_worker_without_a_world_helps_another),
      cmocka_unit_test(what_is_announced_is_seen),
      cmocka_unit_test(what_a_stage_says_is_seen_until_the_next),
      cmocka_unit_test(a_changing_slot_is_not_believed_but_of_the_dead),
      cmocka_unit_test(messages_come_through_whole_and_in_order),
      cmocka_unit_test(a_plugin_that_is_not_what_was_planned_with_is_refused),
      cmocka_unit_test(how_a_worker_ended_is_known),
      cmocka_unit_test(a_worker_that_does_not_leave_is_killed),
      cmocka_unit_test(a_worker_is_weighed_and_its_log_kept_short),
  };
  if (argc > 2 && strcmp(argv[1], "worker") == 0) return be_a_worker(argv[2]);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
