/* SPDX-License-Identifier: GPL-3.0-or-later
 * A source of ABI 4.0: four prompts with two candidates each, of which the
 * first is better.  It has a parameter of every type. */
#include <heed/source.h>
#include <math.h>
#include <stdlib.h>

enum { PROMPTS = 4, CANDIDATES = 2 };

enum {
  PAIRS,
  GAP,
  REVERSED,
  NOTE,
  MODE,
  LEVEL,
  FILE_READ,
  GRADES,
  SHARES,
  PLACE,
  UNSET,
  PARAMETER_COUNT
};

static const char *const modes[] = {"plain", "even", NULL};
static const char *const levels[] = {"auto", NULL};
static const heed_parameter grade = {
    .type = HEED_NUMBER, .low = 0, .high = 1, .flags = HEED_OPEN_LOW};
static const heed_parameter share = {.type = HEED_NUMBER};
enum { PLACE_X, PLACE_TAG, PLACE_COUNT };
static const heed_parameter place[] = {
    [PLACE_X] = {.name = "x",
                 .type = HEED_INTEGER,
                 .default_value = "1",
                 .low = -9,
                 .high = 9,
                 .doc = "a number in a record"},
    [PLACE_TAG] = {.name = "tag",
                   .type = HEED_TEXT,
                   .default_value = "none",
                   .doc = "a text in a record"},
};
static const heed_parameter parameters[] = {
    [PAIRS] = {.name = "pairs",
               .type = HEED_INTEGER,
               .default_value = "10",
               .low = 1,
               .high = 1e6,
               .doc = "the number of pairs"},
    [GAP] = {.name = "gap",
             .type = HEED_NUMBER,
             .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH,
             .default_value = "0.75",
             .low = 0,
             .high = 1,
             .unit = "1",
             .doc = "p of every pair"},
    [REVERSED] = {.name = "reversed",
                  .type = HEED_BOOLEAN,
                  .default_value = "false",
                  .doc = "prompts in reverse order"},
    [NOTE] = {.name = "note",
              .type = HEED_TEXT,
              .default_value = "",
              .doc = "a text for the log"},
    [MODE] = {.name = "mode",
              .type = HEED_ENUM,
              .default_value = "plain",
              .choices = modes,
              .doc = "one of two"},
    [LEVEL] = {.name = "level",
               .type = HEED_ENUM_OR_NUMBER,
               .default_value = "auto",
               .choices = levels,
               .low = 0,
               .high = HUGE_VAL,
               .doc = "a word or a number"},
    [FILE_READ] = {.name = "file",
                   .type = HEED_PATH,
                   .flags = HEED_OPTIONAL,
                   .doc = "a file"},
    [GRADES] = {.name = "grades",
                .type = HEED_LIST,
                .default_value = "[0.5]",
                .low = 1,
                .high = 9,
                .item = &grade,
                .doc = "numbers to report"},
    [SHARES] = {.name = "shares",
                .type = HEED_MAP,
                .default_value = "{}",
                .item = &share,
                .doc = "numbers by name, to report"},
    [PLACE] = {.name = "place",
               .type = HEED_RECORD,
               .default_value = "{}",
               .fields = place,
               .field_count = PLACE_COUNT,
               .doc = "a record"},
    [UNSET] = {.name = "unset",
               .type = HEED_NUMBER,
               .flags = HEED_OPTIONAL,
               .doc = "a number that no sweep gives"},
};

static const heed_dimension dimensions[] = {
    {.name = "grade", .parameter = "grades", .unit = "1", .doc = "a grade"},
    {.name = "share", .parameter = "shares", .doc = "the name of a share"},
};

enum { GRADE, SHARE, READ, NEVER, OUTPUT_COUNT };
static const char *const by_grade[] = {"grade", NULL};
static const char *const by_share[] = {"share", NULL};
static const heed_output outputs[] = {
    [GRADE] = {.name = "grade", .dimensions = by_grade, .doc = "the grades"},
    [SHARE] = {.name = "share", .dimensions = by_share, .doc = "the shares"},
    [READ] = {.name = "read", .doc = "how many parameters are as expected"},
    [NEVER] = {.name = "never",
               .flags = HEED_MAY_BE_NAN,
               .unit = "s",
               .doc = "not a number"},
};

/* Outside the host's memory, to be freed. */
typedef struct source {
  const heed_value *values;
} source;

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  source *made = malloc(sizeof *made);
  (void)host;
  if (made == NULL) return heed_fail(error, HEED_MEMORY, "out of memory");
  made->values = values;
  *self = made;
  return HEED_OK;
}

static void destroy(void *self) {
  free(self);
}

/* The sweep gives what is compared here. */
static double count_read(const heed_value *values) {
  const heed_value *inner = values[PLACE].items;
  double read = 0;
  read += values[PAIRS].integer == 60;
  read += values[REVERSED].integer == 1;
  read += strcmp(values[NOTE].text, "a text") == 0;
  read += values[MODE].integer == 1;
  read += values[LEVEL].text == NULL && values[LEVEL].number == 0.25;
  read += values[FILE_READ].given && values[FILE_READ].text[0] == '/';
  read += values[GRADES].count == 2;
  read += strcmp(values[SHARES].keys[0], "high") == 0;
  read += inner[PLACE_X].integer == 7;
  read += strcmp(inner[PLACE_TAG].text, "none") == 0;
  read += !values[UNSET].given;
  return read;
}

static void report(const heed_host *host, const heed_value *values,
                   heed_stream *stream) {
  const double read = count_read(values), never = NAN;
  double numbers[9] = {0};
  for (size_t i = 0; i < values[GRADES].count; i++)
    numbers[i] = values[GRADES].items[i].number;
  host->output(host, GRADE, numbers, values[GRADES].count);
  for (size_t i = 0; i < values[SHARES].count && i < 9; i++)
    numbers[i] = values[SHARES].items[i].number;
  host->output(host, SHARE, numbers, values[SHARES].count);
  host->output(host, READ, &read, 1);
  host->output(host, NEVER, &never, 1);
  host->trace(host, "drawn", 1, heed_normal(stream));
  host->log(host, "note: %s", values[NOTE].text);
  host->progress(host, 0.5, "halfway");
}

static heed_status make_pairs(const heed_host *host, const heed_value *values,
                              heed_world *world, heed_error *error) {
  const size_t count = (size_t)values[PAIRS].integer;
  int64_t *prompt, *first, *second;
  double *p;
  world->pairs = host->table(host, "pairs", count);
  if (world->pairs == NULL)
    return heed_fail(error, HEED_MEMORY, "out of memory");
  prompt = host->column(host, world->pairs, "prompt", HEED_INT64, 1);
  first = host->column(host, world->pairs, "response_a", HEED_INT64, 1);
  second = host->column(host, world->pairs, "response_b", HEED_INT64, 1);
  p = host->column(host, world->pairs, "p", HEED_FLOAT64, 1);
  if (prompt == NULL || first == NULL || second == NULL || p == NULL)
    return heed_fail(error, HEED_MEMORY, "out of memory");
  for (size_t i = 0; i < count; i++) {
    const size_t turn = i % (PROMPTS - 1);
    prompt[i] = (int64_t)(values[REVERSED].integer ? PROMPTS - 2 - turn : turn);
    first[i] = 0;
    second[i] = 1;
    p[i] = values[GAP].number;
  }
  return HEED_OK;
}

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  const heed_value *values = ((source *)self)->values;
  heed_stream stream = host->stream(host, "drawn", 0);
  heed_status status = make_pairs(host, values, world, error);
  const char **text;
  if (status != HEED_OK) return status;
  world->prompts = host->table(host, "prompts", PROMPTS);
  if (world->prompts == NULL)
    return heed_fail(error, HEED_MEMORY, "out of memory");
  text = host->column(host, world->prompts, "text", HEED_STRING, 1);
  if (text == NULL) return heed_fail(error, HEED_MEMORY, "out of memory");
  for (size_t i = 0; i < PROMPTS; i++) text[i] = host->copy(host, "Which?");
  world->held_out = 1;
  world->candidates = CANDIDATES;
  world->mu = world->mu_requested = values[GAP].number;
  world->state = host->allocate(host, 1, sizeof(double));
  if (world->state == NULL)
    return heed_fail(error, HEED_MEMORY, "out of memory");
  report(host, values, &stream);
  return host->cancelled(host) ? HEED_CANCELLED : HEED_OK;
}

static heed_status restore(void *self, const heed_host *host, heed_world *world,
                           heed_error *error) {
  (void)self;
  world->state = host->allocate(host, 1, sizeof(double));
  return world->state != NULL ? HEED_OK
                              : heed_fail(error, HEED_MEMORY, "out of memory");
}

static heed_status judge(void *self, const heed_host *host,
                         const heed_world *world, size_t count,
                         const heed_response *responses, double *rewards,
                         heed_error *error) {
  const double gap = ((source *)self)->values[GAP].number;
  (void)host, (void)world, (void)error;
  for (size_t i = 0; i < count; i++)
    rewards[i] = responses[i].candidate == 0 ? log(gap / (1 - gap)) : 0;
  return HEED_OK;
}

static heed_status reference(void *self, const heed_host *host,
                             const heed_world *world, size_t count,
                             const heed_response *responses,
                             double *log_probability, heed_error *error) {
  double *halves = host->scratch(host, count, sizeof *halves);
  (void)self, (void)world, (void)responses;
  if (halves == NULL) return heed_fail(error, HEED_MEMORY, "out of memory");
  for (size_t i = 0; i < count; i++) halves[i] = 0.5;
  for (size_t i = 0; i < count; i++) log_probability[i] = log(halves[i]);
  return HEED_OK;
}

static const heed_source_functions functions = {
    .size = sizeof functions,
    .make = make,
    .restore = restore,
    .judge = judge,
    .second_judge = judge,
    .reference = reference,
};

static const heed_plugin frozen = {
    .size = sizeof frozen,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "frozen",
    .version = "1.0",
    .summary = "Four prompts, of ABI 4.0",
    .reference = "tests/abi",
    .flags = HEED_COSTLY,
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .dimensions = dimensions,
    .dimension_count = sizeof dimensions / sizeof *dimensions,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .create = create,
    .destroy = destroy,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&frozen};
HEED_PLUGINS(plugins)
