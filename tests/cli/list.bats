# heed list and heed describe: plugins found, and plugins refused with reasons.

bats_require_minimum_version 1.5.0
load abi.bash

setup() {
  cd "$BATS_TEST_TMPDIR"
  built="$HEED_BUILD/tests/plugins"
  export HEED_PLUGIN_PATH="$built/small:$built/faulty"
  umask 022
  mkdir plugins
}

# put PLUGIN [AS]: a copy of a test plugin into plugins/.
put() {
  install -m 644 "$built/$1/$1.so" "plugins/${2:-$1}.so"
}

# ask EXPRESSION: what Python makes of the JSON in $output, called found.
ask() {
  /usr/bin/python3 -c '
import json, sys
found = json.loads(sys.argv[1])
print(eval(sys.argv[2]))' "$output" "$1"
}

@test "list names plugins by kind, then by name" {
  run --separate-stderr "$HEED" list
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  diff - <(echo "$output") <<'TEXT'
source
  saved              A few pairs that are worth saving
  small              A few pairs

distribution
  level              Every attentiveness alike

user_model
  chooser            Reads, or throws a coin

estimator
  empty              Half attentive, all of them
  faulty             Fails as it is told to

filter
  empty              Keeps all
  faulty             Fails as it is told to
TEXT
}

@test "list KIND names those of one kind" {
  run --separate-stderr "$HEED" list user_model
  [ "$status" -eq 0 ]
  diff - <(echo "$output") <<'TEXT'
user_model
  chooser            Reads, or throws a coin
TEXT
}

@test "list --json has kind, name, version, file and hash" {
  run --separate-stderr "$HEED" list --json source
  [ "$status" -eq 0 ]
  [ "$(ask '[(p["kind"], p["name"], p["version"]) for p in found]')" = \
    "[('source', 'saved', '1.0'), ('source', 'small', '1.0')]" ]
  [ "$(ask 'found[1]["file"]')" = "$(realpath "$built/small/small.so")" ]
  [ "$(ask 'found[1]["sha256"]')" = \
    "$(sha256sum "$built/small/small.so" | cut -d' ' -f1)" ]
}

@test "list of an unknown kind says which there are" {
  run --separate-stderr "$HEED" list users
  [ "$status" -eq 2 ]
  [[ "$stderr" == "heed: list: found users, expected source, distribution, user_model, estimator, filter, trainer or metric"* ]]
}

@test "each file that is refused is named with the reason, and the others load" {
  put small
  put small twin
  put wrong_abi
  put no_symbol
  put unresolved
  echo "no object" >plugins/text.so
  chmod 644 plugins/text.so
  run --separate-stderr "$HEED" list --plugin-path plugins
  [ "$status" -eq 0 ]
  [[ "$output" == *"small "* ]]
  here="$(realpath plugins)"
  [ "$(wc -l <<<"$stderr")" -eq 5 ]
  grep -qxF "heed: warning: $here/no_symbol.so: has no symbol heed_plugins: is it a heed plugin?" <<<"$stderr"
  grep -qxF "heed: warning: $here/twin.so: source/small is already loaded from $here/small.so; rename one of them" <<<"$stderr"
  grep -qxF "heed: warning: $here/unresolved.so: cannot load: undefined symbol: nobody_has_this" <<<"$stderr"
  grep -q "^heed: warning: $here/text.so: cannot load: " <<<"$stderr"
  grep -qxF "heed: warning: $here/wrong_abi.so: built for plugin ABI 5.7, this heed has ABI $(abi): rebuild the plugin with this heed's headers" <<<"$stderr"
}

@test "plugins that crash when they are loaded are named, and cost no other" {
  put planning_crash a
  put planning_crash b
  put small
  export ASAN_OPTIONS="handle_segv=0"
  run --separate-stderr "$HEED" list source --plugin-path plugins
  [ "$status" -eq 0 ]
  [[ "$output" == *"small "* ]]
  [ "$stderr" = "heed: warning: plugins/a.so: crashes with signal 11 while loading
heed: warning: plugins/b.so: crashes with signal 11 while loading" ]
}

@test "a plugin that others may write to is refused, and loads when that is allowed" {
  put small
  chmod g+w plugins/small.so
  run --separate-stderr "$HEED" list --plugin-path plugins
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [[ "$stderr" == *"small.so: users other than you and root can write to this plugin"*"chmod go-w it, or pass --allow-unsafe-plugins" ]]
  run --separate-stderr "$HEED" list --plugin-path plugins --allow-unsafe-plugins
  [ -z "$stderr" ]
  [[ "$output" == *"small "* ]]
}

@test "a plugin folder that others may write to is refused" {
  put small
  chmod o+w plugins
  run --separate-stderr "$HEED" list --plugin-path plugins
  [ -z "$output" ]
  [[ "$stderr" == *"small.so: users other than you and root can write to its folder "*"/plugins (owner "* ]]
}

@test "a plugin folder that is missing is an error" {
  run --separate-stderr "$HEED" list --plugin-path nowhere
  [ "$status" -eq 1 ]
  [ "$stderr" = "heed: plugin folder nowhere: cannot read: No such file or directory" ]
}

@test "the option goes before the environment" {
  put faulty
  run --separate-stderr "$HEED" --plugin-path plugins list source
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "describe shows parameters with type, range, default and doc, and outputs" {
  run --separate-stderr "$HEED" describe source/small
  [ "$status" -eq 0 ]
  diff - <(echo "$output") <<TEXT
source/small 1.0: A few pairs
$(realpath "$built/small/small.so")
SHA-256 $(sha256sum "$built/small/small.so" | cut -d' ' -f1)

parameters
  pairs              integer [1, 1000000000], default 1
      how many pairs
  seconds            number [0, 1000000] s, default 0
      how long it takes
  made               text, default ""
      a file that grows by a byte whenever it makes a world

outputs
  draw               a uniform of the world's stream
TEXT
}

@test "describe --json is the whole schema" {
  run --separate-stderr "$HEED" describe --json estimator/faulty
  [ "$status" -eq 0 ]
  [ "$(ask 'found["parameters"][0]["name"], found["parameters"][0]["type"]')" = "('fault', 'enum')" ]
  [ "$(ask '"crash" in found["parameters"][0]["choices"]')" = True ]
  [ "$(ask 'found["parameters"][1]["low"], found["parameters"][1]["high"]')" = "(0.0, 1000000.0)" ]
  [ "$(ask 'found["parameters"][1]["unit"]')" = s ]
  [ "$(ask '[o["name"] for o in found["outputs"]]')" = "['draw']" ]
}

@test "describe of a plugin that is not there names the nearest" {
  run --separate-stderr "$HEED" describe source/smal
  [ "$status" -eq 2 ]
  [[ "$stderr" == 'heed: describe: unknown plugin source/smal; did you mean source/small?'* ]]
  run --separate-stderr "$HEED" describe filter/something
  [ "$status" -eq 2 ]
  [[ "$stderr" == 'heed: describe: unknown plugin filter/something; heed list filter shows the choices'* ]]
  run --separate-stderr "$HEED" describe small
  [ "$status" -eq 2 ]
  [[ "$stderr" == 'heed: describe: found small, expected KIND/NAME, such as estimator/NAME'* ]]
}

@test "every plugin that comes with heed loads and can be described" {
  unset HEED_PLUGIN_PATH
  run --separate-stderr "$HEED" list --json
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  names=$(ask '"\n".join(p["kind"] + "/" + p["name"] for p in found)')
  [ "$(wc -l <<<"$names")" -ge 20 ]
  while read -r name; do
    run --separate-stderr "$HEED" describe "$name"
    [ "$status" -eq 0 ]
    [[ "$output" == "$name "* ]]
    # each parameter and each output says what it is
    run --separate-stderr "$HEED" describe --json "$name"
    [ "$(ask 'all(x["doc"] for x in found["parameters"] + found["outputs"])')" = True ]
  done <<<"$names"
}

# ---- metrics ----

@test "describe metric/NAME defines a metric: formula, unit, range, what it needs" {
  run -0 "$HEED" describe metric/eta_rmse
  [[ "$output" == "metric/eta_rmse: root mean square error of eta-hat over users"* ]]
  [[ "$output" == *"formula  sqrt(mean over j of (eta-hat_j - eta_j)^2)"* ]]
  [[ "$output" == *"range    0 or more"* ]]
  [[ "$output" == *"needs    simulated users with one eta each"* ]]
  run -0 "$HEED" describe metric/win_rate_at_kl --json
  /usr/bin/python3 -c '
import json, sys
made = json.loads(sys.argv[1])
assert made["name"] == "win_rate_at_kl" and made["dimensions"] == ["kl"], made
assert made["unit"] == "1" and all(made[key] for key in ("formula", "range", "needs", "doc"))' "$output"
}

@test "list metric has every metric, and each is described" {
  run -0 "$HEED" list metric
  [ "${lines[0]}" = metric ]
  [ "${#lines[@]}" -gt 25 ]
  "$HEED" list metric --json | /usr/bin/python3 -c '
import json, sys
for metric in json.load(sys.stdin):
    for key in ("name", "doc", "formula", "unit", "range", "needs"):
        assert metric[key], (metric["name"], key)
    print(metric["name"])' >names
  [ "$(wc -l <names)" -eq $((${#lines[@]} - 1)) ]
  while read -r name; do
    "$HEED" describe "metric/$name" >/dev/null
  done <names
}

@test "an unknown metric and an output of a plugin are reported" {
  run -2 "$HEED" describe metric/eta_rmsee
  [[ "$output" == *"unknown metric eta_rmsee; did you mean metric/eta_rmse?"* ]]
  run -2 "$HEED" describe metric/estimator_iterations
  [[ "$output" == *"estimator_iterations is an output of a plugin, not a metric of evaluation; heed describe estimator/NAME shows it"* ]]
  run -2 "$HEED" describe metric/zzzzzzzz
  [[ "$output" == *"heed list metric shows the choices"* ]]
}

@test "metrics are completed" {
  run -0 "$HEED" complete -- describe metric/
  [[ "$output" == *"metric/eta_rmse	root mean square error"* ]]
}
