"""The texts of a kept selection, as docs/results.md describes them."""
import h5py


def texts(file, name):
    """The texts of a column."""
    rows = file["selection"]
    if name in rows:
        return list(rows[name].asstr()[()])
    data = file["selection_texts"][name][()].tobytes()
    start, length = rows[name + "_start"][()], rows[name + "_length"][()]
    return [data[i : i + n].decode() for i, n in zip(start, length)]


def as_before(file):
    """Makes each text an HDF5 string, as an earlier heed wrote it."""
    if "selection_texts" not in file:
        return
    rows = file["selection"]
    for name in [name for name in file["selection_texts"] if not name.endswith("_byte")]:
        found = texts(file, name)
        del rows[name + "_start"], rows[name + "_length"]
        rows.create_dataset(name, data=found, dtype=h5py.string_dtype(),
                            chunks=True, maxshape=(None,))
    del file["selection_texts"]
