#!/usr/bin/env python3
"""The rooms of the runner and the arrows between them, read from the includes.

    scripts/architecture.py dot             the drawing, for Graphviz
    scripts/architecture.py table           the table of rooms in docs/architecture.md
    scripts/architecture.py write           docs/architecture.{dot,svg} and the table
    scripts/architecture.py check           what the includes break of the rules
    scripts/architecture.py walls BUILD     try every include that a wall must stop
    scripts/architecture.py circles BUILD   files that need each other, by their symbols

A room is a folder of runner/: it shows runner/ROOM/include/ROOM/*.h, and keeps
its other headers beside its sources. check, walls and circles print a line for
each fault and exit 1 if there is one. `--root FOLDER` names another checkout.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ABI = "include/heed"
# Faces that are not called ROOM.h.
FACES = {"files": "file.h", ABI: "heed.h"}
# Libraries that the drawing names.
LIBRARIES = {"PkgConfig::LUA": "Lua", "heed_hdf5": "HDF5", "heed_numerics": "GSL"}
# Modules that stand in several files, which need each other.
MODULES = [{"gguf.c", "gguf_values.c", "dequantise.c"}, {"pass.c", "pass_head.c"},
           {"node_posterior.c", "leave_out.c"}, {"trial.c", "values.c", "watch.c"}]
BEGIN, END = "<!-- rooms: made by scripts/architecture.py write -->", "<!-- end of rooms -->"


class Room:
    def __init__(self, name):
        self.name = name
        self.shown, self.hidden = [], []  # files: headers shown; sources, other headers
        self.shows, self.uses = set(), set()  # rooms that shown headers, other files include
        self.public, self.private = set(), set()  # what CMake says
        self.libraries = []

    @property
    def arrows(self):
        return (self.shows | self.uses) - {self.name}


def includes(path):
    """The quoted includes of a file, with their lines."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if found:
            yield number, found.group(1)


class House:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.rooms = {ABI: Room(ABI)}
        self.faults = []
        for name in self.read_cmake():
            self.add_files(self.rooms[name])
        self.rooms[ABI].shown = sorted((self.root / "runner" / ABI).glob("*.h"))
        for room in self.rooms.values():
            self.read_includes(room)

    def fault(self, path, line, message):
        self.faults.append(f"{path.relative_to(self.root)}:{line}: {message}")

    def read_cmake(self):
        """heed_room(ROOM PUBLIC … PRIVATE …) of runner/CMakeLists.txt."""
        text = (self.root / "runner/CMakeLists.txt").read_text()
        text = re.sub(r"#.*", "", text)
        for name, rest in re.findall(r"^heed_room\((\w+)([^)]*)\)", text, re.M):
            room = self.rooms[name] = Room(name)
            side = None
            for word in rest.split():
                if word in ("PUBLIC", "PRIVATE"):
                    side = room.public if word == "PUBLIC" else room.private
                elif word == "heed_abi":
                    side.add(ABI)
                elif word in LIBRARIES:
                    room.libraries.append(LIBRARIES[word])
                elif word.startswith("heed_") and word[5:] in self.rooms:
                    side.add(word[5:])
                elif word.startswith("heed_") and word != "heed_random123":
                    self.faults.append(f"runner/CMakeLists.txt: {name} names {word} before it is made")
            yield name

    def add_files(self, room):
        folder = self.root / "runner" / room.name
        room.shown = sorted(folder.glob("include/*/*.h"))
        room.hidden = sorted(folder.glob("*.[ch]"))
        for path in sorted(folder.rglob("*.[ch]")):
            if path not in room.shown and path not in room.hidden:
                self.fault(path, 1, "stands neither in the room nor in what it shows")

    def target(self, room, path, header):
        """The room that an include names, or None."""
        first = header.split("/")[0]
        if "/" not in header:
            own = [p for p in room.shown + room.hidden if p.parent == path.parent]
            return room.name if any(p.name == header for p in own) else None
        if first == "heed":
            return ABI
        return first if first in self.rooms else None

    def read_includes(self, room):
        for files, into in ((room.shown, room.shows), (room.hidden, room.uses)):
            for path in files:
                for line, header in includes(path):
                    found = self.target(room, path, header)
                    if ".." in header.split("/"):
                        self.fault(path, line, f'"{header}" climbs out of its folder')
                    elif found is None:
                        self.fault(path, line, f'"{header}" is in no room')
                    else:
                        into.add(found)
        room.shows.discard(room.name)
        room.uses.discard(room.name)
        room.uses -= room.shows

    # ---- the rules ----

    def check_cmake(self):
        for room in self.rooms.values():
            if room.name == ABI:
                continue
            for word, said, found in (("PUBLIC", room.public, room.shows),
                                      ("PRIVATE", room.private, room.uses)):
                for name in sorted(found - said):
                    self.faults.append(f"runner/CMakeLists.txt: {room.name} includes {name}, "
                                       f"which is not {word}")
                for name in sorted(said - found):
                    self.faults.append(f"runner/CMakeLists.txt: {room.name} names {name} as {word}, "
                                       "and does not include it so")

    def check_plugins(self):
        """Plugins see the ABI and one another's support, never the runner."""
        for path in sorted((self.root / "plugins").rglob("*.[ch]")):
            for line, header in includes(path):
                if ".." in header.split("/"):
                    self.fault(path, line, f'"{header}" climbs out of its folder')
                elif header.split("/")[0] in self.rooms:
                    self.fault(path, line, f'"{header}" is the runner\'s')

    def check_headers(self):
        """Headers that include each other."""
        graph = {}
        for room in self.rooms.values():
            for path in room.shown + [p for p in room.hidden if p.suffix == ".h"]:
                graph[str(path)] = {str(self.find(path, room, header)) for _, header in includes(path)}
        for circle in circles(graph):
            names = ", ".join(str(pathlib.Path(p).relative_to(self.root)) for p in circle)
            self.faults.append(f"headers that include each other: {names}")

    def find(self, path, room, header):
        folders = [path.parent, self.root / "runner/include"]
        folders += [self.root / "runner" / other / "include" for other in self.rooms]
        return next((f / header for f in folders if (f / header).exists()), header)

    def check_faces(self):
        """A face says who calls the room, and is right."""
        for room in self.rooms.values():
            if room.name == ABI:
                continue
            said = re.search(r"Callers: ([^.]*)\.", self.comment(room))
            called = {r.name for r in self.rooms.values() if room.name in r.arrows} or {"main"}
            names = set() if said is None else set(re.split(r",\s*|\s+and\s+", said.group(1)))
            if names != called:
                self.faults.append(f"{self.face(room).relative_to(self.root)}: expected \"Callers: "
                                   f"{', '.join(self.order(called))}.\"")

    # ---- faces ----

    def face(self, room):
        name = FACES.get(room.name, f"{room.name}.h")
        return next(p for p in room.shown + room.hidden if p.name == name)

    def comment(self, room):
        """The comment at the head of the face, on one line."""
        text = self.face(room).read_text()
        text = text[:text.index("*/")].split("\n", 1)[1]
        return " ".join(re.sub(r"^\s*\*+ ?", "", line) for line in text.splitlines())

    def job(self, room):
        """Its first sentence."""
        return re.split(r"(?<=\.)\s", self.comment(room).strip(), maxsplit=1)[0].rstrip(".")

    def order(self, names):
        return sorted(names, key=lambda n: (list(self.rooms).index(n) if n in self.rooms else -1))

    # ---- what is written ----

    def table(self):
        lines = ["| room | its job | it includes |", "| --- | --- | --- |"]
        for room in reversed(self.rooms.values()):
            arrows = ", ".join(f"`{n}`" for n in self.order(room.arrows)) or "nothing"
            where = "runner/" + room.name
            lines.append(f"| [`{room.name}`](../{where}) | {self.job(room)} | {arrows} |")
        return "\n".join(lines)

    def dot(self):
        lines = ["// Made by scripts/architecture.py from the includes of runner/.",
                 "digraph rooms {",
                 '  graph [rankdir=TB, nodesep=0.35, ranksep=0.45, bgcolor="white"];',
                 '  node [shape=box, style="rounded,filled", fillcolor="#eef3f8", color="#4a6785",'
                 ' fontname="Helvetica", fontsize=13, margin="0.15,0.07"];',
                 '  edge [color="#4a6785", arrowsize=0.7];']
        for room in self.rooms.values():
            label = room.name
            if room.libraries:
                label += f"\\n({', '.join(room.libraries)})"
            style = ', fillcolor="#fdf3dc", color="#9a7b2d"' if room.name == ABI else ""
            lines.append(f'  "{room.name}" [label="{label}"{style}];')
        kept = self.reduced()
        for room in self.rooms.values():
            for name in self.order(room.arrows & kept[room.name]):
                lines.append(f'  "{room.name}" -> "{name}";')
        lines.append('  "plugins" [label="plugins/", fillcolor="#fdf3dc", color="#9a7b2d"];')
        lines.append(f'  "plugins" -> "{ABI}";')
        lines.append("}")
        return "\n".join(lines) + "\n"

    def reduced(self):
        """Arrows that do not follow from others."""
        below = {}

        def reach(name):
            if name not in below:
                below[name] = set()
                for other in self.rooms[name].arrows:
                    below[name] |= {other} | reach(other)
            return below[name]

        return {name: {n for n in room.arrows
                       if not any(n in reach(m) for m in room.arrows if m != n)}
                for name, room in self.rooms.items()}


def circles(graph):
    """Strongly connected components of more than one node (Tarjan)."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in number:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


# ---- what the compiler and the linker say ----

def commands(build):
    """How each file is compiled: its words without output and the file itself."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        while words[0].endswith("ccache"):
            words = words[1:]
        keep = [w for w in words[:words.index("-o")] if not w.startswith("-M")]
        found[entry["file"]] = keep
    return found


def walls(house, build):
    """Each room tries to include the face of each room that it does not see."""
    how = commands(build)
    seen = {}

    def sees(name):  # what its shown headers bring along
        if name not in seen:
            seen[name] = {name}.union(*(sees(n) for n in house.rooms[name].public))
        return seen[name]

    tried = 0
    for room in house.rooms.values():
        sources = [str(p.resolve()) for p in room.hidden if str(p.resolve()) in how]
        if not sources:
            continue
        visible = {room.name}.union(*(sees(n) for n in room.public | room.private))
        for other in house.rooms.values():
            if other.name == room.name or not any(other.shown):
                continue
            header = f"{'heed' if other.name == ABI else other.name}/{house.face(other).name}"
            done = subprocess.run(how[sources[0]] + ["-fsyntax-only", "-x", "c", "-"], text=True,
                                  input=f'#include "{header}"\n', capture_output=True,
                                  cwd=build, env={**os.environ, "LC_ALL": "C"}, check=False)
            tried += 1
            if done.returncode == 0 and other.name not in visible:
                house.faults.append(f"{room.name} can include {header}, which it does not name")
            if done.returncode != 0 and other.name in visible:
                house.faults.append(f"{room.name} cannot include {header}: {done.stderr.strip()}")
            if done.returncode != 0 and not re.search("No such file|file not found", done.stderr):
                house.faults.append(f"{room.name} with {header}: {done.stderr.strip()}")
    return tried


def objects(build):
    """Object files of rooms and plugins, with what they are linked into."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        name = words[words.index("-o") + 1]  # runner/CMakeFiles/heed_host.dir/…
        parts = pathlib.Path(name).parts
        if parts[0] in ("runner", "plugins") and parts[2] != "heed.dir":
            yield "runner" if parts[0] == "runner" else parts[2], build / name


def file_circles(build):
    """Files that need each other, by the symbols that they define and use; and
    symbols that two files define: a linker takes whichever it meets first."""
    defined, used, twice = {}, collections.defaultdict(set), []
    for program, path in objects(build):
        name = "/".join(path.parts[path.parts.index("CMakeFiles") + 1:])
        for line in subprocess.check_output(["nm", str(path)], text=True).splitlines():
            words = line.split()
            if len(words) == 3 and words[1] in "TDBRV":
                if (program, words[2]) in defined:
                    twice.append(f"{words[2]} is defined in {defined[program, words[2]]} and in {name}")
                defined[program, words[2]] = name
            elif len(words) == 2 and words[0] == "U":
                used[name].add((program, words[1]))
    graph = {name: {defined[s] for s in symbols if s in defined and defined[s] != name}
             for name, symbols in used.items()}
    return len(used), circles(graph), twice


# ---- docs ----

def with_table(text, house):
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:start] + "\n\n" + house.table() + "\n\n" + text[end:]


def check_docs(house):
    docs = house.root / "docs"
    if (docs / "architecture.dot").read_text() != house.dot():
        house.faults.append("docs/architecture.dot is not what the includes say: "
                            "run scripts/architecture.py write")
    arrows = [set(re.findall(pattern, (docs / name).read_text()))
              for name, pattern in (("architecture.dot", r'"([^"]+)" -> "([^"]+)"'),
                                    ("architecture.svg", r"<title>([^<]+)&#45;&gt;([^<]+)</title>"))]
    if arrows[0] != arrows[1]:
        house.faults.append("docs/architecture.svg does not draw docs/architecture.dot: "
                            "run scripts/architecture.py write")
    text = (docs / "architecture.md").read_text()
    if BEGIN not in text or with_table(text, house) != text:
        house.faults.append("docs/architecture.md: the table of rooms is not what the faces say: "
                            "run scripts/architecture.py write")


def write(house):
    docs = house.root / "docs"
    (docs / "architecture.dot").write_text(house.dot())
    page = docs / "architecture.md"
    page.write_text(with_table(page.read_text(), house))
    subprocess.run(["dot", "-Tsvg", "-o", docs / "architecture.svg", docs / "architecture.dot"],
                   check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["dot", "table", "write", "check", "walls", "circles"])
    parser.add_argument("build", nargs="?", type=pathlib.Path)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent)
    given = parser.parse_args()
    house = House(given.root)
    if given.what == "dot":
        print(house.dot(), end="")
    elif given.what == "table":
        print(house.table())
    elif given.what == "write":
        write(house)
    elif given.what == "check":
        house.check_cmake()
        house.check_plugins()
        house.check_headers()
        house.check_faces()
        check_docs(house)
    elif given.build is None:
        parser.error(f"{given.what} needs the build folder")
    elif given.what == "walls":
        house.faults = []
        print(f"{walls(house, given.build.resolve())} includes tried")
    else:
        house.faults = []
        count, found, twice = file_circles(given.build)
        print(f"{count} files")
        house.faults = twice + ["files that need each other: " + ", ".join(c) for c in found
                                if {pathlib.Path(o).stem for o in c} not in MODULES]
    if given.what in ("check", "walls", "circles"):
        print("\n".join(house.faults))
        sys.exit(bool(house.faults))


main()
