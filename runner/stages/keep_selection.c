/* SPDX-License-Identifier: GPL-3.0-or-later
 * The kept selection.  It may have as many rows as the log, so it is no table:
 * its rows are made in blocks, from the outputs of the stages, when the record
 * is written. */
#include <math.h>

#include "keep.h"

#define MOST_COLUMNS 16

/* P(A's response is better) before anybody judged the pair: what the fit says
 * of its models; else the gap, or the p that the pair came with, if the
 * estimator used it; else one half.  An estimator's own p will not do: some fit
 * it to the choices of the pair. */
typedef struct pair_priors {
  const heed_posterior *posterior;
  const double *gold;
  const double *own, *of_pair; /* p of the annotation, of the pair */
} pair_priors;

typedef struct selection_stream selection_stream;

/* Fills in a column for the rows of the block. */
typedef void fill_column(const selection_stream *self, void *data);

struct selection_stream {
  const heed_selection *selection;
  size_t annotations, next; /* next: annotation to look at */

  /* The block: numbers of annotations. */
  size_t count, *rows;
  size_t column_count;
  heed_column columns[MOST_COLUMNS];
  fill_column *fill[MOST_COLUMNS];

  /* Columns of the annotations, the pairs, the users, the prompts; NULL: there
   * is no such column. */
  const int64_t *user, *pair, *prompt_of;
  const int8_t *choice, *messages;
  const int32_t *model_a, *model_b;
  const char *const *name, *const *pair_name, *const *prompt;
  const char *const *text_a, *const *text_b;
  pair_priors priors;
};

/* ---- columns ---- */

static void fill_user(const selection_stream *self, void *data) {
  int64_t *user = data;
  for (size_t i = 0; i < self->count; i++) user[i] = self->user[self->rows[i]];
}

static void fill_pair(const selection_stream *self, void *data) {
  int64_t *pair = data;
  for (size_t i = 0; i < self->count; i++) pair[i] = self->pair[self->rows[i]];
}

static void fill_choice(const selection_stream *self, void *data) {
  int8_t *choice = data;
  for (size_t i = 0; i < self->count; i++)
    choice[i] = self->choice[self->rows[i]];
}

static void fill_weight(const selection_stream *self, void *data) {
  double *weight = data;
  for (size_t i = 0; i < self->count; i++)
    weight[i] = self->selection->weight[self->rows[i]];
}

static void fill_eta(const selection_stream *self, void *data) {
  double *eta = data;
  for (size_t i = 0; i < self->count; i++)
    eta[i] = self->selection->eta[self->rows[i]];
}

/* What a label of the pair needs, the next three: docs/results.md has the
 * formula. */
static void fill_left_out(const selection_stream *self, void *data) {
  float *left_out = data;
  for (size_t i = 0; i < self->count; i++)
    left_out[i] = (float)self->selection->left_out[self->rows[i]];
}

static void fill_casual(const selection_stream *self, void *data) {
  float *casual = data;
  for (size_t i = 0; i < self->count; i++)
    casual[i] = (float)self->selection->casual[self->rows[i]];
}

static bool is_close(double one, double other) {
  return fabs(one - other) < 1e-9;
}

static double prior_of(const selection_stream *stream, size_t row) {
  const pair_priors *self = &stream->priors;
  const int64_t pair = stream->pair[row];
  const double p = self->posterior->p[row];
  const double *strength = self->posterior->strength;
  const int32_t *model_a = stream->model_a, *model_b = stream->model_b;
  if (self->gold != NULL && !isnan(self->gold[pair])) return self->gold[pair];
  if (is_close(p, self->posterior->mu) ||
      (self->own != NULL && is_close(p, self->own[row])) ||
      (self->of_pair != NULL && is_close(p, self->of_pair[pair])))
    return p;
  if (strength == NULL || model_a == NULL || model_b == NULL ||
      model_a[pair] < 0 || model_b[pair] < 0)
    return 0.5;
  return 1 / (1 + exp(strength[model_b[pair]] - strength[model_a[pair]]));
}

static void fill_prior(const selection_stream *self, void *data) {
  float *prior = data;
  for (size_t i = 0; i < self->count; i++)
    prior[i] = (float)prior_of(self, self->rows[i]);
}

/* Rows of the table `models`. */
static void fill_model_a(const selection_stream *self, void *data) {
  int32_t *model = data;
  for (size_t i = 0; i < self->count; i++)
    model[i] = self->model_a[self->pair[self->rows[i]]];
}

static void fill_model_b(const selection_stream *self, void *data) {
  int32_t *model = data;
  for (size_t i = 0; i < self->count; i++)
    model[i] = self->model_b[self->pair[self->rows[i]]];
}

static void fill_name(const selection_stream *self, void *data) {
  const char **name = data;
  for (size_t i = 0; i < self->count; i++)
    name[i] = self->name[self->user[self->rows[i]]];
}

static void fill_pair_name(const selection_stream *self, void *data) {
  const char **name = data;
  for (size_t i = 0; i < self->count; i++)
    name[i] = self->pair_name[self->pair[self->rows[i]]];
}

/* Of a world with texts: 1 if those of the pair are lists of messages. */
static void fill_messages(const selection_stream *self, void *data) {
  int8_t *messages = data;
  for (size_t i = 0; i < self->count; i++)
    messages[i] = self->messages[self->pair[self->rows[i]]];
}

static void fill_prompt(const selection_stream *self, void *data) {
  const char **prompt = data;
  for (size_t i = 0; i < self->count; i++)
    prompt[i] = self->prompt[self->prompt_of[self->pair[self->rows[i]]]];
}

static void fill_response(const selection_stream *self, int8_t choice,
                          const char **text) {
  for (size_t i = 0; i < self->count; i++) {
    const size_t row = self->rows[i];
    const bool is_a = self->choice[row] == choice;
    text[i] = (is_a ? self->text_a : self->text_b)[self->pair[row]];
  }
}

static void fill_chosen(const selection_stream *self, void *data) {
  fill_response(self, HEED_CHOSE_A, data);
}

static void fill_rejected(const selection_stream *self, void *data) {
  fill_response(self, HEED_CHOSE_B, data);
}

/* ---- blocks ---- */

static bool is_chosen(const selection_stream *self, size_t row) {
  return self->selection->weight[row] > 0 &&
         self->choice[row] != HEED_CHOSE_TIE;
}

static heed_status next_block(void *context, heed_table *block,
                              heed_error *error) {
  selection_stream *self = context;
  (void)error;
  self->count = 0;
  for (; self->next < self->annotations && self->count < RECORD_BLOCK;
       self->next++)
    if (is_chosen(self, self->next)) self->rows[self->count++] = self->next;
  for (size_t i = 0; i < self->column_count; i++)
    self->fill[i](self, self->columns[i].data);
  *block = (heed_table){sizeof *block, plan_kept_names[PLAN_KEPT_SELECTION],
                        self->count, self->column_count, self->columns};
  return HEED_OK;
}

/* ---- opening ---- */

static void find_columns(const stages_keeping *keeping,
                         selection_stream *self) {
  const heed_crowd *crowd = &keeping->levels[PLAN_ANNOTATIONS].crowd.seen;
  const heed_world *world = &keeping->levels[PLAN_WORLD].world;
  const heed_table *pairs = world->pairs;
  self->user = heed_table_data(crowd->annotations, "user", HEED_INT64);
  self->pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  self->choice = heed_table_data(crowd->annotations, "choice", HEED_INT8);
  self->messages = heed_table_data(pairs, "messages", HEED_INT8);
  self->model_a = heed_table_data(pairs, "model_a", HEED_INT32);
  self->model_b = heed_table_data(pairs, "model_b", HEED_INT32);
  self->name = heed_table_data(crowd->users, "name", HEED_STRING);
  self->pair_name = heed_table_data(pairs, "name", HEED_STRING);
  self->prompt_of = heed_table_data(pairs, "prompt", HEED_INT64);
  self->prompt = world->prompts == NULL
                     ? NULL
                     : heed_table_data(world->prompts, "text", HEED_STRING);
  self->text_a = heed_table_data(pairs, "text_a", HEED_STRING);
  self->text_b = heed_table_data(pairs, "text_b", HEED_STRING);
  self->priors = (pair_priors){
      .posterior = &keeping->levels[PLAN_POSTERIOR].posterior,
      .gold = heed_table_data(pairs, "gold", HEED_FLOAT64),
      .own = heed_table_data(crowd->annotations, "p", HEED_FLOAT64),
      .of_pair = heed_table_data(pairs, "p", HEED_FLOAT64)};
}

static void add(selection_stream *self, bool exists, const char *name,
                heed_column_type type, fill_column *fill) {
  if (!exists) return;
  self->columns[self->column_count] = (heed_column){name, type, 1, NULL};
  self->fill[self->column_count++] = fill;
}

static void add_columns(const stages_keeping *keeping, selection_stream *self) {
  const heed_table *models = keeping->levels[PLAN_WORLD].world.models;
  const bool named =
      models != NULL && heed_table_column(models, "name") != NULL;
  const bool both = self->text_a != NULL && self->text_b != NULL;
  add(self, true, "user", HEED_INT64, fill_user);
  add(self, true, "pair", HEED_INT64, fill_pair);
  add(self, true, "choice", HEED_INT8, fill_choice);
  add(self, true, "weight", HEED_FLOAT64, fill_weight);
  add(self, true, "eta_hat", HEED_FLOAT64, fill_eta);
  add(self, true, "eta_left_out", HEED_FLOAT32, fill_left_out);
  add(self, true, "casual", HEED_FLOAT32, fill_casual);
  add(self, true, "prior", HEED_FLOAT32, fill_prior);
  add(self, named && self->model_a != NULL, "model_a", HEED_INT32,
      fill_model_a);
  add(self, named && self->model_b != NULL, "model_b", HEED_INT32,
      fill_model_b);
  add(self, self->name != NULL, "name", HEED_STRING, fill_name);
  add(self, self->pair_name != NULL, "pair_name", HEED_STRING, fill_pair_name);
  add(self, self->messages != NULL, "messages", HEED_INT8, fill_messages);
  add(self, self->prompt_of != NULL && self->prompt != NULL, "prompt",
      HEED_STRING, fill_prompt);
  add(self, both, "chosen", HEED_STRING, fill_chosen);
  add(self, both, "rejected", HEED_STRING, fill_rejected);
}

static size_t count_chosen(const selection_stream *self) {
  size_t count = 0;
  for (size_t i = 0; i < self->annotations; i++) count += is_chosen(self, i);
  return count;
}

/* Memory for one block. */
static bool make_room(selection_stream *self, size_t rows, host_arena *memory) {
  const size_t room = rows < RECORD_BLOCK ? rows : RECORD_BLOCK;
  self->rows = arena_allocate(memory, room, sizeof *self->rows);
  for (size_t i = 0; i < self->column_count; i++)
    self->columns[i].data =
        arena_allocate(memory, room, heed_type_size(self->columns[i].type));
  return !arena_refused(memory);
}

heed_status keep_selection(const stages_keeping *keeping, heed_record *record,
                           heed_error *error) {
  const stages_crowd *crowd = &keeping->levels[PLAN_ANNOTATIONS].crowd;
  selection_stream *self;
  heed_record_stream stream;
  if (crowd->resampled) return HEED_OK;
  self = arena_allocate(record->memory, 1, sizeof *self);
  if (self == NULL) return heed_no_memory(error);
  self->selection = keeping->selection;
  self->annotations = crowd->seen.annotations->rows;
  find_columns(keeping, self);
  add_columns(keeping, self);
  stream = (heed_record_stream){plan_kept_names[PLAN_KEPT_SELECTION],
                                count_chosen(self), self, next_block};
  if (!make_room(self, stream.rows, record->memory))
    return heed_no_memory(error);
  return record_keep_stream(record, &stream, error);
}
