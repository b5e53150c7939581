/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the planner's child writes to its pipe: lines of a word, a space and
 * JSON.
 *
 *   open "FILE"      a plugin file is about to be loaded
 *   refuse "TEXT"    heed refused that file, and why
 *   loaded ""        all plugin files are done
 *   print "TEXT"     the sweep called print()
 *   warn "TEXT"
 *   make "PLUGIN"    its create() is about to be called; "": it returned
 *   fail {"status": N, "message": "TEXT"}   the last line
 *   plan {…}                                the last line */
#ifndef HEED_PLANNER_PROTOCOL_H
#define HEED_PLANNER_PROTOCOL_H

#include "heed/status.h"

#define PROTOCOL_OPEN "open"
#define PROTOCOL_REFUSE "refuse"
#define PROTOCOL_LOADED "loaded"
#define PROTOCOL_PRINT "print"
#define PROTOCOL_WARN "warn"
#define PROTOCOL_MAKE "make"
#define PROTOCOL_FAIL "fail"
#define PROTOCOL_PLAN "plan"

#define PROTOCOL_OUT_OF_MEMORY \
  HEED_OUT_OF_MEMORY           \
  " while planning: the sweep is too large or --plan-memory is too small"

#endif
