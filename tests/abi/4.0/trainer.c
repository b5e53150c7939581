/* SPDX-License-Identifier: GPL-3.0-or-later
 * A trainer of ABI 4.0: a policy of one number, the probability of the first
 * candidate, and a refined posterior. */
#include <heed/trainer.h>
#include <math.h>
#include <stdlib.h>

static const heed_output outputs[] = {
    {.name = "chance", .doc = "probability of the first candidate"},
    {.name = "checkpoint", .doc = "1: the host offers a checkpoint"},
};

/* The same posterior, all means the same distance nearer to 1/2. */
static heed_posterior *refine(const heed_host *host,
                              const heed_posterior *posterior) {
  heed_posterior *made = host->allocate(host, 1, sizeof *made);
  double *mean = host->allocate(host, posterior->units, sizeof *mean);
  if (made == NULL || mean == NULL) return NULL;
  heed_copy(made, sizeof *made, posterior);
  for (size_t i = 0; i < posterior->units; i++)
    mean[i] = (posterior->mean[i] + 0.5) / 2;
  made->mean = mean;
  made->node_count = 0;
  return made;
}

static heed_table *numbers_of(const heed_host *host, double chance) {
  heed_table *table = host->table(host, "numbers", 1);
  double *wide = table == NULL
                     ? NULL
                     : host->column(host, table, "chance", HEED_FLOAT64, 1);
  float *narrow = wide == NULL
                      ? NULL
                      : host->column(host, table, "narrow", HEED_FLOAT32, 1);
  int32_t *count =
      narrow == NULL ? NULL : host->column(host, table, "count", HEED_INT32, 1);
  if (count == NULL) return NULL;
  *wide = chance;
  *narrow = (float)chance;
  *count = 1;
  return table;
}

static heed_status train(void *self, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         const heed_selection *selection, heed_policy *policy,
                         heed_error *error) {
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  const char *path = host->extension(host, HEED_CHECKPOINT);
  const double offered = path != NULL && path[0] == '/';
  double first = 0, all = 0, chance, *state = malloc(sizeof *state);
  (void)self;
  if (state == NULL) return heed_fail(error, HEED_MEMORY, "out of memory");
  policy->state = state;
  for (size_t i = 0; i < selection->count; i++) {
    all += selection->weight[i];
    first += choice[i] == HEED_CHOSE_A ? selection->weight[i] : 0;
  }
  chance = (first + 1) / (all + 2);
  *state = chance;
  policy->scale = 0.5;
  policy->refined = refine(host, posterior);
  policy->table = numbers_of(host, chance);
  host->output(host, 0, &chance, 1);
  host->output(host, 1, &offered, 1);
  host->warn(host, "frozen", "trained by a plugin of ABI %d.%d", HEED_ABI_MAJOR,
             HEED_ABI_MINOR);
  return policy->refined != NULL && policy->table != NULL
             ? HEED_OK
             : heed_fail(error, HEED_MEMORY, "out of memory");
}

static heed_status log_probability(void *self, const heed_host *host,
                                   const heed_world *world,
                                   const heed_policy *policy, size_t count,
                                   const heed_response *responses,
                                   double *result, heed_error *error) {
  const double *chance = policy->state;
  (void)self, (void)host, (void)world, (void)error;
  for (size_t i = 0; i < count; i++)
    result[i] = log(responses[i].candidate == 0 ? *chance : 1 - *chance);
  return HEED_OK;
}

static heed_status sample(void *self, const heed_host *host,
                          const heed_world *world, const heed_policy *policy,
                          size_t count, heed_stream *stream,
                          heed_response *responses, heed_error *error) {
  (void)self, (void)host, (void)world, (void)policy, (void)error;
  for (size_t i = 0; i < count; i++) {
    responses[i].text = heed_uniform_integer(&stream[i], 2) ? "yes" : "no";
    responses[i].length = strlen(responses[i].text);
    responses[i].cut = false;
  }
  return HEED_OK;
}

static heed_status save(void *self, const heed_host *host,
                        const heed_world *world, const heed_policy *policy,
                        const char *path, heed_error *error) {
  FILE *file = fopen(path, "wb");
  const bool written =
      file != NULL && fwrite(policy->state, sizeof(double), 1, file) == 1;
  (void)self, (void)host, (void)world;
  return (file == NULL || fclose(file) == 0) && written
             ? HEED_OK
             : heed_fail(error, HEED_IO, "%s: cannot be written", path);
}

static heed_status load(void *self, const heed_host *host,
                        const heed_world *world, const char *path,
                        heed_policy *policy, heed_error *error) {
  FILE *file = fopen(path, "rb");
  bool found = false;
  (void)self, (void)host, (void)world;
  policy->state = malloc(sizeof(double));
  if (file != NULL && policy->state != NULL)
    found = fread(policy->state, sizeof(double), 1, file) == 1;
  if (file != NULL) (void)fclose(file);
  return found ? HEED_OK
               : heed_fail(error, HEED_IO, "%s: cannot be read", path);
}

static void release(void *self, heed_policy *policy) {
  (void)self;
  free(policy->state);
}

static const heed_trainer_functions functions = {
    .size = sizeof functions,
    .train = train,
    .log_probability = log_probability,
    .sample = sample,
    .save = save,
    .load = load,
    .release = release,
};

static const heed_plugin frozen = {
    .size = sizeof frozen,
    .abi = HEED_ABI,
    .kind = HEED_TRAINER,
    .name = "frozen",
    .version = "1.0",
    .summary = "A policy of one number, of ABI 4.0",
    .flags = HEED_COSTLY,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&frozen};
HEED_PLUGINS(plugins)
