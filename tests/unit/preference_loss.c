/* SPDX-License-Identifier: GPL-3.0-or-later
 * Preference losses: values, derivatives, limits. */
#include "../support/workbench.h"
#include "host/vector.h"
#include "support/preference/loss.h"

static const double margins[] = {-9.0, -2.5, -0.3, 0.0, 0.7, 4.0};
static const preference_label labels[] = {{0.9, 0.5, 0.1}, {0.1, 0.5, 0.45},
                                          {0.4, 0.8, 0.3}, {0.6, 0.1, 0.2},
                                          {1.0, 0.5, 0.0}, {0.0, 0.5, 0.05}};

#define MARGINS (sizeof margins / sizeof *margins)
#define LABELS (sizeof labels / sizeof *labels)

static const preference_loss *sigmoid_loss(void) {
  return preference_loss_of(PREFERENCE_SIGMOID);
}

static const preference_loss *noise_aware(void) {
  return preference_loss_of(PREFERENCE_NOISE_AWARE);
}

/* Every loss that is a sum over annotations. */
static const preference_kind kinds[] = {
    PREFERENCE_SIGMOID,         PREFERENCE_NOISE_AWARE,
    PREFERENCE_HINGE,           PREFERENCE_IPO,
    PREFERENCE_LABEL_SMOOTHING, PREFERENCE_ROBUST,
    PREFERENCE_ROBUST_PER_USER};
#define KINDS (sizeof kinds / sizeof *kinds)

static preference_term term(preference_kind kind, double margin,
                            preference_label label) {
  return preference_loss_of(kind)->term(margin, label);
}

/* Central differences: an error of h^2, and rounding of 1e-16 / h.  Hinge also
 * inside its corner. */
static void slopes_and_curvatures_are_derivatives(void **state) {
  const double h = 1e-5;
  (void)state;
  for (size_t l = 0; l < KINDS; l++)
    for (size_t i = 0; i <= MARGINS; i++)
      for (size_t j = 0; j < LABELS; j++) {
        const double z =
            i < MARGINS ? margins[i] : 1.0 - 0.3 * PREFERENCE_CORNER;
        const preference_term here = term(kinds[l], z, labels[j]);
        const preference_term above = term(kinds[l], z + h, labels[j]);
        const preference_term below = term(kinds[l], z - h, labels[j]);
        assert_near(here.slope, (above.value - below.value) / (2.0 * h), 2e-9);
        assert_near(here.curvature, (above.slope - below.slope) / (2.0 * h),
                    2e-8);
        assert_true(here.information >= 0.0);
        if (preference_loss_of(kinds[l])->convex)
          assert_near(here.information, here.curvature, 0.0);
      }
}

/* What each is by its definition. */
static void losses_are_as_defined(void **state) {
  (void)state;
  for (size_t i = 0; i < MARGINS; i++)
    for (size_t j = 0; j < LABELS; j++) {
      const double z = margins[i], e = labels[j].flip;
      const double yes = log(1.0 + exp(-z)), no = log(1.0 + exp(z));
      assert_near(term(PREFERENCE_SIGMOID, z, labels[j]).value, yes, 1e-12);
      assert_near(term(PREFERENCE_HINGE, z, labels[j]).value,
                  z < 1.0 ? 1.0 - z : 0.0, PREFERENCE_CORNER / 2.0 + 1e-12);
      assert_near(term(PREFERENCE_IPO, z, labels[j]).value,
                  (z - 0.5) * (z - 0.5), 1e-12);
      assert_near(term(PREFERENCE_LABEL_SMOOTHING, z, labels[j]).value,
                  (1.0 - e) * yes + e * no, 1e-12);
      assert_near(term(PREFERENCE_ROBUST, z, labels[j]).value,
                  ((1.0 - e) * yes - e * no) / (1.0 - 2.0 * e), 1e-11);
    }
}

/* A label flipped with probability e has margin -z then: on the mean the
 * robust loss is that of the label before. */
static void robust_is_unbiased_under_flips(void **state) {
  (void)state;
  for (size_t i = 0; i < MARGINS; i++)
    for (size_t j = 0; j < LABELS; j++) {
      const double z = margins[i], e = labels[j].flip;
      const preference_term kept = term(PREFERENCE_ROBUST, z, labels[j]);
      const preference_term flipped = term(PREFERENCE_ROBUST, -z, labels[j]);
      const preference_term clean = term(PREFERENCE_SIGMOID, z, labels[j]);
      assert_near((1.0 - e) * kept.value + e * flipped.value, clean.value,
                  1e-11);
      assert_near((1.0 - e) * kept.slope - e * flipped.slope, clean.slope,
                  1e-11);
    }
}

static void rates_of_flips_are_as_told(void **state) {
  const preference_rates rates = {
      .smoothing = 0.2, .flip_rate = 0.3, .floor = 0.25};
  (void)state;
  assert_near(preference_flip(PREFERENCE_LABEL_SMOOTHING, &rates, 0.9), 0.2, 0);
  assert_near(preference_flip(PREFERENCE_ROBUST, &rates, 0.9), 0.3, 0);
  assert_near(preference_flip(PREFERENCE_ROBUST_PER_USER, &rates, 0.9), 0.05,
              1e-15);
  assert_near(preference_flip(PREFERENCE_ROBUST_PER_USER, &rates, 0.0), 0.375,
              0);
  assert_near(preference_flip(PREFERENCE_SIGMOID, &rates, 0.9), 0, 0);
}

/* What a loss believes of its labels: the chance that noise_aware's term has
 * there is 1 - e of a flip. */
static void beliefs_are_those_of_the_loss(void **state) {
  (void)state;
  for (size_t i = 0; i < MARGINS; i++)
    for (size_t j = 0; j < LABELS; j++) {
      const double g = preference_chance(margins[i]), e = labels[j].flip;
      const preference_label own =
          preference_belief(PREFERENCE_NOISE_AWARE, labels[j]);
      const preference_label robust =
          preference_belief(PREFERENCE_ROBUST, labels[j]);
      const preference_label hinge =
          preference_belief(PREFERENCE_HINGE, labels[j]);
      assert_memory_equal(&own, &labels[j], sizeof own);
      assert_near(exp(-noise_aware()->term(margins[i], robust).value),
                  (1.0 - e) * g + e * (1.0 - g), 1e-12);
      assert_near(exp(-noise_aware()->term(margins[i], hinge).value), g, 1e-12);
    }
}

/* Over both choices, each with the probability the loss gives it; the other
 * choice has margin -z and casual 1 - c. */
static void information_of_noise_aware_is_the_expected_square_of_slopes(
    void **state) {
  (void)state;
  for (size_t i = 0; i < MARGINS; i++)
    for (size_t j = 0; j < LABELS; j++) {
      const preference_label other = {labels[j].eta, 1.0 - labels[j].casual, 0};
      const preference_term here = noise_aware()->term(margins[i], labels[j]);
      const preference_term there = noise_aware()->term(-margins[i], other);
      const double p = exp(-here.value);
      assert_near(
          here.information,
          p * here.slope * here.slope + (1.0 - p) * there.slope * there.slope,
          1e-12);
    }
}

static void noise_aware_with_full_attention_is_sigmoid(void **state) {
  (void)state;
  const preference_label attentive = {1.0, 0.5, 0.0};
  for (size_t i = 0; i < MARGINS; i++) {
    const preference_term a = noise_aware()->term(margins[i], attentive);
    const preference_term b = sigmoid_loss()->term(margins[i], attentive);
    assert_near(a.value, b.value, 1e-12);
    assert_near(a.slope, b.slope, 1e-12);
    assert_near(a.information, b.information, 1e-12);
  }
}

/* With c = 1/2: eta g + (1 - eta)/2 = (1 + eta tanh(z/2)) / 2. */
static void noise_aware_with_a_fair_coin_has_its_closed_form(void **state) {
  (void)state;
  const double etas[] = {0.05, 0.5, 0.95};
  for (size_t i = 0; i < MARGINS; i++)
    for (size_t j = 0; j < 3; j++) {
      const preference_label label = {etas[j], 0.5, 0.0};
      const double t = tanh(margins[i] / 2.0);
      const preference_term term = noise_aware()->term(margins[i], label);
      assert_near(term.value, -log(0.5 * (1.0 + etas[j] * t)), 1e-12);
      assert_near(term.slope,
                  -0.5 * etas[j] * (1.0 - t * t) / (1.0 + etas[j] * t), 1e-12);
    }
}

static void a_casual_user_teaches_nothing(void **state) {
  (void)state;
  const preference_label casual = {0.0, 0.3, 0.0};
  const preference_term term = noise_aware()->term(1.7, casual);
  assert_near(term.value, -log(0.3), 1e-12);
  assert_near(term.slope, 0.0, 0.0);
  assert_near(term.information, 0.0, 0.0);
}

static void huge_margins_stay_finite(void **state) {
  (void)state;
  const double huge[] = {-1e6, -800.0, 800.0, 1e6};
  for (size_t l = 0; l < KINDS; l++)
    for (size_t i = 0; i < 4; i++)
      for (size_t j = 0; j < LABELS; j++) {
        const preference_term found = term(kinds[l], huge[i], labels[j]);
        assert_true(isfinite(found.value) && isfinite(found.slope));
        assert_true(isfinite(found.curvature) && isfinite(found.information));
        assert_true(found.information >= 0.0);
      }
  assert_near(sigmoid_loss()->term(-800.0, labels[0]).value, 800.0, 1e-9);
}

/* Weights of 0 and margins at their limits included; relative to 1 and the
 * value, some roundings. */
static void many_terms_are_those_of_one(void **state) {
  enum { COUNT = MARGINS * LABELS };
  double z[COUNT], found[4][COUNT];
  preference_label label[COUNT];
  const preference_terms terms = {found[0], found[1], found[2], found[3]};
  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    z[i] = margins[i / LABELS] * 4.0;
    label[i] = labels[i % LABELS];
  }
  for (size_t l = 0; l < KINDS; l++) {
    preference_fill(preference_loss_of(kinds[l]), vector_best(), COUNT, z,
                    label, &terms);
    for (size_t i = 0; i < COUNT; i++) {
      const preference_term one = term(kinds[l], z[i], label[i]);
      assert_near(terms.value[i], one.value, 1e-14 * (1 + fabs(one.value)));
      assert_near(terms.slope[i], one.slope, 1e-14 * (1 + fabs(one.slope)));
      assert_near(terms.curvature[i], one.curvature, 1e-14);
      assert_near(terms.information[i], one.information, 1e-14);
    }
  }
}

static void joint_is_no_sum_over_annotations(void **state) {
  (void)state;
  assert_null(preference_loss_of(PREFERENCE_JOINT));
  assert_string_equal(preference_words[PREFERENCE_JOINT], "joint");
  assert_null(preference_words[PREFERENCE_COUNT]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slopes_and_curvatures_are_derivatives),
      cmocka_unit_test(losses_are_as_defined),
      cmocka_unit_test(robust_is_unbiased_under_flips),
      cmocka_unit_test(rates_of_flips_are_as_told),
      cmocka_unit_test(beliefs_are_those_of_the_loss),
      cmocka_unit_test(
          information_of_noise_aware_is_the_expected_square_of_slopes),
      cmocka_unit_test(noise_aware_with_full_attention_is_sigmoid),
      cmocka_unit_test(noise_aware_with_a_fair_coin_has_its_closed_form),
      cmocka_unit_test(a_casual_user_teaches_nothing),
      cmocka_unit_test(huge_margins_stay_finite),
      cmocka_unit_test(many_terms_are_those_of_one),
      cmocka_unit_test(joint_is_no_sum_over_annotations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
