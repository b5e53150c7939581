/* SPDX-License-Identifier: GPL-3.0-or-later
 * Mixtures by kind: values against sums in long double; the same bits on every
 * instruction set and with any number of threads. */
#include "support/attention/mixture.h"

#include <float.h>

#include "../support/workbench.h"
#include "support/numeric/threads.h"

enum { USERS = 300, KINDS = 150, NODES = 41, CHOICES = 60000, POWERS = 900 };
enum { PATHS = 3 };

static test_workbench bench;
static mixture_ends ends[KINDS];
static size_t first[USERS + 1], power_first[USERS + 1];
static uint32_t kind[CHOICES], power_kind[POWERS];
static double power_times[POWERS], node[NODES], r[USERS * NODES];
static attention_mixture mixture;

/* P of each kind at the nodes; a few are tiny, or 0 at an end. */
static void draw_kinds(heed_stream *stream) {
  for (size_t c = 0; c < KINDS; c++) {
    const double casual = c % 3 == 0 ? 0.5 : heed_uniform(stream);
    double g = heed_uniform(stream);
    if (c % 50 == 1) g = 0;
    if (c % 50 == 2) g = 0x1p-40;
    ends[c] = (mixture_ends){c % 50 == 3 ? 0 : casual, 0};
    ends[c].d = g - ends[c].c;
  }
}

/* The last user has no choice, the first ones have many. */
static void draw_choices(heed_stream *stream) {
  size_t end = 0, power_end = 0;
  for (size_t j = 0; j < USERS; j++) {
    const size_t most = j < 5 ? 5000 : 120;
    const size_t count =
        j + 1 == USERS ? 0 : (size_t)(heed_uniform(stream) * (double)most);
    for (size_t i = 0; i < count; i++, end++)
      kind[end] = (uint32_t)(heed_uniform(stream) * KINDS);
    for (size_t i = 0; i < j % 4 && j + 1 < USERS; i++, power_end++) {
      power_kind[power_end] = (uint32_t)(heed_uniform(stream) * KINDS);
      power_times[power_end] = floor(5 + 3000 * heed_uniform(stream));
    }
    first[j + 1] = end;
    power_first[j + 1] = power_end;
    assert_true(end <= CHOICES && power_end <= POWERS);
  }
}

static void draw_masses(heed_stream *stream) {
  for (size_t j = 0; j < USERS; j++) {
    double sum = 0;
    for (size_t k = 0; k < NODES; k++)
      sum += r[j * NODES + k] = heed_uniform(stream);
    for (size_t k = 0; k < NODES; k++) r[j * NODES + k] /= sum;
  }
}

static int set_up(void **state) {
  (void)state;
  workbench_open(&bench, 18);
  heed_stream stream = bench.host.host.stream(&bench.host.host, "mixture", 0);
  draw_kinds(&stream);
  draw_choices(&stream);
  draw_masses(&stream);
  for (size_t k = 0; k < NODES; k++) node[k] = (double)k / (NODES - 1);
  mixture = (attention_mixture){.users = USERS,
                                .kinds = KINDS,
                                .ends = ends,
                                .first = first,
                                .kind = kind,
                                .power_first = power_first,
                                .power_kind = power_kind,
                                .power_times = power_times};
  assert_int_equal(
      mixture_open(&bench.host.host, NODES, &mixture, &bench.error), HEED_OK);
  heed_memory memory = {&bench.host.host, false};
  mixture_open_masses(&memory, &mixture);
  assert_false(memory.refused);
  mixture_place(&mixture, NODES, node);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  workbench_close(&bench);
  return 0;
}

static long double chance(size_t c, size_t k) {
  return ends[c].c + (long double)node[k] * ends[c].d;
}

/* log P(history | node k), and the number of its factors. */
static long double log_likelihood(size_t user, size_t k, double *factors) {
  long double sum = 0;
  *factors = 0;
  for (size_t i = first[user]; i < first[user + 1]; i++, ++*factors)
    sum += logl(chance(kind[i], k));
  for (size_t i = power_first[user]; i < power_first[user + 1]; i++) {
    sum += power_times[i] * logl(chance(power_kind[i], k));
    *factors += power_times[i];
  }
  return sum;
}

/* Each factor is rounded, and each product; then the logarithm. */
static void likelihoods_are_products_of_probabilities(void **state) {
  static double found[USERS * NODES], scaled[USERS * NODES], most[USERS];
  size_t impossible = 0;
  (void)state;
  mixture_likelihood(&mixture, found, scaled, most);
  for (size_t j = 0; j < USERS; j++)
    for (size_t k = 0; k < NODES; k++) {
      double factors;
      const double expected = (double)log_likelihood(j, k, &factors);
      const double there = found[j * NODES + k];
      const double error = (2 * factors + 4 * fabs(expected) + 4) * DBL_EPSILON;
      if (!(expected > -HUGE_VAL)) {
        assert_true(there == -HUGE_VAL && scaled[j * NODES + k] == 0);
        impossible++;
        continue;
      }
      assert_near(there, expected, error);
      if (expected - most[j] > -700)
        assert_near(log(scaled[j * NODES + k]) + most[j], expected, 2 * error);
    }
  assert_true(impossible > 0 && impossible < USERS * NODES / 2);
}

static void the_largest_scaled_likelihood_is_near_one(void **state) {
  static double found[USERS * NODES], scaled[USERS * NODES], most[USERS];
  (void)state;
  mixture_likelihood(&mixture, found, scaled, most);
  for (size_t j = 0; j < USERS; j++) {
    double largest = 0;
    for (size_t k = 0; k < NODES; k++)
      largest = fmax(largest, scaled[j * NODES + k]);
    assert_true(largest >= 1 && largest < 2);
  }
}

/* In the sums below each term is rounded a few times, and they are positive. */
static void assert_close(double found, long double expected) {
  assert_near(found, (double)expected, (double)expected * 1e-12);
}

static void masses_are_sums_over_choices(void **state) {
  static double found[KINDS * (NODES + MIXTURE_LANES)];
  static long double expected[KINDS][NODES];
  (void)state;
  mixture_masses(&mixture, r, found);
  memset(expected, 0, sizeof expected);
  for (size_t j = 0; j < USERS; j++)
    for (size_t k = 0; k < NODES; k++) {
      const long double mine = r[j * NODES + k];
      for (size_t i = first[j]; i < first[j + 1]; i++)
        expected[kind[i]][k] += mine;
      for (size_t i = power_first[j]; i < power_first[j + 1]; i++)
        expected[power_kind[i]][k] += power_times[i] * mine;
    }
  for (size_t c = 0; c < KINDS; c++)
    for (size_t k = 0; k < NODES; k++)
      assert_close(found[c * mixture.padded + k], expected[c][k]);
}

/* With and without choices sorted by kind: a user after the other adds to it.
 */
static void masses_do_not_depend_on_the_order_of_choices(void **state) {
  static double sorted[KINDS * (NODES + MIXTURE_LANES)];
  static double found[KINDS * (NODES + MIXTURE_LANES)];
  attention_mixture other = mixture;
  (void)state;
  assert_non_null(mixture.sorted);
  other.sorted = NULL;
  mixture_masses(&mixture, r, sorted);
  mixture_masses(&other, r, found);
  for (size_t c = 0; c < KINDS; c++)
    for (size_t k = 0; k < NODES; k++)
      assert_close(found[c * mixture.padded + k],
                   sorted[c * mixture.padded + k]);
}

/* More users than fit in a block: user j has choices j, j + 1, ... */
static void masses_are_added_block_by_block(void **state) {
  enum { MANY = 20000, EACH = 6, FEW = 20 };
  heed_memory memory = {&bench.host.host, false};
  size_t *start = heed_scratch_sizes(&memory, MANY + 1);
  uint32_t *each = heed_scratch(&memory, MANY * EACH, sizeof *each);
  double *mine = heed_scratch_doubles(&memory, MANY * NODES);
  double found[FEW * (NODES + MIXTURE_LANES)];
  long double expected[FEW][NODES] = {{0}};
  (void)state;
  assert_false(memory.refused);
  for (size_t j = 0; j < MANY; j++) {
    start[j + 1] = start[j] + EACH;
    for (size_t k = 0; k < NODES; k++)
      mine[j * NODES + k] = (double)((j * NODES + k) % 1009) / 1009;
    for (size_t i = 0; i < EACH; i++) {
      each[j * EACH + i] = (uint32_t)((j + i) % FEW);
      for (size_t k = 0; k < NODES; k++)
        expected[(j + i) % FEW][k] += mine[j * NODES + k];
    }
  }
  attention_mixture many = {
      .users = MANY, .kinds = FEW, .ends = ends, .first = start, .kind = each};
  assert_int_equal(mixture_open(&bench.host.host, NODES, &many, &bench.error),
                   HEED_OK);
  mixture_open_masses(&memory, &many);
  assert_false(memory.refused);
  mixture_place(&many, NODES, node);
  assert_true(many.first_block[many.mass_parts] > many.mass_parts);
  mixture_masses(&many, mine, found);
  for (size_t c = 0; c < FEW; c++)
    for (size_t k = 0; k < NODES; k++)
      assert_close(found[c * many.padded + k], expected[c][k]);
}

/* P(the choice was attended | the user's mass). */
static long double attended(size_t user, size_t c) {
  long double sum = 0;
  for (size_t k = 0; k < NODES; k++)
    if (chance(c, k) > 0)
      sum += r[user * NODES + k] * (long double)node[k] / chance(c, k);
  return sum * ((long double)ends[c].c + ends[c].d);
}

static void attended_weights_are_sums_over_choices(void **state) {
  static double found[KINDS];
  static long double expected[KINDS];
  (void)state;
  mixture_attended(&mixture, r, found);
  memset(expected, 0, sizeof expected);
  for (size_t j = 0; j < USERS; j++) {
    for (size_t i = first[j]; i < first[j + 1]; i++)
      expected[kind[i]] += attended(j, kind[i]);
    for (size_t i = power_first[j]; i < power_first[j + 1]; i++)
      expected[power_kind[i]] += power_times[i] * attended(j, power_kind[i]);
  }
  for (size_t c = 0; c < KINDS; c++) assert_close(found[c], expected[c]);
}

static void check_means(const double *known) {
  static double found[CHOICES];
  for (size_t j = 0; j < USERS; j++) {
    const mixture_list list = mixture_choices(&mixture, j);
    memset(found, 0, list.count * sizeof *found);
    mixture.kernels->leave_out(&list, mixture.padded, mixture.node,
                               mixture_row(&mixture, r, j, 0), known, 0.75,
                               found);
    for (size_t i = 0; i < list.count; i++) {
      long double sum = 0, of_eta = 0;
      for (size_t k = 0; k < NODES; k++) {
        const long double rest = r[j * NODES + k] / chance(list.kind[i], k);
        sum += rest;
        of_eta += rest * node[k];
      }
      assert_close(found[i], 0.75L * of_eta / sum);
    }
  }
}

static void a_mean_without_a_choice_divides_it_out(void **state) {
  static double inverse[KINDS * (NODES + MIXTURE_LANES)];
  (void)state;
  for (size_t c = 0; c < KINDS; c++) {
    if (c % 50 > 0 && c % 50 < 4) ends[c] = ends[0];
    for (size_t k = 0; k < mixture.padded; k++)
      inverse[c * mixture.padded + k] =
          1 / (ends[c].c + mixture.node[k] * ends[c].d);
  }
  check_means(NULL);
  check_means(inverse);
}

/* ---- the same bits ---- */

/* All that is computed. */
typedef struct mixture_results {
  double log_likelihood[USERS * NODES], likelihood[USERS * NODES], most[USERS];
  double mass[KINDS * (NODES + MIXTURE_LANES)], attended[KINDS];
  double left_out[CHOICES];
} mixture_results;

static void compute(mixture_results *results) {
  memset(results, 0, sizeof *results);
  mixture_likelihood(&mixture, results->log_likelihood, results->likelihood,
                     results->most);
  mixture_masses(&mixture, r, results->mass);
  mixture_attended(&mixture, r, results->attended);
  for (size_t j = 0; j < USERS; j++) {
    const mixture_list list = mixture_choices(&mixture, j);
    mixture.kernels->leave_out(&list, mixture.padded, mixture.node,
                               mixture_row(&mixture, r, j, 0), NULL, 1,
                               results->left_out + first[j]);
  }
}

static void every_instruction_set_gives_the_same_bits(void **state) {
  static mixture_results plain, other;
  const mixture_kernels *path[PATHS] = {mixture_kernels_plain(),
                                        mixture_kernels_avx2(),
                                        mixture_kernels_avx512()};
  (void)state;
  mixture.kernels = path[0];
  compute(&plain);
  for (size_t i = 1; i < PATHS; i++) {
    if (path[i] == NULL) continue;
    mixture.kernels = path[i];
    compute(&other);
    assert_memory_equal(&plain, &other, sizeof plain);
  }
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
  static mixture_results one, several;
  (void)state;
  mixture.threads = 1;
  compute(&one);
  for (size_t threads = 2; threads <= 5; threads++) {
    mixture.threads = threads;
    compute(&several);
    assert_memory_equal(&one, &several, sizeof one);
  }
}

/* Blocks of nodes: whatever their number, each node has the same bits. */
static void a_node_does_not_depend_on_the_others(void **state) {
  static double all[USERS * NODES], few[USERS * NODES];
  (void)state;
  mixture_likelihood(&mixture, all, NULL, NULL);
  for (size_t count = 1; count < NODES; count += 3) {
    mixture_place(&mixture, count, node);
    mixture_likelihood(&mixture, few, NULL, NULL);
    for (size_t j = 0; j < USERS; j++)
      assert_memory_equal(few + j * count, all + j * NODES,
                          count * sizeof *few);
  }
}

/* ---- threads ---- */

static void mark(void *context, size_t part) {
  ((int *)context)[part]++;
}

static void each_part_is_done_once(void **state) {
  (void)state;
  for (size_t threads = 1; threads < 9; threads++) {
    int done[200] = {0};
    threads_run(threads, 200, mark, done);
    for (size_t part = 0; part < 200; part++) assert_int_equal(done[part], 1);
  }
}

static void shares_cover_everything_once(void **state) {
  (void)state;
  for (size_t total = 0; total < 50; total++)
    for (size_t parts = 1; parts < 9; parts++) {
      size_t end = 0;
      for (size_t part = 0; part < parts; part++) {
        const threads_range range = threads_share(total, part, parts);
        assert_int_equal(range.first, end);
        end = range.end;
      }
      assert_int_equal(end, total);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(likelihoods_are_products_of_probabilities),
      TEST(the_largest_scaled_likelihood_is_near_one),
      TEST(masses_are_sums_over_choices),
      TEST(masses_do_not_depend_on_the_order_of_choices),
      TEST(masses_are_added_block_by_block),
      TEST(attended_weights_are_sums_over_choices),
      TEST(a_mean_without_a_choice_divides_it_out),
      TEST(every_instruction_set_gives_the_same_bits),
      TEST(any_number_of_threads_gives_the_same_bits),
      TEST(a_node_does_not_depend_on_the_others),
      TEST(each_part_is_done_once),
      TEST(shares_cover_everything_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
