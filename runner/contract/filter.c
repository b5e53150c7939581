/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of filters. */
#include "stages/check.h"
#include "trial.h"

/* Copies the values into guarded memory. */
static double *guarded_copy(contract_trial *self, const char *name,
                            const double *values, size_t count) {
  double *copy = trial_doubles(self, name, count);
  return memcpy(copy, values, count * sizeof *copy);
}

/* Returns false if the plugin refuses. */
static bool choose(contract_trial *self, const heed_posterior *posterior,
                   heed_selection *made) {
  const heed_filter_functions *functions = self->plugin->functions;
  const heed_crowd *crowd = &self->scene.crowd;
  const size_t count = crowd->annotations->rows;
  heed_selection given;
  heed_error error = {HEED_OK, ""};
  if (scene_selection(&self->scene, self->memory, posterior, &given, &error) !=
      HEED_OK)
    trial_skip(self, "%s", error.message);
  *made = given;
  made->weight = guarded_copy(self, "weight", given.weight, count);
  made->eta = guarded_copy(self, "eta", given.eta, count);
  made->left_out = guarded_copy(self, "left_out", given.left_out, count);
  made->casual = guarded_copy(self, "casual", given.casual, count);
  if (posterior != &self->scene.posterior)
    trial_watch_posterior(self, posterior);
  trial_call(self, "select");
  const heed_status status = functions->select(
      self->instance->self, &self->host.host, crowd, posterior, made, &error);
  if (!trial_return(self, status, &error)) return false;
  if (made->size != given.size || made->count != count)
    trial_fail(self,
               "changed the selection's size or count, which is %zu, "
               "expected %zu",
               made->count, count);
  trial_holds(self, "weight", made->weight, count, sizeof(double),
              "one per annotation");
  trial_holds(self, "eta", made->eta, count, sizeof(double),
              "one per annotation");
  trial_holds(self, "left_out", made->left_out, count, sizeof(double),
              "one per annotation");
  trial_holds(self, "casual", made->casual, count, sizeof(double),
              "one per annotation");
  if (check_selection(crowd, made, &error) != HEED_OK)
    trial_refuse(self, &error);
  return true;
}

static void choose_for(contract_trial *self, heed_unit unit) {
  heed_posterior posterior;
  heed_selection made;
  heed_error error = {HEED_OK, ""};
  if (scene_posterior(&self->scene, self->memory, unit, &posterior, &error) !=
      HEED_OK)
    trial_skip(self, "%s", error.message);
  (void)choose(self, &posterior, &made);
}

static void by_user(contract_trial *self) {
  choose_for(self, HEED_BY_USER);
}

static void by_topic(contract_trial *self) {
  choose_for(self, HEED_BY_USER_TOPIC);
}

static void by_annotation(contract_trial *self) {
  choose_for(self, HEED_BY_ANNOTATION);
}

/* A point estimate has no nodes and no quantiles, and its sd is 0. */
static void by_point(contract_trial *self) {
  heed_posterior posterior;
  heed_selection made;
  heed_error error = {HEED_OK, ""};
  if (scene_posterior(&self->scene, self->memory, HEED_BY_USER, &posterior,
                      &error) != HEED_OK)
    trial_skip(self, "%s", error.message);
  posterior.node_count = posterior.row_count = posterior.level_count = 0;
  posterior.nodes = posterior.mass = posterior.levels = posterior.quantiles =
      NULL;
  posterior.row = NULL;
  for (size_t i = 0; i < posterior.units; i++) posterior.sd[i] = 0;
  (void)choose(self, &posterior, &made);
}

static void exercise(contract_trial *self) {
  heed_selection made;
  if (!choose(self, &self->scene.posterior, &made)) return;
  trial_take(self, "weight", made.weight, made.count);
  trial_take(self, "eta", made.eta, made.count);
  trial_take(self, "left_out", made.left_out, made.count);
  trial_take(self, "casual", made.casual, made.count);
}

static const contract_check checks[] = {
    {"select() weighs annotations, with a posterior by user", by_user,
     CHECK_ENDS},
    {"select() weighs annotations, with one by user and topic", by_topic,
     CHECK_ENDS},
    {"select() weighs annotations, with one by annotation", by_annotation,
     CHECK_ENDS},
    {"select() weighs annotations, with means alone", by_point, CHECK_ENDS},
};

const contract_kind contract_filter = {
    .checks = checks,
    .check_count = sizeof checks / sizeof *checks,
    .exercise = exercise,
    .ends = true,
};
