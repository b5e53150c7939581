# The verdict on a log: who is careless, who attends, which model is best. The
# oracles are written in Python and read the kept tables.

bats_require_minimum_version 1.5.0

setup_file() {
  cd "$BATS_FILE_TMPDIR"
  cat >make.py <<'PY'
"""A log of four models: a third of 60 users click at random."""
import numpy as np
dice = np.random.default_rng(11)
strength = [1.5, 0.6, -0.3, -1.8]
with open("log.csv", "w") as out:
    print("user,pair,choice,model_a,model_b", file=out)
    for j in range(60):
        for i in range(30):
            a, b = dice.choice(4, 2, replace=False)
            p = 1 / (1 + np.exp(strength[b] - strength[a])) if j % 3 else 0.5
            name = "=bad" if j == 0 else f"u{j}"
            chosen = "A" if dice.random() < p else "B"
            print(f"{name},p{i % 20}_{a}{b},{chosen},m{a},m{b}", file=out)
PY
  /usr/bin/python3 make.py
  cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep {
  title = "A log",
  replicates = 31,
  source = h.source.log {
    path = "log.csv", duplicates = "keep",
    columns = { model_a = "model_a", model_b = "model_b" },
  },
  users = { bootstrap = "users" },
  estimator = h.estimator.em_bradley_terry { ridge = 0.2 },
  keep = { "users", "models" },
}
LUA
  "$HEED" run log.lua -o log.h5 --progress none -j 1
}

setup() {
  cd "$BATS_FILE_TMPDIR"
}

@test "a careless user is below the threshold with the probability of the posterior" {
  "$HEED" users log.h5 --threshold 0.4 --raw -o users.csv
  /usr/bin/python3 - <<'PY'
import csv, h5py, numpy as np
rows = list(csv.DictReader(open("users.csv")))
assert list(rows[0]) == ["user", "eta_hat", "sd", "annotations", "p_careless", "verdict"]
with h5py.File("log.h5") as f:
    first = f["users/replicate"][()] == 0
    mass = f["eta_posterior/mass_41"][()].astype(float)
    node, low, high, mean = (f["eta_nodes"][c][:41] for c in ("node", "low", "high", "mass"))
    row = f["users/posterior"][()][first]
    assert (f["users/posterior"][()][~first] == -1).all()
    assert len(mass) == row.max() + 1
mass = mass[row]
assert abs(mass @ node - [float(r["eta_hat"]) for r in rows]).max() < 1e-6
assert abs(mass.mean(axis=0) - mean).max() < 1e-6
assert low[0] == 0 and high[-1] == 1 and (low[1:] == high[:-1]).all()
# Spread evenly over the cells: a fine grid in each.
fine = (np.arange(1000) + 0.5) / 1000
part = [(lo + (hi - lo) * fine < 0.4).mean() for lo, hi in zip(low, high)]
assert abs(mass @ part - [float(r["p_careless"]) for r in rows]).max() < 1e-3
PY
}

@test "the expected share of false calls is at most alpha, and one call more is too many" {
  "$HEED" users log.h5 --alpha 0.1 --raw -o users.csv
  # Careless calls rest on a threshold that is lower by the standard error of the level.
  lower=$(/usr/bin/python3 - <<'PY'
import csv, h5py
rows = list(csv.DictReader(open("users.csv")))
error = h5py.File("log.h5")["estimator_level_error"][0]
assert error > 0
print(repr(0.5 / (1 + error / (sum(float(r["eta_hat"]) for r in rows) / 60))))
PY
  )
  "$HEED" users log.h5 --threshold "$lower" --raw -o lower.csv
  /usr/bin/python3 - <<'PY'
import csv
rows, lower = (list(csv.DictReader(open(f))) for f in ("users.csv", "lower.csv"))
for word, table in (("careless", lower), ("trusted", rows)):
    wrong = sorted((float(t["p_careless"]) if word == "trusted" else 1 - float(t["p_careless"]),
                    r["verdict"] == word) for t, r in zip(table, rows))
    called = [w for w, c in wrong if c]
    assert called == [w for w, c in wrong[:len(called)]]
    assert 0 < len(called) < 60 and sum(called) <= 0.1 * len(called)
    rest = wrong[len(called)][0]
    assert rest >= 0.5 or sum(called) + rest > 0.1 * (len(called) + 1)
random = [r for j, r in enumerate(rows) if j % 3 == 0]
assert sum(r["verdict"] == "careless" for r in random) > 10
assert sum(r["verdict"] == "trusted" for r in random) < 5
PY
}

@test "users are sorted, and JSON says the same as CSV" {
  "$HEED" users log.h5 --sort p_careless -o sorted.csv
  "$HEED" users log.h5 --sort eta_hat --json -o users.json
  /usr/bin/python3 - <<'PY'
import csv, json
rows = list(csv.DictReader(open("sorted.csv")))
p = [float(r["p_careless"]) for r in rows]
assert p == sorted(p, reverse=True)
found = json.load(open("users.json"))
assert set(found) == {"schema", "title", "cell", "threshold", "careless_threshold", "alpha", "basis", "identified",
                      "attentive_share", "careless", "trusted", "users"}
assert found["schema"] == "heed-users/1" and found["basis"] == "posterior"
assert found["threshold"] == 0.5 and found["alpha"] == 0.05 and found["identified"] is True
eta = [u["eta_hat"] for u in found["users"]]
assert eta == sorted(eta)
text = {(r["user"].lstrip("'"), float(r["p_careless"]), r["verdict"]) for r in rows}
assert text == {(u["user"], u["p_careless"], u["verdict"]) for u in found["users"]}
for word in ("careless", "trusted"):
    assert found[word]["count"] == sum(u["verdict"] == word for u in found["users"])
    assert 0 <= found[word]["expected_false"] <= 0.05
share = found["attentive_share"]
mean = sum(1 - u["p_careless"] for u in found["users"]) / 60
assert abs(share["value"] - mean) < 1e-6 and share["includes_fit"] is True
assert share["low"] < 2 / 3 < share["high"]
PY
}

@test "pseudonyms are keyed hashes of names" {
  printf 'sixteen bytes!!!' >key
  "$HEED" users log.h5 --pseudonyms key -o hidden.csv
  "$HEED" users log.h5 --raw -o users.csv
  /usr/bin/python3 - <<'PY'
import csv, hashlib, hmac
names = [r["user"] for r in csv.DictReader(open("users.csv"))]
hidden = [r["user"] for r in csv.DictReader(open("hidden.csv"))]
assert "=bad" in names
key = open("key", "rb").read()
assert hidden == [hmac.new(key, n.encode(), hashlib.sha256).hexdigest()[:32] for n in names]
PY
  printf 'fifteen bytes!!' >short
  run --separate-stderr "$HEED" users log.h5 --pseudonyms short
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"short: found 15 bytes, expected a key of 16 bytes or more"* ]]
  head -c 5000 /dev/zero >long
  run --separate-stderr "$HEED" users log.h5 --pseudonyms long
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"long: found more than 4096 bytes"* ]]
  run --separate-stderr "$HEED" users log.h5 --pseudonyms nowhere
  [ "$status" -eq 2 ]
}

@test "a threshold or an error rate outside 0 to 1 is refused" {
  for option in --threshold --alpha; do
    for value in 0 1 -1 x; do
      run --separate-stderr "$HEED" users log.h5 "$option" "$value"
      [ "$status" -eq 2 ]
      [[ "$stderr" == *"$option: found $value, expected a number between 0 and 1"* ]]
    done
  done
}

@test "without a posterior on nodes, users are judged by a normal distribution, and heed says so" {
  sed 's/h.estimator.em_bradley_terry { ridge = 0.2 }/h.estimator.dawid_skene {}/' \
    log.lua >dawid.lua
  "$HEED" run dawid.lua -o dawid.h5 --progress none -j 1 --set replicates=1
  run --separate-stderr "$HEED" users dawid.h5
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"p_careless is a normal approximation from eta_hat and sd"* ]]
  "$HEED" users dawid.h5 -o users.csv 2>/dev/null
  /usr/bin/python3 - <<'PY'
import csv
from statistics import NormalDist
for r in csv.DictReader(open("users.csv")):
    mean, sd = float(r["eta_hat"]), float(r["sd"])
    p = NormalDist().cdf((0.5 - mean) / sd) if sd > 0 else float(mean < 0.5)
    assert abs(p - float(r["p_careless"])) < 1e-6
PY
}

@test "raw strengths are those of a fit in which everyone attends" {
  /usr/bin/python3 - <<'PY'
import csv, h5py, numpy as np
from scipy.optimize import minimize
rows = list(csv.DictReader(open("log.csv")))
with h5py.File("log.h5") as f:
    first = f["models/replicate"][()] == 0
    names = [n.decode() for n in f["models/name"][()][first]]
    raw, strength = f["models/raw"][()][first], f["models/strength"][()][first]
a, b = (np.array([names.index(r[c]) for r in rows]) for c in ("model_a", "model_b"))
sign = np.array([1 if r["choice"] == "A" else -1 for r in rows])
cost = lambda s: np.logaddexp(0, -sign * (s[a] - s[b])).sum() + 0.2 * s @ s
best = minimize(cost, np.zeros(4), tol=1e-12).x
assert abs(best - raw).max() < 1e-4
assert np.ptp(raw) < np.ptp(strength)
PY
}

@test "the leaderboard has simultaneous intervals and ranks, raw and with inattention taken out" {
  "$HEED" report log.h5 -o log.html
  /usr/bin/python3 - <<'PY'
import html, re
import h5py, numpy as np
page = html.unescape(open("log.html").read())
with h5py.File("log.h5") as f:
    first = f["models/replicate"][()] == 0
    names = [n.decode() for n in f["models/name"][()][first]]
    found = {c: f["models"][c][()].reshape(31, 4) for c in ("strength", "raw")}

def standings(values):
    """Max-t intervals of all models, and ranks from those of all differences."""
    values = values - values.mean(axis=1, keepdims=True)
    def intervals(columns):
        value, drawn = columns[0], columns[1:]
        sd, bias = drawn.std(axis=0, ddof=1), drawn.mean(axis=0) - columns[0]
        c = np.quantile((abs(drawn - drawn.mean(axis=0)) / sd).max(axis=1), 0.95)
        return value - c * sd - np.maximum(bias, 0), value + c * sd - np.minimum(bias, 0)
    low, high = intervals(values)
    pairs = [(a, b) for a in range(4) for b in range(a)]
    least, most = intervals(np.array([values[:, a] - values[:, b] for a, b in pairs]).T)
    best, worst = np.ones(4, int), np.full(4, 4)
    for (a, b), lo, hi in zip(pairs, least, most):
        if lo > 0: best[b] += 1; worst[a] -= 1
        if hi < 0: best[a] += 1; worst[b] -= 1
    rank = 1 + (values[0][None, :] > values[0][:, None]).sum(axis=1)
    return values[0], low, high, rank, best, worst

text = {c: standings(v) for c, v in found.items()}
elo = lambda s: f"{1000 + 400 / np.log(10) * s:.0f}"
for m, name in enumerate(names):
    row = re.search(rf"<tr><td>{name}</td>(.*?)</tr>", page).group(1)
    for c in ("strength", "raw"):
        s, low, high, rank, best, worst = (x[m] for x in text[c])
        assert f"{s:.2f} [{low:.2f}, {high:.2f}]" in row, (name, c, row)
        assert f"{elo(s)} [{elo(low)}, {elo(high)}]" in row, (name, c, row)
        assert f"{rank} [{best}, {worst}]" in row, (name, c, row)
best = names[int(np.argmax(text["strength"][0]))]
assert f'The best <a href="#models">model</a> is <b>{best}</b>, at 95\u00a0% confidence.' in page
# The axis: ticks are where their Elo is among the ends of all lines.
ends = 1000 + 400 / np.log(10) * np.array([x for c in text.values() for x in c[:3]])
ticks = re.findall(r'<span style="left:([\d.]+)%">(-?\d+)</span>', page)
assert 2 <= len(ticks) <= 12
for left, tick in ticks:
    place = (float(tick) - ends.min()) / (ends.max() - ends.min())
    assert abs(float(left) - (4 + 292 * place) / 3) < 0.1, (left, tick)
PY
}

@test "the page of a log says in words what users and models are like, without gnuplot" {
  mkdir -p empty
  "$HEED" users log.h5 --alpha 0.001 --json -o users.json
  PATH="$BATS_FILE_TMPDIR/empty" "$HEED" report log.h5 --alpha 0.001 -o log.html
  /usr/bin/python3 - <<'PY'
import html, json, re
page, users = html.unescape(open("log.html").read()).replace("\u00a0", " "), json.load(open("users.json"))
share, careless, trusted = users["attentive_share"], users["careless"], users["trusted"]
text = re.sub("<[^>]*>", "", page)
assert f"About {100 * share['value']:.0f} % of 60 users pay attention (95 % interval: " \
       f"{100 * share['low']:.0f} % to {100 * share['high']:.0f} %)" in text
assert "Attentiveness is 1 for a user who chooses the better answer as often as the strengths" in text
assert f"Doubt {careless['count']} users, trust {trusted['count']}." in text

def mistakes(calls):
    count = calls["expected_false"] * calls["count"]
    return ("less than 1" if count < 1 else f"about {count:.0f}") + f" of the {calls['count']}"
assert careless["count"] > 1 and trusted["count"] > 1
assert f"Expected mistakes: {mistakes(careless)} and {mistakes(trusted)} (at most 0.1 % of each list)." in text
unsure = [u for u in users["users"] if u["verdict"] == "unsure"]
assert unsure
expected = [60 * (1 - share[x]) for x in ("value", "high", "low")]
assert "About {:.0f} users ({:.0f} to {:.0f}) are expected to be careless. ".format(*expected) + \
       f"The annotations show {careless['count']} of them; heed is unsure about {len(unsure)} user" in text

# Each link leads to a place of the page.
for name in re.findall('href="#([^"]*)"', page):
    assert re.search(rf"id=\"?{name}[\" >]", page), name
assert {"attention", "doubt", "trust", "unsure", "models"} <= set(re.findall('href="#([^"]*)"', page))

def row(u):
    sd = "< 0.01" if u["sd"] < 0.005 else f"{u['sd']:.2f}"
    p = u["p_careless"]
    p = "< 0.1" if p < 0.0005 else "> 99.9" if p >= 0.9995 else f"{100 * p:.1f}"
    return f"<tr><td>{u['user']}</td><td class=n>{u['eta_hat']:.2f} ± {sd}</td>" \
           f"<td class=n>{u['annotations']}</td><td class=n>{p} %</td></tr>"
lists = {name: page.split(f"id={name}>")[1].split("<h3")[0] for name in ("doubt", "trust", "unsure")}
for u in users["users"]:
    name = {"careless": "doubt", "trusted": "trust", "unsure": "unsure"}[u["verdict"]]
    assert row(u) in lists[name], row(u)
assert "100.0 %" not in lists["doubt"] and ">0.0 %" not in lists["trust"]
assert "=bad" in page and "<svg" in page and "Krippendorff's alpha is" in page
assert "asks for no predictive checks" in page and "gnuplot" not in page
assert "The log: 1800 answers, 60 users, " in text and " pairs, 4 models. The median user has 30 annotations." in text
assert "31: the log and 30 resamples; 31 done, 0 failed" in text.split("Provenance")[1]
assert "31 replicates" not in text
PY
  printf 'sixteen bytes!!!' >key
  "$HEED" report log.h5 --pseudonyms key -o hidden.html
  run grep -c "=bad" hidden.html
  [ "$output" = 0 ]
  run -0 --separate-stderr "$HEED" show log.h5
  [[ "$output" == *"verdict"*"of 60 users pay attention, 95 % interval ["*"careless: "*"expected mistakes: at most 5 % of the careless and of the trusted"*"rank"*"model"*"Elo"* ]]
  [[ "$output" != *"check failed"* ]]
}

@test "the page says which share of users pays attention at other thresholds" {
  "$HEED" report log.h5 --threshold 0.3 -o third.html
  for threshold in 0.2 0.4; do
    "$HEED" users log.h5 --threshold "$threshold" --json -o "at$threshold.json"
  done
  /usr/bin/python3 - <<'PY'
import json
page = open("third.html").read().replace("\u00a0", " ")
low, high = (100 * json.load(open(f"at{t}.json"))["attentive_share"]["value"] for t in ("0.2", "0.4"))
assert f"With a threshold of 0.2, about {low:.0f} % of users pay attention, and with 0.4 about {high:.0f} %." in page
assert ">threshold 0.3</text>" in page
PY
}

@test "the page says whether users choose the left answer more or less often than chance" {
  awk -F, 'NR == 1 { print $0 ",side"; next }
    { other = $3 == "A" ? "B" : "A"; print $0 "," (NR % 5 == 0 ? $3 : other) }' log.csv >right.csv
  awk -F, 'NR == 1 { print $0 ",side"; next }
    { other = $3 == "A" ? "B" : "A"; print $0 "," (NR % 5 == 0 ? other : $3) }' log.csv >left.csv
  for side in left right; do
    sed "s/log.csv/$side.csv/; s/columns = {/columns = { left = \"side\",/" log.lua >$side.lua
    "$HEED" run $side.lua -o $side.h5 --progress none -j 1
    "$HEED" report $side.h5 -o $side.html
  done
  grep -q 'This is more often than chance, but does not say why' left.html
  grep -q 'This is less often than chance, but does not say why' right.html
}

@test "a check that fails is part of the verdict, with what follows" {
  sed 's/{ ridge = 0.2 }/{ ridge = 0.2, checks = { "agreement_dispersion", "left_share" } }/; s/columns = {/columns = { left = "side",/' log.lua >checks.lua
  /usr/bin/python3 - <<'PY'
import csv
rows = list(csv.DictReader(open("log.csv")))
with open("sides.csv", "w") as out:
    print("user,pair,choice,model_a,model_b,side", file=out)
    for r in rows:
        # Everybody chooses what is on the left.
        print(*r.values(), r["choice"], sep=",", file=out)
PY
  sed -i 's/log.csv/sides.csv/' checks.lua
  "$HEED" run checks.lua -o checks.h5 --progress none -j 1 --set replicates=1
  "$HEED" report checks.h5 -o checks.html
  /usr/bin/python3 - <<'PY'
import html, re
import h5py
text = re.sub("<[^>]*>", "", html.unescape(open("checks.html").read())).replace("\u00a0", " ")
with h5py.File("checks.h5") as f:
    names = [n.decode() for n in f["check"][()]]
    seen, low, high = (f[f"estimator_check_{c}"][0] for c in ("observed", "low", "high"))
at = names.index("left_share")
assert seen[at] == 1 and high[at] < 1
assert "The fit fails 1 of 2 checks: users choose the left answer more often than the fit expects. " \
       "The intervals and the error rates of the lists hold only if the model behind the fit is right." in text
assert text.index("The fit fails") < text.index("How many users pay attention?")
assert f"The fit does not predict how often users choose the left answer: it expects {100 * low[at]:.1f} % " \
       f"to {100 * high[at]:.1f} %, and the log has 100.0 %." in text
at = names.index("agreement_dispersion")
assert f"The fit predicts how much users differ in choosing the stronger model: it expects a variation of " \
       f"{low[at]:.2f} to {high[at]:.2f}, and the log has {seen[at]:.2f}." in text
assert "100.0 % of choices are the left answer" in text
assert "How sure this is, is unknown: the sweep has no bootstrap" in text
numbers = open("checks.html").read().split("<summary>Numbers")[1].split("</table>")[0]
assert "nan" not in numbers and "[" not in numbers
assert re.search(r"<td>m0</td><td class=n>[0-9]+</td><td class=n>[-0-9.]+</td><td class=n>[0-9]+</td>"
                 r"<td class=n>1</td>", numbers), numbers
PY
  run -0 --separate-stderr "$HEED" show checks.h5
  [[ "$output" == *"check failed: users choose the left answer more often than the fit expects (1; expected 0."* ]]
  [[ "$output" != *"stronger model than the fit expects"* ]]
}

@test "many ties are part of the verdict" {
  for every in 3 10; do
    awk -F, -v every="$every" 'BEGIN { OFS = "," } NR > 1 && NR % every == 0 { $3 = "tie" } 1' log.csv >ties.csv
    sed 's/log.csv/ties.csv/' log.lua >ties.lua
    "$HEED" run ties.lua -o "ties$every.h5" --progress none -j 1 --set replicates=1
    "$HEED" report "ties$every.h5" -o "ties$every.html"
  done
  /usr/bin/python3 - <<'PY'
import html, re
import h5py, numpy as np
text = {e: re.sub("<[^>]*>", "", html.unescape(open(f"ties{e}.html").read())).replace("\u00a0", " ") for e in (3, 10)}
assert "33 % of the answers are ties. The fit uses only the other 67 %" in text[3].split("How many users")[0]
assert "of the answers are ties" not in text[10].split("How many users")[0]
assert "Ties: 10 % of the answers. The fit and the figures above do not use them." in text[10]
with h5py.File("ties3.h5") as f:
    median = np.sort(f["users/annotations"][()])[30]
assert f"The log: 1800 answers (33 % ties), 60 users, " in text[3]
assert f"The median user has {median} annotations, ties not counted." in text[3]
PY
}

@test "if the order of models is chance, the page says so before it names one" {
  /usr/bin/python3 - <<'PY'
import numpy as np
dice = np.random.default_rng(7)
with open("alike.csv", "w") as out:
    print("user,pair,choice,model_a,model_b", file=out)
    for j in range(60):
        for i in range(30):
            # m0 to m2 are alike, and m3 is worse.
            a, b = dice.choice(4, 2, replace=False)
            p = 1 / (1 + np.exp(2.0 * (int(a == 3) - int(b == 3)))) if j % 3 else 0.5
            print(f"u{j},p{j}_{i},{'A' if dice.random() < p else 'B'},m{a},m{b}", file=out)
PY
  sed 's/log.csv/alike.csv/' log.lua >alike.lua
  "$HEED" run alike.lua -o alike.h5 --progress none -j 1
  "$HEED" report alike.h5 -o alike.html
  /usr/bin/python3 - <<'PY'
import html, re
text = re.sub("<[^>]*>", "", html.unescape(open("alike.html").read())).replace("\u00a0", " ")
found = re.search(r"No clear best model: (m[0-2]) has the highest strength, but 3 of 4 models could be the best, "
                  r"at 95 % confidence: (m[0-2]), (m[0-2]), (m[0-2])\.", text)
assert found and found[1] == found[2] and {found[2], found[3], found[4]} == {"m0", "m1", "m2"}
assert "changes no rank" in text
PY
}

@test "a log of coin tosses gets no verdict on users" {
  /usr/bin/python3 - <<'PY'
import numpy as np
dice = np.random.default_rng(5)
with open("tosses.csv", "w") as out:
    print("user,pair,choice,model_a,model_b", file=out)
    for j in range(60):
        for i in range(10):
            a, b = dice.choice(4, 2, replace=False)
            print(f"u{j},p{j}_{i},{'AB'[dice.integers(2)]},m{a},m{b}", file=out)
PY
  sed 's/log.csv/tosses.csv/' log.lua >tosses.lua
  "$HEED" run tosses.lua -o tosses.h5 --progress none -j 1 --set replicates=1
  "$HEED" report tosses.h5 -o tosses.html
  grep -q "These annotations do not show who pays attention" tosses.html
  run grep -c "Users to doubt" tosses.html
  [ "$output" = 0 ]
  run -0 --separate-stderr "$HEED" users tosses.h5
  [[ "$output" != *,careless* && "$output" == *,unsure* && "$output" != *,trusted* ]]
}

# Users attend less from 18 h on; the log has dates, or numbers that are none.
@test "attention by the time of day has intervals, in words and in JSON, only for dates" {
  /usr/bin/python3 - <<'PY'
import datetime, numpy as np
dice = np.random.default_rng(9)
start = datetime.datetime(2024, 5, 1)
with open("hours.csv", "w") as out:
    print("user,pair,choice,model_a,model_b,at,number", file=out)
    for j in range(60):
        for i in range(30):
            a, b = dice.choice(4, 2, replace=False)
            at = start + datetime.timedelta(days=int(dice.integers(9)), hours=float(dice.choice([3, 9, 19, 22])))
            strength = [1.5, 0.6, -0.3, -1.8]
            p = 1 / (1 + np.exp(strength[b] - strength[a]))
            if at.hour >= 18: p = 0.5 + 0.3 * (p - 0.5)
            print(f"u{j},p{j}_{i},{'AB'[int(dice.random() > p)]},m{a},m{b},{at.isoformat()},{i}", file=out)
PY
  sed 's/log.csv/hours.csv/; s/columns = {/columns = { time = "at",/' log.lua >hours.lua
  "$HEED" run hours.lua -o hours.h5 --progress none -j 1
  "$HEED" users hours.h5 --json -o hours.json
  "$HEED" report hours.h5 -o hours.html
  /usr/bin/python3 - <<'PY'
import json, re
hours = json.load(open("hours.json"))["hours"]
assert [(h["from"], h["to"]) for h in hours] == [(0, 6), (6, 12), (12, 18), (18, 24)]
assert hours[2] == {"from": 12, "to": 18, "attention": None, "low": None, "high": None}
night, morning, evening = hours[0], hours[1], hours[3]
assert evening["high"] < min(night["low"], morning["low"])
for h in (night, morning, evening): assert h["low"] < h["attention"] < h["high"]
page = open("hours.html").read().replace("\u00a0", " ")
said = re.search(r"<li>Time of day \(UTC\): attention is (.*?)</li>", page).group(1)
texts = [f"{h['attention']:.2f} [{h['low']:.2f}, {h['high']:.2f}] from {h['from']} to {h['to']} h"
         for h in (night, morning, evening)]
assert said == ", ".join(texts) + " (95 % intervals): it differs. Users at these times may be other people.", said
PY
  sed 's/time = "at"/time = "number"/' hours.lua >numbers.lua
  "$HEED" run numbers.lua -o numbers.h5 --progress none -j 1 --set replicates=1
  "$HEED" report numbers.h5 -o numbers.html
  "$HEED" users numbers.h5 --json -o numbers.json
  [ "$(grep -c 'Time of day' numbers.html)" = 0 ]
  [ "$(grep -c '"hours"' numbers.json)" = 0 ]
}
