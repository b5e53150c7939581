/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the decoder computes, for tests/cli/llm.bats to compare:
 *   llm_steps MODEL.gguf logits TOKENS OUT
 *     float32 logits of every place of every line, one after the other
 *   llm_steps MODEL.gguf dpo TOKENS ADAPTER.gguf GRADIENT.gguf
 *     prints the DPO loss (beta 0.1, against the model without its adapter) of
 *     pairs of lines, the first of each preferred, the second half of a line
 *     its response; writes the gradient as if it were an adapter; then prints
 *     the losses of ten steps of AdamW
 *   llm_steps MODEL.gguf adapter OUT.gguf
 *     writes a random adapter of rank 4 on everything
 *   llm_steps MODEL.gguf copy OUT.gguf
 *     writes the model in float32
 *   llm_steps MODEL.gguf score TOKENS ADAPTER.gguf
 *     prints the log-probability of the second half of each line
 * TOKENS: a sequence a line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "support/llm/adamw.h"
#include "support/llm/gguf.h"
#include "support/llm/model.h"
#include "support/llm/pass.h"

#define BETA 0.1
#define LINES 64

typedef struct llm_steps_lines {
  size_t count, tokens, longest;
  size_t length[LINES];
  int32_t *token;
} llm_steps_lines;

static void must(heed_status status, const heed_error *error) {
  if (status == HEED_OK) return;
  (void)fprintf(stderr, "llm_steps: %s\n", error->message);
  exit(1);
}

static llm_steps_lines read_lines(const char *path) {
  llm_steps_lines lines = {.token = calloc(1 << 16, sizeof(int32_t))};
  FILE *file = fopen(path, "r");
  int token, later;
  if (file == NULL || lines.token == NULL) exit(1);
  while (lines.count < LINES && lines.tokens < 1 << 16 &&
         fscanf(file, "%d", &token) == 1) {
    lines.token[lines.tokens++] = token;
    lines.length[lines.count]++;
    if (lines.length[lines.count] > lines.longest)
      lines.longest = lines.length[lines.count];
    while ((later = fgetc(file)) == ' ') continue;
    if (later == '\n') lines.count++;
    (void)ungetc(later, file);
  }
  (void)fclose(file);
  return lines;
}

typedef struct bench {
  gguf_file *file;
  llm_model *model;
  llm_crew *workers;
  llm_pass *pass;
  llm_adapter *adapter;
  llm_steps_lines lines;
  llm_batch batch;
  size_t ask[1 << 16];
  heed_error error;
} bench;

static void open_pass(bench *self, llm_training training,
                      llm_adapter_shape adapter) {
  const llm_pass_options options = {training, false, adapter};
  const llm_limits limits = {self->lines.tokens, self->lines.longest,
                             self->batch.asked};
  must(llm_pass_open(self->model, &options, &limits, self->workers, &self->pass,
                     &self->error),
       &self->error);
}

static int write_logits(bench *self, const char *path) {
  const size_t vocabulary = self->model->shape.vocabulary;
  float *logits = calloc(vocabulary, sizeof *logits);
  FILE *file = fopen(path, "wb");
  double nothing = 0;
  self->batch = (llm_batch){.sequences = self->lines.count,
                            .length = self->lines.length,
                            .token = self->lines.token};
  open_pass(self, LLM_TRAIN_NOTHING, (llm_adapter_shape){0});
  must(llm_pass_forward(self->pass, NULL, &self->batch, &nothing, &self->error),
       &self->error);
  if (file == NULL || logits == NULL) return 1;
  for (size_t i = 0; i < self->lines.tokens; i++) {
    llm_pass_logits(self->pass, i, logits);
    if (fwrite(logits, sizeof *logits, vocabulary, file) != vocabulary)
      return 1;
  }
  free(logits);
  return fclose(file);
}

/* The second half of each line. */
static void ask_for_responses(bench *self, size_t *asked_of) {
  size_t first = 0, asked = 0;
  for (size_t s = 0; s < self->lines.count; first += self->lines.length[s++]) {
    asked_of[s] = self->lines.length[s] - self->lines.length[s] / 2;
    for (size_t i = self->lines.length[s] / 2; i < self->lines.length[s]; i++)
      self->ask[asked++] = first + i;
  }
  self->batch = (llm_batch){.sequences = self->lines.count,
                            .length = self->lines.length,
                            .token = self->lines.token,
                            .asked = asked,
                            .ask = self->ask};
}

/* -log sigmoid(beta (margin - reference margin)), its mean over pairs, and the
 * slopes of all log-probabilities. */
static double dpo(const bench *self, const size_t *asked_of,
                  const double *found, const double *reference, double *slope) {
  const double pairs = (double)(self->lines.count / 2);
  double loss = 0;
  size_t position = 0;
  for (size_t s = 0; s + 1 < self->lines.count; s += 2) {
    const size_t both = asked_of[s] + asked_of[s + 1];
    double margin = 0, push;
    for (size_t i = 0; i < both; i++)
      margin += (i < asked_of[s] ? 1 : -1) *
                (found[position + i] - reference[position + i]);
    loss += log1p(exp(-BETA * margin)) / pairs;
    push = BETA / (1 + exp(BETA * margin)) / pairs;
    for (size_t i = 0; i < both; i++)
      slope[position + i] = i < asked_of[s] ? -push : push;
    position += both;
  }
  return loss;
}

static int train(bench *self, const char *source, const char *target) {
  const llm_adamw_options options = {.rate = 1e-3,
                                     .first = 0.9,
                                     .second = 0.999,
                                     .epsilon = 1e-8,
                                     .decay = 0.01,
                                     .warm_up = 3,
                                     .most_norm = 1};
  size_t asked_of[LINES];
  double *found = calloc(1 << 16, sizeof *found);
  double *reference = calloc(1 << 16, sizeof *reference);
  double *slope = calloc(1 << 16, sizeof *slope);
  llm_adapter *gradient = NULL;
  llm_adamw *optimiser = NULL;
  heed_error *error = &self->error;
  must(llm_adapter_load(source, self->model, &self->adapter, error), error);
  must(llm_adapter_new(&self->model->shape, &self->adapter->shape, NULL,
                       &gradient, error),
       error);
  must(adamw_open(gradient->layout.count, &options, NULL, 0, self->workers,
                  &optimiser, error),
       error);
  ask_for_responses(self, asked_of);
  open_pass(self, LLM_TRAIN_ADAPTER, self->adapter->shape);
  must(llm_pass_forward(self->pass, NULL, &self->batch, reference, error),
       error);
  for (int step = 0; step < 10; step++) {
    must(
        llm_pass_forward(self->pass, self->adapter, &self->batch, found, error),
        error);
    (void)printf("%.9f\n", dpo(self, asked_of, found, reference, slope));
    memset(gradient->values, 0, gradient->layout.count * sizeof(float));
    must(llm_pass_backward(self->pass, slope, gradient->values, error), error);
    if (step == 0)
      must(llm_adapter_save(gradient, self->model, target, error), error);
    must(adamw_step(optimiser, 1, gradient->values, self->adapter->values, NULL,
                    error),
         error);
  }
  adamw_close(optimiser);
  llm_adapter_close(gradient);
  free(found);
  free(reference);
  free(slope);
  return 0;
}

static int score(bench *self, const char *source) {
  size_t asked_of[LINES], position = 0;
  double *found = calloc(1 << 16, sizeof *found);
  must(llm_adapter_load(source, self->model, &self->adapter, &self->error),
       &self->error);
  ask_for_responses(self, asked_of);
  open_pass(self, LLM_TRAIN_NOTHING, self->adapter->shape);
  must(llm_pass_forward(self->pass, self->adapter, &self->batch, found,
                        &self->error),
       &self->error);
  for (size_t s = 0; s < self->lines.count; s++) {
    double sum = 0;
    for (size_t i = 0; i < asked_of[s]; i++) sum += found[position++];
    (void)printf("%.9f\n", sum);
  }
  free(found);
  return 0;
}

static int draw_adapter(bench *self, const char *path) {
  const llm_adapter_shape shape = {LLM_EVERY_PROJECTION, 4, 8};
  heed_stream stream = stream_open(1, 0, "test", "adapter", 0);
  must(llm_adapter_new(&self->model->shape, &shape, &stream, &self->adapter,
                       &self->error),
       &self->error);
  for (size_t i = 0; i < self->adapter->layout.count; i++)
    self->adapter->values[i] = (float)(0.02 * heed_normal(&stream));
  must(llm_adapter_save(self->adapter, self->model, path, &self->error),
       &self->error);
  return 0;
}

static int run(bench *self, int argc, char **argv) {
  if (argc == 4 && strcmp(argv[2], "adapter") == 0)
    return draw_adapter(self, argv[3]);
  if (argc == 4 && strcmp(argv[2], "copy") == 0) {
    must(llm_model_save(self->model, self->file, argv[3], &self->error),
         &self->error);
    return 0;
  }
  if (argc < 5) return 2;
  self->lines = read_lines(argv[3]);
  if (argc == 5 && strcmp(argv[2], "logits") == 0)
    return write_logits(self, argv[4]);
  if (argc == 5 && strcmp(argv[2], "score") == 0) return score(self, argv[4]);
  if (argc == 6 && strcmp(argv[2], "dpo") == 0)
    return train(self, argv[4], argv[5]);
  return 2;
}

int main(int argc, char **argv) {
  static bench self;
  int status;
  if (argc < 4) return 2;
  must(gguf_open(argv[1], &self.file, &self.error), &self.error);
  must(llm_model_open(self.file, NULL, NULL, &self.model, &self.error),
       &self.error);
  must(crew_open(0, &self.workers, &self.error), &self.error);
  status = run(&self, argc, argv);
  free(self.lines.token);
  llm_pass_close(self.pass);
  llm_adapter_close(self.adapter);
  crew_close(self.workers);
  llm_model_close(self.model);
  gguf_close(self.file);
  return status;
}
