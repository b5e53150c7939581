# heed new and heed check --plugin: a plugin that is written, built and tried,
# and plugins that break their contract.

bats_require_minimum_version 1.5.0
load abi.bash

setup() {
  # A folder of our own: bats leaves files in its own.
  mkdir "$BATS_TEST_TMPDIR/here"
  cd "$BATS_TEST_TMPDIR/here"
  page="$HEED_SOURCE/docs/writing-a-plugin.md"
  breaches="$HEED_BUILD/tests/plugins"
  export HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed"
  # Sanitizers map terabytes and answer signals themselves.
  export ASAN_OPTIONS="handle_segv=0:handle_abort=0:detect_leaks=0"
  ulimit -c 0
  umask 022
}

# build FOLDER [PREFIX]: with warnings as errors.
build() {
  # What heed itself is built with; make may not be there.
  cmake -G Ninja -S "$1" -B "$1/build" -DHEED="${2:-$HEED_BUILD}" \
    -DCMAKE_C_FLAGS="-Wpedantic -Wconversion -Wshadow -Werror" >/dev/null
  cmake --build "$1/build"
}

# try PLUGIN [OPTION …]: one of tests/plugins, against its contract.
try() {
  run --separate-stderr "$HEED" check --plugin "$breaches/$1/$1.so" "${@:2}"
  echo "$output"
  echo "$stderr"
}

# says LINE …: the output has these lines.
says() {
  for line; do
    grep -qxF -e "$line" <<<"$output" || { echo "missing: $line"; return 1; }
  done
}

# Whether a sanitizer counts the memory of this heed, so that leaks of memory are
# not tried.
sanitized() {
  [[ "$(ldd "$HEED")" == *asan* ]]
}

# take NAME: the block of the page that is marked with this name.
take() {
  awk -v name="$1" '/^```/ { inside = $2 == name && NF == 2; next } inside' "$page"
}

# shown N: the lines that the page shows for its N-th heed check --plugin.
shown() {
  awk -v want="$1" '
    /^\$ heed check --plugin/ { count++; inside = count == want; next }
    /^```/ { inside = 0 }
    inside' "$page"
}

# ---- heed new ----

new_builds_and_passes() {
  run --separate-stderr "$HEED" new "$1/mine"
  [ "$status" -eq 0 ]
  build mine
  "$HEED" check --plugin mine/build/plugins/mine.so >checked.txt
  cat checked.txt
  grep -qE "^$1/mine: [0-9]+ checks passed(, [0-9]+ not tried)?$" checked.txt
  ctest --test-dir mine/build --output-on-failure
  [ -s mine/build/mine.h5 ]
  export HEED_PLUGIN_PATH="$HEED_PLUGIN_PATH:$PWD/mine/build/plugins"
  "$HEED" describe "$1/mine" | grep -q "^$1/mine 0.1: "
}

@test "heed new source/NAME builds, keeps its contract and runs in a sweep" {
  new_builds_and_passes source
}

@test "heed new distribution/NAME builds, keeps its contract and runs in a sweep" {
  new_builds_and_passes distribution
}

@test "heed new user_model/NAME builds, keeps its contract and runs in a sweep" {
  new_builds_and_passes user_model
}

@test "heed new estimator/NAME builds, keeps its contract and runs in a sweep" {
  new_builds_and_passes estimator
}

@test "heed new filter/NAME builds, keeps its contract and runs in a sweep" {
  new_builds_and_passes filter
}

@test "heed new trainer/NAME builds, keeps its contract and runs in a sweep" {
  new_builds_and_passes trainer
}

@test "what heed new writes builds against an installed heed" {
  cmake --install "$HEED_BUILD" --prefix "$PWD/heed" >/dev/null
  unset HEED_PLUGIN_PATH
  heed/bin/heed new filter/mine -o elsewhere
  build elsewhere "$PWD/heed"
  ctest --test-dir elsewhere/build --output-on-failure
  cmake --install elsewhere/build
  heed/bin/heed list filter | grep -q "^  mine "
}

@test "what heed new writes names the plugin, and nothing of the template" {
  "$HEED" new distribution/broad >/dev/null
  ! grep -r template_ broad
  grep -q '.name = "broad"' broad/broad.c
  grep -q 'h.distribution.broad {' broad/broad.lua
}

@test "heed new never overwrites a file, and then writes none" {
  mkdir mine
  echo precious >mine/mine.lua
  run --separate-stderr "$HEED" new filter/mine
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: new: mine/mine.lua already exists and is not overwritten; choose another folder with -o FOLDER"* ]]
  [ "$(cat mine/mine.lua)" = precious ]
  [ "$(ls mine)" = mine.lua ]
}

@test "heed new follows no link in place of a file" {
  mkdir mine
  ln -s ../target mine/mine.c
  run --separate-stderr "$HEED" new filter/mine
  [ "$status" -eq 2 ]
  [ ! -e target ]
}

@test "heed new refuses a name that no plugin may have, and says what one may be" {
  for name in Mine my-filter 9lives "" "a b" ../up; do
    run --separate-stderr "$HEED" new "filter/$name"
    [ "$status" -eq 2 ]
    [[ "$stderr" == "heed: new: the name \"$name\" is not valid: expected lower-case letters, digits and '_', a letter first"* ]]
  done
  run --separate-stderr "$HEED" new filter/end
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"is a reserved word of Lua"* ]]
  run --separate-stderr "$HEED" new "filter/$(printf 'n%.0s' {1..60})"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"is too long: expected at most 47 characters"* ]]
  [ -z "$(ls)" ]
}

@test "heed new takes names that CMake, C and the shell have uses for" {
  for name in test all int main install; do
    "$HEED" new "filter/$name" >/dev/null
    build "$name"
    "$HEED" check --plugin "$name/build/plugins/$name.so"
  done
}

@test "heed new of an unknown kind names the nearest" {
  run --separate-stderr "$HEED" new estimatr/mine
  [ "$status" -eq 2 ]
  [[ "$stderr" == 'heed: new: unknown kind "estimatr"; did you mean estimator?'* ]]
  run --separate-stderr "$HEED" new something/mine
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"expected source, distribution, user_model, estimator, filter or trainer"* ]]
  run --separate-stderr "$HEED" new mine
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: new: found mine, expected KIND/NAME, as in estimator/mine"* ]]
  run --separate-stderr "$HEED" new
  [ "$status" -eq 2 ]
}

@test "heed new refuses the name of a plugin that is there" {
  run --separate-stderr "$HEED" new filter/top
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: new: filter/top already exists, in $(realpath "$HEED_BUILD")/lib/heed/filter_top.so; choose another name"* ]]
  [ -z "$(ls)" ]
}

@test "the page shows what heed new and heed check --plugin print" {
  ! sanitized || skip "a sanitizer counts the memory of this heed: leaks are not tried"
  "$HEED" new estimator/mine |
    sed "s|$(realpath "$HEED_BUILD")|PREFIX|" >printed.txt
  diff printed.txt <(take new.txt)
  build mine
  diff <("$HEED" check --plugin mine/build/plugins/mine.so) <(shown 1)
  sed -i '/posterior->sd = /s/users/users - 1/' mine/mine.c
  build mine
  diff <("$HEED" check --plugin mine/build/plugins/mine.so) <(shown 2)
}

# ---- plugins that keep their contract ----

@test "every plugin that comes with heed keeps its contract" {
  printf 'user,pair,choice\nann,1,a\nann,2,b\nbob,1,a\nbob,3,tie\ncid,2,a\n' >log.csv
  "$HEED_BUILD/tests/tiny_file" model.gguf 3
  for ((i = 0; i < 40; i++)); do
    echo "{\"prompt\": \"What is $i and $((i * i))?\"}"
  done >prompts.jsonl
  cat >one.sh <<'SH'
case "$1" in
  */source_log.so) sets=(--set path=log.csv) ;;
  */source_llm.so)
    sets=(--set prompts=prompts.jsonl --set held_out=10 --set pairs=100
      --set max_tokens=8 --set mu=0.8 --set 'judge={"kind": "likelihood"}'
      --set 'a={"model": "model.gguf", "temperature": 0.5}' --set 'b={"temperature": 2}') ;;
  */trainer_dpo_llm.so) sets=(--set model=model.gguf) ;;
  *) sets=() ;;
esac
"$HEED" check --plugin "$1" "${sets[@]}" --timeout 120 >"$(basename "$1").txt" 2>&1 ||
  { cat "$(basename "$1").txt"; exit 1; }
SH
  printf '%s\n' "$HEED_BUILD"/lib/heed/*.so | xargs -P "$(nproc)" -n 1 bash one.sh
  [ "$(cat ./*.so.txt | grep -cE ': [0-9]+ checks passed(, [0-9]+ not tried)?$')" -eq \
    "$(ls "$HEED_BUILD"/lib/heed/*.so | wc -l)" ]
}

# ---- plugins that break it ----

@test "a NaN is found, with the function and the value that has it" {
  try breach_nan
  [ "$status" -eq 1 ]
  says "estimator/nan: estimate(): mean[0] is nan, expected a finite number"
}

@test "a write past the end of memory is found, with the name of what it is" {
  try breach_past_end
  [ "$status" -eq 1 ]
  says "estimator/past_end: estimate(): wrote past the end of mean, expected at most 16 values of 8 bytes"
}

@test "a write past the end of a column is found, with the name of the column" {
  try breach_column
  [ "$status" -eq 1 ]
  says "source/column: make(): wrote past the end of pairs.p, expected at most 5 values of 8 bytes"
}

@test "counts that are taken for single annotations are found" {
  try breach_counts
  [ "$status" -eq 1 ]
  [[ "$output" == *"estimator/counts: estimate(): estimates "*" for user "*" from counts, and "*" from as many equal annotations"* ]]
}

@test "an output with too few values is found, with how many were expected" {
  try breach_too_few
  [ "$status" -eq 1 ]
  says "estimator/too_few: estimate(): sd has room for 15 values, expected 16, one per unit"
}

@test "values that are left unset are found" {
  try breach_distribution
  [ "$status" -eq 1 ]
  says "distribution/turned: log_weights(): did not set log_weight[0], expected 1 value"
}

@test "a leak of memory is found, with the function that leaks" {
  ! sanitized || skip "a sanitizer counts the memory of this heed"
  try breach_leak
  [ "$status" -eq 1 ]
  [[ "$output" == *"estimator/leak: estimate(): leaks memory: "*" bytes in "* ]]
}

@test "a leak of open files is found, with the function that leaks" {
  try breach_leak_files
  [ "$status" -eq 1 ]
  [[ "$output" == *"estimator/leak_files: estimate(): leaks open files: "*" files in "* ]]
}

@test "a crash in create() is found, and the checks that need it are not tried" {
  try breach_crash
  [ "$status" -eq 1 ]
  says "estimator/crash: create(): crashed (signal 11, Segmentation fault), expected it to return" \
    "estimator/crash: not tried: 10 checks: create() did not return in an earlier check" \
    "estimator/crash: 4 checks passed, 1 failed, 10 not tried"
}

@test "a function that hangs is found within the limit, once" {
  start=$SECONDS
  try breach_hang --timeout 1
  [ "$status" -eq 1 ]
  says "estimator/hang: estimate(): did not return within 1 s, expected it to return"
  [ "$(grep -c "did not return within" <<<"$output")" -eq 1 ]
  [ $((SECONDS - start)) -lt 20 ]
}

@test "a function that ends the process is found" {
  try breach_exit
  [ "$status" -eq 1 ]
  says "estimator/exit: estimate(): ended the process (exit status 0), expected it to return"
}

@test "a random number generator of the plugin's own is found" {
  try breach_random
  [ "$status" -eq 1 ]
  [[ "$output" == *"estimator/random: estimate(): mean[0] is "*" in a second call with the same inputs, expected "*" as before"* ]]
}

@test "a clock in a result is found" {
  try breach_clock
  [ "$status" -eq 1 ]
  [[ "$output" == *"estimator/clock: gave different values in another process a second later, expected the same"* ]]
}

@test "instances that disturb each other are found" {
  try breach_shared
  [ "$status" -eq 1 ]
  says "estimator/shared: estimate(): mean[0] is 0.25 once there is a second instance, expected 0.5 as before"
}

@test "an input that is changed is found, by its name" {
  try breach_input
  [ "$status" -eq 1 ]
  says "estimator/input: estimate(): changed its input annotations.choice[3], expected inputs to stay unchanged"
}

@test "scratch memory that is handed out is found" {
  try breach_scratch
  [ "$status" -eq 1 ]
  says "estimator/scratch: estimate(): sd is in memory of host->scratch(), which ends with the call, expected host->allocate()"
}

@test "a process that is left changed is found" {
  try breach_rounding
  [ "$status" -eq 1 ]
  says "estimator/rounding: changed the rounding of the floating-point unit"
}

@test "an end of a range that does not work is found" {
  try breach_end
  [ "$status" -eq 1 ]
  [[ "$output" == *"filter/end: select(): with width = 0.0: weight[1] is "*"nan, expected a finite number"* ]]
  [[ "$output" == *"filter/end: "*" checks passed, 1 failed"* ]]
}

@test "a schema that is wrong is found" {
  try breach_schema
  [ "$status" -eq 1 ]
  says "filter/beyond: the schema refuses its own default: share: found 2, expected a number of at least 0 and at most 1" \
    "filter/silent: parameter share has no doc, expected a line that says what it is"
}

@test "reports that the descriptor does not have, and errors without a message, are found" {
  try breach_report
  [ "$status" -eq 1 ]
  says "filter/more: select(): reported 2 values of output kept, expected 1" \
    "filter/much: select(): reported inf for output kept, expected a finite number" \
    "filter/much: select(): returned an error without a message"
}

@test "a distribution that is none is found" {
  try breach_distribution
  [ "$status" -eq 1 ]
  says "distribution/turned: nodes(): nodes[1] is 0.25 after 0.75, expected them to ascend"
  [[ "$output" == *"distribution/fallen: quantile(): gives 1 at u = "*", expected values that rise with u"* ]]
  [[ "$output" == *"distribution/fallen: log_weights(): the weights of 1 node sum to 0.73"*", expected 1"* ]]
}

@test "a prior that does not fit, or is not what it draws, is found" {
  try breach_fit
  [ "$status" -eq 1 ]
  [[ "$output" == *"distribution/loose: from_free(): gives theta[0] = "*"expected equality within 1e-12"* ]]
  [[ "$output" == *"distribution/loose: refit(): reaches sum mass x log weight = "*", expected at least "* ]]
  says "distribution/loose: quantile() has mean 0.5000 and sd 0.2887, nodes() and log_weights() have 0.7500 and 0.1936, expected equality within 0.03"
}

@test "a user model whose probabilities are none is found" {
  try breach_user_model
  [ "$status" -eq 1 ]
  says "user_model/improbable: probability(): probability of answer 0 sums to 1.1 over the choices, expected 1" \
    "user_model/improbable: simulate(): choice[0] is 2, expected 0 (B) or 1 (A)"
  [[ "$output" == *"log_likelihood(): the probabilities of all histories of 4 answers sum to 5.88"* ]]
}

@test "a user model that is not what it says is found" {
  try breach_mixture
  [ "$status" -eq 1 ]
  [[ "$output" == *"user_model/bent: probability(): probability of answer 0 is "*"domain() declares a mixture"* ]]
  [[ "$output" == *"user_model/bent: probability(): gives "*" for choice 0 with left -1, but "*" for the answer of its class, expected the same"* ]]
  [[ "$output" == *"user_model/bent: key(): gives answers 0 and "*" the same key, 0, but their probabilities differ"* ]]
  says "user_model/bent: attention(): attention[0] is 2, expected a probability"
}

@test "a world and a policy that do not add up are found" {
  try breach_world
  [ "$status" -eq 1 ]
  says "source/askew: make(): sets mu to 0.7, but the mean of p is 0.6, expected the same" \
    "source/askew: reference(): the probabilities of a prompt's 2 candidates sum to 0.8, expected 1" \
    "trainer/askew: log_probability(): the probabilities of a prompt's 4 candidates sum to 1.6, expected 1"
  [[ "$output" == *"source/askew: judge(): gives the responses of pair 0 the rewards 1 and 1, but its p is 0.6"* ]]
}

@test "a file that does not load is found, with the reason" {
  try wrong_abi
  [ "$status" -eq 1 ]
  says "$breaches/wrong_abi/wrong_abi.so: built for plugin ABI 5.7, this heed has ABI $(abi): rebuild the plugin with this heed's headers"
  try planning_crash
  [ "$status" -eq 1 ]
  says "$breaches/planning_crash/planning_crash.so: crashed (signal 11, Segmentation fault) while it was loaded, expected it to load"
}

# ---- the command ----

@test "what is not tried is said, with the reason and how to try it" {
  run --separate-stderr "$HEED" check --plugin "$HEED_BUILD/lib/heed/source_log.so"
  [ "$status" -eq 0 ]
  says "source/log: not tried: 12 checks: parameter path has no default; give it with --set path=VALUE" \
    "source/log: 3 checks passed, 12 not tried"
}

@test "a nested plugin that is not on the path is said" {
  mkdir empty
  run --separate-stderr "$HEED" check --plugin "$HEED_BUILD/lib/heed/estimator_em.so" --plugin-path empty
  [ "$status" -eq 0 ]
  [[ "$output" == *"estimator/em: not tried: "*" checks: "*"is not on the plugin path"* ]]
}

@test "a parameter that is guessed is said, and can be set" {
  file="$HEED_BUILD/lib/heed/filter_top.so"
  run --separate-stderr "$HEED" check --plugin "$file"
  [ "$status" -eq 0 ]
  says "filter/top: checked with share = 0.5 because the schema has no default"
  run --separate-stderr "$HEED" check --plugin "$file" --set share=0.25
  [ "$status" -eq 0 ]
  [[ "$output" != *"checked with"* ]]
  run --separate-stderr "$HEED" check --plugin "$file" --set shar=0.25
  [ "$status" -eq 2 ]
  [ "$stderr" = 'heed: --set shar=0.25: filter/top has no parameter "shar"; did you mean "share"?' ]
}

@test "--json has every check with its outcome" {
  try breach_nan --json
  [ "$status" -eq 1 ]
  /usr/bin/python3 - "$output" <<'PY'
import json, sys
(plugin,) = json.loads(sys.argv[1])
assert plugin["plugin"] == "estimator/nan"
failed = [c for c in plugin["checks"] if c["outcome"] == "failed"]
assert [c["function"] for c in failed] == ["estimate"]
assert failed[0]["message"] == "mean[0] is nan, expected a finite number"
assert {c["outcome"] for c in plugin["checks"]} == {"passed", "failed", "not_tried"}
assert all(c["message"] for c in plugin["checks"] if c["outcome"] != "passed")
PY
}

@test "wrong usage of heed check --plugin exits 2" {
  run --separate-stderr "$HEED" check --plugin nowhere.so
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: check: --plugin nowhere.so: No such file or directory"* ]]
  run --separate-stderr "$HEED" check --plugin
  [ "$status" -eq 2 ]
  run --separate-stderr "$HEED" check sweep.lua --plugin "$breaches/small/small.so"
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: check: found sweep.lua, expected only options with --plugin"* ]]
  run --separate-stderr "$HEED" check --plugin "$breaches/small/small.so" --timeout none
  [ "$status" -eq 2 ]
  run --separate-stderr "$HEED" check --plugin "$breaches/small/small.so" --nothing
  [ "$status" -eq 2 ]
}
