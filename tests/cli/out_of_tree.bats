# Plugins built outside the tree, against an installed heed: the plugin on the
# page docs/writing-a-plugin.md, and plugins in other languages.

bats_require_minimum_version 1.5.0

setup_file() {
  cmake --install "$HEED_BUILD" --prefix "$BATS_FILE_TMPDIR/heed" >/dev/null
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  page="$HEED_SOURCE/docs/writing-a-plugin.md"
  others="$HEED_SOURCE/tests/plugins/other_languages"
  prefix="$BATS_FILE_TMPDIR/heed"
  heed="$prefix/bin/heed"
  export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
  # The loader reports leaks in the libraries of a sanitized heed.
  export ASAN_OPTIONS="detect_leaks=0"
  umask 022
}

# take NAME …: the blocks of the page that are marked with these names.
take() {
  for name; do
    awk -v name="$name" '
      /^```/ { inside = $2 == name && NF == 2; next }
      inside' "$page" >"$name"
    [ -s "$name" ]
  done
}

# sweep FILTER [DISTRIBUTION]: sweep.lua with these plugins.
sweep() {
  local eta='h.distribution.beta {}'
  [ $# -lt 2 ] || eta="$2"
  cat >sweep.lua <<LUA
local h = require "heed"
local eta = $eta
return h.sweep {
  seed = 3,
  replicates = 2,
  source = h.source.synthetic { pairs = 4000, mu = 0.9 },
  users = { count = 200, annotations = 20, attentiveness = eta,
            model = h.user_model.attentive {} },
  estimator = h.estimator.em { prior = eta },
  filter = $1,
}
LUA
}

ask() {
  /usr/bin/python3 -c '
import sys, h5py
f = h5py.File(sys.argv[1])
print(eval(sys.argv[2]))' "$@"
}

# The page shows what heed describe prints, but for the file and its hash.
describes_as_on_the_page() {
  diff <(awk '/^filter\/seasoned 1.0/ { inside = 1 } /^```/ { inside = 0 } inside' "$page") \
    <("$heed" describe filter/seasoned |
      sed 's|^/.*/seasoned.so$|PLUGINS/seasoned.so|; s|^SHA-256 .*|SHA-256 HASH|')
}

runs_as_on_the_page() {
  take seasoned.lua
  run --separate-stderr "$heed" run seasoned.lua -o seasoned.h5
  echo "$stderr"
  [ "$status" -eq 0 ]
  # Two replicates of 200 users: all have an annotation, fewer have more.
  kept=$(ask seasoned.h5 '[int(x) for x in f["filter_users_kept"][:, 0]]')
  echo "$kept"
  [ "$(ask seasoned.h5 'f["filter_users_kept"].dims[0][0].name')" = /least ]
  [ "$(ask seasoned.h5 'set(f["filter_users_kept"][0]) == {200.0}')" = True ]
  [ "$(ask seasoned.h5 '(f["filter_users_kept"][2] < f["filter_users_kept"][1]).all()')" = True ]
  [ "$(ask seasoned.h5 '(f["filter_users_kept"][2] > 0).all()')" = True ]
}

@test "the page's plugin, built through pkg-config, is described and runs" {
  take seasoned.c build.sh path.sh
  . ./build.sh
  . ./path.sh
  describes_as_on_the_page
  runs_as_on_the_page
}

@test "the page's plugin, built through find_package, is described and runs" {
  take seasoned.c CMakeLists.txt
  # What heed itself is built with; make may not be there.
  cmake -G Ninja -S . -B build -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release
  cmake --build build
  # HEED_PLUGIN_DIR is where heed looks by itself: no path is given.
  cmake --install build
  [ -f "$prefix/lib/heed/seasoned.so" ]
  unset HEED_PLUGIN_PATH
  describes_as_on_the_page
  runs_as_on_the_page
  rm "$prefix/lib/heed/seasoned.so"
}

@test "the page's plugin compiles without a warning, in C and with strict flags" {
  take seasoned.c
  cc -std=c17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fPIC \
    -shared $(pkg-config --cflags heed) seasoned.c -o seasoned.so
}

@test "the page's message for a wrong parameter is the one that heed prints" {
  take seasoned.c build.sh path.sh seasoned.lua
  . ./build.sh
  . ./path.sh
  sed -i 's/seasoned { annotations/seasoned { anotations/' seasoned.lua
  run --separate-stderr "$heed" check seasoned.lua
  [ "$status" -eq 2 ]
  echo "$stderr"
  grep -qxF "$stderr" "$page"
}

@test "every public header compiles alone, as C and as C++" {
  command -v g++ >/dev/null || skip "g++ is missing: apt-get install g++"
  for header in "$prefix"/include/heed/*.h; do
    name=heed/$(basename "$header")
    echo "#include <$name>" >alone.c
    cc -std=c17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
      -fsyntax-only $(pkg-config --cflags heed) alone.c
    cp alone.c alone.cpp
    g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
      $(pkg-config --cflags heed) alone.cpp
  done
}

@test "a plugin in C++ runs in a sweep" {
  command -v g++ >/dev/null || skip "g++ is missing: apt-get install g++"
  mkdir plugins
  g++ -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Wconversion -Werror -O2 -fPIC -shared \
    $(pkg-config --cflags heed) "$others/median.cpp" -o plugins/median.so
  export HEED_PLUGIN_PATH="$prefix/lib/heed:$PWD/plugins"
  sweep 'h.filter.median {}'
  run --separate-stderr "$heed" run sweep.lua -o out.h5
  echo "$stderr"
  [ "$status" -eq 0 ]
  [ "$(ask out.h5 '((f["filter_median"][()] > 0) & (f["filter_median"][()] < 1)).all()')" = True ]
}

@test "a plugin in Fortran draws users and is fitted as a prior" {
  command -v gfortran >/dev/null || skip "gfortran is missing: apt-get install gfortran"
  mkdir plugins
  gfortran -std=f2008 -Wall -Wno-unused-dummy-argument -Werror -O2 -fPIC \
    -c "$others/kumaraswamy.f90"
  cc -std=c17 -Wall -Wextra -Wpedantic -Werror -O2 -fPIC -c \
    $(pkg-config --cflags heed) "$others/kumaraswamy.c" -o descriptor.o
  gfortran -shared kumaraswamy.o descriptor.o -o plugins/kumaraswamy.so
  export HEED_PLUGIN_PATH="$prefix/lib/heed:$PWD/plugins"
  sweep 'h.filter.none {}' 'h.distribution.kumaraswamy { a = 2, b = 3 }'
  run --separate-stderr "$heed" run sweep.lua -o out.h5
  echo "$stderr"
  [ "$status" -eq 0 ]
  # The estimate follows what users were drawn with.
  [ "$(ask out.h5 '(f["prior_a"][()] > 0).all() and (f["prior_b"][()] > 0).all()')" = True ]
  [ "$(ask out.h5 '(f["eta_correlation"][()] > 0.5).all()')" = True ]
}
