/* SPDX-License-Identifier: GPL-3.0-or-later
 * A trial: one plugin in a child process, with a host that watches it.
 *
 * A check calls a function of the plugin between trial_call() and
 * trial_return().  The host guards all memory that the plugin uses.  In every
 * check it finds writes outside a block, values that a function does not set,
 * and changed inputs.
 *
 * The first finding ends the check and the child: trial_fail() and trial_skip()
 * do not return. */
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
#define CHECK_ENDS 2u /* repeated with other parameter values */

typedef struct contract_check {
  const char *name; /* the sentence that the check proves */
  void (*run)(contract_trial *self);
  unsigned flags;
} contract_check;

/* Checks of plugins of one kind. */
typedef struct contract_kind {
  const contract_check *checks;
  size_t check_count;
  /* Calls every function and records its outputs. */
  void (*exercise)(contract_trial *self);
  /* Repeats checks at the ends of numeric ranges.  False for kinds in which a
   * large number means much work. */
  bool ends;
} contract_kind;

extern const contract_kind contract_source, contract_distribution,
    contract_user_model, contract_estimator, contract_filter, contract_trainer;
/* Checks for all kinds, run before and after those of the kind. */
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

typedef struct contract_place { /* a named output */
  const char *name;
  const void *pointer; /* to the pointer */
} contract_place;

typedef struct contract_input { /* must not change */
  const char *name;
  const unsigned char *data, *copy;
  size_t count, size; /* values, and bytes of each */
} contract_input;

typedef struct contract_value { /* of an output */
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
  char missing[BOARD_TEXT]; /* why create() cannot run, or "" */
  json_t *parameters;       /* all, resolved, of the current instance */
  const heed_instance *instance;
  host_arena *lasting; /* the instance's memory */
  host_arena *memory;  /* of stages' outputs */
  host_arena *scratch;
  host_service host;
  host_threads threads; /* that the plugin may use */
  host_sink sink;
  bool opening;    /* create() is running */
  bool may_refuse; /* an error with a message, such as HEED_INVALID, is valid */
  heed_error refusal;
  jmp_buf *skipping;    /* trial_skip() jumps here; NULL: it ends the check */
  const char *function; /* called last */
  uint64_t reported;    /* bit i: this call reported output i */
  pthread_t thread;

  contract_scene scene;
  contract_ledger *ledger; /* counts leaks per function; NULL: off */

  /* State of the host. */
  void *(*make_column)(const heed_host *host, heed_table *table,
                       const char *name, heed_column_type type, size_t width);
  contract_block *blocks;
  size_t block_count, block_room;
  contract_place places[16];
  size_t place_count;
  contract_input *inputs;
  size_t input_count, input_room, scene_inputs;

  bool taking; /* trial_take() records values */
  contract_value *values;
  size_t value_count, value_room;
};

/* Loads the file and the plugins on the search path.  Reports errors on the
 * board. */
void trial_open(contract_trial *self, const contract_options *options,
                contract_board *board);
/* Selects the plugin; sets up its parameters and the scene. */
void trial_choose(contract_trial *self, const contract_plugin *which,
                  const contract_kind *kind);

/* Skips the check if a parameter has no value. */
void trial_need_parameters(const contract_trial *self);
/* Creates an instance and makes it the current one.  changes: a JSON object of
 * parameters that replace the defaults, or NULL.  If may_refuse is set, returns
 * false if the plugin refuses, with the reason in self->refusal. */
bool trial_instance(contract_trial *self, const json_t *changes);
void trial_close_instance(contract_trial *self);

/* Frees the outputs of calls. */
void trial_reset(contract_trial *self);

/* ---- findings ---- */

HEED_PRINTF(2, 3)
_Noreturn void trial_fail(const contract_trial *self, const char *format, ...);
/* Skips the check and records the reason.  In a series of checks, only skips
 * to the next one. */
HEED_PRINTF(2, 3)
_Noreturn void trial_skip(const contract_trial *self, const char *format, ...);
/* Sets the function that the next finding names, if it is not the last call;
 * "": no function. */
void trial_about(const contract_trial *self, const char *function);
/* Fails because a stage's check refuses the output. */
_Noreturn void trial_refuse(const contract_trial *self,
                            const heed_error *error);
/* Adds a remark to a check that passes. */
HEED_PRINTF(2, 3)
void trial_remark(const contract_trial *self, const char *format, ...);

/* ---- calls ---- */

/* Reports progress without calling the plugin.  Resets the time limit. */
void trial_pulse(const contract_trial *self);

/* Call before each function.  Skips the check if the function did not return in
 * an earlier check. */
void trial_call(contract_trial *self, const char *function);
/* Call when a function returns.  Checks the status, the guards and the inputs,
 * and invalidates scratch memory.  Returns false if the function refused, which
 * may_refuse permits. */
bool trial_return(contract_trial *self, heed_status status,
                  const heed_error *error);
/* Skips the check if the plugin lacks the function. */
#define trial_need(self, function, name)                                     \
  ((function) == NULL ? trial_skip((self), "the plugin has no %s()", (name)) \
                      : (void)0)

/* ---- memory ---- */

/* Returns guarded memory for the plugin to fill, with every byte unset. */
void *trial_room(contract_trial *self, const char *name, size_t count,
                 size_t size);
double *trial_doubles(contract_trial *self, const char *name, size_t count);
/* Checks that the function set every value. */
void trial_filled(const contract_trial *self, const char *name,
                  const double *values, size_t count);

/* Names the output at *pointer in messages, until the call returns. */
void trial_name(contract_trial *self, const char *name, const void *pointer);
/* Checks that the plugin's pointer has room for `count` values, in memory that
 * outlives the call. */
void trial_holds(const contract_trial *self, const char *name,
                 const void *pointer, size_t count, size_t size,
                 const char *each);

/* Fails if a call changes the data.  Lasts until trial_reset(). */
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

/* Bits for exact comparison: -0 differs from 0, and NaN equals NaN. */
static inline uint64_t trial_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Records an output for comparison with a later run. */
void trial_take(contract_trial *self, const char *name, const double *values,
                size_t count);
void trial_take_number(contract_trial *self, const char *name, double value);
void trial_take_table(contract_trial *self, const heed_table *table);

#endif
