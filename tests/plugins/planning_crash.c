/* SPDX-License-Identifier: GPL-3.0-or-later
 * A shared object that crashes before anyone has looked into it. */
#include <signal.h>

static void __attribute__((constructor)) crash(void) {
  (void)raise(SIGSEGV);
}
