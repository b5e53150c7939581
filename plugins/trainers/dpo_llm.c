/* SPDX-License-Identifier: GPL-3.0-or-later
 * Trains language models by preference optimisation (DPO): LoRA adapters, or
 * all weights.  dpo_llm/learner.h describes the learning. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heed/memory.h"
#include "heed/trainer.h"
#include "support/llm/gguf.h"
#include "support/llm/language_model.h"
#include "support/llm/model.h"
#include "support/preference/refined.h"
#include "support/preference/settings.h"
#include "trainers/dpo_llm/learner.h"
#include "trainers/dpo_llm/lengths.h"

enum {
  MODEL = PREFERENCE_PARAMETER_COUNT,
  CHAT,
  SYSTEM,
  TRAIN,
  PROJECTIONS,
  RANK,
  ALPHA,
  BETA,
  EPOCHS,
  BATCH,
  TOGETHER,
  RATE,
  WARM_UP,
  DECAY,
  MOST_NORM,
  CHECKPOINTS,
  MAX_TOKENS,
  DRAWN_TOGETHER,
  TOO_LONG,
  PARAMETER_COUNT
};

static const char *const train_words[] = {"adapter", "weights", NULL};
static const char *const projection_words[] = {
    "query", "key", "value", "output", "gate", "up", "down", NULL};
static const heed_parameter projection = {
    .name = "projection", .type = HEED_ENUM, .choices = projection_words};

static const heed_parameter parameters[] = {
    PREFERENCE_PARAMETERS,
    [MODEL] = {.name = "model",
               .type = HEED_PATH,
               .doc = "GGUF file of the model to train, also the reference "
                      "policy of training"},
    [CHAT] = {.name = "chat",
              .type = HEED_BOOLEAN,
              .default_value = "true",
              .doc = "true: prompts are chat turns, by the file's template; "
                     "false: texts to continue"},
    [SYSTEM] = {.name = "system",
                .type = HEED_TEXT,
                .flags = HEED_OPTIONAL,
                .doc = "system turn; default: the template's own"},
    [TRAIN] = {.name = "train",
               .type = HEED_ENUM,
               .default_value = "adapter",
               .choices = train_words,
               .doc = "train a LoRA adapter, or all weights"},
    [PROJECTIONS] = {.name = "projections",
                     .type = HEED_LIST,
                     .default_value =
                         "[\"query\", \"key\", \"value\", \"output\", "
                         "\"gate\", \"up\", \"down\"]",
                     .low = 1.0,
                     .high = 7.0,
                     .item = &projection,
                     .doc = "matrices of each layer to adapt"},
    [RANK] = {.name = "rank",
              .type = HEED_INTEGER,
              .default_value = "16",
              .low = 1.0,
              .high = 1024.0,
              .doc = "rank of the adapter"},
    [ALPHA] = {.name = "alpha",
               .type = HEED_NUMBER,
               .flags = HEED_OPEN_LOW,
               .default_value = "32",
               .low = 0.0,
               .high = 4096.0,
               .doc = "scale: the adapter is multiplied by alpha / rank"},
    [BETA] = {.name = "beta",
              .type = HEED_NUMBER,
              .flags = HEED_OPEN_LOW,
              .default_value = "0.1",
              .low = 0.0,
              .high = HUGE_VAL,
              .doc = "weight of the KL penalty, per nat"},
    [EPOCHS] = {.name = "epochs",
                .type = HEED_INTEGER,
                .default_value = "1",
                .low = 1.0,
                .high = 1000.0,
                .doc = "number of passes over the pairs"},
    [BATCH] = {.name = "batch",
               .type = HEED_INTEGER,
               .default_value = "8",
               .low = 1.0,
               .high = 65536.0,
               .doc = "pairs per step"},
    [TOGETHER] = {.name = "together",
                  .type = HEED_INTEGER,
                  .default_value = "4",
                  .low = 1.0,
                  .high = 65536.0,
                  .doc = "pairs in memory at a time; their gradients are "
                         "accumulated to a batch"},
    [RATE] = {.name = "rate",
              .type = HEED_NUMBER,
              .flags = HEED_OPEN_LOW,
              .default_value = "1e-4",
              .low = 0.0,
              .high = 1.0,
              .doc = "AdamW's learning rate after the warm-up"},
    [WARM_UP] = {.name = "warm_up",
                 .type = HEED_INTEGER,
                 .default_value = "10",
                 .low = 0.0,
                 .high = 1e9,
                 .doc = "steps of the linear warm-up"},
    [DECAY] = {.name = "decay",
               .type = HEED_NUMBER,
               .default_value = "0",
               .low = 0.0,
               .high = 10.0,
               .doc = "AdamW's weight decay"},
    [MOST_NORM] =
        {.name = "most_norm",
         .type = HEED_NUMBER,
         .default_value = "1",
         .low = 0.0,
         .high = HUGE_VAL,
         .doc = "maximum norm of the gradient, by clipping; 0: no clipping"},
    [CHECKPOINTS] = {.name = "checkpoints",
                     .type = HEED_BOOLEAN,
                     .default_value = "false",
                     .doc = "store fewer activations and recompute them: a "
                            "third more work, a fraction of the memory"},
    [MAX_TOKENS] = {.name = "max_tokens",
                    .type = HEED_INTEGER,
                    .default_value = "64",
                    .low = 1.0,
                    .high = 1e6,
                    .doc =
                        "maximum tokens of a response that the policy draws"},
    [DRAWN_TOGETHER] = {.name = "drawn_together",
                        .type = HEED_INTEGER,
                        .default_value = "32",
                        .low = 1.0,
                        .high = 65536.0,
                        .doc = "number of responses drawn at a time"},
    [TOO_LONG] = {.name = "too_long",
                  .type = HEED_ENUM,
                  .default_value = "error",
                  .choices = lengths_rule_words,
                  .doc = "pairs longer than the model's context: stop with an "
                         "error, skip them, or cut their responses"},
};

enum {
  LOSS,
  MARGIN,
  ACCURACY,
  STEPS,
  TOKENS,
  TRAINED,
  WEIGHT_SUM,
  LOG_LIKELIHOOD,
  MEAN_ETA,
  OUTPUT_COUNT
};

static const heed_output outputs[] = {
    [LOSS] =
        {.name = "loss",
         .flags = HEED_MAY_BE_NAN,
         .unit = "nat",
         .doc = "mean loss over the last epoch, of each pair before its step"},
    [MARGIN] = {.name = "margin",
                .flags = HEED_MAY_BE_NAN,
                .doc = "mean margin over the last epoch, of each pair before "
                       "its step: beta (log pi/pi_ref of the preferred "
                       "response minus that of the other)"},
    [ACCURACY] = {.name = "accuracy",
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "share of pairs with a positive margin over the last "
                         "epoch, of each pair before its step"},
    [STEPS] = {.name = "steps", .doc = "number of AdamW steps"},
    [TOKENS] = {.name = "tokens",
                .doc = "tokens computed in all steps: both responses of a "
                       "pair, and its prompt once"},
    [TRAINED] = {.name = "parameters", .doc = "number of trained parameters"},
    [WEIGHT_SUM] = {.name = "weight_sum",
                    .doc = "sum of the weights of training annotations"},
    [LOG_LIKELIHOOD] = {.name = "log_likelihood",
                        .flags = HEED_MAY_BE_NAN,
                        .doc =
                            "loss = joint: log-likelihood of the annotations"},
    [MEAN_ETA] = {.name = "mean_eta",
                  .flags = HEED_MAY_BE_NAN,
                  .doc = "loss = joint: mean of eta under the fitted prior"},
};

typedef struct dpo_llm_trainer {
  const heed_value *values;
  language_model *model; /* opened on first use */
} dpo_llm_trainer;

/* At most one of the two; neither: the policy is the reference. */
typedef struct policy_state {
  llm_adapter *adapter;
  llm_model *weights;
} policy_state;

static heed_status open_model(dpo_llm_trainer *self, const heed_host *host,
                              heed_error *error) {
  const heed_value *values = self->values;
  const language_model_options options = {
      .path = values[MODEL].text,
      .chat = values[CHAT].integer != 0,
      .system = values[SYSTEM].given ? values[SYSTEM].text : NULL};
  return self->model != NULL
             ? HEED_OK
             : language_model_open(&options, host, &self->model, error);
}

static dpo_llm_learner_options options_of(const heed_value *values) {
  dpo_llm_learner_options options = {
      .training =
          values[TRAIN].integer == 0 ? LLM_TRAIN_ADAPTER : LLM_TRAIN_WEIGHTS,
      .checkpoints = values[CHECKPOINTS].integer != 0,
      .optimiser = {.rate = values[RATE].number,
                    .first = 0.9,
                    .second = 0.999,
                    .epsilon = 1e-8,
                    .decay = values[DECAY].number,
                    .warm_up = (uint64_t)values[WARM_UP].integer,
                    .most_norm = values[MOST_NORM].number},
      .beta = values[BETA].number,
      .truncate = values[TOO_LONG].integer == LENGTHS_CUT,
      .epochs = (size_t)values[EPOCHS].integer,
      .batch = (size_t)values[BATCH].integer,
      .together = (size_t)values[TOGETHER].integer};
  if (options.training == LLM_TRAIN_ADAPTER) {
    options.adapter.rank = (size_t)values[RANK].integer;
    options.adapter.alpha = (float)values[ALPHA].number;
    for (size_t i = 0; i < values[PROJECTIONS].count; i++)
      options.adapter.projections |= 1u << values[PROJECTIONS].items[i].integer;
  }
  return options;
}

/* ---- results ---- */

static void put(const heed_host *host, size_t output, double value) {
  host->output(host, output, &value, 1);
}

static void report(const dpo_llm_learner *self) {
  const heed_host *host = self->host;
  const size_t per_epoch = self->steps / self->options->epochs;
  dpo_llm_step sum = {0};
  double seconds = 0, tokens = 0, weights = 0;
  for (size_t i = 0; i < self->steps; i++) {
    const dpo_llm_step *step = &self->history[i];
    seconds += step->seconds;
    tokens += step->tokens;
    host->trace(host, "loss", i + 1, step->loss);
    host->trace(host, "margin", i + 1, step->margin);
    if (i + per_epoch < self->steps) continue;
    sum.weight += step->weight;
    sum.loss += step->weight * step->loss;
    sum.margin += step->weight * step->margin;
    sum.accuracy += step->weight * step->accuracy;
  }
  for (size_t i = 0; i < self->rows->count; i++)
    weights += self->rows->weight[i];
  put(host, LOSS, sum.loss / sum.weight);
  put(host, MARGIN, sum.margin / sum.weight);
  put(host, ACCURACY, sum.accuracy / sum.weight);
  put(host, STEPS, (double)self->steps);
  put(host, TOKENS, tokens);
  host->log(host, "%.0f tokens a second: forward, backward and step",
            tokens / seconds);
  put(host, TRAINED, (double)self->count);
  put(host, WEIGHT_SUM, weights);
}

static heed_status keep_history(const dpo_llm_learner *self,
                                heed_policy *policy, heed_error *error) {
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "policy", self->steps);
  double *loss = heed_new_column(&memory, table, "loss", HEED_FLOAT64, 1);
  double *margin = heed_new_column(&memory, table, "margin", HEED_FLOAT64, 1);
  double *accuracy =
      heed_new_column(&memory, table, "accuracy", HEED_FLOAT64, 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < self->steps; i++) {
    loss[i] = self->history[i].loss;
    margin[i] = self->history[i].margin;
    accuracy[i] = self->history[i].accuracy;
  }
  policy->table = table;
  return HEED_OK;
}

/* Moves the trained weights out of the learner. */
static void take_state(dpo_llm_learner *self, policy_state *state) {
  state->adapter = self->adapter;
  state->weights = self->weights;
  self->adapter = NULL;
  self->weights = NULL;
}

/* ---- training ---- */

typedef struct dpo_llm_training {
  const heed_host *host;
  const heed_crowd *crowd;
  const heed_posterior *posterior;
  heed_selection selection;
  crowd_comparisons rows;
  policy_fit fit;
} dpo_llm_training;

/* The selection without the pairs that the model cannot read. */
static heed_status select_readable(dpo_llm_training *self,
                                   const language_model *model,
                                   const heed_value *values,
                                   const heed_selection *selection,
                                   heed_error *error) {
  heed_memory memory = {self->host, false};
  double *weight = heed_scratch_doubles(&memory, selection->count);
  if (memory.refused) return heed_no_memory(error);
  memcpy(weight, selection->weight, selection->count * sizeof *weight);
  heed_copy(&self->selection, sizeof self->selection, selection);
  self->selection.weight = weight;
  return lengths_check(self->host, model, self->crowd,
                       (lengths_rule)values[TOO_LONG].integer, &self->selection,
                       error);
}

static heed_status prepare(dpo_llm_training *self, const heed_value *values,
                           heed_error *error) {
  const preference_settings settings = preference_settings_of(values);
  const heed_status status =
      comparisons_collect(self->host, self->crowd, self->posterior,
                          &self->selection, settings.labels, settings.own_label,
                          COMPARISONS_TEXTS, &self->rows, error);
  return status == HEED_OK ? policy_fit_open(self->host, &settings, &self->rows,
                                             self->posterior, &self->fit, error)
                           : status;
}

/* Before the first epoch of the joint loss: the estimator's probabilities. */
static void start_joint(const dpo_llm_training *training,
                        dpo_llm_learner *self) {
  const crowd_comparisons *rows = self->rows;
  self->problem =
      (joint_problem){.crowd = comparisons_crowd(rows, rows->weight),
                      .prior = self->fit->prior,
                      .fit_prior = self->fit->fit_prior};
  memcpy(self->fit->joint->theta, self->fit->start_theta,
         self->fit->joint->theta_count * sizeof(double));
  for (size_t i = 0; i < rows->count; i++) {
    const double p =
        fmin(fmax(training->posterior->p[rows->row[i]], 1e-6), 1 - 1e-6);
    self->margin[i] = rows->prefers_a[i] ? log(p / (1 - p)) : log((1 - p) / p);
  }
}

/* For annotations that were not trained on, p is the estimator's. */
static heed_status refine(const dpo_llm_training *training,
                          dpo_llm_learner *self, heed_policy *policy,
                          heed_error *error) {
  const heed_host *host = self->host;
  const size_t annotations = training->selection.count;
  double *p = host->scratch(host, annotations, sizeof *p);
  heed_status status;
  if (p == NULL) return heed_no_memory(error);
  status = learner_read_margins(self, error);
  if (status != HEED_OK) return status;
  memcpy(p, training->posterior->p, annotations * sizeof *p);
  for (size_t i = 0; i < self->rows->count; i++)
    p[self->rows->row[i]] = preference_chance(
        self->rows->prefers_a[i] ? self->margin[i] : -self->margin[i]);
  put(host, LOG_LIKELIHOOD, self->fit->joint->log_likelihood);
  put(host, MEAN_ETA, policy_fit_mean_eta(self->fit));
  return refined_posterior(host, training->crowd, training->posterior,
                           &training->selection, self->fit, p, &policy->refined,
                           error);
}

static heed_status learn(const dpo_llm_training *training,
                         dpo_llm_learner *self, policy_state *state,
                         heed_policy *policy, heed_error *error) {
  heed_status status = learner_open(self, error);
  if (status == HEED_OK && self->fit->joint != NULL)
    start_joint(training, self);
  if (status == HEED_OK) status = learner_run(self, error);
  if (status == HEED_OK && self->fit->joint != NULL)
    status = refine(training, self, policy, error);
  if (status == HEED_OK) status = keep_history(self, policy, error);
  if (status != HEED_OK) return status;
  report(self);
  take_state(self, state);
  return HEED_OK;
}

static heed_status train(void *instance, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         const heed_selection *selection, heed_policy *policy,
                         heed_error *error) {
  dpo_llm_trainer *self = instance;
  const dpo_llm_learner_options options = options_of(self->values);
  dpo_llm_training training = {
      .host = host, .crowd = crowd, .posterior = posterior};
  policy_state *state = host->allocate(host, 1, sizeof *state);
  heed_status status =
      state == NULL ? heed_no_memory(error) : open_model(self, host, error);
  if (status == HEED_OK)
    status =
        select_readable(&training, self->model, self->values, selection, error);
  if (status == HEED_OK) status = prepare(&training, self->values, error);
  if (status != HEED_OK) return status;
  policy->state = state;
  policy->scale = options.beta;
  if (training.rows.count == 0) {
    host->warn(host, "nothing_left",
               "no annotations left to train on: the policy is the reference");
    return HEED_OK;
  }
  dpo_llm_learner learner = {.host = host,
                             .options = &options,
                             .model = self->model,
                             .world = crowd->world,
                             .rows = &training.rows,
                             .fit = &training.fit};
  status = learn(&training, &learner, state, policy, error);
  learner_close(&learner);
  return status;
}

/* ---- the policy ---- */

/* The model with these weights, for generation. */
static language_model speaking(const dpo_llm_trainer *self,
                               const policy_state *state) {
  language_model model = *self->model;
  if (state->weights != NULL) model.weights = state->weights;
  return model;
}

static heed_status log_probability(void *instance, const heed_host *host,
                                   const heed_world *world,
                                   const heed_policy *policy, size_t count,
                                   const heed_response *responses,
                                   double *values, heed_error *error) {
  const dpo_llm_trainer *self = instance;
  const policy_state *state = policy->state;
  const language_model model = speaking(self, state);
  const char *const *prompts = lengths_prompts(world, error);
  return prompts != NULL
             ? language_model_score(&model, state->adapter, host,
                                    "the policy reads responses", prompts,
                                    count, responses, values, NULL, error)
             : HEED_UNSUPPORTED;
}

/* An adapter is merged during the call. */
static heed_status sample(void *instance, const heed_host *host,
                          const heed_world *world, const heed_policy *policy,
                          size_t count, heed_stream *stream,
                          heed_response *responses, heed_error *error) {
  const dpo_llm_trainer *self = instance;
  const policy_state *state = policy->state;
  const language_model model = speaking(self, state);
  const language_model_speech how = {
      .sampling = {1, 0, 1},
      .most = (size_t)self->values[MAX_TOKENS].integer,
      .together = (size_t)self->values[DRAWN_TOGETHER].integer};
  llm_model *merged = NULL;
  const char *const *prompts = lengths_prompts(world, error);
  heed_status status = prompts != NULL ? HEED_OK : HEED_UNSUPPORTED;
  if (status == HEED_OK && state->adapter != NULL)
    status = llm_model_copy(model.weights, &merged, error);
  if (merged != NULL) llm_adapter_merge(state->adapter, merged);
  if (status == HEED_OK)
    status = language_model_say(&model, merged != NULL ? merged : model.weights,
                                &how, host, "the policy answers", prompts,
                                count, stream, responses, NULL, error);
  llm_model_close(merged);
  return status;
}

/* ---- saving ---- */

static heed_status save(void *instance, const heed_host *host,
                        const heed_world *world, const heed_policy *policy,
                        const char *path, heed_error *error) {
  const dpo_llm_trainer *self = instance;
  const policy_state *state = policy->state;
  (void)host, (void)world;
  if (state->weights != NULL)
    return llm_model_save(state->weights, self->model->file, path, error);
  if (state->adapter != NULL)
    return llm_adapter_save(state->adapter, self->model->weights, path, error);
  return llm_model_save(self->model->weights, self->model->file, path, error);
}

static heed_status load_weights(const char *path, policy_state *state,
                                heed_error *error) {
  gguf_file *file = NULL;
  heed_status status = gguf_open(path, &file, error);
  if (status == HEED_OK)
    status = llm_model_open(file, NULL, NULL, &state->weights, error);
  gguf_close(file);
  return status;
}

/* A saved whole model comes from training all weights, or no annotations. */
static heed_status is_adapter(const char *path, bool *adapter,
                              heed_error *error) {
  gguf_file *file = NULL;
  const heed_status status = gguf_open(path, &file, error);
  *adapter = status == HEED_OK && gguf_has(file, "adapter.type");
  gguf_close(file);
  return status;
}

static heed_status load(void *instance, const heed_host *host,
                        const heed_world *world, const char *path,
                        heed_policy *policy, heed_error *error) {
  dpo_llm_trainer *self = instance;
  policy_state *state = host->allocate(host, 1, sizeof *state);
  bool adapter;
  heed_status status =
      state == NULL ? heed_no_memory(error) : open_model(self, host, error);
  (void)world;
  if (status == HEED_OK) status = is_adapter(path, &adapter, error);
  if (status != HEED_OK) return status;
  policy->state = state;
  return adapter ? llm_adapter_load(path, self->model->weights, &state->adapter,
                                    error)
                 : load_weights(path, state, error);
}

static void release(void *instance, heed_policy *policy) {
  policy_state *state = policy->state;
  (void)instance;
  if (state == NULL) return;
  llm_adapter_close(state->adapter);
  llm_model_close(state->weights);
  *state = (policy_state){NULL, NULL};
}

/* ---- instances ---- */

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  dpo_llm_trainer *made = host->allocate(host, 1, sizeof *made);
  if (made == NULL) return heed_no_memory(error);
  made->values = values;
  *self = made;
  if (values[TOGETHER].integer > values[BATCH].integer)
    return heed_fail(
        error, HEED_INVALID,
        "together: found %lld, expected at most the size of a batch, %lld",
        (long long)values[TOGETHER].integer, (long long)values[BATCH].integer);
  return preference_settings_check(values, error);
}

static void destroy(void *instance) {
  dpo_llm_trainer *self = instance;
  language_model_close(self->model);
}

static const heed_trainer_functions functions = {
    .size = sizeof functions,
    .train = train,
    .log_probability = log_probability,
    .sample = sample,
    .save = save,
    .load = load,
    .release = release,
};

static const heed_plugin dpo_llm = {
    .size = sizeof dpo_llm,
    .abi = HEED_ABI,
    .kind = HEED_TRAINER,
    .name = "dpo_llm",
    .version = "1.0",
    .summary = "Preference optimisation of language models",
    .reference =
        "Rafailov et al., Direct Preference Optimization, NeurIPS "
        "2023, equation 7; Hu et al., LoRA, ICLR 2022",
    .flags = HEED_COSTLY | HEED_READS_TEXTS,
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .create = create,
    .destroy = destroy,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&dpo_llm};
HEED_PLUGINS(plugins)
