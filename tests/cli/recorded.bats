# Cells that were recorded when a run began are in the result that it writes, or
# the run fails and leaves everything as it is.

load small
load user

# sweep VALUES: of the axis `pause`; every world that is made adds to `begun`.
sweep() {
  write_sweep 'h.estimator.faulty { seconds = h.axis { "pause", '"$1"' } }' '' \
    'h.source.small { pairs = 20, made = "'"$PWD/begun"'" }'
}

# A result of 18 cells, and a sweep with 9 more, which take a second each.
extend_by_a_value() {
  sweep "0, 0.001"
  heed_run small.lua
  [ "$status" -eq 0 ]
  cp small.h5 before.h5
  rm begun
  sweep "0, 0.001, 1"
}

# Six cells.
slow_sweep() {
  sweep "1, 1.1"
  sed -i 's/replicates = 3/replicates = 1/' small.lua
}

# flip FILE PLACE: changes the lowest bit of a byte.
flip() {
  /usr/bin/python3 -c '
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(-1, 1)
    file.write(bytes([byte ^ 1]))' "$@"
}

# begin COMMAND …: starts it and stops its supervisor while cells are running.
begin() {
  "$@" >out 2>err &
  supervisor=$!
  await test -s begun
  kill -STOP $supervisor
  [ -e small.h5.work/lock ]
}

# end: lets it go on, to its end.
end() {
  kill -CONT $supervisor
  status=0
  wait $supervisor || status=$?
}

# The run failed and said how many cells are missing; the new ones are parts.
lost() {
  [ "$status" -eq 1 ]
  grep -q "$1" err
  [ "$(ls small.h5.work/part-*.h5 | wc -l)" -ge 1 ]
}

# Once the old file is back, nothing is lost.
goes_on() {
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "0 cells done, 27 recorded before"* ]]
  same --within before.h5 small.h5
  [ ! -e small.h5.work ]
}

@test "a result that is moved while it is extended is not replaced by one without its cells" {
  extend_by_a_value
  begin "$HEED" run small.lua -j 2
  mv small.h5 moved.h5
  end
  lost "small.h5: 18 of the 27 recorded cells are missing (no file has this name)"
  [ ! -e small.h5 ]
  mv moved.h5 small.h5
  goes_on
}

@test "a result that is cut off while it is extended is not replaced" {
  extend_by_a_value
  begin "$HEED" run small.lua -j 2
  truncate -s 5000 small.h5
  end
  lost "small.h5: "
  [ "$(stat -c %s small.h5)" = 5000 ]
  cp before.h5 small.h5
  goes_on
}

@test "a result that is damaged while it is extended is not replaced" {
  extend_by_a_value
  begin "$HEED" run small.lua -j 2
  flip small.h5 3000
  cp small.h5 flipped.h5
  end
  lost "small.h5: "
  cmp flipped.h5 small.h5
  cp before.h5 small.h5
  goes_on
}

@test "a file that has taken the result's place is not overwritten" {
  extend_by_a_value
  begin "$HEED" run small.lua -j 2
  echo precious >other
  mv other small.h5
  end
  lost "small.h5: is not a heed result"
  [ "$(cat small.h5)" = precious ]
  cp before.h5 small.h5
  goes_on
}

@test "an older copy of the result does not replace its cells" {
  sweep "0, 0.001"
  sed -i 's/replicates = 3/replicates = 1/' small.lua
  heed_run small.lua
  mv small.h5 older.h5
  extend_by_a_value
  begin "$HEED" run small.lua -j 2
  cp older.h5 small.h5
  end
  lost "small.h5: 12 of the 27 recorded cells are missing"
  cmp older.h5 small.h5
  cp before.h5 small.h5
  goes_on
}

@test "a file that appears where there was no result is not overwritten" {
  slow_sweep
  begin "$HEED" run small.lua -j 2
  echo precious >small.h5
  end
  lost "small.h5: is not a heed result"
  [ "$(cat small.h5)" = precious ]
}

@test "a result that cannot be read is neither ignored nor replaced" {
  need_user
  as_user "$HEED" run small.lua
  chmod 000 small.h5
  run --separate-stderr as_user "$HEED" run small.lua
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"small.h5: "*"Permission denied"* ]]
  [ ! -e small.h5.work ]
  chmod 666 small.h5
  run --separate-stderr as_user "$HEED" run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "0 cells done, 18 recorded before"* ]]
}

@test "parts that vanish during a run end it with an error" {
  write_sweep '' 'h.filter.faulty { seconds = h.axis { "nap", 0.3, 0.31, 0.32 } }'
  "$HEED" run small.lua -j 2 >out 2>err &
  supervisor=$!
  await compgen -G 'small.h5.work/part-*.h5'
  kill -STOP $supervisor
  mkdir away
  mv small.h5.work/part-*.h5 away
  end
  [ "$status" -eq 1 ]
  grep -q "small.h5: [1-9][0-9]* of the 18 recorded cells are missing" err
  [ ! -e small.h5 ]
  mv away/part-*.h5 small.h5.work
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "0 cells done, 18 recorded before"* ]]
}

@test "a work folder that is removed during a run ends it with an error" {
  slow_sweep
  begin "$HEED" run small.lua -j 2
  rm -r small.h5.work
  end
  [ "$status" -eq 1 ]
  [ ! -e small.h5 ]
  ! grep -q "are safe" err
}

@test "a run whose lock was removed does not write its result" {
  slow_sweep
  begin "$HEED" run small.lua -j 2
  rm small.h5.work/lock
  end
  [ "$status" -eq 1 ]
  grep -q "small.h5.work: the folder or its lock was moved or removed during the run" err
  [ ! -e small.h5 ]
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "0 cells done, 6 recorded before"* ]]
}

# ---- parts of another sweep ----

interrupted() {
  write_sweep '' 'h.filter.faulty { seconds = h.axis { "nap", 0.3, 0.31, 0.32 } }'
  "$HEED" run small.lua -j 2 >out 2>err &
  supervisor=$!
  await compgen -G 'small.h5.work/part-*.h5'
  kill -INT $supervisor
  wait $supervisor || true
  ! grep -q "cells done" out
  safe=$(sed -n 's/^heed: .*\.work keeps \([0-9]*\) of 18 cells; .*/\1/p' err)
  [ "$safe" -ge 1 ]
}

@test "another sweep does not throw away the cells of an interrupted run" {
  interrupted
  cp -r small.h5.work before.work
  sed 's/seed = 7/seed = 8/' small.lua >other.lua
  heed_run other.lua -o small.h5
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"small.h5.work: holds $safe finished cells of an interrupted run that this sweep does not have"* ]]
  [[ "$stderr" == *"--replace"* ]]
  diff -r -x lock before.work small.h5.work
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "$((18 - safe)) cells done, $safe recorded before"* ]]
}

@test "--replace drops the cells of an interrupted run" {
  interrupted
  sed 's/seed = 7/seed = 8/' small.lua >other.lua
  heed_run other.lua -o small.h5 --replace
  [ "$status" -eq 0 ]
  [[ "$output" == "18 cells done, "* ]]
  [ ! -e small.h5.work ]
}

@test "heed collect keeps the cells of an interrupted run" {
  interrupted
  run --separate-stderr "$HEED" collect small.h5.work -o kept.h5
  [ "$status" -eq 3 ]
  [[ "$output" == "$safe cells done, $((18 - safe)) not run yet: kept.h5" ]]
}

# ---- damage ----

@test "a result of which a bit has changed is refused, not extended in silence" {
  heed_run small.lua
  cp small.h5 before.h5
  sed -i 's/replicates = 3/replicates = 4/' small.lua
  for place in 10 3000 12000 "$(($(stat -c %s before.h5) - 100))" "$(($(stat -c %s before.h5) - 30))"; do
    cp before.h5 small.h5
    flip small.h5 "$place"
    cp small.h5 flipped.h5
    heed_run small.lua
    [ "$status" -ne 0 ]
    [[ "$stderr" == *"small.h5: "* ]]
    cmp flipped.h5 small.h5
  done
  cp before.h5 small.h5
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "6 cells done, 18 recorded before"* ]]
}

@test "a damaged part is set aside and named, and its cells run again" {
  interrupted
  heed_run small.lua -o whole.h5
  part=$(ls small.h5.work/part-*.h5 | head -1)
  flip "$part" 2000
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"$part: its bytes are not those that heed wrote; it is now $(basename "$part").bad, and its cells run again"* ]]
  same whole.h5 small.h5
  [ ! -e small.h5.work ]
}

@test "heed collect leaves a damaged part out and names it" {
  interrupted
  part=$(ls small.h5.work/part-*.h5 | head -1)
  flip "$part" 2000
  run --separate-stderr "$HEED" collect small.h5.work -o kept.h5
  [ "$status" -eq 3 ]
  [[ "$stderr" == *"$part: its bytes are not those that heed wrote; heed leaves it out"* ]]
  [ -e "$part" ]
}

@test "a plan of which a byte has changed is not collected" {
  interrupted
  flip small.h5.work/plan.json 300
  run --separate-stderr "$HEED" collect small.h5.work -o kept.h5
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"small.h5.work/plan.json: does not have the SHA-256 in its first line"* ]]
  [ ! -e kept.h5 ]
}

@test "a damaged world of a costly source is made again" {
  source='h.source.saved { pairs = 20, made = "'"$PWD/made"'" }'
  write_sweep 'h.estimator.empty {}' 'h.filter.faulty { seconds = h.axis { "nap", 0, 0.001, 0.5 } }' "$source"
  heed_run small.lua -o whole.h5
  for kind in h5 json; do
    rm -f made
    "$HEED" run small.lua -j 1 >out 2>err &
    supervisor=$!
    await compgen -G 'small.h5.work/part-*.h5'
    kill -INT $supervisor
    wait $supervisor || true
    for file in small.h5.work/stage-*."$kind"; do flip "$file" 100; done
    worlds=$(stat -c %s made)
    heed_run small.lua
    [ "$status" -eq 0 ]
    [ "$(stat -c %s made)" -gt "$worlds" ]
    same whole.h5 small.h5
    rm small.h5
  done
}

@test "a file called heed beside the sweep does not disturb a run" {
  touch heed
  heed_run small.lua
  [ "$status" -eq 0 ]
}
