# Debuggers and heed: what docs/debugging.md shows.  Each test is skipped where
# its tool is missing or does not work here.

load small

# debugs TOOL: skips the test where the tool cannot run this build.
debugs() {
  command -v "$1" >/dev/null || skip "$1 is not installed"
  ! grep -qE 'lib[at]san' <(ldd "$HEED") || skip "$1 and the sanitizers do not mix"
  timeout -k 1 60 "${@:2}" >tool 2>&1 || skip "$1 does not work here: $(tail -n 1 tool)"
}

# In optimised code gdb shows the value at the entry of a function.
shows_cell() {
  grep -qE "cell=(cell@entry=)?$1[,)]" <<<"$output"
}

crashing() {
  write_sweep 'h.estimator.faulty { fault = "crash" }'
}

@test "heed cell --debugger shows where in its source a plugin crashes" {
  debugs gdb gdb -q -batch -ex run true
  crashing
  run timeout -k 1 60 "$HEED" cell small.lua --index 3 --debugger <<<$'run\nbt 20'
  [[ "$output" == *"received signal SIGSEGV"* ]]
  [[ "$output" == *"tests/plugins/faulty.c:"* ]]
  shows_cell 3
}

@test "gdb attaches to a worker and shows its cell and the line of its plugin" {
  sleep 60 3>&- &
  asleep=$!
  debugs gdb gdb -q -batch -p $asleep -ex detach
  kill $asleep
  write_sweep 'h.estimator.faulty { fault = "loop" }'
  "$HEED" run small.lua -j 1 >out 2>err 3>&- &
  supervisor=$!
  await pgrep -P $supervisor -x "heed worker"
  worker=$(pgrep -P $supervisor -x "heed worker")
  await grep -q "faulty.so" "/proc/$worker/maps"
  sleep 0.5
  run timeout -k 1 60 gdb -q -batch -p "$worker" -ex bt
  kill -KILL $supervisor
  [[ "$output" == *"tests/plugins/faulty.c:"* ]]
  shows_cell 0
}

@test "valgrind runs one cell and names the line of a plugin that writes where it must not" {
  debugs valgrind valgrind --quiet true
  crashing
  run timeout -k 1 200 valgrind --child-silent-after-fork=yes "$HEED" cell small.lua --index 3
  [[ "$output" == *"Invalid write of size 4"* ]]
  [[ "$output" =~ faulty\.c:[0-9]+ ]]
}
