/* SPDX-License-Identifier: GPL-3.0-or-later
 * The source of texts: two versions of a language model answer prompts, and
 * judges score the responses.
 *
 *   p = sigmoid((score of A's response - score of B's) / tau)
 *
 * The reference policy is A's model (file, adapter, system text, context) at
 * temperature 1. */
#include <math.h>

#include "sources/llm/source.h"

enum {
  PROMPTS,
  VERSION_A,
  VERSION_B,
  CHAT,
  MAX_TOKENS,
  TOGETHER,
  PAIRS,
  HELD_OUT,
  JUDGE,
  SECOND_JUDGE,
  MU,
  TAU,
  PARAMETER_COUNT
};
enum {
  MODEL,
  ADAPTER,
  TEMPERATURE,
  TOP_K,
  TOP_P,
  CONTEXT,
  SYSTEM,
  VERSION_COUNT
};
enum { JUDGE_FIELD_KIND, JUDGE_FIELD_MODEL, JUDGE_FIELD_LEXICON, JUDGE_COUNT };

static const char *const tau_words[] = {"spread", NULL};

/* Fields that A and B share. */
#define VERSION_FIELDS                                                  \
  [ADAPTER] = {.name = "adapter",                                       \
               .type = HEED_PATH,                                       \
               .flags = HEED_OPTIONAL,                                  \
               .doc = "LoRA adapter of the model (GGUF)"},              \
  [TEMPERATURE] = {.name = "temperature",                               \
                   .type = HEED_NUMBER,                                 \
                   .default_value = "1",                                \
                   .low = 0,                                            \
                   .high = HUGE_VAL,                                    \
                   .doc =                                               \
                       "divisor of the logits; 0: always the "          \
                       "likeliest token"},                              \
  [TOP_K] = {.name = "top_k",                                           \
             .type = HEED_INTEGER,                                      \
             .default_value = "0",                                      \
             .low = 0,                                                  \
             .high = 1e9,                                               \
             .doc = "sample from this many likeliest tokens; 0: all"},  \
  [TOP_P] = {.name = "top_p",                                           \
             .type = HEED_NUMBER,                                       \
             .flags = HEED_OPEN_LOW,                                    \
             .default_value = "1",                                      \
             .low = 0,                                                  \
             .high = 1,                                                 \
             .doc =                                                     \
                 "and from the likeliest that reach this probability; " \
                 "1: all"},                                             \
  [CONTEXT] = {.name = "context",                                       \
               .type = HEED_INTEGER,                                    \
               .default_value = "0",                                    \
               .low = 0,                                                \
               .high = 1e9,                                             \
               .doc =                                                   \
                   "read only this many last tokens of a prompt; 0: "   \
                   "all"},                                              \
  [SYSTEM] = {.name = "system",                                         \
              .type = HEED_TEXT,                                        \
              .flags = HEED_OPTIONAL,                                   \
              .doc =                                                    \
                  "system turn before the prompt; default: the "        \
                  "template's own, if any"}

static const heed_parameter fields_a[] = {
    [MODEL] = {.name = "model",
               .type = HEED_PATH,
               .doc = "the language model (GGUF)"},
    VERSION_FIELDS};

static const heed_parameter fields_b[] = {
    [MODEL] = {.name = "model",
               .type = HEED_PATH,
               .flags = HEED_OPTIONAL,
               .doc = "the language model (GGUF); default: A's"},
    VERSION_FIELDS};

static const heed_parameter judge_fields[] = {
    [JUDGE_FIELD_KIND] =
        {.name = "kind",
         .type = HEED_ENUM,
         .choices = judge_kind_words,
         .doc = "likelihood: mean log-probability of a token under a model; "
                "lexicon: mean score of a word; log: score_a and score_b of "
                "the prompts' file"},
    [JUDGE_FIELD_MODEL] =
        {.name = "model",
         .type = HEED_PATH,
         .flags = HEED_OPTIONAL,
         .doc =
             "likelihood: the model (GGUF); default: A's without its adapter"},
    [JUDGE_FIELD_LEXICON] =
        {.name = "lexicon",
         .type = HEED_PATH,
         .flags = HEED_OPTIONAL,
         .doc =
             "lexicon: file of lines WORD<TAB>SCORE (as in VADER and AFINN)"},
};

static const heed_parameter parameters[] = {
    [PROMPTS] =
        {.name = "prompts",
         .type = HEED_PATH,
         .doc = "JSON Lines: prompt; optionally response_a and response_b, "
                "which are then not drawn, and score_a, score_b"},
    [VERSION_A] = {.name = "a",
                   .type = HEED_RECORD,
                   .fields = fields_a,
                   .field_count = VERSION_COUNT,
                   .doc = "version that gives A's responses; at temperature 1 "
                          "the reference policy"},
    [VERSION_B] = {.name = "b",
                   .type = HEED_RECORD,
                   .default_value = "{}",
                   .fields = fields_b,
                   .field_count = VERSION_COUNT,
                   .doc = "version that gives B's responses"},
    [CHAT] = {.name = "chat",
              .type = HEED_BOOLEAN,
              .default_value = "true",
              .doc = "true: prompts are the user's turn of a chat; false: "
                     "prompts are texts that the response continues"},
    [MAX_TOKENS] = {.name = "max_tokens",
                    .type = HEED_INTEGER,
                    .default_value = "64",
                    .low = 1,
                    .high = 1e6,
                    .doc = "maximum length of a response in tokens; longer "
                           "ones are truncated"},
    [TOGETHER] = {.name = "together",
                  .type = HEED_INTEGER,
                  .default_value = "32",
                  .low = 1,
                  .high = 4096,
                  .doc = "number of responses drawn at a time"},
    [PAIRS] =
        {.name = "pairs",
         .type = HEED_INTEGER,
         .flags = HEED_OPTIONAL,
         .low = 1,
         .high = 1e9,
         .doc = "number of pairs that users may annotate, cycling through the "
                "prompts; default: one for each prompt that is not held out"},
    [HELD_OUT] =
        {.name = "held_out",
         .type = HEED_INTEGER,
         .default_value = "100",
         .low = 0,
         .high = 1e8,
         .doc = "number of prompts for evaluation, from the end of the file"},
    [JUDGE] = {.name = "judge",
               .type = HEED_RECORD,
               .flags = HEED_LATE,
               .fields = judge_fields,
               .field_count = JUDGE_COUNT,
               .doc = "judge whose scores are the true rewards"},
    [SECOND_JUDGE] = {.name = "second_judge",
                      .type = HEED_RECORD,
                      .flags = HEED_OPTIONAL | HEED_LATE,
                      .fields = judge_fields,
                      .field_count = JUDGE_COUNT,
                      .doc = "independent judge that decides win rates; does "
                             "not affect users' choices"},
    [MU] = {.name = "mu",
            .type = HEED_NUMBER,
            .flags = HEED_OPTIONAL | HEED_OPEN_HIGH | HEED_LATE,
            .low = 0.5,
            .high = 1,
            .doc = "gap that tau is fitted to: mean probability that A's "
                   "response is better"},
    [TAU] = {.name = "tau",
             .type = HEED_ENUM_OR_NUMBER,
             .flags = HEED_OPEN_LOW | HEED_LATE,
             .default_value = "spread",
             .low = 0,
             .high = HUGE_VAL,
             .choices = tau_words,
             .doc = "divisor of score differences; spread: their standard "
                    "deviation over the pairs, unless mu is given"},
};

static const heed_output outputs[] = {
    [OUT_TAU] = {.name = "tau",
                 .doc = "divisor of the judge's score differences"},
    [OUT_SECOND_TAU] =
        {.name = "second_tau",
         .doc =
             "divisor of the second judge's score differences: their spread"},
    [OUT_BETTER] =
        {.name = "better",
         .doc =
             "share of pairs in which the judge scores A's response higher, "
             "ties counting half: the largest mu that a small tau can reach"},
    [OUT_SECOND_MU] = {.name = "second_mu",
                       .doc = "mean of p under the second judge"},
    [OUT_AGREE] = {.name = "judges_agree",
                   .doc = "share of pairs that both judges rank equally"},
    [OUT_CUT_A] = {.name = "cut_a",
                   .doc = "share of A's responses that are truncated"},
    [OUT_CUT_B] = {.name = "cut_b",
                   .doc = "share of B's responses that are truncated"},
    [OUT_TOKENS] =
        {.name = "tokens",
         .doc =
             "number of tokens of all drawn responses, including end tokens"},
};

/* ---- an instance ---- */

static const char *given(const heed_value *value) {
  return value->given ? value->text : NULL;
}

static llm_source_version version_of(const heed_value *record,
                                     const char *model) {
  const heed_value *value = record->items;
  return (llm_source_version){
      .reads = {.path = value[MODEL].given ? value[MODEL].text : model,
                .adapter = given(&value[ADAPTER]),
                .system = given(&value[SYSTEM]),
                .context = (size_t)value[CONTEXT].integer},
      .sampling = {.temperature = value[TEMPERATURE].number,
                   .top_k = (size_t)value[TOP_K].integer,
                   .top_p = value[TOP_P].number}};
}

static heed_status judge_of(const heed_value *record, const char *name,
                            const char *model, llm_source_judge *made,
                            heed_error *error) {
  const heed_value *value = record->items;
  *made = (llm_source_judge){.kind = JUDGE_NONE};
  if (!record->given) return HEED_OK;
  made->kind = (llm_source_judge_kind)value[JUDGE_FIELD_KIND].integer;
  made->model =
      value[JUDGE_FIELD_MODEL].given ? value[JUDGE_FIELD_MODEL].text : model;
  made->lexicon = given(&value[JUDGE_FIELD_LEXICON]);
  if (made->kind == JUDGE_LEXICON && made->lexicon == NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s.lexicon: missing, expected the path of a lexicon "
                     "because %s.kind is \"lexicon\"",
                     name, name);
  return HEED_OK;
}

static heed_status check(const llm_source *self, heed_error *error) {
  if (!isnan(self->mu) && !isnan(self->tau))
    return heed_fail(error, HEED_INVALID,
                     "tau: found %g, expected \"spread\": tau is fitted when "
                     "mu (%g) is given",
                     self->tau, self->mu);
  if (self->judge[0].kind == JUDGE_LOG && self->judge[1].kind == JUDGE_LOG)
    return heed_fail(error, HEED_INVALID,
                     "second_judge.kind: found \"log\", expected another kind: "
                     "the first judge is the same log");
  return HEED_OK;
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **made, heed_error *error) {
  llm_source *self = host->allocate(host, 1, sizeof *self);
  heed_status status;
  if (self == NULL) return heed_no_memory(error);
  self->prompts = values[PROMPTS].text;
  self->version[0] = version_of(&values[VERSION_A], NULL);
  self->version[1] =
      version_of(&values[VERSION_B], self->version[0].reads.path);
  self->max_tokens = (size_t)values[MAX_TOKENS].integer;
  self->together = (size_t)values[TOGETHER].integer;
  self->pairs = values[PAIRS].given ? (size_t)values[PAIRS].integer : 0;
  self->held_out = (size_t)values[HELD_OUT].integer;
  self->mu = values[MU].given ? values[MU].number : NAN;
  self->tau = values[TAU].text == NULL ? values[TAU].number : NAN;
  self->open.chat = values[CHAT].integer != 0;
  status = judge_of(&values[JUDGE], "judge", self->version[0].reads.path,
                    &self->judge[0], error);
  if (status == HEED_OK)
    status = judge_of(&values[SECOND_JUDGE], "second_judge",
                      self->version[0].reads.path, &self->judge[1], error);
  *made = self;
  return status == HEED_OK ? check(self, error) : status;
}

static void destroy(void *instance) {
  llm_source *self = instance;
  models_close(&self->open);
  judge_close(&self->judge[0]);
  judge_close(&self->judge[1]);
}

/* ---- functions of the source ---- */

static heed_status make_world(void *self, const heed_host *host,
                              heed_world *world, heed_error *error) {
  heed_status status = making_make(self, host, world, error);
  if (status == HEED_OK) status = rewards_find(self, host, world, error);
  return status == HEED_OK ? rewards_put(self, host, world, error) : status;
}

static heed_status restore(void *self, const heed_host *host, heed_world *world,
                           heed_error *error) {
  world->path = ((const llm_source *)self)->prompts;
  return rewards_find(self, host, world, error);
}

/* The prompts' texts; NULL if a response is empty or has no prompt among
 * them. */
static const char *const *prompts_of(const heed_world *world, size_t count,
                                     const heed_response *responses,
                                     heed_error *error) {
  for (size_t i = 0; i < count; i++)
    if (responses[i].prompt >= world->prompts->rows ||
        responses[i].text == NULL) {
      (void)heed_fail(error, HEED_INVALID,
                      "found %s prompt %zu, expected a text to one of %zu",
                      responses[i].text == NULL ? "no text to" : "a text to",
                      responses[i].prompt, world->prompts->rows);
      return NULL;
    }
  return heed_table_data(world->prompts, "text", HEED_STRING);
}

static heed_status judge_by(llm_source *self, size_t which,
                            const heed_host *host, const heed_world *world,
                            size_t count, const heed_response *responses,
                            double *values, heed_error *error) {
  const char *const *prompt = prompts_of(world, count, responses, error);
  heed_status status;
  if (prompt == NULL) return HEED_INVALID;
  status =
      judge_score(&self->judge[which], &self->open, host, "scores of responses",
                  prompt, count, responses, values, error);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    values[i] /= ((const llm_source_rewards *)world->state)->tau[which];
  return status;
}

static heed_status first_judge(void *self, const heed_host *host,
                               const heed_world *world, size_t count,
                               const heed_response *responses, double *values,
                               heed_error *error) {
  return judge_by(self, 0, host, world, count, responses, values, error);
}

static heed_status second_judge(void *self, const heed_host *host,
                                const heed_world *world, size_t count,
                                const heed_response *responses, double *values,
                                heed_error *error) {
  return judge_by(self, 1, host, world, count, responses, values, error);
}

static heed_status reference(void *instance, const heed_host *host,
                             const heed_world *world, size_t count,
                             const heed_response *responses,
                             double *log_probability, heed_error *error) {
  llm_source *self = instance;
  const char *const *prompt = prompts_of(world, count, responses, error);
  language_model model;
  if (prompt == NULL) return HEED_INVALID;
  const heed_status status =
      models_take(&self->open, host, &self->version[0].reads, &model, error);
  return status == HEED_OK
             ? language_model_score(
                   &model, NULL, host, "log-probabilities of the reference",
                   prompt, count, responses, log_probability, NULL, error)
             : status;
}

static const heed_source_functions functions = {
    .size = sizeof functions,
    .make = make_world,
    .restore = restore,
    .judge = first_judge,
    .second_judge = second_judge,
    .reference = reference,
};

static const heed_plugin llm = {
    .size = sizeof llm,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "llm",
    .version = "1.0",
    .summary =
        "Two versions of a language model answer prompts; judges score the "
        "responses",
    .flags = HEED_COSTLY,
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUT_COUNT,
    .create = create,
    .destroy = destroy,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&llm};
HEED_PLUGINS(plugins)
