/* SPDX-License-Identifier: GPL-3.0-or-later
 * Training checkpoints: the full state to resume as if never interrupted, in
 * this machine's byte order.  The host only offers checkpoints of exactly the
 * same stage; counts are compared anyway. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trainers/dpo_llm/learner.h"

typedef struct checkpoint_head {
  char magic[8];
  uint64_t count, rows, steps, nodes, theta; /* must match */
  uint64_t steps_done, steps_taken;
} checkpoint_head;

/* One array of the file. */
typedef struct checkpoint_stretch {
  void *position;
  size_t bytes;
} checkpoint_stretch;

enum { MOST_STRETCHES = 8 };

static checkpoint_head head_of(const dpo_llm_learner *self) {
  const joint_fit *joint = self->fit->joint;
  checkpoint_head made = {.count = self->count,
                          .rows = self->rows->count,
                          .steps = self->steps,
                          .nodes = joint == NULL ? 0 : joint->node_count,
                          .theta = joint == NULL ? 0 : joint->theta_count,
                          .steps_done = self->steps_done,
                          .steps_taken = self->optimiser->steps};
  memcpy(made.magic, "heedDPO1", sizeof made.magic);
  return made;
}

/* The contents of the file after its header, in order; returns their number. */
static size_t stretches_of(const dpo_llm_learner *self,
                           checkpoint_stretch list[MOST_STRETCHES]) {
  joint_fit *joint = self->fit->joint;
  size_t count = 0;
  const size_t floats = self->count * sizeof(float);
  list[count++] = (checkpoint_stretch){self->parameters, floats};
  list[count++] = (checkpoint_stretch){self->optimiser->m, floats};
  list[count++] = (checkpoint_stretch){self->optimiser->v, floats};
  list[count++] = (checkpoint_stretch){
      self->margin, self->rows->count * sizeof *self->margin};
  list[count++] =
      (checkpoint_stretch){self->history, self->steps * sizeof *self->history};
  if (joint != NULL) {
    list[count++] = (checkpoint_stretch){
        joint->theta, joint->theta_count * sizeof *joint->theta};
    list[count++] = (checkpoint_stretch){
        joint->nodes, joint->node_count * sizeof *joint->nodes};
    list[count++] = (checkpoint_stretch){
        joint->mass,
        self->rows->units * joint->node_count * sizeof *joint->mass};
  }
  return count;
}

heed_status learner_save(const dpo_llm_learner *self, const char *path,
                         heed_error *error) {
  const checkpoint_head made = head_of(self);
  checkpoint_stretch list[MOST_STRETCHES];
  const size_t count = stretches_of(self, list);
  char *temporary = malloc(strlen(path) + 5);
  FILE *file;
  bool good;
  if (temporary == NULL) return heed_no_memory(error);
  (void)sprintf(temporary, "%s.new", path);
  file = fopen(temporary, "wb");
  good = file != NULL && fwrite(&made, sizeof made, 1, file) == 1;
  for (size_t i = 0; good && i < count; i++)
    good = list[i].bytes == 0 ||
           fwrite(list[i].position, list[i].bytes, 1, file) == 1;
  good = good && fflush(file) == 0 && fsync(fileno(file)) == 0;
  if (file != NULL && fclose(file) != 0) good = false;
  good = good && rename(temporary, path) == 0;
  if (!good) {
    (void)heed_fail(error, HEED_IO, "%s: cannot write a checkpoint: %s", path,
                    strerror(errno));
    (void)unlink(temporary);
  }
  free(temporary);
  return good ? HEED_OK : HEED_IO;
}

static bool belongs(const checkpoint_head *found,
                    const checkpoint_head *expected) {
  return memcmp(found->magic, expected->magic, sizeof found->magic) == 0 &&
         found->count == expected->count && found->rows == expected->rows &&
         found->steps == expected->steps && found->nodes == expected->nodes &&
         found->theta == expected->theta && found->steps_done <= found->steps;
}

heed_status learner_load(dpo_llm_learner *self, const char *path, bool *found,
                         heed_error *error) {
  const checkpoint_head expected = head_of(self);
  checkpoint_head read;
  checkpoint_stretch list[MOST_STRETCHES];
  const size_t count = stretches_of(self, list);
  FILE *file = fopen(path, "rb");
  bool good = true;
  *found = false;
  if (file == NULL) return HEED_OK;
  if (fread(&read, sizeof read, 1, file) != 1 || !belongs(&read, &expected)) {
    (void)fclose(file);
    return HEED_OK;
  }
  for (size_t i = 0; good && i < count; i++)
    good = list[i].bytes == 0 ||
           fread(list[i].position, list[i].bytes, 1, file) == 1;
  (void)fclose(file);
  if (!good) return heed_fail(error, HEED_IO, "%s: truncated checkpoint", path);
  self->steps_done = read.steps_done;
  self->optimiser->steps = read.steps_taken;
  *found = true;
  self->host->log(self->host, "resumes after step %zu of %zu", self->steps_done,
                  self->steps);
  return HEED_OK;
}
