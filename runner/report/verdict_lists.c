/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lists of users: who to doubt, who to trust, who is unsure. */
#include <stdlib.h>

#include "html.h"
#include "verdict_pieces.h"

typedef struct verdict_place {
  double key;
  size_t row;
} verdict_place;

static int ascending(const void *a, const void *b) {
  const verdict_place *one = a, *other = b;
  if (one->key != other->key) return one->key < other->key ? -1 : 1;
  return one->row < other->row ? -1 : 1;
}

/* The posterior is never certain, so no text says 0 or 100 %. */
static void put_probability(FILE *file, double probability) {
  if (probability < 0.0005)
    fprintf(file, "&lt;\u00a00.1" PERCENT);
  else if (probability >= 0.9995)
    fprintf(file, "&gt;\u00a099.9" PERCENT);
  else
    fprintf(file, "%.1f" PERCENT, percent(probability));
}

static void put_user(const verdict_page *self, size_t row) {
  const verdict_users *users = &self->log->users;
  const char *const *names = heed_table_data(users->table, "name", HEED_STRING);
  const double *mean = heed_table_data(users->table, "mean", HEED_FLOAT64);
  const double *sd = heed_table_data(users->table, "sd", HEED_FLOAT64);
  const int64_t *count =
      heed_table_data(users->table, "annotations", HEED_INT64);
  char number[32], hidden[PSEUDONYM_SIZE];
  const char *name = number;
  (void)snprintf(number, sizeof number, "%zu", row);
  if (names != NULL) name = names[row];
  if (self->key != NULL) pseudonym(self->key, name, hidden);
  fprintf(self->file, "<tr>");
  html_element(self->file, "td", self->key == NULL ? name : hidden);
  fprintf(self->file, "<td class=n>%.2f ± ", mean == NULL ? NAN : mean[row]);
  if (sd != NULL && sd[row] < 0.005)
    fprintf(self->file, "&lt;\u00a00.01");
  else
    fprintf(self->file, "%.2f", sd == NULL ? NAN : sd[row]);
  fprintf(self->file, "</td><td class=n>%lld</td><td class=n>",
          count == NULL ? 0 : (long long)count[row]);
  put_probability(self->file, users->careless[row]);
  fprintf(self->file, "</td></tr>\n");
}

static void put_user_table(const verdict_page *self,
                           const verdict_place *places, size_t count) {
  fprintf(self->file,
          "<div class=box><table><tr><th>user<th class=n>attentiveness<th "
          "class=n>annotations<th class=n>P(careless)</tr>\n");
  for (size_t i = 0; i < count; i++) put_user(self, places[i].row);
  fprintf(self->file, "</table></div>\n");
}

/* The users of a list in order; the caller frees them. */
static verdict_place *sort_users(const verdict_page *self, verdict_call which,
                                 size_t *count) {
  const verdict_users *users = &self->log->users;
  const double sign = which == VERDICT_TRUSTED ? 1 : -1;
  verdict_place *places = calloc(users->count + 1, sizeof *places);
  *count = 0;
  for (size_t j = 0; places != NULL && j < users->count; j++)
    if (users->call[j] == which)
      places[(*count)++] = (verdict_place){sign * users->careless[j], j};
  if (places != NULL) qsort(places, *count, sizeof *places, ascending);
  return places;
}

static void put_folded(const verdict_page *self, const verdict_place *places,
                       size_t count) {
  enum { MOST_ROWS = 2000 };
  put_user_table(self, places, count < MOST_ROWS ? count : MOST_ROWS);
  if (count > MOST_ROWS)
    fprintf(self->file,
            "<p class=note>The table shows the first %d. <code>heed "
            "users</code> writes all.</p>",
            MOST_ROWS);
  fprintf(self->file, "</details>\n");
}

static heed_status put_calls(const verdict_page *self, verdict_call which,
                             const char *id, heed_error *error) {
  size_t count;
  verdict_place *places = sort_users(self, which, &count);
  if (places == NULL) return heed_no_memory(error);
  fprintf(self->file, "<div><h3 id=%s>Users to %s: %zu</h3>\n", id, id, count);
  if (count == 0)
    fprintf(self->file, "<p>Nobody at this error rate.</p>\n");
  else
    put_user_table(self, places,
                   count < VERDICT_FIRST_ROWS ? count : VERDICT_FIRST_ROWS);
  if (count > VERDICT_FIRST_ROWS) {
    fprintf(self->file, "<details><summary>all %zu</summary>\n", count);
    put_folded(self, places, count);
  }
  fprintf(self->file, "</div>\n");
  free(places);
  return HEED_OK;
}

static heed_status put_unsure(const verdict_page *self, heed_error *error) {
  size_t count;
  verdict_place *places = sort_users(self, VERDICT_UNSURE, &count);
  if (places == NULL) return heed_no_memory(error);
  if (count > 0) {
    fprintf(self->file,
            "<details id=unsure><summary>Unsure: %zu user%s"
            "</summary>\n",
            count, count == 1 ? "" : "s");
    put_folded(self, places, count);
  }
  free(places);
  return HEED_OK;
}

static void explain(const verdict_page *self) {
  fprintf(self->file,
          "<h3>Who pays attention?</h3>\n<p class=note>A user is careless if "
          "their attentiveness is below %g. P(careless) is the probability of "
          "that%s. Attentiveness is an estimate ± its standard deviation. Each "
          "list is as long as it can be with at most %.3g" PERCENT
          " expected mistakes. The surest come "
          "first.%s</p>\n<div class=pair>\n",
          self->log->question.threshold,
          self->log->users.basis == VERDICT_NORMAL
              ? ", by a normal approximation"
              : "",
          percent(self->log->question.alpha),
          verdict_page_dropped_ties(self->result, self->log->point) > 0
              ? " Annotations are those without ties."
              : "");
}

heed_status verdict_page_put_lists(const verdict_page *self,
                                   heed_error *error) {
  if (!has_lists(&self->log->users)) return HEED_OK;
  explain(self);
  heed_status status = put_calls(self, VERDICT_CARELESS, "doubt", error);
  if (status == HEED_OK)
    status = put_calls(self, VERDICT_TRUSTED, "trust", error);
  fprintf(self->file, "</div>\n");
  return status == HEED_OK ? put_unsure(self, error) : status;
}
