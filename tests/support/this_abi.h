/* SPDX-License-Identifier: GPL-3.0-or-later
 * The version of the plugin ABI as a text, for messages that name it. */
#ifndef HEED_TESTS_THIS_ABI_H
#define HEED_TESTS_THIS_ABI_H

#include "heed/abi.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define THIS_ABI TEXT(HEED_ABI_MAJOR) "." TEXT(HEED_ABI_MINOR)

#endif
