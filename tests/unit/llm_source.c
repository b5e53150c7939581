/* SPDX-License-Identifier: GPL-3.0-or-later
 * The source llm on a tiny model: what it draws, how judges score, what tau
 * makes of scores, and what it says of bad files. */
#include <unistd.h>

#include "../support/tiny_file.h"
#include "../support/workbench.h"
#include "support/llm/adapter.h"
#include "support/llm/pass.h"

/* In the order of the source's outputs. */
enum { TAU, SECOND_TAU, BETTER, SECOND_MU, AGREE, CUT_A, CUT_B, TOKENS };

typedef struct scene {
  test_workbench bench;
  const heed_instance *source;
  const heed_source_functions *functions;
  heed_world world;
  atomic_bool cancel;
  size_t progressed, patience; /* calls of progress() before it cancels */
} scene;

static char folder[64], model[96], prompts[96], lexicon[96];

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
  assert_int_equal(fclose(file), 0);
}

static int set_up(void **state) {
  heed_error error;
  (void)state;
  (void)strcpy(folder, "/tmp/heed-llm-source-XXXXXX");
  assert_non_null(mkdtemp(folder));
  (void)snprintf(model, sizeof model, "%s/tiny.gguf", folder);
  (void)snprintf(prompts, sizeof prompts, "%s/prompts.jsonl", folder);
  (void)snprintf(lexicon, sizeof lexicon, "%s/lexicon.txt", folder);
  assert_int_equal(setenv("XDG_CACHE_HOME", folder, 1), 0);
  return tiny_file_write(model, 3, NULL, &error) == HEED_OK ? 0 : -1;
}

static int tear_down(void **state) {
  char command[128];
  (void)state;
  (void)snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

static void progress(void *context, double done, const char *what) {
  scene *self = context;
  (void)done, (void)what;
  if (++self->progressed > self->patience) atomic_store(&self->cancel, true);
}

/* The workbench's sink wants itself as its context, and it stands first. */
static void open_scene(scene *self, uint64_t seed) {
  memset(self, 0, sizeof *self);
  workbench_open(&self->bench, seed);
  self->bench.sink.progress = progress;
  self->bench.host.cancel = &self->cancel;
  self->patience = SIZE_MAX;
  for (size_t i = 0; i < 64; i++) self->bench.output[i] = NAN;
}

/* An instance with `more` parameters beside the files: ", \"pairs\": 3". */
static const heed_instance *instance(scene *self, const char *more) {
  char parameters[2048];
  (void)snprintf(
      parameters, sizeof parameters,
      "{\"prompts\": \"%s\", \"a\": {\"model\": \"%s\"}, \"max_tokens\": 12%s}",
      prompts, model, more);
  return workbench_try(&self->bench, HEED_SOURCE, "llm", parameters);
}

static heed_status try_world(scene *self, const char *more) {
  self->source = instance(self, more);
  if (self->source == NULL) return self->bench.error.status;
  self->functions = self->source->plugin->functions;
  return workbench_world(&self->bench, self->source, &self->world);
}

static void make(scene *self, uint64_t seed, const char *more) {
  open_scene(self, seed);
  if (try_world(self, more) != HEED_OK)
    fail_msg("%s", self->bench.error.message);
}

static void close_scene(scene *self) {
  workbench_close(&self->bench);
}

static const double *numbers(const scene *self, const char *name) {
  const double *data = heed_table_data(self->world.pairs, name, HEED_FLOAT64);
  if (data == NULL) fail_msg("there is no column %s", name);
  return data;
}

static const char *const *texts(const heed_table *table, const char *name) {
  const char *const *data = heed_table_data(table, name, HEED_STRING);
  if (data == NULL) fail_msg("there is no column %s", name);
  return data;
}

static heed_response response_of(size_t prompt, const char *text, bool cut) {
  return (heed_response){.prompt = prompt,
                         .candidate = -1,
                         .text = text,
                         .length = strlen(text),
                         .cut = cut};
}

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

/* "judge": of this kind */
#define LIKELIHOOD "{\"kind\": \"likelihood\"}"
#define LOG "{\"kind\": \"log\"}"
static const char *by_lexicon(void) {
  static char text[160];
  (void)snprintf(text, sizeof text,
                 "{\"kind\": \"lexicon\", \"lexicon\": \"%s\"}", lexicon);
  return text;
}

/* Parameters with a judge, in a ring of buffers. */
static const char *with(const char *judge, const char *more) {
  static char text[4][1536];
  static size_t position;
  position = (position + 1) % 4;
  (void)snprintf(text[position], sizeof text[position], ", \"judge\": %s%s",
                 judge, more);
  return text[position];
}

/* ---- judges ---- */

/* Five words of the text, of which the lexicon has two: (2 - 0.5) / 5. */
static void lexicon_scores_are_means_over_words(void **state) {
  (void)state;
  scene self;
  write_text(lexicon,
             "# a comment\n\nGood\t2.0\t0.5\t[1, 2]\r\nbad\t-3\r\nbad\t-0.5\n"
             "\xc3\xa9t\xc3\xa9\t4\ncan't\t1\nvery good\t9\n:-)\t9\n");
  write_text(prompts,
             "{\"prompt\": \"x\", \"response_a\": \"GOOD, a bad; one-day!\", "
             "\"response_b\": \"\"}\n\n"
             "{\"prompt\": \"x\", \"response_a\": \"\xc3\x89T\xc3\x89 'good' "
             "can\xe2\x80\x99t :-) 12\", \"response_b\": \"12 :-)\"}\n");
  make(&self, 1, with(by_lexicon(), ", \"held_out\": 0"));
  assert_int_equal(self.world.pairs->rows, 2);
  assert_near(numbers(&self, "score_a")[0], 1.5 / 5, 1e-15);
  assert_near(numbers(&self, "score_b")[0], 0, 0);
  assert_near(numbers(&self, "score_a")[1], 7.0 / 3, 1e-15);
  assert_near(numbers(&self, "score_b")[1], 0, 0);
  close_scene(&self);
}

/* The tokens that a prompt and a response come to, by hand: a byte is a token.
 * Returns their number; *answer: where the response starts. */
static size_t spell(const char *prompt, const char *response, bool end,
                    int32_t *token, size_t *answer) {
  const char *parts[] = {"\1user\n", prompt, "\2\n\1assistant\n", response,
                         end ? "\2" : ""};
  size_t count = 0;
  for (size_t part = 0; part < 5; part++) {
    if (part == 3) *answer = count;
    for (const char *position = parts[part]; *position != '\0'; position++)
      token[count++] = *position == 1      ? TINY_FILE_START
                       : *position == 2    ? TINY_FILE_END
                       : *position == '\n' ? TINY_FILE_LINE
                                           : TINY_FILE_BYTES + *position - ' ';
  }
  return count;
}

/* log P(response | prompt) of the tiny model, by a pass of its own. */
static double by_pass(const char *prompt, const char *response, bool end) {
  const llm_pass_options options = {.training = LLM_TRAIN_NOTHING};
  int32_t token[256];
  size_t ask[256], answer = 0, asked = 0;
  double found[256], sum = 0;
  heed_error error = {HEED_OK, ""};
  gguf_file *file = NULL;
  llm_model *weights = NULL;
  llm_crew *workers = NULL;
  llm_pass *pass = NULL;
  const size_t count = spell(prompt, response, end, token, &answer);
  for (size_t i = answer; i < count; i++) ask[asked++] = i;
  const llm_limits limits = {count, count, asked};
  const llm_batch batch = {.sequences = 1,
                           .length = &count,
                           .token = token,
                           .asked = asked,
                           .ask = ask};
  if (gguf_open(model, &file, &error) != HEED_OK ||
      llm_model_open(file, NULL, NULL, &weights, &error) != HEED_OK ||
      crew_open(1, &workers, &error) != HEED_OK ||
      llm_pass_open(weights, &options, &limits, workers, &pass, &error) !=
          HEED_OK ||
      llm_pass_forward(pass, NULL, &batch, found, &error) != HEED_OK)
    fail_msg("%s", error.message);
  for (size_t i = 0; i < asked; i++) sum += found[i];
  llm_pass_close(pass);
  crew_close(workers);
  llm_model_close(weights);
  gguf_close(file);
  return sum;
}

static void likelihood_is_the_mean_of_log_probabilities(void **state) {
  (void)state;
  scene self;
  double reward;
  write_text(prompts,
             "{\"prompt\": \"How?\", \"response_a\": \"So.\", "
             "\"response_b\": \"No\"}\n"
             "{\"prompt\": \"Why\", \"response_a\": \"\", "
             "\"response_b\": \"...\"}\n");
  make(&self, 1, with(LIKELIHOOD, ", \"held_out\": 0, \"tau\": 2"));
  const double *a = numbers(&self, "score_a"), *b = numbers(&self, "score_b");
  assert_near(a[0], by_pass("How?", "So.", true) / 4, 1e-5);
  assert_near(b[0], by_pass("How?", "No", true) / 3, 1e-5);
  assert_near(a[1], by_pass("Why", "", true), 1e-5);
  assert_near(b[1], by_pass("Why", "...", true) / 4, 1e-5);
  /* Cut off, it has no end; and a text of no token is as any token by chance.
   */
  const heed_response cut[] = {response_of(1, "...", true),
                               response_of(1, "", true)};
  assert_int_equal(self.functions->judge(self.source->self,
                                         &self.bench.host.host, &self.world, 1,
                                         &cut[0], &reward, &self.bench.error),
                   HEED_OK);
  assert_near(reward, by_pass("Why", "...", false) / 3 / 2, 1e-5);
  assert_int_equal(self.functions->judge(self.source->self,
                                         &self.bench.host.host, &self.world, 1,
                                         &cut[1], &reward, &self.bench.error),
                   HEED_OK);
  assert_near(reward, -log(TINY_FILE_TOKENS) / 2, 1e-12);
  close_scene(&self);
}

#define SCORED(a, b)                                                   \
  "{\"prompt\": \"x\", \"response_a\": \"x\", \"response_b\": \"y\", " \
  "\"score_a\": " a ", \"score_b\": " b "}\n"

static void a_log_says_scores_but_judges_no_text(void **state) {
  (void)state;
  scene self;
  double reward;
  const heed_response text = response_of(0, "x", false);
  write_text(prompts, SCORED("1", "0") SCORED("2.5", "2") SCORED("-1", "1"));
  make(&self, 1, with(LOG, ", \"held_out\": 0"));
  assert_near(numbers(&self, "score_a")[1], 2.5, 0);
  assert_near(numbers(&self, "score_b")[2], 1, 0);
  assert_near(self.bench.output[TOKENS], 0, 0);
  assert_int_equal(
      self.functions->judge(self.source->self, &self.bench.host.host,
                            &self.world, 1, &text, &reward, &self.bench.error),
      HEED_UNSUPPORTED);
  assert_int_equal(self.functions->second_judge(
                       self.source->self, &self.bench.host.host, &self.world, 1,
                       &text, &reward, &self.bench.error),
                   HEED_UNSUPPORTED);
  close_scene(&self);
}

/* ---- tau ---- */

/* Differences 1, 0.5, -2, 0: their mean is -0.125, and their variance
 * (1.125^2 + 0.625^2 + 1.875^2 + 0.125^2) / 3. */
static void without_mu_tau_is_the_spread_of_differences(void **state) {
  (void)state;
  scene self;
  write_text(prompts, SCORED("1", "0") SCORED("2.5", "2") SCORED("-1", "1")
                          SCORED("3", "3"));
  make(&self, 1, with(LOG, ", \"held_out\": 0"));
  const double tau = sqrt(5.1875 / 3);
  assert_near(self.bench.output[TAU], tau, 1e-14);
  assert_near(self.bench.output[BETTER], 2.5 / 4, 1e-15);
  assert_near(numbers(&self, "reward_a")[1], 2.5 / tau, 1e-14);
  assert_near(numbers(&self, "reward_b")[1], 2 / tau, 1e-14);
  assert_near(numbers(&self, "p")[0], sigmoid(1 / tau), 1e-14);
  assert_near(numbers(&self, "p")[3], 0.5, 0);
  assert_near(
      self.world.mu,
      (sigmoid(1 / tau) + sigmoid(0.5 / tau) + sigmoid(-2 / tau) + .5) / 4,
      1e-14);
  assert_true(isnan(self.world.mu_requested));
  close_scene(&self);
}

static void mu_is_hit(void **state) {
  (void)state;
  const double mus[] = {0.5, 0.5001, 0.6, 0.66, 0.69};
  write_text(prompts, SCORED("1", "0") SCORED("2.5", "2") SCORED("-1", "1")
                          SCORED("3", "3") SCORED("30", "2"));
  for (size_t i = 0; i < sizeof mus / sizeof *mus; i++) {
    char more[64];
    scene self;
    (void)snprintf(more, sizeof more, ", \"held_out\": 0, \"mu\": %g", mus[i]);
    make(&self, 1, with(LOG, more));
    assert_near(self.world.mu, mus[i], 1e-9);
    assert_near(self.world.mu_requested, mus[i], 0);
    assert_true(self.bench.output[TAU] > 0);
    close_scene(&self);
  }
}

static void says(scene *self, heed_status status, const char *more,
                 const char *words) {
  open_scene(self, 1);
  assert_int_equal(try_world(self, more), status);
  if (strstr(self->bench.error.message, words) == NULL)
    fail_msg("\"%s\" does not say \"%s\"", self->bench.error.message, words);
  close_scene(self);
}

static void a_mu_out_of_reach_is_an_error_that_says_what_can_be(void **state) {
  (void)state;
  scene self;
  write_text(prompts, SCORED("1", "0") SCORED("2.5", "2") SCORED("-1", "1")
                          SCORED("3", "3"));
  says(&self, HEED_INVALID, with(LOG, ", \"held_out\": 0, \"mu\": 0.7"),
       "mu = 0.7 cannot be reached: the judge prefers A's response in a "
       "share of 0.6250 of the 4 pairs (ties half)");
  write_text(prompts, SCORED("1", "1") SCORED("2", "2"));
  says(&self, HEED_INVALID, with(LOG, ", \"held_out\": 0, \"mu\": 0.7"),
       "more than 0.5000");
  says(&self, HEED_INVALID, with(LOG, ", \"held_out\": 0"),
       "judge: all 2 pairs have the same score difference");
}

static void a_second_judge_is_compared_with_the_first(void **state) {
  (void)state;
  scene self;
  write_text(lexicon, "x\t1\ny\t-1\nz\t-3\n");
  write_text(prompts,
             SCORED("1", "0") SCORED("1", "2")
                 "{\"prompt\": \"x\", \"response_a\": \"x\", \"response_b\": "
                 "\"z\", \"score_a\": 2, \"score_b\": 1}\n");
  char more[256];
  (void)snprintf(more, sizeof more, ", \"held_out\": 0, \"second_judge\": %s",
                 by_lexicon());
  make(&self, 1, with(LOG, more));
  /* Differences 2, 2, 4. */
  const double tau = sqrt(4.0 / 3);
  assert_near(numbers(&self, "second_score_b")[2], -3, 0);
  assert_near(self.bench.output[SECOND_TAU], tau, 1e-14);
  assert_near(self.bench.output[SECOND_MU],
              (2 * sigmoid(2 / tau) + sigmoid(4 / tau)) / 3, 1e-14);
  assert_near(self.bench.output[AGREE], 2.0 / 3, 1e-15);
  const heed_response text = response_of(0, "z", false);
  double reward;
  assert_int_equal(self.functions->second_judge(
                       self.source->self, &self.bench.host.host, &self.world, 1,
                       &text, &reward, &self.bench.error),
                   HEED_OK);
  assert_near(reward, -3 / tau, 1e-14);
  close_scene(&self);
}

/* ---- what is drawn ---- */

#define SOME_PROMPTS                                             \
  "{\"prompt\": \"How are you?\"}\n{\"prompt\": \"And now?\"}\n" \
  "{\"prompt\": \"Tell me.\"}\n{\"prompt\": \"Why?\"}\n"         \
  "{\"prompt\": \"Held out\"}\n{\"prompt\": \"Held out as well\"}\n"

static void write_prompts(void) {
  write_text(lexicon, "a\t1\nb\t-1\ne\t2\ni\t3\nt\t-2\n");
  write_text(prompts, SOME_PROMPTS);
}

static void assert_same_texts(const scene *one, const scene *other) {
  static const char *const names[] = {"text_a", "text_b"};
  assert_int_equal(one->world.pairs->rows, other->world.pairs->rows);
  for (size_t k = 0; k < 2; k++)
    for (size_t i = 0; i < one->world.pairs->rows; i++)
      assert_string_equal(texts(one->world.pairs, names[k])[i],
                          texts(other->world.pairs, names[k])[i]);
  for (size_t i = 0; i < one->world.prompts->rows; i++)
    assert_string_equal(texts(one->world.prompts, "response")[i],
                        texts(other->world.prompts, "response")[i]);
}

static void a_world_is_pairs_prompts_and_models(void **state) {
  (void)state;
  scene self;
  write_prompts();
  make(&self, 1, with(by_lexicon(), ", \"held_out\": 2, \"pairs\": 6"));
  const heed_table *pairs = self.world.pairs, *table = self.world.prompts;
  const int64_t *prompt = heed_table_data(pairs, "prompt", HEED_INT64);
  const int32_t *model_b = heed_table_data(pairs, "model_b", HEED_INT32);
  const int8_t *cut = heed_table_data(table, "cut", HEED_INT8);
  assert_int_equal(pairs->rows, 6);
  assert_int_equal(table->rows, 6);
  assert_int_equal(self.world.held_out, 2);
  assert_int_equal(self.world.candidates, 0);
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(prompt[i], i % 4);
    assert_int_equal(model_b[i], 1);
    assert_true(strlen(texts(pairs, "text_a")[i]) <= 12);
  }
  assert_string_equal(texts(self.world.models, "name")[1], "B");
  assert_string_equal(texts(table, "text")[4], "Held out");
  assert_string_equal(texts(table, "response")[3], "");
  for (size_t i = 4; i < 6; i++)
    assert_int_equal(cut[i], strlen(texts(table, "response")[i]) == 12);
  /* The first prompt's second pair is drawn anew. */
  assert_string_not_equal(texts(pairs, "text_a")[0], texts(pairs, "text_a")[4]);
  assert_true(self.bench.output[TOKENS] > 14);
  close_scene(&self);
}

static void texts_follow_from_the_seed(void **state) {
  (void)state;
  scene one, same, other;
  write_prompts();
  make(&one, 1, with(by_lexicon(), ", \"held_out\": 2"));
  make(&same, 1, with(by_lexicon(), ", \"held_out\": 2, \"together\": 3"));
  make(&other, 2, with(by_lexicon(), ", \"held_out\": 2"));
  assert_same_texts(&one, &same);
  assert_string_not_equal(texts(one.world.pairs, "text_a")[0],
                          texts(other.world.pairs, "text_a")[0]);
  assert_string_not_equal(texts(one.world.pairs, "text_a")[0],
                          texts(one.world.pairs, "text_b")[0]);
  close_scene(&one);
  close_scene(&same);
  close_scene(&other);
}

static void responses_that_are_given_are_not_drawn(void **state) {
  (void)state;
  scene self, excluded;
  write_prompts();
  make(&excluded, 1, with(by_lexicon(), ", \"held_out\": 2"));
  write_text(prompts,
             "{\"prompt\": \"How are you?\", \"response_a\": \"Fine\"}\n"
             "{\"prompt\": \"And now?\", \"response_b\": \"\"}\n"
             "{\"prompt\": \"Tell me.\", \"response_a\": null}\n"
             "{\"prompt\": \"Why?\"}\n"
             "{\"prompt\": \"Held out\"}\n"
             "{\"prompt\": \"Held out as well\"}\n");
  make(&self, 1, with(by_lexicon(), ", \"held_out\": 2"));
  const char *const *a = texts(self.world.pairs, "text_a");
  const char *const *b = texts(self.world.pairs, "text_b");
  const int8_t *cut = heed_table_data(self.world.pairs, "cut_a", HEED_INT8);
  assert_string_equal(a[0], "Fine");
  assert_int_equal(cut[0], 0);
  assert_string_equal(b[1], "");
  assert_string_equal(a[1], texts(excluded.world.pairs, "text_a")[1]);
  assert_string_equal(a[2], texts(excluded.world.pairs, "text_a")[2]);
  assert_string_equal(b[0], texts(excluded.world.pairs, "text_b")[0]);
  assert_true(self.bench.output[TOKENS] < excluded.bench.output[TOKENS]);
  close_scene(&self);
  close_scene(&excluded);
}

/* At temperature 0 nothing is drawn at random. */
static void an_adapter_or_a_system_text_makes_another_version(void **state) {
  static const char cold[] =
      ", \"held_out\": 2, \"tau\": 1, \"b\": {\"temperature\": 0%s}, \"a\": "
      "{\"model\": \"%s\", \"temperature\": 0}";
  const llm_adapter_shape shape = {LLM_EVERY_PROJECTION, 2, 8};
  char path[96], more[1024], change[3][192] = {""};
  heed_stream stream = stream_open(1, 0, "tiny", "adapter", 0);
  heed_error error;
  llm_model *weights = NULL;
  llm_adapter *adapter = NULL;
  (void)state;
  write_prompts();
  (void)snprintf(path, sizeof path, "%s/adapter.gguf", folder);
  assert_int_equal(llm_model_new(&tiny_file_shape, &weights, &error), HEED_OK);
  assert_int_equal(
      llm_adapter_new(&tiny_file_shape, &shape, &stream, &adapter, &error),
      HEED_OK);
  for (size_t i = 0; i < adapter->layout.count; i++)
    adapter->values[i] = (float)heed_normal(&stream);
  assert_int_equal(llm_adapter_save(adapter, weights, path, &error), HEED_OK);
  llm_adapter_close(adapter);
  llm_model_close(weights);
  (void)snprintf(change[1], sizeof change[1], ", \"adapter\": \"%s\"", path);
  (void)strcpy(change[2], ", \"system\": \"Shout!\"");
  for (size_t i = 0; i < 3; i++) {
    scene self;
    char parameters[2048];
    (void)snprintf(more, sizeof more, cold, change[i], model);
    (void)snprintf(parameters, sizeof parameters,
                   "{\"prompts\": \"%s\", \"max_tokens\": 12%s}", prompts,
                   with(by_lexicon(), more));
    open_scene(&self, 1);
    self.source = workbench_make(&self.bench, HEED_SOURCE, "llm", parameters);
    if (workbench_world(&self.bench, self.source, &self.world) != HEED_OK)
      fail_msg("%s", self.bench.error.message);
    size_t alike = 0;
    for (size_t pair = 0; pair < 4; pair++)
      alike += strcmp(texts(self.world.pairs, "text_a")[pair],
                      texts(self.world.pairs, "text_b")[pair]) == 0;
    assert_true(i == 0 ? alike == 4 : alike < 4);
    close_scene(&self);
  }
}

/* ---- judging and weighing other texts ---- */

/* Lexicons score a text by itself; a pass rounds with its company. */
static void pairs_are_judged_as_they_were(void **state) {
  (void)state;
  const char *judges[] = {by_lexicon(), LIKELIHOOD};
  const double tolerance[] = {0, 1e-4};
  write_prompts();
  for (size_t k = 0; k < 2; k++) {
    scene self;
    heed_response asked[4];
    double rewards[4], again[4];
    make(&self, 1,
         with(judges[k],
              ", \"held_out\": 2, \"b\": {\"temperature\":"
              " 2.5}"));
    const int8_t *cut = heed_table_data(self.world.pairs, "cut_a", HEED_INT8);
    for (size_t i = 0; i < 4; i++) {
      asked[i] =
          response_of(i, texts(self.world.pairs, "text_a")[i], cut[i] != 0);
      assert_near(numbers(&self, "p")[i],
                  sigmoid(numbers(&self, "reward_a")[i] -
                          numbers(&self, "reward_b")[i]),
                  1e-14);
    }
    assert_int_equal(self.functions->judge(
                         self.source->self, &self.bench.host.host, &self.world,
                         4, asked, rewards, &self.bench.error),
                     HEED_OK);
    for (size_t i = 0; i < 4; i++)
      assert_near(rewards[i], numbers(&self, "reward_a")[i], tolerance[k]);
    /* What a saved world brings back is its tables. */
    const heed_instance *other =
        instance(&self, with(judges[k],
                             ", \"held_out\": 2, \"b\": "
                             "{\"temperature\": 2.5}"));
    self.world.state = NULL;
    assert_int_equal(self.functions->restore(other->self, &self.bench.host.host,
                                             &self.world, &self.bench.error),
                     HEED_OK);
    assert_int_equal(
        self.functions->judge(other->self, &self.bench.host.host, &self.world,
                              4, asked, again, &self.bench.error),
        HEED_OK);
    assert_memory_equal(again, rewards, sizeof again);
    close_scene(&self);
  }
}

static void the_reference_is_the_model_at_temperature_1(void **state) {
  (void)state;
  const char *const contexts[] = {"", ", \"context\": 3"};
  const char *const reads[] = {"Held out", "out"};
  write_prompts();
  for (size_t k = 0; k < 2; k++) {
    char parameters[2048];
    double found[2];
    scene self;
    const heed_response asked[] = {response_of(4, "Oh, well", false),
                                   response_of(4, "Oh", true)};
    open_scene(&self, 1);
    (void)snprintf(parameters, sizeof parameters,
                   "{\"prompts\": \"%s\", \"a\": {\"model\": \"%s\", "
                   "\"temperature\": 0.3, \"top_k\": 2%s}, \"max_tokens\": "
                   "12%s}",
                   prompts, model, contexts[k],
                   with(by_lexicon(), ", \"held_out\": 2"));
    self.source = workbench_make(&self.bench, HEED_SOURCE, "llm", parameters);
    self.functions = self.source->plugin->functions;
    assert_int_equal(workbench_world(&self.bench, self.source, &self.world),
                     HEED_OK);
    assert_int_equal(self.functions->reference(
                         self.source->self, &self.bench.host.host, &self.world,
                         2, asked, found, &self.bench.error),
                     HEED_OK);
    assert_near(found[0], by_pass(reads[k], "Oh, well", true), 1e-4);
    assert_near(found[1], by_pass(reads[k], "Oh", false), 1e-4);
    close_scene(&self);
  }
}

static void a_text_to_no_prompt_is_refused(void **state) {
  (void)state;
  scene self;
  double found;
  heed_response asked = response_of(6, "x", false);
  write_prompts();
  make(&self, 1, with(by_lexicon(), ", \"held_out\": 2"));
  assert_int_equal(self.functions->reference(
                       self.source->self, &self.bench.host.host, &self.world, 1,
                       &asked, &found, &self.bench.error),
                   HEED_INVALID);
  asked = (heed_response){.prompt = 0, .candidate = 3};
  assert_int_equal(
      self.functions->judge(self.source->self, &self.bench.host.host,
                            &self.world, 1, &asked, &found, &self.bench.error),
      HEED_INVALID);
  close_scene(&self);
}

/* ---- going on after an end ---- */

/* 200 pairs are four lots a side. */
static void what_was_drawn_before_a_stop_is_not_drawn_again(void **state) {
  (void)state;
  const char *more = ", \"held_out\": 2, \"pairs\": 200, \"together\": 16";
  char path[96], line[1 << 16], command[256];
  scene whole, stopped, resumed;
  write_prompts();
  (void)snprintf(path, sizeof path, "%s/checkpoint", folder);
  make(&whole, 1, with(by_lexicon(), more));
  open_scene(&stopped, 1);
  stopped.bench.host.checkpoint = path;
  stopped.patience = whole.progressed / 2;
  assert_int_equal(try_world(&stopped, with(by_lexicon(), more)),
                   HEED_CANCELLED);
  close_scene(&stopped);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_non_null(fgets(line, sizeof line, file));
  assert_int_equal(fclose(file), 0);
  assert_non_null(strstr(line, "\"purpose\":\"reference\""));
  open_scene(&resumed, 1);
  resumed.bench.host.checkpoint = path;
  resumed.patience = SIZE_MAX;
  assert_int_equal(try_world(&resumed, with(by_lexicon(), more)), HEED_OK);
  assert_same_texts(&whole, &resumed);
  assert_near(resumed.bench.output[TOKENS], whole.bench.output[TOKENS], 0);
  assert_true(resumed.progressed < whole.progressed);
  close_scene(&resumed);
  close_scene(&whole);
  /* All of them are there now, and another line's text is taken at its word. */
  (void)snprintf(
      command, sizeof command,
      "sed -i '1s/\"text\":\\[\"[^\"]*\"/\"text\":[\"From the file\"/'"
      " %s",
      path);
  assert_int_equal(system(command), 0);
  open_scene(&resumed, 1);
  resumed.bench.host.checkpoint = path;
  assert_int_equal(try_world(&resumed, with(by_lexicon(), more)), HEED_OK);
  assert_string_equal(texts(resumed.world.prompts, "response")[4],
                      "From the file");
  /* Drawn before it stopped and after. */
  assert_true(resumed.bench.output[TOKENS] > 14);
  close_scene(&resumed);
}

static void a_checkpoint_that_cannot_be_written_is_a_warning(void **state) {
  (void)state;
  char path[96];
  scene self;
  write_prompts();
  (void)snprintf(path, sizeof path, "%s/no/such/folder", folder);
  open_scene(&self, 1);
  self.bench.host.checkpoint = path;
  assert_int_equal(try_world(&self, with(by_lexicon(), ", \"held_out\": 2")),
                   HEED_OK);
  assert_string_equal(self.bench.warned, "checkpoint");
  close_scene(&self);
}

/* ---- what is refused ---- */

static void parameters_that_do_not_fit_are_refused(void **state) {
  (void)state;
  scene self;
  write_prompts();
  says(&self, HEED_INVALID, with(LIKELIHOOD, ", \"mu\": 0.7, \"tau\": 2"),
       "tau: found 2, expected \"spread\": tau is fitted when mu (0.7) is "
       "given");
  says(&self, HEED_INVALID, with("{\"kind\": \"lexicon\"}", ""),
       "judge.lexicon: missing, expected the path of a lexicon");
  says(&self, HEED_INVALID,
       with(LOG, ", \"second_judge\": {\"kind\": \"lexicon\"}"),
       "second_judge.lexicon: missing");
  says(&self, HEED_INVALID, with(LOG, ", \"second_judge\": " LOG),
       "second_judge.kind: found \"log\", expected another");
  says(&self, HEED_INVALID, with(LIKELIHOOD, ""),
       "prompts.jsonl: found 6 prompts, expected more than held_out = 100");
  says(&self, HEED_INVALID, ", \"held_out\": 2", "judge: is missing");
}

static void bad_prompts_are_named_by_line(void **state) {
  static const struct {
    const char *line, *words;
  } bad[] = {
      {"[1]", "prompts.jsonl:2: found a list, expected an object"},
      {"{\"prompt\": ", "prompts.jsonl:2: found "},
      {"{\"promt\": \"x\"}",
       "found no prompt, expected an object with a string"},
      {"{\"prompt\": \"\"}",
       "found an empty prompt, expected an object with a"},
      {"{\"prompt\": 3}", "\"prompt\": found a number, expected a string"},
      {"{\"prompt\": \"x\", \"response_b\": []}",
       "\"response_b\": found a list, expected a string"},
      {"{\"prompt\": \"x\", \"score_a\": \"1\"}",
       "\"score_a\": found a string, expected a number"},
      {"{\"prompt\": \"x\", \"prompt\": \"y\"}", "prompts.jsonl:2: found dupl"},
      {"{\"prompt\": \"\xff\"}", "prompts.jsonl:2: found "},
  };
  (void)state;
  write_prompts();
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char text[256];
    scene self;
    (void)snprintf(text, sizeof text, "{\"prompt\": \"x\"}\n%s\n", bad[i].line);
    write_text(prompts, text);
    says(&self, HEED_INVALID, with(by_lexicon(), ", \"held_out\": 0"),
         bad[i].words);
  }
}

static void a_log_judge_needs_responses_and_scores(void **state) {
  static const char *const left_out[][2] = {
      {"\"response_b\": \"y\"", "prompts.jsonl:2: missing \"response_a\""},
      {"\"response_a\": \"y\"", "prompts.jsonl:2: missing \"response_b\""},
      {"\"response_a\": \"y\", \"response_b\": \"y\", \"score_b\": 1",
       "prompts.jsonl:2: missing \"score_a\""},
      {"\"response_a\": \"y\", \"response_b\": \"y\", \"score_a\": 1",
       "prompts.jsonl:2: missing \"score_b\""}};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    char text[512];
    scene self;
    (void)snprintf(text, sizeof text,
                   SCORED("1", "2") "{\"prompt\": \"x\", %s}\n"
                                    "{\"prompt\": \"held out\"}\n",
                   left_out[i][0]);
    write_text(prompts, text);
    says(&self, HEED_INVALID, with(LOG, ", \"held_out\": 1"), left_out[i][1]);
  }
}

static void bad_lexicons_are_named_by_line(void **state) {
  static const char *const bad[][2] = {
      {"good\t1\nbad -1\n",
       "lexicon.txt:2: found \"bad -1\", expected WORD<TAB>SCORE"},
      {"good\t1\n\n\t3\n", "lexicon.txt:3: found"},
      {"good\tone\n", "lexicon.txt:1: found the score \"one\", expected a"},
      {"good\t1 2\n", "lexicon.txt:1: found the score \"1 2\", expected a"},
      {"good\tinf\n", "lexicon.txt:1: found the score \"inf\", expected a"},
      {"good\t1\n\xff\t1\n", "lexicon.txt:2: found bytes that are not UTF-8"},
      {"# nothing\n", "lexicon.txt: found no word"}};
  (void)state;
  write_prompts();
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    scene self;
    write_text(lexicon, bad[i][0]);
    says(&self, HEED_INVALID, with(by_lexicon(), ", \"held_out\": 2"),
         bad[i][1]);
  }
}

static void what_is_no_model_is_named(void **state) {
  (void)state;
  char more[256];
  scene self;
  write_prompts();
  (void)snprintf(more, sizeof more,
                 ", \"held_out\": 2, \"b\": {\"model\": \"%s\"}", lexicon);
  says(&self, HEED_INVALID, with(by_lexicon(), more), "lexicon.txt");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lexicon_scores_are_means_over_words),
      cmocka_unit_test(likelihood_is_the_mean_of_log_probabilities),
      cmocka_unit_test(a_log_says_scores_but_judges_no_text),
      cmocka_unit_test(without_mu_tau_is_the_spread_of_differences),
      cmocka_unit_test(mu_is_hit),
      cmocka_unit_test(a_mu_out_of_reach_is_an_error_that_says_what_can_be),
      cmocka_unit_test(a_second_judge_is_compared_with_the_first),
      cmocka_unit_test(a_world_is_pairs_prompts_and_models),
      cmocka_unit_test(texts_follow_from_the_seed),
      cmocka_unit_test(responses_that_are_given_are_not_drawn),
      cmocka_unit_test(an_adapter_or_a_system_text_makes_another_version),
      cmocka_unit_test(pairs_are_judged_as_they_were),
      cmocka_unit_test(the_reference_is_the_model_at_temperature_1),
      cmocka_unit_test(a_text_to_no_prompt_is_refused),
      cmocka_unit_test(what_was_drawn_before_a_stop_is_not_drawn_again),
      cmocka_unit_test(a_checkpoint_that_cannot_be_written_is_a_warning),
      cmocka_unit_test(parameters_that_do_not_fit_are_refused),
      cmocka_unit_test(bad_prompts_are_named_by_line),
      cmocka_unit_test(a_log_judge_needs_responses_and_scores),
      cmocka_unit_test(bad_lexicons_are_named_by_line),
      cmocka_unit_test(what_is_no_model_is_named),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
