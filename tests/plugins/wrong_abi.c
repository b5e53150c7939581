/* SPDX-License-Identifier: GPL-3.0-or-later
 * A shared object built for the next version of the plugin ABI. */
#include "heed/plugin.h"

HEED_EXPORT extern const heed_plugin_list heed_plugins;
HEED_EXPORT const heed_plugin_list heed_plugins = {
    .size = sizeof(heed_plugin_list), .abi = HEED_ABI + 1};
