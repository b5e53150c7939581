/* SPDX-License-Identifier: GPL-3.0-or-later
 * Preference losses: values, derivatives, limits. */
#include "support/preference_loss.h"

#include "../support/workbench.h"

static const double margins[] = {-9.0, -2.5, -0.3, 0.0, 0.7, 4.0};
static const preference_label labels[] = {{0.9, 0.5}, {0.1, 0.5}, {0.4, 0.8},
                                          {0.6, 0.1}, {1.0, 0.5}, {0.0, 0.5}};

#define MARGINS (sizeof margins / sizeof *margins)
#define LABELS (sizeof labels / sizeof *labels)

static const preference_loss *sigmoid_loss(void) {
  return preference_loss_of(PREFERENCE_SIGMOID);
}

static const preference_loss *noise_aware(void) {
  return preference_loss_of(PREFERENCE_NOISE_AWARE);
}

static void slopes_are_the_derivatives_of_values(void **state) {
  (void)state;
  const preference_loss *losses[] = {sigmoid_loss(), noise_aware()};
  const double h = 1e-5;
  for (size_t l = 0; l < 2; l++)
    for (size_t i = 0; i < MARGINS; i++)
      for (size_t j = 0; j < LABELS; j++) {
        const double z = margins[i];
        const double above = losses[l]->term(z + h, labels[j]).value;
        const double below = losses[l]->term(z - h, labels[j]).value;
        /* central differences: an error of h^2, and rounding of 1e-16 / h */
        assert_near(losses[l]->term(z, labels[j]).slope,
                    (above - below) / (2.0 * h), 1e-9);
      }
}

static void information_of_sigmoid_is_its_second_derivative(void **state) {
  (void)state;
  const double h = 1e-5;
  for (size_t i = 0; i < MARGINS; i++) {
    const double above = sigmoid_loss()->term(margins[i] + h, labels[0]).slope;
    const double below = sigmoid_loss()->term(margins[i] - h, labels[0]).slope;
    assert_near(sigmoid_loss()->term(margins[i], labels[0]).information,
                (above - below) / (2.0 * h), 1e-9);
  }
}

/* Over both choices, each with the probability the loss gives it; the other
 * choice has margin -z and casual 1 - c. */
static void information_of_noise_aware_is_the_expected_square_of_slopes(
    void **state) {
  (void)state;
  for (size_t i = 0; i < MARGINS; i++)
    for (size_t j = 0; j < LABELS; j++) {
      const preference_label other = {labels[j].eta, 1.0 - labels[j].casual};
      const preference_term here = noise_aware()->term(margins[i], labels[j]);
      const preference_term there = noise_aware()->term(-margins[i], other);
      const double p = noise_aware()->probability(margins[i], labels[j]);
      assert_near(
          here.information,
          p * here.slope * here.slope + (1.0 - p) * there.slope * there.slope,
          1e-12);
    }
}

static void noise_aware_with_full_attention_is_sigmoid(void **state) {
  (void)state;
  const preference_label attentive = {1.0, 0.5};
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
      const preference_label label = {etas[j], 0.5};
      const double t = tanh(margins[i] / 2.0);
      const preference_term term = noise_aware()->term(margins[i], label);
      assert_near(term.value, -log(0.5 * (1.0 + etas[j] * t)), 1e-12);
      assert_near(term.slope,
                  -0.5 * etas[j] * (1.0 - t * t) / (1.0 + etas[j] * t), 1e-12);
    }
}

static void a_casual_user_teaches_nothing(void **state) {
  (void)state;
  const preference_label casual = {0.0, 0.3};
  const preference_term term = noise_aware()->term(1.7, casual);
  assert_near(term.value, -log(0.3), 1e-12);
  assert_near(term.slope, 0.0, 0.0);
  assert_near(term.information, 0.0, 0.0);
}

static void huge_margins_stay_finite(void **state) {
  (void)state;
  const double huge[] = {-1e6, -800.0, 800.0, 1e6};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < LABELS; j++) {
      const preference_term a = sigmoid_loss()->term(huge[i], labels[j]);
      const preference_term b = noise_aware()->term(huge[i], labels[j]);
      assert_true(isfinite(a.value) && isfinite(a.slope));
      assert_true(isfinite(b.value) && isfinite(b.slope));
      assert_true(a.information >= 0.0 && isfinite(a.information));
      assert_true(b.information >= 0.0 && isfinite(b.information));
    }
  assert_near(sigmoid_loss()->term(-800.0, labels[0]).value, 800.0, 1e-9);
}

static void joint_is_no_sum_over_annotations(void **state) {
  (void)state;
  assert_null(preference_loss_of(PREFERENCE_JOINT));
  assert_string_equal(preference_words[PREFERENCE_JOINT], "joint");
  assert_null(preference_words[PREFERENCE_COUNT]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slopes_are_the_derivatives_of_values),
      cmocka_unit_test(information_of_sigmoid_is_its_second_derivative),
      cmocka_unit_test(
          information_of_noise_aware_is_the_expected_square_of_slopes),
      cmocka_unit_test(noise_aware_with_full_attention_is_sigmoid),
      cmocka_unit_test(noise_aware_with_a_fair_coin_has_its_closed_form),
      cmocka_unit_test(a_casual_user_teaches_nothing),
      cmocka_unit_test(huge_margins_stay_finite),
      cmocka_unit_test(joint_is_no_sum_over_annotations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
