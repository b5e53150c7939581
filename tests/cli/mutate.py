#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damages the files of interrupted and finished runs, and goes on.

  mutate.py HEED COUNT SEED

In this folder, small.lua is a sweep and short.lua the same with fewer
replicates.  Each turn damages one file, or two, of

  a work folder that was left by kills   and then: heed run, or heed collect
  a finished result                      and then: heed run, which extends it

The outcome may be the right result, bit for bit, or an error that leaves what
was there.  It may never be another result, a crash or a hang.  Prints the
figures; the exit status is 1 if there was one of these, 77 if this heed injects
no faults.
"""
import collections
import os
import random
import shutil
import signal
import subprocess
import sys

import h5py

import same

HUNG = 60  # seconds; a run takes less than one


def heed(*words, **variables):
    """Status (negative: a signal) or None: it hung; and what it said."""
    process = subprocess.Popen(
        [HEED, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **variables},
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=HUNG)
        return process.returncode, err.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None, ""


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)


def prepare():
    assert heed("run", "small.lua", "-o", "whole.h5")[0] == 0
    assert heed("run", "short.lua", "-o", "short.h5")[0] == 0
    for turn in range(9):  # each leaves some parts
        if len(parts_in("half.h5.work")) >= 4:
            return
        remove("count")
        status, _ = heed(
            "run", "small.lua", "-o", "half.h5", "-j", "1",
            HEED_FAULT=str(45 + turn), HEED_FAULT_COUNT=os.path.abspath("count"),
        )
        if status != -signal.SIGKILL:
            sys.exit(77)
    sys.exit("no parts")


def parts_in(folder):
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [name for name in names if name.startswith("part-") and name.endswith(".h5")]


# ---- damage ----


def flip(data):
    for _ in range(random.choice([1, 1, 1, 2, 16])):
        place = random.randrange(len(data))
        data[place] ^= 1 << random.randrange(8)


def truncate(data):
    del data[random.randrange(len(data)) :]


def zero(data):
    place = random.randrange(len(data))
    size = random.choice([1, 8, 512, 4096])
    data[place : place + size] = bytes(len(data[place : place + size]))


def scramble(data):
    place = random.randrange(len(data))
    piece = data[place : place + random.choice([8, 512])]
    data[place : place + len(piece)] = random.randbytes(len(piece))


def insert(data):
    place = random.randrange(len(data) + 1)
    data[place:place] = random.randbytes(random.choice([1, 8, 512]))


def append(data):
    data += random.randbytes(random.choice([1, 100]))


def empty(data):
    del data[:]


IN_PLACE = [flip, flip, flip, truncate, zero, scramble, insert, append, empty]


def damage_file(path, how):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    if data:
        how(data)
    with open(path, "wb") as file:
        file.write(data)
    return how.__name__


def swap(folder, names):
    one, other = (os.path.join(folder, name) for name in random.sample(names, 2))
    os.rename(one, folder + ".third")
    os.rename(other, one)
    os.rename(folder + ".third", other)
    return "swap"


def duplicate(folder, names):
    name = random.choice(names)
    digits = "%032x" % random.getrandbits(128)
    shutil.copy(os.path.join(folder, name), os.path.join(folder, f"part-{digits}.h5"))
    return "duplicate"


def delete(folder, names):
    os.remove(os.path.join(folder, random.choice(names)))
    return "delete"


def damage_folder(folder):
    """Returns what was done to which kind of file."""
    names = sorted(os.listdir(folder))
    kinds = sorted({kind_of(name) for name in names})
    kind = random.choice(kinds + ["part", "part", "plan.json"])
    some = [name for name in names if kind_of(name) == kind]
    turn = random.random()
    if turn < 0.1 and len(names) > 1:
        return "any", swap(folder, names)
    if turn < 0.2:
        return kind, duplicate(folder, some)
    if turn < 0.3:
        return kind, delete(folder, some)
    path = os.path.join(folder, random.choice(some))
    return kind, damage_file(path, random.choice(IN_PLACE))


def kind_of(name):
    if ".tmp-" in name:
        return "temporary"
    return name.split("-")[0] if "-" in name and name != "heed-work" else name


# ---- turns ----


def differs(path, within):
    with h5py.File(path) as found, h5py.File("whole.h5") as whole:
        if within:
            return bool(same.cells(found)) and bool(same.compare_within(found, whole))
        return bool(same.compare(whole, found))


def judge(status, said, right, path, within=False):
    if status is None:
        return "HUNG"
    if status < 0 or status > 100:
        return "CRASHED"
    if status in right:
        return "DIFFERENT" if differs(path, within) else "right"
    return "refused" if status in (1, 2) and "heed: " in said else "UNEXPLAINED"


def resume():
    shutil.copytree("half.h5.work", "turn.h5.work")
    what = damage_folder("turn.h5.work")
    status, said = heed("run", "small.lua", "-o", "turn.h5")
    return "resume", what, judge(status, said, [0], "turn.h5"), said


def collect():
    shutil.copytree("half.h5.work", "turn.h5.work")
    what = damage_folder("turn.h5.work")
    status, said = heed("collect", "turn.h5.work", "-o", "turn.h5")
    return "collect", what, judge(status, said, [0, 3], "turn.h5", True), said


def extend():
    shutil.copy("short.h5", "turn.h5")
    how = damage_file("turn.h5", random.choice(IN_PLACE[:-1]))
    with open("turn.h5", "rb") as file:
        before = file.read()
    status, said = heed("run", "small.lua", "-o", "turn.h5")
    outcome = judge(status, said, [0], "turn.h5")
    with open("turn.h5", "rb") as file:
        if outcome == "refused" and file.read() != before:
            outcome = "OVERWRITTEN"
    return "extend", ("result", how), outcome, said


def main():
    random.seed(SEED)
    prepare()
    figures = collections.Counter()
    for turn in range(COUNT):
        for name in ("turn.h5", "turn.h5.work", "turn.h5.policies"):
            remove(name)
        act, (kind, how), outcome, said = random.choice([resume, resume, extend, collect])()
        figures[act, kind, outcome] += 1
        if outcome.isupper():
            print(f"turn {turn}: {act}: {how} of {kind}: {outcome}: {said}")
    for key, count in sorted(figures.items()):
        print(f"{count:6d}  " + "  ".join(key))
    bad = sum(count for key, count in figures.items() if key[2].isupper())
    print(f"{COUNT} mutations, {bad} of them harmful")
    return 1 if bad else 0


HEED, COUNT, SEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if __name__ == "__main__":
    sys.exit(main())
