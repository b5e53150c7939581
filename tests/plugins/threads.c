/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator that uses all threads that it may use, and reports how many it
 * got.  The parameter `fault` makes the last thread misbehave. */
#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

#include "heed/heed.h"
#include "heed/memory.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CHUNKS 64 /* of the sum, whatever the number of threads */
#define CHUNK 1000

enum { FAULT, REPORT, SECONDS };
static const heed_parameter parameters[] = {
    /* No enum: heed check --plugin would try each. */
    [FAULT] = {.name = "fault",
               .type = HEED_TEXT,
               .default_value = "none",
               .doc = "what the last thread does: flushes, writes, hangs; "
                      "or the sum is unsteady"},
    [REPORT] = {.name = "report",
                .type = HEED_BOOLEAN,
                .default_value = "true",
                .doc = "say how many threads there were"},
    [SECONDS] = {.name = "seconds",
                 .type = HEED_NUMBER,
                 .default_value = "0",
                 .high = 60,
                 .doc = "time that the stage takes"},
};

enum { OFFERED, GOT, FLUSHING, SUM };
static const heed_output outputs[] = {
    [OFFERED] = {.name = "offered", .doc = "threads that it may use"},
    [GOT] = {.name = "got", .doc = "threads that ran"},
    [FLUSHING] = {.name = "flushing",
                  .doc = "threads that flush denormals at the start"},
    [SUM] = {.name = "sum", .doc = "a sum of chunks, in their order"},
};

static bool flushes(void) {
  volatile double least = 0x1p-1022;
  return least / 2 == 0;
}

static void start_flushing(void) {
#if defined(__x86_64__)
  unsigned control = 0;
  __asm__ volatile("stmxcsr %0" : "=m"(control));
  control |= 0x8000u;
  __asm__ volatile("ldmxcsr %0" : : "m"(control));
#endif
}

static void misbehave(const char *fault, const heed_crowd *crowd) {
  if (strcmp(fault, "flushes") == 0) start_flushing();
  if (strcmp(fault, "writes") == 0)
    crowd->world->pairs->columns[0].name = "another";
  if (strcmp(fault, "hangs") == 0)
    for (;;) (void)pause();
}

/* The sum of 1 / (1 + i): its last bits depend on the order. */
static double add_chunks(int threads, bool unsteady) {
  double sums[CHUNKS] = {0}, sum = 0;
#pragma omp parallel for num_threads(threads)
  for (int chunk = 0; chunk < CHUNKS; chunk++)
    for (int i = 0; i < CHUNK; i++)
      sums[chunk] += 1.0 / (chunk * CHUNK + i + 1);
  for (int chunk = 0; chunk < CHUNKS; chunk++) sum += sums[chunk];
  return unsteady ? sum + threads : sum;
}

static void use_threads(const heed_value *values, const heed_host *host,
                        const heed_crowd *crowd) {
  const char *fault = values[FAULT].text;
  const int threads = (int)heed_threads(host);
  const double offered = threads;
  int got = 0, flushing = 0;
#pragma omp parallel num_threads(threads) reduction(+ : got, flushing)
  {
    got++;
    flushing += flushes();
    if (omp_get_thread_num() == omp_get_num_threads() - 1)
      misbehave(fault, crowd);
  }
  const double counts[] = {got, flushing};
  const double sum = add_chunks(threads, strcmp(fault, "unsteady") == 0);
  host->output(host, SUM, &sum, 1);
  if (values[REPORT].integer == 0) return;
  host->output(host, OFFERED, &offered, 1);
  host->output(host, GOT, &counts[0], 1);
  host->output(host, FLUSHING, &counts[1], 1);
}

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_value *values = self;
  const size_t users = crowd->users->rows, rows = crowd->annotations->rows;
  heed_memory memory = {host, false};
  double *numbers = heed_allocate_doubles(&memory, 2 * users + 3 * rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < 2 * users + 3 * rows; i++) numbers[i] = 0.5;
  use_threads(values, host, crowd);
  (void)usleep((useconds_t)(1e6 * values[SECONDS].number));
  posterior->units = users;
  posterior->converged = posterior->identified = true;
  posterior->mean = numbers;
  posterior->sd = numbers + users;
  posterior->left_out = numbers + 2 * users;
  posterior->casual = posterior->left_out + rows;
  posterior->p = posterior->casual + rows;
  return HEED_OK;
}

static const heed_estimator_functions functions = {.size = sizeof functions,
                                                   .estimate = estimate};
static const heed_plugin threads = {
    .size = sizeof threads,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "threads",
    .version = "1.0",
    .summary = "Half attentive, all of them, by several threads",
    .parameters = parameters,
    .parameter_count = COUNT(parameters),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&threads};
HEED_PLUGINS(plugins)
