/* SPDX-License-Identifier: GPL-3.0-or-later
 * A crew: threads that share a job.
 *
 * Matrix products are split here, by rows or by sequences, and not inside
 * OpenBLAS: each member multiplies on one thread, so the code between the
 * products is parallel as well.  While a crew is open, OpenBLAS therefore uses
 * one thread in the whole process; closing the crew restores the count. */
#ifndef HEED_SUPPORT_LLM_CREW_H
#define HEED_SUPPORT_LLM_CREW_H

#include <stddef.h>

#include "heed/status.h"

typedef struct llm_crew llm_crew;

/* A member's work: share `index` of `count`. */
typedef void llm_crew_work(void *context, size_t index, size_t count);

/* members includes the caller's thread; 0: as many as OpenBLAS has threads.
 * One crew at a time in a process.  Owned by the caller. */
heed_status crew_open(size_t members, llm_crew **opened, heed_error *error);
void crew_close(llm_crew *self);

size_t crew_members(const llm_crew *self);

/* Returns when every member has finished.  Only the thread that opened the crew
 * may call it, and never from within work(). */
void crew_run(llm_crew *self, llm_crew_work *work, void *context);

/* The range [first, end) of 0 ... total - 1 that is share `index` of `count`;
 * ranges start at multiples of `grain`. */
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
