/* SPDX-License-Identifier: GPL-3.0-or-later
 * For fuzzers of code that reads files in a child process.  A crash of the HDF5
 * library is a message there; what the sanitizers find in heed's own code ends
 * the child with an exit status, and is a finding. */
#ifndef HEED_TESTS_FUZZ_CHILD_H
#define HEED_TESTS_FUZZ_CHILD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(coverage_sanitizer)
#define FUZZ_COVERAGE
#endif
#endif

const char *__asan_default_options(void);
const char *__asan_default_suppressions(void);

const char *__asan_default_options(void) {
  return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:"
         "allocator_may_return_null=1:detect_leaks=0";
}

const char *__asan_default_suppressions(void) {
  return "interceptor_via_lib:libhdf5";
}

#ifdef FUZZ_COVERAGE
extern char __start___sancov_cntrs[], __stop___sancov_cntrs[];

/* The child's coverage counts in libFuzzer, too: both processes share the pages
 * of its counters. */
int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerInitialize(int *count, char ***words) {
  const uintptr_t page = 4096;
  const uintptr_t first =
      ((uintptr_t)__start___sancov_cntrs + page - 1) / page * page;
  const uintptr_t end = (uintptr_t)__stop___sancov_cntrs / page * page;
  (void)count;
  (void)words;
  if (first < end &&
      mmap((void *)first, end - first, PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    abort();
  return 0;
}
#endif

static inline void fuzz_child_check(const char *message) {
  if (strstr(message, "ended too early") != NULL) abort();
}

#endif
