/* SPDX-License-Identifier: GPL-3.0-or-later
 * Input files of a run: hashed when a worker opens, and again if they look
 * changed. */
#include "inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/hash.h"

static bool looks_same(const struct stat *one, const struct stat *other) {
  return one->st_dev == other->st_dev && one->st_ino == other->st_ino &&
         one->st_size == other->st_size &&
         one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
         one->st_mtim.tv_nsec == other->st_mtim.tv_nsec &&
         one->st_ctim.tv_sec == other->st_ctim.tv_sec &&
         one->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

/* The look is taken before the bytes: a change during the hash shows next
 * time. */
static heed_status check_bytes(const plan_input *input, struct stat *seen,
                               heed_error *error) {
  char digest[HASH_SIZE];
  heed_status status;
  const int file = open(input->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0 || fstat(file, seen) != 0) {
    status = heed_fail(error, HEED_INVALID,
                       "%s: cannot read: %s; the sweep needs this file",
                       input->path, strerror(errno));
    if (file >= 0) (void)close(file);
    return status;
  }
  status = hash_descriptor(file, input->path, digest, error);
  (void)close(file);
  if (status != HEED_OK || strcmp(digest, input->sha256) == 0) return status;
  return heed_fail(error, HEED_INVALID,
                   "%s: the file has changed since the sweep was planned "
                   "(SHA-256 %.12s…, expected %.12s…); put it back, or name "
                   "another result with -o",
                   input->path, digest, input->sha256);
}

heed_status inputs_open(const heed_plan *plan, execution_inputs *result,
                        heed_error *error) {
  heed_status status = HEED_OK;
  *result = (execution_inputs){
      .plan = plan, .seen = calloc(plan->input_count + 1, sizeof(struct stat))};
  if (result->seen == NULL) return heed_no_memory(error);
  for (size_t i = 0; status == HEED_OK && i < plan->input_count; i++)
    status = check_bytes(&plan->inputs[i], &result->seen[i], error);
  return status;
}

heed_status inputs_check(execution_inputs *self, heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < self->plan->input_count; i++) {
    const plan_input *input = &self->plan->inputs[i];
    struct stat now;
    if (stat(input->path, &now) != 0 || !looks_same(&now, &self->seen[i]))
      status = check_bytes(input, &self->seen[i], error);
  }
  return status;
}

void inputs_close(execution_inputs *self) {
  free(self->seen);
}
