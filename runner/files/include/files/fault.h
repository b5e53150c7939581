/* SPDX-License-Identifier: GPL-3.0-or-later
 * Injected faults: in builds with HEED_FAULTS, a test can kill heed at any
 * moment at which it touches the disk.
 *
 *   HEED_FAULT=N           the N-th moment sends SIGKILL to the whole process
 *                          group
 *   HEED_FAULT_COUNT=FILE  every moment appends a byte to FILE, and processes
 *                          that share it number their moments together; else
 *                          each process numbers its own */
#ifndef HEED_FILES_FAULT_H
#define HEED_FILES_FAULT_H

#ifdef HEED_FAULTS
/* Marks a moment before or after an operation ("write", "fsync", "rename",
 * …). */
void fault_point(const char *operation);
#else
static inline void fault_point(const char *operation) {
  (void)operation;
}
#endif

#endif
