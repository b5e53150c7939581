/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a descriptor must hold before the host believes it. */
#ifndef HEED_HOST_DESCRIPTOR_H
#define HEED_HOST_DESCRIPTOR_H

#include "heed/plugin.h"

/* file is for the message. */
heed_status descriptor_check_list(const heed_plugin_list *list,
                                  const char *file, heed_error *error);
heed_status descriptor_check(const heed_plugin *plugin, const char *file,
                             heed_error *error);

#endif
