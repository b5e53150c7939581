# What heed check sees of a log, and what heed users writes of it.

load log.bash

check() {
  run --separate-stderr "$HEED" check log.lua "$@"
}

# rows N: that many good rows.
rows() {
  awk -v n="$1" 'BEGIN { print "user,pair,choice"
    for (i = 0; i < n; i++) print "u" i % 7 "," i "," (i % 3 ? "A" : "B") }'
}

@test "heed check reads the first rows of a log as a run does" {
  { rows 10; echo 'ann,1,perhaps'; } >log.csv
  check
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'log.lua:'*'log.csv:12: column "choice": found the choice "perhaps"'* ]]
  rows 10 >log.csv
  check
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  sed -i 1s/choice/verdict/ log.csv
  check
  [[ "$stderr" == *'log.csv: missing column "choice"; the file has "user", "pair", "verdict"'* ]]
}

@test "heed check looks at 1000 rows, and with --data at all" {
  { rows 1000; echo 'ann,1,perhaps'; } >log.csv
  check
  [ "$status" -eq 0 ]
  check --data
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'log.csv:1002: column "choice": found the choice "perhaps"'* ]]
}

@test "heed check does not say of the first rows what only the whole log can tell" {
  { echo user,pair,choice; for i in {1..1000}; do echo "tim,$i,tie"; done
    echo ann,1,A; } >log.csv
  { echo pair,choice; for i in {1..1001}; do echo "$i,A"; done; } >judge.csv
  source_log 'references = { judy = { path = "judge.csv" } }'
  check
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  check --data
  [ "$status" -eq 0 ]
  [[ "$stderr" == *'heed: warning: log: 1 of 2 users only tie'* ]]
  [[ "$stderr" == *'heed: warning: log: judge judy: the log lacks 1 of its 1001 pairs'* ]]
}

@test "heed check names skipped rows, duplicates and a judge's faults" {
  { rows 3; echo 'u0,0,A'; } >log.csv
  check
  [[ "$stderr" == *'log.csv:5: user "u0" has already annotated pair "0", in line 2'* ]]
  source_log 'malformed = "skip"'
  check
  [ "$status" -eq 0 ]
  [[ "$stderr" == *'heed: warning: log: '*'log.csv:5: user "u0"'* ]]
  rows 3 >log.csv
  printf '%s\n' pair,choice 0,perhaps >judge.csv
  source_log 'references = { judy = { path = "judge.csv" } }'
  check
  [ "$status" -eq 2 ]
  [[ "$stderr" == *'judge.csv:2: column "choice": found the verdict "perhaps"'* ]]
}

@test "a run plans without reading the log: a fault there costs its cells" {
  { rows 3; echo 'ann,1,perhaps'; } >log.csv
  fails '1 failed in world'
}

@test "names that a spreadsheet would run are guarded, numbers are not" {
  printf '%s\n' user,pair,choice '=1+1,1,A' "+cmd|' /C calc'!A0,1,A" '-2+3,1,A' '@x,1,A' \
    '"=HYPERLINK(""http://x"")",1,A' '-5,1,A' '+1.5e3,1,A' plain,1,A 'a=b,1,A' >log.csv
  printf '"\ttab",1,A\n' >>log.csv
  runs
  [ "$("$HEED" users log.h5 | cut -d, -f1 | tail -n +2)" = "$(printf '%s\n' "'=1+1" \
    "'+cmd|' /C calc'!A0" "'-2+3" "'@x" "\"'=HYPERLINK(\"\"http://x\"\")\"" -5 +1.5e3 plain a=b "'	tab")" ]
  "$HEED" users log.h5 --raw | grep -x '=1+1,.*'
  "$HEED" users log.h5 --raw | grep -x '@x,.*'
}
