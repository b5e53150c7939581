/* SPDX-License-Identifier: GPL-3.0-or-later
 * A lexicon: words and their scores, from a file of lines
 *   WORD<TAB>SCORE[<TAB>anything]
 * in UTF-8, as VADER's and AFINN's are.  Empty lines, and lines that begin with
 * '#', are skipped.  Words are taken in lower case; of one that stands there
 * twice the last counts.  Entries that are no single word never match. */
#ifndef HEED_SOURCES_LLM_LEXICON_H
#define HEED_SOURCES_LLM_LEXICON_H

#include "heed/status.h"

typedef struct llm_source_lexicon llm_source_lexicon;

/* *opened is the caller's; NULL on failure. */
heed_status lexicon_open(const char *path, llm_source_lexicon **opened,
                         heed_error *error);
void lexicon_close(llm_source_lexicon *self); /* may be NULL */

/* The mean score of a text's words, those that the lexicon lacks counting 0;
 * 0 where there are none.  A word is a run of letters, their combining marks,
 * and apostrophes (' or U+2019) between letters. */
double lexicon_score(const llm_source_lexicon *self, const char *text,
                     size_t length);

#endif
