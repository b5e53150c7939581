/* SPDX-License-Identifier: GPL-3.0-or-later
 * The checkpoint of drawn responses.  sources/llm/drawing.c calls it. */
#include "sources/llm/checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

heed_status checkpoint_open(const heed_host *host, llm_source_checkpoint *self,
                            heed_error *error) {
  FILE *file = NULL;
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  *self =
      (llm_source_checkpoint){.host = host,
                              .path = host->extension(host, HEED_CHECKPOINT),
                              .lots = json_array()};
  if (self->lots == NULL) return heed_no_memory(error);
  if (self->path != NULL) file = fopen(self->path, "rb");
  if (file == NULL) return HEED_OK;
  while ((length = getline(&line, &room, file)) > 0) {
    json_t *lot = json_loadb(line, (size_t)length, 0, NULL);
    if (lot == NULL) break;
    (void)json_array_append_new(self->lots, lot);
  }
  free(line);
  (void)fclose(file);
  return HEED_OK;
}

void checkpoint_close(llm_source_checkpoint *self) {
  json_decref(self->lots);
  self->lots = NULL;
}

static const json_t *lot_of(const llm_source_checkpoint *self,
                            const char *purpose, size_t first, size_t count) {
  const json_t *lot;
  size_t i;
  json_array_foreach(self->lots, i, lot) {
    const char *name = json_string_value(json_object_get(lot, "purpose"));
    if (name != NULL && strcmp(name, purpose) == 0 &&
        json_integer_value(json_object_get(lot, "first")) ==
            (json_int_t)first &&
        json_array_size(json_object_get(lot, "text")) == count &&
        json_array_size(json_object_get(lot, "cut")) == count)
      return lot;
  }
  return NULL;
}

heed_status checkpoint_find(const llm_source_checkpoint *self,
                            const char *purpose, size_t first, size_t count,
                            heed_response *responses, size_t *tokens,
                            bool *found, heed_error *error) {
  const json_t *lot = lot_of(self, purpose, first, count);
  *found = lot != NULL;
  if (lot == NULL) return HEED_OK;
  for (size_t i = 0; i < count; i++) {
    const json_t *text = json_array_get(json_object_get(lot, "text"), i);
    heed_response *response = &responses[i];
    *found = *found && json_is_string(text);
    if (!*found) return HEED_OK;
    response->text = self->host->copy(self->host, json_string_value(text));
    if (response->text == NULL) return heed_no_memory(error);
    response->length = strlen(response->text);
    response->cut =
        json_is_true(json_array_get(json_object_get(lot, "cut"), i));
    response->candidate = -1;
  }
  *tokens += (size_t)json_integer_value(json_object_get(lot, "tokens"));
  return HEED_OK;
}

/* ---- writing ---- */

/* NULL: out of memory. */
static json_t *lot_as_json(const char *purpose, size_t first, size_t count,
                           const heed_response *responses, size_t tokens) {
  json_t *text = json_array(), *cut = json_array();
  bool good = true;
  for (size_t i = 0; good && i < count; i++)
    good =
        json_array_append_new(
            text, json_stringn(responses[i].text, responses[i].length)) == 0 &&
        json_array_append_new(cut, json_boolean(responses[i].cut)) == 0;
  if (!good) {
    json_decref(text);
    json_decref(cut);
    return NULL;
  }
  return json_pack("{ss sI sI so so}", "purpose", purpose, "first",
                   (json_int_t)first, "tokens", (json_int_t)tokens, "text",
                   text, "cut", cut);
}

static bool write_lots(const json_t *lots, FILE *file) {
  const json_t *lot;
  size_t i;
  json_array_foreach(lots, i, lot) {
    if (json_dumpf(lot, file, JSON_COMPACT) != 0 || fputc('\n', file) == EOF)
      return false;
  }
  return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

/* 0 or errno. */
static int write_file(const llm_source_checkpoint *self,
                      const char *neighbour) {
  FILE *file = fopen(neighbour, "wb");
  bool good;
  int fault;
  if (file == NULL) return errno;
  errno = 0;
  good = write_lots(self->lots, file);
  good = fclose(file) == 0 && good;
  good = good && rename(neighbour, self->path) == 0;
  if (good) return 0;
  fault = errno != 0 ? errno : EIO;
  (void)unlink(neighbour);
  return fault;
}

heed_status checkpoint_add(llm_source_checkpoint *self, const char *purpose,
                           size_t first, size_t count,
                           const heed_response *responses, size_t tokens,
                           heed_error *error) {
  char *neighbour = NULL;
  json_t *lot;
  int fault;
  if (self->path == NULL) return HEED_OK;
  lot = lot_as_json(purpose, first, count, responses, tokens);
  if (json_array_append_new(self->lots, lot) != 0 ||
      asprintf(&neighbour, "%s.%ld.tmp", self->path, (long)getpid()) < 0)
    return heed_no_memory(error);
  fault = write_file(self, neighbour);
  if (fault != 0) {
    self->host->warn(self->host, "checkpoint",
                     "%s: cannot write: %s; responses are not saved until "
                     "all are drawn",
                     neighbour, strerror(fault));
    self->path = NULL;
  }
  free(neighbour);
  return HEED_OK;
}
