/* SPDX-License-Identifier: GPL-3.0-or-later
 * Stages that cost next to nothing, for tests of what runs them: a world of a
 * few pairs, users who choose, an estimator that believes everyone is half
 * attentive, a filter that keeps all. */
#include <fcntl.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "heed/heed.h"
#include "heed/memory.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- sources: small, and one that is worth saving ---- */

enum { PAIRS, SECONDS, MADE };
static const heed_parameter source_parameters[] = {
    [PAIRS] = {.name = "pairs",
               .type = HEED_INTEGER,
               .default_value = "1",
               .low = 1,
               .high = 1e9,
               .doc = "how many pairs"},
    [SECONDS] = {.name = "seconds",
                 .type = HEED_NUMBER,
                 .default_value = "0",
                 .high = 1e6,
                 .unit = "s",
                 .doc = "how long it takes"},
    [MADE] = {.name = "made",
              .type = HEED_TEXT,
              .default_value = "",
              .doc = "a file that grows by a byte whenever it makes a world"},
};
static const heed_output source_outputs[] = {
    {.name = "draw", .doc = "a uniform of the world's stream"},
};

static void take_time(double seconds) {
  struct timespec left = {(time_t)seconds, 0};
  left.tv_nsec = (long)(1e9 * (seconds - (double)left.tv_sec));
  if (seconds > 0) (void)nanosleep(&left, NULL);
}

static void count_world(const char *path) {
  const int file =
      *path == '\0' ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0) return;
  (void)!write(file, ".", 1);
  (void)close(file);
}

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  const heed_value *values = self;
  const size_t pairs = (size_t)values[PAIRS].integer;
  heed_stream stream = host->stream(host, "p", 0);
  const double draw = heed_uniform(&stream);
  heed_memory memory = {host, false};
  double *p;
  take_time(values[SECONDS].number);
  count_world(values[MADE].text);
  world->pairs = heed_new_table(&memory, "pairs", pairs);
  p = heed_new_column(&memory, world->pairs, "p", HEED_FLOAT64, 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < pairs; i++) p[i] = 0.5 + 0.5 * heed_uniform(&stream);
  host->output(host, 0, &draw, 1);
  return HEED_OK;
}
static const heed_source_functions source_functions = {
    .size = sizeof source_functions, .make = make};
static const heed_plugin small = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "small",
    .version = "1.0",
    .summary = "A few pairs",
    .parameters = source_parameters,
    .parameter_count = COUNT(source_parameters),
    .outputs = source_outputs,
    .output_count = COUNT(source_outputs),
    .functions = &source_functions,
    .functions_size = sizeof source_functions,
};
static const heed_plugin saved = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "saved",
    .version = "1.0",
    .summary = "A few pairs that are worth saving",
    .flags = HEED_COSTLY,
    .parameters = source_parameters,
    .parameter_count = COUNT(source_parameters),
    .outputs = source_outputs,
    .output_count = COUNT(source_outputs),
    .functions = &source_functions,
    .functions_size = sizeof source_functions,
};

/* ---- uniform attentiveness, of which nothing is fitted ---- */

static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  (void)self, (void)error;
  for (size_t i = 0; i < count; i++) eta[i] = u[i];
  return HEED_OK;
}
static size_t no_theta(const void *self) {
  (void)self;
  return 0;
}
static void theta(const void *self, double *values) {
  (void)self, (void)values;
}
static void start(const void *self, double mean, double variance,
                  double *values) {
  (void)self, (void)mean, (void)variance, (void)values;
}
static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}
static void nodes(const void *self, const double *values, size_t count,
                  double *point) {
  (void)self, (void)values;
  for (size_t i = 0; i < count; i++)
    point[i] = ((double)i + 0.5) / (double)count;
}
static void log_weights(const void *self, const double *values, size_t count,
                        const double *point, double *log_weight) {
  (void)self, (void)values, (void)point;
  for (size_t i = 0; i < count; i++) log_weight[i] = -log((double)count);
}
static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *values,
                         heed_error *error) {
  (void)self, (void)count, (void)point, (void)mass, (void)values, (void)error;
  return HEED_OK;
}
static const heed_distribution_functions flat_functions = {
    .size = sizeof flat_functions,
    .quantile = quantile,
    .theta_count = no_theta,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = nodes,
    .log_weights = log_weights,
    .refit = refit,
};
static const heed_plugin flat = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "level",
    .version = "1.0",
    .summary = "Every attentiveness alike",
    .functions = &flat_functions,
    .functions_size = sizeof flat_functions,
};

/* ---- users who choose A with probability eta p + (1 - eta) / 2 ---- */

static void domain(const void *self, heed_domain *result) {
  (void)self;
  result->dimension = 1;
  result->low = 0;
  result->high = 1;
  result->mixture = true;
}
static void probability(const void *self, const double *phi,
                        const heed_answers *answers, size_t count,
                        const double *point, double *result) {
  (void)self, (void)phi;
  for (size_t i = 0; i < answers->count; i++)
    for (size_t k = 0; k < count; k++) {
      const double a = point[k] * answers->p[i] + (1 - point[k]) / 2;
      result[i * count + k] = answers->choice[i] == HEED_CHOSE_A ? a : 1 - a;
    }
}
static void casual(const void *self, const double *phi,
                   const heed_answers *answers, double *result) {
  (void)self, (void)phi;
  for (size_t i = 0; i < answers->count; i++) result[i] = 0.5;
}
static const heed_user_model_functions plain_functions = {
    .size = sizeof plain_functions,
    .domain = domain,
    .probability = probability,
    .casual = casual,
};
static const heed_plugin plain = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "chooser",
    .version = "1.0",
    .summary = "Reads, or throws a coin",
    .functions = &plain_functions,
    .functions_size = sizeof plain_functions,
};

/* ---- an estimator and a filter that do the least they may ---- */

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const size_t users = crowd->users->rows;
  const size_t annotations = crowd->annotations->rows;
  heed_memory memory = {host, false};
  (void)self;
  posterior->unit = HEED_BY_USER;
  posterior->units = users;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->left_out = heed_allocate_doubles(&memory, annotations);
  posterior->casual = heed_allocate_doubles(&memory, annotations);
  posterior->p = heed_allocate_doubles(&memory, annotations);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) posterior->mean[j] = 0.5;
  for (size_t i = 0; i < annotations; i++)
    posterior->left_out[i] = posterior->casual[i] = posterior->p[i] = 0.5;
  posterior->converged = posterior->identified = true;
  return HEED_OK;
}
static const heed_estimator_functions estimator_functions = {
    .size = sizeof estimator_functions, .estimate = estimate};
static const heed_plugin half = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "empty",
    .version = "1.0",
    .summary = "Half attentive, all of them",
    .functions = &estimator_functions,
    .functions_size = sizeof estimator_functions,
};

static const heed_parameter filter_parameters[] = {
    {.name = "number",
     .type = HEED_NUMBER,
     .default_value = "0",
     .doc = "does nothing, but can be an axis"}};
static heed_status keep_all(void *self, const heed_host *host,
                            const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}
static const heed_filter_functions filter_functions = {
    .size = sizeof filter_functions, .select = keep_all};
static const heed_plugin all = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "empty",
    .version = "1.0",
    .summary = "Keeps all",
    .parameters = filter_parameters,
    .parameter_count = COUNT(filter_parameters),
    .functions = &filter_functions,
    .functions_size = sizeof filter_functions,
};

static const heed_plugin *const plugins[] = {&small, &saved, &flat,
                                             &plain, &half,  &all};
HEED_PLUGINS(plugins)
