# What reaches a terminal: texts of logs, plugins and sweeps never make it obey.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  # ESC, BEL, DEL, C1's CSI, a bidirectional override, an isolate and a mark.
  evil=$'a\e]0;owned\a\e[31m\x7f\xc2\x9b2J\xe2\x80\xae\xe2\x81\xa7\xe2\x80\x8fz'
  shown='a\x1b]0;owned\x07\x1b[31m\u007f\u009b2J\u202e\u2067\u200fz'
}

# log_sweep CHOICE [TITLE]
log_sweep() {
  printf 'user,pair,choice\nann,1,A\n"ann%s",1,"%s"\n' "$evil" "$1" >log.csv
  cat >s.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "${2-A log}",
  source = h.source.log { path = "log.csv" },
  estimator = h.estimator.em { mu = 0.8, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  keep = { "users" },
}
LUA
}

# clean FILE: no byte of it makes a terminal obey.
clean() {
  /usr/bin/python3 - "$1" <<'PY'
import sys
text = open(sys.argv[1], "rb").read().decode("utf-8")
bad = [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160
       or 0x200e <= ord(c) <= 0x200f or 0x2028 <= ord(c) <= 0x202e
       or 0x2066 <= ord(c) <= 0x2069]
assert not bad, bad
PY
}

@test "control characters of a log are shown in messages, not sent" {
  log_sweep "$evil"
  "$HEED" run s.lua -o r.h5 --progress plain >said 2>&1 || true
  grep -F "$shown" said
  clean said
  "$HEED" show r.h5 >said 2>&1
  grep -F "$shown" said
  clean said
  "$HEED" cell s.lua --index 0 >said 2>&1 || true
  grep -F "$shown" said
  clean said
}

@test "control characters of a log, a title and labels are shown in a page, not sent" {
  command -v gnuplot >/dev/null || skip "gnuplot is missing"
  log_sweep A "$evil"
  sed -i 's/em { mu = 0.8, fit = "fixed",/em { mu = "pair", fit = "fixed",/; s/"log.csv"/"log.csv", columns = { p = "p" }/' s.lua
  printf 'user,pair,choice,p\nann,1,A,0.7\nann,"x%s",A,\n' "$evil" >log.csv
  "$HEED" run s.lua -o r.h5 --progress none >/dev/null || true
  "$HEED" report r.h5 -o page.html
  grep -F "<title>$shown" page.html
  grep -F "pair &quot;x$shown&quot; (" page.html
  clean page.html
}

@test "control characters of a title and of labels are shown, not sent" {
  cat >s.lua <<LUA
local h = require "heed"
return h.sweep {
  title = "$evil\\nsecond",
  source = h.source.synthetic { pairs = 20, mu = 0.7 },
  users = { count = 5, annotations = 3, model = h.user_model.attentive {},
    attentiveness = h.axis("who", { h.distribution.uniform {}, h.distribution.beta {} },
      { labels = { "$evil", "line\\nbreak" } }) },
  estimator = h.estimator.constant { eta = 0.5 },
}
LUA
  "$HEED" check s.lua >said 2>&1
  [ "$(head -n 1 said)" = "$shown\\x0asecond" ]
  grep -F "2  $shown" said
  grep -F "line\\x0abreak" said
  clean said
  for command in "run s.lua -o r.h5 --progress plain" "show r.h5" \
    "show r.h5 --metric eta_rmse" "report r.h5" "cell s.lua --index 1" "list"; do
    "$HEED" $command >said 2>&1
    clean said
  done
  [ "$("$HEED" show r.h5 | head -n 1)" = "$shown\\x0asecond" ]
}

@test "control characters in names on the command line are shown, not sent" {
  for words in "show $evil.h5" "check $evil.lua" "users $evil" "$evil" \
    "run --set $evil=1 none.lua" "check --metric=$evil"; do
    "$HEED" $words >said 2>&1 && false
    clean said
  done
}

@test "a byte that is not UTF-8 is shown, not sent" {
  run "$HEED" show $'\x9b31m\xff.h5'
  [[ "$output" == 'heed: \x9b31m\xff.h5: '* ]]
}

@test "a message takes one line, whatever it quotes" {
  log_sweep $'X\nheed: all is well'
  "$HEED" run s.lua -o r.h5 --progress none >said 2>&1 || true
  grep -F 'X\x0aheed: all is well' said
  run grep -c '^heed: all is well' said
  [ "$output" = 0 ]
}

@test "JSON says the same with and without control characters" {
  log_sweep A "$evil"
  "$HEED" check s.lua --json >plan.json
  clean plan.json
  /usr/bin/python3 - "$evil" <<'PY'
import json, sys
assert json.load(open("plan.json"))["title"] == sys.argv[1]
PY
}

@test "data goes out unchanged, but not to a terminal" {
  log_sweep A
  "$HEED" run s.lua -o r.h5 --progress none >said 2>&1
  "$HEED" users r.h5 >users.csv
  grep -F "$evil" users.csv
  command -v script >/dev/null || skip "script is not installed"
  script -qec "\"$HEED\" users r.h5" typescript >seen
  tr -d '\r' <seen >said
  grep -F "$shown" said
  clean said
}

@test "a bar moves on a terminal and sends nothing else" {
  command -v script >/dev/null || skip "script is not installed"
  log_sweep A
  script -qec "\"$HEED\" run s.lua -o r.h5 --progress bar" typescript >seen
  sed 's/\r\x1b\[K//g; s/\r//g' seen >said
  clean said
  grep -F '1/1 cells' said
}

@test "columns of wide and of combining characters are aligned" {
  cat >s.lua <<'LUA'
local h = require "heed"
return h.sweep {
  source = h.source.synthetic { pairs = 20, mu = 0.7 },
  users = { count = 5, annotations = 3, model = h.user_model.attentive {},
    attentiveness = h.axis("who", { h.distribution.uniform {}, h.distribution.beta {},
      h.distribution.two_point {} }, { labels = { "丁寧な利用者", "cafe\u{301}", "plain" } }) },
  estimator = h.estimator.constant { eta = 0.5 },
}
LUA
  "$HEED" run s.lua -o r.h5 --progress none
  "$HEED" show r.h5 --metric eta_rmse >said
  cat said
  grep -E '^  丁寧な利用者  0\.' said
  grep -E '^  cafe[^ ]+ {10}0\.' said
  grep -E '^  plain {12}0\.' said
}

@test "a long text of characters of several bytes arrives whole" {
  title=$(printf 'x'; printf '利用é%.0s' {1..900})
  log_sweep A "$title"
  [ "$("$HEED" check s.lua | head -n 1)" = "$title" ]
}
