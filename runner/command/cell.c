/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

int command_cell(const command_common *common, int argc, char **argv) {
  (void)common;
  (void)argc;
  return command_usage(argv[0], "under construction");
}
