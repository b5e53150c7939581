#!/usr/bin/python3
"""corpus_hdf5.py FOLDER: makes FOLDER/hdf5, small logs that the fuzzer starts from.
The first byte of each chooses the parameters of the source (support/fuzz_log.h);
FOLDER/result holds a result of heed run."""
import io
import pathlib
import sys

import h5py
import numpy as np

SKIP, TEXTS, DIFFERENCE = 1, 32, 128


def replace(file, name, values, **options):
    if name in file:
        del file[name]
    return file.create_dataset(name, data=values, **options)


def integers(file):
    pass


def netcdf(file):
    replace(file, "user", np.array([1, -1, 3], "i4")).attrs["_FillValue"] = np.int32(-1)
    replace(file, "p", np.array([500, 900, 100], "i2")).attrs.update(
        {"scale_factor": .001, "valid_range": np.array([0, 1000], "i2")})
    replace(file, "x", np.array([5, 9, 1], "u1")).attrs.update(
        {"add_offset": -1.5, "_Unsigned": "true", "valid_max": np.uint8(8)})
    for name in ("topic", "prompt", "text_a", "text_b"):
        file[name] = ["a", "b", "c"]


def words(file):
    kind = h5py.enum_dtype({"A": 1, "B": 2}, basetype="i4")
    replace(file, "user", ["ann", "bob", "é"])
    replace(file, "pair", np.array([1., 2.5, 3.], "f4"))
    replace(file, "choice", np.array([1, 2, 7], dtype=kind), dtype=kind)


def packed(file):
    replace(file, "user", np.array([1, 2, 3], ">i4"), chunks=(2,), compression="gzip", shuffle=True)
    replace(file, "pair", np.array([list("ab"), list("cd"), ["e", ""]], "S1"))


def log(change):
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file["user"] = np.array([2**63 + 1, 7, 7], "u8")
        file["pair"] = np.array([b"p1", b"p2", b"p3"])
        file["choice"] = np.array([b"A", b"B", b"A"])
        change(file)
    return memory.getvalue()


folder = pathlib.Path(sys.argv[1]) / "hdf5"
folder.mkdir(parents=True, exist_ok=True)
for change, bits in ((integers, SKIP), (netcdf, SKIP | TEXTS | DIFFERENCE), (words, SKIP),
                     (packed, SKIP)):
    (folder / change.__name__).write_bytes(bytes([bits]) + log(change))
