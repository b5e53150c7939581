/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cores and the memory that this process may use. */
#ifndef HEED_COMMAND_MACHINE_H
#define HEED_COMMAND_MACHINE_H

#include <stddef.h>

/* The cores on which the scheduler may run this process, as taskset sets them;
 * at least 1. */
size_t machine_cores(void);

/* Bytes that programs can still allocate without swapping, on the machine and
 * in the control group of this process; 0: not known. */
size_t machine_free_memory(void);

#endif
