# SPDX-License-Identifier: MIT
"""`halfulp dequantize` of checkpoints against NumPy and ml_dtypes: codes by their types, scales repeated over their
blocks, products in float32; tiles of scales as a reshape and a transposition; both copies of a quantized tensor.

usage: checkpoints.py HALFULP
"""

import json
import os
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np
import safetensors.numpy

HALFULP = os.path.abspath(sys.argv[1])
FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
NAMES = {"U8": np.uint8, "I8": np.int8, "F32": np.float32, "BF16": ml_dtypes.bfloat16, "F8_E8M0": ml_dtypes.float8_e8m0fnu,
         "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2,
         "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz, "F16": np.float16}  # fmt: skip
checks = failures = 0


def check(equal, what):
    global checks, failures
    checks += 1
    if not equal:
        failures += 1
        print("FAILED:", what)


def same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    word = f"u{a.dtype.itemsize}"
    nan = np.isnan(a.astype(np.float32)) & np.isnan(b.astype(np.float32))
    return a.shape == b.shape and a.dtype == b.dtype and bool(((a.view(word) == b.view(word)) | nan).all())


def run(*arguments):
    done = subprocess.run([HALFULP, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")


def write(path, tensors):
    """name -> (safetensors' type, array)."""
    header, data = {}, b""
    for name, (kind, array) in tensors.items():
        part = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


def read(path):
    """name -> array, of any of NAMES."""
    with open(path, "rb") as file:
        content = file.read()
    return {name: np.frombuffer(bytes(entry["data"]), NAMES[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in safetensors.deserialize(content)}  # fmt: skip


def dequantized(tensors, *options, to="float32"):
    write("in.safetensors", tensors)
    run("dequantize", "in.safetensors", "-o", "out.safetensors", "--quiet", "--to", to, *options)
    return read("out.safetensors")


def over(scales, block, shape):
    """Scales repeated over their blocks."""
    for axis, count in zip((-2, -1), block):
        scales = np.repeat(scales, count, axis)
    return scales[..., : shape[-2], : shape[-1]]


def codes(shape, kind, generator):
    return generator.integers(0, 256, shape, dtype=np.uint8).view(NAMES[kind])


def tiled(scales):
    """The way of PyTorch's to_blocked."""
    rows, columns = -(-scales.shape[0] // 128) * 128, -(-scales.shape[1] // 4) * 4
    padded = np.zeros((rows, columns), scales.dtype)
    padded[: scales.shape[0], : scales.shape[1]] = scales
    return padded.reshape(rows // 128, 4, 32, columns // 4, 4).transpose(0, 3, 2, 1, 4).reshape(rows, columns)


def check_eight_bits(generator):
    for kind in ("F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "I8"):
        for shape in ((130, 257), (256, 384), (3, 140, 200)):
            w = codes(shape, kind, generator)
            for block in ((128, 128), (1, shape[-1]), (shape[-2], shape[-1]), (1, 1)):
                of_scales = (*shape[:-2], -(-shape[-2] // block[0]), -(-shape[-1] // block[1]))
                scales = generator.normal(size=of_scales) * np.exp2(generator.integers(-60, 60, of_scales))
                for scale_kind in ("F32", "BF16"):
                    s = scales.astype(np.float32).astype(NAMES[scale_kind])
                    name = "_scale_inv" if block == (128, 128) else "_scale"
                    found = dequantized({"w": (kind, w), "w" + name: (scale_kind, s)})
                    want = w.astype(np.float32) * over(s.astype(np.float32), block, shape)
                    check(same(found["w"], want), f"{kind} {shape} {block} {scale_kind}")
                    narrow = dequantized({"w": (kind, w), "w" + name: (scale_kind, s)}, to="bfloat16")
                    check(same(narrow["w"], want.astype(ml_dtypes.bfloat16)), f"bfloat16 of {kind} {shape} {block}")


def check_four_bits(generator):
    for shape in ((5, 64), (140, 320), (2, 33, 96)):
        packed = generator.integers(0, 256, (*shape[:-1], shape[-1] // 2), dtype=np.uint8)
        for order in ("low-first", "high-first"):
            halves = (packed & 15, packed >> 4) if order == "low-first" else (packed >> 4, packed & 15)
            numbers = FP4[np.stack(halves, -1).reshape(shape)]
            mx = generator.integers(0, 256, (*shape[:-1], shape[-1] // 32), dtype=np.uint8)
            scale = over(mx.view(ml_dtypes.float8_e8m0fnu).astype(np.float32), (1, 32), shape)
            blocks = packed.reshape(*shape[:-1], shape[-1] // 32, 16)
            for tensors in ({"w_blocks": ("U8", blocks), "w_scales": ("U8", mx)}, {"w": ("U8", packed), "w_scale": ("U8", mx)},
                            {"w_packed": ("U8", packed), "w_scale": ("F8_E8M0", mx)}):  # fmt: skip
                found = dequantized(tensors, "--nibbles", order)
                check(list(found) == ["w"] and same(found["w"], numbers * scale), f"MXFP4 {shape} {order} {list(tensors)}")
            nv = codes((*shape[:-1], shape[-1] // 16), "F8_E4M3", generator)
            whole = np.array([generator.normal() * 50], np.float32)
            for tensors, scale in (
                ({"w": ("U8", packed), "w_scale": ("F8_E4M3", nv), "w_scale_2": ("F32", whole)}, nv.astype(np.float32) * whole),
                ({"w_packed": ("U8", packed), "w_scale": ("F8_E4M3", nv), "w_global_scale": ("F32", whole)}, nv.astype(np.float32) / whole),
                ({"w": ("U8", packed), "w_scale": ("F8_E4M3", nv)}, nv.astype(np.float32)),
            ):  # fmt: skip
                want = numbers * over(scale, (1, 16), shape)
                check(same(dequantized(tensors, "--nibbles", order)["w"], want), f"NVFP4 {shape} {order} {list(tensors)}")
                if len(shape) > 2:
                    continue
                in_tiles = dict(tensors, w_scale=("F8_E4M3", tiled(nv)))
                found = dequantized(in_tiles, "--nibbles", order, "--scale-layout", "128x4")
                check(same(found["w"], want), f"NVFP4 in tiles {shape} {order}")


def check_written(generator):
    """Tiles and copies that quantize writes."""
    np.save("x.npy", generator.normal(size=(300, 352)).astype(np.float32))
    for name in ("mxfp8_e4m3", "nvfp4"):
        call = ["quantize", "x.npy", "--quiet", "--to", name, "--codes"]
        run(*call, "--both-copies", "-o", "rows.safetensors")
        run(*call, "--both-copies", "--scale-layout", "128x4", "-o", "tiles.safetensors")
        run(*call, "--axis", "0", "-o", "column.safetensors")
        with open("rows.safetensors", "rb") as file:
            rows = {key: bytes(entry["data"]) for key, entry in safetensors.deserialize(file.read())}
        with open("tiles.safetensors", "rb") as file:
            tiles = {key: bytes(entry["data"]) for key, entry in safetensors.deserialize(file.read())}
        with open("column.safetensors", "rb") as file:
            column = {key: bytes(entry["data"]) for key, entry in safetensors.deserialize(file.read())}
        size = 32 if name == "mxfp8_e4m3" else 16
        row = np.frombuffer(rows["rowwise.scales"], np.uint8).reshape(300, -1)
        turned = np.frombuffer(rows["columnwise.scales"], np.uint8).reshape(-1, 352).T
        check(row.shape[1] == 352 // size and turned.shape[1] == -(-300 // size), f"shapes of {name}")
        check(tiles["rowwise.scales"] == tiled(row).tobytes(), f"rowwise tiles of {name}")
        check(tiles["columnwise.scales"] == tiled(turned).tobytes(), f"columnwise tiles of {name}")
        check(tiles["rowwise.codes"] == rows["rowwise.codes"], f"codes of {name}")
        check(rows["columnwise.codes"] == column["codes"], f"columnwise codes of {name}")
        check(rows["columnwise.scales"] == column["scales"], f"columnwise scales of {name}")


os.chdir(tempfile.mkdtemp())
generator = np.random.default_rng(20261130)
with np.errstate(all="ignore"):
    check_eight_bits(generator)
    check_four_bits(generator)
    check_written(generator)
print(f"{checks} checks, {failures} failures")
sys.exit(1 if failures or not checks else 0)
