# Tests as an ordinary user: root may read and write everywhere.

# need_user: skips unless there is one, who may run heed; gives him this folder.
need_user() {
  if [ "$(id -u)" -ne 0 ]; then
    as_user() { "$@"; }
    return
  fi
  command -v setpriv >/dev/null || skip "setpriv is not installed (util-linux)"
  as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
  as_user "$HEED" --version >/dev/null 2>&1 || skip "user 65534 may not run $HEED"
  chmod 755 "$BATS_RUN_TMPDIR" 2>/dev/null || true
  as_user test -x "$PWD" || skip "user 65534 may not enter $PWD"
  chown -R 65534:65534 .
}
