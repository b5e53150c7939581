/* SPDX-License-Identifier: GPL-3.0-or-later
 * A packed log on its way to a reading.  packed_values.c reads sections,
 * packed_columns.c matches columns, packed_load.c fills a reading,
 * packed_append.c one that continues. */
#ifndef HEED_SOURCES_LOG_PACKED_LOADING_H
#define HEED_SOURCES_LOG_PACKED_LOADING_H

#include "sources/log/packed_read.h"
#include "sources/log/reading.h"

typedef struct packed_loading {
  log_reading *log;
  packed_file in;
  heed_memory memory;
  bool to_append;       /* all names must be found */
  uint32_t *row;        /* by annotation of the file; NULL: it has none */
  const char **columns; /* COLUMN_COUNT names; "": none */
  const char **differences, **covariates, **files;
  size_t difference_count, covariate_count, file_count;
} packed_loading;

#define STEP(call) \
  if (status == HEED_OK) status = (call)

static inline size_t packed_fact(const packed_loading *self, int which) {
  return (size_t)self->in.facts[which];
}

static inline heed_status packed_no_memory(const packed_loading *self) {
  return heed_no_memory(self->log->error);
}

static inline bool packed_is_given(const char *name) {
  return name != NULL && *name != '\0';
}

/* ---- values ---- */

uint64_t packed_count_of(const packed_loading *self, packed_id id);

/* texts[count] of a section that must be there; they live as long as the world.
 */
heed_status packed_load_names(packed_loading *self, packed_id id, size_t count,
                              const char **texts);
/* A list of names whose count only the file knows. */
heed_status packed_load_list(packed_loading *self, packed_id id,
                             const char ***list, size_t *count);
/* Without the hash table, unless names must be found later. */
heed_status packed_load_ids(packed_loading *self, packed_id id, size_t count,
                            log_names *names, bool find);

/* Puts a value of a section in its place. */
typedef void packed_put(packed_loading *self, void *target, size_t at,
                        int64_t value);
packed_put packed_put_8, packed_put_32, packed_put_unsigned, packed_put_64,
    packed_put_size;

heed_status packed_load_integers(packed_loading *self, packed_id id,
                                 size_t index, size_t count, int64_t low,
                                 int64_t high, packed_put *put, void *target);
/* of_rows: the values are those of annotations, which return to their rows.
 * target: every `stride`-th element. */
heed_status packed_load_floats(packed_loading *self, packed_id id, size_t index,
                               size_t count, bool of_rows, double *target,
                               size_t stride);

/* ---- columns ---- */

/* HEED_INVALID: the file lacks what the sweep names. */
heed_status packed_lacks(const packed_loading *self, const char *what,
                         int drop);
/* Reads the names of columns and files. */
heed_status packed_load_columns(packed_loading *self);
/* A column that the sweep names must be in the file under this name; one that
 * it does not name is taken from the file. */
heed_status packed_adopt_columns(packed_loading *self, log_settings *settings);
heed_status packed_adopt_covariates(packed_loading *self,
                                    log_settings *settings);
/* The place of a column in the file's list; the list's length: nowhere. */
size_t packed_covariate_at(const packed_loading *self, const char *column);
size_t packed_difference_at(const packed_loading *self, const char *column);
/* Only the sweep knows the order of features: it must name them. */
heed_status packed_check_differences(const packed_loading *self);
/* Refuses a stage that reads texts. */
heed_status packed_check_texts(const packed_loading *self,
                               const log_settings *settings);

/* ---- classes ---- */

/* What annotations say, by the number of their class. */
typedef struct packed_class_table {
  size_t count;
  int8_t *choice, *left;
  int32_t *model_a, *model_b;
} packed_class_table;

/* packed_free_classes() always follows. */
heed_status packed_load_classes(packed_loading *self,
                                packed_class_table *classes);
void packed_free_classes(packed_class_table *classes);

/* ---- the log ---- */

heed_status packed_load_files(packed_loading *self);
void packed_load_facts(packed_loading *self);
heed_status packed_load_pairs(packed_loading *self);
heed_status packed_load_annotations(packed_loading *self);

#endif
