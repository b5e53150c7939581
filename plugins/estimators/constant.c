/* SPDX-License-Identifier: GPL-3.0-or-later
 * The same attentiveness for everyone: the control that separates the gain from
 * knowing who attends from the gain from knowing that not everyone does. */
#include <math.h>

#include "heed/estimator.h"
#include "support/attention/gap.h"
#include "support/attention/guesses.h"
#include "support/attention/parameters.h"
#include "support/attention/point_posterior.h"

enum { ETA, MU, MODEL, PARAMETER_COUNT };
enum { OUT_ETA, OUT_IDENTIFIED };

static const char *const words[] = {"moment", NULL};

static const heed_parameter parameters[] = {
    [ETA] = {.name = "eta",
             .type = HEED_ENUM_OR_NUMBER,
             .default_value = "moment",
             .low = 0,
             .high = 1,
             .choices = words,
             .doc = "attentiveness of everyone; moment: (share of A - 1/2) / "
                    "(mu - 1/2), clipped to [0, 1]"},
    [MU] =
        ESTIMATOR_MU(gap_words,
                     "the gap: known, requested, pair (p of each pair), or a "
                     "number"),
    [MODEL] =
        ESTIMATOR_MODEL("user model that gives the choices of a casual user"),
};

static const heed_output outputs[] = {
    [OUT_ETA] = {.name = "eta", .doc = "attentiveness of everyone"},
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

/* sum_i (y_i - 1/2) = eta sum_i (p_i - 1/2) in expectation. */
static double by_moments(const attention_histories *histories) {
  double chosen = 0, expected = 0;
  for (size_t i = 0; i < histories->crowd->annotations->rows; i++) {
    if (histories->choice[i] == HEED_CHOSE_TIE) continue;
    chosen += (histories->choice[i] == HEED_CHOSE_A) - 0.5;
    expected += histories->p[i] - 0.5;
  }
  return expected == 0 ? 0.5 : fmin(fmax(chosen / expected, 0), 1);
}

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_value *values = self;
  attention_histories histories;
  attention_guesses guesses = {.beaten = true};
  double eta;
  heed_status status =
      point_posterior_open(host, crowd, values[MODEL].instance, &values[MU],
                           &histories, posterior, error);
  if (status == HEED_OK && values[ETA].text != NULL)
    status =
        guesses_of_common(&histories, host, posterior->phi, &guesses, error);
  if (status != HEED_OK) return status;
  eta = values[ETA].text == NULL ? values[ETA].number : by_moments(&histories);
  for (size_t j = 0; j < posterior->units; j++) posterior->mean[j] = eta;
  point_posterior_same(crowd, posterior);
  const double identified = posterior->identified = guesses.beaten;
  host->output(host, OUT_ETA, &eta, 1);
  host->output(host, OUT_IDENTIFIED, &identified, 1);
  if (!guesses.beaten) guesses_warn(host, &guesses);
  return HEED_OK;
}

static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const heed_value *values = self;
  return point_posterior_predict(host, posterior, values[MODEL].instance,
                                 held_out, posterior->mu, probability, error);
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin constant = {
    .size = sizeof constant,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "constant",
    .version = "1.0",
    .summary = "the same attentiveness for everyone: a control",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&constant};
HEED_PLUGINS(plugins)
