# SPDX-License-Identifier: MIT
"""Writes the small files that damaged_files_test.cc and the fuzzers start from into corpus/.

usage: tests/python_environment.sh FOLDER tests/tensors/make_corpus.py
"""

import io
import pathlib
import zipfile

import ml_dtypes
import numpy as np
import safetensors
import safetensors.numpy

corpus = pathlib.Path(__file__).parent / "corpus"


def put(folder, name, data):
    path = corpus / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def npy(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def save(function, *arrays, **named):
    file = io.BytesIO()
    function(file, *arrays, **named)
    return file.getvalue()


def main():
    numbers = np.array([[0.5, -1.0, np.nan], [np.inf, -0.0, 3e38]])
    put("npy", "float32", npy(numbers.astype(np.float32)))
    put("npy", "float64_version_2", npy(numbers, (2, 0)))
    put("npy", "int16_big_endian_fortran", npy(np.asarray(numbers.shape * np.ones((2, 3, 2)), ">i2", order="F")))
    put("npy", "bool_scalar_version_3", npy(np.bool_(True), (3, 0)))
    put("npy", "uint64_of_no_elements", npy(np.zeros((3, 0, 2), np.uint64)))
    put("npy", "bfloat16", npy(numbers.astype(ml_dtypes.bfloat16)))
    put("npy", "float8_e5m2", npy(numbers.astype(ml_dtypes.float8_e5m2)))
    put("npy", "float4_e2m1fn", npy(np.arange(6).astype(ml_dtypes.float4_e2m1fn)))
    short = b"{'shape':(2L,),'descr':\"u1\",'fortran_order':True}"
    put("npy", "uint8_short_header", b"\x93NUMPY\x01\x00" + len(short).to_bytes(2, "little") + short + b"ab")

    small = {"a": np.arange(3, dtype=np.int8), "b/c": np.float16(1.5)}
    put("npz", "stored", save(np.savez, **small))
    put("npz", "deflated", save(np.savez_compressed, np.zeros((16, 16), np.uint8)))
    put("npz", "no_arrays", save(np.savez))
    file = io.BytesIO()  # without zip64, with data behind the members that say their sizes
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", npy(np.uint8(7)))
        archive.comment = b"a comment"
    put("npz", "without_zip64", file.getvalue())
    put("npz", "raw_bytes", save(np.savez_compressed, w=numbers.astype(ml_dtypes.bfloat16)))

    put("safetensors", "several", safetensors.numpy.save(
        {"a": numbers, "b": np.arange(3, dtype=np.uint8), "c": np.zeros((0, 2), np.int32)},
        metadata={"key": "text"}))  # fmt: skip
    packed = np.array([0x21, 0x43, 0x65], np.uint8)
    for name, shape in (("F4", [2, 3]), ("F6_E2M3", [4]), ("F8_E4M3", [3]), ("BOOL", [3])):
        data = packed if name != "BOOL" else packed & 1
        header = f'{{"w":{{"dtype":"{name}","shape":{shape},"data_offsets":[0,3]}}}}'.encode()
        put("safetensors", name.lower(), len(header).to_bytes(8, "little") + header + data.tobytes())
    put("safetensors", "empty", b"\x02\0\0\0\0\0\0\0{}")

    put("raw", "twelve_bytes", bytes(range(12)))
    put("raw", "no_bytes", b"")


main()
