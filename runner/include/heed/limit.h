/* SPDX-License-Identifier: MIT
 * Optional: limits of a child process that reads a file of strangers or runs
 * code of others.  Call the functions in the child.  They only lower a limit:
 * what the user allows (ulimit) stays the most. */
#ifndef HEED_LIMIT_H
#define HEED_LIMIT_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* resource: RLIMIT_CPU and so on. */
static inline void heed_limit(int resource, rlim_t most) {
  struct rlimit both;
  if (getrlimit((__rlimit_resource_t)resource, &both) != 0) return;
  if (both.rlim_cur > most) both.rlim_cur = most;
  (void)setrlimit((__rlimit_resource_t)resource, &both);
}

/* Sanitizers reserve terabytes of address space: RLIMIT_AS would end them. */
static inline bool heed_is_sanitized(void) {
  void *program = dlopen(NULL, RTLD_NOW);
  const bool found =
      program != NULL && (dlsym(program, "__asan_init") != NULL ||
                          dlsym(program, "__tsan_init") != NULL);
  if (program != NULL) (void)dlclose(program);
  return found;
}

/* Bytes of address space that the process has now. */
static inline rlim_t heed_addresses_held(void) {
  char line[64] = "0";
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL) return 0;
  if (fgets(line, sizeof line, file) == NULL) line[0] = '\0';
  (void)fclose(file);
  const unsigned long pages = strtoul(line, NULL, 10);
  return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* Limits of a child that reads a file with a library which may crash, hang or
 * take all memory: 10 processor seconds and 3 more for each MiB; 1 GiB of
 * memory and 4000 bytes more for each byte, as the file may be compressed, but
 * not more than the machine has. */
static inline void heed_limit_reader(const char *path) {
  const rlim_t machine =
      (rlim_t)sysconf(_SC_PHYS_PAGES) * (rlim_t)sysconf(_SC_PAGESIZE);
  struct stat file;
  const rlim_t bytes = stat(path, &file) == 0 ? (rlim_t)file.st_size : 0;
  rlim_t memory = ((rlim_t)1 << 30) + bytes * 4000;
  if (memory > machine) memory = machine;
  heed_limit(RLIMIT_CORE, 0);
  heed_limit(RLIMIT_CPU, 10 + 3 * (bytes >> 20));
  if (!heed_is_sanitized())
    heed_limit(RLIMIT_AS, memory + heed_addresses_held());
}

#ifdef __cplusplus
}
#endif

#endif
