/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed export: the selection of one cell as a preference data set in JSON
 * Lines, and its data card.
 *
 * Rows go from the result to the output in blocks.  A file is complete or
 * absent; other outputs get their first byte after a rehearsal. */
#include <stdlib.h>
#include <string.h>

#include "export_card.h"
#include "files/file.h"
#include "kept_cell.h"
#include "spare.h"
#include "table.h"
#include "tell.h"

typedef struct export_command {
  const command_arguments *given;
  view_result result;
  output_target output, card_output;
  char *card_name; /* NULL: no card */
  view_pseudonyms key;
  export_walk walk;
  export_sink sink;
} export_command;

/* ---- the data and its card ---- */

static heed_status write_card(export_command *self, size_t cell,
                              const output_stream *data, output_stream *stream,
                              heed_error *error) {
  export_card card = {.walk = &self->walk,
                      .cell = cell,
                      .file = self->given->output,
                      .license = self->given->license};
  char *text = NULL;
  size_t length;
  heed_status status = hash_descriptor(data->descriptor, self->given->output,
                                       card.sha256, error);
  if (status == HEED_OK) status = card_make(&card, &text, &length, error);
  if (status == HEED_OK) status = output_add(stream, text, length, error);
  free(text);
  return status;
}

/* Both files are on the disk before the first gets its name.  The card is the
 * first: no data set stays without one. */
static heed_status write_with_card(export_command *self, size_t cell,
                                   output_stream *data, heed_error *error) {
  output_stream card;
  heed_status status = output_start(&self->card_output, &card, error);
  if (status == HEED_OK) status = write_card(self, cell, data, &card, error);
  if (status == HEED_OK) status = output_finish(&card, error);
  output_drop(&card);
  return status;
}

static heed_status write_data(export_command *self, size_t cell,
                              heed_error *error) {
  output_stream data;
  heed_status status = output_start(&self->output, &data, error);
  sink_open(&self->sink, &data, error);
  if (status == HEED_OK) status = walk_write(&self->walk, &self->sink, error);
  if (status == HEED_OK && self->card_name != NULL)
    status = write_with_card(self, cell, &data, error);
  if (status == HEED_OK) status = output_finish(&data, error);
  output_drop(&data);
  return status;
}

static void tell_shape(const export_command *self) {
  const export_walk *walk = &self->walk;
  if (walk->as_messages &&
      (walk->shape == SHAPE_TRL || walk->shape == SHAPE_KTO))
    fprintf(stderr,
            "heed: %s: some pairs are conversations, so all examples are lists "
            "of messages\n",
            self->result.path);
}

/* No filter makes the labels of pairs equally sure. */
static void tell_weights(const export_walk *walk) {
  if (walk->draws == COMMAND_NONE && walk_weights_differ(walk))
    fprintf(stderr,
            "heed: warning: weights differ, and most trainers ignore them; "
            "--draw N draws examples by weight%s\n",
            walk->by_pair ? ""
                          : "; with a filter that keeps or drops, all weights "
                            "are 1");
}

static heed_status export_cell(export_command *self, size_t cell,
                               heed_error *error) {
  char note[WALK_NOTE_SIZE];
  heed_status status = walk_open(&self->walk, &self->result, cell, error);
  if (status == HEED_OK &&
      (!self->output.is_file || self->walk.draws != COMMAND_NONE))
    status = walk_rehearse(&self->walk, error);
  if (status == HEED_OK) status = write_data(self, cell, error);
  if (status != HEED_OK) return status;
  tell_shape(self);
  walk_note(&self->walk, note);
  if (*note != '\0') fprintf(stderr, "heed: warning: %s\n", note);
  tell_weights(&self->walk);
  return tell_cell(&self->result, cell, self->given->pseudonyms != NULL, error);
}

/* ---- where to ---- */

static heed_status find_card(export_command *self, heed_error *error) {
  heed_status status;
  if (!self->output.is_file) return HEED_OK;
  self->card_name = file_name("%s.card.md", self->given->output);
  if (self->card_name == NULL) return heed_no_memory(error);
  status = spare_find_text(self->card_name, self->given->file,
                           self->given->pseudonyms, self->result.plan,
                           &self->card_output, error);
  if (status == HEED_OK) status = output_need_file(&self->card_output, error);
  return status == HEED_OK
             ? card_spare(self->card_output.path, self->card_name, error)
             : status;
}

static heed_status find_outputs(export_command *self, heed_error *error) {
  const char *named = self->given->output == NULL ? "-" : self->given->output;
  heed_status status =
      spare_find_text(named, self->given->file, self->given->pseudonyms,
                      self->result.plan, &self->output, error);
  if (status == HEED_OK) status = find_card(self, error);
  if (status == HEED_OK && self->given->license != NULL &&
      self->card_name == NULL)
    status = heed_fail(error, HEED_INVALID,
                       "--license: found no file for the data card, expected "
                       "-o FILE");
  return status;
}

static heed_status read_key(export_command *self, heed_error *error) {
  if (self->given->pseudonyms == NULL) return HEED_OK;
  self->walk.key = &self->key;
  return pseudonyms_read(self->given->pseudonyms, &self->key, error);
}

static heed_status run(export_command *self, heed_error *error) {
  static const command_kept_options selection = {.table = "selection",
                                                 .shared = PLAN_SELECTION};
  size_t cell;
  heed_status status = read_key(self, error);
  if (status == HEED_OK) status = find_outputs(self, error);
  if (status == HEED_OK)
    status =
        kept_cell_find(&selection, &self->result, self->given, &cell, error);
  return status == HEED_OK ? export_cell(self, cell, error) : status;
}

int command_export(const command_arguments *given) {
  export_command *self = calloc(1, sizeof *self);
  heed_error error;
  heed_status status = self == NULL
                           ? heed_no_memory(&error)
                           : tell_open(given->file, &self->result, &error);
  if (status != HEED_OK) {
    free(self);
    return command_error(&error);
  }
  self->given = given;
  self->walk.shape = (export_shape)given->shape;
  self->walk.by_pair = given->by == EXPORT_BY_PAIR;
  self->walk.draws = given->draw;
  status = run(self, &error);
  walk_close(&self->walk);
  output_free(&self->output);
  output_free(&self->card_output);
  free(self->card_name);
  view_result_close(&self->result);
  free(self);
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}
