/* SPDX-License-Identifier: GPL-3.0-or-later
 * Large logs for tests/bench/log.sh and tests/bench/annotations.sh.
 *   bench_log csv ROWS FILE      a log in CSV: each pair is annotated once, a
 *                                user has 20 annotations on average
 *   bench_log crowd ROWS FILE    the same, a user after the other has 100, and
 *                                choices that a fit can learn from
 *   bench_log packed ROWS FILE   a packed log of users and classes, written
 *                                without a log
 *   bench_log count FILE         streams a packed log and counts its choices */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "sources/log/packed_read.h"
#include "sources/log/packed_write.h"
#include "sources/log/settings.h"

#define MODELS 50
#define CLASSES (MODELS * (MODELS - 1) / 2 * 3)
#define PER_USER 20

static heed_error error;

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "bench_log: %s\n", what);
  exit(EXIT_FAILURE);
}

static void need(heed_status status) {
  if (status != HEED_OK) fail(error.message);
}

/* SplitMix64. */
static uint64_t draw(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

/* limit: below 2^32. */
static uint64_t below(uint64_t *state, uint64_t limit) {
  return (draw(state) >> 32) * limit >> 32;
}

static void write_csv(uint64_t rows, const char *path) {
  FILE *out = fopen(path, "w");
  uint64_t state = 1;
  const uint64_t users = rows / PER_USER + 1;
  if (out == NULL) fail("cannot create the log");
  fputs("user,pair,choice,model_a,model_b\n", out);
  for (uint64_t i = 0; i < rows; i++) {
    const uint64_t a = below(&state, MODELS);
    const uint64_t b = (a + 1 + below(&state, MODELS - 1)) % MODELS;
    fprintf(out, "u%" PRIu64 ",p%" PRIu64 ",%c,m%" PRIu64 ",m%" PRIu64 "\n",
            below(&state, users), i, "AB"[draw(&state) & 1], a, b);
  }
  if (fclose(out) != 0) fail("cannot write the log");
}

/* Users attend to .9 or .1 of their pairs, and choose by the strengths of 20
 * models then, else by a coin. */
static void write_crowd(uint64_t rows, const char *path) {
  enum { CROWD_MODELS = 20, CROWD_PER_USER = 100 };
  FILE *out = fopen(path, "w");
  uint64_t state = 1, attends = 0;
  if (out == NULL) fail("cannot create the log");
  fputs("user,pair,choice,model_a,model_b\n", out);
  for (uint64_t i = 0; i < rows; i++) {
    if (i % CROWD_PER_USER == 0) attends = below(&state, 10) < 6 ? 900 : 100;
    const uint64_t a = below(&state, CROWD_MODELS);
    const uint64_t b = (a + 1 + below(&state, CROWD_MODELS - 1)) % CROWD_MODELS;
    const double difference = 6 * ((double)a - (double)b) / (CROWD_MODELS - 1);
    const double better =
        below(&state, 1000) < attends ? 1 / (1 + exp(-difference)) : 0.5;
    const bool chosen = (double)below(&state, 1u << 30) < better * (1u << 30);
    fprintf(out, "u%" PRIu64 ",p%" PRIu64 ",%c,m%" PRIu64 ",m%" PRIu64 "\n",
            i / CROWD_PER_USER, i, "BA"[chosen], a, b);
  }
  if (fclose(out) != 0) fail("cannot write the log");
}

/* ---- packed ---- */

static void put_facts(packed_writer *out, uint64_t rows, uint64_t users) {
  int64_t facts[FACT_COUNT] = {0};
  facts[FACT_ANNOTATIONS] = (int64_t)rows;
  facts[FACT_USERS] = (int64_t)users;
  facts[FACT_MODELS] = MODELS;
  facts[FACT_CLASSES] = CLASSES;
  facts[FACT_ROWS] = (int64_t)rows;
  facts[FACT_DROPPED] = 1 << DROP_PAIR | 1 << DROP_ROW;
  need(packed_begin_integers(out, PACKED_FACTS, 0, INT64_MIN, INT64_MAX));
  for (size_t i = 0; i < FACT_COUNT; i++)
    need(packed_put_integer(out, facts[i]));
  need(packed_end(out));
}

/* A class: a pair of models, and B, A or a tie. */
static void put_classes(packed_writer *out) {
  static const packed_id ids[] = {PACKED_CLASS_MODEL_A, PACKED_CLASS_MODEL_B,
                                  PACKED_CLASS_CHOICE, PACKED_CLASS_LEFT};
  for (size_t k = 0; k < 4; k++) {
    need(packed_begin_integers(out, ids[k], 0, 0, MODELS - 1));
    for (int64_t a = 0; a < MODELS; a++)
      for (int64_t b = a + 1; b < MODELS; b++)
        for (int64_t choice = 0; choice < 3; choice++) {
          const int64_t values[] = {a, b, choice, 1};
          need(packed_put_integer(out, values[k]));
        }
    need(packed_end(out));
  }
}

static void put_names(packed_writer *out, packed_id id, char letter,
                      uint64_t count) {
  char name[32];
  need(packed_begin(out, id, 0, PACKED_NAMES));
  for (uint64_t i = 0; i < count; i++) {
    (void)snprintf(name, sizeof name, "%c%" PRIu64, letter, i);
    need(packed_put_name(out, name));
  }
  need(packed_end(out));
}

/* What the columns were called; there were no others. */
static void put_columns(packed_writer *out) {
  need(packed_begin(out, PACKED_COLUMNS, 0, PACKED_NAMES));
  for (int i = 0; i < COLUMN_COUNT; i++)
    need(packed_put_name(out, i == USER          ? "user"
                              : i == CHOICE      ? "choice"
                              : i == LEFT_MODEL  ? "model_a"
                              : i == RIGHT_MODEL ? "model_b"
                                                 : ""));
  need(packed_end(out));
  need(packed_write_names(out, PACKED_DIFFERENCES, 0, NULL));
  need(packed_write_names(out, PACKED_COVARIATES, 0, NULL));
  need(packed_write_names(out, PACKED_FILES, 1, &(const char *){"bench_log"}));
}

static void put_first(packed_writer *out, uint64_t rows, uint64_t users) {
  need(packed_begin_integers(out, PACKED_FILE_FIRST, 0, 0, (int64_t)rows));
  need(packed_put_integer(out, 0));
  need(packed_put_integer(out, (int64_t)rows));
  need(packed_end(out));
  need(packed_begin_integers(out, PACKED_FIRST, 0, 0, (int64_t)rows));
  for (uint64_t j = 0; j < users; j++)
    need(packed_put_integer(out, (int64_t)(j * PER_USER)));
  need(packed_put_integer(out, (int64_t)rows));
  need(packed_end(out));
}

static void write_packed(uint64_t rows, const char *path) {
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  const uint64_t users = (rows + PER_USER - 1) / PER_USER;
  packed_writer out;
  uint64_t state = 1;
  if (file < 0) fail("cannot create the packed log");
  need(packed_writer_open(&out, file, &error));
  put_facts(&out, rows, users);
  put_columns(&out);
  put_names(&out, PACKED_MODELS, 'm', MODELS);
  put_classes(&out);
  put_names(&out, PACKED_USERS, 'u', users);
  put_first(&out, rows, users);
  need(packed_begin_integers(&out, PACKED_CLASS, 0, 0, CLASSES - 1));
  for (uint64_t i = 0; i < rows; i++)
    need(packed_put_integer(&out, (int64_t)below(&state, CLASSES)));
  need(packed_end(&out));
  need(packed_finish(&out));
  packed_writer_close(&out);
  if (close(file) != 0) fail("cannot write the packed log");
}

/* ---- counting ---- */

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void count(const char *path) {
  const double start = now();
  struct rusage used;
  packed_file in;
  packed_stream stream;
  int64_t choices[3] = {0}, total = 0;
  int64_t *choice;
  packed_cursor cursor;
  bool any = true;
  need(packed_open(&in, path, &error));
  const size_t classes = (size_t)in.facts[FACT_CLASSES];
  choice = calloc(classes + 1, sizeof *choice);
  if (choice == NULL) fail("out of memory");
  need(packed_cursor_open(&cursor, &in, PACKED_CLASS_CHOICE, 0, classes, 0, 2));
  need(packed_next_integers(&cursor, choice, classes));
  packed_cursor_close(&cursor);
  need(packed_stream_open(&stream, &in));
  for (need(packed_next_user(&stream, &any)); any;
       need(packed_next_user(&stream, &any))) {
    for (size_t i = 0; i < stream.count; i++)
      choices[choice[stream.class_of[i]]]++;
    total += (int64_t)stream.count;
  }
  packed_stream_close(&stream);
  packed_close(&in);
  free(choice);
  (void)getrusage(RUSAGE_SELF, &used);
  printf("%" PRId64 " annotations, %" PRId64 " A, %" PRId64 " B, %" PRId64
         " ties: %.2f s, %.1f MB\n",
         total, choices[1], choices[0], choices[2], now() - start,
         (double)used.ru_maxrss / 1024);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "count") == 0)
    count(argv[2]);
  else if (argc == 4 && strcmp(argv[1], "csv") == 0)
    write_csv(strtoull(argv[2], NULL, 10), argv[3]);
  else if (argc == 4 && strcmp(argv[1], "crowd") == 0)
    write_crowd(strtoull(argv[2], NULL, 10), argv[3]);
  else if (argc == 4 && strcmp(argv[1], "packed") == 0)
    write_packed(strtoull(argv[2], NULL, 10), argv[3]);
  else
    fail(
        "found other words, expected csv|crowd|packed ROWS FILE or count FILE");
  return EXIT_SUCCESS;
}
