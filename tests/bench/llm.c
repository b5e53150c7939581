/* SPDX-License-Identifier: GPL-3.0-or-later
 * Times a language model: a training step, and generation, beside the rate at
 * which OpenBLAS multiplies matrices in the same minutes.
 *   bench_llm MODEL.gguf FOLDER train|generate [OPTION=VALUE ...]
 * train: what=adapter|weights pairs=4 length=128 asked=64 shared=1 rank=16
 *        checkpoints=0 rounds=5
 * generate: prompts=32 length=64 most=64 slots=32 rounds=3
 *
 * A step reads pairs of sequences of `length` tokens, of which the last `asked`
 * are the responses and the others a prompt that the two have in common: which
 * is computed once with shared=1, as dpo_llm does, and twice with shared=0.
 * Tokens per second count all sequences in full either way.
 *
 * Floating-point operations of a step, counted where they are needed and not
 * where they are done (no recomputation; of causal attention half): with N
 * tokens computed, M matrix weights of all layers, R log-probabilities, S = the
 * sum over those tokens of how many each sees,
 *   forward   2 N M + 2 R D V + 4 S H h L
 *   backward  the same for slopes of inputs, twice it for attention; and for
 *             the gradient of the weights 2 N M + 2 R D V, or of an adapter:
 *             6 N r (inputs + outputs) for all three. */
#include <cblas.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "host/host.h"
#include "support/llm/adamw.h"
#include "support/llm/generate.h"
#include "support/llm/gguf.h"
#include "support/llm/model.h"
#include "support/llm/pass.h"

typedef struct bench_clocks {
  double wall, cpu;
} bench_clocks;

static double seconds(struct timeval time) {
  return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

static bench_clocks now(void) {
  struct timespec time;
  struct rusage used;
  bench_clocks clocks;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  (void)getrusage(RUSAGE_SELF, &used);
  clocks.wall = (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
  clocks.cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
  return clocks;
}

static bench_clocks since(bench_clocks start) {
  const bench_clocks end = now(),
                     passed = {end.wall - start.wall, end.cpu - start.cpu};
  return passed;
}

static void must(heed_status status, const heed_error *error) {
  if (status == HEED_OK) return;
  (void)fprintf(stderr, "bench_llm: %s\n", error->message);
  exit(1);
}

static size_t option(int count, char **list, const char *name, size_t usual) {
  const size_t length = strlen(name);
  for (int i = 0; i < count; i++)
    if (strncmp(list[i], name, length) == 0 && list[i][length] == '=')
      return strtoul(list[i] + length + 1, NULL, 10);
  return usual;
}

static bool chosen(int count, char **list, const char *text) {
  for (int i = 0; i < count; i++)
    if (strcmp(list[i], text) == 0) return true;
  return false;
}

static size_t peak_kilobytes(void) {
  struct rusage used;
  (void)getrusage(RUSAGE_SELF, &used);
  return (size_t)used.ru_maxrss;
}

/* Reads all weights, so that they do not count as what a step takes. */
static double touch(const llm_model *model) {
  double sum = 0;
  for (size_t i = 0; i < model->layout.count; i += 16)
    sum += (double)model->weights[i];
  return sum;
}

/* --- matrix products -------------------------------------------------------
 */

#define SQUARE 2048

typedef struct bench_products {
  float *a, *b, *c;
} bench_products;

static void product_work(void *context, size_t index, size_t count) {
  const bench_products *products = context;
  const llm_crew_part rows = crew_share(SQUARE, 16, index, count);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans,
              (int)(rows.end - rows.first), SQUARE, SQUARE, 1,
              products->a + rows.first * SQUARE, SQUARE, products->b, SQUARE, 0,
              products->c + rows.first * SQUARE, SQUARE);
}

/* Seconds and operations of a few squares, shared as a crew shares rows. */
static double products_time(llm_crew *workers, const bench_products *products,
                            bench_clocks *spent) {
  const bench_clocks start = now();
  for (int i = 0; i < 6; i++) crew_run(workers, product_work, (void *)products);
  *spent = since(start);
  return 6.0 * 2.0 * SQUARE * SQUARE * SQUARE;
}

static bench_products open_products(void) {
  bench_products products;
  products.a = calloc(SQUARE * SQUARE, sizeof(float));
  products.b = calloc(SQUARE * SQUARE, sizeof(float));
  products.c = calloc(SQUARE * SQUARE, sizeof(float));
  if (products.a == NULL || products.b == NULL || products.c == NULL) exit(1);
  for (size_t i = 0; i < SQUARE * SQUARE; i++)
    products.a[i] = products.b[i] = (float)(i % 97) * 0.01f;
  return products;
}

/* --- training ---------------------------------------------------------------
 */

typedef struct bench_job {
  llm_training training;
  size_t pairs, length, asked, rank;
  bool shared, checkpoints;
} bench_job;

/* Tokens that a step computes. */
static size_t tokens_of(const bench_job *job) {
  const size_t apart = 2 * job->pairs * job->length;
  return job->shared ? apart - job->pairs * (job->length - job->asked) : apart;
}

/* Over them, how many each sees. */
static double seen_of(const bench_job *job) {
  const double length = (double)job->length;
  const double prompt = length - (double)job->asked;
  const double one = length * (length + 1) / 2;
  return (double)job->pairs *
         (2 * one - (job->shared ? prompt * (prompt + 1) / 2 : 0));
}

static double operations(const llm_shape *shape, const bench_job *job) {
  const double tokens = (double)tokens_of(job);
  const double width = (double)shape->width, feed = (double)shape->feed;
  const double qkv = (double)llm_qkv_width(shape);
  const double attended = (double)llm_attended_width(shape);
  const double layers = (double)shape->layers;
  const double matrices =
      layers * (width * qkv + attended * width + 3 * width * feed);
  const double head = 2.0 * (double)(2 * job->pairs * job->asked) * width *
                      (double)shape->vocabulary;
  const double attention = 4.0 * seen_of(job) * attended * layers;
  const double low = layers * (3 * width + qkv + attended + width + 2 * width +
                               2 * feed + feed + width);
  double sum = 2 * (2 * tokens * matrices + head) + 3 * attention;
  if (job->training == LLM_TRAIN_WEIGHTS)
    sum += 2 * tokens * matrices + head;
  else
    sum += 6 * tokens * (double)job->rank * low;
  return sum;
}

typedef struct trainer {
  const bench_job *job;
  llm_model *model;
  llm_adapter *adapter;
  llm_pass *pass;
  llm_adamw *optimiser;
  llm_crew *workers;
  float *gradient, *parameters;
  size_t count;
  llm_batch batch;
  double *found, *slope;
} trainer;

static void step(trainer *self, bench_clocks *parts) {
  heed_error error = {0};
  bench_clocks start = now();
  must(llm_pass_forward(self->pass, self->adapter, &self->batch, self->found,
                        &error),
       &error);
  parts[0] = since(start);
  for (size_t i = 0; i < self->batch.asked; i++)
    self->slope[i] = i % 2 == 0 ? 0.01 : -0.01;
  start = now();
  memset(self->gradient, 0, self->count * sizeof(float));
  must(llm_pass_backward(self->pass, self->slope, self->gradient, &error),
       &error);
  parts[1] = since(start);
  start = now();
  must(adamw_step(self->optimiser, 1, self->gradient, self->parameters, NULL,
                  &error),
       &error);
  parts[2] = since(start);
}

/* A prompt and two responses to it, or the prompt before each of them. */
static void make_batch(trainer *self, heed_stream *stream) {
  const bench_job *job = self->job;
  const size_t tokens = tokens_of(job), prompt = job->length - job->asked;
  size_t *length = calloc(3 * job->pairs, sizeof *length);
  size_t *branches = calloc(3 * job->pairs, sizeof *branches);
  int32_t *token = calloc(tokens, sizeof *token);
  size_t *ask = calloc(2 * job->pairs * job->asked, sizeof *ask);
  size_t sequences = 0, asked = 0, position = 0;
  if (length == NULL || branches == NULL || token == NULL || ask == NULL)
    exit(1);
  for (size_t i = 0; i < job->pairs; i++) {
    if (job->shared) {
      branches[sequences] = 2;
      length[sequences++] = prompt;
      position += prompt;
    }
    for (size_t side = 0; side < 2; side++) {
      length[sequences] = job->shared ? job->asked : job->length;
      position += length[sequences++];
      for (size_t k = job->asked; k > 0; k--) ask[asked++] = position - k;
    }
  }
  for (size_t i = 0; i < tokens; i++)
    token[i] =
        (int32_t)heed_uniform_integer(stream, self->model->shape.vocabulary);
  self->batch = (llm_batch){sequences, length, token, asked, ask, branches};
  self->found = calloc(asked, sizeof(double));
  self->slope = calloc(asked, sizeof(double));
}

static void open_trainer(trainer *self) {
  const bench_job *job = self->job;
  const llm_adapter_shape shape = {
      job->training == LLM_TRAIN_ADAPTER ? LLM_EVERY_PROJECTION : 0, job->rank,
      (float)job->rank};
  const llm_pass_options options = {job->training, job->checkpoints, shape};
  const llm_limits limits = {tokens_of(job), job->length,
                             2 * job->pairs * job->asked};
  const llm_adamw_options usual = {.rate = 1e-6,
                                   .first = 0.9,
                                   .second = 0.999,
                                   .epsilon = 1e-8,
                                   .most_norm = 1};
  heed_stream stream = stream_open(1, 0, "bench", "llm", 0);
  heed_error error = {0};
  size_t passes;
  self->count = self->model->layout.count;
  self->parameters = self->model->weights;
  if (job->training == LLM_TRAIN_ADAPTER) {
    must(llm_adapter_new(&self->model->shape, &shape, &stream, &self->adapter,
                         &error),
         &error);
    self->count = self->adapter->layout.count;
    self->parameters = self->adapter->values;
  }
  self->gradient = calloc(self->count, sizeof(float));
  must(adamw_open(self->count, &usual, NULL, 0, self->workers, &self->optimiser,
                  &error),
       &error);
  must(llm_pass_open(self->model, &options, &limits, self->workers, &self->pass,
                     &error),
       &error);
  make_batch(self, &stream);
  passes = llm_pass_bytes(&self->model->shape, &options, &limits,
                          crew_members(self->workers));
  (void)printf(
      "%.1f MB predicted: a pass of %.1f, %zu parameters' gradient and "
      "moments of %.1f\n",
      1e-6 * (double)(passes + 12 * self->count), 1e-6 * (double)passes,
      self->count, 12e-6 * (double)self->count);
}

static void train(llm_model *model, llm_crew *workers, const bench_job *job,
                  size_t rounds) {
  trainer self = {.job = job, .model = model, .workers = workers};
  const bench_products squares = open_products();
  const double needed = operations(&model->shape, job);
  bench_clocks parts[3], spent;
  const double read = touch(model);
  const size_t earlier = peak_kilobytes();
  open_trainer(&self);
  step(&self, parts);
  (void)printf("peak grew by %.1f MB (a sum of weights: %g)\n",
               1.024e-3 * (double)(peak_kilobytes() - earlier), read);
  for (size_t i = 0; i < rounds; i++) {
    const double count = products_time(workers, &squares, &spent);
    const bench_clocks products_spent = spent;
    double wall = 0, cpu = 0;
    step(&self, parts);
    for (int p = 0; p < 3; p++) {
      wall += parts[p].wall;
      cpu += parts[p].cpu;
    }
    (void)printf(
        "step %.2f s (forward %.2f, backward %.2f, AdamW %.2f), %.0f tokens/s, "
        "%.1f GFLOP/s; products %.1f GFLOP/s; share %.3f, by CPU time %.3f\n",
        wall, parts[0].wall, parts[1].wall, parts[2].wall,
        (double)(2 * job->pairs * job->length) / wall, 1e-9 * needed / wall,
        1e-9 * count / products_spent.wall,
        needed / wall / (count / products_spent.wall),
        needed / cpu / (count / products_spent.cpu));
  }
}

/* --- generation -------------------------------------------------------------
 */

static void generate(const llm_model *model, llm_crew *workers, int argc,
                     char **argv) {
  const size_t prompts = option(argc, argv, "prompts", 32);
  const size_t length = option(argc, argv, "length", 64);
  const llm_generation how = {.sampling = {1, 0, 1},
                              .most = option(argc, argv, "most", 64),
                              .slots = option(argc, argv, "slots", 32)};
  llm_prompt *prompt = calloc(prompts, sizeof *prompt);
  llm_response *response = calloc(prompts, sizeof *response);
  int32_t *token = calloc(prompts * (length + how.most), sizeof *token);
  heed_stream stream = stream_open(1, 0, "bench", "llm", 0);
  if (prompt == NULL || response == NULL || token == NULL) exit(1);
  for (size_t i = 0; i < prompts * length; i++)
    token[i] = (int32_t)heed_uniform_integer(&stream, model->shape.vocabulary);
  for (size_t i = 0; i < prompts; i++) {
    prompt[i] = (llm_prompt){token + i * length, length,
                             stream_open(1, 0, "bench", "prompt", i)};
    response[i].token = token + prompts * length + i * how.most;
  }
  (void)printf(
      "%.1f MB predicted besides the model\n",
      1e-6 * (double)llm_generate_bytes(&model->shape, &how, prompt, prompts,
                                        crew_members(workers)));
  for (size_t round = 0; round < option(argc, argv, "rounds", 3); round++) {
    heed_error error = {0};
    const bench_clocks start = now();
    bench_clocks spent;
    must(llm_generate(model, &how, prompt, prompts, response, workers, &error),
         &error);
    spent = since(start);
    (void)printf("%zu tokens in %.2f s (%.2f s of CPU): %.0f tokens/s\n",
                 prompts * how.most, spent.wall, spent.cpu,
                 (double)(prompts * how.most) / spent.wall);
  }
}

int main(int argc, char **argv) {
  gguf_file *file = NULL;
  llm_model *model = NULL, *own = NULL;
  llm_crew *workers = NULL;
  heed_error error = {0};
  if (argc < 4) {
    (void)fprintf(stderr,
                  "usage: bench_llm MODEL.gguf FOLDER train|generate "
                  "[OPTION=VALUE ...]\n");
    return 2;
  }
  must(gguf_open(argv[1], &file, &error), &error);
  must(llm_model_open(file, argv[2], "bench", &model, &error), &error);
  must(crew_open(0, &workers, &error), &error);
  if (strcmp(argv[3], "train") == 0) {
    const bench_job job = {
        .training = chosen(argc, argv, "what=weights") ? LLM_TRAIN_WEIGHTS
                                                       : LLM_TRAIN_ADAPTER,
        .pairs = option(argc, argv, "pairs", 4),
        .length = option(argc, argv, "length", 128),
        .asked = option(argc, argv, "asked", 64),
        .rank = option(argc, argv, "rank", 16),
        .shared = option(argc, argv, "shared", 1) > 0,
        .checkpoints = option(argc, argv, "checkpoints", 0) > 0};
    if (job.training == LLM_TRAIN_WEIGHTS)
      must(llm_model_copy(model, &own, &error), &error);
    train(own != NULL ? own : model, workers, &job,
          option(argc, argv, "rounds", 5));
  } else {
    generate(model, workers, argc, argv);
  }
  crew_close(workers);
  llm_model_close(own);
  llm_model_close(model);
  gguf_close(file);
  return 0;
}
