#!/usr/bin/env python3
"""Makes the small result file that is committed. It holds the named metrics, their
axes, the plugins with their hashes and the text of the sweep, compressed.

    python3 scripts/reference.py results/table2.h5 results/reference/table2.h5 \\
        win_rate win_rate_at_kl kl_from_reference

Timings, cell keys, the plan and file paths are not copied.
"""
import sys

import h5py

# HDF5's dimension scales write these again in the copy.
SCALE_ATTRIBUTES = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME"}


def is_scale(item):
    return h5py.h5ds.is_scale(item.id)


def copy(source, kept, name):
    """One dataset with its attributes, not yet tied to its axes."""
    item = source[name]
    packed = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
    data = kept.create_dataset(name, data=item[()], dtype=item.dtype,
                               **(packed if item.ndim > 1 else {}))
    for key in set(item.attrs) - SCALE_ATTRIBUTES:
        data.attrs[key] = item.attrs[key]
    if is_scale(item):
        data.make_scale(name)


def axes_of(item):
    return [dimension[0].name.strip("/") for dimension in item.dims if len(dimension)]


def shrink(source, kept, wanted):
    metrics = [*wanted, "status"]
    axes = {axis for name in metrics for axis in axes_of(source[name])}
    tied = [name for name, item in source.items()
            if isinstance(item, h5py.Dataset) and item.ndim == 1 and not is_scale(item)
            and axes_of(item) and axes_of(item)[0] in axes]
    for name in [*sorted(axes), *tied, *metrics]:
        copy(source, kept, name)
    for name in [*tied, *metrics]:
        for dimension, axis in zip(kept[name].dims, axes_of(source[name])):
            dimension.attach_scale(kept[axis])
    for name in ("kind", "name", "version", "sha256"):
        kept[f"plugins/{name}"] = source[f"plugins/{name}"][()]
    kept["sweep/text"] = source["sweep/text"][()]
    for key in ("Conventions", "format", "heed_version", "plugin_abi", "seed", "title"):
        kept.attrs[key] = source.attrs[key]


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    with h5py.File(sys.argv[1], "r") as result:
        missing = [name for name in sys.argv[3:] if name not in result]
        if missing:
            sys.exit(f"{sys.argv[1]} has no metric {', '.join(missing)}")
        with h5py.File(sys.argv[2], "w") as reference:
            shrink(result, reference, sys.argv[3:])
