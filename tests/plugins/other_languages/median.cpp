/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plugin in C++: the filter that keeps the better half of all users. */
#include <heed/filter.h>

#include <algorithm>
#include <new>
#include <vector>

namespace {

enum { MEDIAN, OUTPUT_COUNT };

const heed_output outputs[] = {
    {.name = "median", .doc = "the median of eta-hat"},
};

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/* No exception may leave a function that the host calls. */
heed_status keep_half(void *, const heed_host *host, const heed_crowd *crowd,
                      const heed_posterior *posterior,
                      heed_selection *selection, heed_error *error) try {
  if (posterior->unit != HEED_BY_USER || posterior->units == 0)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "found a posterior that is not by user, expected one");
  const double median =
      median_of({posterior->mean, posterior->mean + posterior->units});
  for (size_t user = 0; user < posterior->units; user++)
    if (posterior->mean[user] < median)
      std::fill(selection->weight + crowd->first[user],
                selection->weight + crowd->first[user + 1], 0.0);
  host->output(host, MEDIAN, &median, 1);
  return HEED_OK;
} catch (const std::bad_alloc &) {
  return heed_no_memory(error);
}

const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep_half,
};

const heed_plugin median = {
    .size = sizeof median,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "median",
    .version = "1.0",
    .summary = "Keeps users at or above the median, in C++",
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

const heed_plugin *const plugins[] = {&median};

}  // namespace

HEED_PLUGINS(plugins)
