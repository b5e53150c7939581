# The work folder: heed uses, changes and removes only what it made.

load small
load user

# refused WORDS: with status 2, in words.
refused() {
  heed_run small.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"$1"* ]]
  [ ! -e small.h5 ]
}

# made: a folder that heed made and that a run left behind.
made() {
  write_sweep '' 'h.filter.faulty { seconds = h.axis { "nap", 0.3, 0.31, 0.32 } }'
  "$HEED" run small.lua -j 2 >out 2>err &
  supervisor=$!
  await compgen -G 'small.h5.work/part-*.h5'
  kill -INT $supervisor
  wait $supervisor || true
  [ -e small.h5.work/heed-work ]
}

@test "a folder with another program's files is refused by name, and stays" {
  mkdir small.h5.work
  echo precious >small.h5.work/thesis.txt
  refused "small.h5.work: holds thesis.txt, which heed did not make"
  [ "$(ls small.h5.work)" = thesis.txt ]
}

@test "a folder without heed's marker is refused, whatever the names in it" {
  mkdir small.h5.work
  echo '{}' >small.h5.work/plan.json
  refused "small.h5.work: is not a work folder of heed: it has no file heed-work"
  [ "$(ls small.h5.work)" = plan.json ]
}

@test "a folder of a version of heed without marker is taken up once it has one" {
  made
  rm small.h5.work/heed-work
  refused "if an earlier version of heed made it, run: touch "
  touch small.h5.work/heed-work
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == *" recorded before"* ]]
  [ ! -e small.h5.work ]
}

@test "a file that a user puts into heed's folder is refused by name" {
  made
  echo precious >small.h5.work/notes
  refused "small.h5.work: holds notes, which heed did not make"
  rm small.h5.work/notes
  mkdir small.h5.work/part-0123456789abcdef0123456789abcdef.h5
  refused "part-0123456789abcdef0123456789abcdef.h5: found a folder"
}

@test "a file that appears during a run is not removed" {
  write_sweep 'h.estimator.faulty { seconds = h.axis { "pause", 1, 1.1 } }'
  "$HEED" run small.lua >out 2>err &
  supervisor=$!
  await test -e small.h5.work/heed-work
  echo precious >small.h5.work/notes
  status=0
  wait $supervisor || status=$?
  [ "$status" -eq 1 ]
  grep -q "small.h5.work: heed has finished with this folder, but does not remove it: it holds notes" err
  [ "$(cat small.h5.work/notes)" = precious ]
  [ "$(ask small.h5 'set(status.ravel()) == {0}')" = True ]
}

@test "a link in place of the folder is refused, and its target stays" {
  mkdir victim
  echo precious >victim/thesis.txt
  ln -s victim small.h5.work
  refused "small.h5.work: is a symbolic link"
  [ "$(cat victim/thesis.txt)" = precious ]
  rm -r victim
  refused "small.h5.work: is a symbolic link"
  rm small.h5.work
  echo precious >small.h5.work
  refused "small.h5.work: is not a folder"
}

# The targets keep their bytes.
@test "a planted link is not followed, whatever its name" {
  for name in lock heed-work plan.json worker-0.log worker-1.log \
    part-0123456789abcdef0123456789abcdef.h5; do
    mkdir small.h5.work
    echo important >important.txt
    ln -s "$PWD/important.txt" "small.h5.work/$name"
    refused "small.h5.work/$name: found a symbolic link"
    touch small.h5.work/heed-work 2>/dev/null
    heed_run small.lua
    [ "$status" -eq 2 ]
    [ "$(cat important.txt)" = important ]
    rm -r small.h5.work
  done
}

@test "a planted link is not followed in a folder that heed made" {
  made
  rm -f small.h5.work/lock small.h5.work/worker-*.log small.h5.work/plan.json
  for name in lock worker-0.log plan.json; do
    echo important >important.txt
    ln -s "$PWD/important.txt" "small.h5.work/$name"
    refused "small.h5.work/$name: found a symbolic link"
    [ "$(cat important.txt)" = important ]
    rm "small.h5.work/$name"
  done
  heed_run small.lua
  [ "$status" -eq 0 ]
}

@test "a second name of a file is not written through" {
  made
  echo important >important.txt
  for name in lock worker-0.log; do
    rm -f "small.h5.work/$name"
    ln important.txt "small.h5.work/$name"
    heed_run small.lua
    [ "$(cat important.txt)" = important ]
    rm -f "small.h5.work/$name"
  done
}

@test "a pipe in the folder does not hang a run" {
  for name in lock heed-work plan.json part-0123456789abcdef0123456789abcdef.h5; do
    mkdir small.h5.work
    mkfifo "small.h5.work/$name"
    run --separate-stderr timeout 20 "$HEED" run small.lua
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"small.h5.work/$name: found a pipe"* ]]
    run --separate-stderr timeout 20 "$HEED" collect small.h5.work -o collected.h5
    [ "$status" -ne 0 ]
    [ "$status" -ne 124 ]
    rm -r small.h5.work
  done
}

@test "a user's own file called lock is not taken for a lock" {
  mkdir small.h5.work
  echo "my bicycle lock: 1234" >small.h5.work/lock
  heed_run small.lua
  [ "$status" -ne 0 ]
  [[ "$stderr" == *"small.h5.work/lock: is not a lock that heed made"* ]]
  [ "$(cat small.h5.work/lock)" = "my bicycle lock: 1234" ]
}

@test "a temporary name that is a link is not written through" {
  echo important >important.txt
  heed_run small.lua
  cp small.h5 before.h5
  # The process does not know its number before it starts: exec keeps it.
  cat >plant.sh <<'SH'
ln -s "$PWD/important.txt" "small.h5.tmp-$(uname -n)-$$"
exec "$HEED" run small.lua
SH
  run --separate-stderr sh plant.sh
  [ "$status" -eq 0 ]
  [ "$(cat important.txt)" = important ]
  [ ! -L small.h5 ]
  same before.h5 small.h5
}

@test "a link to a result stays a link, and its target is extended" {
  mkdir store
  heed_run small.lua -o store/real.h5
  ln -s store/real.h5 small.h5
  sed -i 's/replicates = 3/replicates = 4/' small.lua
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "6 cells done, 18 recorded before"* ]]
  [ -L small.h5 ]
  [ "$(ask store/real.h5 'status.size')" = 24 ]
  ! compgen -G 'store/real.h5?*'
  rm store/real.h5
  heed_run small.lua
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"small.h5: is a link to "*"store/real.h5, which is missing"* ]]
  [ -L small.h5 ]
}

@test "a result keeps its permissions when it is extended" {
  heed_run small.lua
  chmod 600 small.h5
  sed -i 's/replicates = 3/replicates = 4/' small.lua
  heed_run small.lua
  [ "$status" -eq 0 ]
  [ "$(stat -c %a small.h5)" = 600 ]
  heed_run small.lua --replace
  [ "$status" -eq 0 ]
  [ "$(stat -c %a small.h5)" = 600 ]
}

@test "a result that is a pipe or a folder is refused" {
  mkfifo small.h5
  for option in --progress=none --replace; do
    run --separate-stderr timeout 20 "$HEED" run small.lua ${option/=/ }
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"small.h5: is not a regular file"* ]]
    [ -p small.h5 ]
  done
  rm small.h5
  mkdir small.h5
  for option in --progress=none --replace; do
    run --separate-stderr "$HEED" run small.lua ${option/=/ }
    [ "$status" -eq 2 ]
    [ -d small.h5 ]
    [ ! -e small.h5.work ]
  done
}

@test "only its owner can write to a work folder, whatever the umask" {
  umask 000
  made
  [ "$(stat -c %a small.h5.work)" = 755 ]
  ! find small.h5.work -perm /022 | grep .
  umask 077
  heed_run small.lua
  [ "$status" -eq 0 ]
  [ "$(stat -c %a small.h5)" = 600 ]
}

@test "a warning names a work folder to which others can write" {
  made
  chmod 777 small.h5.work
  heed_run small.lua
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"small.h5.work: others can write to this folder (mode 0777) and forge cells"* ]]
}

# ---- users ----

@test "a work folder of another user is refused" {
  need_user
  [ "$(id -u)" -eq 0 ] || skip "only root can give files away"
  made
  chown -R 0:0 small.h5.work
  chmod 777 .
  run --separate-stderr as_user "$HEED" run small.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"small.h5.work: belongs to another user (user ID 0)"* ]]
  chown -R 65534:65534 small.h5.work
  heed_run small.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"small.h5.work: belongs to another user (user ID 65534)"* ]]
  [ -e small.h5.work/heed-work ]
}

@test "heed collect reads root's folder and the user's own, and no other" {
  need_user
  [ "$(id -u)" -eq 0 ] || skip "only root can give files away"
  made
  chmod 777 .
  chown -R 0:0 small.h5.work
  run --separate-stderr as_user "$HEED" collect small.h5.work -o roots.h5
  [ "$status" -eq 3 ]
  chown -R 65534:65534 small.h5.work
  run --separate-stderr as_user "$HEED" collect small.h5.work -o own.h5
  [ "$status" -eq 3 ]
  run --separate-stderr "$HEED" collect small.h5.work -o others.h5
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"copy it and collect the copy"* ]]
  cp -r small.h5.work copy.work
  chown -R 0:0 copy.work
  run --separate-stderr "$HEED" collect copy.work/ -o copied.h5
  [ "$status" -eq 3 ]
}

@test "links, a lost result and a resumed run are the same for a user" {
  need_user
  mkdir victim
  echo precious >victim/thesis.txt
  ln -s victim small.h5.work
  [ "$(id -u)" -ne 0 ] || chown -hR 65534:65534 .
  run --separate-stderr as_user "$HEED" run small.lua
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"small.h5.work: is a symbolic link"* ]]
  [ "$(cat victim/thesis.txt)" = precious ]
  rm small.h5.work
  run --separate-stderr as_user "$HEED" run small.lua
  [ "$status" -eq 0 ]
  sed -i 's/replicates = 3/replicates = 4/' small.lua
  run --separate-stderr as_user "$HEED" run small.lua
  [ "$status" -eq 0 ]
  [[ "$output" == "6 cells done, 18 recorded before"* ]]
}

@test "a result folder that cannot be written to is named, and nothing is left" {
  need_user
  mkdir closed
  chmod 555 closed
  run --separate-stderr as_user "$HEED" run small.lua -o closed/small.h5
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"closed/small.h5.work: cannot create: Permission denied"* ]]
  [ -z "$(ls closed)" ]
}

@test "a lock that a child of a killed heed holds for a moment is waited for" {
  mkdir -m 755 small.h5.work
  touch small.h5.work/heed-work
  /usr/bin/python3 - <<'PY'
import fcntl, os, socket, struct, sys, time
lock = open("small.h5.work/lock", "w")
whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
fcntl.fcntl(lock, fcntl.F_OFD_SETLK, whole)
lock.write(f"process {os.getpid()} on {socket.gethostname()}\n")
lock.flush()
if os.fork() == 0:
    for stream in (0, 1, 2):
        os.close(stream)
    time.sleep(1)
os._exit(0)
PY
  heed_run small.lua
  [ "$status" -eq 0 ]
}
