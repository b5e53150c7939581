/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of responses. */
#include "estimators/people/response.h"

#include <math.h>

#include "support/crowd/overlap.h"

typedef struct people_said {
  double p[3]; /* A, B, tie */
} people_said;

/* (2), without overflow. */
static people_said softmax(double x, double log_nu) {
  const double up = x / 2, down = -x / 2;
  const double most = fmax(fmax(up, down), log_nu);
  const double a = exp(up - most), b = exp(down - most);
  const double tie = exp(log_nu - most), sum = a + b + tie;
  return (people_said){{a / sum, b / sum, tie / sum}};
}

/* (1) at user node m, with a known side. */
static people_said respond(const people_nodes *nodes, size_t m, double x,
                           double side) {
  const double quality = nodes->trait[PEOPLE_QUALITY][m];
  const double b = side * nodes->trait[PEOPLE_HABIT][m];
  const double log_nu = nodes->trait[PEOPLE_TIE][m];
  if (nodes->form == PEOPLE_ABILITY) return softmax(quality * x + b, log_nu);
  const double eta = overlap_sigmoid(quality);
  people_said said = softmax(x + b, log_nu);
  const people_said casual = softmax(b, log_nu);
  for (size_t y = 0; y < 3; y++)
    said.p[y] = eta * said.p[y] + (1 - eta) * casual.p[y];
  return said;
}

static double response(const people_nodes *nodes, size_t m, double x,
                       size_t side, size_t choice) {
  if (side == ANNOTATED_A_FIRST) return respond(nodes, m, x, 1).p[choice];
  if (side == ANNOTATED_B_FIRST) return respond(nodes, m, x, -1).p[choice];
  return (respond(nodes, m, x, 1).p[choice] +
          respond(nodes, m, x, -1).p[choice]) /
         2;
}

void people_response(const people_nodes *nodes,
                     const crowd_annotations *annotations, double *table,
                     double *log_table) {
  const size_t users = nodes->users;
  const double choices = (double)annotations->choices;
  for (size_t code = 0; code < annotations->codes; code++)
    for (size_t k = 0; k < nodes->pairs; k++)
      for (size_t m = 0; m < users; m++) {
        const size_t at = (code * nodes->pairs + k) * users + m;
        const double p =
            response(nodes, m, nodes->x[k], code / annotations->choices,
                     code % annotations->choices);
        table[at] = (1 - choices * PEOPLE_LEAST) * p + PEOPLE_LEAST;
        log_table[at] = log(table[at]);
      }
}

void people_attentiveness(const people_nodes *nodes, const double *table,
                          double *slope, double *spoken) {
  const size_t users = nodes->users, pairs = nodes->pairs;
  const double *a = table + ANNOTATED_A * pairs * users;
  const double *b = table + ANNOTATED_B * pairs * users;
  for (size_t k = 0; k < pairs; k++) {
    const size_t mirror = pairs - 1 - k;
    const size_t above = (k > mirror ? k : mirror) * users;
    const size_t below = (k > mirror ? mirror : k) * users;
    for (size_t m = 0; m < users; m++) {
      const double better = a[above + m] / (a[above + m] + b[above + m]);
      const double worse = a[below + m] / (a[below + m] + b[below + m]);
      slope[k * users + m] = better - worse;
      spoken[k * users + m] = worse;
    }
  }
}
