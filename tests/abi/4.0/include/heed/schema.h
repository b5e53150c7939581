/* SPDX-License-Identifier: MIT
 * Schemas: a plugin's parameters and outputs.
 *
 * The host reads a schema to build the Lua constructor, to check a sweep, to
 * print `heed describe`, to allocate the result file and to annotate it.  A
 * plugin therefore sees only values that its schema allows. */
#ifndef HEED_SCHEMA_H
#define HEED_SCHEMA_H

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kind of a plugin.  A sweep uses the same words: h.source.NAME {…}. */
typedef int32_t heed_kind;
enum heed_kinds {
  HEED_SOURCE = 0,
  HEED_DISTRIBUTION = 1,
  HEED_USER_MODEL = 2,
  HEED_ESTIMATOR = 3,
  HEED_FILTER = 4,
  HEED_TRAINER = 5,
  HEED_KIND_COUNT = 6 /* of the kinds that these headers know */
};

typedef int32_t heed_type;
enum heed_types {
  HEED_NUMBER = 0,  /* a finite double */
  HEED_INTEGER = 1, /* an int64_t */
  HEED_BOOLEAN = 2,
  HEED_TEXT = 3,           /* UTF-8, no NUL */
  HEED_ENUM = 4,           /* one of `choices` */
  HEED_ENUM_OR_NUMBER = 5, /* one of `choices`, or a number in the range */
  HEED_PATH = 6,           /* an existing file, as an absolute path; the host
                              hashes the file, and the hash is part of the cell
                              key */
  HEED_LIST = 7,           /* values that `item` describes */
  HEED_MAP = 8,            /* any keys; values that `item` describes */
  HEED_RECORD = 9,         /* the keys that `fields` describes */
  HEED_PLUGIN = 10         /* a plugin of kind `kind` */
};

/* Flags of heed_parameter. */
#define HEED_OPTIONAL 1u  /* a sweep may omit it; it is then not `given` */
#define HEED_OPEN_LOW 2u  /* the range excludes `low` */
#define HEED_OPEN_HIGH 4u /* the range excludes `high` */
/* The plugin's checkpoint (HEED_CHECKPOINT in host.h) does not depend on this
 * parameter.  Only for the own parameters of a HEED_COSTLY plugin, not for
 * fields and items. */
#define HEED_LATE 8u

/* Grows at its end: heed_abi.parameter_size is the stride of all arrays of
 * parameters of a plugin, `item` and `fields` included. */
typedef struct heed_parameter heed_parameter;
struct heed_parameter {
  const char *name; /* lower case, digits and '_' */
  heed_type type;
  uint32_t flags;

  /* The value of a parameter that the sweep omits, written as in JSON ("0.5",
   * "true", "[0.1, 1]"); enums, texts and plugin names without quotes
   * ("known").  NULL: the parameter is required, unless it has
   * HEED_OPTIONAL. */
  const char *default_value;

  /* The range of a number or integer, or of the count of a list.  Both 0: any
   * finite number, any count.  HUGE_VAL: no bound. */
  double low, high;

  const char *const *choices;   /* HEED_ENUM…: ends with NULL */
  heed_kind kind;               /* HEED_PLUGIN */
  const heed_parameter *item;   /* HEED_LIST, HEED_MAP; its name is unused */
  const heed_parameter *fields; /* HEED_RECORD */
  size_t field_count;

  const char *unit; /* as UDUNITS writes it; NULL: none or "1" */
  const char *doc;  /* one line */
};

typedef struct heed_plugin heed_plugin;

/* A plugin with its parameters set.  Owned by the host.  Frozen. */
typedef struct heed_instance {
  const heed_plugin *plugin; /* the host's copy; complete (plugin.h) */
  void *self;                /* made by the plugin's create() */
} heed_instance;

/* A checked value.  `type`, the type of its parameter, decides which members
 * are set.  Owned by the host; lives as long as the instance.  Frozen: values
 * are elements of arrays. */
typedef struct heed_value heed_value;
struct heed_value {
  heed_type type;
  bool given;       /* false: a HEED_OPTIONAL parameter that the sweep omits */
  double number;    /* NUMBER, INTEGER, ENUM_OR_NUMBER if text is NULL */
  int64_t integer;  /* INTEGER; BOOLEAN (0 or 1); ENUM…: index in choices */
  const char *text; /* TEXT, PATH, ENUM; ENUM_OR_NUMBER or NULL */
  size_t count;     /* LIST, MAP, RECORD: number of items */
  const heed_value *items;       /* LIST, MAP; RECORD: in the order of fields */
  const char *const *keys;       /* MAP: in alphabetical order */
  const heed_instance *instance; /* PLUGIN */
};

/* An axis of outputs, beside the sweep's own axes.  Its labels are the items
 * of a list parameter of this plugin, or the keys of a map parameter.
 * Grows at its end: heed_abi.dimension_size is the stride. */
typedef struct heed_dimension {
  const char *name;
  const char *parameter;
  const char *unit;
  const char *doc;
} heed_dimension;

/* Flags of heed_output. */
#define HEED_MAY_BE_NAN 1u /* the host accepts NaN */

/* Grows at its end: heed_abi.output_size is the stride. */
typedef struct heed_output {
  const char *name;              /* lower case, digits and '_' */
  const char *const *dimensions; /* names, ends with NULL; NULL: a scalar */
  uint32_t flags;
  const char *unit; /* as for parameters */
  const char *doc;
} heed_output;

#ifdef __cplusplus
}
#endif

#endif
