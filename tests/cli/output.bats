# What -o names: files, links, devices, pipes, and what must not be overwritten.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >log.csv <<'CSV'
user,pair,choice,prompt,text_a,text_b
ann,1,A,q1,good,bad
ann,2,B,q2,bad,good
bob,1,B,q1,good,bad
bob,2,B,q2,bad,good
CSV
  cat >s.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "Outputs",
  source = h.source.log { path = "log.csv",
    columns = { prompt = "prompt", text_a = "text_a", text_b = "text_b" } },
  estimator = h.estimator.em { mu = 0.8, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  keep = { "users", "selection" },
}
LUA
}

make_result() {
  "$HEED" run s.lua -o "${1:-r.h5}" --progress none >said 2>&1 || { cat said; return 1; }
}

heed() {
  run --separate-stderr "$HEED" "$@"
}

# device NUMBER: the path of a device like /dev/null (3) or /dev/full (7).  root
# could rename a file onto the real one.
device() {
  if [ "$(id -u)" = 0 ]; then
    mknod "device$1" c 1 "$1"
    echo "device$1"
  elif [ "$1" = 3 ]; then
    echo /dev/null
  else
    echo /dev/full
  fi
}

# refused TEXT COMMAND…: bad usage, with this text.
refused() {
  local text=$1
  shift
  heed "$@"
  echo "$stderr"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"$text"* ]]
}

same_bits() {
  [ "$(sha256sum <"$1")" = "$2" ]
}

@test "a device stays a device and gets the text" {
  make_result
  sink=$(device 3)
  for command in users pairs export report; do
    heed "$command" r.h5 -o "$sink"
    [ "$status" -eq 0 ]
    [ -c "$sink" ]
  done
  heed generate docs -o "$sink"
  [ "$status" -eq 0 ]
  [ -c "$sink" ]
}

@test "a device that is full is an error" {
  make_result
  sink=$(device 7)
  for command in users pairs export report; do
    heed "$command" r.h5 -o "$sink"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"$sink: cannot write: No space left"* ]]
    [ -c "$sink" ]
  done
}

@test "the reader of a FIFO gets the whole text" {
  make_result
  "$HEED" users r.h5 -o whole.csv
  mkfifo pipe
  timeout 10 cat pipe >got &
  heed users r.h5 -o pipe
  wait $!
  [ "$status" -eq 0 ]
  [ -p pipe ]
  cmp whole.csv got
}

@test "/dev/stdout, /dev/fd/N and - are the open descriptors" {
  make_result
  "$HEED" users r.h5 -o whole.csv
  "$HEED" users r.h5 -o /dev/stdout >one
  "$HEED" users r.h5 -o - >two
  "$HEED" users r.h5 -o /dev/fd/7 7>three
  "$HEED" users r.h5 -o /dev/stdout | cat >four
  "$HEED" users r.h5 >five
  for file in one two three four five; do cmp whole.csv "$file"; done
  [ ! -e ./- ]
  "$HEED" report r.h5 -o - >page.html
  [ "$(head -c 15 page.html)" = '<!doctype html>' ]
  [ "$(tail -n 1 page.html)" != - ]
}

@test "a file to which a shell appends keeps what it has" {
  make_result
  echo first >all
  "$HEED" users r.h5 -o /dev/stdout >>all
  [ "$(head -n 1 all)" = first ]
  [ "$(wc -l <all)" -eq 4 ]
}

@test "a symbolic link stays and its target gets the text" {
  make_result
  "$HEED" users r.h5 -o whole.csv
  mkdir far
  echo old >far/real.csv
  ln -s far/real.csv one
  ln -s "$PWD/one" two
  heed users r.h5 -o two
  [ "$status" -eq 0 ]
  [ -L one ]
  [ -L two ]
  cmp whole.csv far/real.csv
}

@test "a symbolic link that leads nowhere makes its target" {
  make_result
  "$HEED" users r.h5 -o whole.csv
  mkdir far
  ln -s far/new.csv link
  heed users r.h5 -o link
  [ "$status" -eq 0 ]
  [ -L link ]
  cmp whole.csv far/new.csv
  ln -s loop loop
  heed users r.h5 -o loop
  [ "$status" -eq 1 ]
  [[ "$stderr" == "heed: loop: cannot write: Too many levels of symbolic links" ]]
}

@test "a file keeps its mode, and a new one follows the umask" {
  make_result
  for command in users pairs export report; do
    echo old >secret
    chmod 600 secret
    "$HEED" "$command" r.h5 -o secret
    [ "$(stat -c %a secret)" = 600 ]
    chmod 664 secret
    "$HEED" "$command" r.h5 -o secret
    [ "$(stat -c %a secret)" = 664 ]
    rm secret
    (umask 027 && "$HEED" "$command" r.h5 -o secret)
    [ "$(stat -c %a secret)" = 640 ]
  done
}

@test "a result keeps its mode when it is extended" {
  (umask 077 && make_result)
  [ "$(stat -c %a r.h5)" = 600 ]
  "$HEED" run s.lua -o r.h5 --set replicates=2 --progress none
  [ "$(stat -c %a r.h5)" = 600 ]
}

@test "root leaves a file to its owner" {
  [ "$(id -u)" = 0 ] || skip "needs root"
  make_result
  echo old >theirs
  chown 65534:65534 theirs
  "$HEED" users r.h5 -o theirs
  [ "$(stat -c %u:%g theirs)" = 65534:65534 ]
}

@test "of two hard links the named one gets the text" {
  make_result
  echo old >one
  ln one two
  "$HEED" users r.h5 -o one
  [ "$(head -n 1 one)" != old ]
  [ "$(cat two)" = old ]
}

@test "no command writes onto its result, under any name" {
  make_result
  before=$(sha256sum <r.h5)
  ln -s r.h5 link.h5
  ln r.h5 hard.h5
  for command in users pairs export report; do
    for name in r.h5 ./r.h5 "$PWD/r.h5" link.h5 hard.h5; do
      refused "$name: is the result that heed reads" "$command" r.h5 -o "$name"
      same_bits r.h5 "$before"
    done
    refused "r.h5: is the result that heed reads" "$command" link.h5 -o r.h5
    same_bits r.h5 "$before"
  done
}

@test "no command writes onto the log, the sweep or a plugin of its result" {
  make_result
  log=$(sha256sum <log.csv)
  sweep=$(sha256sum <s.lua)
  ln -s log.csv link.csv
  for command in users pairs export report; do
    refused "is a file that the sweep reads" "$command" r.h5 -o log.csv
    refused "is a file that the sweep reads" "$command" r.h5 -o link.csv
    refused "is the sweep" "$command" r.h5 -o s.lua
    same_bits log.csv "$log"
    same_bits s.lua "$sweep"
  done
  for name in log.csv link.csv s.lua; do
    refused "$name: is " run s.lua -o "$name"
    refused "$name: is " run s.lua -o "$name" --replace
  done
  same_bits log.csv "$log"
  same_bits s.lua "$sweep"
  mkdir mine
  cp "$HEED_BUILD"/lib/heed/{source_log,estimator_em,distribution_beta,user_model_attentive}.so mine
  plugin=$(sha256sum <mine/source_log.so)
  refused "is a plugin of the sweep" run --plugin-path mine s.lua \
    -o mine/source_log.so --replace
  same_bits mine/source_log.so "$plugin"
}

@test "no text replaces another result" {
  make_result
  make_result other.h5
  before=$(sha256sum <other.h5)
  for command in users pairs export report; do
    refused "other.h5: is an HDF5 file" "$command" r.h5 -o other.h5
    same_bits other.h5 "$before"
  done
}

@test "a folder, a file of a work folder and a bad name are refused" {
  make_result
  mkdir folder
  "$HEED" check s.lua --json >plan
  mkdir r.h5.work
  mv plan r.h5.work/plan.json
  for command in users pairs export report; do
    refused "folder: is a folder" "$command" r.h5 -o folder
    refused "ends with '/'" "$command" r.h5 -o folder/none/
    refused "is in a work folder" "$command" r.h5 -o r.h5.work/plan.json
    refused "the name of the file has 250 bytes" "$command" r.h5 \
      -o "$(printf 'x%.0s' {1..250})"
  done
  [ -d folder ]
}

@test "a file that may not be written is not replaced" {
  [ "$(id -u)" != 0 ] || skip "root may write every file"
  make_result
  echo old >fixed
  chmod 444 fixed
  heed users r.h5 -o fixed
  [ "$status" -eq 1 ]
  [ "$(cat fixed)" = old ]
}

@test "a result is extended through a symbolic link, which stays" {
  mkdir big
  make_result big/r.h5
  ln -s big/r.h5 r.h5
  heed run s.lua -o r.h5 --set replicates=2 --progress none
  [ "$status" -eq 0 ]
  [[ "$output" == *"1 recorded before"*": r.h5" ]]
  [ -L r.h5 ]
  [ ! -L big/r.h5 ]
  [ "$(ls -A big)" = r.h5 ]
  "$HEED" show big/r.h5 | grep "2 replicates"
  ln -s big/new.h5 new.h5
  heed run s.lua -o new.h5 --progress none
  [ "$status" -eq 1 ]
  [[ "$stderr" == "heed: new.h5: is a link to big/new.h5, which is missing"* ]] ||
    [[ "$stderr" == "heed: new.h5: is a link to ./big/new.h5, which is missing"* ]]
  [ -L new.h5 ]
}

@test "a run refuses a result that is no file, and does not hang" {
  sink=$(device 3)
  mkfifo pipe
  mkdir folder
  for name in "$sink" pipe folder - /dev/stdout; do
    run --separate-stderr timeout 20 "$HEED" run s.lua -o "$name"
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"expected a file"* ]]
    run --separate-stderr timeout 20 "$HEED" run s.lua -o "$name" --replace
    [ "$status" -eq 2 ]
  done
  [ -c "$sink" ]
  [ -p pipe ]
  refused "the name of the file has 250 bytes" run s.lua \
    -o "$(printf 'x%.0s' {1..250})"
  [ -z "$(find . -name '*.work')" ]
}

# Every command that prints, with r.h5 and s.lua beside it.
printing() {
  cat <<'LIST'
show r.h5
show r.h5 --metric eta_mean --csv
check s.lua
check s.lua --json
list
list --json
describe filter/top
describe filter/top --json
describe --lua
cell s.lua --index 0
users r.h5
export r.h5
pairs r.h5
report r.h5
run s.lua -o r.h5 --progress none
collect parts.h5.work -o parts.h5
help run
--help
--version
run --help
generate docs
complete -- run --pro
new estimator/mine -o new
LIST
}

make_all() {
  make_result
  # The plan fits into 16 KiB, the records do not.
  (ulimit -f 16 && "$HEED" run s.lua -o parts.h5 --progress none) >said 2>&1 || true
  [ -f parts.h5.work/plan.json ]
}

@test "output that does not fit is an error of every command" {
  make_all
  sink=$(device 7)
  while read -r line; do
    run --separate-stderr bash -c "\"$HEED\" $line >$sink"
    echo "heed $line: $status $stderr"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"heed: standard output: cannot write"* ]]
  done < <(printing)
}

@test "output to a closed descriptor is an error of every command" {
  make_all
  while read -r line; do
    run --separate-stderr bash -c "\"$HEED\" $line >&-"
    echo "heed $line: $status $stderr"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"heed: standard output: cannot write"* ]]
  done < <(printing)
}

# A pipe whose reader has gone: descriptor 7.
gone='exec 7> >(exit 0); wait $!; '

@test "a reader that stops early ends a command quietly" {
  make_result
  for line in "describe --lua" "show r.h5" "users r.h5" "users r.h5 -o /dev/stdout"; do
    run bash -c "$gone \"$HEED\" $line >&7"
    [ "$status" -eq 141 ]
    [ -z "$output" ]
  done
}

@test "a reader that stops early is an error where its signal is ignored" {
  make_result
  for line in "show r.h5" "users r.h5"; do
    run bash -c "trap '' PIPE; $gone \"$HEED\" $line >&7"
    [ "$status" -eq 1 ]
    [ "$output" = "heed: standard output: cannot write: Broken pipe" ]
  done
}

@test "a run with closed descriptors makes the same result" {
  make_result whole.h5
  "$HEED" run s.lua -o r.h5 <&- >&- 2>&- || true
  /usr/bin/python3 "$HEED_SOURCE/tests/cli/same.py" whole.h5 r.h5
  "$HEED" run s.lua -o q.h5 <&- 2>&-
  /usr/bin/python3 "$HEED_SOURCE/tests/cli/same.py" whole.h5 q.h5
  [ -z "$(find . -name '*.work')" ]
}

@test "messages that do not fit are an error, unless nobody can read them" {
  echo 'print("a message")' | cat - s.lua >loud.lua
  sink=$(device 7)
  run bash -c "\"$HEED\" run loud.lua -o new.h5 --progress none 2>$sink"
  [ "$status" -eq 1 ]
  run bash -c "\"$HEED\" run s.lua -o json.h5 --progress json 2>$sink"
  [ "$status" -eq 1 ]
  run bash -c "\"$HEED\" run loud.lua -o newer.h5 --progress none 2>&-"
  [ "$status" -eq 0 ]
}

@test "a link of another user in a folder where everybody can write is not followed" {
  [ "$(id -u)" -eq 0 ] || skip "only root can give files away"
  make_result
  mkdir everybody
  chmod 1777 everybody
  echo precious >target.csv
  ln -s "$PWD/target.csv" everybody/users.csv
  chown -h 65534:65534 everybody/users.csv
  run --separate-stderr "$HEED" users r.h5 -o everybody/users.csv
  [ "$status" -ne 0 ]
  [[ "$stderr" == *"everybody/users.csv: is a symbolic link of another user in a folder where everybody can write; name the file that it leads to" ]]
  [ "$(cat target.csv)" = precious ]
  chown -h 0:0 everybody/users.csv
  "$HEED" users r.h5 -o everybody/users.csv
  grep -q ^user target.csv
}
