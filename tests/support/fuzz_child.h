/* SPDX-License-Identifier: GPL-3.0-or-later
 * For fuzzers of code that reads files in a child process.  A crash of the HDF5
 * library is a message there; what the sanitizers find in heed's own code ends
 * the child with an exit status, and is a finding. */
#ifndef HEED_TESTS_FUZZ_CHILD_H
#define HEED_TESTS_FUZZ_CHILD_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "heed/limit.h"

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
/* The start and the end of the counters.  A declaration in C of these symbols
 * would rename the compiler's own, and libFuzzer would find no counter. */
extern uint8_t *fuzz_counters[2];
__asm__(
    ".pushsection .data\n"
    ".balign 8\n"
    "fuzz_counters: .quad __start___sancov_cntrs, __stop___sancov_cntrs\n"
    ".popsection");

/* The library hangs on many damaged files: a second each, not the limit of
 * heed_limit_reader(). */
static inline void fuzz_child_hurry(void) {
  heed_limit(RLIMIT_CPU, 1);
}

/* The child's coverage counts in libFuzzer, too: both processes share the pages
 * of its counters, and what else is on them, which is no one object. */
int LLVMFuzzerInitialize(int *count, char ***words);
__attribute__((no_sanitize("address"))) int LLVMFuzzerInitialize(
    int *count, char ***words) {
  const uintptr_t page = 4096;
  volatile uint8_t *const first =
      fuzz_counters[0] - (uintptr_t)fuzz_counters[0] % page;
  const size_t length =
      ((size_t)(fuzz_counters[1] - first) + page - 1) / page * page;
  uint8_t *const shared = mmap(NULL, length, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  (void)count;
  (void)words;
  if (shared == MAP_FAILED) abort();
  if (pthread_atfork(NULL, NULL, fuzz_child_hurry) != 0) abort();
  for (size_t i = 0; i < length; i++) shared[i] = first[i];
  if (mremap(shared, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
             (void *)(uintptr_t)first) == MAP_FAILED)
    abort();
  return 0;
}
#endif

/* In the child: signals end it, also those that libFuzzer would report. */
static inline void fuzz_child_begin(void) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE,
                                SIGILL,  SIGINT, SIGTERM, SIGXCPU};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    (void)signal(signals[i], SIG_DFL);
}

static inline void fuzz_child_check(const char *message) {
  if (strstr(message, "ended too early") != NULL) abort();
}

#endif
