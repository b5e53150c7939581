/* SPDX-License-Identifier: GPL-3.0-or-later
 * Threads inside a stage: each takes the next part until none is left. */
#include "support/numeric/threads.h"

#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>

/* More would gain little: a job has few parts. */
enum { THREADS_MOST = 64 };

typedef struct threads_job {
  threads_work *work;
  void *context;
  size_t parts;
  atomic_size_t next;
} threads_job;

static void *take_parts(void *argument) {
  threads_job *job = argument;
  for (;;) {
    const size_t part = atomic_fetch_add(&job->next, 1);
    if (part >= job->parts) return NULL;
    job->work(job->context, part);
  }
}

void threads_run(size_t threads, size_t parts, threads_work *work,
                 void *context) {
  threads_job job = {.work = work, .context = context, .parts = parts};
  pthread_t others[THREADS_MOST];
  size_t started = 0;
  const int blas_threads = openblas_get_num_threads();
  if (threads > parts) threads = parts;
  if (threads > THREADS_MOST) threads = THREADS_MOST;
  if (blas_threads > 1) openblas_set_num_threads(1);
  while (started + 1 < threads &&
         pthread_create(&others[started], NULL, take_parts, &job) == 0)
    started++;
  (void)take_parts(&job);
  for (size_t i = 0; i < started; i++) pthread_join(others[i], NULL);
  if (blas_threads > 1) openblas_set_num_threads(blas_threads);
}
