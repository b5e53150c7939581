# The command line is one table: parsing, help, docs/command-line.md, man pages
# and completion in shells agree.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  export HOME="$PWD" HEED_PLUGIN_PATH="$HEED_BUILD/tests/plugins/small"
  export PATH="$(dirname "$HEED"):$PATH" TERM=dumb
  unset POSIXLY_CORRECT
  scripts="$HEED_SOURCE/runner/command/completion"
  hidden="plan worker complete generate"
}

# The commands that heed --help names.
commands() {
  "$HEED" --help | awk '/^Commands/ { inside = 1; next } /^$/ { inside = 0 }
    inside && /^  [a-z]/ { print $1 }'
}

# The options that heed COMMAND --help names.
options() {
  "$HEED" "$1" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort
}

need() {
  command -v "$1" >/dev/null || skip "$1 is not installed"
}

need_pexpect() {
  /usr/bin/python3 -c 'import pexpect' 2>/dev/null || skip "/usr/bin/python3 has no module pexpect"
}

# ---- help ----

@test "--help, -h and heed help show the same of every command, with status 0" {
  [ "$(commands | wc -l)" -ge 11 ]
  for command in $(commands) $hidden; do
    run --separate-stderr "$HEED" "$command" --help
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ "$output" == "heed $command "* ]]
    [ "$("$HEED" "$command" -h)" = "$output" ]
    [ "$("$HEED" help "$command")" = "$output" ]
  done
  [ "$("$HEED" help)" = "$("$HEED" --help)" ]
}

@test "help lists every option that a command has" {
  for option in output workers set timeout memory progress retry replace plugin-path \
    allow-unsafe-plugins help; do
    options run | grep -qxe "--$option"
  done
  for command in $(commands); do
    # what completion offers comes from the parser's own list
    [ "$(options "$command")" = "$(heed complete -- "$command" - | cut -f1 | sort)" ]
  done
}

@test "a command takes every option that its help lists" {
  for command in $(commands) $hidden; do
    for option in $(options "$command"); do
      run --separate-stderr "$HEED" "$command" "$option"
      [[ "$stderr" != *"no such option"* && "$stderr" != *"may be"* ]]
    done
  done
}

@test "help asks for nothing else and is not shaken by it" {
  run "$HEED" cell --help
  [ "$status" -eq 0 ]
  run "$HEED" run nosuch.lua --help
  [ "$status" -eq 0 ]
  run "$HEED" --plugin-path nowhere list --help
  [ "$status" -eq 0 ]
}

@test "no line of help is wider than a terminal" {
  for command in $(commands) $hidden; do
    [ "$("$HEED" "$command" --help | wc -L)" -le 80 ]
  done
}

# ---- what is refused ----

# refused MESSAGE ARGUMENT …
refused() {
  local words="$1"
  shift
  run --separate-stderr "$HEED" "$@"
  [ "$status" -eq 2 ]
  [ -z "$output" ]
  [ "${stderr_lines[0]}" = "heed: $words" ]
}

@test "a wrong command line names command, option, what was found and what was expected" {
  refused "missing COMMAND"
  refused 'unknown command "rnu"; did you mean run?' rnu
  refused 'unknown command "something"' something
  refused 'unknown command "rnu"; did you mean run?' help rnu
  refused "unknown option --verzion; did you mean --version?" --verzion
  refused "show: unknown option --metrik; did you mean --metric?" show r.h5 --metrik x
  refused "show: unknown option --frobnicate" show r.h5 --frobnicate
  refused "show: unknown option -x" show r.h5 -x
  refused "run: --re is ambiguous: --retry or --replace" run s.lua --re
  refused "show: --metric: found nothing, expected NAME" show r.h5 --metric
  refused "show: --csv: found yes, expected no value" show r.h5 --csv=yes
  refused "show: found nothing, expected RESULT.h5" show
  refused "show: found b.h5, expected nothing more after RESULT.h5" show a.h5 b.h5
  refused "collect: missing --output FILE" collect work
  refused "run: --set: found users, expected PATH=VALUE, such as users.count=100" run s.lua --set users
  refused "run: --output: found \"\", expected FILE" run s.lua -o ""
}

@test "every refusal says how to get help" {
  run --separate-stderr "$HEED" show --metrik
  [ "${stderr_lines[1]}" = "heed show --help lists its options" ]
  run --separate-stderr "$HEED" rnu
  [ "${stderr_lines[1]}" = "heed --help lists the commands" ]
}

# ---- the page and the man pages ----

@test "docs/command-line.md is what the table says" {
  "$HEED" generate docs -o page.md
  diff page.md "$HEED_SOURCE/docs/command-line.md" || {
    echo "docs/command-line.md and runner/command/table.c differ; to write the page again:"
    echo "  build/release/bin/heed generate docs -o docs/command-line.md"
    return 1
  }
}

@test "the page has every command with every option" {
  for command in $(commands); do
    awk -v command="$command" '/^## / { inside = $0 == "## heed " command } inside' \
      "$HEED_SOURCE/docs/command-line.md" >section.md
    for option in $(options "$command" | grep -vxE -- '--(plugin-path|allow-unsafe-plugins|help)'); do
      grep -qE "^\| \`(-[a-z], )?$option( |\`)" section.md
    done
  done
}

# Into man/.
make_man_pages() {
  mkdir man
  "$HEED" generate man -o man
}

@test "there is a man page for heed and for every command, with every option" {
  make_man_pages
  [ -s man/heed.1 ]
  for command in $(commands); do
    for option in $(options "$command"); do
      grep -qF -- "Fl \\-${option#--}" "man/heed-$command.1"
    done
  done
  [ "$(ls man | wc -l)" -eq $(($(commands | wc -l) + 1)) ]
}

@test "the man pages pass mandoc's lint" {
  need mandoc
  make_man_pages
  mandoc -T lint -W warning man/*.1
}

@test "the man pages give man nothing to warn of" {
  need man
  make_man_pages
  for page in man/*.1; do
    LC_ALL=C.UTF-8 man --warnings -E UTF-8 -Tutf8 -l "$page" >text 2>warnings
    [ ! -s warnings ]
    [ -s text ]
  done
}

@test "man pages and completion are installed where man and the shells look" {
  cmake --install "$HEED_BUILD" --prefix "$PWD/heed" >/dev/null
  [ -s heed/share/man/man1/heed.1 ]
  [ -s heed/share/man/man1/heed-run.1 ]
  cmp heed/share/bash-completion/completions/heed "$scripts/heed.bash"
  cmp heed/share/zsh/site-functions/_heed "$scripts/_heed"
  cmp heed/share/fish/vendor_completions.d/heed.fish "$scripts/heed.fish"
}

# ---- completion ----

# A sweep, a result and what is neither.
make_files() {
  cat >sweep.lua <<'LUA'
local h = require "heed"
return h.sweep { title = "A sweep", source = h.source.small {} }
LUA
  cp sweep.lua "spare sweep.lua"
  touch sweep.txt
  mkdir folder
  HEED_SAMPLE="$PWD/result.h5" HEED_VALUES="$PWD/values.txt" \
    "$HEED_BUILD/tests/test_result_sample" >/dev/null
}

# offers LINE CHOICE …: exactly these, whatever their order, by complete_line.
offers() {
  local line="$1"
  shift
  diff <(printf '%s\n' "$@" | sort) <(complete_line "$line" | sort)
}

# What every shell has to offer; complete_line LINE prints its choices.
offers_what_the_table_says() {
  make_files
  offers "heed ru" run
  offers "heed des" describe
  offers "heed help col" collect
  offers "heed run --pro" --progress
  offers "heed run --re" --retry --replace
  offers "heed run --progress " auto bar plain json none
  offers "heed run sweep.lua --progress pl" plain
  offers "heed run s" sweep.lua "spare sweep.lua"
  offers "heed show r" result.h5
  offers "heed run -o r" result.h5
  offers "heed list est" estimator
  offers "heed describe source/sm" source/small
  offers "heed show result.h5 --metric win_rate" win_rate win_rate_at_kl
  offers "heed show result.h5 --by e" eta
  offers "heed generate d" docs
}

@test "bash completes commands, options, words, files, plugins, metrics and axes" {
  complete_line() {
    bash --norc --noprofile -c '
      source "$0/heed.bash"
      compopt() { :; } # there is no line to complete
      read -ra COMP_WORDS <<<"$1"
      [[ $1 != *" " ]] || COMP_WORDS+=("")
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      _heed
      [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' "$scripts" "$1"
  }
  offers_what_the_table_says
}

@test "fish completes commands, options, words, files, plugins, metrics and axes" {
  need fish
  complete_line() {
    fish --no-config -c 'source $argv[1]/heed.fish; complete -C $argv[2]' "$scripts" "$1" | cut -f1
  }
  offers_what_the_table_says
  offers "heed run --progress=pl" --progress=plain
}

# types KEYS EXPECTED SHELL …: see type.py; start-up commands on standard input.
types() {
  /usr/bin/python3 "$HEED_SOURCE/tests/cli/type.py" "$@"
}

# What is completed is what runs.
runs_what_it_completes() {
  make_files
  types 'heed ru\t --he\t\r' 'Runs every cell of a sweep' "$@" <startup
  types 'heed run --progress=pl\t --help\r' 'Runs every cell of a sweep' "$@" <startup
  types 'heed describe source/sm\t\r' 'A few pairs' "$@" <startup
  types 'heed show result.h5 --metric win_rate_\t\r' '95 % interval' "$@" <startup
  types 'heed check sp\t\r' 'spare sweep.lua:' "$@" <startup
  types 'heed show re\t --by=et\t\r' '95 % interval' "$@" <startup
}

@test "what is typed in bash and completed runs" {
  need_pexpect
  echo "source '$scripts/heed.bash'" >startup
  runs_what_it_completes bash --norc --noprofile -i
}

@test "what is typed in zsh and completed runs" {
  need_pexpect
  need zsh
  echo "fpath=('$scripts' \$fpath); autoload -U compinit; compinit -u -D" >startup
  runs_what_it_completes zsh -f -i
}

@test "what is typed in fish and completed runs" {
  need_pexpect
  need fish
  echo "source '$scripts/heed.fish'" >startup
  runs_what_it_completes fish --no-config -i
}

@test "zsh lists what the table says" {
  need_pexpect
  need zsh
  make_files
  echo "fpath=('$scripts' \$fpath); autoload -U compinit; compinit -u -D" >startup
  types 'heed run --re\t\t' 'Rerun the cells that failed' zsh -f -i <startup
  types 'heed show result.h5 --metric \t\t' 'with each judge' zsh -f -i <startup
  types 'heed list \t\t' 'user_model' zsh -f -i <startup
}

@test "completion of a wrong line says nothing" {
  for line in "nosuch x" "show none.h5 --metric ''" "run a.lua b.lua ''"; do
    run --separate-stderr bash -c "heed complete -- $line"
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ]
  done
}

@test "the program runs each command of its table" {
  for command in $("$HEED" complete -- '' | cut -f 1); do
    case "$command" in -*) continue ;; esac
    run "$HEED" "$command" --no-such-option
    [ "$status" -eq 2 ]
    [[ "$output" != *"unknown command"* ]]
    run timeout 20 "$HEED" "$command"
    [[ "$output" != *"unknown command"* ]]
  done
}
