/* SPDX-License-Identifier: MIT
 * The services of the host for a plugin.
 *
 * create() and every stage function get this table of functions.  It is valid
 * for that call only.  Call its functions on the thread that called the
 * plugin, and pass the table itself as the first argument. */
#ifndef HEED_HOST_H
#define HEED_HOST_H

#include "abi.h"
#include "random.h"
#include "status.h"
#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_host heed_host;
struct heed_host {
  size_t size;   /* sizeof(heed_host), set by the host */
  void *context; /* the host's own */

  /* Memory for a stage's output: count x size bytes, zeroed, aligned to 64
   * bytes.  The host frees it when no cell needs the output any more.  Memory
   * from create() lives as long as the instance.  NULL: out of memory. */
  void *(*allocate)(const heed_host *host, size_t count, size_t size);

  /* The same, but the host frees it when the call into the plugin returns. */
  void *(*scratch)(const heed_host *host, size_t count, size_t size);

  /* A copy of text in memory from allocate().  NULL: out of memory. */
  const char *(*copy)(const heed_host *host, const char *text);

  /* table() makes a table without columns, in memory from allocate().
   * column() adds a zeroed column (strings: "") and returns its data, rows x
   * width values.  NULL: out of memory or, for a column, the name is taken. */
  heed_table *(*table)(const heed_host *host, const char *name, size_t rows);
  void *(*column)(const heed_host *host, heed_table *table, const char *name,
                  heed_column_type type, size_t width);

  /* The stream for one purpose and entity (a user, a prompt) of this stage.
   * Two calls with equal arguments return the same numbers. */
  heed_stream (*stream)(const heed_host *host, const char *purpose,
                        uint64_t entity);

  /* Reports output number `index` of the plugin's descriptor: one value for
   * each combination of labels of its dimensions, row-major.  Call it at most
   * once per output and call of a stage function.  An output without a report
   * is NaN in the result file. */
  void (*output)(const heed_host *host, size_t index, const double *values,
                 size_t count);

  /* Adds one point to a named series (an objective by iteration).  The result
   * file has it if the sweep says keep = {"trace"}. */
  void (*trace)(const heed_host *host, const char *series, uint64_t step,
                double value);

  /* log() writes a line to the log.  warn() adds a warning to the record;
   * `heed show` counts and prints it.  code: a short word that never changes
   * ("not_converged"). */
  HEED_PRINTF(2, 3)
  void (*log)(const heed_host *host, const char *format, ...);
  HEED_PRINTF(3, 4)
  void (*warn)(const heed_host *host, const char *code, const char *format,
               ...);

  /* The progress of a long stage, 0 to 1, and what it does, in a few words. */
  void (*progress)(const heed_host *host, double done, const char *what);

  /* True if the stage should stop: return HEED_CANCELLED soon. */
  bool (*cancelled)(const heed_host *host);

  /* The optional service with that name, or NULL if the host does not offer it
   * in this call.  The comment over the name says what it points to and for
   * how long.  The names of heed's extensions begin with "heed."; let those of
   * others begin with their project's name. */
  const void *(*extension)(const heed_host *host, const char *name);
};

/* Extension: a const char *, valid for this call.  The path of a file in which
 * a long stage of a HEED_COSTLY plugin may keep its work so far.  A later run
 * of the same stage finds the file there.  The host removes it when the stage
 * is done.  Write the file under another name and rename it.
 *
 * Parameters with HEED_LATE: all stages of a run that differ only in these
 * share one file, and it stays until the run is over.  The host runs one of
 * them first.  It leaves in the file the work that the others need not repeat.
 * The others start when it is done, perhaps at the same time. */
#define HEED_CHECKPOINT "heed.checkpoint"

/* Extension: a const bool *, valid for this call, for a source in make() and
 * check(): whether a later stage reads texts.  NULL: it may.  Where none does,
 * a source may leave out the texts of pairs and of prompts, if it has texts().
 */
#define HEED_TEXTS "heed.texts"

/* Extension, since 4.1: a const size_t *, valid for this call: how many threads
 * the call may use, including the thread that called the plugin.  NULL: 1.  The
 * number does not change during the call.  It may differ in the next call,
 * because workers share the cores.
 *
 * The bits of a result must not depend on it.  Divide the work into chunks
 * whose bounds depend only on the data, and add their results in the order of
 * the chunks.  heed starts no threads for a plugin.  With OpenMP:
 *
 *   #pragma omp parallel for num_threads((int)heed_threads(host))
 *
 * Only the thread that called the plugin may call the host.  All threads must
 * have finished their work when the call returns.  OpenMP's threads wait for
 * the next call and keep their floating-point environment: leave it as it was.
 * A forked child process does not have these threads: do not use OpenMP in it.
 */
#define HEED_THREADS "heed.threads"

static inline size_t heed_threads(const heed_host *host) {
  const size_t *threads = (const size_t *)host->extension(host, HEED_THREADS);
  return threads == NULL ? 1 : *threads;
}

#ifdef __cplusplus
}
#endif

#endif
