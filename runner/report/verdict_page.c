/* SPDX-License-Identifier: GPL-3.0-or-later
 * The verdict on a log as a page.  Its figures are SVG and HTML of our own,
 * which scale to a phone. */
#include "verdict_page.h"

#include <math.h>
#include <string.h>

#include "html.h"
#include "verdict_pieces.h"

const char verdict_page_style[] =
    ".says{font-size:1.15rem;line-height:1.45}.says li{margin:.5rem 0}"
    ".hist{display:block;width:100%;max-width:640px}"
    ".strip{display:block;width:100%;height:14px}"
    ".board{width:100%;max-width:960px}.board td{vertical-align:middle}"
    ".board th{vertical-align:bottom}.board td.bar,.board "
    "th.bar{width:45%}.board td.bar{padding-top:0;padding-bottom:0;"
    "vertical-align:middle}.axis{position:relative;height:1.3em;font-weight:"
    "400;color:#555;font-size:.85em}.axis span{position:absolute;transform:"
    "translateX(-50%)}.pair{display:grid;gap:0 2rem;grid-template-columns:"
    "repeat(auto-fit,minmax(min(100%,21rem),1fr))}"
    ".dot{display:inline-block;width:.7em;height:.7em;margin-right:.35em;"
    "vertical-align:baseline}.legend,th{white-space:nowrap}ul{padding-left:1."
    "6rem}"
    "@media(max-width:520px){td,th{padding:.2rem .3rem}table{font-size:.82rem}"
    "ul{padding-left:1.1rem}.says{font-size:1.05rem}.bar{display:none}}";

/* ---- what annotations show without a fit ---- */

static const char *alpha_words(double alpha) {
  if (alpha < 0.05) return "no more often than by chance";
  if (alpha < 0.2) return "little more often than by chance";
  if (alpha < 0.667) return "more often than by chance, but far from always";
  if (alpha < 0.8) return "well";
  return "very well";
}

/* Krippendorff's own limits. */
static const char *alpha_conclusion(double alpha) {
  if (alpha < 0.667) return "do not rely on the answer of a single user";
  if (alpha < 0.8) return "rely on single answers with care";
  return "single answers are reliable";
}

static void put_interval(FILE *file, const view_estimate *found) {
  if (!isnan(found->low))
    fprintf(file, " (95" PERCENT " interval: %.2f to %.2f)", found->low,
            found->high);
}

/* A habit of users and better answers on one side look the same here. */
static void put_sides(const verdict_page *self) {
  const view_estimate left =
      verdict_metric(self->result, self->log->point, "left_share", 0);
  const bool one_side = left.low > 0.5 || left.high < 0.5;
  if (isnan(left.value)) return;
  fprintf(self->file,
          "<li>Sides: %.1f" PERCENT " of choices are the left answer",
          percent(left.value));
  if (!isnan(left.low))
    fprintf(self->file,
            " (95" PERCENT " interval: %.1f" PERCENT " to %.1f" PERCENT ")%s",
            percent(left.low), percent(left.high),
            one_side ? "" : ": no side is clearly preferred");
  if (one_side)
    fprintf(
        self->file,
        ". This is %s often than chance, but does not say why: users may "
        "favour a side, or the answers on it may be better. The fit takes a "
        "habit out only if its user model has a bias towards a side",
        left.low > 0.5 ? "more" : "less");
  fprintf(self->file, ".</li>\n");
}

static void put_ties(const verdict_page *self) {
  const double dropped =
      verdict_page_dropped_ties(self->result, self->log->point);
  const view_estimate tied =
      verdict_metric(self->result, self->log->point, "tie_share", 0);
  if (dropped > 0)
    fprintf(self->file,
            "<li>Ties: %.0f" PERCENT
            " of the answers. The fit and the figures above do not use them. "
            "If careless users say “tie” more or less often than others, this "
            "changes who looks careless.</li>\n",
            percent(dropped));
  else if (!isnan(tied.value))
    fprintf(self->file, "<li>Ties: %.0f" PERCENT " of annotations.</li>\n",
            percent(tied.value));
}

static void put_drift(const verdict_page *self) {
  const view_estimate drift =
      verdict_metric(self->result, self->log->point, "order_drift", 0);
  if (isnan(drift.value)) return;
  fprintf(self->file,
          "<li>Order: in the second half of their annotations, users agree "
          "with the fit %.1f points %s often than in the first half",
          fabs(percent(drift.value)), drift.value < 0 ? "less" : "more");
  if (!isnan(drift.low))
    fprintf(self->file, " (95" PERCENT " interval: %+.1f to %+.1f)%s",
            percent(drift.low), percent(drift.high),
            drift.low > 0 || drift.high < 0 ? "" : ": no clear change");
  fprintf(self->file, ".</li>\n");
}

static void put_parts(const verdict_page *self) {
  view_estimate parts[VERDICT_PARTS];
  bool intervals = false;
  if (!verdict_find_parts(self->result, self->log->point, parts)) return;
  fprintf(self->file, "<li>Time of day (UTC): attention is ");
  for (int i = 0, told = 0; i < VERDICT_PARTS; i++) {
    if (isnan(parts[i].value)) continue;
    fprintf(self->file, "%s%.2f", told++ == 0 ? "" : ", ", parts[i].value);
    if (!isnan(parts[i].low))
      fprintf(self->file, " [%.2f, %.2f]", parts[i].low, parts[i].high);
    fprintf(self->file, " from %d to %d h", 6 * i, 6 * i + 6);
    intervals = intervals || !isnan(parts[i].low);
  }
  if (intervals)
    fprintf(self->file, " (95" PERCENT " intervals): %s",
            verdict_parts_differ(parts)
                ? "it differs. Users at these times may be other people"
                : "no clear difference");
  fprintf(self->file, ".</li>\n");
}

static void put_agreement(const verdict_page *self) {
  const view_estimate alpha =
      verdict_metric(self->result, self->log->point, "label_alpha", 0);
  fprintf(self->file, "<h3>What the annotations show</h3>\n<ul>\n");
  if (isnan(alpha.value)) {
    fprintf(self->file,
            "<li>Agreement: unknown. It needs pairs with several annotations "
            "and two different choices; counts do not say which pair an "
            "annotation is of.</li>\n");
  } else {
    fprintf(self->file,
            "<li>Agreement: on the same pair, users agree %s. Krippendorff's "
            "alpha is %.2f",
            alpha_words(alpha.value), alpha.value);
    put_interval(self->file, &alpha);
    fprintf(self->file,
            "; 1 is perfect agreement, 0 is chance, and 0.80 is usual for data "
            "to rely on. So %s.</li>\n",
            alpha_conclusion(alpha.value));
  }
  put_sides(self);
  put_ties(self);
  put_drift(self);
  put_parts(self);
  fprintf(self->file, "</ul>\n");
}

/* ---- what the fit does not predict ---- */

static void put_value(FILE *file, const verdict_check *check, double value) {
  if (check->unit == VERDICT_SHARE)
    fprintf(file, "%.1f" PERCENT, percent(value));
  else
    fprintf(file, check->unit == VERDICT_VARIATION ? "%.2f" : "%.4g", value);
}

static const char *check_advice(const verdict_check *check) {
  if (check->passes) return "";
  if (strncmp(check->name, "left", 4) == 0)
    return " Some users may click a side; a user model with a bias towards a "
           "side may fit better.";
  return strncmp(check->name, "tie", 3) == 0
             ? " A user model with a likelihood of ties may fit better."
             : "";
}

static void put_check(const verdict_page *self, const verdict_check *check) {
  fprintf(
      self->file, "<li>%s ",
      check->passes ? "The fit predicts" : "<b>The fit does not predict</b>");
  html_text(self->file, verdict_check_words(check));
  fprintf(self->file, ": it expects %s",
          check->unit == VERDICT_VARIATION ? "a variation of " : "");
  put_value(self->file, check, check->low);
  fprintf(self->file, " to ");
  put_value(self->file, check, check->high);
  fprintf(self->file, ", and the log has ");
  put_value(self->file, check, check->seen);
  fprintf(self->file, ".%s</li>\n", check_advice(check));
}

static void put_checks(const verdict_page *self) {
  const size_t count = verdict_check_count(self->result);
  verdict_check check;
  bool varies = false, any = false;
  fprintf(self->file, "<h3 id=checks>Does the fit predict the log?</h3>\n");
  for (size_t i = 0; i < count; i++) {
    const bool known =
        verdict_find_check(self->result, self->log->point, i, &check);
    any = any || known;
    varies = varies || (known && check.unit == VERDICT_VARIATION);
  }
  if (!any) {
    fprintf(self->file,
            "<p>Unknown: the sweep asks for no predictive checks "
            "(<code>checks</code> of the estimator).</p>\n");
    return;
  }
  fprintf(self->file,
          "<p>heed simulated new choices of the fitted users and compared them "
          "with the log.%s</p>\n<ul>\n",
          varies ? " Variation is the variance between users, as a multiple of "
                   "what chance gives if all users are alike."
                 : "");
  for (size_t i = 0; i < count; i++)
    if (verdict_find_check(self->result, self->log->point, i, &check))
      put_check(self, &check);
  fprintf(self->file, "</ul>\n");
}

static void put_reading(const verdict_page *self) {
  fprintf(self->file,
          "<details><summary>How to read this</summary>\n<p><b>Attentiveness"
          "</b> comes from what a user chose. heed does not know why a user "
          "chose so: a user with an unusual taste looks like a careless one. "
          "</p>\n");
  if (has_board(&self->log->board))
    fprintf(self->file,
            "<p><b>Strength</b> is a log-odds: a difference of 1 means that an "
            "attentive user prefers the stronger model in 73" PERCENT
            " of pairs.</p>\n");
  fprintf(
      self->file,
      "<p><b>Error rates</b> hold if users behave as the fitted model says; "
      "the predictive checks show where they do not.</p></details>\n");
}

heed_status verdict_page_put(FILE *file, view_result *result,
                             const verdict_log *log, const view_pseudonyms *key,
                             heed_error *error) {
  const verdict_page self = {file, result, log, key};
  verdict_page_put_headlines(&self);
  heed_status status = verdict_page_put_attention(&self, error);
  if (status != HEED_OK) return status;
  verdict_page_put_models(&self);
  status = verdict_page_put_lists(&self, error);
  if (status != HEED_OK) return status;
  put_agreement(&self);
  put_checks(&self);
  put_reading(&self);
  return HEED_OK;
}
