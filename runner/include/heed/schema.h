/* SPDX-License-Identifier: MIT
 * Schemas: what a plugin can be told, and what it reports.
 *
 * The host reads a schema to build the Lua constructor, to check a sweep, to
 * print `heed describe`, to allocate the result file and to annotate it.  A
 * plugin therefore never sees a value that its schema does not allow. */
#ifndef HEED_SCHEMA_H
#define HEED_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a plugin is.  The words are those of the sweep: h.source.NAME {…}. */
typedef enum heed_kind {
  HEED_SOURCE = 0,
  HEED_DISTRIBUTION,
  HEED_USER_MODEL,
  HEED_ESTIMATOR,
  HEED_FILTER,
  HEED_TRAINER,
  HEED_KIND_COUNT
} heed_kind;

typedef enum heed_type {
  HEED_NUMBER = 0, /* a finite double */
  HEED_INTEGER,    /* an int64_t */
  HEED_BOOLEAN,
  HEED_TEXT,           /* UTF-8, no NUL */
  HEED_ENUM,           /* one of `choices` */
  HEED_ENUM_OR_NUMBER, /* one of `choices`, or a number within the range */
  HEED_PATH,           /* an existing file, absolute once resolved; the host
                          hashes it, and its hash is part of the cell key */
  HEED_LIST,           /* values that `item` describes */
  HEED_MAP,            /* free keys; values that `item` describes */
  HEED_RECORD,         /* the keys that `fields` names */
  HEED_PLUGIN          /* a plugin of kind `kind` */
} heed_type;

/* Flags of heed_parameter. */
#define HEED_OPTIONAL 1u  /* may be left out, and is then not `given` */
#define HEED_OPEN_LOW 2u  /* `low` itself is not allowed */
#define HEED_OPEN_HIGH 4u /* `high` itself is not allowed */
/* Of a plugin that is HEED_COSTLY, a parameter of its own (no field, no item):
 * what the plugin leaves in heed_host.checkpoint does not depend on it. */
#define HEED_LATE 8u

typedef struct heed_parameter heed_parameter;
struct heed_parameter {
  const char *name; /* lower case, digits and '_' */
  heed_type type;
  unsigned flags;

  /* The value when the sweep leaves it out, written as in JSON ("0.5", "true",
   * "[0.1, 1]"); enums, texts and plugin names as they are ("known").  NULL:
   * required, unless HEED_OPTIONAL. */
  const char *default_value;

  /* Range of numbers and integers, and of the count of a list; both 0: any
   * finite number, any count.  An infinite bound is written as HUGE_VAL. */
  double low, high;

  const char *const *choices;   /* HEED_ENUM…: ended by NULL */
  heed_kind kind;               /* HEED_PLUGIN */
  const heed_parameter *item;   /* HEED_LIST, HEED_MAP: name is not used */
  const heed_parameter *fields; /* HEED_RECORD */
  size_t field_count;

  const char *unit; /* UDUNITS where there is one; NULL: none or "1" */
  const char *doc;  /* one line */
};

typedef struct heed_plugin heed_plugin;

/* A plugin with its parameters set.  Owned by the host. */
typedef struct heed_instance {
  const heed_plugin *plugin;
  void *self; /* what its create() made */
} heed_instance;

/* A checked value.  Which members are set depends on `type`, the type of its
 * parameter.  Owned by the host, alive as long as the instance made of it. */
typedef struct heed_value heed_value;
struct heed_value {
  heed_type type;
  bool given;       /* false: HEED_OPTIONAL and left out */
  double number;    /* NUMBER, INTEGER, ENUM_OR_NUMBER when text is NULL */
  int64_t integer;  /* INTEGER; BOOLEAN (0 or 1); ENUM…: index in choices */
  const char *text; /* TEXT, PATH, ENUM; ENUM_OR_NUMBER or NULL */
  size_t count;     /* LIST, MAP, RECORD: of items */
  const heed_value *items;       /* LIST, MAP; RECORD: in order of fields */
  const char *const *keys;       /* MAP: in the order of the alphabet */
  const heed_instance *instance; /* PLUGIN */
};

/* An axis that outputs have beside the sweep's own: the labels are the items
 * of a list parameter of this plugin, or the keys of a map parameter. */
typedef struct heed_dimension {
  const char *name;
  const char *parameter;
  const char *unit;
  const char *doc;
} heed_dimension;

/* Flags of heed_output. */
#define HEED_MAY_BE_NAN 1u /* NaN is a value that the host accepts */

typedef struct heed_output {
  const char *name;              /* lower case, digits and '_' */
  const char *const *dimensions; /* names, ended by NULL; NULL: a scalar */
  unsigned flags;
  const char *unit; /* as for parameters */
  const char *doc;
} heed_output;

#ifdef __cplusplus
}
#endif

#endif
