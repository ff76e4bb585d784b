# SPDX-License-Identifier: MIT
"""GGUF: what `halfulp quantize --to gguf_...` makes of numbers, and `halfulp dequantize` of blocks,
against the package gguf; files of the one are read by the other. K-quants, which gguf only reads, are
compared with ggml itself where HALFULP_GGML_LIBRARY names its shared library (libggml-base.so, of a
build for plain x86-64 without contracted products; the wheel pywhispercpp 1.5.1 has one).

usage: gguf_test.py HALFULP
"""

import ctypes
import os
import subprocess
import sys
import tempfile
import warnings

import gguf
import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, quants
from safetensors.numpy import load_file

from differences import Differences

warnings.simplefilter("ignore")  # NumPy's, of NaN and overflow: that is what is tested
HALFULP = os.path.abspath(sys.argv[1])
differences = Differences("gguf")

# Numbers and bytes of a block: ggml's. (gguf 0.19 has 40 bytes for Q8_1, which no file holds.)
TYPES = {
    "Q4_0": (32, 18), "Q4_1": (32, 20), "Q5_0": (32, 22), "Q5_1": (32, 24), "Q8_0": (32, 34), "Q8_1": (32, 36),
    "Q2_K": (256, 84), "Q3_K": (256, 110), "Q4_K": (256, 144), "Q5_K": (256, 176), "Q6_K": (256, 210),
    "Q8_K": (256, 292), "TQ1_0": (256, 54), "TQ2_0": (256, 66), "MXFP4": (32, 17), "NVFP4": (64, 36),
    "Q1_0": (128, 18),
}  # fmt: skip
BLOCKS = 512


def run(*arguments):
    done = subprocess.run([HALFULP, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")


def inputs(count, generator):
    """Name and numbers, a block a row."""
    shape = (BLOCKS, count)
    normal = generator.normal(size=shape)
    powers = np.exp2(generator.integers(-140, 127, (BLOCKS, 1)).astype(np.float64))
    zeros = np.where(generator.random(shape) < 0.5, 0, normal)
    zeros[:20] = 0
    zeros[10:20] = -0.0
    bits = generator.integers(0, 2**32, shape, dtype=np.uint32).view(np.float32)
    special = normal.copy()
    special[np.arange(BLOCKS), generator.integers(0, count, BLOCKS)] = generator.choice([np.nan, np.inf, -np.inf], BLOCKS)
    tiny = generator.integers(0, 2**23, shape, dtype=np.uint32) >> generator.integers(0, 23, (BLOCKS, 1), dtype=np.uint32)
    below = np.exp2(generator.integers(-126, 127, (BLOCKS, 1)).astype(np.float64))
    cases = {
        "normal": normal, "laplace": generator.laplace(size=shape) * 0.02, "positive": generator.random(shape),
        "equal": np.repeat(normal[:, :1], count, 1), "of every size": normal * powers,
        "wide": normal * np.exp2(generator.integers(-20, 20, shape).astype(np.float64)),
        "integers": generator.integers(-8, 9, shape), "halves": generator.integers(-31, 32, shape) / 2,
        "zeros": zeros, "subnormal": tiny.view(np.float32), "bits": np.where(np.isnan(bits), np.float32(1), bits),
        "special": special, "huge": generator.choice([3.4e38, -3.4e38, 3e38, 1e38], shape),
        "below powers of two": below * (1 - generator.integers(0, 60, shape) * 2.0**-24),
    }  # fmt: skip
    return {name: np.ascontiguousarray(numbers, np.float32) for name, numbers in cases.items()}


def blocks_of(path):
    (tensor,) = GGUFReader(path).tensors
    return np.ascontiguousarray(tensor.data).view(np.uint8), tensor


def compare_blocks(check, name, case, numbers, ours, theirs):
    """ours, theirs: bytes, a block a row."""
    nan = ~np.isfinite(numbers).all(axis=1)
    zero = (numbers == 0).all(axis=1)

    def of_block(i):
        return {"type": name, "case": case, "not finite": "yes" if nan[i] else "no", "all zero": "yes" if zero[i] else "no"}

    differences.compare(check, (ours == theirs).all(axis=1), of_block)


def quantized(name, numbers):
    """By the program: the blocks, a row each, and the values."""
    np.save("x.npy", numbers)
    run("quantize", "x.npy", "--quiet", "--to", "gguf_" + name.lower(), "-o", "x.gguf")
    run("quantize", "x.npy", "--quiet", "--to", "gguf_" + name.lower(), "-o", "y.npy")
    data = open("x.gguf", "rb").read()
    size = TYPES[name][1] * len(numbers)
    if name in ("Q8_1", "Q1_0"):  # gguf does not know these layouts
        padded = -(-size // 32) * 32
        return np.frombuffer(data[-padded:][:size], np.uint8).reshape(len(numbers), -1), np.load("y.npy")
    found, tensor = blocks_of("x.gguf")
    differences.compare("files", np.array([tensor.tensor_type.name == name, list(tensor.shape) == [numbers.shape[1], len(numbers)]]),
                        lambda i: {"type": name})  # fmt: skip
    return found.reshape(len(numbers), -1), np.load("y.npy")


def dequantized(name, blocks):
    """By the program: blocks, a row each, in a file that gguf writes (or none, for types that it does not know)."""
    writer = GGUFWriter("b.gguf", "test")
    writer.add_uint32("general.quantization_version", 2)
    writer.add_array("list", ["some", "texts"])
    writer.add_tensor("w", blocks, raw_dtype=GGMLQuantizationType[name])
    writer.add_tensor("plain", np.arange(5, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    run("dequantize", "b.gguf", "--quiet", "-o", "b.safetensors")
    found = load_file("b.safetensors")
    differences.compare("files", np.array([np.array_equal(found["plain"], np.arange(5, dtype=np.float16)),
                                           found["plain"].dtype == np.float16]), lambda i: {"type": name})  # fmt: skip
    return found["w"]


def same(a, b):
    return (a.view(np.uint32) == b.view(np.uint32)) | (np.isnan(a) & np.isnan(b))


class Library:
    """ggml itself."""

    def __init__(self, path):
        self.library = ctypes.CDLL(path)

    def name(self, name):
        return name.lower().replace("_k", "_K")

    def quantize(self, name, numbers):
        blocks = np.zeros((len(numbers), TYPES[name][1]), np.uint8)
        function = getattr(self.library, f"quantize_row_{self.name(name)}_ref")
        function(numbers.ctypes.data_as(ctypes.c_void_p), blocks.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(numbers.size))
        return blocks

    def dequantize(self, name, blocks):
        numbers = np.zeros((len(blocks), TYPES[name][0]), np.float32)
        function = getattr(self.library, f"dequantize_row_{self.name(name)}", None)
        if function is None:
            return None
        function(blocks.ctypes.data_as(ctypes.c_void_p), numbers.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(numbers.size))
        return numbers


def main():
    generator = np.random.default_rng(20261130)
    path = os.environ.get("HALFULP_GGML_LIBRARY")
    library = Library(os.path.abspath(path)) if path else None
    os.chdir(tempfile.mkdtemp())
    for name, (count, size) in TYPES.items():
        peer = quants._type_traits.get(GGMLQuantizationType[name])
        cases = inputs(count, generator)
        numbers = np.concatenate(list(cases.values()))
        ours, values = quantized(name, numbers)
        for i, (case, own) in enumerate(cases.items()):
            rows = slice(i * BLOCKS, (i + 1) * BLOCKS)
            if peer is not None and "quantize_blocks" in vars(peer):
                theirs = quants.quantize(own, GGMLQuantizationType[name])
                compare_blocks("quantize", name, case, own, ours[rows], theirs)
            if library:
                compare_blocks("ggml quantizes", name, case, own, ours[rows], library.quantize(name, own))
        if peer is not None:
            theirs = quants.dequantize(ours, GGMLQuantizationType[name])
            differences.compare("values", same(values, theirs).ravel(), lambda i: {"type": name})
            blocks = generator.integers(0, 256, (4 * BLOCKS, size), dtype=np.uint8)
            found = dequantized(name, blocks)
            theirs = quants.dequantize(blocks, GGMLQuantizationType[name])
            differences.compare("dequantize", same(found, theirs).ravel(), lambda i: {"type": name})
        if library and (theirs := library.dequantize(name, ours)) is not None:
            differences.compare("ggml dequantizes", same(values, theirs).ravel(), lambda i: {"type": name})
    print("gguf", gguf.__name__, "with ggml itself" if library else "without ggml itself (HALFULP_GGML_LIBRARY)")
    sys.exit(differences.status())


main()
