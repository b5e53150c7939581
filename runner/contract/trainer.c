/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of trainers. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "stages/check.h"
#include "trial.h"

static const heed_trainer_functions *functions(const contract_trial *self) {
  return self->plugin->functions;
}

/* ---- calls ---- */

static void release(contract_trial *self, heed_policy *policy) {
  if (functions(self)->release == NULL) return;
  trial_call(self, "release");
  functions(self)->release(self->instance->self, policy);
  (void)trial_return(self, HEED_OK, NULL);
}

static void check_made(contract_trial *self, heed_policy *policy) {
  heed_error error = {HEED_OK, ""};
  if (policy->size != sizeof *policy)
    trial_fail(self, "changed the policy's size");
  if (check_policy(&self->scene.crowd, policy, &error) != HEED_OK)
    trial_refuse(self, &error);
  for (size_t i = 0; policy->table != NULL && i < policy->table->column_count;
       i++) {
    const heed_column *column = &policy->table->columns[i];
    trial_holds(self, column->name, column->data,
                policy->table->rows * column->width,
                heed_type_size(column->type), "its table's rows");
  }
  if (policy->state != NULL && functions(self)->log_probability == NULL)
    trial_fail(self, "made a policy, but the plugin has no log_probability()");
}

/* Returns false if the plugin refuses. */
static bool train(contract_trial *self, const heed_selection *selection,
                  heed_policy *policy) {
  const contract_scene *scene = &self->scene;
  heed_error error = {HEED_OK, ""};
  *policy = (heed_policy){.size = sizeof *policy, .scale = 1};
  trial_watch(self, "selection.weight", selection->weight, selection->count,
              sizeof(double));
  trial_watch(self, "selection.eta", selection->eta, selection->count,
              sizeof(double));
  trial_call(self, "train");
  const heed_status status = functions(self)->train(
      self->instance->self, &self->host.host, &scene->crowd, &scene->posterior,
      selection, policy, &error);
  if (!trial_return(self, status, &error)) {
    release(self, policy);
    return false;
  }
  check_made(self, policy);
  return true;
}

/* Shape (held-out prompts, candidates). */
static double *probabilities(contract_trial *self, const heed_policy *policy) {
  const heed_world *world = &self->scene.world;
  const size_t wide = world->candidates, count = world->held_out * wide;
  heed_response *responses =
      trial_room(self, "responses", count, sizeof *responses);
  double *log_p = trial_doubles(self, "log_probability", count);
  heed_error error = {HEED_OK, ""};
  trial_need(self, functions(self)->log_probability, "log_probability");
  for (size_t i = 0; i < count; i++)
    responses[i] = (heed_response){
        .prompt = world->prompts->rows - world->held_out + i / wide,
        .candidate = (int64_t)(i % wide)};
  trial_watch(self, "responses", responses, count, sizeof *responses);
  trial_call(self, "log_probability");
  const heed_status status = functions(self)->log_probability(
      self->instance->self, &self->host.host, world, policy, count, responses,
      log_p, &error);
  if (!trial_return(self, status, &error)) return NULL;
  trial_filled(self, "log_probability", log_p, count);
  return log_p;
}

/* ---- checks ---- */

static void check_normalised(const contract_trial *self, const double *log_p) {
  const size_t wide = SCENE_CANDIDATES;
  for (size_t i = 0; i < SCENE_HELD_OUT; i++) {
    double sum = 0;
    for (size_t k = 0; k < wide; k++) {
      const double value = log_p[i * wide + k];
      if (isnan(value) || value > 1e-9)
        trial_fail(self, "log_probability[%zu] is %g, expected at most 0",
                   i * wide + k, value);
      sum += exp(value);
    }
    if (!(fabs(sum - 1) <= 1e-6))
      trial_fail(self,
                 "the probabilities of a prompt's %zu candidates sum to "
                 "%.9g, expected 1",
                 wide, sum);
  }
}

/* Trains with the selection and checks the policy if there is one. */
static void learn_from(contract_trial *self, const heed_selection *selection) {
  heed_policy policy;
  if (!train(self, selection, &policy)) return;
  if (functions(self)->log_probability != NULL && policy.state != NULL) {
    const double *log_p = probabilities(self, &policy);
    if (log_p != NULL) check_normalised(self, log_p);
  }
  release(self, &policy);
}

static void learn(contract_trial *self) {
  learn_from(self, &self->scene.selection);
}

static void normalise(contract_trial *self) {
  trial_need(self, functions(self)->log_probability, "log_probability");
  learn_from(self, &self->scene.selection);
}

/* First, all weights except two are 0; then weights differ. */
static void learn_little(contract_trial *self) {
  heed_selection selection = self->scene.selection;
  double *weight = trial_doubles(self, "weight", selection.count);
  self->may_refuse = true;
  for (size_t i = 0; i < selection.count; i++) weight[i] = i < 2;
  selection.weight = weight;
  learn_from(self, &selection);
  trial_reset(self);
  weight = trial_doubles(self, "weight", selection.count);
  for (size_t i = 0; i < selection.count; i++) weight[i] = (double)(i % 3) / 2;
  selection.weight = weight;
  learn_from(self, &selection);
}

/* A response has the same probability alone and among others. */
static void ask_alone(contract_trial *self) {
  heed_policy policy;
  const heed_world *world = &self->scene.world;
  heed_response one = {.prompt = world->prompts->rows - 1, .candidate = 1};
  double *log_p = trial_doubles(self, "log_probability", 1);
  heed_error error = {HEED_OK, ""};
  trial_need(self, functions(self)->log_probability, "log_probability");
  if (!train(self, &self->scene.selection, &policy)) return;
  const double *all = probabilities(self, &policy);
  trial_call(self, "log_probability");
  const heed_status status =
      functions(self)->log_probability(self->instance->self, &self->host.host,
                                       world, &policy, 1, &one, log_p, &error);
  if (!trial_return(self, status, &error) || all == NULL) return;
  const double among =
      all[(SCENE_HELD_OUT - 1) * SCENE_CANDIDATES + (size_t)one.candidate];
  if (!(fabs(*log_p - among) <= 1e-9))
    trial_fail(self,
               "gives %.12g for a response alone but %.12g among others, "
               "expected the same",
               *log_p, among);
}

/* Makes a new folder; `path` is a file in it. */
static void make_folder(const contract_trial *self, char folder[PATH_MAX],
                        char path[PATH_MAX + 16]) {
  const char *set = getenv("TMPDIR");
  (void)snprintf(folder, PATH_MAX, "%s/heed-policy-XXXXXX",
                 set == NULL ? "/tmp" : set);
  if (mkdtemp(folder) == NULL)
    trial_skip(self, "cannot create the folder %s", folder);
  (void)snprintf(path, PATH_MAX + 16, "%s/policy", folder);
}

static void save_and_load(contract_trial *self) {
  const heed_trainer_functions *has = functions(self);
  heed_policy policy, loaded = {.size = sizeof loaded, .scale = 1};
  heed_error error = {HEED_OK, ""};
  char folder[PATH_MAX], path[PATH_MAX + 16];
  trial_need(self, has->save, "save");
  trial_need(self, has->load, "load");
  if (!train(self, &self->scene.selection, &policy)) return;
  const double *earlier = probabilities(self, &policy);
  make_folder(self, folder, path);
  trial_call(self, "save");
  heed_status status = has->save(self->instance->self, &self->host.host,
                                 &self->scene.world, &policy, path, &error);
  (void)trial_return(self, status, &error);
  loaded.scale = policy.scale;
  trial_call(self, "load");
  status = has->load(self->instance->self, &self->host.host, &self->scene.world,
                     path, &loaded, &error);
  (void)unlink(path);
  (void)rmdir(folder);
  (void)trial_return(self, status, &error);
  const double *later = probabilities(self, &loaded);
  for (size_t i = 0; earlier != NULL && later != NULL &&
                     i < SCENE_HELD_OUT * SCENE_CANDIDATES;
       i++)
    if (trial_bits(earlier[i]) != trial_bits(later[i]))
      trial_fail(self,
                 "gives log-probability %.17g after load() but %.17g before "
                 "save(), expected the same bits",
                 later[i], earlier[i]);
}

static void exercise(contract_trial *self) {
  heed_policy policy;
  if (!train(self, &self->scene.selection, &policy)) return;
  trial_take_number(self, "scale", policy.scale);
  trial_take_table(self, policy.table);
  if (functions(self)->log_probability != NULL && policy.state != NULL)
    trial_take(self, "log_probability", probabilities(self, &policy),
               SCENE_HELD_OUT * SCENE_CANDIDATES);
  release(self, &policy);
}

static const contract_check checks[] = {
    {"train() makes a policy", learn, CHECK_ENDS},
    {"log_probability() is normalised over the candidates", normalise, 0},
    {"log_probability() does not depend on other responses", ask_alone, 0},
    {"train() accepts or refuses a selection of few annotations", learn_little,
     0},
    {"load() restores the policy that save() wrote", save_and_load, 0},
};

const contract_kind contract_trainer = {
    .checks = checks,
    .check_count = sizeof checks / sizeof *checks,
    .exercise = exercise,
};
