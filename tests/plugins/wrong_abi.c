/* SPDX-License-Identifier: GPL-3.0-or-later
 * A shared object built for the next major version of the plugin ABI.
 * The host knows only where the version is. */
#include "heed/plugin.h"

HEED_EXPORT extern const heed_plugin_list heed_plugins;
HEED_EXPORT const heed_plugin_list heed_plugins = {
    .size = 1, .abi = {.major = HEED_ABI_MAJOR + 1, .minor = 7}};
