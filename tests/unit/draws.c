/* SPDX-License-Identifier: GPL-3.0-or-later
 * Draws that worlds share: the same numbers as without sharing. */
#include "heed/draws.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/workbench.h"

enum { WIDTH = 70, PROMPTS = 200, HELD_OUT = 30 };

static const heed_draws_part parts[] = {{"prompt", PROMPTS},
                                        {"held_out", HELD_OUT}};

typedef struct bench {
  host_arena *memory;
  host_draws *draws;
  host_service host;
} bench;

static int set_up(void **state) {
  bench *self = calloc(1, sizeof *self);
  self->memory = arena_create();
  self->draws = draws_create();
  service_open(&self->host);
  self->host.output = self->host.scratch = self->memory;
  self->host.stage = "world";
  self->host.seed = 7;
  self->host.draws = self->draws;
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  bench *self = *state;
  draws_free(self->draws);
  arena_free(self->memory);
  free(self);
  return 0;
}

static const double *ask(bench *self, size_t count) {
  const heed_host *host = &self->host.host;
  const double *made = heed_draws_of(host)->normals(host, count, parts, WIDTH);
  assert_non_null(made);
  return made;
}

/* The world that asked before is gone. */
static const double *ask_next(bench *self, size_t count) {
  draws_release(self->draws);
  const double *made = ask(self, count);
  draws_tidy(self->draws);
  return made;
}

static void rows_are_those_of_their_streams(void **state) {
  bench *self = *state;
  const heed_host *host = &self->host.host;
  const double *row = ask(self, 2);
  double expected[WIDTH];
  for (size_t i = 0; i < 2; i++)
    for (size_t j = 0; j < parts[i].rows; j++, row += WIDTH) {
      heed_stream stream = host->stream(host, parts[i].purpose, j);
      heed_normals(heed_vector_of(host), &stream, WIDTH, expected);
      assert_memory_equal(row, expected, sizeof expected);
    }
}

static void a_host_that_shares_nothing_draws_the_same(void **state) {
  bench *self = *state;
  const double *shared = ask(self, 2);
  self->host.draws = NULL;
  const double *own = ask(self, 2);
  assert_ptr_not_equal(own, shared);
  assert_memory_equal(own, shared, (PROMPTS + HELD_OUT) * WIDTH * sizeof *own);
}

static void the_next_world_of_a_replicate_gets_the_same_matrix(void **state) {
  bench *self = *state;
  const double *first = ask(self, 2);
  assert_ptr_equal(ask_next(self, 2), first);
  assert_true(draws_hold(self->draws, first));
}

/* Another replicate, seed, stage. */
static void other_keys_get_other_numbers(void **state) {
  bench *self = *state;
  double seen[4];
  seen[0] = *ask(self, 2);
  self->host.replicate = 1;
  seen[1] = *ask_next(self, 2);
  self->host.seed = 8;
  seen[2] = *ask_next(self, 2);
  self->host.stage = "annotations";
  seen[3] = *ask_next(self, 2);
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < i; j++) assert_true(seen[i] != seen[j]);
}

static void what_no_world_asks_for_is_freed(void **state) {
  bench *self = *state;
  const double *made = ask(self, 2);
  draws_release(self->draws);
  draws_tidy(self->draws);
  assert_false(draws_hold(self->draws, made));
}

static void a_world_keeps_all_that_it_asked_for(void **state) {
  bench *self = *state;
  const double *both = ask(self, 2), *one = ask(self, 1);
  draws_tidy(self->draws);
  assert_true(draws_hold(self->draws, both));
  assert_true(draws_hold(self->draws, one));
  assert_memory_equal(both, one, PROMPTS * WIDTH * sizeof *one);
}

/* The process that writes dies. */
static void large_matrices_are_read_only(void **state) {
  bench *self = *state;
  double *made = (double *)(uintptr_t)ask(self, 2);
  int outcome;
  const pid_t child = fork();
  if (child == 0) {
    (void)signal(SIGSEGV, SIG_DFL);
    made[0] = 1;
    _exit(0);
  }
  assert_int_equal(waitpid(child, &outcome, 0), child);
  assert_true(WIFSIGNALED(outcome) || WEXITSTATUS(outcome) != 0);
}

static void a_changed_small_matrix_is_drawn_again(void **state) {
  bench *self = *state;
  const heed_host *host = &self->host.host;
  const heed_draws *draws = heed_draws_of(host);
  const heed_draws_part part = {"small", 4};
  double *made = (double *)(uintptr_t)draws->normals(host, 1, &part, 3);
  const double right = made[5];
  assert_true(draws_are_intact(self->draws));
  made[5] = 1e9;
  assert_false(draws_are_intact(self->draws));
  draws_release(self->draws);
  assert_true(draws->normals(host, 1, &part, 3)[5] == right);
  assert_true(draws_are_intact(self->draws));
}

static void a_matrix_too_large_is_refused(void **state) {
  bench *self = *state;
  const heed_host *host = &self->host.host;
  const heed_draws *draws = heed_draws_of(host);
  const heed_draws_part large[] = {
      {"large", SIZE_MAX / 4}, {"largest", SIZE_MAX}, {"small", 1}};
  assert_null(draws->normals(host, 1, large, 3));
  assert_null(draws->normals(host, 1, large, SIZE_MAX / 2));
  assert_null(draws->normals(host, 2, large + 1, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(rows_are_those_of_their_streams),
      TEST(a_host_that_shares_nothing_draws_the_same),
      TEST(the_next_world_of_a_replicate_gets_the_same_matrix),
      TEST(other_keys_get_other_numbers),
      TEST(what_no_world_asks_for_is_freed),
      TEST(a_world_keeps_all_that_it_asked_for),
      TEST(large_matrices_are_read_only),
      TEST(a_changed_small_matrix_is_drawn_again),
      TEST(a_matrix_too_large_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
