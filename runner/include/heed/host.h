/* SPDX-License-Identifier: MIT
 * What the host does for a plugin.
 *
 * A table of functions handed to create() and to every stage function; valid
 * for that call only.  Call it on the thread that called the plugin, and pass
 * the table itself as the first argument. */
#ifndef HEED_HOST_H
#define HEED_HOST_H

#include <stdbool.h>

#include "random.h"
#include "status.h"
#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_host heed_host;
struct heed_host {
  size_t size; /* sizeof(heed_host) of the host: later members may be absent */
  void *context; /* the host's own */

  /* Memory for a stage's output: count x size bytes, zeroed, aligned for any
   * type (64 bytes), freed by the host when no cell needs the output any more.
   * In create(): lives as long as the instance.  NULL: out of memory. */
  void *(*allocate)(const heed_host *host, size_t count, size_t size);

  /* The same, freed when the call into the plugin returns. */
  void *(*scratch)(const heed_host *host, size_t count, size_t size);

  /* A copy of text in the memory of allocate(); NULL: out of memory. */
  const char *(*copy)(const heed_host *host, const char *text);

  /* A new table in the memory of allocate(), with no columns yet; and a column
   * added to it, zeroed (texts: ""): returns its data, rows x width values.
   * NULL: out of memory or, for a column, the name is taken. */
  heed_table *(*table)(const heed_host *host, const char *name, size_t rows);
  void *(*column)(const heed_host *host, heed_table *table, const char *name,
                  heed_column_type type, size_t width);

  /* The stream for one purpose and entity (a user, a prompt) of this stage.
   * Asking twice gives the same numbers twice. */
  heed_stream (*stream)(const heed_host *host, const char *purpose,
                        uint64_t entity);

  /* Reports output number `index` of the plugin's descriptor: as many values
   * as its dimensions have labels, row-major.  At most once a call of a stage
   * function; an output not reported is NaN in the result file. */
  void (*output)(const heed_host *host, size_t index, const double *values,
                 size_t count);

  /* One point of a named series (an objective by iteration), kept when the
   * sweep says keep = {"trace"}. */
  void (*trace)(const heed_host *host, const char *series, uint64_t step,
                double value);

  /* A line for the log; and a warning that stands in the record, is counted
   * and shown by `heed show`.  code: a short word that does not change
   * ("not_converged"). */
  HEED_PRINTF(2, 3)
  void (*log)(const heed_host *host, const char *format, ...);
  HEED_PRINTF(3, 4)
  void (*warn)(const heed_host *host, const char *code, const char *format,
               ...);

  /* How far a long stage is, 0 to 1, and in a few words what it does. */
  void (*progress)(const heed_host *host, double done, const char *what);

  /* True once the stage should stop: return HEED_CANCELLED soon. */
  bool (*cancelled)(const heed_host *host);

  /* Where a long stage may leave what it has done so far: a file that a later
   * run of the very same stage finds, and that the host removes once the
   * stage is done.  Write it under another name beside and rename it.  NULL:
   * nothing is kept here.
   *
   * Where a plugin has parameters that are HEED_LATE, all stages of a run that
   * differ in these alone have one such file between them, and it stays until
   * the run is over: the first leaves what the others need not do again.  They
   * are held back until it is done, and may then run at the same time. */
  const char *(*checkpoint)(const heed_host *host);
};

#ifdef __cplusplus
}
#endif

#endif
