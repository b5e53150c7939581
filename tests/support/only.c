/* SPDX-License-Identifier: GPL-3.0-or-later
 * Linked into every unit test, so that a person can run some of its tests:
 * HEED_TEST=a_name build/debug/tests/test_em, where '*' is any text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants these before it. */
#include <cmocka.h>

__attribute__((constructor)) static void choose(void) {
  const char *name = getenv("HEED_TEST");
  if (name != NULL) cmocka_set_test_filter(name);
}
