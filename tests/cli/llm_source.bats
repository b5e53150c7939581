# The source llm in whole sweeps, on a language model of about 20,000 random
# weights.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  export XDG_CACHE_HOME="$PWD" HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed:$HEED_BUILD/tests/plugins/faulty"
  ulimit -c 0
  "$HEED_BUILD/tests/tiny_file" model.gguf 3
  for ((i = 0; i < 40; i++)); do
    echo "{\"prompt\": \"What is $i and $((i * i))?\"}"
  done >prompts.jsonl
  printf '%s\t%s\n' a 1 b -1 e 2 i 3 t -2 s 0.5 >lexicon.txt
  write_sweep
}

# write_sweep [SOURCE PARAMETERS [ESTIMATOR]]
write_sweep() {
  cat >texts.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "Texts",
  seed = 7,
  source = h.source.llm {
    prompts = "prompts.jsonl",
    held_out = 10,
    pairs = 200,
    a = { model = "model.gguf", temperature = 0.5 },
    b = { temperature = 2 },
    max_tokens = 16,
    judge = { kind = "likelihood" },
    second_judge = { kind = "lexicon", lexicon = "lexicon.txt" },
    ${1:-mu = 0.8,}
  },
  users = {
    count = 20,
    annotations = 10,
    attentiveness = h.distribution.beta {},
    model = h.user_model.attentive {},
  },
  estimator = ${2:-h.estimator.em { prior = h.distribution.beta {\}, model = h.user_model.attentive {\} \}},
  filter = h.filter.top { share = h.axis { "share", 0.3, 0.6, 1 } },
  trainer = h.trainer.none {},
}
LUA
}

heed_run() {
  run --separate-stderr "$HEED" run texts.lua "$@"
}

# ask FILE EXPRESSION: prints what Python makes of it.
ask() {
  /usr/bin/python3 -c '
import sys, h5py
f = h5py.File(sys.argv[1])
number = lambda name: float(f[name][()].ravel()[0])
print(eval(sys.argv[2]))' "$@"
}

# What a resumed run must bring back, to the last bit.
numbers_of() {
  ask "$1" '[f[name][()].tolist() for name in sorted(f) if isinstance(f[name], h5py.Dataset)]'
}

# Waits until a file of that name is in the work folder, for 20 s at most.
await() {
  for ((turn = 0; turn < 1000; turn++)); do
    compgen -G "$1" >/dev/null && return 0
    sleep 0.02
  done
  return 1
}

@test "two versions answer, users choose, attentiveness is estimated" {
  heed_run
  echo "$stderr"
  [ "$status" -eq 0 ]
  [[ "$output" == *"3 cells done"* ]]
  [ "$(ask texts.h5 'number("source_better") > 0.8')" = True ]
  [ "$(ask texts.h5 'number("source_tau") > 0')" = True ]
  [ "$(ask texts.h5 'number("source_cut_a") <= 1')" = True ]
  [ "$(ask texts.h5 'number("source_tokens") > 1000')" = True ]
  [ "$(ask texts.h5 '0 < number("eta_mean") < 1')" = True ]
  [ "$(ask texts.h5 'f["labels_kept"][()].ravel().tolist()')" = "[0.3, 0.6, 1.0]" ]
  "$HEED" show texts.h5 >shown
  grep -q source_judges_agree shown
}

@test "the same sweep gives the same numbers" {
  heed_run -o one.h5
  [ "$status" -eq 0 ]
  heed_run -o two.h5 -j 2
  [ "$status" -eq 0 ]
  [ "$(numbers_of one.h5)" = "$(numbers_of two.h5)" ]
}

@test "a gap that cannot be reached fails the world, and says what can be" {
  write_sweep 'mu = 0.9999,'
  heed_run
  [ "$status" -eq 3 ]
  [[ "$output" == *"mu = 0.9999 cannot be reached: the judge prefers A's response in a share of "* ]]
}

@test "a bad parameter is found before anything runs" {
  write_sweep 'mu = 0.8, tau = 2,'
  heed_run
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'tau: found 2, expected "spread"'* ]]
  [ ! -e texts.h5.work ]
}

@test "a killed run resumes from the responses that it kept" {
  write_sweep 'mu = 0.8, pairs = 1500, together = 8,'
  sed -i '/pairs = 200/d' texts.lua
  heed_run -o whole.h5
  [ "$status" -eq 0 ]
  setsid "$HEED" run texts.lua >out 2>err </dev/null &
  supervisor=$!
  await 'texts.h5.work/stage-*.checkpoint'
  kill -KILL -- -$supervisor
  wait $supervisor || true
  compgen -G 'texts.h5.work/stage-*.checkpoint'
  [ -z "$(compgen -G 'texts.h5.work/stage-*.json')" ]
  heed_run
  [ "$status" -eq 0 ]
  [ ! -e texts.h5.work ]
  [ "$(numbers_of texts.h5)" = "$(numbers_of whole.h5)" ]
}

@test "worlds that differ in their gap or their judge share their answers" {
  # worlds_made SAVED MADE: a run is killed once so many worlds are saved; of those
  # that were made all but one have drawn nothing.
  worlds_made() {
    setsid "$HEED" run texts.lua -j 2 >out 2>err </dev/null &
    supervisor=$!
    for ((turn = 0; turn < 1000; turn++)); do
      [ "$(compgen -G 'texts.h5.work/stage-*.json' | wc -l)" -eq "$1" ] && break
      sleep 0.02
    done
    kill -KILL -- -$supervisor
    wait $supervisor || true
    cat texts.h5.work/*.log
    [ "$(cat texts.h5.work/*.log | grep -c ' A: .* tokens drawn in this run')" -eq "$2" ]
    [ "$(cat texts.h5.work/*.log | grep -c ' A: .* tokens; 0 tokens drawn in this run')" -eq $(($2 - 1)) ]
    rm -r texts.h5.work
  }
  # The first gap cannot be had, and leaves its answers to the others.
  write_sweep 'mu = h.axis { "mu", 0.9999, 0.7, 0.8 },' 'h.estimator.faulty { seconds = 3 }'
  worlds_made 2 3
  write_sweep ' ' 'h.estimator.faulty { seconds = 3 }'
  sed -i 's/kind = "likelihood"/kind = h.axis { "kind", "likelihood", "lexicon" }, lexicon = "lexicon.txt"/' texts.lua
  worlds_made 2 2
  # Each is as it would be alone.
  write_sweep 'mu = h.axis { "mu", 0.7, 0.8 },'
  heed_run -j 2
  [ "$status" -eq 0 ]
  [ ! -e texts.h5.work ]
  write_sweep 'mu = 0.8,'
  heed_run -o alone.h5
  [ "$status" -eq 0 ]
  [ "$(ask texts.h5 'f["eta_mean"][1].ravel().tolist()')" = "$(ask alone.h5 'f["eta_mean"][()].ravel().tolist()')" ]
}

@test "a world that is saved is not drawn again" {
  write_sweep '' 'h.estimator.faulty { seconds = 3 }'
  setsid "$HEED" run texts.lua >out 2>err </dev/null &
  supervisor=$!
  await 'texts.h5.work/stage-*.json'
  kill -KILL -- -$supervisor
  wait $supervisor || true
  # What was reported is read from there as well.  The first line holds the hash
  # of the others.
  saved=$(echo texts.h5.work/stage-*.json)
  tail -n +2 "$saved" | sed -E 's/("source_tokens":\[)[0-9.]+/\112345/' >rest
  { printf '{"sha256":"%s",\n' "$(sha256sum <rest | cut -c1-64)"; cat rest; } >"$saved"
  heed_run
  [ "$status" -eq 0 ]
  [ "$(ask texts.h5 'number("source_tokens")')" = 12345.0 ]
}

@test "a model without a rule for splitting text is used with a warning" {
  write_sweep
  heed_run -o sound.h5
  [ "$status" -eq 0 ]
  "$HEED" show sound.h5 | grep no_pre_tokenizer && return 1
  "$HEED_BUILD/tests/tiny_file" model.gguf 3 tokenizer.ggml.pre
  heed_run -o old.h5
  [ "$status" -eq 0 ]
  "$HEED" show old.h5 | grep 'model.gguf: missing key tokenizer.ggml.pre'
}

@test "prompts with a byte order mark are read; UTF-16 is named" {
  heed_run -o plain.h5
  { printf '\xef\xbb\xbf'; cat prompts.jsonl; } >marked.jsonl
  mv marked.jsonl prompts.jsonl
  heed_run -o marked.h5
  [ "$status" -eq 0 ]
  [ "$(ask plain.h5 'number("source_tau")')" = "$(ask marked.h5 'number("source_tau")')" ]
  printf '\xff\xfe{\0' >prompts.jsonl
  heed_run -o wide.h5
  [[ "$stderr$output" == *"prompts.jsonl: the file is in UTF-16, expected UTF-8"* ]]
}
