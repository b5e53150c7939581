# The source log: the two sides of a pair, and reference judges.

load log.bash

# ---- rows that name the two sides the other way round ----

# The same annotations twice: rows as they are, and every second one with its
# sides changed.
@test "every quantity of a row turns with its sides, as its models say" {
  printf '%s\n' user,pair,choice,a,b,left,p,x,ta,tb \
    u1,q,A,m1,m2,A,0.9,1.5,one,two \
    u2,q,B,m1,m2,A,0.9,1.5,one,two \
    u3,q,left,m1,m2,B,0.8,1.5,one,two >straight.csv
  printf '%s\n' user,pair,choice,a,b,left,p,x,ta,tb \
    u1,q,A,m1,m2,A,0.9,1.5,one,two \
    u2,q,A,m2,m1,B,0.1,-1.5,two,one \
    u3,q,left,m2,m1,A,0.2,-1.5,two,one >log.csv
  mu='"pair"' source_log 'difference = { "x" }, columns = { model_a = "a",
    model_b = "b", left = "left", p = "p", prompt = "pair", text_a = "ta", text_b = "tb" }'
  runs
  turned=$(etas; "$HEED" export log.h5)
  mv straight.csv log.csv
  runs
  [ "$(etas; "$HEED" export log.h5)" = "$turned" ]
  # E[eta] under Beta(2,2) in closed form: u2 chose B at p = .9.
  /usr/bin/python3 - "$turned" <<'PY'
import sys
found = dict(line.split() for line in sys.argv[1].splitlines() if line.startswith("u"))
mean = lambda slope: (.5 * .5 + slope * .3) / (.5 + slope * .5)
assert abs(float(found["u1"]) - mean(.4)) < 1e-5, found
assert abs(float(found["u2"]) - mean(-.4)) < 1e-5, found
PY
}

@test "p turns with its sides, as its texts say" {
  mu='"pair"' source_log 'columns = { p = "p", text_a = "ta", text_b = "tb" }'
  printf '%s\n' user,pair,choice,p,ta,tb u1,q,A,0.9,one,two \
    u2,q,A,0.1,two,one >log.csv
  runs
  [ "$(etas)" = $'u1 0.528571\nu2 0.433333' ]
}

@test "p turns where a model meets itself, as its texts say" {
  mu='"pair"' source_log 'columns = { p = "p", model_a = "a", model_b = "b", text_a = "ta", text_b = "tb" }'
  printf '%s\n' user,pair,choice,p,ta,tb,a,b u1,q,A,0.9,one,two,m,m \
    u2,q,A,0.1,two,one,m,m >log.csv
  runs
  [ "$(etas)" = $'u1 0.528571\nu2 0.433333' ]
}

@test "a feature or a topic of a pair that changes is malformed" {
  source_log 'difference = { "x" }, columns = { model_a = "a", model_b = "b", topic = "t" }'
  printf '%s\n' user,pair,choice,a,b,x,t u1,q,A,m1,m2,1.5,art u2,q,A,m2,m1,1.5,art >log.csv
  fails 'log.csv:3: pair "q": column "x" differs from an earlier row, found -1.5 for A minus B, expected 1.5'
  printf '%s\n' user,pair,choice,a,b,x,t u1,q,A,m1,m2,1.5,art u2,q,A,m2,m1,-1.5,law >log.csv
  fails 'log.csv:3: pair "q": the topic differs from an earlier row, found "law"'
}

@test "a model without a name is an empty cell" {
  source_log 'columns = { model_a = "a", model_b = "b" }'
  printf '%s\n' user,pair,choice,a,b u1,q,A,m1,m2 u2,q,A,m1, >log.csv
  fails 'log.csv:3: column "b" is empty'
  printf '%s\n' '{"user":"u","pair":1,"choice":"A","a":"x","b":null}' >log.jsonl
  source_log 'columns = { model_a = "a", model_b = "b" }' log.jsonl
  fails 'log.jsonl:1: column "b" is empty'
}

# ---- reference judges ----

# judge [PARAMETERS]: a log of four pairs, of which dora chooses A, and judge.csv.
judge() {
  printf '%s\n' user,pair,choice,a,b dora,001,A,m1,m2 dora,002,A,m1,m2 \
    dora,003,A,m1,m2 dora,004,A,m1,m2 >log.csv
  source_log "references = { judy = { path = \"judge.csv\"$1 } },
    columns = { model_a = \"a\", model_b = \"b\" }, $2"
}

@test "verdicts on pairs that the log lacks are counted, and a warning says so" {
  judge
  printf '%s\n' pair,choice 1,A 2,A 3,B 1,A >judge.csv
  runs
  is source_verdicts 0.0
  is source_verdicts_without_pair 3.0
  is source_pairs_without_verdict 4.0
  warned verdicts_without_pair | grep 'judge judy: the log lacks 3 of its 3 pairs; the first is "1" (.*judge.csv:2)'
  warned pairs_without_verdict | grep 'judge judy: lacks a verdict on 4 of the 4 pairs of the log'
}

@test "verdicts on some of the pairs are counted, too" {
  judge
  printf '%s\n' pair,choice 001,A 002,B 9,A >judge.csv
  runs
  is source_verdicts 2.0
  is source_verdicts_without_pair 1.0
  is source_pairs_without_verdict 2.0
  is label_agreement 0.5
}

@test "a judge of all pairs causes no warning" {
  judge
  printf '%s\n' pair,choice 001,A 002,B 003,A 004,A 004,A >judge.csv
  runs
  is source_verdicts 4.0
  is source_verdict_contradictions 0.0
  [ -z "$("$HEED" show log.h5 | grep 'x .*verdict')" ]
  is label_agreement 0.75
}

@test "contradictory verdicts on a pair are a tie, whatever their order" {
  judge
  for order in '001,A 001,B 001,B' '001,B 001,A 001,A' '001,tie 001,A 001,A'; do
    printf '%s\n' pair,choice $order 002,A 003,A 004,B >judge.csv
    runs
    is source_verdict_contradictions 1.0
    [ "$(ask 'round(number("label_agreement"), 4)')" = 0.6667 ]
    warned verdict_contradictions | grep 'judge judy: contradicts itself on 1 of 4 pairs'
  done
}

@test "verdicts turn with the models that the judge's file names" {
  judge ', model_a = "first", model_b = "second"'
  printf '%s\n' pair,choice,first,second 001,A,m1,m2 002,B,m2,m1 \
    003,A,m2,m1 004,B,m2,m1 >judge.csv
  runs
  is label_agreement 0.75
  printf '%s\n' pair,choice,first,second 001,A,m1,m3 >judge.csv
  fails 'judge.csv:2: pair "001" has other models in the log, found "m1" and "m3"'
}

@test "a verdict without a pair, without a word or with an unknown word is malformed" {
  judge
  printf '%s\n' pair,choice 001,A ,A >judge.csv
  fails 'judge.csv:3: column "pair" is empty'
  printf '%s\n' pair,choice 001,A 002, >judge.csv
  fails 'judge.csv:3: column "choice" is empty'
  printf '%s\n' pair,choice 001,A 99,perhaps >judge.csv
  fails 'judge.csv:3: column "choice": found the verdict "perhaps"'
  judge "" 'malformed = "skip"'
  runs
  is source_rows_skipped 1.0
  is source_verdicts_without_pair 0.0
}
