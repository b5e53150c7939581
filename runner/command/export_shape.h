/* SPDX-License-Identifier: GPL-3.0-or-later
 * The shapes of an exported example: what each tool that trains on preferences
 * reads. */
#ifndef HEED_COMMAND_EXPORT_SHAPE_H
#define HEED_COMMAND_EXPORT_SHAPE_H

#include "export_example.h"
#include "export_sink.h"

/* The words of --as, in this order. */
typedef enum export_shape {
  SHAPE_TRL = 0,
  SHAPE_MESSAGES,
  SHAPE_KTO,
  SHAPE_LLAMAFACTORY,
  SHAPE_AXOLOTL,
  SHAPE_COUNT
} export_shape;

extern const char *const shape_names[SHAPE_COUNT + 1]; /* then NULL */

/* Why an example is left out. */
typedef enum export_fault {
  FAULT_NONE = 0,
  FAULT_RESPONSE,
  FAULT_PROMPT,
  FAULT_EQUAL,
  FAULT_UNDECIDED, /* of a pair: nothing says which response is better */
  FAULT_LONG,
  FAULT_ROLE,
  FAULT_TURNS,
  FAULT_COUNT
} export_fault;

extern const char *const fault_names[FAULT_COUNT]; /* "without …"; [0]: NULL */

export_fault shape_fault(export_shape shape, const export_example *example);

/* The keys beside the texts.  user: the name, or NULL and the number. */
typedef struct export_facts {
  double weight;
  bool is_pair; /* one row a pair: probability, annotations */
  double probability;
  size_t annotations;
  double eta; /* else: eta_hat, user */
  const char *user;
  int64_t user_number;
  const char *pair; /* NULL: no name */
} export_facts;

/* Writes the example: one line, or two (kto).  as_messages: trl and kto write
 * lists of messages, not texts; one file has only one of them.  Returns the
 * name of the text that is not UTF-8; NULL: none. */
const char *shape_write(export_shape shape, bool as_messages,
                        const export_example *example,
                        const export_facts *facts, export_sink *sink);

/* Lines of an example. */
size_t shape_lines(export_shape shape);

#endif
