#!/usr/bin/env python3
"""Makes tests/support/quants.gguf: random blocks of each type that heed reads,
and beside each tensor NAME one NAME.f32 with what the Python package gguf, an
independent implementation, says they stand for.  The scales are random float16
that are finite; every other bit is random."""
import sys

import gguf
import numpy as np

TYPES = "F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K".split()
# Where a block's float16 stand.
HALVES = {"Q4_1": (0, 2), "Q5_1": (0, 2), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}

random = np.random.default_rng(20251010)
out = gguf.GGUFWriter(sys.argv[1], "quants")
for name in TYPES:
    kind = gguf.GGMLQuantizationType[name]
    numbers, size = gguf.GGML_QUANT_SIZES[kind]
    if name == "F16":  # all exponents, subnormals, zeros; one infinity
        blocks = random.integers(0, 1 << 16, 64, np.uint16)
        blocks[:6] = [0, 0x8000, 1, 0x83FF, 0x7BFF, 0x7C00]
        blocks[6:][blocks[6:] & 0x7C00 == 0x7C00] ^= 0x4000
        blocks = blocks.view(np.uint8).reshape(2, 64)
    elif name == "BF16":
        blocks = random.integers(0, 1 << 16, 64, np.uint16)
        blocks[blocks & 0x7F80 == 0x7F80] ^= 0x4000
        blocks = blocks.view(np.uint8).reshape(2, 64)
    else:
        blocks = random.integers(0, 256, (2, size), np.uint8)
        for at in HALVES.get(name, (0,)):
            halves = random.integers(0, 1 << 16, 2, np.uint16)
            halves[halves & 0x7C00 == 0x7C00] ^= 0x4000
            blocks[:, at : at + 2] = halves.view(np.uint8).reshape(2, 2)
    with np.errstate(over="ignore"):
        if name == "F16":
            numbers = blocks.view(np.float16).astype(np.float32)
        else:
            numbers = gguf.quants.dequantize(blocks, kind)
    out.add_tensor(name, blocks, raw_shape=blocks.shape, raw_dtype=kind)
    out.add_tensor(name + ".f32", np.ascontiguousarray(numbers))
out.write_header_to_file()
out.write_kv_data_to_file()
out.write_tensors_to_file()
out.close()
