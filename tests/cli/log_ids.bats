# The source log: ids of users and pairs.

load log.bash

# processor_seconds COMMAND …: of the command and its children.
processor_seconds() {
  /usr/bin/python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)' "$@"
}

# 60000 names of which all collide need 2 x 10^9 comparisons, many times what all
# else costs; processor seconds do not depend on what else the machine does.
@test "ids with a common prefix or suffix cost as much as plain numbers" {
  # write BEFORE AFTER: names that begin and end so.
  write() {
    awk -v before="$1" -v after="$2" 'BEGIN { print "user,pair,choice"
      for (i = 0; i < 60000; i++) {
        id = before sprintf("%07d", i) after
        print id "," id "," (i % 3 ? "A" : "B") } }' >log.csv
    rm -f log.h5
    processor_seconds "$HEED" run log.lua -j 1 --progress none
  }
  cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep {
  source = h.source.log { path = "log.csv" },
  estimator = h.estimator.em { mu = 0.7, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
}
LUA
  plain=$(write "" "")
  for took in $(write worker_conversation- "") $(write "" -worker_conversation); do
    echo "$took s, plain: $plain s"
    LC_ALL=C awk "BEGIN { exit !($took < 3 * $plain + 1) }"
  done
}

@test "one user's names in JSON: 1, 1.0, 1e0 and \"1\" are one id" {
  printf '%s\n' '{"user":1.0,"pair":1,"choice":"A"}' \
    '{"user":1,"pair":2,"choice":"A"}' '{"user":"1","pair":3,"choice":"A"}' \
    '{"user":1e0,"pair":4.0,"choice":"B"}' '{"user":10e-1,"pair":5,"choice":"B"}' >log.jsonl
  source_log "" log.jsonl
  runs
  [ "$(users)" = "1 5" ]
}

@test "numbers of JSON that are ids keep all their digits" {
  printf '%s\n' '{"user":9007199254740993,"pair":1,"choice":"A"}' \
    '{"user":9007199254740992,"pair":1,"choice":"A"}' \
    '{"user":-9223372036854775808,"pair":1,"choice":"A"}' \
    '{"user":0.1,"pair":1,"choice":"B"}' '{"user":-0.0,"pair":2,"choice":"B"}' \
    '{"user":0,"pair":3,"choice":"B"}' '{"user":1e15,"pair":3,"choice":"B"}' \
    '{"user":9223372036854775808,"pair":1,"choice":"A"}' \
    '{"note":"\"9223372036854775808,","pair":1,"choice":"A","user" : 18446744073709551615 }' \
    '{"other":[1234567890123456789012],"user":9007199254740995,"pair":1,"choice":"A"}' \
    '{"user":5e-324,"pair":1,"choice":"A"}' >log.jsonl
  source_log "" log.jsonl
  runs
  [ "$(users | cut -d' ' -f1 | sort | tr '\n' ' ')" = "$(printf '%s\n' 9007199254740993 \
    9007199254740992 -9223372036854775808 0.1 0 1000000000000000 9223372036854775808 \
    18446744073709551615 9007199254740995 5e-324 | sort | tr '\n' ' ')" ]
}

@test "a number of JSON that has no exact digits as an id is refused" {
  source_log "" log.jsonl
  for id in 18446744073709551616 -9223372036854775809 9007199254740993.0 1e300; do
    echo "{\"user\":$id,\"pair\":1,\"choice\":\"A\"}" >log.jsonl
    fails 'log.jsonl:1: column "user": found a number beyond 2^53 that is not a 64-bit integer; write it in quotes, as a text'
  done
  for id in 1e-400 -0.0000000000000012e-320; do
    echo "{\"pair\":1,\"choice\":\"A\",\"user\":$id}" >log.jsonl
    fails 'log.jsonl:1: column "user": found a number within 4.9e-324 of 0 that is not 0; write it in quotes, as a text'
  done
  echo '{"user":"123456789012345678901","pair":1,"choice":"A"}' >log.jsonl
  runs
  [ "$(users)" = "123456789012345678901 1" ]
}

@test "a large number is no key of JSON" {
  source_log "" log.jsonl
  echo '{"user":"a","pair":1,"choice":"A",9223372036854775808:1}' >log.jsonl
  fails 'log.jsonl:1: found string or '
}

@test "a number of JSON beyond all doubles is named as such, in every column" {
  source_log "" log.jsonl
  for row in '"user":1e400,"pair":1' '"user":"a","pair":1,"other":[-1e999]'; do
    echo "{$row,\"choice\":\"A\"}" >log.jsonl
    fails 'log.jsonl:1: found a number beyond 1.8e308; write it in quotes, as a text'
  done
}

@test "a large number in a column that nobody asks for is no fault" {
  source_log "" log.jsonl
  echo '{"user":"a","pair":1,"choice":"A","other":123456789012345678901}' >log.jsonl
  runs
}

@test "ids of CSV are texts: 1 and 1.0 and 01 are three users" {
  printf '%s\n' user,pair,choice 1,1,A 1.0,1,A 01,1,B >log.csv
  runs
  is source_users 3.0
}

@test "results do not depend on the key of the hash" {
  awk 'BEGIN { print "user,pair,choice"
    for (i = 0; i < 3000; i++) printf "u%d,p%d,%s\n", i * 7919 % 211, i % 1000, i % 3 ? "A" : "B" }' >log.csv
  source_log 'duplicates = "keep"'
  runs
  "$HEED" users log.h5 >one.csv
  runs
  "$HEED" users log.h5 >two.csv
  cmp one.csv two.csv
  [ "$(sed -n 2p one.csv | cut -d, -f1)" = u0 ]
}
