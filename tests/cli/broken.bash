# broken FILE BODY: from now on, the HDF5 library runs BODY where it opens a file
# whose path ends in FILE.
broken() {
  cat >broken.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
C
  cat >>broken.c <<C
hid_t H5Fopen(const char *path, unsigned flags, hid_t access) {
  hid_t (*open)(const char *, unsigned, hid_t) = dlsym(RTLD_NEXT, "H5Fopen");
  const size_t length = strlen(path), end = strlen("$1");
  if (length >= end && strcmp(path + length - end, "$1") == 0) { $2 }
  return open(path, flags, access);
}
C
  cc -shared -fPIC $(pkg-config --cflags hdf5-serial) -o broken.so broken.c
  runtime=$(ldd "$HEED" | sed -n 's/.*=> \([^ ]*\/lib[at]san[^ ]*\).*/\1/p' | paste -s -d :)
  export LD_PRELOAD="$runtime${runtime:+:}$PWD/broken.so"
}

# For BODY: the limit of processor time is there, and is lowered so that the
# test does not wait for it.
loops='struct rlimit seconds;
  getrlimit(RLIMIT_CPU, &seconds);
  if (seconds.rlim_cur == RLIM_INFINITY) abort();
  seconds.rlim_cur = 1;
  setrlimit(RLIMIT_CPU, &seconds);
  for (;;) continue;'
