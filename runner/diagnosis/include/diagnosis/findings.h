/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a user must know before using a result: its warnings and signatures of
 * failure, counted, the worst first.  heed run, users, export and report
 * print them, so that users see them without heed show.
 *
 * Callers: report, command. */
#ifndef HEED_DIAGNOSIS_FINDINGS_H
#define HEED_DIAGNOSIS_FINDINGS_H

#include "diagnosis/diagnosis.h"
#include "view/where.h"

typedef struct diagnosis_finding {
  const char *name;          /* the code of a warning, or a signature */
  const char *plugin;        /* that warned; "": none */
  const char *advice;        /* of a signature; NULL: none */
  size_t seen, all;          /* cells, of all recorded cells */
  char where[WHERE_SIZE];    /* "": along each axis, at all values */
  char what[SIGNATURE_TEXT]; /* the message of the first */
} diagnosis_finding;

/* The findings about one cell, or about all if cell is SIZE_MAX.  Names and
 * plugins point into the result.  The caller frees *found with free(). */
heed_status diagnosis_gather(view_result *result, size_t cell,
                             diagnosis_finding **found, size_t *count,
                             heed_error *error);

/* In place of words of a plugin, which quote the log and may name users. */
#define WORDS_LEFT_OUT "(its words are left out: they may name users)"
/* Takes the words of plugins out of findings, for readers who must not know
 * users.  A warning of a signature's name has the signature's words. */
void diagnosis_leave_out_words(diagnosis_finding *found, size_t count);

/* "not_identified in 12 of 40 cells, at gap = 0.5 (em): MESSAGE"; about one
 * cell: "not_identified (em): MESSAGE". */
#define FINDING_TEXT (WHERE_SIZE + SIGNATURE_TEXT + 256)
void diagnosis_line(const diagnosis_finding *self, char text[FINDING_TEXT]);

/* Failures of one kind. */
typedef struct diagnosis_failure {
  int64_t status;
  const char *stage, *plugin, *message; /* message: of the first */
  size_t cells;
  char where[WHERE_SIZE]; /* "": along each axis, at all values */
} diagnosis_failure;

/* The failures by status, stage and plugin and, if by_message, by message, in
 * order of occurrence, so that the first failure comes first.  Kinds beyond
 * DIAGNOSIS_KINDS are left out: *more counts their cells.  Texts point into the
 * result.  The caller frees *found with free(). */
#define DIAGNOSIS_KINDS 64
heed_status diagnosis_failures(const view_result *result, bool by_message,
                               diagnosis_failure **found, size_t *count,
                               size_t *more, heed_error *error);

#endif
