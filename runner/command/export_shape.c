/* SPDX-License-Identifier: GPL-3.0-or-later
 * The shapes of an exported example.
 *
 *   trl           {"prompt": TEXT, "chosen": TEXT, "rejected": TEXT}
 *   messages      the same with lists of messages
 *   kto           {"prompt": …, "completion": …, "label": true or false}
 *                 TRL, docs/source/dataset_formats.md: "preference" and
 *                 "unpaired preference", standard and conversational
 *   llamafactory  {"conversations": [{"from": "human", "value": TEXT}, …],
 *                  "chosen": {"from": "gpt", "value": TEXT}, "rejected": …}
 *                 LLaMA-Factory, data/README.md, "Sharegpt Format", "Preference
 *                 Dataset"; src/llamafactory/data/converter.py skips examples
 *                 whose turns do not alternate
 *   axolotl       {"messages": [{"role": "user", "content": TEXT}, …],
 *                  "chosen": {"role": "assistant", "content": TEXT}, …}
 *                 axolotl, docs/rlhf.qmd, "chat_template.default", and
 *                 src/axolotl/prompt_strategies/dpo/chat_template.py
 */
#include "export_shape.h"

#include <string.h>

const char *const shape_names[SHAPE_COUNT + 1] = {
    [SHAPE_TRL] = "trl",         [SHAPE_MESSAGES] = "messages",
    [SHAPE_KTO] = "kto",         [SHAPE_LLAMAFACTORY] = "llamafactory",
    [SHAPE_AXOLOTL] = "axolotl", NULL};

const char *const fault_names[FAULT_COUNT] = {
    [FAULT_RESPONSE] = "without a known response",
    [FAULT_PROMPT] = "without a known prompt",
    [FAULT_EQUAL] = "whose two responses are equal",
    [FAULT_UNDECIDED] = "whose two responses are equally likely to be better",
    [FAULT_LONG] = "with a response of several messages",
    [FAULT_ROLE] = "with a role that the format lacks",
    [FAULT_TURNS] = "whose messages do not alternate"};

/* The role of this name in the shape; NULL: it has none. */
static const char *role_in(export_shape shape, const char *role) {
  static const char *const roles[][3] = {
      /* heed's, LLaMA-Factory's, axolotl's */
      {"system", "system", "system"},
      {"user", "human", "user"},
      {"assistant", "gpt", "assistant"},
      {"tool", "observation", "tool"}};
  if (shape != SHAPE_LLAMAFACTORY && shape != SHAPE_AXOLOTL) return role;
  for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
    if (strcmp(roles[i][0], role) == 0)
      return roles[i][shape == SHAPE_LLAMAFACTORY ? 1 : 2];
  return NULL;
}

/* ---- what is left out ---- */

static bool has_unknown_role(export_shape shape, const export_talk *talk) {
  for (size_t i = 0; i < talk->count; i++)
    if (role_in(shape, talk->messages[i].role) == NULL) return true;
  return false;
}

static bool is_from(const export_message *message, const char *role) {
  return strcmp(message->role, role) == 0;
}

/* A system prompt may come first; then user and assistant take turns, and the
 * user has the last word. */
static bool alternates(const export_talk *prompt) {
  const size_t first =
      prompt->count > 0 && is_from(&prompt->messages[0], "system") ? 1 : 0;
  for (size_t i = first; i < prompt->count; i++) {
    const export_message *message = &prompt->messages[i];
    const bool is_answer = is_from(message, "assistant");
    if (is_from(message, "system") || is_answer != ((i - first) % 2 == 1))
      return false;
  }
  return (prompt->count - first) % 2 == 1;
}

/* What LLaMA-Factory and axolotl cannot read, or read in part. */
static export_fault narrow_fault(export_shape shape,
                                 const export_example *example) {
  if (example->chosen.count > 1 || example->rejected.count > 1)
    return FAULT_LONG;
  if (has_unknown_role(shape, &example->prompt) ||
      !is_from(&example->chosen.messages[0], "assistant") ||
      !is_from(&example->rejected.messages[0], "assistant"))
    return FAULT_ROLE;
  return shape == SHAPE_LLAMAFACTORY && !alternates(&example->prompt)
             ? FAULT_TURNS
             : FAULT_NONE;
}

export_fault shape_fault(export_shape shape, const export_example *example) {
  if (talk_is_unknown(&example->chosen) || talk_is_unknown(&example->rejected))
    return FAULT_RESPONSE;
  if (talk_is_unknown(&example->prompt)) return FAULT_PROMPT;
  if (talk_is_equal(&example->chosen, &example->rejected)) return FAULT_EQUAL;
  return shape == SHAPE_LLAMAFACTORY || shape == SHAPE_AXOLOTL
             ? narrow_fault(shape, example)
             : FAULT_NONE;
}

/* ---- writing ---- */

static bool write_message(export_shape shape, const export_message *message,
                          export_sink *sink) {
  const bool is_sharegpt = shape == SHAPE_LLAMAFACTORY;
  sink_text(sink, is_sharegpt ? "{\"from\": " : "{\"role\": ");
  if (!sink_json(sink, role_in(shape, message->role))) return false;
  sink_text(sink, is_sharegpt ? ", \"value\": " : ", \"content\": ");
  if (!sink_json(sink, message->content)) return false;
  sink_text(sink, "}");
  return true;
}

static bool write_list(export_shape shape, const export_talk *talk,
                       export_sink *sink) {
  sink_text(sink, "[");
  for (size_t i = 0; i < talk->count; i++) {
    if (i > 0) sink_text(sink, ", ");
    if (!write_message(shape, &talk->messages[i], sink)) return false;
  }
  sink_text(sink, "]");
  return true;
}

typedef enum export_form { FORM_TEXT, FORM_LIST, FORM_MESSAGE } export_form;

static bool write_talk(export_shape shape, export_form form,
                       const export_talk *talk, export_sink *sink) {
  switch (form) {
    case FORM_TEXT:
      return sink_json(sink, talk->messages[0].content);
    case FORM_LIST:
      return write_list(shape, talk, sink);
    case FORM_MESSAGE:
      return write_message(shape, &talk->messages[0], sink);
  }
  return false;
}

static const char *write_facts(const export_facts *facts, export_sink *sink) {
  sink_text(sink, ", \"weight\": ");
  sink_number(sink, facts->weight);
  if (facts->is_pair) {
    sink_text(sink, ", \"probability\": ");
    sink_number(sink, facts->probability);
    sink_text(sink, ", \"annotations\": ");
    sink_integer(sink, (int64_t)facts->annotations);
  } else {
    sink_text(sink, ", \"eta_hat\": ");
    sink_number(sink, facts->eta);
    sink_text(sink, ", \"user\": ");
    if (facts->user == NULL)
      sink_integer(sink, facts->user_number);
    else if (!sink_json(sink, facts->user))
      return "name";
  }
  if (facts->pair != NULL) {
    sink_text(sink, ", \"pair\": ");
    if (!sink_json(sink, facts->pair)) return "pair_name";
  }
  sink_text(sink, "}\n");
  return NULL;
}

static const char *write_pair(export_shape shape, export_form form,
                              const export_example *example,
                              export_sink *sink) {
  static const char *const prompts[SHAPE_COUNT] = {
      [SHAPE_TRL] = "{\"prompt\": ",
      [SHAPE_MESSAGES] = "{\"prompt\": ",
      [SHAPE_LLAMAFACTORY] = "{\"conversations\": ",
      [SHAPE_AXOLOTL] = "{\"messages\": "};
  const export_form asked = form == FORM_MESSAGE ? FORM_LIST : form;
  sink_text(sink, prompts[shape]);
  if (!write_talk(shape, asked, &example->prompt, sink)) return "prompt";
  sink_text(sink, ", \"chosen\": ");
  if (!write_talk(shape, form, &example->chosen, sink)) return "chosen";
  sink_text(sink, ", \"rejected\": ");
  return write_talk(shape, form, &example->rejected, sink) ? NULL : "rejected";
}

static const char *write_single(export_form form, const export_example *example,
                                bool is_chosen, export_sink *sink) {
  const export_talk *talk = is_chosen ? &example->chosen : &example->rejected;
  sink_text(sink, "{\"prompt\": ");
  if (!write_talk(SHAPE_KTO, form, &example->prompt, sink)) return "prompt";
  sink_text(sink, ", \"completion\": ");
  if (!write_talk(SHAPE_KTO, form, talk, sink))
    return is_chosen ? "chosen" : "rejected";
  sink_text(sink, is_chosen ? ", \"label\": true" : ", \"label\": false");
  return NULL;
}

const char *shape_write(export_shape shape, bool as_messages,
                        const export_example *example,
                        const export_facts *facts, export_sink *sink) {
  const bool is_narrow = shape == SHAPE_LLAMAFACTORY || shape == SHAPE_AXOLOTL;
  const export_form form = is_narrow ? FORM_MESSAGE
                           : as_messages || shape == SHAPE_MESSAGES ? FORM_LIST
                                                                    : FORM_TEXT;
  const char *bad = NULL;
  if (shape != SHAPE_KTO) {
    bad = write_pair(shape, form, example, sink);
    return bad != NULL ? bad : write_facts(facts, sink);
  }
  for (int chosen = 1; bad == NULL && chosen >= 0; chosen--) {
    bad = write_single(form, example, chosen == 1, sink);
    if (bad == NULL) bad = write_facts(facts, sink);
  }
  return bad;
}

size_t shape_lines(export_shape shape) {
  return shape == SHAPE_KTO ? 2 : 1;
}
