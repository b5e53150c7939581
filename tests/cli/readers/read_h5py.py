# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads every value of the sample by its labels, with h5py alone.

    read_h5py.py FILE
"""
import struct
import sys

import h5py

NAMES = ["win_rate", "win_rate_at_kl", "agreement", "fit_time", "kl_metric"]


def bits(value):
    return "nan" if value != value else struct.pack(">d", value).hex()


def labels(scale):
    if scale.dtype.kind == "O":
        return list(scale.asstr()[()])
    return [f"{value:g}" for value in scale[()]]


def read(cube):
    # Each dimension says which scale its labels are in.
    axes = [labels(dimension[0]) for dimension in cube.dims]
    if len(axes) == 3:
        axes.append(["-"])
    values = cube[()].reshape([len(axis) for axis in axes])
    name = cube.name.lstrip("/")
    for i, mu in enumerate(axes[0]):
        for j, eta in enumerate(axes[1]):
            for k, replicate in enumerate(axes[2]):
                for n, label in enumerate(axes[3]):
                    print(name, mu, eta, replicate, label,
                          bits(float(values[i, j, k, n])), sep="\t")


def main(path):
    with h5py.File(path, "r") as file:
        assert file.attrs["title"] == "A sample"
        assert file.attrs["format"] == 1
        assert file["errors/message"].asstr()[0].startswith("ended by signal")
        assert file["sweep/text"].asstr()[()] == "return h.sweep { μ }"
        for name in NAMES:
            read(file[name])


main(*sys.argv[1:])
