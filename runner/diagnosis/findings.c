/* SPDX-License-Identifier: GPL-3.0-or-later
 * Findings: warnings and signatures, counted, the worst first. */
#include "diagnosis/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From findings under which eta-hat says nothing, to those under which a policy
 * is worse than it looks.  Others follow. */
static const char *const worst_first[] = {
    "not_identified", "boundary",     "against_consensus",
    "all_attentive",  "not_monotone", "not_converged",
    "nothing_kept",   "filter_hurts", "reward_falls"};
enum { RANKS = sizeof worst_first / sizeof *worst_first };

typedef struct findings_kind {
  const char *name, *plugin, *advice, *what;
  bool *cells; /* of the plan */
} findings_kind;

typedef struct findings_search {
  view_result *result;
  size_t *cell_of; /* by row of the result; SIZE_MAX: none */
  size_t count;
  findings_kind kinds[DIAGNOSIS_KINDS];
} findings_search;

/* ---- kinds ---- */

static heed_status find_cells(findings_search *self, heed_error *error) {
  const view_result *result = self->result;
  const size_t rows = result->cells.rows;
  self->cell_of = malloc((rows + 1) * sizeof *self->cell_of);
  if (self->cell_of == NULL) return heed_no_memory(error);
  for (size_t row = 0; row < rows; row++) self->cell_of[row] = SIZE_MAX;
  for (size_t cell = 0; cell < plan_cell_count(result->plan); cell++) {
    const size_t place = view_place(result, cell);
    if (place < rows) self->cell_of[place] = cell;
  }
  return HEED_OK;
}

static heed_status add_kind(findings_search *self, const findings_kind *given,
                            heed_error *error) {
  const size_t cells = plan_cell_count(self->result->plan);
  findings_kind *made = &self->kinds[self->count];
  *made = *given;
  made->cells = calloc(cells + 1, sizeof(bool));
  if (made->cells == NULL) return heed_no_memory(error);
  if (given->cells != NULL) memcpy(made->cells, given->cells, cells);
  self->count++;
  return HEED_OK;
}

static heed_status take_signatures(findings_search *self, heed_error *error) {
  diagnosis_signature *found;
  size_t count;
  heed_status status = diagnosis_find(self->result, &found, &count, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    status = add_kind(self,
                      &(findings_kind){found[i].name, "", found[i].advice,
                                       found[i].what, found[i].cells},
                      error);
  diagnosis_free(found, count);
  return status;
}

static findings_kind *kind_of(findings_search *self, const char *code,
                              const char *plugin) {
  for (size_t i = 0; i < self->count; i++) {
    findings_kind *kind = &self->kinds[i];
    if (strcmp(kind->name, code) == 0 && strcmp(kind->plugin, plugin) == 0)
      return kind;
  }
  return NULL;
}

/* A signature and a warning of one name are one kind: the plugin warns of what
 * its metric says. */
static heed_status add_warning(findings_search *self, findings_kind warning,
                               heed_error *error) {
  const findings_kind *signature = kind_of(self, warning.name, "");
  if (signature != NULL) {
    warning.advice = signature->advice;
    warning.what = signature->what;
  }
  return add_kind(self, &warning, error);
}

static heed_status take_warnings(findings_search *self, heed_error *error) {
  const work_batch *batch = &self->result->cells;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < batch->warning_count; i++) {
    const int64_t row = batch->warning_row[i];
    const findings_kind one = {.name = batch->warning_code[i],
                               .plugin = batch->warning_plugin[i],
                               .what = batch->warning_message[i]};
    findings_kind *kind = kind_of(self, one.name, one.plugin);
    if (kind == NULL && self->count == DIAGNOSIS_KINDS) continue;
    if (kind == NULL) status = add_warning(self, one, error);
    if (status == HEED_OK && kind == NULL) kind = &self->kinds[self->count - 1];
    if (status == HEED_OK && row >= 0 && (size_t)row < batch->rows &&
        self->cell_of[row] != SIZE_MAX)
      kind->cells[self->cell_of[row]] = true;
  }
  return status;
}

static void take_cells(findings_kind *kind, const findings_kind *other,
                       size_t cells) {
  for (size_t cell = 0; cell < cells; cell++)
    kind->cells[cell] = kind->cells[cell] && !other->cells[cell];
}

/* A cell that a plugin warns of is the plugin's: the signature of the same name
 * keeps the others. */
static void share_cells(findings_search *self) {
  const size_t cells = plan_cell_count(self->result->plan);
  for (size_t i = 0; i < self->count; i++)
    for (size_t j = 0; j < self->count; j++)
      if (*self->kinds[i].plugin == '\0' && *self->kinds[j].plugin != '\0' &&
          strcmp(self->kinds[i].name, self->kinds[j].name) == 0)
        take_cells(&self->kinds[i], &self->kinds[j], cells);
}

static bool is_seen(const findings_search *self, const findings_kind *kind,
                    size_t cell) {
  if (cell != SIZE_MAX) return kind->cells[cell];
  return memchr(kind->cells, 1, plan_cell_count(self->result->plan)) != NULL;
}

/* ---- findings ---- */

/* A long message is cut after a whole character of UTF-8. */
static void copy_cut(const char *text, char copy[SIGNATURE_TEXT]) {
  size_t length = strlen(text);
  if (length >= SIGNATURE_TEXT) {
    length = SIGNATURE_TEXT - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--;
  }
  memcpy(copy, text, length);
  copy[length] = '\0';
}

static size_t recorded(const work_batch *batch) {
  size_t count = 0;
  for (size_t i = 0; i < batch->rows; i++)
    if (batch->status[i] != RECORD_MISSING) count++;
  return count;
}

static void describe(const findings_search *self, const findings_kind *kind,
                     size_t cell, diagnosis_finding *made) {
  const heed_plan *plan = self->result->plan;
  *made = (diagnosis_finding){
      .name = kind->name, .plugin = kind->plugin, .advice = kind->advice};
  for (size_t i = 0; i < plan_cell_count(plan); i++)
    made->seen += kind->cells[i];
  made->all = recorded(&self->result->cells);
  if (cell != SIZE_MAX)
    made->seen = made->all = 1;
  else
    view_where(plan, kind->cells, made->where);
  copy_cut(kind->what, made->what);
}

static size_t rank_of(const char *name) {
  size_t rank = 0;
  while (rank < RANKS && strcmp(worst_first[rank], name) != 0) rank++;
  return rank;
}

/* The worst first; of equal rank, the most frequent. */
static int compare(const void *a, const void *b) {
  const diagnosis_finding *left = a, *right = b;
  const size_t one = rank_of(left->name), other = rank_of(right->name);
  if (one != other) return one < other ? -1 : 1;
  if (left->seen != right->seen) return left->seen > right->seen ? -1 : 1;
  const int names = strcmp(left->name, right->name);
  return names != 0 ? names : strcmp(left->plugin, right->plugin);
}

static heed_status make(const findings_search *self, size_t cell,
                        diagnosis_finding **found, size_t *count,
                        heed_error *error) {
  diagnosis_finding *made = calloc(self->count + 1, sizeof *made);
  if (made == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < self->count; i++)
    if (is_seen(self, &self->kinds[i], cell))
      describe(self, &self->kinds[i], cell, &made[(*count)++]);
  qsort(made, *count, sizeof *made, compare);
  *found = made;
  return HEED_OK;
}

heed_status diagnosis_gather(view_result *result, size_t cell,
                             diagnosis_finding **found, size_t *count,
                             heed_error *error) {
  findings_search self = {.result = result};
  heed_status status = find_cells(&self, error);
  *found = NULL;
  *count = 0;
  if (status == HEED_OK) status = take_signatures(&self, error);
  if (status == HEED_OK) status = take_warnings(&self, error);
  if (status == HEED_OK) share_cells(&self);
  if (status == HEED_OK) status = make(&self, cell, found, count, error);
  for (size_t i = 0; i < self.count; i++) free(self.kinds[i].cells);
  free(self.cell_of);
  return status;
}

void diagnosis_leave_out_words(diagnosis_finding *found, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (*found[i].plugin != '\0' && found[i].advice == NULL)
      copy_cut(WORDS_LEFT_OUT, found[i].what);
}

void diagnosis_line(const diagnosis_finding *self, char text[FINDING_TEXT]) {
  char how_many[64] = "";
  if (self->all > 1 && self->seen == self->all)
    (void)snprintf(how_many, sizeof how_many, " in all %zu cells", self->all);
  else if (self->all > 1)
    (void)snprintf(how_many, sizeof how_many, " in %zu of %zu cells",
                   self->seen, self->all);
  (void)snprintf(text, FINDING_TEXT, "%s%s%s%s%s%s%s: %s", self->name, how_many,
                 *self->where == '\0' ? "" : ", at ", self->where,
                 *self->plugin == '\0' ? "" : " (", self->plugin,
                 *self->plugin == '\0' ? "" : ")", self->what);
}
