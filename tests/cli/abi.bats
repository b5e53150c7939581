# Growth of the plugin ABI: plugins of released, later minor and other major
# versions, and the layout of released headers.

bats_require_minimum_version 1.5.0
load abi.bash

setup() {
  cd "$BATS_TEST_TMPDIR"
  today="$HEED_SOURCE/runner/include"
  released="$HEED_SOURCE/tests/abi"
  built="$HEED_BUILD/tests/plugins"
  umask 022
}

ask() {
  /usr/bin/python3 -c '
import sys, h5py, numpy
f = h5py.File(sys.argv[1])
print(eval(sys.argv[2]))' "$@"
}

# runs VERSION: the sweep of that version, with plugins of that version alone.
runs() {
  cp "$released/$1/sweep.lua" .
  export HEED_PLUGIN_PATH="$HEED_BUILD/tests/abi/$1"
  run --separate-stderr "$HEED" run sweep.lua -o out.h5
  echo "$stderr"
  [ "$status" -eq 0 ]
  [ "$(ask out.h5 'f["status"][()].any()')" = False ]
}

# layout HEADERS VERSION: the table of what VERSION promises, as HEADERS have it.
layout() {
  cc -std=c17 -Wall -Wextra -Wpedantic -Werror -I "$1" -I "$released" \
    -DMEMBERS="\"$2/members.def\"" "$released/layout.c" -o layout
  ./layout
}

compare() {
  awk -f "$released/layout.awk" "$@"
}

grows_from() {
  layout "$released/$1/include" "$1" >"released.txt"
  layout "$today" "$1" >today.txt
  run compare released.txt today.txt
  echo "$output"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

compiles_from() {
  for source in "$released/$1"/*.c; do
    cc -std=c17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
      -fsyntax-only -I "$today" "$source"
  done
}

@test "heed --version says the version of the plugin ABI" {
  run "$HEED" --version
  [ "$output" = "heed 0.1.0 (plugin ABI $(abi))" ]
}

@test "a plugin built against the headers of 4.0 loads and runs" {
  runs 4.0
  # The source found each of its parameters as the sweep gives it.
  [ "$(ask out.h5 'set(f["source_read"][()].ravel()) == {11.0}')" = True ]
  [ "$(ask out.h5 'sorted(set(f["source_grade"][()].ravel())) == [0.5, 1.0]')" = True ]
  [ "$(ask out.h5 'sorted(set(f["source_share"][()].ravel())) == [1.0, 2.0]')" = True ]
  [ "$(ask out.h5 'numpy.isnan(f["source_never"][()]).all()')" = True ]
  # The estimator called the prior and the user model, and found users.
  [ "$(ask out.h5 '(f["eta_correlation"][()] > 0.2).all()')" = True ]
  [ "$(ask out.h5 '((f["prior_share"][()] > 0) & (f["prior_share"][()] < 1)).all()')" = True ]
  [ "$(ask out.h5 'set(f["model_lean"][()].ravel()) == {0.5}')" = True ]
  # Extensions, by name: the prior's, the host's, and those that nobody has.
  [ "$(ask out.h5 'set(f["estimator_atoms"][()].ravel()) == {2.0}')" = True ]
  [ "$(ask out.h5 'set(f["estimator_unknown"][()].ravel()) == {0.0}')" = True ]
  [ "$(ask out.h5 'set(f["trainer_checkpoint"][()].ravel()) == {1.0}')" = True ]
  # The filter dropped users: plugin and host count alike what it kept, of 30
  # users with 40 annotations less a quarter.
  [ "$(ask out.h5 'set(f["labels_kept"][()].ravel()) - {1.0} != set()')" = True ]
  [ "$(ask out.h5 'numpy.allclose(f["filter_kept"][()], 900 * f["labels_kept"][()])')" = True ]
  # The policy beats the reference.
  [ "$(ask out.h5 '(f["trainer_chance"][()] > 0.5).all()')" = True ]
  [ "$(ask out.h5 '(f["win_rate"][()] > 0.5).all()')" = True ]
  [ "$(ask out.h5 'numpy.isfinite(f["held_out_log_loss"][()]).all()')" = True ]
}

@test "today's headers have every member, size and constant of 4.0 at its place" {
  grows_from 4.0
}

@test "a plugin's source for 4.0 compiles with today's headers" {
  compiles_from 4.0
}

@test "headers that move, shrink or drop a member of 4.0 are found" {
  cp -r "$released/4.0/include" changed
  layout changed 4.0 >released.txt
  sed -i 's|^  double scale;|  double before_it, scale;|' changed/heed/trainer.h
  sed -i 's|^  bool cut;|  int16_t cut;|' changed/heed/world.h
  sed -i 's|HEED_TRAINER = 5|HEED_TRAINER = 6|' changed/heed/schema.h
  sed -i 's|"heed.checkpoint"|"heed.checkpoint2"|' changed/heed/host.h
  layout changed 4.0 >changed.txt
  sed -i '/heed_domain.ties/d' changed.txt
  run compare released.txt changed.txt
  [ "$status" -eq 1 ]
  echo "$output"
  grep -qxF "heed_policy.scale: 8 bytes at byte 16, was 8 bytes at byte 8" <<<"$output"
  grep -qxF "heed_policy.table: 8 bytes at byte 32, was 8 bytes at byte 24" <<<"$output"
  grep -qxF "heed_response.cut: 2 bytes at byte 32, was 1 bytes at byte 32" <<<"$output"
  grep -qxF "heed_domain.ties: is gone" <<<"$output"
  grep -qxF "HEED_TRAINER: 6, was 5" <<<"$output"
  grep -qxF "HEED_CHECKPOINT: heed.checkpoint2, was heed.checkpoint" <<<"$output"
}

@test "headers that add a member at the end of a struct are growth; of a frozen one they are not" {
  cp -r "$released/4.0/include" changed
  layout changed 4.0 >released.txt
  sed -i 's|^} heed_selection;|  double *extra;\n} heed_selection;|' changed/heed/filter.h
  layout changed 4.0 >changed.txt
  run compare released.txt changed.txt
  [ "$status" -eq 0 ]
  sed -i 's|^} heed_domain;|  double extra;\n} heed_domain;|' changed/heed/user_model.h
  layout changed 4.0 >changed.txt
  run compare released.txt changed.txt
  [ "$status" -eq 1 ]
  [ "$output" = "heed_domain: 56 bytes, was 48 bytes" ]
}

@test "a list of members that has forgotten one is found" {
  layout "$released/4.0/include" 4.0 | sed '/heed_world.mu_requested/d' >released.txt
  run compare released.txt released.txt
  [ "$status" -eq 1 ]
  [ "$output" = "heed_world.candidates: no member is listed before it, from byte 64" ]
  layout "$released/4.0/include" 4.0 | sed '/heed_crowd.first/d' >released.txt
  run compare released.txt released.txt
  [ "$status" -eq 1 ]
  [ "$output" = "heed_crowd: the list of members ends at byte 32 of 40" ]
}

@test "a plugin of a later minor version runs, and does without what this heed lacks" {
  mkdir plugins
  install -m 644 "$built/small/small.so" "$built/newer_minor/newer_minor.so" plugins
  export HEED_PLUGIN_PATH="$PWD/plugins"
  cat >sweep.lua <<'LUA'
local h = require "heed"
return h.sweep {
  seed = 1,
  source = h.source.small { pairs = 20 },
  users = { count = 4, annotations = 5, attentiveness = h.distribution.level {},
            model = h.user_model.chooser {} },
  estimator = h.estimator.empty {},
  filter = h.filter.newer { second = h.axis { "second", 5, 7 } },
}
LUA
  run --separate-stderr "$HEED" run sweep.lua -o out.h5
  echo "$stderr"
  [ "$status" -eq 0 ]
  [ "$(ask out.h5 'f["filter_first"][()].ravel().tolist()')" = "[1.0, 1.0]" ]
  [ "$(ask out.h5 'f["filter_second"][()].ravel().tolist()')" = "[5.0, 7.0]" ]
  [ "$(ask out.h5 'numpy.isnan(f["filter_temperature"][()]).all()')" = True ]
}

@test "a plugin of another major version is refused with both versions" {
  run --separate-stderr "$HEED" list --plugin-path "$built/wrong_abi"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [[ "$stderr" == *"wrong_abi.so: built for plugin ABI 5.7, this heed has ABI $(abi): rebuild the plugin with this heed's headers" ]]
}

@test "a plugin with a size that cannot be is refused" {
  run --separate-stderr "$HEED" list --plugin-path "$built/short_stride"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [[ "$stderr" == *"short_stride.so: found a heed_parameter of 8 bytes, expected a multiple of 8, from 96 to 65536 bytes" ]]
}
