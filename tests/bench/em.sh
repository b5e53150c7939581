#!/usr/bin/env bash
# What EM takes with 10^5, 10^6, 10^7 annotations, 100 a user: to count them,
# and to fit once they are counted.  A user's 100 annotations come in 101 ways,
# so that the fit should not take longer with more users.
#   tests/bench/em.sh
. "$(dirname "$0")/bench.bash"

# posterior_seconds USERS FIT
posterior_seconds() {
  cat >em.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "EM",
  replicates = 5,
  source = h.source.synthetic { pairs = 10000, held_out = 0, mu = 0.74 },
  users = { count = $1, annotations = 100, assignment = "overlapping",
            attentiveness = h.distribution.beta { alpha = 2, beta = 2 },
            model = h.user_model.attentive {} },
  estimator = h.estimator.em { mu = "known", fit = "$2", prior = h.distribution.beta { alpha = 2, beta = 2 },
                               model = h.user_model.attentive {} },
}
LUA
  rm -rf em.h5
  "$heed" run em.lua -j 1 --progress none >/dev/null
  of_result em.h5 timing/seconds_posterior min
}

for users in 1000 10000 100000; do
  fitted=$(posterior_seconds $users fitted)
  groups=$(of_result em.h5 estimator_groups max)
  steps=$(of_result em.h5 estimator_iterations mean)
  counted=$(posterior_seconds $users fixed)
  echo "$((users * 100)) annotations: $(compute "$fitted" %.4f) s, without the fit $(compute "$counted" %.4f) s; $(compute "$steps" %.1f) steps over $(compute "$groups" %.0f) groups of users"
done
