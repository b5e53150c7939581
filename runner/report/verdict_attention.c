/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many users pay attention: the histogram of attentiveness. */
#include "verdict_pieces.h"

/* The histogram: viewBox of 400 x 230. */
typedef struct verdict_scale {
  double left, width, bottom, height, most;
} verdict_scale;

static double y_of(const verdict_scale *scale, double users) {
  return scale->bottom - scale->height * users / scale->most;
}

static void put_bin(const verdict_page *self, const verdict_scale *scale,
                    const verdict_bin *bin, size_t b) {
  const double wide = scale->width / VERDICT_BINS;
  const double x = scale->left + (double)b * wide;
  const double n = (double)self->log->users.count;
  const double top = y_of(scale, (double)bin->users);
  const bool careless =
      ((double)b + 0.5) / VERDICT_BINS < self->log->question.threshold;
  fprintf(self->file,
          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
          "fill=\"%s\" fill-opacity=\".55\"/>",
          x + 1.5, top, wide - 3, scale->bottom - top,
          careless ? ORANGE : BLUE);
  if (isnan(bin->share.value)) return;
  fprintf(self->file,
          "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" "
          "stroke=\"#222\" stroke-width=\"1.4\"/><circle cx=\"%.1f\" "
          "cy=\"%.1f\" r=\"3\" fill=\"#222\"/>\n",
          x + wide / 2, x + wide / 2, y_of(scale, n * bin->share.low),
          y_of(scale, n * bin->share.high), x + wide / 2,
          y_of(scale, n * bin->share.value));
}

static void put_scales(const verdict_page *self, const verdict_scale *scale) {
  const double step = fmax(step_for(scale->most), 1);
  for (int i = 0; i * step <= scale->most; i++)
    fprintf(self->file,
            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" "
            "stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%.1f\" "
            "text-anchor=\"end\">%.0f</text>",
            scale->left, scale->left + scale->width, y_of(scale, i * step),
            y_of(scale, i * step), scale->left - 5, y_of(scale, i * step) + 4,
            i * step);
  for (int i = 0; i <= 4; i++)
    fprintf(self->file,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g</text>",
            scale->left + scale->width * i / 4, scale->bottom + 15, i / 4.0);
  fprintf(self->file,
          "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">attentiveness"
          "</text><text x=\"%.1f\" y=\"12\">users</text>\n",
          scale->left + scale->width / 2, scale->bottom + 32, 4.0);
}

static void put_threshold(const verdict_page *self,
                          const verdict_scale *scale) {
  const double threshold = self->log->question.threshold;
  const double x = scale->left + scale->width * threshold;
  const double top = scale->bottom - scale->height;
  fprintf(self->file,
          "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" "
          "stroke=\"#222\" stroke-dasharray=\"4 3\"/><text x=\"%.1f\" "
          "y=\"%.1f\" text-anchor=\"%s\">threshold %g</text>\n",
          x, x, top - 8, scale->bottom, x + (threshold < 0.6 ? 5 : -5), top - 2,
          threshold < 0.6 ? "start" : "end", threshold);
}

static void put_histogram(const verdict_page *self, const verdict_bin *bins) {
  verdict_scale scale = {36, 356, 206, 176, 1};
  for (size_t b = 0; b < VERDICT_BINS; b++) {
    scale.most = fmax(scale.most, (double)bins[b].users);
    if (!isnan(bins[b].share.high))
      scale.most =
          fmax(scale.most, bins[b].share.high * (double)self->log->users.count);
  }
  fprintf(self->file,
          "<svg class=hist role=img aria-label=\"Histogram of users by "
          "attentiveness\" viewBox=\"0 0 400 246\" font-size=\"12\" "
          "font-family=\"system-ui,sans-serif\" fill=\"#333\">\n");
  put_scales(self, &scale);
  for (size_t b = 0; b < VERDICT_BINS; b++) put_bin(self, &scale, &bins[b], b);
  put_threshold(self, &scale);
  fprintf(self->file, "</svg>\n");
}

static void put_legend(const verdict_page *self, const verdict_bin *bins) {
  fprintf(self->file,
          "<p class=note>Bars: users by their estimated attentiveness, " LEGEND(
              ORANGE ";opacity:.55",
              "below") " and " LEGEND(BLUE ";opacity:.55",
                                      "above") " the threshold.");
  if (!isnan(bins[0].share.value))
    fprintf(self->file,
            " Points: the expected number of users whose true attentiveness "
            "lies there; lines: 95" PERCENT
            " intervals%s. The estimate of a user with few annotations stays "
            "near the average of all users, so bars and points differ.",
            bins[0].share.of_fit ? "" : ", if the fitted model is exact");
}

/* How much the share depends on the threshold. */
static heed_status put_other_shares(const verdict_page *self,
                                    heed_error *error) {
  static const double steps[] = {-0.1, 0.1};
  const size_t cell = self->log->point * self->result->plan->replicates;
  bool told = false;
  if (!self->log->users.identified || isnan(self->log->share.value))
    return HEED_OK;
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    const double threshold = self->log->question.threshold + steps[i];
    double share;
    if (!(threshold > 0.01 && threshold < 0.99)) continue;
    const heed_status status =
        verdict_find_share_above(self->result, cell, threshold, &share, error);
    if (status != HEED_OK) return status;
    fprintf(self->file,
            told ? ", and with %g about %.0f" PERCENT
                 : " With a threshold of %g, about %.0f" PERCENT
                   " of users pay attention",
            threshold, percent(share));
    told = true;
  }
  if (told) fprintf(self->file, ".");
  return HEED_OK;
}

heed_status verdict_page_put_attention(const verdict_page *self,
                                       heed_error *error) {
  verdict_bin bins[VERDICT_BINS];
  if (self->log->users.count == 0) return HEED_OK;
  heed_status status = verdict_find_bins(self->result, self->log->point,
                                         &self->log->users, bins, error);
  if (status != HEED_OK) return status;
  fprintf(self->file, "<h3 id=attention>How many users pay attention?</h3>\n");
  put_histogram(self, bins);
  put_legend(self, bins);
  status = put_other_shares(self, error);
  fprintf(self->file, "</p>\n");
  return status;
}
