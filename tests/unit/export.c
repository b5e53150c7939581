/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parts of heed export: draws by weight, labels of pairs, what is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above first */
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_draw.h"
#include "export_pairs.h"
#include "export_sink.h"

static void assert_near(double found, double expected, double tolerance) {
  if (fabs(found - expected) <= tolerance) return;
  fail_msg("found %.17g, expected %.17g within %g", found, expected, tolerance);
}

/* ---- draws ---- */

#define ROWS 5

/* Rows of weight 0 are between the others, and one is last. */
static const double weights[ROWS] = {0.5, 0, 3, 1.5, 0};

static void draw_all(uint64_t seed, uint64_t replicate, size_t draws,
                     size_t count[ROWS]) {
  export_draw draw;
  draw_start(&draw, seed, replicate, draws, 5);
  for (size_t i = 0; i < ROWS; i++) count[i] = draw_row(&draw, weights[i]);
}

static void draws_add_up_to_the_number_asked_for(void **state) {
  (void)state;
  for (size_t draws = 0; draws < 200; draws++) {
    size_t count[ROWS], total = 0;
    draw_all(1, draws, draws, count);
    for (size_t i = 0; i < ROWS; i++) total += count[i];
    assert_int_equal(total, draws);
    assert_int_equal(count[1] + count[4], 0);
  }
}

static void a_draw_depends_on_seed_and_replicate_alone(void **state) {
  size_t one[ROWS], same[ROWS], other[ROWS];
  bool differs = false;
  (void)state;
  draw_all(7, 3, 10000, one);
  draw_all(7, 3, 10000, same);
  draw_all(7, 4, 10000, other);
  assert_memory_equal(one, same, sizeof one);
  for (size_t i = 0; i < ROWS; i++) differs = differs || one[i] != other[i];
  assert_true(differs);
}

/* Counts are multinomial: of n draws, n p on average with variance n p (1 - p)
 * and covariance - n p q.  Over 20000 replicates, means, variances and
 * covariances stay within five standard errors; these are at most
 * sqrt(n / 4 / 20000) and, as fourth moments are below 4 variances squared,
 * 2 n / 4 / sqrt(20000). */
static void draws_are_independent_and_in_proportion_to_weights(void **state) {
  enum { REPLICATES = 20000, DRAWS = 8 };
  double sum[ROWS] = {0}, product[ROWS][ROWS] = {{0}};
  (void)state;
  for (uint64_t r = 0; r < REPLICATES; r++) {
    size_t count[ROWS];
    draw_all(2, r, DRAWS, count);
    for (size_t i = 0; i < ROWS; i++) {
      sum[i] += (double)count[i];
      for (size_t j = 0; j < ROWS; j++)
        product[i][j] += (double)(count[i] * count[j]);
    }
  }
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < ROWS; j++) {
      const double p = weights[i] / 5, q = weights[j] / 5;
      const double covariance = product[i][j] / REPLICATES -
                                sum[i] / REPLICATES * sum[j] / REPLICATES;
      assert_near(sum[i] / REPLICATES, DRAWS * p,
                  5 * sqrt(DRAWS / 4.0 / REPLICATES));
      assert_near(covariance, i == j ? DRAWS * p * (1 - p) : -DRAWS * p * q,
                  5 * DRAWS / 2.0 / sqrt(REPLICATES));
    }
}

/* ---- labels of pairs ---- */

/* Enumerates which response is better and which annotations are attended. */
static double enumerated(const export_annotation *said, unsigned count) {
  double total[2] = {0, 0};
  for (int better = 0; better < 2; better++)
    for (unsigned attended = 0; attended < 1u << count; attended++) {
      double chance = better == 1 ? said->prior : 1 - said->prior;
      for (unsigned i = 0; i < count; i++) {
        const bool attends = (attended >> i & 1u) != 0;
        const double eta = said[i].eta;
        const double right = said[i].chose_a == (better == 1) ? 1 : 0;
        chance *= attends ? eta * right : (1 - eta) * said[i].casual;
      }
      total[better] += chance;
    }
  return total[1] / (total[0] + total[1]);
}

static double labelled(const export_annotation *said, size_t count) {
  export_pairs pairs = {0};
  double p;
  for (size_t i = 0; i < count; i++)
    assert_int_equal(pairs_add(&pairs, &said[i], NULL), HEED_OK);
  const export_pair *found = pairs_find(&pairs, said->pair);
  assert_non_null(found);
  assert_int_equal(found->count, count);
  assert_int_equal(found->first, said->row);
  p = pairs_probability(found);
  p = found->log_odds < 0 ? 1 - p : p;
  pairs_free(&pairs);
  return p;
}

static void a_label_is_the_posterior_that_enumeration_gives(void **state) {
  heed_stream stream = stream_open(3, 0, "test", "labels", 0);
  (void)state;
  for (int trial = 0; trial < 200; trial++) {
    export_annotation said[6];
    const double prior = heed_uniform(&stream);
    for (size_t i = 0; i < 6; i++)
      said[i] = (export_annotation){.pair = 9,
                                    .row = 4 + i,
                                    .chose_a = heed_uniform(&stream) < 0.6,
                                    .weight = 1,
                                    .eta = heed_uniform(&stream),
                                    .casual = heed_uniform(&stream),
                                    .prior = prior};
    assert_near(labelled(said, 6), enumerated(said, 6), 1e-12);
  }
}

/* Weight 2 is the same annotation twice. */
static void a_weight_counts_an_annotation_so_many_times(void **state) {
  export_annotation said[2] = {
      {.chose_a = true, .weight = 1, .eta = 0.3, .casual = 0.5, .prior = 0.4}};
  (void)state;
  said[1] = said[0];
  const double twice = labelled(said, 2);
  said[0].weight = 2;
  assert_near(labelled(said, 1), twice, 1e-14);
  said[0].weight = 0;
  assert_near(labelled(said, 1), 0.4, 1e-14);
}

static void no_annotation_is_certain(void **state) {
  const export_annotation sure = {
      .chose_a = true, .weight = 1, .eta = 1, .casual = 0, .prior = 0.5};
  const export_annotation known = {
      .chose_a = true, .weight = 1, .eta = 0, .casual = 0.5, .prior = 1};
  (void)state;
  assert_near(labelled(&sure, 1), 1 / (1 + 1e-6), 1e-12);
  assert_near(labelled(&known, 1), 1 - 1e-6, 1e-12);
}

static void many_pairs_are_told_apart(void **state) {
  enum { PAIRS = 50000 };
  export_pairs pairs = {0};
  (void)state;
  for (int64_t i = 0; i < 2 * PAIRS; i++) {
    const export_annotation said = {.pair = i % PAIRS * 4096 - 70000,
                                    .row = (size_t)i,
                                    .weight = 1,
                                    .eta = 0.5,
                                    .casual = 0.5,
                                    .prior = 0.5,
                                    .chose_a = i % 3 == 0};
    assert_int_equal(pairs_add(&pairs, &said, NULL), HEED_OK);
  }
  assert_int_equal(pairs.count, PAIRS);
  for (int64_t i = 0; i < PAIRS; i++) {
    const export_pair *found = pairs_find(&pairs, i * 4096 - 70000);
    assert_non_null(found);
    assert_int_equal(found->first, i);
    assert_int_equal(found->count, 2);
  }
  assert_null(pairs_find(&pairs, 1));
  pairs_free(&pairs);
}

/* ---- what is written ---- */

/* What the sink makes of a text is what jansson makes of it. */
static void check_text(export_sink *sink, const char *text) {
  json_t *value = json_string(text);
  sink->used = 0;
  assert_int_equal(sink_json(sink, text), value != NULL);
  if (value == NULL) return;
  char *expected = json_dumps(value, JSON_ENCODE_ANY);
  assert_int_equal(sink->used, strlen(expected));
  assert_memory_equal(sink->bytes, expected, sink->used);
  free(expected);
  json_decref(value);
}

static void texts_are_written_as_jansson_writes_them(void **state) {
  static export_sink sink;
  heed_stream stream = stream_open(4, 0, "test", "texts", 0);
  (void)state;
  sink_open(&sink, NULL, NULL);
  for (uint32_t c = 1; c < 0x120000; c++) {
    char text[8] = "";
    if (c < 0x80)
      (void)snprintf(text, sizeof text, "%c", (int)c);
    else if (c < 0x800)
      (void)snprintf(text, sizeof text, "%c%c", (int)(0xc0 | c >> 6),
                     (int)(0x80 | (c & 63)));
    else if (c < 0x10000)
      (void)snprintf(text, sizeof text, "%c%c%c", (int)(0xe0 | c >> 12),
                     (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
    else
      (void)snprintf(text, sizeof text, "%c%c%c%c", (int)(0xf0 | c >> 18),
                     (int)(0x80 | (c >> 12 & 63)), (int)(0x80 | (c >> 6 & 63)),
                     (int)(0x80 | (c & 63)));
    check_text(&sink, text);
  }
  for (int trial = 0; trial < 20000; trial++) {
    char text[8];
    const size_t length = heed_uniform_integer(&stream, sizeof text);
    for (size_t i = 0; i < length; i++)
      text[i] = (char)(1 + heed_uniform_integer(&stream, 255));
    text[length] = '\0';
    check_text(&sink, text);
  }
}

/* By trying every number of digits. */
static void a_number_has_the_fewest_digits_that_read_back(void **state) {
  heed_stream stream = stream_open(5, 0, "test", "numbers", 0);
  (void)state;
  for (int trial = 0; trial < 100000; trial++) {
    const uint64_t bits = heed_bits(&stream);
    double number = heed_uniform(&stream);
    char text[NUMBER_SIZE], expected[NUMBER_SIZE];
    if (trial % 3 == 1) memcpy(&number, &bits, sizeof number);
    if (trial % 3 == 2) number = (double)(bits >> 44) / 1000;
    if (!isfinite(number)) continue;
    for (int digits = 6; digits <= 17; digits++) {
      (void)snprintf(expected, sizeof expected, "%.*g", digits, number);
      if (strtod(expected, NULL) == number) break;
    }
    view_number(number, text);
    assert_string_equal(text, expected);
  }
}

static void a_number_of_an_export_has_a_point_or_an_exponent(void **state) {
  static export_sink sink;
  static const double numbers[] = {1, 0.5, 1e300, 1, 0, 0.25, 0.5, 1, -3};
  (void)state;
  sink_open(&sink, NULL, NULL);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    sink_number(&sink, numbers[i]);
    sink_text(&sink, " ");
  }
  sink_bytes(&sink, "", 1);
  assert_string_equal(sink.bytes, "1.0 0.5 1e+300 1.0 0.0 0.25 0.5 1.0 -3.0 ");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_add_up_to_the_number_asked_for),
      cmocka_unit_test(a_draw_depends_on_seed_and_replicate_alone),
      cmocka_unit_test(draws_are_independent_and_in_proportion_to_weights),
      cmocka_unit_test(a_label_is_the_posterior_that_enumeration_gives),
      cmocka_unit_test(a_weight_counts_an_annotation_so_many_times),
      cmocka_unit_test(no_annotation_is_certain),
      cmocka_unit_test(many_pairs_are_told_apart),
      cmocka_unit_test(texts_are_written_as_jansson_writes_them),
      cmocka_unit_test(a_number_has_the_fewest_digits_that_read_back),
      cmocka_unit_test(a_number_of_an_export_has_a_point_or_an_exponent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
