#!/usr/bin/python3
"""mutate.py SEED FIRST COUNT FILE FOLDER: writes COUNT damaged copies of FILE as
FOLDER/NUMBER.h5, numbered from FIRST.  The same seed and number make the same
copy."""
import pathlib
import random
import struct
import sys

EXTREMES = [0, 1, 7, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff,
            0x7fffffffffffffff, 0xffffffffffffffff]


def flip(dice, data):
    """A few bits, anywhere."""
    for _ in range(dice.choice([1, 1, 2, 8, 64])):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def replace(dice, data):
    """A few bytes by random ones, side by side."""
    start = dice.randrange(len(data))
    for i in range(start, min(len(data), start + dice.choice([1, 2, 4, 8, 64]))):
        data[i] = dice.randrange(256)


def extreme(dice, data):
    """A number by one that is at the end of some range."""
    size, code = dice.choice([(1, "<B"), (2, "<H"), (4, "<I"), (8, "<Q")])
    start = dice.randrange(len(data) - size)
    value = dice.choice(EXTREMES) & (1 << 8 * size) - 1
    data[start:start + size] = struct.pack(code, value)


def blank(dice, data):
    """A block of a disk that was never written."""
    start = dice.randrange(len(data))
    size = min(dice.choice([16, 512, 4096]), len(data) - start)
    data[start:start + size] = bytes(size)


def copy(dice, data):
    """A block that lies where another should."""
    size = min(dice.choice([8, 64, 512, 4096]), len(data) // 2)
    source, target = (dice.randrange(len(data) - size) for _ in range(2))
    data[target:target + size] = data[source:source + size]


def cut(dice, data):
    """A file that ends too early."""
    del data[dice.randrange(len(data)):]


def insert(dice, data):
    """Bytes too many."""
    start = dice.randrange(len(data))
    data[start:start] = bytes(dice.randrange(256) for _ in range(dice.choice([1, 8, 512])))


def mutated(seed, number, original):
    dice = random.Random(f"{seed} {number}")
    data = bytearray(original)
    while data == original:
        dice.choice([flip, flip, replace, extreme, extreme, blank, copy, cut, insert])(dice, data)
    return data


def main():
    seed, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    original = pathlib.Path(sys.argv[4]).read_bytes()
    folder = pathlib.Path(sys.argv[5])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number}.h5").write_bytes(mutated(seed, number, original))


if __name__ == "__main__":
    main()
