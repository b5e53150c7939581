#!/usr/bin/env bash
# Installs the missing Debian packages that heed needs.
#   scripts/install-dependencies.sh run     to build and run heed
#   scripts/install-dependencies.sh test    to run its tests as well
set -euo pipefail

run=(
  gcc libc6-dev cmake ninja-build pkg-config
  liblua5.4-dev libgsl-dev libhdf5-dev libopenblas-dev librandom123-dev
  libjansson-dev nettle-dev libutf8proc-dev libcsv-dev libsodium-dev
  libsqlite3-dev zlib1g-dev libzstd-dev
  gnuplot-nox
)
# The readers are the programs that docs/results.md promises. R and Octave are
# large; without them, their tests are skipped. mandoc, zsh, fish and pexpect
# test the man pages and completion.
test=(
  libcmocka-dev bats g++ gfortran procps lua5.4 lua-check mandoc zsh fish
  python3 python3-h5py python3-h5netcdf python3-netcdf4 python3-numpy
  python3-pexpect python3-scipy python3-xarray netcdf-bin hdf5-tools
)
# For tests/cli/debugging.bats and scripts/check.sh.
test+=(gdb valgrind libomp-dev)

case "${1:-}" in
  run) wanted=("${run[@]}") ;;
  test) wanted=("${run[@]}" "${test[@]}") ;;
  *) echo "usage: $0 run|test" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "not root and no sudo: as root, run apt-get install ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
