/* SPDX-License-Identifier: GPL-3.0-or-later
 * Puts the process back, and seals outputs. */
#include "guard.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- a crash in read-only memory ---- */

/* A handler gets no context: these are the levels of the stages that were made
 * last. */
static const stages_level *watched;

static void say(const char *text) {
  (void)!write(STDERR_FILENO, text, strlen(text));
}

static bool holds(const stages_level *level, const void *place) {
  return arena_holds(level->memory, place) ||
         draws_hold(level->host.draws, place);
}

/* Says what was written to; then the same write crashes the process, since the
 * handler is reset.  The supervisor shows the last line of the log. */
static void explain_crash(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  for (size_t i = 0; watched != NULL && i < PLAN_STAGE_COUNT; i++) {
    if (!watched[i].sealed || !holds(&watched[i], info->si_addr)) continue;
    say("wrote to the output of the stage ");
    say(plan_stage_name((plan_stage)i));
    say(", which is read-only\n");
  }
}

/* A handler that is there, as a sanitizer's, stays. */
static void watch(const stages_level *levels) {
  const struct sigaction action = {.sa_sigaction = explain_crash,
                                   .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
  struct sigaction earlier;
  watched = levels;
  if (sigaction(SIGSEGV, NULL, &earlier) == 0 &&
      (earlier.sa_flags & SA_SIGINFO) == 0 && earlier.sa_handler == SIG_DFL)
    (void)sigaction(SIGSEGV, &action, NULL);
}

static void watch_no_more(void) {
  struct sigaction earlier;
  watched = NULL;
  if (sigaction(SIGSEGV, NULL, &earlier) == 0 &&
      (earlier.sa_flags & SA_SIGINFO) != 0 &&
      earlier.sa_sigaction == explain_crash)
    (void)signal(SIGSEGV, SIG_DFL);
}

/* ---- the process ---- */

process_state *guard_open(const stages_level *levels) {
  watch(levels);
  return process_remember();
}

void guard_close(process_state *home) {
  watch_no_more();
  process_forget(home);
}

void guard_settle(process_state *home, const host_threads *threads,
                  stages_level *level) {
  service_settle(&level->host);
  if (threads->asked && threads->count > 1)
    service_blame(&level->host, process_settle_threads(threads->count));
  service_blame(&level->host, process_settle(home));
}

/* ---- outputs ---- */

static uint64_t digest_of(const stages_level *level) {
  uint64_t digest = arena_mix(0, &level->world, sizeof level->world);
  digest = arena_mix(digest, &level->crowd, sizeof level->crowd);
  digest = arena_mix(digest, &level->posterior, sizeof level->posterior);
  return arena_mix(digest, &level->selection, sizeof level->selection);
}

void guard_seal(stages_level *level) {
  arena_seal(level->memory);
  level->digest = digest_of(level);
  level->sealed = true;
}

void guard_unseal(stages_level *level) {
  if (level->sealed) arena_unseal(level->memory);
  level->sealed = false;
}

bool guard_is_intact(const stages_level *level) {
  return !level->sealed ||
         (level->digest == digest_of(level) && arena_is_intact(level->memory) &&
          draws_are_intact(level->host.draws));
}
