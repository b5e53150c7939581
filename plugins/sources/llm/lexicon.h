/* SPDX-License-Identifier: GPL-3.0-or-later
 * A lexicon: words and their scores, from a file of lines
 *   WORD<TAB>SCORE[<TAB>anything]
 * in UTF-8, like VADER's and AFINN's.  Empty lines and lines that start with
 * '#' are skipped.  Words are lower-cased; the last entry of a repeated word
 * wins. Entries of more than one word never match. */
#ifndef HEED_SOURCES_LLM_LEXICON_H
#define HEED_SOURCES_LLM_LEXICON_H

#include "heed/status.h"

typedef struct llm_source_lexicon llm_source_lexicon;

/* The caller owns *opened; NULL on failure. */
heed_status lexicon_open(const char *path, llm_source_lexicon **opened,
                         heed_error *error);
void lexicon_close(llm_source_lexicon *self); /* may be NULL */

/* The mean score of a text's words.  A word that is missing from the lexicon
 * and a text without words score 0.  A word is a run of letters, their
 * combining marks, and apostrophes (' or U+2019) between letters. */
double lexicon_score(const llm_source_lexicon *self, const char *text,
                     size_t length);

#endif
