/* SPDX-License-Identifier: GPL-3.0-or-later
 * A crew: threads that do one thing together, each its share of it.
 *
 * Matrix products are split here, by rows or by sequences, and not inside
 * OpenBLAS: each member multiplies on one thread, so that what stands between
 * the products is split as well.  While a crew is open OpenBLAS is therefore
 * set to one thread for the whole process; closing it restores the count. */
#ifndef HEED_SUPPORT_LLM_CREW_H
#define HEED_SUPPORT_LLM_CREW_H

#include <stddef.h>

#include "heed/status.h"

typedef struct llm_crew llm_crew;

/* What a member does: the share `index` of `count`. */
typedef void llm_crew_work(void *context, size_t index, size_t count);

/* members: 0 for as many as OpenBLAS has threads, the caller's thread among
 * them.  One crew at a time in a process.  The caller owns it. */
heed_status crew_open(size_t members, llm_crew **opened, heed_error *error);
void crew_close(llm_crew *self);

size_t crew_members(const llm_crew *self);

/* Returns once every member has done its share.  Only the thread that opened
 * the crew may call it, and never from within work(). */
void crew_run(llm_crew *self, llm_crew_work *work, void *context);

/* The part [first, end) of 0 ... total - 1 that is the share `index` of
 * `count`; parts begin at multiples of `grain`. */
typedef struct llm_crew_part {
  size_t first, end;
} llm_crew_part;

static inline llm_crew_part crew_share(size_t total, size_t grain, size_t index,
                                       size_t count) {
  const size_t grains = (total + grain - 1) / grain;
  llm_crew_part part = {grains * index / count * grain,
                        grains * (index + 1) / count * grain};
  if (part.first > total) part.first = total;
  if (part.end > total) part.end = total;
  return part;
}

#endif
