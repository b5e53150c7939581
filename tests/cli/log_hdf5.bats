# Logs in HDF5 and netCDF-4: types, attributes, and files that heed refuses.

bats_require_minimum_version 1.5.0
load broken.bash

setup() {
  cd "$BATS_TEST_TMPDIR"
  cat >log.lua <<'LUA'
local h = require "heed"
return h.sweep {
  source = h.source.log { path = "log.h5" },
  estimator = h.estimator.em { mu = 0.8, fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  keep = { "users" },
}
LUA
  # p and x, and what a trainer makes of x.
  cat >numbers.lua <<'LUA'
local h = require "heed"
return h.sweep {
  source = h.source.log { path = "log.h5", malformed = "skip",
    columns = { p = "p" }, difference = { "x" } },
  estimator = h.estimator.em { mu = "pair", fit = "fixed",
    prior = h.distribution.beta { alpha = 2, beta = 2 } },
  trainer = h.trainer.dpo { ridge = 1, beta = 1 },
  keep = { "users" },
}
LUA
}

# make PYTHON: writes log.h5, a log of six rows that PYTHON changes; put()
# replaces a dataset.
make() {
  rm -f log.h5
  /usr/bin/python3 - "$1" <<'PY'
import sys, h5py, numpy as np
f = h5py.File("log.h5", "w")
f["user"] = [b"u1", b"u1", b"u2", b"u2", b"u3", b"u3"]
f["pair"] = [1, 2, 3, 4, 5, 6]
f["choice"] = [b"A", b"B", b"A", b"B", b"A", b"A"]
def put(name, values, **more):
    if name in f: del f[name]
    return f.create_dataset(name, data=values, **more)
def raw(name, memory, file, values):
    """Values that numpy has in one type, stored as another type of HDF5."""
    if name in f: del f[name]
    space = h5py.h5s.create_simple((len(values),))
    made = h5py.h5d.create(f.id, name.encode(), file, space)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(values), mtype=memory)
    return f[name]
exec(sys.argv[1])
f.close()
PY
}

# users [ARGUMENT …]: the users of log.h5, sorted, in one line.
users() {
  rm -f out.h5
  "$HEED" run log.lua -o out.h5 --progress none "$@" >said || { cat said >&2; return 1; }
  "$HEED" users out.h5 | tail -n +2 | cut -d , -f 1,4 | LC_ALL=C sort | paste -s -d ' '
}

# refuses MESSAGE: the run fails and says so.
refuses() {
  rm -f out.h5
  run --separate-stderr "$HEED" run log.lua -o out.h5 --progress none
  [ "$status" -eq 2 ] || [ "$status" -eq 3 ]
  if [[ "$stderr$output" != *"$1"* ]]; then
    echo "$output" "$stderr"
    return 1
  fi
}

@test "an integer of every width, sign and byte order is itself" {
  for type in i1 u1 '<i2' '>i2' '<u2' '<i4' '>u4' '<i8' '>i8' '<u8' '>u8'; do
    make "
info = np.iinfo('$type')
ids = [info.min, info.max, info.max - 1, 7, 5, 3]
put('user', np.array(ids, dtype='$type'))
open('expected', 'w').write(' '.join(sorted('%d,1' % i for i in ids)))"
    [ "$(users)" = "$(cat expected)" ]
  done
}

@test "ids of 2^63 and more stay apart, as users and as pairs" {
  make 'put("user", np.array([2**63, 2**63 + 1, 2**64 - 1] * 2, dtype="u8"))
put("pair", np.arange(2**63, 2**63 + 6, dtype="u8"))'
  [ "$(users)" = "18446744073709551615,2 9223372036854775808,2 9223372036854775809,2" ]
  "$HEED" show out.h5 --metric source_pairs | tail -1 | grep -q '^ *6 '
}

@test "whole real numbers are the ids of the same integers, and NaN is missing" {
  for type in f2 '<f4' '>f4' '<f8' '>f8'; do
    make "put('user', np.array([1, 1, -0.0, 2.5, 2.5, 1024], dtype='$type'))"
    [ "$(users)" = "0,1 1,2 1024,1 2.5,2" ]
  done
  make 'put("user", np.array([0.1, 0.1, 1e6, 1e6, 1e-7, 1e-7], dtype="f4"))'
  [ "$(users)" = "0.1,2 1000000,2 1e-07,2" ]
  make 'put("user", np.array([1, float("nan"), 2, 2, 3, 3]))'
  refuses 'log.h5:2: column "user" is empty'
}

@test "real numbers that skip integers are no ids" {
  make 'put("user", np.array([1, 2.0**53, 2, 2, 3, 3]))'
  refuses 'log.h5:2: dataset "user": found the real number 9007199254740992, expected an id below 9007199254740992'
  make 'put("user", np.array([1, 2**53 - 1, 2, 2, 3, 3], dtype="f8"))'
  [ "$(users)" = "1,1 2,2 3,2 9007199254740991,1" ]
  make 'put("user", np.array([1, 2**24, 2, 2, 3, 3], dtype="f4"))'
  refuses 'expected an id below 16777216'
  make 'put("user", np.array([1, np.inf, 2, 2, 3, 3]))'
  refuses 'found the real number inf'
}

@test "an enumeration is its names, numpy's booleans among them" {
  make 'put("choice", np.array([True, False, True, False, True, True]))'
  "$HEED" run log.lua -o out.h5 --progress none \
    --set 'source.choices.a=["TRUE"]' --set 'source.choices.b=["FALSE"]'
  "$HEED" users out.h5 >booleans
  make ''
  users
  "$HEED" users out.h5 | diff booleans -
  for base in '<i4' '>u2' 'i1'; do
    make "
kind = h5py.enum_dtype({'ann': 3, 'bob': 100, 'cy': 1}, basetype='$base')
put('user', np.array([3, 3, 100, 100, 1, 1], dtype='$base').astype(kind), dtype=kind)"
    [ "$(users)" = "ann,2 bob,2 cy,2" ]
  done
  make 'kind = h5py.enum_dtype({"ann": 3}, basetype="i4")
put("user", np.array([3, 3, 4, 3, 3, 3], dtype=kind), dtype=kind)'
  refuses 'log.h5:3: dataset "user": the value 4 has no name in the enumeration'
}

@test "the padding of a fixed text is not part of it" {
  for pad in SPACEPAD NULLPAD NULLTERM; do
    make "
kind = h5py.h5t.C_S1.copy(); kind.set_size(8); kind.set_strpad(h5py.h5t.STR_$pad)
fill = b' ' if '$pad' == 'SPACEPAD' else b'\0'
names = [b'ann', b'ann', b'b ob', b'bob', b'seven77', b'c']
raw('user', kind, kind, np.array([n.ljust(8, fill) for n in names], dtype='V8'))"
    [ "$(users)" = "ann,2 b ob,1 bob,1 c,1 seven77,1" ]
  done
  # Only the padding that the file names.
  make 'put("user", np.array([b"a ", b"a ", b"a", b"a", b"b", b"b"]))'
  [ "$(users)" = "a ,2 a,2 b,2" ]
  # netCDF stores texts as two dimensions of single characters, too.
  make 'put("user", np.array([list("ab"), list("ab"), ["c", ""], ["c", ""], list("de"), list("de")], dtype="S1"))'
  [ "$(users)" = "ab,2 c,2 de,2" ]
}

@test "a text that is NULL is missing; NUL and other encodings are malformed" {
  make 'del f["user"]; f.create_dataset("user", (6,), dtype=h5py.string_dtype())
f["user"][:2] = "a"; f["user"][3:] = "b"'
  refuses 'log.h5:3: column "user" is empty'
  make 'put("user", [b"a", b"a", b"\xff", b"b", b"c", b"c"])'
  refuses 'log.h5:3: dataset "user": the text holds a NUL or is not UTF-8'
  make 'put("user", np.array([b"a", b"a", b"b\0c", b"b", b"c", b"c"]))'
  refuses 'log.h5:3: dataset "user": the text holds a NUL or is not UTF-8'
  make 'put("user", ["a\u00e9", "a\u00e9", "b", "b", "c", "c"])'
  [ "$(users)" = "aé,2 b,2 c,2" ]
}

@test "types and shapes that are no column are refused by name" {
  make 'put("user", np.zeros(6, dtype=[("a", "i4")]))'
  refuses 'log.h5: dataset "user": found a compound type, expected texts, numbers or an enumeration'
  make 'put("user", np.zeros(6, dtype="V4"))'
  refuses 'dataset "user": found opaque bytes'
  make 'put("user", [f["pair"].ref] * 6, dtype=h5py.ref_dtype)'
  refuses 'dataset "user": found references'
  make 'del f["user"]; h5py.h5d.create(f.id, b"user", h5py.h5t.array_create(h5py.h5t.NATIVE_INT32, (3,)), h5py.h5s.create_simple((6,)))'
  refuses 'dataset "user": found arrays'
  make 'del f["user"]; f.create_dataset("user", (6,), dtype=h5py.vlen_dtype("i4"))'
  refuses 'dataset "user": found lists of variable length'
  make 'del f["user"]; h5py.h5d.create(f.id, b"user", h5py.h5t.STD_B8LE, h5py.h5s.create_simple((6,)))'
  refuses 'dataset "user": found bit fields'
  make 'put("user", np.zeros(6, dtype=np.longdouble))'
  refuses 'dataset "user": found numbers of 128 bits, expected at most 64'
  make 'put("user", np.zeros((6, 2)))'
  refuses 'dataset "user": found 2 dimensions (6 x 2), expected one'
  make 'put("user", 7)'
  refuses 'dataset "user": found a single value, expected one dimension'
  make 'put("user", h5py.Empty("f8"))'
  refuses 'dataset "user": found no values, expected one dimension'
  make 'del f["user"]; f.create_group("user")'
  refuses 'log.h5: "user" is a group, expected a dataset'
  make 'del f["user"]; f["user"] = np.dtype("i4")'
  refuses 'log.h5: "user" is a type, expected a dataset'
  make 'del f["user"]'
  refuses 'log.h5: missing dataset "user"; the file has "choice", "pair"'
  make 'put("pair", [1, 2])'
  refuses 'log.h5: dataset "pair" has 2 values, "user" has 6'
}

@test "values that netCDF marks as missing are empty cells" {
  make 'put("user", [3, 3, -1, 4, 4, 4]).attrs["_FillValue"] = np.int64(-1)'
  refuses 'log.h5:3: column "user" is empty'
  [ "$(users --set source.malformed=skip)" = "3,2 4,3" ]
  make 'put("user", [3, 3, -1, 4, 4, 4]).attrs["missing_value"] = np.array([-1, -9], "i8")'
  refuses 'log.h5:3: column "user" is empty'
  make 'put("user", np.array([3, 3, 2**64 - 1, 4, 4, 4], dtype="u8")).attrs["_FillValue"] = np.array([2**64 - 1], "u8")'
  refuses 'log.h5:3: column "user" is empty'
  make 'put("user", np.array([3, 3, 9, 4, 4, 4.])).attrs["_FillValue"] = 9.0'
  refuses 'log.h5:3: column "user" is empty'
  make 'put("user", ["a", "a", "NA", "b", "b", "b"]).attrs["_FillValue"] = "NA"'
  refuses 'log.h5:3: column "user" is empty'
  make 'kind = h5py.enum_dtype({"a": 1, "b": 2, "none": 9}, basetype="i4")
put("user", np.array([1, 1, 9, 2, 2, 2], dtype=kind), dtype=kind)
f["user"].attrs.create("_FillValue", np.int32(9), dtype=kind)'
  refuses 'log.h5:3: column "user" is empty'
  for bounds in '"valid_min"] = np.int64(0)' '"valid_range"] = np.array([0, 9])'; do
    make "put('user', [3, 3, -5, 4, 4, 4]).attrs[$bounds"
    refuses 'log.h5:3: column "user" is empty'
  done
  make 'put("user", [3, 3, 50, 4, 4, 4]).attrs["valid_max"] = np.int64(9)'
  refuses 'log.h5:3: column "user" is empty'
}

@test "netCDF's default fill value of a type is an empty cell, but for bytes" {
  filled() {
    make "f.attrs['_NCProperties'] = np.bytes_('version=2,netcdf=4.9.2,hdf5=1.14.0')
put('user', np.array([3, 3, $2, 4, 4, 4], dtype='$1'))
$3"
  }
  while read -r type fill; do
    filled "$type" "$fill"
    refuses 'log.h5:3: column "user" is empty'
  done <<'TYPES'
>i2 -32767
u2 65535
i4 -2147483647
u4 4294967295
i8 -9223372036854775806
u8 18446744073709551614
f4 9.969209968386869e+36
f8 9.969209968386869e+36
TYPES
  filled i2 -32767 'f["user"].attrs["_Unsigned"] = "true"'
  refuses 'log.h5:3: column "user" is empty'
  filled i1 -127
  [ "$(users)" = "-127,1 3,2 4,3" ]
  filled u1 255
  [ "$(users)" = "255,1 3,2 4,3" ]
  filled i4 -2147483647 'f["user"].attrs["_FillValue"] = np.int32(-1)'
  [ "$(users)" = "-2147483647,1 3,2 4,3" ]
  # A file that netCDF has not written.
  filled i4 -2147483647 'del f.attrs["_NCProperties"]'
  [ "$(users)" = "-2147483647,1 3,2 4,3" ]
}

@test "_Unsigned says whether the top bit is a sign" {
  make 'put("user", np.array([-1, -1, -2, -2, 3, 3], dtype="i1")).attrs["_Unsigned"] = "true"'
  [ "$(users)" = "254,2 255,2 3,2" ]
  make 'put("user", np.array([-1, -1, -2, -2, 3, 3], dtype="i8")).attrs["_Unsigned"] = b"true"'
  [ "$(users)" = "18446744073709551614,2 18446744073709551615,2 3,2" ]
  make 'put("user", np.array([255, 255, 2, 2, 3, 3], dtype="u1")).attrs["_Unsigned"] = "false"'
  [ "$(users)" = "-1,2 2,2 3,2" ]
  make 'put("user", np.array([-1, 1, 2, 2, 3, 3], dtype="i1")).attrs["_Unsigned"] = "true"
f["user"].attrs["_FillValue"] = np.int8(-1)'
  refuses 'log.h5:1: column "user" is empty'
  make 'put("user", np.array([1, 1, 2, 2, 3, 3], dtype="i1")).attrs["_Unsigned"] = "maybe"'
  refuses 'dataset "user": attribute "_Unsigned": found another type or number of values, expected the text true or false'
}

# numbers: what is computed from p and x of the log with this name.
numbers() {
  rm -f out.h5
  sed -i "s/path = \"[^\"]*\"/path = \"$1\"/" numbers.lua
  "$HEED" run numbers.lua -o out.h5 --progress none >/dev/null
  "$HEED" users out.h5
  "$HEED" show out.h5 --metric trainer_norm --csv
}

@test "packed numbers are unpacked, and missing or invalid ones are not numbers" {
  printf '%s\n' user,pair,choice,p,x u1,1,A,0.75,0.5 u1,2,B,0.625,-1.5 u2,3,A,0.5,2.5 \
    u2,4,B,0.25,0.25 u3,5,A,0.875,1 >log.csv
  numbers log.csv >expected
  make '
p = put("p", np.array([6, 5, 4, 2, 7, 7], dtype="i2"))
p.attrs.update({"scale_factor": 0.125, "_FillValue": np.int16(-7)})
x = put("x", np.array([18, 10, 26, 17, 20, 99], dtype="u1"))
x.attrs.update({"scale_factor": np.array([0.25], "f4"), "add_offset": -4.0, "valid_max": np.uint8(90)})'
  numbers log.h5 >found
  diff expected found
  "$HEED" show out.h5 | grep -q 'log.h5:6: column "x" is empty, expected a number'
  make '
put("p", np.array([6, 5, -7, 2, 7, 7], dtype="i2")).attrs.update({"scale_factor": 0.125, "_FillValue": np.int16(-7)})
put("x", np.ones(6))'
  rm out.h5
  run "$HEED" run numbers.lua -o out.h5 --progress none
  [[ "$output" == *"pair \"3\" ("*"log.h5:3) has no preference probability p"* ]]
  # The attributes' type is that of unpacked values: 250 x .004 is 1, not more.
  make '
p = put("p", np.array([250] * 6, dtype="i2"))
p.attrs["scale_factor"] = np.float32(.004)
put("x", np.ones(6))'
  rm out.h5
  "$HEED" run numbers.lua -o out.h5 --progress none
  # Bounds of real numbers are those of unpacked values.
  make '
p = put("p", np.array([.75, .625, .5, .25, .875, .875]))
x = put("x", np.array([18, 10, 26, 17, 20, 99], dtype="u1"))
x.attrs.update({"scale_factor": 0.25, "add_offset": -4.0, "valid_range": np.array([-1.5, 3.])})'
  numbers log.h5 >found
  diff expected found
}

@test "attributes that heed cannot follow are refused by name" {
  make 'put("user", [1, 1, 2, 2, 3, 3]).attrs["scale_factor"] = 0.1'
  refuses 'log.h5: dataset "user": found packed numbers (attribute "scale_factor"), expected ids or words as they are'
  make 'put("choice", [1, 1, 2, 2, 3, 3]).attrs["add_offset"] = 1'
  refuses 'dataset "choice": found packed numbers (attribute "add_offset")'
  make 'put("user", [1, 1, 2, 2, 3, 3]).attrs.update({"scale_factor": 1.0, "add_offset": 0})'
  [ "$(users)" = "1,2 2,2 3,2" ]
  make 'put("user", [1, 1, 2, 2, 3, 3]).attrs["_FillValue"] = "none"'
  refuses 'dataset "user": attribute "_FillValue": found another type or number of values, expected up to'
  make 'put("user", [1, 1, 2, 2, 3, 3]).attrs["valid_range"] = 1'
  refuses 'dataset "user": attribute "valid_range": found one number, expected two'
  make 'put("user", ["a"] * 6).attrs["_FillValue"] = 7'
  refuses 'dataset "user": attribute "_FillValue": found another type or number of values, expected one text'
}

@test "values outside the file are refused by name, as nobody hashes them" {
  printf 'root\0\0\0\0bin\0\0\0\0\0' >outside
  make 'del f["user"]
f.create_dataset("user", (6,), dtype="S8", external=[("outside", 0, 48)])'
  refuses 'log.h5: dataset "user": found external storage: expected the values in this file'
  make 'del f["user"]
other = h5py.File("other.h5", "w"); other["user"] = f["pair"][:]; other.close()
f["user"] = h5py.ExternalLink("other.h5", "user")'
  refuses 'log.h5: dataset "user": found a link to another file, "other.h5", which heed does not follow'
  make 'f["group"] = h5py.ExternalLink("other.h5", "/")
del f["user"]; f["user"] = h5py.SoftLink("/group/user")'
  refuses 'dataset "user": found a link to another file, "other.h5"'
  make 'del f["user"]
layout = h5py.VirtualLayout(shape=(6,), dtype="i8")
layout[:] = h5py.VirtualSource("other.h5", "user", shape=(6,))
f.create_virtual_dataset("user", layout)'
  refuses 'dataset "user": found a virtual dataset'
  # A filter of its own would be code that the file makes heed load.
  make 'put("user", [1, 1, 2, 2, 3, 3], chunks=(6,), compression="lzf")'
  refuses 'dataset "user": found filter 32000, lzf, expected one of HDF5'
  # What stays within the file is read.
  make 'put("ids", np.array([1, 1, 2, 2, 3, 3], "u8"), chunks=(4,), compression="gzip", shuffle=True, fletcher32=True)
del f["user"]; f["user"] = h5py.SoftLink("/ids")'
  [ "$(users)" = "1,2 2,2 3,2" ]
}

@test "a file that cannot be opened is said to be locked, truncated, or no HDF5" {
  make ''
  run --separate-stderr flock -x log.h5 "$HEED" run log.lua -o out.h5 --progress none
  [[ "$output" == *"log.h5: is locked by another program, which may be writing it; HDF5_USE_FILE_LOCKING=FALSE"* ]]
  rm -f out.h5
  HDF5_USE_FILE_LOCKING=FALSE flock -x log.h5 "$HEED" run log.lua -o out.h5 --progress none
  head -c 1500 log.h5 >cut && mv cut log.h5
  refuses 'log.h5: the file is truncated'
  echo nonsense >log.h5
  refuses 'log.h5: not an HDF5 file'
  printf 'CDF\001 and more' >log.h5
  refuses "netCDF's classic format; nccopy -k netCDF-4 converts it"
}

@test "a dataset that claims more values than the file can hold is refused" {
  make 'for name in ("user", "pair", "choice"):
    del f[name]; f.create_dataset(name, (10**12,), dtype="i8", chunks=(1000,))'
  refuses 'dataset "user": claims 1000000000000 values of 8 bytes, more than a file of'
}

@test "a crash of the HDF5 library is an error that names the file" {
  make ''
  broken log.h5 'raise(SIGSEGV);'
  refuses 'log.h5: the HDF5 library crashed while it read the file (signal 11, Segmentation fault)'
}

@test "a limit that the user has set stays" {
  make ''
  broken log.h5 'struct rlimit limit;
    getrlimit(RLIMIT_CPU, &limit);
    if (limit.rlim_cur != 7) abort();'
  ulimit -S -t 7
  users
}

@test "a loop of the HDF5 library is an error that names the file" {
  make ''
  broken log.h5 "$loops"
  refuses 'log.h5: the HDF5 library does not end while it reads the file'
}
