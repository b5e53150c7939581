#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are results the same, bit for bit, but for what a clock says?

  same.py A.h5 B.h5 …            all datasets are those of A
  same.py --within A.h5 B.h5 …   the cells of A are there, with its numbers
"""
import sys

import h5py
import numpy


def datasets(file):
    """Of the whole file, but for seconds, which differ from run to run."""
    found = {}

    def take(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("timing"):
            found[name] = item[()]

    file.visititems(take)
    return found


def same_bits(a, b):
    if a.dtype.kind != b.dtype.kind or a.shape != b.shape:
        return False
    if a.dtype.kind == "f":
        return a.tobytes() == b.tobytes()
    return bool(numpy.all(a == b))


def compare(first, second):
    a, b = datasets(first), datasets(second)
    wrong = set(a) ^ set(b)
    wrong |= {name for name in set(a) & set(b) if not same_bits(
        numpy.asarray(a[name]), numpy.asarray(b[name]))}
    return wrong


def cells(file):
    """Of each cell that is done, by its key, the bytes of every metric."""
    grid = file["status"].shape
    status = file["status"][()].ravel()
    keys = file["cells/key"].asstr()[()].ravel()
    metrics = {
        name: item[()].reshape(status.size, -1)
        for name, item in file.items()
        if isinstance(item, h5py.Dataset)
        and item.dtype.kind == "f"
        and item.shape[: len(grid)] == grid
    }
    return {
        key: {name: values[row].tobytes() for name, values in metrics.items()}
        for row, key in enumerate(keys)
        if status[row] == 0
    }


def compare_within(small, large):
    a, b = cells(small), cells(large)
    assert a, "no cell is done"
    return {"cell " + key for key in a if a[key] != b.get(key)}


def main():
    within = sys.argv[1] == "--within"
    first, *others = sys.argv[2 if within else 1 :]
    failed = False
    with h5py.File(first) as one:
        for path in others:
            with h5py.File(path) as other:
                for name in sorted(
                    (compare_within if within else compare)(one, other)
                ):
                    print(f"{path}: differs: {name}")
                    failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
