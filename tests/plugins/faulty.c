/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator and a filter that fail in the way they are told to.  Without a
 * fault they report a number that only the seed and the replicate decide. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "heed/heed.h"
#include "heed/memory.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GREED ((size_t)10 << 30) /* bytes */

enum {
  FAULT_NONE,
  FAULT_CRASH,
  FAULT_ABORT,
  FAULT_EXIT,
  FAULT_LOOP,
  FAULT_NAN,
  FAULT_INFINITE,
  FAULT_COUNTS,
  FAULT_ERROR,
  FAULT_SILENT,
  FAULT_GREEDY,
  FAULT_BABBLE,
  FAULT_QUITS,
  FAULT_LATE
};
static const char *const faults[] = {
    "none",   "crash",    "abort",        "exit",  "loop",
    "nan",    "infinite", "wrong_counts", "error", "silent",
    "greedy", "babble",   "quits",        "late",  NULL};

enum { FAULT, SECONDS };
static const heed_parameter parameters[] = {
    [FAULT] = {.name = "fault",
               .type = HEED_ENUM,
               .default_value = "none",
               .choices = faults,
               .doc = "what goes wrong"},
    [SECONDS] = {.name = "seconds",
                 .type = HEED_NUMBER,
                 .default_value = "0",
                 .high = 1e6,
                 .unit = "s",
                 .doc = "how long it takes, unless HEED_TEST_AWAKE is set"},
};
static const heed_output outputs[] = {
    {.name = "draw", .doc = "a uniform of the stage's stream"}};

typedef struct faulty_state {
  const heed_value *values;
  bool used;
} faulty_state;

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  faulty_state *made = host->allocate(host, 1, sizeof *made);
  if (made == NULL) return heed_no_memory(error);
  made->values = values;
  *self = made;
  return HEED_OK;
}

static void crash(void) {
  volatile uintptr_t nowhere = 64; /* so that no compiler sees through it */
  *(volatile int *)nowhere = 1;
}

static void loop(void) {
  for (volatile unsigned turns = 0;; turns++) continue;
}

/* Touches memory until it is told to stop. */
static void be_greedy(void) {
  const size_t block = (size_t)16 << 20;
  for (size_t held = 0; held < GREED; held += block) {
    char *more = malloc(block);
    if (more != NULL) memset(more, 1, block);
  }
}

static void babble(void) {
  static const char line[] = "this and that, and that and this\n";
  for (size_t i = 0; i < 2000000; i++) (void)!write(1, line, sizeof line - 1);
}

static heed_status fail_by(faulty_state *self, heed_error *error) {
  const heed_value *values = self->values;
  struct timespec left = {(time_t)values[SECONDS].number, 0};
  left.tv_nsec = (long)(1e9 * (values[SECONDS].number - (double)left.tv_sec));
  if (values[SECONDS].number > 0 && getenv("HEED_TEST_AWAKE") == NULL)
    (void)nanosleep(&left, NULL);
  self->used = true;
  switch (values[FAULT].integer) {
    case FAULT_CRASH:
      crash();
      break;
    case FAULT_ABORT:
      (void)fprintf(stderr, "faulty: this cannot be\n");
      abort();
    case FAULT_EXIT:
      exit(0);
    case FAULT_LOOP:
      loop();
      break;
    case FAULT_GREEDY:
      be_greedy();
      break;
    case FAULT_BABBLE:
      babble();
      break;
    case FAULT_QUITS:
      return heed_fail(error, HEED_CANCELLED, "it had enough");
    case FAULT_ERROR:
      return heed_fail(error, HEED_NUMERIC, "the matrix is not definite");
    case FAULT_SILENT:
      return HEED_INTERNAL;
    default:
      break;
  }
  return HEED_OK;
}

/* Planners close what they never used. */
static void destroy(void *self) {
  const faulty_state *faulty = self;
  if (faulty->used && faulty->values[FAULT].integer == FAULT_LATE) crash();
}

static void report(const heed_host *host, int64_t fault) {
  heed_stream stream = host->stream(host, "draw", 0);
  double draw = heed_uniform(&stream);
  if (fault == FAULT_INFINITE) draw = HUGE_VAL;
  host->output(host, 0, &draw, 1);
}

/* ---- the estimator ---- */

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_value *values = ((faulty_state *)self)->values;
  const size_t users = crowd->users->rows;
  const size_t annotations = crowd->annotations->rows;
  heed_memory memory = {host, false};
  const heed_status status = fail_by(self, error);
  if (status != HEED_OK) return status;
  posterior->unit = HEED_BY_USER;
  posterior->units = users + (values[FAULT].integer == FAULT_COUNTS);
  posterior->mean = heed_allocate_doubles(&memory, users + 1);
  posterior->sd = heed_allocate_doubles(&memory, users + 1);
  posterior->left_out = heed_allocate_doubles(&memory, annotations);
  posterior->casual = heed_allocate_doubles(&memory, annotations);
  posterior->p = heed_allocate_doubles(&memory, annotations);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) {
    heed_stream stream = host->stream(host, "mean", j);
    posterior->mean[j] = heed_uniform(&stream);
  }
  for (size_t i = 0; i < annotations; i++)
    posterior->left_out[i] = posterior->casual[i] = posterior->p[i] = 0.5;
  if (values[FAULT].integer == FAULT_NAN) posterior->mean[0] = NAN;
  posterior->converged = posterior->identified = true;
  report(host, values[FAULT].integer);
  return HEED_OK;
}
static const heed_estimator_functions estimator_functions = {
    .size = sizeof estimator_functions, .estimate = estimate};
static const heed_plugin estimator = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "faulty",
    .version = "1.0",
    .summary = "Fails as it is told to",
    .parameters = parameters,
    .parameter_count = COUNT(parameters),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .create = create,
    .destroy = destroy,
    .functions = &estimator_functions,
    .functions_size = sizeof estimator_functions,
};

/* ---- the filter ---- */

static heed_status choose(void *self, const heed_host *host,
                          const heed_crowd *crowd,
                          const heed_posterior *posterior,
                          heed_selection *selection, heed_error *error) {
  const heed_value *values = ((faulty_state *)self)->values;
  const heed_status status = fail_by(self, error);
  (void)crowd, (void)posterior;
  if (status != HEED_OK) return status;
  if (values[FAULT].integer == FAULT_NAN) selection->weight[0] = NAN;
  if (values[FAULT].integer == FAULT_COUNTS) selection->weight = NULL;
  report(host, values[FAULT].integer);
  return HEED_OK;
}
static const heed_filter_functions filter_functions = {
    .size = sizeof filter_functions, .select = choose};
static const heed_plugin filter = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "faulty",
    .version = "1.0",
    .summary = "Fails as it is told to",
    .parameters = parameters,
    .parameter_count = COUNT(parameters),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .create = create,
    .destroy = destroy,
    .functions = &filter_functions,
    .functions_size = sizeof filter_functions,
};

static const heed_plugin *const plugins[] = {&estimator, &filter};
HEED_PLUGINS(plugins)
