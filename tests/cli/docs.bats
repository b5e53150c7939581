# Links in the documentation.

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
