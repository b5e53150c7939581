/* SPDX-License-Identifier: GPL-3.0-or-later
 * A pass: memory, checks and forward. */
#include "support/llm/pass.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "support/llm/carving.h"
#include "support/llm/pass_parts.h"
#include "support/llm/product.h"

/* --- memory ------------------------------------------------------------- */

static void place_layer(llm_pass *self, carving_block *block) {
  const llm_shape *shape = &self->model->shape;
  const size_t tokens = self->limits.tokens, begin = block->end;
  llm_layer_values *kept = &self->arrays.kept;
  kept->inverse = carve_floats(block, tokens, 1);
  kept->qkv = carve_floats(block, tokens, llm_qkv_width(shape));
  kept->attended = carve_floats(block, tokens, llm_attended_width(shape));
  kept->log_sum = carve_floats(block, tokens, shape->heads);
  kept->mid = carve_floats(block, tokens, shape->width);
  kept->feed_inverse = carve_floats(block, tokens, 1);
  kept->gate_up = carve_floats(block, tokens, 2 * shape->feed);
  for (int g = 0; g < LLM_GROUPS; g++)
    kept->low[g] = carve_floats(block, tokens, self->low.group[g].low);
  self->kept_stride = (block->end - begin) / sizeof(float);
  block->end = begin + self->layers_kept * (block->end - begin);
}

/* True where the gradient of a group needs the group's input. */
static bool trains(const llm_pass *self, llm_group group) {
  return self->options.training == LLM_TRAIN_WEIGHTS ||
         (self->options.training == LLM_TRAIN_ADAPTER &&
          self->low.group[group].parts > 0);
}

static void place_slopes(llm_pass *self, carving_block *block, size_t members) {
  const llm_shape *shape = &self->model->shape;
  const size_t tokens = self->limits.tokens, width = shape->width;
  const bool weights = self->options.training == LLM_TRAIN_WEIGHTS;
  llm_layer_slopes *slopes = &self->arrays.slopes;
  slopes->dx = carve_floats(block, tokens, width);
  slopes->dout =
      carve_floats(block, trains(self, LLM_GROUP_DOWN) ? tokens : 0, width);
  slopes->dact = carve_floats(block, tokens, shape->feed);
  slopes->dnormed = carve_floats(block, tokens, width);
  slopes->dattended = carve_floats(block, tokens, llm_attended_width(shape));
  slopes->dqkv = carve_floats(block, tokens, llm_qkv_width(shape));
  for (int g = 0; g < LLM_GROUPS; g++)
    slopes->dlow[g] = carve_floats(block, tokens, self->low.group[g].low);
  /* Arrays that forward no longer needs by then, in sequence. */
  slopes->normed =
      trains(self, LLM_GROUP_QKV) ? self->arrays.kept.normed : NULL;
  slopes->feed_normed =
      trains(self, LLM_GROUP_GATE_UP) ? self->arrays.kept.normed : NULL;
  slopes->act = trains(self, LLM_GROUP_DOWN) ? self->arrays.kept.act : NULL;
  self->arrays.norm_gradients =
      carve_floats(block, weights ? members : 0, 2 * width);
}

static void place_head(llm_pass *self, carving_block *block, size_t members) {
  const size_t asked = self->limits.asked, width = self->model->shape.width;
  const size_t training =
      self->options.training != LLM_TRAIN_NOTHING ? asked : 0;
  self->arrays.hidden = carve_floats(block, asked, width);
  self->arrays.inverse = carve_floats(block, asked, 1);
  self->arrays.log_sum = carve_floats(block, asked, 1);
  self->arrays.pull = carve_floats(block, training, width);
  self->arrays.dhidden = carve_floats(block, training, width);
  self->arrays.logits = carve_floats(block, members * HEAD_ROWS, HEAD_STRETCH);
}

static size_t place_all(llm_pass *self, char *base, size_t members) {
  const llm_shape *shape = &self->model->shape;
  const size_t tokens = self->limits.tokens;
  const bool training = self->options.training != LLM_TRAIN_NOTHING;
  carving_block block = {base, 0};
  self->low = llm_adapter_layout_of(shape, &self->options.adapter);
  self->states = training ? shape->layers + 1 : 2;
  self->layers_kept =
      training && !self->options.checkpoints ? shape->layers : 1;
  self->room_floats =
      (attention_room(shape, self->limits.longest, training) + 15) / 16 * 16;
  self->arrays.position = carve(&block, tokens, sizeof(uint32_t));
  self->arrays.span = carve(&block, tokens, sizeof(llm_attention_span));
  self->arrays.family = carve(&block, tokens + 1, sizeof(size_t));
  self->arrays.source = carve(&block, self->limits.asked, sizeof(size_t));
  self->arrays.rotation =
      carve_floats(&block, self->limits.longest, 2 * shape->head_width);
  self->arrays.states =
      carve_floats(&block, self->states * tokens, shape->width);
  place_layer(self, &block);
  self->arrays.kept.normed = carve_floats(&block, tokens, shape->width);
  self->arrays.kept.act = carve_floats(&block, tokens, shape->feed);
  if (training) place_slopes(self, &block, members);
  self->arrays.room = carve_floats(&block, members, self->room_floats);
  place_head(self, &block, members);
  return block.end;
}

size_t llm_pass_bytes(const llm_shape *shape, const llm_pass_options *options,
                      const llm_limits *limits, size_t members) {
  const llm_model model = {.shape = *shape};
  llm_pass counted = {.model = &model, .options = *options, .limits = *limits};
  return place_all(&counted, NULL, members);
}

static heed_status check_options(const llm_model *model,
                                 const llm_pass_options *options,
                                 const llm_limits *limits, heed_error *error) {
  if (limits->tokens < 1 || limits->tokens > 1 << 22 ||
      limits->longest > limits->tokens || limits->asked > limits->tokens)
    return heed_fail(
        error, HEED_INVALID,
        "a pass over %zu tokens, at most %zu per sequence and %zu requested: "
        "expected 1 to %d tokens, and no more of the others",
        limits->tokens, limits->longest, limits->asked, 1 << 22);
  if (limits->longest < 1 || limits->longest > model->shape.context)
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "a sequence of %zu tokens, expected 1 to the model's context of %zu",
        limits->longest, model->shape.context);
  if (options->training == LLM_TRAIN_ADAPTER &&
      options->adapter.projections == 0)
    return heed_fail(error, HEED_INTERNAL,
                     "a pass that trains an adapter has no adapter");
  return HEED_OK;
}

heed_status llm_pass_open(const llm_model *model,
                          const llm_pass_options *options,
                          const llm_limits *limits, llm_crew *workers,
                          llm_pass **opened, heed_error *error) {
  heed_status status = check_options(model, options, limits, error);
  const size_t members = crew_members(workers);
  llm_pass *self;
  *opened = NULL;
  if (status != HEED_OK) return status;
  self = calloc(1, sizeof *self);
  if (self == NULL) return heed_no_memory(error);
  self->model = model;
  self->kernel = kernels_best();
  self->workers = workers;
  self->options = *options;
  self->limits = *limits;
  self->bytes = place_all(self, NULL, members);
  self->memory = mmap(NULL, self->bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (self->memory == MAP_FAILED) {
    const size_t megabytes = self->bytes >> 20;
    free(self);
    return heed_fail(error, HEED_MEMORY,
                     HEED_OUT_OF_MEMORY
                     ": a pass over %zu tokens takes %zu MiB",
                     limits->tokens, megabytes);
  }
  const size_t placed = place_all(self, self->memory, members);
  assert(placed == self->bytes);
  (void)placed;
  layer_rotation(model, limits->longest, self->arrays.rotation);
  *opened = self;
  return HEED_OK;
}

void llm_pass_close(llm_pass *self) {
  if (self == NULL) return;
  (void)munmap(self->memory, self->bytes);
  free(self);
}

/* --- forward ------------------------------------------------------------- */

llm_layer_means pass_means(const llm_pass *self) {
  const llm_layer_means means = {self->model, self->adapter, self->kernel,
                                 self->arrays.rotation, self->arrays.position};
  return means;
}

float *pass_state(const llm_pass *self, size_t layer) {
  const size_t floats = self->limits.tokens * self->model->shape.width;
  return self->arrays.states + (layer % self->states) * floats;
}

static float *moved(float *array, size_t floats) {
  return array != NULL ? array + floats : NULL;
}

llm_layer_values pass_layer(const llm_pass *self, size_t layer) {
  const size_t floats = (layer % self->layers_kept) * self->kept_stride;
  llm_layer_values values = self->arrays.kept;
  values.inverse = moved(values.inverse, floats);
  values.qkv = moved(values.qkv, floats);
  values.attended = moved(values.attended, floats);
  values.log_sum = moved(values.log_sum, floats);
  values.mid = moved(values.mid, floats);
  values.feed_inverse = moved(values.feed_inverse, floats);
  values.gate_up = moved(values.gate_up, floats);
  for (int g = 0; g < LLM_GROUPS; g++)
    values.low[g] = moved(values.low[g], floats);
  values.x = pass_state(self, layer);
  values.next = pass_state(self, layer + 1);
  return values;
}

/* A layer's job for the crew. */
typedef struct layer_work {
  llm_pass *pass;
  size_t layer;
  llm_layer_values values;
  bool again;         /* a checkpointed layer: `next` is already computed */
  atomic_size_t task; /* attention's: sequence x kv head, the next free task */
} layer_work;

static llm_crew_part rows_of(const llm_pass *self, size_t index, size_t count) {
  return crew_share(self->tokens, 8, index, count);
}

static void embed_rows(llm_pass *self, llm_crew_part rows) {
  const size_t width = self->model->shape.width;
  const float *embedding = self->model->weights + self->model->layout.embedding;
  float *x = pass_state(self, 0);
  for (size_t i = rows.first; i < rows.end; i++)
    memcpy(x + i * width, embedding + (size_t)self->batch.token[i] * width,
           width * sizeof *x);
}

static void begin_work(void *context, size_t index, size_t count) {
  layer_work *work = context;
  const llm_crew_part rows = rows_of(work->pass, index, count);
  const llm_layer_means means = pass_means(work->pass);
  if (work->layer == 0 && !work->again) embed_rows(work->pass, rows);
  layer_begin(&means, work->layer, &work->values, rows.first, rows.end);
}

static void attention_work(void *context, size_t index, size_t count) {
  layer_work *work = context;
  const llm_pass *self = work->pass;
  const size_t kv_heads = self->model->shape.kv_heads;
  const size_t tasks = self->batch.sequences * kv_heads;
  const llm_attention attention = {.shape = &self->model->shape,
                                   .kernel = self->kernel,
                                   .qkv = work->values.qkv,
                                   .attended = work->values.attended,
                                   .log_sum = work->values.log_sum};
  size_t task;
  (void)count;
  while ((task = atomic_fetch_add(&work->task, 1)) < tasks)
    attention_forward(&attention, self->arrays.span[task / kv_heads],
                      task % kv_heads,
                      self->arrays.room + index * self->room_floats);
}

static void end_work(void *context, size_t index, size_t count) {
  layer_work *work = context;
  const llm_crew_part rows = rows_of(work->pass, index, count);
  const llm_layer_means means = pass_means(work->pass);
  const size_t next = work->layer + 1;
  layer_end(&means, work->layer, &work->values, rows.first, rows.end);
  if (!work->again && next < work->pass->model->shape.layers) {
    const llm_layer_values values = pass_layer(work->pass, next);
    layer_begin(&means, next, &values, rows.first, rows.end);
  }
}

void pass_layer_forward(llm_pass *self, size_t layer, bool again) {
  layer_work work = {.pass = self,
                     .layer = layer,
                     .values = pass_layer(self, layer),
                     .again = again};
  if (again) work.values.next = NULL;
  atomic_init(&work.task, 0);
  /* Each layer but the first was started at the end of the previous one. */
  if (layer == 0 || again) crew_run(self->workers, begin_work, &work);
  crew_run(self->workers, attention_work, &work);
  crew_run(self->workers, end_work, &work);
}

/* Lengths and branches: take_batch() relies on these checks. */
static heed_status check_sequences(const llm_pass *self, const llm_batch *batch,
                                   heed_error *error) {
  size_t tokens = 0, stem = 0, expected = 0; /* branches still to come */
  for (size_t s = 0; s < batch->sequences; s++) {
    const size_t length = batch->length[s];
    const size_t earlier = expected > 0 ? stem : 0;
    const size_t branches = batch->branches != NULL ? batch->branches[s] : 0;
    if (length < 1 || earlier + length > self->limits.longest ||
        length > self->limits.tokens - tokens)
      return heed_fail(error, HEED_INTERNAL,
                       "sequence %zu of a batch has %zu tokens after %zu of "
                       "its stem, more than the pass has room for",
                       s, length, earlier);
    if (branches > (expected > 0 ? 0 : batch->sequences - s - 1))
      return heed_fail(error, HEED_INTERNAL,
                       "sequence %zu of a batch has %zu branches, more than "
                       "the batch has sequences left or a branch may have",
                       s, branches);
    if (expected > 0) {
      expected--;
    } else {
      expected = branches;
      stem = length;
    }
    tokens += length;
  }
  return HEED_OK;
}

/* Sequences, families and positions of the tokens. */
static void take_batch(llm_pass *self, const llm_batch *batch) {
  const size_t *branches = batch->branches;
  self->batch = *batch;
  self->tokens = 0;
  self->families = 0;
  for (size_t s = 0; s < batch->sequences;) {
    const size_t stem = self->tokens, members = branches ? branches[s] : 0;
    self->arrays.family[self->families++] = s;
    for (size_t end = s + 1 + members, earlier = 0; s < end; s++) {
      self->arrays.span[s] =
          (llm_attention_span){self->tokens, batch->length[s], stem, earlier};
      for (size_t i = 0; i < batch->length[s]; i++)
        self->arrays.position[self->tokens++] = (uint32_t)(earlier + i);
      if (earlier == 0) earlier = batch->length[s];
    }
  }
  self->arrays.family[self->families] = batch->sequences;
}

/* Tokens and requested places, after the sequences. */
static heed_status check_tokens(llm_pass *self, heed_error *error) {
  const llm_batch *batch = &self->batch;
  size_t asked = 0;
  for (size_t i = 0; i < self->tokens; i++)
    if (batch->token[i] < 0 ||
        (size_t)batch->token[i] >= self->model->shape.vocabulary)
      return heed_fail(error, HEED_INVALID,
                       "token %d in a batch, expected 0 to %zu",
                       (int)batch->token[i], self->model->shape.vocabulary - 1);
  if (batch->asked > self->limits.asked)
    return heed_fail(error, HEED_INTERNAL,
                     "a batch requests %zu tokens, the pass has room for %zu",
                     batch->asked, self->limits.asked);
  for (size_t s = 0; s < batch->sequences; s++) {
    const llm_attention_span span = self->arrays.span[s];
    for (; asked < batch->asked && batch->ask[asked] >= span.first &&
           batch->ask[asked] < span.first + span.length;
         asked++) {
      const size_t place = batch->ask[asked];
      if (place == span.first && span.earlier == 0)
        return heed_fail(error, HEED_INTERNAL,
                         "the first token of sequence %zu has no "
                         "log-probability, but is requested",
                         s);
      if (asked > 0 && place <= batch->ask[asked - 1]) break;
      self->arrays.source[asked] =
          place > span.first ? place - 1 : span.stem + span.earlier - 1;
    }
  }
  return asked == batch->asked
             ? HEED_OK
             : heed_fail(error, HEED_INTERNAL,
                         "a batch of %zu tokens requests token %zu, which is "
                         "out of range or not in ascending order",
                         self->tokens, batch->ask[asked]);
}

static heed_status check_adapter(const llm_pass *self,
                                 const llm_adapter *adapter,
                                 heed_error *error) {
  const llm_adapter_shape *expected = &self->options.adapter;
  if (adapter == NULL || (adapter->shape.projections == expected->projections &&
                          adapter->shape.rank == expected->rank &&
                          adapter->layers == self->model->shape.layers &&
                          adapter->layout.count == self->low.count))
    return HEED_OK;
  return heed_fail(error, HEED_INTERNAL,
                   "the adapter's shape does not match the pass");
}

heed_status llm_pass_forward(llm_pass *self, const llm_adapter *adapter,
                             const llm_batch *batch, double *log_probability,
                             heed_error *error) {
  heed_status status = check_sequences(self, batch, error);
  self->ready = false;
  if (status == HEED_OK) status = check_adapter(self, adapter, error);
  if (status != HEED_OK) return status;
  take_batch(self, batch);
  status = check_tokens(self, error);
  if (status != HEED_OK) return status;
  self->adapter = adapter;
  for (size_t layer = 0; layer < self->model->shape.layers; layer++)
    pass_layer_forward(self, layer, false);
  pass_head_forward(self, log_probability);
  self->ready = true;
  for (size_t i = 0; i < batch->asked; i++)
    if (!isfinite(log_probability[i]))
      return heed_fail(error, HEED_NUMERIC,
                       "the log-probability of token %zu of a batch is NaN or "
                       "infinite: the weights exceed the range of float32",
                       batch->ask[i]);
  return HEED_OK;
}
