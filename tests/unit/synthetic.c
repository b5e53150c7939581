/* SPDX-License-Identifier: GPL-3.0-or-later
 * The synthetic source: what it promises of its worlds. */
#include "../support/workbench.h"

/* In the order of the source's outputs. */
enum {
  MU,
  MU_EXPECTED,
  SHARPNESS,
  LIKENESS,
  COSINE,
  REWARD_GAP,
  DIVERGENCE,
  GOLD_ERROR
};

static double sigmoid(double x) {
  return 1.0 / (1.0 + exp(-x));
}

static void make(test_workbench *bench, uint64_t seed, const char *parameters,
                 heed_world *world) {
  workbench_open(bench, seed);
  const heed_instance *source =
      workbench_make(bench, HEED_SOURCE, "synthetic", parameters);
  const heed_status status = workbench_world(bench, source, world);
  if (status != HEED_OK) fail_msg("%s", bench->error.message);
}

static const double *numbers(const heed_table *table, const char *name) {
  const double *data = heed_table_data(table, name, HEED_FLOAT64);
  assert_non_null(data);
  return data;
}

static void every_gap_is_reached_at_every_cosine(void **state) {
  (void)state;
  const double gaps[] = {0.6, 0.74, 0.98}, cosines[] = {0.4, 0.7, 1.0};
  for (size_t i = 0; i < 9; i++) {
    char parameters[128];
    test_workbench bench;
    heed_world world;
    (void)snprintf(parameters, sizeof parameters,
                   "{\"mu\": %g, \"cosine\": %g, \"held_out\": 10}",
                   gaps[i / 3], cosines[i % 3]);
    make(&bench, i + 1, parameters, &world);
    /* What is calibrated is the expected gap; the pairs' own scatters around
     * it with sd <= 0.5 / sqrt(10000): five of them. */
    assert_near(bench.output[MU_EXPECTED], gaps[i / 3], 1e-8);
    assert_near(world.mu, gaps[i / 3], 0.025);
    assert_near(world.mu_requested, gaps[i / 3], 0);
    workbench_close(&bench);
  }
}

/* The expected gap of models A and B that lean along the reward (cosine 1). */
static double gap_of(const heed_world *world, double scale, double sharpness) {
  const double *reward = numbers(world->prompts, "reward");
  const size_t wide = world->candidates;
  const size_t prompts = world->prompts->rows - world->held_out;
  double gap = 0;
  for (size_t i = 0; i < prompts; i++) {
    const double *r = reward + i * wide;
    double all = 0, won = 0;
    for (size_t a = 0; a < wide; a++)
      for (size_t b = 0; b < wide; b++) {
        const double weight = exp(sharpness * (r[a] - r[b]) / scale);
        all += weight;
        won += weight * sigmoid(r[a] - r[b]);
      }
    gap += won / all / (double)prompts;
  }
  return gap;
}

/* More prompts than the first, rough search uses; flat curves, too. */
static void the_expected_gap_is_mu(void **state) {
  (void)state;
  const double gaps[] = {0.5001, 0.6, 0.74, 0.93, 0.985, 0.995};
  const int candidates[] = {5, 40};
  for (size_t i = 0; i < 12; i++) {
    char parameters[160];
    test_workbench bench;
    heed_world world;
    (void)snprintf(parameters, sizeof parameters,
                   "{\"mu\": %g, \"cosine\": 1, \"held_out\": 10, "
                   "\"candidates\": %d, \"pairs\": 600, \"prompts\": 600, "
                   "\"scale\": 6}",
                   gaps[i / 2], candidates[i % 2]);
    make(&bench, i + 1, parameters, &world);
    assert_near(gap_of(&world, 6, bench.output[SHARPNESS]), gaps[i / 2], 1e-10);
    workbench_close(&bench);
  }
}

static void likeness_is_used_only_where_it_must_be(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  make(&bench, 1, "{\"mu\": 0.74, \"cosine\": 0.4}", &world);
  assert_near(bench.output[LIKENESS], 0.0, 0);
  workbench_close(&bench);
  make(&bench, 1, "{\"mu\": 0.98, \"cosine\": 0.4}", &world);
  assert_true(bench.output[LIKENESS] > 0.0);
  workbench_close(&bench);
}

/* ---- traits of pairs ---- */

static double correlation(size_t count, const double *a, const double *b) {
  double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < count; i++) {
    ma += a[i] / (double)count;
    mb += b[i] / (double)count;
  }
  for (size_t i = 0; i < count; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / sqrt(aa * bb);
}

#define TRAITS                                          \
  ", \"minority_scale\": 3, \"minority_cosine\": -0.5," \
  " \"length_cosine\": 0.4, \"difficulty_correlation\": 0.6"

static void traits_leave_the_rest_of_the_world_alone(void **state) {
  (void)state;
  test_workbench bench, other;
  heed_world world, included;
  make(&bench, 3, "{\"held_out\": 10}", &world);
  make(&other, 3, "{\"held_out\": 10" TRAITS "}", &included);
  assert_int_equal(included.pairs->column_count, world.pairs->column_count + 4);
  for (size_t i = 0; i < world.pairs->column_count; i++) {
    const heed_column *a = &world.pairs->columns[i];
    const heed_column *b = heed_table_column(included.pairs, a->name);
    assert_memory_equal(a->data, b->data,
                        world.pairs->rows * a->width * heed_type_size(a->type));
  }
  assert_memory_equal(numbers(world.prompts, "reward"),
                      numbers(included.prompts, "reward"),
                      world.prompts->rows * world.candidates * sizeof(double));
  workbench_close(&bench);
  workbench_close(&other);
}

/* Models A and B that do not differ (mu = 1/2) draw responses at random, so
 * that differences of features are normal and the cosines are correlations:
 * of 20000 pairs, standard error below .01. */
static void traits_have_the_cosines_asked_for(void **state) {
  enum { PAIRS = 20000 };
  (void)state;
  test_workbench bench;
  heed_world world;
  make(&bench, 4,
       "{\"mu\": 0.5, \"pairs\": 20000, \"prompts\": 20000, \"held_out\": 0,"
       " \"candidates\": 2" TRAITS "}",
       &world);
  const double *p = numbers(world.pairs, "p");
  const double *minority = numbers(world.pairs, "p_minority");
  const double *longer = numbers(world.pairs, "length_difference");
  const double *length = numbers(world.pairs, "length");
  double *truth = calloc(2 * PAIRS, sizeof *truth), *taste = truth + PAIRS;
  double square = 0, both = 0, taste_square = 0, mean = 0;
  assert_non_null(truth);
  for (size_t i = 0; i < PAIRS; i++) {
    truth[i] = log(p[i]) - log1p(-p[i]);
    taste[i] = log(minority[i]) - log1p(-minority[i]);
    square += longer[i] * longer[i] / PAIRS;
    both += length[i] * length[i] / PAIRS;
    taste_square += taste[i] * taste[i] / PAIRS;
    mean += length[i] / PAIRS;
  }
  assert_near(correlation(PAIRS, truth, taste), -0.5, 0.03);
  assert_near(correlation(PAIRS, truth, longer), 0.4, 0.03);
  assert_near(correlation(PAIRS, length, longer), 0, 0.03);
  assert_near(mean, 0, 0.04);
  /* Half of the pairs are one response twice: both lengths are then one. */
  assert_near(square, 0.5, 0.03);
  assert_near(both, 1.5, 0.06);
  assert_near(taste_square, 0.5 * 2 * 9, 0.5);
  free(truth);
  workbench_close(&bench);
}

static void difficulty_follows_how_near_rewards_are(void **state) {
  static const double asked[] = {-1, 0, 0.6, 1};
  (void)state;
  for (size_t n = 0; n < 4; n++) {
    char parameters[128];
    test_workbench bench;
    heed_world world;
    double mean = 0, square = 0, all = 0, like = 0;
    (void)snprintf(parameters, sizeof parameters,
                   "{\"held_out\": 0, \"difficulty_correlation\": %g}",
                   asked[n]);
    make(&bench, 6, parameters, &world);
    const double *difficulty = numbers(world.pairs, "difficulty");
    const double *p = numbers(world.pairs, "p");
    for (size_t i = 0; i < 10000; i++) {
      mean += difficulty[i] / 10000;
      square += difficulty[i] * difficulty[i] / 10000;
    }
    /* Of pairs 0 and 1, 2 and 3, …: how often the one with nearer rewards is
     * the more difficult; two normals of correlation r agree with 1/2 +
     * asin(r) / pi, and 5000 of them with a standard error below .0071. */
    for (size_t i = 0; i < 10000; i += 2) {
      const double a = fabs(p[i] - 0.5), b = fabs(p[i + 1] - 0.5);
      if (a == b) continue;
      all++;
      like += (a < b) == (difficulty[i] > difficulty[i + 1]);
    }
    assert_near(mean, 0, 0.04);
    assert_near(square, 1, 0.06);
    assert_near(like / all, 0.5 + asin(asked[n]) / 3.14159265358979, 0.03);
    workbench_close(&bench);
  }
}

/* Prompts are shared out evenly, and the correlation that was asked for holds
 * between normal scores, of which topics keep the order. */
static void topics_follow_how_well_a_does(void **state) {
  static const double asked[] = {-1, 0, 0.6, 1};
  enum { TOPICS = 5, ROWS = 10000, PROMPTS = 500 };
  (void)state;
  for (size_t n = 0; n < 4; n++) {
    char parameters[160];
    test_workbench bench;
    heed_world world;
    double sum[TOPICS] = {0}, mean[PROMPTS] = {0}, all = 0, like = 0;
    size_t count[TOPICS] = {0};
    (void)snprintf(parameters, sizeof parameters,
                   "{\"held_out\": 0, \"prompts\": 500, \"topics\": 5, "
                   "\"topic_correlation\": %g}",
                   asked[n]);
    make(&bench, 8, parameters, &world);
    const int32_t *topic = heed_table_data(world.pairs, "topic", HEED_INT32);
    const double *gap = numbers(world.pairs, "mu_topic");
    const double *p = numbers(world.pairs, "p");
    for (size_t i = 0; i < ROWS; i++) {
      assert_int_equal(topic[i], topic[i % PROMPTS]);
      sum[topic[i]] += p[i];
      count[topic[i]]++;
      mean[i % PROMPTS] += p[i];
    }
    for (size_t t = 0; t < TOPICS; t++) assert_int_equal(count[t], 2000);
    for (size_t i = 0; i < ROWS; i++)
      assert_near(gap[i], sum[topic[i]] / 2000, 1e-12);
    /* Of two prompts of different topics, how often the higher topic is the
     * one where A does better. */
    for (size_t i = 0; i < PROMPTS; i++)
      for (size_t k = 0; k < i; k++) {
        if (topic[i] == topic[k] || mean[i] == mean[k]) continue;
        all++;
        like += (topic[i] > topic[k]) == (mean[i] > mean[k]);
      }
    if (fabs(asked[n]) == 1)
      assert_near(like / all, asked[n] > 0, 1e-12);
    else if (asked[n] == 0)
      assert_near(like / all, 0.5, 0.06); /* 500 prompts: three errors */
    else /* 1/2 + asin(.6) / pi = .70 of all pairs, more of those set apart */
      assert_true(like / all > 0.68 && like / all < 0.82);
    workbench_close(&bench);
  }
}

static void traits_need_a_direction_of_their_own(void **state) {
  (void)state;
  test_workbench bench;
  workbench_open(&bench, 1);
  assert_null(workbench_try(&bench, HEED_SOURCE, "synthetic",
                            "{\"features\": 2, \"length_cosine\": 0}"));
  assert_non_null(
      strstr(bench.error.message, "features: found 2, expected 3 or more"));
  workbench_close(&bench);
}

static void mu_is_the_mean_of_p_over_the_pairs(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  make(&bench, 3, "{\"pairs\": 3000}", &world);
  const double *p = numbers(world.pairs, "p");
  double sum = 0.0;
  assert_int_equal(world.pairs->rows, 3000);
  for (size_t i = 0; i < 3000; i++) sum += p[i];
  assert_near(world.mu, sum / 3000.0, 1e-12);
  assert_near(bench.output[MU], world.mu, 0);
  workbench_close(&bench);
}

static void pairs_follow_from_the_prompts(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  make(&bench, 4, "{\"pairs\": 500, \"prompts\": 100, \"held_out\": 7}",
       &world);
  const double *p = numbers(world.pairs, "p");
  const double *difference = numbers(world.pairs, "difference");
  const double *phi = numbers(world.prompts, "features");
  const double *reward = numbers(world.prompts, "reward");
  const int64_t *prompt = heed_table_data(world.pairs, "prompt", HEED_INT64);
  const int64_t *a = heed_table_data(world.pairs, "response_a", HEED_INT64);
  const int64_t *b = heed_table_data(world.pairs, "response_b", HEED_INT64);
  assert_int_equal(world.prompts->rows, 107);
  assert_int_equal(world.held_out, 7);
  for (size_t i = 0; i < 500; i++) {
    assert_int_equal(prompt[i], i % 100);
    assert_true(a[i] >= 0 && (size_t)a[i] < world.candidates);
    const size_t first = (size_t)(prompt[i] * 40 + a[i]);
    const size_t second = (size_t)(prompt[i] * 40 + b[i]);
    assert_near(p[i], sigmoid(reward[first] - reward[second]), 1e-12);
    for (size_t k = 0; k < 8; k++)
      assert_near(difference[i * 8 + k],
                  phi[first * 8 + k] - phi[second * 8 + k], 1e-14);
  }
  workbench_close(&bench);
}

/* Solves r = w.phi by least squares on the first d candidates, in place of
 * trusting the source's own w. */
static void reward_direction(const double *phi, const double *reward,
                             double w[8]) {
  double m[8][9];
  for (size_t i = 0; i < 8; i++) {
    for (size_t k = 0; k < 8; k++) m[i][k] = phi[i * 8 + k];
    m[i][8] = reward[i];
  }
  for (size_t c = 0; c < 8; c++) {
    size_t pivot = c;
    for (size_t r = c; r < 8; r++)
      if (fabs(m[r][c]) > fabs(m[pivot][c])) pivot = r;
    for (size_t k = 0; k < 9; k++) {
      const double swapped = m[c][k];
      m[c][k] = m[pivot][k];
      m[pivot][k] = swapped;
    }
    for (size_t r = 0; r < 8; r++) {
      const double factor = m[r][c] / m[c][c];
      if (r != c)
        for (size_t k = 0; k < 9; k++) m[r][k] -= factor * m[c][k];
    }
  }
  for (size_t c = 0; c < 8; c++) w[c] = m[c][8] / m[c][c];
}

static void reward_is_linear_with_the_scale_asked_for(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  double w[8], length = 0.0;
  make(&bench, 5, "{\"scale\": 2.5, \"mu\": 0.7}", &world);
  const double *phi = numbers(world.prompts, "features");
  const double *reward = numbers(world.prompts, "reward");
  reward_direction(phi, reward, w);
  for (size_t k = 0; k < 8; k++) length += w[k] * w[k];
  assert_near(sqrt(length), 2.5, 1e-9);
  for (size_t i = 0; i < 40 * world.prompts->rows; i++) {
    double r = 0.0;
    for (size_t k = 0; k < 8; k++) r += w[k] * phi[i * 8 + k];
    assert_near(reward[i], r, 1e-8);
  }
  workbench_close(&bench);
}

static void separation_has_the_cosine_asked_for(void **state) {
  (void)state;
  const double cosines[] = {0.4, 0.7, 1.0}, gaps[] = {0.74, 0.98};
  for (size_t i = 0; i < 6; i++) {
    char parameters[128];
    test_workbench bench;
    heed_world world;
    double w[8], mean[8] = {0}, ww = 0.0, mm = 0.0, wm = 0.0;
    (void)snprintf(parameters, sizeof parameters,
                   "{\"mu\": %g, \"cosine\": %g, \"pairs\": 40000}",
                   gaps[i / 3], cosines[i % 3]);
    make(&bench, 6, parameters, &world);
    const double *difference = numbers(world.pairs, "difference");
    reward_direction(numbers(world.prompts, "features"),
                     numbers(world.prompts, "reward"), w);
    for (size_t r = 0; r < world.pairs->rows; r++)
      for (size_t k = 0; k < 8; k++)
        mean[k] += difference[r * 8 + k] / (double)world.pairs->rows;
    for (size_t k = 0; k < 8; k++) {
      ww += w[k] * w[k];
      mm += mean[k] * mean[k];
      wm += w[k] * mean[k];
    }
    /* 2000 prompts: each component of the mean difference has a standard error
     * near 0.03, its length is above 1. */
    assert_near(wm / sqrt(ww * mm), cosines[i % 3], 0.06);
    assert_near(bench.output[COSINE], wm / sqrt(ww * mm), 1e-9);
    assert_near(bench.output[REWARD_GAP], wm, 1e-9);
    workbench_close(&bench);
  }
}

static void models_a_and_b_are_what_the_reference_can_be(void **state) {
  (void)state;
  test_workbench benches[3];
  heed_world worlds[3];
  const char *references[] = {"uniform", "a", "b"};
  const double *log_pi[3];
  double expected = 0.0, divergence = 0.0;
  for (size_t i = 0; i < 3; i++) {
    char parameters[128];
    (void)snprintf(parameters, sizeof parameters,
                   "{\"reference\": \"%s\", \"prompts\": 300, \"mu\": 0.8}",
                   references[i]);
    make(&benches[i], 7, parameters, &worlds[i]);
    log_pi[i] = numbers(worlds[i].prompts, "reference");
  }
  const double *reward = numbers(worlds[0].prompts, "reward");
  for (size_t i = 0; i < 300; i++) {
    double total[3] = {0};
    for (size_t a = 0; a < 40; a++) {
      const double pi = exp(log_pi[1][i * 40 + a]);
      for (size_t m = 0; m < 3; m++) total[m] += exp(log_pi[m][i * 40 + a]);
      divergence += pi * (log_pi[1][i * 40 + a] - log_pi[2][i * 40 + a]) / 300;
      for (size_t b = 0; b < 40; b++)
        expected += pi * exp(log_pi[2][i * 40 + b]) *
                    sigmoid(reward[i * 40 + a] - reward[i * 40 + b]) / 300;
    }
    for (size_t m = 0; m < 3; m++) assert_near(total[m], 1.0, 1e-12);
  }
  assert_near(expected, 0.8, 1e-8);
  assert_near(benches[0].output[DIVERGENCE], divergence, 1e-9);
  assert_near(log_pi[0][17], -log(40.0), 1e-15);
  for (size_t i = 0; i < 3; i++) workbench_close(&benches[i]);
}

static void larger_gap_keeps_prompts_and_ranks_of_responses(void **state) {
  (void)state;
  test_workbench first, second;
  heed_world near, far;
  size_t moved = 0;
  make(&first, 8, "{\"mu\": 0.7, \"cosine\": 1}", &near);
  make(&second, 8, "{\"mu\": 0.7001, \"cosine\": 1}", &far);
  const int64_t *a = heed_table_data(near.pairs, "response_a", HEED_INT64);
  const int64_t *b = heed_table_data(far.pairs, "response_a", HEED_INT64);
  assert_memory_equal(numbers(near.prompts, "features"),
                      numbers(far.prompts, "features"), 40 * 8 * 8 * 2500);
  for (size_t i = 0; i < near.pairs->rows; i++) moved += a[i] != b[i];
  assert_true(moved < near.pairs->rows / 100);
  workbench_close(&first);
  workbench_close(&second);
}

static void more_pairs_keep_the_pairs_there_were(void **state) {
  (void)state;
  test_workbench first, second;
  heed_world few, many;
  make(&first, 9, "{\"pairs\": 3000}", &few);
  make(&second, 9, "{\"pairs\": 6000}", &many);
  assert_memory_equal(numbers(few.pairs, "difference"),
                      numbers(many.pairs, "difference"), 3000 * 8 * 8);
  workbench_close(&first);
  workbench_close(&second);
}

/* With few candidates the gap falls again before the end of the path. */
static void a_gap_that_falls_does_not_pass_for_the_wanted_one(void **state) {
  static const char *const unreachable[] = {
      "{\"mu\": 0.55, \"cosine\": 0, \"scale\": 0.01, \"candidates\": 2, "
      "\"features\": 2, \"prompts\": 100, \"pairs\": 600}",
      "{\"mu\": 0.74, \"cosine\": 0.7, \"scale\": 1, \"candidates\": 2, "
      "\"features\": 2, \"prompts\": 100, \"pairs\": 600}",
      "{\"mu\": 0.74, \"cosine\": 0.7, \"scale\": 1, \"candidates\": 2, "
      "\"features\": 2, \"prompts\": 1000, \"pairs\": 6000}"};
  (void)state;
  for (size_t i = 0; i < sizeof unreachable / sizeof *unreachable; i++) {
    test_workbench bench;
    heed_world world;
    workbench_open(&bench, 10);
    const heed_instance *source =
        workbench_make(&bench, HEED_SOURCE, "synthetic", unreachable[i]);
    assert_int_equal(workbench_world(&bench, source, &world), HEED_INVALID);
    assert_non_null(strstr(bench.error.message, "cannot be reached"));
    workbench_close(&bench);
  }
}

static void unreachable_gap_is_an_error_with_the_reachable_range(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  workbench_open(&bench, 10);
  const heed_instance *source = workbench_make(
      &bench, HEED_SOURCE, "synthetic",
      "{\"mu\": 0.98, \"cosine\": 0.4, \"scale\": 1, \"likeness\": 0}");
  assert_int_equal(workbench_world(&bench, source, &world), HEED_INVALID);
  assert_non_null(strstr(bench.error.message, "mu = 0.98 cannot be reached"));
  const char *range =
      strstr(bench.error.message, "reachable range is 0.500 to");
  assert_non_null(range);
  const double most = strtod(range + 28, NULL);
  assert_true(most > 0.7 && most < 0.85);
  workbench_close(&bench);
  /* and just below that it can be reached */
  char parameters[128];
  (void)snprintf(parameters, sizeof parameters,
                 "{\"mu\": %.3f, \"cosine\": 0.4, \"scale\": 1, "
                 "\"likeness\": 0}",
                 most);
  make(&bench, 10, parameters, &world);
  workbench_close(&bench);
}

static void gap_of_one_half_makes_the_models_alike(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  make(&bench, 11, "{\"mu\": 0.5}", &world);
  assert_near(bench.output[SHARPNESS], 0.0, 1e-6);
  assert_near(bench.output[DIVERGENCE], 0.0, 1e-9);
  workbench_close(&bench);
}

static void topics_are_there_when_asked_for(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  size_t seen[3] = {0};
  make(&bench, 12, "{\"topics\": 3}", &world);
  const int32_t *topic = heed_table_data(world.pairs, "topic", HEED_INT32);
  assert_non_null(topic);
  for (size_t i = 0; i < world.pairs->rows; i++) seen[topic[i]]++;
  for (size_t t = 0; t < 3; t++) assert_true(seen[t] > 2500);
  workbench_close(&bench);
}

static void judge_gives_the_true_reward_and_refuses_others(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  double rewards[2];
  workbench_open(&bench, 13);
  const heed_instance *source =
      workbench_make(&bench, HEED_SOURCE, "synthetic", "{}");
  const heed_source_functions *functions = source->plugin->functions;
  assert_int_equal(workbench_world(&bench, source, &world), HEED_OK);
  heed_response asked[2] = {{.prompt = 2100, .candidate = 3},
                            {.prompt = 2100, .candidate = 39}};
  assert_int_equal(functions->judge(source->self, &bench.host.host, &world, 2,
                                    asked, rewards, &bench.error),
                   HEED_OK);
  assert_near(rewards[1], numbers(world.prompts, "reward")[2100 * 40 + 39], 0);
  asked[1].candidate = 40;
  assert_int_equal(functions->judge(source->self, &bench.host.host, &world, 2,
                                    asked, rewards, &bench.error),
                   HEED_INVALID);
  assert_non_null(strstr(bench.error.message, "no candidate 40"));
  workbench_close(&bench);
}

/* ---- gold pairs ---- */

/* A larger share has the gold pairs of a smaller one; p is what it was. */
static void the_share_of_gold_pairs_is_the_one_asked_for(void **state) {
  (void)state;
  test_workbench bench, other;
  heed_world some, more;
  size_t count = 0, larger = 0;
  double error = 0;
  make(&bench, 5, "{\"held_out\": 0, \"gold\": 0.05}", &some);
  make(&other, 5, "{\"held_out\": 0, \"gold\": 0.1, \"gold_as\": \"answer\"}",
       &more);
  const double *p = numbers(some.pairs, "p");
  const double *gold = numbers(some.pairs, "gold");
  const double *answer = numbers(more.pairs, "gold");
  assert_memory_equal(p, numbers(more.pairs, "p"),
                      some.pairs->rows * sizeof *p);
  for (size_t i = 0; i < some.pairs->rows; i++) {
    if (!isnan(answer[i])) {
      larger++;
      assert_near(answer[i], p[i] > 0.5, 0);
    }
    if (isnan(gold[i])) continue;
    count++;
    error += fmin(p[i], 1 - p[i]);
    assert_near(gold[i], p[i], 0);
    assert_true(answer[i] == 0 || answer[i] == 1);
  }
  assert_int_equal(count, 500);
  assert_int_equal(larger, 1000);
  assert_near(bench.output[GOLD_ERROR], error / 500, 1e-12);
  workbench_close(&bench);
  workbench_close(&other);
}

static void without_gold_pairs_there_is_no_column(void **state) {
  (void)state;
  test_workbench bench;
  heed_world world;
  make(&bench, 5, "{\"held_out\": 0}", &world);
  assert_null(heed_table_column(world.pairs, "gold"));
  assert_true(isnan(bench.output[GOLD_ERROR]));
  workbench_close(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_gap_is_reached_at_every_cosine),
      cmocka_unit_test(the_expected_gap_is_mu),
      cmocka_unit_test(likeness_is_used_only_where_it_must_be),
      cmocka_unit_test(traits_leave_the_rest_of_the_world_alone),
      cmocka_unit_test(traits_have_the_cosines_asked_for),
      cmocka_unit_test(difficulty_follows_how_near_rewards_are),
      cmocka_unit_test(topics_follow_how_well_a_does),
      cmocka_unit_test(traits_need_a_direction_of_their_own),
      cmocka_unit_test(mu_is_the_mean_of_p_over_the_pairs),
      cmocka_unit_test(pairs_follow_from_the_prompts),
      cmocka_unit_test(reward_is_linear_with_the_scale_asked_for),
      cmocka_unit_test(separation_has_the_cosine_asked_for),
      cmocka_unit_test(models_a_and_b_are_what_the_reference_can_be),
      cmocka_unit_test(larger_gap_keeps_prompts_and_ranks_of_responses),
      cmocka_unit_test(more_pairs_keep_the_pairs_there_were),
      cmocka_unit_test(a_gap_that_falls_does_not_pass_for_the_wanted_one),
      cmocka_unit_test(unreachable_gap_is_an_error_with_the_reachable_range),
      cmocka_unit_test(gap_of_one_half_makes_the_models_alike),
      cmocka_unit_test(topics_are_there_when_asked_for),
      cmocka_unit_test(judge_gives_the_true_reward_and_refuses_others),
      cmocka_unit_test(the_share_of_gold_pairs_is_the_one_asked_for),
      cmocka_unit_test(without_gold_pairs_there_is_no_column),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
