# The headers of plugins/support: a reader of one header needs few
# others.

bats_require_minimum_version 1.5.0

# chains ROOT: of each header of ROOT/support the longest chain of headers that
# include each other, as "LENGTH HEADER HEADER …".
chains() {
  (cd "$1" && grep -rH --include='*.h' '^#include "support/' support) |
    sed -e 's/:#include "/ /' -e 's/"$//' |
    awk '
      { includes[$1] = includes[$1] " " $2 }
      function chain(header, parts, count, i, longer, best) {
        best = ""
        count = split(includes[header], parts, " ")
        for (i = 1; i <= count; i++) {
          longer = chain(parts[i])
          if (split(longer, unused, " ") > split(best, unused, " ")) best = longer
        }
        return header (best == "" ? "" : " " best)
      }
      END {
        for (header in includes) {
          line = chain(header)
          print split(line, unused, " "), line
        }
      }' | sort -rn
}

# too_long ROOT: the chains of more than three headers.
too_long() {
  chains "$1" | awk '$1 > 3'
}

@test "no chain of support headers is longer than three" {
  run -0 too_long "$HEED_SOURCE/plugins"
  echo "$output"
  [ -z "$output" ]
}

@test "a chain of four support headers is found" {
  cd "$BATS_TEST_TMPDIR"
  mkdir -p support/a
  touch support/a/4.h
  for n in 1 2 3; do echo "#include \"support/a/$((n + 1)).h\"" >"support/a/$n.h"; done
  run -0 too_long .
  [ "$output" = "4 support/a/1.h support/a/2.h support/a/3.h support/a/4.h" ]
}
