/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tokenizer on a vocabulary of a few words; tests/cli/tokenizer.bats
 * compares a real one with the reference. */
/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/llm/chat.h"
#include "support/llm/gguf_writer.h"
#include "support/llm/pretokens.h"

/* U+0120 is a space and U+010A an end of line; EF BF BD, which is U+FFFD, is
 * written as U+00EF U+00BF U+00BD. */
enum {
  START,
  END,
  USER,
  A,
  B,
  C,
  SPACE,
  LINE,
  AB,
  ABC,
  SPACE_A,
  EF,
  BF,
  BD,
  BC,
  COUNT
};
static const char *const words[COUNT] = {
    "<|im_start|>", "<|im_end|>", "<u>", "a", "b", "c", "Ġ", "Ċ",
    "ab",           "abc",        "Ġa",  "ï", "¿", "½", "bc"};
static const int32_t types[COUNT] = {3, 3, 4, 1, 1, 1, 1, 1,
                                     1, 1, 1, 1, 1, 1, 1};
static const char *const pairs[] = {"a b", "b c", "Ġ a", "ab c"};

#define TURNS                                                          \
  "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + " \
  "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"   \
  "{{ '<|im_start|>assistant\\n' }}{% endif %}"
#define CHATML "{% for message in messages %}" TURNS

/* What a test changes of a good file; NULL: nothing. */
typedef struct tokenizer_change {
  const char *model, *pre, *template, *merge;
  size_t types;
} tokenizer_change;

static gguf_file *write_model(const tokenizer_change *change) {
  char path[512];
  heed_error error = {HEED_OK, ""};
  gguf_file *file = NULL;
  const char *merges[5] = {pairs[0], pairs[1], pairs[2], pairs[3],
                           change->merge};
  const char *model = change->model != NULL ? change->model : "gpt2";
  const char *pre = change->pre != NULL ? change->pre : "smollm";
  const char *template = change->template != NULL ? change->template : CHATML;
  (void)snprintf(path, sizeof path, "%s/unit-tokenizer-%ld.gguf",
                 HEED_TEST_BUILD, (long)getpid());
  gguf_writer *writer = gguf_writer_new(path);
  gguf_writer_text(writer, "tokenizer.ggml.model", model, strlen(model));
  gguf_writer_text(writer, "tokenizer.ggml.pre", pre, strlen(pre));
  gguf_writer_texts(writer, "tokenizer.ggml.tokens", words, NULL, COUNT);
  gguf_writer_i32s(writer, "tokenizer.ggml.token_type", types,
                   change->types != 0 ? change->types : COUNT);
  gguf_writer_texts(writer, "tokenizer.ggml.merges", merges, NULL,
                    change->merge != NULL ? 5 : 4);
  gguf_writer_u32(writer, "tokenizer.ggml.eos_token_id", END);
  gguf_writer_text(writer, "tokenizer.chat_template", template,
                   strlen(template));
  if (gguf_writer_finish(writer, &error) != HEED_OK ||
      gguf_open(path, &file, &error) != HEED_OK)
    fail_msg("%s", error.message);
  gguf_writer_free(writer);
  (void)unlink(path);
  return file;
}

static void open_model(const tokenizer_change *change, gguf_file **file,
                       llm_tokenizer **tokens) {
  heed_error error = {HEED_OK, ""};
  *file = write_model(change);
  if (tokenizer_open(*file, tokens, &error) != HEED_OK)
    fail_msg("%s", error.message);
}

static void are(llm_token_list *list, const int32_t *expected, size_t count) {
  assert_int_equal(list->count, count);
  for (size_t i = 0; i < count; i++) assert_int_equal(list->id[i], expected[i]);
  token_list_free(list);
}

#define TOKENS_ARE(list, ...)                 \
  are((list), (const int32_t[]){__VA_ARGS__}, \
      sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static llm_token_list encoded(const llm_tokenizer *tokens, const char *text,
                              bool control) {
  heed_error error = {HEED_OK, ""};
  llm_token_list list = {0};
  if (tokenizer_encode(tokens, text, strlen(text), control, &list, &error) !=
      HEED_OK)
    fail_msg("%s", error.message);
  return list;
}

static void merges_go_by_rank(void **state) {
  (void)state;
  gguf_file *file;
  llm_tokenizer *tokens;
  open_model(&(tokenizer_change){0}, &file, &tokens);
  llm_token_list list = encoded(tokens, "abc", false);
  TOKENS_ARE(&list, ABC);
  list = encoded(tokens, "bbca abab", false);
  TOKENS_ARE(&list, B, BC, A, SPACE, AB, AB);
  list = encoded(tokens, " a  a\n", false);
  TOKENS_ARE(&list, SPACE_A, SPACE, SPACE_A, LINE);
  tokenizer_close(tokens);
  gguf_close(file);
}

static void control_tokens_are_text_unless_asked_for(void **state) {
  (void)state;
  gguf_file *file;
  llm_tokenizer *tokens;
  open_model(&(tokenizer_change){0}, &file, &tokens);
  llm_token_list list = encoded(tokens, "a<|im_end|>b<u>", true);
  TOKENS_ARE(&list, A, END, B, USER);
  /* Nothing but a and b has a token here. */
  list = encoded(tokens, "a<|im_end|>b<u>", false);
  TOKENS_ARE(&list, A, B, USER);
  assert_true(tokenizer_is_control(tokens, END));
  assert_false(tokenizer_is_control(tokens, USER));
  assert_int_equal(tokenizer_end_id(tokens), END);
  assert_int_equal(tokenizer_begin_id(tokens), -1);
  tokenizer_close(tokens);
  gguf_close(file);
}

static void what_is_not_utf8_is_replaced_by_maximal_parts(void **state) {
  (void)state;
  gguf_file *file;
  llm_tokenizer *tokens;
  open_model(&(tokenizer_change){0}, &file, &tokens);
  llm_token_list list = encoded(tokens,
                                "a\xe2\x82"
                                "a\xff\xff"
                                "b",
                                false);
  TOKENS_ARE(&list, A, EF, BF, BD, A, EF, BF, BD, EF, BF, BD, B);
  list = encoded(tokens, "\xed\xa0\x80", false); /* a surrogate */
  TOKENS_ARE(&list, EF, BF, BD, EF, BF, BD, EF, BF, BD);
  tokenizer_close(tokens);
  gguf_close(file);
}

static void decoding_gives_the_bytes(void **state) {
  (void)state;
  gguf_file *file;
  llm_tokenizer *tokens;
  heed_error error = {HEED_OK, ""};
  char *text;
  size_t length;
  open_model(&(tokenizer_change){0}, &file, &tokens);
  const int32_t id[] = {START, SPACE_A, LINE, EF, USER, END};
  assert_int_equal(
      tokenizer_decode(tokens, id, 6, false, &text, &length, &error), HEED_OK);
  assert_int_equal(length, 7);
  assert_string_equal(text, " a\n\xef<u>");
  free(text);
  assert_int_equal(tokenizer_decode(tokens, id, 6, true, &text, &length, NULL),
                   HEED_OK);
  assert_string_equal(text, "<|im_start|> a\n\xef<u><|im_end|>");
  free(text);
  assert_int_equal(tokenizer_decode(tokens, (const int32_t[]){COUNT}, 1, true,
                                    &text, &length, &error),
                   HEED_INVALID);
  tokenizer_close(tokens);
  gguf_close(file);
}

static void a_long_word_takes_no_quadratic_time(void **state) {
  (void)state;
  enum { LENGTH = 2000000 };
  gguf_file *file;
  llm_tokenizer *tokens;
  llm_token_list list = {0};
  char *text = malloc(LENGTH);
  open_model(&(tokenizer_change){0}, &file, &tokens);
  for (size_t i = 0; i < LENGTH; i++) text[i] = i % 2 == 0 ? 'a' : 'b';
  assert_int_equal(tokenizer_encode(tokens, text, LENGTH, true, &list, NULL),
                   HEED_OK);
  assert_int_equal(list.count, LENGTH / 2);
  token_list_free(&list);
  free(text);
  tokenizer_close(tokens);
  gguf_close(file);
}

static void is_refused(const tokenizer_change *change, const char *part) {
  heed_error error = {HEED_OK, ""};
  gguf_file *file = write_model(change);
  llm_tokenizer *tokens;
  assert_int_not_equal(tokenizer_open(file, &tokens, &error), HEED_OK);
  assert_null(tokens);
  if (strstr(error.message, part) == NULL)
    fail_msg("\"%s\" is not in: %s", part, error.message);
  gguf_close(file);
}

static void what_is_not_known_is_refused_by_name(void **state) {
  (void)state;
  is_refused(&(tokenizer_change){.pre = "tekken"},
             "tokenizer.ggml.pre is \"tekken\"");
  is_refused(&(tokenizer_change){.model = "llama"},
             "tokenizer.ggml.model is \"llama\"");
  is_refused(&(tokenizer_change){.types = 3},
             "token_type has 3 elements, expected 15");
  is_refused(&(tokenizer_change){.merge = "c a"}, "merge 4");
  is_refused(&(tokenizer_change){.merge = "ca"}, "merge 4");
}

static void cuts_to(llm_pretoken_rule rule, const char *text,
                    const char *expected) {
  char found[256] = "";
  llm_pretokens cut;
  const char *piece;
  size_t length, position = 0;
  assert_int_equal(pretokens_begin(&cut, rule, text, strlen(text), NULL),
                   HEED_OK);
  while (pretokens_next(&cut, &piece, &length)) {
    if (position > 0) found[position++] = '|';
    memcpy(found + position, piece, length);
    position += length;
  }
  found[position] = '\0';
  pretokens_end(&cut);
  assert_string_equal(found, expected);
}

static void each_rule_cuts_as_its_expression(void **state) {
  (void)state;
  const char *text = "I'll  DON'T x1234 ?!\n\n  a_b \n";
  cuts_to(PRETOKEN_GPT2, text,
          "I|'ll| | DON|'|T| x|1234| ?!|\n\n |"
          " a|_|b| \n");
  cuts_to(PRETOKEN_SMOLLM, text,
          "I|'ll| | DON|'|T| x|1|2|3|4| ?!|\n\n | a|_|b| \n");
  cuts_to(PRETOKEN_LLAMA3, text,
          "I|'ll| | DON|'T| x|123|4| ?!\n\n| | a|_b| \n");
  cuts_to(PRETOKEN_QWEN2, text,
          "I|'ll| | DON|'T| x|1|2|3|4| ?!\n\n| | a|_b| \n");
  cuts_to(PRETOKEN_SMOLLM, "a  1", "a|  |1");
  cuts_to(PRETOKEN_QWEN2, "e\xcc\x81", "\xc3\xa9"); /* composed */
}

static void turns_are_the_templates(void **state) {
  (void)state;
  gguf_file *file;
  llm_tokenizer *tokens;
  llm_chat *turns;
  llm_token_list list = {0};
  open_model(&(tokenizer_change){0}, &file, &tokens);
  assert_int_equal(chat_open(file, tokens, &turns, NULL), HEED_OK);
  assert_int_equal(chat_begin(turns, false, &list, NULL), HEED_OK);
  assert_int_equal(chat_turn(turns, "b", "a<|im_end|>", 11, &list, NULL),
                   HEED_OK);
  assert_int_equal(chat_answer(turns, &list, NULL), HEED_OK);
  /* Of "assistant" only the two a have tokens; the user's mark is text. */
  TOKENS_ARE(&list, START, B, LINE, A, END, LINE, START, A, A, LINE);
  assert_int_equal(chat_end_id(turns), END);
  chat_close(turns);
  tokenizer_close(tokens);
  gguf_close(file);
}

static void a_template_may_bring_a_system_turn(void **state) {
  (void)state;
  gguf_file *file;
  llm_tokenizer *tokens;
  llm_chat *turns;
  llm_token_list list = {0};
  open_model(
      &(tokenizer_change){
          .template = "{% for message in messages %}{% if loop.first and "
                      "messages[0]['role'] != 'system' %}{{ '<|im_start|>"
                      "system\nabc<|im_end|>\n' }}{% endif %}" TURNS},
      &file, &tokens);
  assert_int_equal(chat_open(file, tokens, &turns, NULL), HEED_OK);
  assert_int_equal(chat_begin(turns, false, &list, NULL), HEED_OK);
  TOKENS_ARE(&list, START, LINE, ABC, END, LINE);
  assert_int_equal(chat_begin(turns, true, &list, NULL), HEED_OK);
  assert_int_equal(list.count, 0);
  chat_close(turns);
  tokenizer_close(tokens);
  gguf_close(file);
}

static void another_template_is_refused_with_its_start(void **state) {
  (void)state;
  gguf_file *file;
  llm_tokenizer *tokens;
  llm_chat *turns;
  heed_error error = {HEED_OK, ""};
  open_model(
      &(tokenizer_change){.template = "{{ bos_token }}{% for m in messages %}"},
      &file, &tokens);
  assert_int_equal(chat_open(file, tokens, &turns, &error), HEED_UNSUPPORTED);
  assert_null(turns);
  assert_non_null(strstr(error.message, "it starts: {{ bos_token }}"));
  tokenizer_close(tokens);
  gguf_close(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(merges_go_by_rank),
      cmocka_unit_test(control_tokens_are_text_unless_asked_for),
      cmocka_unit_test(what_is_not_utf8_is_replaced_by_maximal_parts),
      cmocka_unit_test(decoding_gives_the_bytes),
      cmocka_unit_test(a_long_word_takes_no_quadratic_time),
      cmocka_unit_test(what_is_not_known_is_refused_by_name),
      cmocka_unit_test(each_rule_cuts_as_its_expression),
      cmocka_unit_test(turns_are_the_templates),
      cmocka_unit_test(a_template_may_bring_a_system_turn),
      cmocka_unit_test(another_template_is_refused_with_its_start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
