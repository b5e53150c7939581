# The pages of the documentation: their links, and what they say about the code.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >links.py <<'PY'
"""Prints each broken relative link of the pages in a folder."""
import pathlib
import re
import sys

FENCE = re.compile(r"^( *)```.*?^\1```", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def prose(path):
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path):
    """The anchors that GitHub gives the headings of a page."""
    named = []
    for heading in re.findall(r"^#+ +(.*?) *$", prose(path), re.M):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        named.append(name)
    return {name if i == 0 else f"{name}-{i}" for name in named
            for i in range(named.count(name))}


def broken(root):
    pages = [root / "README.md", root / "results/README.md", *root.glob("docs/**/*.md")]
    for page in sorted(pages):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", prose(page))):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            place = page.parent / file if file else page
            if not place.exists():
                yield f"{page.relative_to(root)}: no such file: {target}"
            elif anchor and anchor not in anchors(place):
                yield f"{page.relative_to(root)}: no such heading: {target}"


found = list(broken(pathlib.Path(sys.argv[1])))
print(*found, sep="\n", end="\n" if found else "")
sys.exit(bool(found))
PY
  cat >quotes.py <<'PY'
"""Compares the C blocks of a page with the file that they quote, blank lines
aside."""
import itertools
import pathlib
import re
import sys

page, source = (pathlib.Path(name).read_text(encoding="utf-8") for name in sys.argv[1:])
blocks = "".join(re.findall(r"^```c\n(.*?)^```$", page, re.M | re.S))
lines = [[line for line in text.splitlines() if line.strip()] for text in (blocks, source)]
for quoted, line in itertools.zip_longest(*lines, fillvalue="nothing"):
    if quoted != line:
        sys.exit(f"{sys.argv[1]}: quotes: {quoted}\n{sys.argv[2]}: has: {line}")
PY
  cat >paths.py <<'PY'
"""Prints each path in the text of the pages that names nothing.  A path with
capitals, as in plugins/KIND/NAME.c, stands for many; one with * is a pattern."""
import pathlib
import re
import sys

PATH = re.compile(r"`((?:docs|plugins|results|runner|scripts|tests)/[^`\s…]*)`")

root = pathlib.Path(sys.argv[1])
faults = [f"{page.relative_to(root)}: no such file: {path}"
          for page in sorted([root / "README.md", *root.glob("docs/**/*.md")])
          for path in PATH.findall(page.read_text(encoding="utf-8"))
          if not re.search("[A-Z]{2}", path) and not any(root.glob(path.rstrip("/")))]
print(*faults, sep="\n", end="\n" if faults else "")
sys.exit(bool(faults))
PY
  cat >map.py <<'PY'
"""Holds docs/test-map.md against a source tree: sources are in rows, patterns
match files, and the tests of the rows are all the tests there are."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
page = (root / "docs/test-map.md").read_text(encoding="utf-8")
rows = re.findall(r"^\| (.*`.*) \| (.*`.*) \|$", page, re.M)
patterns = {name for row in rows for name in re.findall(r"`([^`]*)`", row[0])}
named = {name for row in rows for name in re.findall(r"`([^`]*)`", row[1])}
found = {pattern: set(root.glob(pattern)) for pattern in patterns if pattern[-1] != "/"}
covered = set().union(*found.values())
sources = {path for place in ("runner", "plugins") for path in (root / place).rglob("*.[ch]")}
tests = {f"unit/{path.stem}" for path in root.glob("tests/unit/*.c")}
tests |= {f"cli/{path.stem}" for path in root.glob("tests/cli/*.bats")}
faults = [f"{path.relative_to(root)}: is in no row" for path in sources - covered]
faults += [f"{pattern}: no such file" for pattern in found if not found[pattern]]
faults += [f"{name}: no such test" for name in named - tests]
faults += [f"{name}: is in no row" for name in tests - named]
print(*sorted(faults), sep="\n", end="\n" if faults else "")
sys.exit(bool(faults))
PY
  cat >promises.py <<'PY'
"""Holds docs/guarantees.md against a source tree: each row names a file of tests,
and each name in quotation marks is a test in the file named before it."""
import pathlib
import re
import sys

NAME = re.compile(r'`[^`]*?([^`/]+\.(?:bats|c|sh))`|"([^"]*)"')
TEST = re.compile(r'^@test "(.*)" \{$|^static void\s+(\w+)\(', re.M)

root = pathlib.Path(sys.argv[1])
page = (root / "docs/guarantees.md").read_text(encoding="utf-8")
files = {path.name: path for room in ("bench", "cli", "unit")
         for path in root.glob(f"tests/{room}/*.*")}
faults = []
for row in re.findall(r"^\| (?!guarantee |status |---|\d)(.*) \|$", page, re.M):
    said, tests = row.rsplit(" | ", 1)
    known = None
    for file, name in NAME.findall(tests):
        if file and file not in files:
            faults.append(f"{said}: no such file: {file}")
        elif file:
            text = files[file].read_text(encoding="utf-8")
            known = {one for found in TEST.findall(text) for one in found}
        elif name not in (known or ()):
            faults.append(f"{said}: no such test: {name}")
    if known is None:
        faults.append(f"{said}: names no test")
print(*faults, sep="\n", end="\n" if faults else "")
sys.exit(bool(faults))
PY
}

@test "every relative link of the documentation leads to a file and a heading" {
  /usr/bin/python3 links.py "$HEED_SOURCE"
}

@test "a link to a missing file or heading is found" {
  mkdir -p docs results
  echo '[a](docs/a.md#an-anchor) [b](docs/b.md)' >README.md
  printf '# A heading\n\n[gone](#no-heading)\n' >docs/a.md
  touch results/README.md
  run -1 /usr/bin/python3 links.py .
  [ "$output" = "README.md: no such heading: docs/a.md#an-anchor
README.md: no such file: docs/b.md
docs/a.md: no such heading: #no-heading" ]
}

@test "every path that the documentation names is in the tree" {
  /usr/bin/python3 paths.py "$HEED_SOURCE"
}

@test "a path to a missing file is found" {
  mkdir -p docs runner/room
  touch runner/room/a.c
  echo '`runner/room/` `runner/room/*.c` `runner/ROOM/b.c` `runner/room/b.c`' >README.md
  run -1 /usr/bin/python3 paths.py .
  [ "$output" = "README.md: no such file: runner/room/b.c" ]
}

@test "the explained estimator is the estimator, line by line" {
  /usr/bin/python3 quotes.py "$HEED_SOURCE/docs/example-estimator.md" \
    "$HEED_SOURCE/plugins/estimators/frequency.c"
}

@test "a line that the page and the file do not share is found" {
  printf 'int a;\nint b;\n\nint c;\n' >file.c
  printf '```c\nint a;\n\nint b;\n```\n\n```c\nint c;\n```\n' >page.md
  /usr/bin/python3 quotes.py page.md file.c
  sed -i 's/int b;/int d;/' file.c
  run -1 /usr/bin/python3 quotes.py page.md file.c
  [ "$output" = "page.md: quotes: int b;
file.c: has: int d;" ]
  printf 'int a;\nint b;\nint c;\nint d;\n' >file.c
  run -1 /usr/bin/python3 quotes.py page.md file.c
  [ "$output" = "page.md: quotes: nothing
file.c: has: int d;" ]
}

@test "the test map has every source file and every test, and no others" {
  /usr/bin/python3 map.py "$HEED_SOURCE"
}

@test "a source file or a test that the map lacks is found, and one that it has in vain" {
  mkdir -p docs runner/room plugins tests/unit tests/cli
  touch runner/room/a.c runner/room/b.c tests/unit/a.c tests/cli/b.bats
  printf '| files | tests |\n| --- | --- |\n| `runner/room/a.*`, `runner/c.h` | `unit/a`, `cli/c` |\n' \
    >docs/test-map.md
  run -1 /usr/bin/python3 map.py .
  [ "$output" = "cli/b: is in no row
cli/c: no such test
runner/c.h: no such file
runner/room/b.c: is in no row" ]
}

@test "every test that a guarantee names is there" {
  /usr/bin/python3 promises.py "$HEED_SOURCE"
}

@test "a guarantee with a missing test, or with none, is found" {
  mkdir -p docs tests/unit tests/cli
  printf '@test "it holds" {\n' >tests/cli/a.bats
  printf 'static void it_stays(void **state) {\n' >tests/unit/b.c
  printf '| %s | %s |\n' guarantee test --- --- \
    One '`tests/cli/a.bats` "it holds"; `tests/unit/b.c` "it_stays"' \
    Two '`a.bats` "it stays"' Three '`c.bats`' Four hope >docs/guarantees.md
  run -1 /usr/bin/python3 promises.py .
  [ "$output" = "Two: no such test: it stays
Three: no such file: c.bats
Three: names no test
Four: names no test" ]
}

# ---- what the pages say works ----

# blocks PAGE LANGUAGE NAME: writes the page's blocks of a language to NAME-1,
# NAME-2, …
blocks() {
  /usr/bin/python3 - "$@" <<'PY'
import pathlib, re, sys
page, language, name = sys.argv[1:]
text = pathlib.Path(page).read_text(encoding="utf-8")
found = [block for named, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
         if named == language]
for i, block in enumerate(found, 1):
    pathlib.Path(f"{name}-{i}").write_text(block, encoding="utf-8")
PY
}

# commands PAGE FILE: the lines of the page's blocks that run heed on files of
# that name, without what they say about them.
commands() {
  blocks "$1" "" block
  cat $(ls -v block-*) | grep -E "^heed (check|run|users|show|report|export) $2\b" | sed 's/   .*//'
  rm -f block-*
}

run_commands() {
  local line
  while read -r line; do
    echo "$line"
    (eval "${line/#heed/\"$HEED\"}") >said 2>&1 || { cat said; return 1; }
  done
}

@test "docs/metrics.md is what the table says" {
  "$HEED" generate metrics -o page.md
  diff page.md "$HEED_SOURCE/docs/metrics.md" || {
    echo "to write the page again:"
    echo "  build/release/bin/heed generate metrics -o docs/metrics.md"
    return 1
  }
}

@test "the sweep and the commands of the README run" {
  export HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed"
  blocks "$HEED_SOURCE/README.md" lua sweep
  sed 's/replicates = 20/replicates = 1/; s/pairs = 10000/pairs = 1000/; s/count = 500/count = 50/' \
    sweep-1 >sweep.lua
  commands "$HEED_SOURCE/README.md" sweep >lines
  [ "$(wc -l <lines)" -ge 4 ]
  run_commands <lines
}

@test "the sweeps and the commands of the page on logs run" {
  export HEED_PLUGIN_PATH="$HEED_BUILD/lib/heed"
  /usr/bin/python3 - <<'PY'
import csv, random
random.seed(1)
models = ["gpt-4", "claude-1", "llama-13b"]
with open("annotations.csv", "w", newline="") as file:
    log = csv.writer(file)
    log.writerow(["worker", "id", "winner", "left", "right", "question", "left_text", "right_text"])
    for user in range(12):
        for pair in range(40):
            left, right = pair % 3, (pair + 1) % 3
            better = "left" if left < right else "right"
            choice = better if user < 6 else random.choice(["left", "right", "tie"])
            log.writerow([f"w{user}", pair, choice, models[left], models[right],
                          f"question {pair}", f"answer {left}", f"answer {right}"])
PY
  page="$HEED_SOURCE/docs/annotation-logs.md"
  blocks "$page" lua sweep
  sed 's/replicates = 201/replicates = 3/' sweep-1 >attention.lua
  cp sweep-2 clean.lua
  grep -q 'return h.sweep' attention.lua
  grep -q 'return h.sweep' clean.lua
  head -c 32 /dev/urandom >key
  commands "$page" attention >lines
  commands "$page" clean >>lines
  [ "$(wc -l <lines)" -ge 6 ]
  run_commands <lines
}
