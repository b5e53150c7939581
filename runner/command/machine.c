/* SPDX-License-Identifier: GPL-3.0-or-later
 * What of the machine this process may use. */
#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/file.h"

#define GROUPS "/sys/fs/cgroup"

/* ---- cores ---- */

size_t machine_cores(void) {
  /* The kernel refuses a set that is smaller than its own. */
  for (size_t most = 1024; most <= (size_t)1 << 20; most *= 2) {
    cpu_set_t *set = CPU_ALLOC(most);
    const size_t size = CPU_ALLOC_SIZE(most);
    int count = 0, result;
    if (set == NULL) break;
    result = sched_getaffinity(0, size, set);
    if (result == 0) count = CPU_COUNT_S(size, set);
    CPU_FREE(set);
    if (result == 0 && count > 0) return (size_t)count;
    if (errno != EINVAL) break;
  }
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? (size_t)cores : 1;
}

/* ---- memory ---- */

/* The number after a name at the start of a line: "MemAvailable:  123 kB". */
static bool read_entry(const char *path, const char *name, uint64_t *number) {
  FILE *file = fopen(path, "re");
  char line[256];
  bool found = false;
  if (file == NULL) return false;
  while (!found && fgets(line, sizeof line, file) != NULL)
    found = strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), "%" SCNu64, number) == 1;
  (void)fclose(file);
  return found;
}

static bool read_in_group(const char *group, const char *file, const char *name,
                          uint64_t *number) {
  char *path = file_name(GROUPS "%s/%s", group, file);
  const bool found = path != NULL && read_entry(path, name, number);
  free(path);
  return found;
}

/* What a control group leaves free; UINT64_MAX: it has no limit.  The kernel
 * drops pages of files when a group needs memory. */
static uint64_t free_in_group(const char *group) {
  uint64_t limit, used, cached = 0;
  if (!read_in_group(group, "memory.max", "", &limit) ||
      !read_in_group(group, "memory.current", "", &used))
    return UINT64_MAX;
  (void)read_in_group(group, "memory.stat", "inactive_file ", &cached);
  used = used > cached ? used - cached : 0;
  return limit > used ? limit - used : 1;
}

/* The least that the control group of this process and those above it leave. */
static uint64_t free_in_groups(void) {
  char group[4096] = "";
  uint64_t least = UINT64_MAX;
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (file == NULL) return least;
  while (fgets(group, sizeof group, file) != NULL)
    if (strncmp(group, "0::", 3) == 0) break;
  (void)fclose(file);
  if (strncmp(group, "0::", 3) != 0) return least;
  memmove(group, group + 3, strlen(group + 3) + 1);
  group[strcspn(group, "\n")] = '\0';
  for (;;) {
    const uint64_t left = free_in_group(group);
    char *slash = strrchr(group, '/');
    if (left < least) least = left;
    if (slash == NULL) return least;
    *slash = '\0';
  }
}

size_t machine_free_memory(void) {
  const uint64_t grouped = free_in_groups();
  uint64_t left;
  if (read_entry("/proc/meminfo", "MemAvailable:", &left)) {
    left <<= 10;
  } else {
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0) return 0;
    left = (uint64_t)pages * (uint64_t)page;
  }
  return (size_t)(grouped < left ? grouped : left);
}
