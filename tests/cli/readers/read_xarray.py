# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads every value of the sample by its labels, with xarray.

    read_xarray.py FILE ENGINE     (h5netcdf or netcdf4)
"""
import struct
import sys

import xarray

LABELLED = {"win_rate": None, "win_rate_at_kl": "kl", "agreement": "judge",
            "fit_time": None, "kl_metric": None}


def bits(value):
    return "nan" if value != value else struct.pack(">d", value).hex()


def main(path, engine):
    with xarray.open_dataset(path, engine=engine) as cube:
        assert cube.win_rate.dims == ("mu", "eta", "replicate")
        assert cube.fit_time.attrs["units"] == "s"
        assert cube.win_rate.attrs["long_name"] == "P(policy beats reference)"
        assert "annotations" in cube.win_rate.coords
        assert cube.sel(mu=0.74).annotations == 50
        assert int(cube.status.sel(mu=0.6, replicate=2)[0]) == 2
        for name, along in LABELLED.items():
            labels = ["-"] if along is None else cube[along].values
            for mu in cube.mu.values:
                for eta in cube.eta.values:
                    for replicate in cube.replicate.values:
                        for label in labels:
                            at = dict(mu=mu, eta=eta, replicate=replicate)
                            if along is not None:
                                at[along] = label
                            value = float(cube[name].sel(at))
                            shown = label if isinstance(label, str) else f"{label:g}"
                            print(name, f"{mu:g}", eta, replicate, shown,
                                  bits(value), sep="\t")
    # Every group opens alone, and the ones on the grid have its labels.
    for group in ("timing", "cells", "errors", "warnings", "plugins", "inputs",
                  "sweep", "users", "policy", "labels"):
        with xarray.open_dataset(path, engine=engine, group=group) as part:
            part.load()
            if group == "timing":
                one = part.seconds_policy.sel(mu=0.6, eta="two_point low=0.1",
                                              replicate=1)
                assert float(one) == 1.0
            if group == "users":
                assert list(part.name.values[:3]) == [
                    "ann", 'bob, the "second"', "céline"]


main(*sys.argv[1:])
