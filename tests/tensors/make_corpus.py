# SPDX-License-Identifier: MIT
"""Writes the small files that damaged_files_test.cc and the fuzzers start from into corpus/.

usage: tests/python_environment.sh FOLDER tests/tensors/make_corpus.py
"""

import io
import pathlib
import tempfile
import zipfile

import gguf
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


def gguf_file(tensors, alignment=None):
    """tensors: name -> (array or blocks, type or None)."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.gguf"
        writer = gguf.GGUFWriter(path, "test")
        if alignment:
            writer.add_custom_alignment(alignment)
        writer.add_float32("scale", 0.5)
        writer.add_array("texts", ["a", "bc"])
        for name, (array, kind) in tensors.items():
            writer.add_tensor(name, array, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path.read_bytes()


def safetensors_file(tensors):
    """tensors: name -> (safetensors' type, shape, bytes)."""
    entries, data = [], b""
    for name, (kind, shape, part) in tensors.items():
        offsets = [len(data), len(data) + len(part)]
        entries.append(f'"{name}":{{"dtype":"{kind}","shape":{list(shape)},"data_offsets":{offsets}}}')
        data += part
    header = ("{" + ",".join(entries) + "}").encode()
    return len(header).to_bytes(8, "little") + header + data


def put_parts():
    kind = gguf.GGMLQuantizationType
    blocks = np.arange(252, dtype=np.uint8)
    put("gguf", "plain", gguf_file({"a": (np.arange(6, dtype=np.float32).reshape(2, 3), None), "b": (np.arange(3, dtype=np.int8), None)}))
    put("gguf", "q4_0", gguf_file({"w": (blocks[:36].reshape(2, 18), kind.Q4_0), "n": (np.ones(2, np.float16), None)}))
    put("gguf", "k", gguf_file({"w": (blocks[:144].reshape(1, 144), kind.Q4_K), "v": (blocks[:84].reshape(1, 84), kind.Q2_K)}, 64))
    put("gguf", "small", gguf_file({"w": (blocks[:54].reshape(1, 54), kind.TQ1_0), "v": (blocks[:34].reshape(1, 2, 17), kind.MXFP4)}))
    ones = np.ones(8, np.float32).tobytes()
    some = blocks.tobytes()
    put("pairs", "fp8", safetensors_file({"w": ("F8_E4M3", (4, 6), some[:24]), "w_scale_inv": ("F32", (1, 1), ones[:4]),
                                          "v": ("F8_E5M2", (4, 2), some[:8]), "v_scale": ("F32", (4, 1), ones[:16])}))
    put("pairs", "mxfp4", safetensors_file({"w_blocks": ("U8", (2, 1, 16), some[:32]), "w_scales": ("U8", (2, 1), some[60:62])}))
    put("pairs", "nvfp4", safetensors_file({"w": ("U8", (2, 16), some[:32]), "w_scale": ("F8_E4M3", (2, 2), some[:4]),
                                            "w_scale_2": ("F32", (), ones[:4]), "v_packed": ("U8", (2, 8), some[:16]),
                                            "v_scale": ("F8_E4M3", (2, 1), some[:2]), "v_global_scale": ("F32", (1,), ones[:4])}))
    put("pairs", "codes", safetensors_file({"codes": ("F4", (2, 32), some[:32]), "scales": ("F8_E8M0", (2, 1), some[:2])}))
    put("pairs", "scalar_codes", safetensors_file({"x.codes": ("F8_E4M3", (2, 4), some[:8])}))


def main():
    put_parts()
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
