/* SPDX-License-Identifier: GPL-3.0-or-later
 * The moment estimate of each user alone: the frequency of A, scaled by the
 * gap, eta = sum (y - 1/2) / sum (p - 1/2), shrunk towards the overall mean by
 * `shrinkage` annotations and clipped.  The baseline for EM. */
#include <math.h>

#include "heed/estimator.h"
#include "support/attention/gap.h"
#include "support/attention/guesses.h"
#include "support/attention/parameters.h"
#include "support/attention/point_posterior.h"

enum { SHRINKAGE, MU, MODEL, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [SHRINKAGE] = {.name = "shrinkage",
                   .type = HEED_NUMBER,
                   .default_value = "0",
                   .low = 0,
                   .high = 1e9,
                   .doc = "weight of the overall mean in each user's estimate, "
                          "as a number of annotations"},
    [MU] =
        ESTIMATOR_MU(gap_words,
                     "the gap: known, requested, pair (p of each pair), or a "
                     "number"),
    [MODEL] =
        ESTIMATOR_MODEL("user model that gives the choices of a casual user"),
};

enum { OUT_IDENTIFIED, OUTPUT_COUNT };

static const heed_output outputs[] = {
    [OUT_IDENTIFIED] = ESTIMATOR_IDENTIFIED,
};

/* Sums over a user's untied annotations, in the direction of the better
 * response: weights |p - 1/2| make them least squares. */
typedef struct frequency_sums {
  double chosen;   /* sum (y - 1/2) (p - 1/2) */
  double expected; /* sum (p - 1/2)^2 */
  double count;
} frequency_sums;

static void add(frequency_sums *sums, const attention_histories *histories,
                size_t annotation, double sign) {
  const double gap = histories->p[annotation] - 0.5;
  if (histories->choice[annotation] == HEED_CHOSE_TIE) return;
  sums->chosen +=
      sign * ((histories->choice[annotation] == HEED_CHOSE_A) - 0.5) * gap;
  sums->expected += sign * gap * gap;
  sums->count += sign;
}

/* everyone: shrinkage target; weight: expected of one annotation. */
static double eta_of(const frequency_sums *sums, double everyone,
                     double weight) {
  const double expected = sums->expected + weight;
  if (!(expected > 1e-12)) return everyone;
  return fmin(fmax((sums->chosen + weight * everyone) / expected, 0), 1);
}

static void fill(const attention_histories *histories, double shrinkage,
                 heed_posterior *posterior) {
  const heed_crowd *crowd = histories->crowd;
  frequency_sums all = {0, 0, 0};
  for (size_t i = 0; i < crowd->annotations->rows; i++)
    add(&all, histories, i, 1);
  const double everyone = eta_of(&all, 0.5, 0);
  const double weight =
      all.count > 0 ? shrinkage * all.expected / all.count : 0;
  for (size_t j = 0; j < crowd->users->rows; j++) {
    frequency_sums own = {0, 0, 0};
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++)
      add(&own, histories, i, 1);
    posterior->mean[j] = eta_of(&own, everyone, weight);
    /* The variance of y is 1/4 to leading order. */
    posterior->sd[j] =
        own.expected + weight > 1e-12
            ? fmin(0.5 * sqrt(own.expected) / (own.expected + weight), 1)
            : 1;
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++) {
      frequency_sums rest = own;
      add(&rest, histories, i, -1);
      posterior->left_out[i] = eta_of(&rest, everyone, weight);
    }
  }
}

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_value *values = self;
  attention_histories histories;
  const heed_status status =
      point_posterior_open(host, crowd, values[MODEL].instance, &values[MU],
                           &histories, posterior, error);
  if (status != HEED_OK) return status;
  fill(&histories, values[SHRINKAGE].number, posterior);
  const attention_guesses guesses =
      guesses_compare(posterior, &histories.domain);
  const double identified = posterior->identified = guesses.beaten;
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

static const heed_plugin frequency = {
    .size = sizeof frequency,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "frequency",
    .version = "1.0",
    .summary = "each user's own frequencies, scaled by the gap: a baseline",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&frequency};
HEED_PLUGINS(plugins)
