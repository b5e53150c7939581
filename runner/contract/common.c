/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of plugins of every kind: schema, instances, reproducibility, side
 * effects and leaks. */
#include <fenv.h>
#include <float.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "heed/limit.h"
#include "settings.h"
#include "trial.h"

/* ---- the schema ---- */

static void check_docs(const contract_trial *self,
                       const heed_parameter *parameters, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const heed_parameter *parameter = &parameters[i];
    if (parameter->doc == NULL || parameter->doc[0] == '\0')
      trial_fail(self,
                 "parameter %s has no doc, expected a line that says "
                 "what it is",
                 parameter->name);
    if (strchr(parameter->doc, '\n') != NULL)
      trial_fail(self,
                 "the doc of parameter %s has a line break, expected one "
                 "line",
                 parameter->name);
    check_docs(self, parameter->fields, parameter->field_count);
    if (parameter->item != NULL)
      check_docs(self, parameter->item->fields, parameter->item->field_count);
  }
}

static void document(contract_trial *self) {
  const heed_plugin *plugin = self->plugin;
  if (plugin->summary[0] == '\0' || strchr(plugin->summary, '\n') != NULL)
    trial_fail(self,
               "its summary is empty or has a line break, expected one "
               "line");
  check_docs(self, plugin->parameters, plugin->parameter_count);
  for (size_t i = 0; i < plugin->output_count; i++)
    if (plugin->outputs[i].doc == NULL || plugin->outputs[i].doc[0] == '\0')
      trial_fail(self,
                 "output %s has no doc, expected a line that says what "
                 "it is",
                 plugin->outputs[i].name);
}

static void check_range(const contract_trial *self,
                        const heed_parameter *parameter) {
  const bool is_integer = parameter->type == HEED_INTEGER;
  const double low = parameter->low, high = parameter->high;
  if (isnan(low) || isnan(high) || low > high)
    trial_fail(self,
               "the range of parameter %s is %g to %g, expected low to "
               "high",
               parameter->name, low, high);
  if (is_integer && ((isfinite(low) && low != floor(low)) ||
                     (isfinite(high) && high != floor(high))))
    trial_fail(self,
               "the range of the integer parameter %s is %g to %g, "
               "expected whole numbers",
               parameter->name, low, high);
  if ((parameter->flags & HEED_LATE) != 0 &&
      (self->plugin->flags & HEED_COSTLY) == 0)
    trial_fail(self,
               "parameter %s is HEED_LATE, but the plugin is not "
               "HEED_COSTLY",
               parameter->name);
  for (size_t i = 0;
       parameter->choices != NULL && parameter->choices[i] != NULL; i++)
    for (size_t j = 0; j < i; j++)
      if (strcmp(parameter->choices[i], parameter->choices[j]) == 0)
        trial_fail(self, "parameter %s has the choice \"%s\" twice",
                   parameter->name, parameter->choices[i]);
}

static void order_ranges(contract_trial *self) {
  for (size_t i = 0; i < self->plugin->parameter_count; i++)
    check_range(self, &self->plugin->parameters[i]);
}

/* Checks one parameter at a time, because others may lack a default. */
static void allow_defaults(contract_trial *self) {
  for (size_t i = 0; i < self->plugin->parameter_count; i++) {
    const heed_parameter *parameter = &self->plugin->parameters[i];
    heed_error error = {HEED_OK, ""};
    json_t *resolved = NULL;
    if (!settings_has_default(parameter) || parameter->type == HEED_PLUGIN)
      continue;
    if (schema_resolve(self->plugins, parameter, 1, NULL, ".", "", &resolved,
                       &error) != HEED_OK)
      trial_fail(self, "the schema refuses its own default: %s", error.message);
    json_decref(resolved);
  }
}

/* ---- instances ---- */

static void create(contract_trial *self) {
  (void)trial_instance(self, NULL);
  trial_close_instance(self);
  if (self->guessed[0] != '\0')
    trial_remark(self, "checked with %s because the schema has no default",
                 self->guessed);
}

/* A skipped check does not stop the later ones. */
static void run_or_skip(contract_trial *self, const contract_check *check) {
  jmp_buf skipping;
  self->skipping = &skipping;
  if (setjmp(skipping) == 0) check->run(self);
  self->skipping = NULL;
  trial_reset(self);
}

static void try_checks(contract_trial *self, const contract_variant *variant) {
  const contract_kind *kind = self->kind;
  if (variant->end && !kind->ends) return;
  for (size_t i = 0; i < kind->check_count; i++)
    if ((kind->checks[i].flags & CHECK_ENDS) != 0)
      run_or_skip(self, &kind->checks[i]);
}

/* A variant passes if the plugin works or refuses it with a message. */
static void try_ends(contract_trial *self) {
  size_t count;
  trial_need_parameters(self);
  contract_variant *variants = settings_variants(self->plugin, &count);
  self->may_refuse = true;
  for (size_t i = 0; i < count; i++) {
    (void)snprintf(self->board->variant, BOARD_TEXT, "%s", variants[i].text);
    if (!trial_instance(self, variants[i].changes)) continue;
    try_checks(self, &variants[i]);
    trial_close_instance(self);
  }
  self->board->variant[0] = '\0';
  settings_free(variants, count);
}

/* ---- reproducibility ---- */

/* Records the outputs of the current instance. */
static void take_down(contract_trial *self) {
  self->value_count = 0;
  self->taking = true;
  self->kind->exercise(self);
  self->taking = false;
  trial_reset(self);
}

static contract_value *copy_values(const contract_trial *self) {
  const size_t bytes = self->value_count * sizeof(contract_value);
  contract_value *copy = malloc(bytes + 1);
  if (copy == NULL)
    trial_skip(self, HEED_OUT_OF_MEMORY);
  else
    memcpy(copy, self->values, bytes);
  return copy;
}

/* Checks that the recorded values equal the earlier ones bit for bit. */
static void compare(const contract_trial *self, const contract_value *earlier,
                    size_t count, const char *when) {
  if (self->value_count != count)
    trial_fail(self, "gave %zu value%s %s, expected %zu as before",
               self->value_count, heed_plural(self->value_count), when, count);
  for (size_t i = 0; i < count; i++)
    if (trial_bits(earlier[i].value) != trial_bits(self->values[i].value))
      trial_fail(self, "%s[%zu] is %.17g %s, expected %.17g as before",
                 earlier[i].name, earlier[i].index, self->values[i].value, when,
                 earlier[i].value);
}

static uint64_t digest_of(const contract_trial *self) {
  uint64_t word = 14695981039346656037u;
  for (size_t i = 0; i < self->value_count; i++) {
    word = (word ^ trial_bits(self->values[i].value)) * 1099511628211u;
    word ^= word >> 29;
  }
  return word;
}

/* Repeats the call with 3 threads if the plugin asks how many it may use. */
static void repeat_with_threads(contract_trial *self,
                                const contract_value *earlier, size_t count) {
  if (!self->threads.asked) return;
  self->threads.count = 3;
  take_down(self);
  self->threads.count = 1;
  compare(self, earlier, count, "with 3 threads");
}

static void repeat(contract_trial *self) {
  take_down(self);
  contract_value *earlier = copy_values(self);
  const size_t count = self->value_count;
  self->board->digest = digest_of(self);
  self->board->digest_second = board_now();
  self->board->has_digest = true;
  take_down(self);
  compare(self, earlier, count, "in a second call with the same inputs");
  repeat_with_threads(self, earlier, count);
  free(earlier);
}

/* The second instance has other parameters if the plugin has any. */
static void keep_apart(contract_trial *self) {
  const heed_instance *first = self->instance;
  size_t count;
  contract_variant *variants = settings_variants(self->plugin, &count);
  take_down(self);
  contract_value *earlier = copy_values(self);
  const size_t value_count = self->value_count;
  json_t *parameters = json_incref(self->parameters);
  self->may_refuse = true;
  bool made = false;
  for (size_t i = 0; i < count && !made; i++)
    made = !variants[i].end && trial_instance(self, variants[i].changes);
  self->may_refuse = false;
  if (!made) (void)trial_instance(self, NULL);
  const heed_instance *second = self->instance;
  self->instance = first;
  json_decref(self->parameters);
  self->parameters = parameters;
  take_down(self);
  compare(self, earlier, value_count, "once there is a second instance");
  self->instance = second;
  settings_free(variants, count);
  free(earlier);
}

/* Waits until a clock with a resolution of one second advances. */
static void await_second(contract_trial *self) {
  const struct timespec moment = {0, 20000000};
  while (board_now() < self->board->digest_second + 1.05) {
    (void)nanosleep(&moment, NULL);
    trial_pulse(self);
  }
}

static void repeat_elsewhere(contract_trial *self) {
  if (self->board->has_digest) await_second(self);
  (void)trial_instance(self, NULL);
  take_down(self);
  if (!self->board->has_digest)
    trial_skip(self, "no earlier check recorded its outputs");
  trial_about(self, "");
  if (digest_of(self) != self->board->digest)
    trial_fail(self,
               "gave different values in another process a second later, "
               "expected the same: does it use a clock, a process number or a "
               "generator of its own?");
}

/* ---- side effects and leaks ---- */

typedef struct common_surroundings {
  int rounding;
  bool denormals;
  char locale[256], folder[PATH_MAX];
  mode_t mask;
  struct sigaction actions[5];
} common_surroundings;

static const int signals[] = {SIGINT, SIGTERM, SIGPIPE, SIGFPE, SIGSEGV};

static common_surroundings look_around(void) {
  common_surroundings seen;
  volatile double least = DBL_MIN;
  memset(&seen, 0, sizeof seen);
  seen.rounding = fegetround();
  seen.denormals = least / 2 != 0;
  (void)snprintf(seen.locale, sizeof seen.locale, "%s",
                 setlocale(LC_ALL, NULL));
  if (getcwd(seen.folder, sizeof seen.folder) == NULL) seen.folder[0] = '\0';
  seen.mask = umask(0);
  (void)umask(seen.mask);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    (void)sigaction(signals[i], NULL, &seen.actions[i]);
  return seen;
}

static void change_nothing(contract_trial *self) {
  const common_surroundings earlier = look_around();
  (void)trial_instance(self, NULL);
  take_down(self);
  trial_close_instance(self);
  const common_surroundings later = look_around();
  trial_about(self, "");
  if (later.rounding != earlier.rounding)
    trial_fail(self, "changed the rounding of the floating-point unit");
  if (later.denormals != earlier.denormals)
    trial_fail(self, "made the floating-point unit flush denormals to zero");
  if (strcmp(later.locale, earlier.locale) != 0)
    trial_fail(self, "changed the locale from %s to %s", earlier.locale,
               later.locale);
  if (strcmp(later.folder, earlier.folder) != 0)
    trial_fail(self, "changed the working directory to %s", later.folder);
  if (later.mask != earlier.mask)
    trial_fail(self, "changed the umask to %03o", (unsigned)later.mask);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (later.actions[i].sa_handler != earlier.actions[i].sa_handler)
      trial_fail(self, "changed the handler of signal %d", signals[i]);
}

/* Creates, uses and destroys an instance, and frees the trial's memory. */
static void live_once(contract_trial *self) {
  (void)trial_instance(self, NULL);
  self->kind->exercise(self);
  trial_reset(self);
  trial_close_instance(self);
}

static void live(contract_trial *self, size_t times) {
  for (size_t i = 0; i < times; i++) live_once(self);
}

/* Growth in both rounds is a leak; growth in one is a cache. */
static void check_growth(contract_trial *self, contract_holding what,
                         const contract_holdings seen[3], size_t times) {
  const size_t least = what == HOLDING_HEAP ? 24 * times : times;
  const size_t earlier = seen[0].held[what], gap = seen[1].held[what];
  const size_t later = seen[2].held[what];
  contract_ledger ledger = {.count = 0};
  if (gap < earlier + least || later < gap + least) return;
  self->ledger = &ledger;
  live(self, times);
  self->ledger = NULL;
  trial_about(self, ledger_culprit(&ledger, what));
  trial_fail(self,
             "leaks %s: %zu %s in %zu rounds of create, use and destroy, %zu "
             "more in the next %zu rounds, expected none",
             holding_names[what], gap - earlier, holding_units[what], times,
             later - gap, times);
}

static void leave_nothing(contract_trial *self) {
  enum { WARM_UP = 2, LEAST = 4, MOST = 32 };
  contract_holdings seen[3];
  double start, each;
  live(self, WARM_UP);
  start = board_now();
  live_once(self);
  each = board_now() - start;
  const size_t times = (size_t)fmin(fmax(1 / (each + 1e-9), LEAST), MOST);
  live(self, times);
  for (size_t i = 0; i < 3; i++) {
    seen[i] = holdings_now();
    if (i < 2) live(self, times);
  }
  check_growth(self, HOLDING_FILES, seen, times);
  check_growth(self, HOLDING_THREADS, seen, times);
  if (heed_is_sanitized())
    trial_skip(self, "a sanitizer manages the memory of this heed");
  check_growth(self, HOLDING_HEAP, seen, times);
  check_growth(self, HOLDING_PAGES, seen, times);
}

/* ---- the tables ---- */

const contract_check contract_first[] = {
    {"the summary, every parameter and every output are documented", document,
     CHECK_BARE},
    {"every range runs from low to high", order_ranges, CHECK_BARE},
    {"the schema allows every default", allow_defaults, CHECK_BARE},
    {"create() makes an instance, and destroy() frees it", create, CHECK_BARE},
};
const size_t contract_first_count =
    sizeof contract_first / sizeof *contract_first;

const contract_check contract_last[] = {
    {"the same inputs give the same bits", repeat, 0},
    {"two instances do not disturb each other", keep_apart, 0},
    {"every end of a range and every choice works or is refused", try_ends,
     CHECK_BARE},
    {"the process is unchanged", change_nothing, CHECK_BARE},
    {"no memory, file or thread leaks", leave_nothing, CHECK_BARE},
    {"another process gives the same bits", repeat_elsewhere, CHECK_BARE},
};
const size_t contract_last_count = sizeof contract_last / sizeof *contract_last;
