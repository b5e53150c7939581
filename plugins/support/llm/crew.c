/* SPDX-License-Identifier: GPL-3.0-or-later
 * A crew of threads. */
#include "support/llm/crew.h"

#include <cblas.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct crew_member {
  llm_crew *crew;
  size_t index;
  pthread_t thread;
} crew_member;

struct llm_crew {
  size_t members;
  int blas_threads; /* before the crew was opened */
  pthread_mutex_t lock;
  pthread_cond_t begin, finished;
  size_t turn;    /* number of jobs so far */
  size_t waiting; /* members that have not finished this turn */
  bool exceeded;
  llm_crew_work *work;
  void *context;
  size_t started;      /* threads to join */
  crew_member *others; /* members - 1 */
};

/* Waits for a turn after `seen`; false if the crew closes. */
static bool await_turn(llm_crew *self, size_t *seen) {
  bool more;
  pthread_mutex_lock(&self->lock);
  while (self->turn == *seen && !self->exceeded)
    pthread_cond_wait(&self->begin, &self->lock);
  more = !self->exceeded;
  *seen = self->turn;
  pthread_mutex_unlock(&self->lock);
  return more;
}

static void *serve(void *argument) {
  const crew_member *me = argument;
  llm_crew *self = me->crew;
  size_t seen = 0;
  while (await_turn(self, &seen)) {
    self->work(self->context, me->index, self->members);
    pthread_mutex_lock(&self->lock);
    if (--self->waiting == 0) pthread_cond_signal(&self->finished);
    pthread_mutex_unlock(&self->lock);
  }
  return NULL;
}

void crew_close(llm_crew *self) {
  if (self == NULL) return;
  pthread_mutex_lock(&self->lock);
  self->exceeded = true;
  pthread_cond_broadcast(&self->begin);
  pthread_mutex_unlock(&self->lock);
  for (size_t i = 0; i < self->started; i++)
    pthread_join(self->others[i].thread, NULL);
  pthread_cond_destroy(&self->begin);
  pthread_cond_destroy(&self->finished);
  pthread_mutex_destroy(&self->lock);
  openblas_set_num_threads(self->blas_threads);
  free(self->others);
  free(self);
}

static heed_status start_members(llm_crew *self, heed_error *error) {
  for (size_t i = 0; i + 1 < self->members; i++) {
    self->others[i].crew = self;
    self->others[i].index = i + 1;
    if (pthread_create(&self->others[i].thread, NULL, serve,
                       &self->others[i]) != 0)
      return heed_fail(error, HEED_MEMORY,
                       "cannot start thread %zu of %zu for the language model",
                       i + 2, self->members);
    self->started++;
  }
  return HEED_OK;
}

heed_status crew_open(size_t members, llm_crew **opened, heed_error *error) {
  const int blas_threads = openblas_get_num_threads();
  llm_crew *self = calloc(1, sizeof *self);
  heed_status status;
  *opened = NULL;
  if (self == NULL) return heed_no_memory(error);
  self->members =
      members > 0 ? members : (size_t)(blas_threads > 0 ? blas_threads : 1);
  self->blas_threads = blas_threads;
  self->others = calloc(self->members, sizeof *self->others);
  if (self->others == NULL) {
    free(self);
    return heed_no_memory(error);
  }
  pthread_mutex_init(&self->lock, NULL);
  pthread_cond_init(&self->begin, NULL);
  pthread_cond_init(&self->finished, NULL);
  openblas_set_num_threads(1);
  status = start_members(self, error);
  if (status != HEED_OK) {
    crew_close(self);
    return status;
  }
  *opened = self;
  return HEED_OK;
}

size_t crew_members(const llm_crew *self) {
  return self->members;
}

void crew_run(llm_crew *self, llm_crew_work *work, void *context) {
  if (self->members > 1) {
    pthread_mutex_lock(&self->lock);
    self->work = work;
    self->context = context;
    self->waiting = self->members - 1;
    self->turn++;
    pthread_cond_broadcast(&self->begin);
    pthread_mutex_unlock(&self->lock);
  }
  work(context, 0, self->members);
  if (self->members > 1) {
    pthread_mutex_lock(&self->lock);
    while (self->waiting > 0) pthread_cond_wait(&self->finished, &self->lock);
    pthread_mutex_unlock(&self->lock);
  }
}
