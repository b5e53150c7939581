/* SPDX-License-Identifier: GPL-3.0-or-later
 * A trial: one plugin in a child process, served by a host that watches it.
 *
 * A check calls a function of the plugin between trial_call() and
 * trial_return().  All memory that the plugin can reach is guarded: what
 * stands behind each block, what a function leaves unset, and inputs that
 * change are found there, for every check alike.
 *
 * The first finding ends the check, and with it the child: trial_fail() and
 * trial_skip() do not return. */
#ifndef HEED_CONTRACT_TRIAL_H
#define HEED_CONTRACT_TRIAL_H

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>

#include "board.h"
#include "holdings.h"
#include "scene.h"

typedef struct contract_trial contract_trial;

/* ---- checks ---- */

/* Flags of a check. */
#define CHECK_BARE 1u /* needs no instance */
#define CHECK_ENDS 2u /* is repeated at other values of the parameters */

typedef struct contract_check {
  const char *name; /* the sentence that it proves */
  void (*run)(contract_trial *self);
  unsigned flags;
} contract_check;

/* What is tried of plugins of one kind. */
typedef struct contract_kind {
  const contract_check *checks;
  size_t check_count;
  /* Calls every function once, and takes down what it puts out. */
  void (*exercise)(contract_trial *self);
  /* Whether the checks are repeated at the ends of numeric ranges, too: not
   * where a large number means much work. */
  bool ends;
} contract_kind;

extern const contract_kind contract_source, contract_distribution,
    contract_user_model, contract_estimator, contract_filter, contract_trainer;
/* For all kinds; some before those of the kind, some after. */
extern const contract_check contract_first[], contract_last[];
extern const size_t contract_first_count, contract_last_count;

/* ---- the trial ---- */

typedef struct contract_block {
  const char *name; /* NULL: the plugin took it from the host */
  unsigned char *start;
  size_t count, size; /* values, and bytes of each */
  bool scratch;
  bool lasting; /* of the instance */
  bool gone;    /* scratch of a call that has returned */
} contract_block;

typedef struct contract_place { /* an output of the plugin that has a name */
  const char *name;
  const void *pointer; /* to the pointer */
} contract_place;

typedef struct contract_input { /* must not change */
  const char *name;
  const unsigned char *data, *copy;
  size_t count, size; /* values, and bytes of each */
} contract_input;

typedef struct contract_value { /* of what the plugin put out */
  const char *name;
  size_t index;
  double value;
} contract_value;

struct contract_trial {
  const contract_options *options;
  contract_board *board;
  host_registry *plugins;
  const heed_plugin *plugin;
  const contract_kind *kind;

  json_t *given;            /* parameters that are set or have no default */
  char guessed[BOARD_TEXT]; /* "share = 0.5": parameters without a default */
  char missing[BOARD_TEXT]; /* why there can be no instance, or "" */
  json_t *parameters;       /* all, as resolved, of the instance at hand */
  const heed_instance *instance;
  host_arena *lasting; /* the instance's memory */
  host_arena *memory;  /* of stages' outputs */
  host_arena *scratch;
  host_service host;
  host_sink sink;
  bool opening;    /* create() is running */
  bool may_refuse; /* HEED_INVALID, … with a message is a good answer */
  heed_error refusal;
  jmp_buf *skipping;    /* where trial_skip() goes; NULL: it ends the check */
  const char *function; /* called last */
  uint64_t reported;    /* outputs reported in this call, bit by bit */
  pthread_t thread;

  contract_scene scene;
  contract_ledger *ledger; /* where calls are weighed; NULL: nowhere */

  /* The host's own. */
  void *(*make_column)(const heed_host *host, heed_table *table,
                       const char *name, heed_column_type type, size_t width);
  contract_block *blocks;
  size_t block_count, block_room;
  contract_place places[16];
  size_t place_count;
  contract_input *inputs;
  size_t input_count, input_room, scene_inputs;

  bool taking; /* trial_take() takes down */
  contract_value *values;
  size_t value_count, value_room;
};

/* Loads the file and what it may nest.  What goes wrong is on the board. */
void trial_open(contract_trial *self, const contract_options *options,
                contract_board *board);
/* The plugin to be tried: its parameters and the scene. */
void trial_choose(contract_trial *self, const contract_plugin *which,
                  const contract_kind *kind);

/* Skips the check where a parameter has no default and none was set. */
void trial_need_parameters(const contract_trial *self);
/* Makes the instance, in place of any before: with the defaults, or with
 * `changes` to them (a JSON object).  False: it was refused, in self->refusal;
 * only where may_refuse. */
bool trial_instance(contract_trial *self, const json_t *changes);
void trial_close_instance(contract_trial *self);

/* Frees what calls have put out. */
void trial_reset(contract_trial *self);

/* ---- findings ---- */

HEED_PRINTF(2, 3)
_Noreturn void trial_fail(const contract_trial *self, const char *format, ...);
/* Not tried, for this reason.  Ends the check, or one of several in a row. */
HEED_PRINTF(2, 3)
_Noreturn void trial_skip(const contract_trial *self, const char *format, ...);
/* What the next finding is about, where that is not the function called last;
 * "": none of them. */
void trial_about(const contract_trial *self, const char *function);
/* The output is refused by a check of the stages. */
_Noreturn void trial_refuse(const contract_trial *self,
                            const heed_error *error);
/* A remark on a check that passes. */
HEED_PRINTF(2, 3)
void trial_remark(const contract_trial *self, const char *format, ...);

/* ---- calls ---- */

/* The check gets on, though it calls nothing: its time starts anew. */
void trial_pulse(const contract_trial *self);

/* Skips the check where the function crashed or hung before. */
void trial_call(contract_trial *self, const char *function);
/* Returned with the status, and perhaps an error: guards and inputs are looked
 * at, and scratch memory is taken away.  False: refused, as may_refuse allows.
 */
bool trial_return(contract_trial *self, heed_status status,
                  const heed_error *error);
/* Skips the check where the plugin has no such function. */
#define trial_need(self, function, name)                                     \
  ((function) == NULL ? trial_skip((self), "the plugin has no %s()", (name)) \
                      : (void)0)

/* ---- memory ---- */

/* Guarded memory for the plugin to fill, every byte unset. */
void *trial_room(contract_trial *self, const char *name, size_t count,
                 size_t size);
double *trial_doubles(contract_trial *self, const char *name, size_t count);
/* That the function set every value. */
void trial_filled(const contract_trial *self, const char *name,
                  const double *values, size_t count);

/* The name of what the function puts out at *pointer, for messages; until the
 * call returns. */
void trial_name(contract_trial *self, const char *name, const void *pointer);
/* That the plugin's pointer has room for as many values, in memory that lives
 * on. */
void trial_holds(const contract_trial *self, const char *name,
                 const void *pointer, size_t count, size_t size,
                 const char *each);

/* Data that must not change, until trial_reset(). */
void trial_watch(contract_trial *self, const char *name, const void *data,
                 size_t count, size_t size);
void trial_watch_table(contract_trial *self, const heed_table *table);
void trial_watch_posterior(contract_trial *self,
                           const heed_posterior *posterior);

/* ---- values ---- */

void trial_finite(const contract_trial *self, const char *name,
                  const double *values, size_t count);
void trial_within(const contract_trial *self, const char *name,
                  const double *values, size_t count, double low, double high,
                  const char *expected);

/* Two doubles are the same where these are: -0 is not 0, and NaN is NaN. */
static inline uint64_t trial_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Takes down what the plugin put out, to compare it with another time. */
void trial_take(contract_trial *self, const char *name, const double *values,
                size_t count);
void trial_take_number(contract_trial *self, const char *name, double value);
void trial_take_table(contract_trial *self, const heed_table *table);

#endif
