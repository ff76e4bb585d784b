# SPDX-License-Identifier: MIT
"""What NumPy, ml_dtypes and safetensors write is read with equal bits, and what is written here
they read with equal bits.

usage: interoperability.py CONVERT, the driver (convert.cc). Every comparison counts;
the last line says how many there were.
"""

import io
import itertools
import os
import subprocess
import sys
import tempfile
import warnings

import ml_dtypes
import numpy as np
import safetensors
import safetensors.numpy

CONVERT = os.path.abspath(sys.argv[1])
NUMPY_TYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()
# ml_dtypes' names, which are ours too, and the bits of a code.
OTHER_TYPES = {
    "bfloat16": 16, "float8_e3m4": 8, "float8_e4m3": 8, "float8_e4m3b11fnuz": 8,
    "float8_e4m3fn": 8, "float8_e4m3fnuz": 8, "float8_e5m2": 8, "float8_e5m2fnuz": 8,
    "float8_e8m0fnu": 8, "float6_e2m3fn": 6, "float6_e3m2fn": 6, "float4_e2m1fn": 4,
    "int4": 4, "uint4": 4, "int2": 2, "uint2": 2, "int1": 1, "uint1": 1,
}  # fmt: skip
# Types that safetensors has, by its names; F4 and F6 lie close together in its files.
SAFETENSORS_TYPES = {
    "float4_e2m1fn": "F4", "float6_e2m3fn": "F6_E2M3", "float6_e3m2fn": "F6_E3M2",
    "float8_e5m2": "F8_E5M2", "float8_e4m3fn": "F8_E4M3", "float8_e8m0fnu": "F8_E8M0",
    "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ", "bfloat16": "BF16",
}  # fmt: skip
SHAPES = [(), (1,), (5,), (2, 3), (3, 1, 4), (0,), (2, 0, 3), (2, 3, 2, 2)]

counts = {"checks": 0, "failures": 0}


def check(equal, what):
    counts["checks"] += 1
    if not equal:
        counts["failures"] += 1
        print("FAILED:", what)


driver = subprocess.Popen([CONVERT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def answer(*arguments):
    """What the driver says to a task, a line."""
    print(*(os.path.abspath(a) if "." in str(a) else a for a in arguments), sep="\t",
          file=driver.stdin, flush=True)  # fmt: skip
    return driver.stdout.readline()


def convert(*arguments):
    line = answer(*arguments)
    if line != "done\n":
        raise RuntimeError(f"{arguments}: {line}")


def refused(*arguments):
    """What the driver says where it must refuse."""
    line = answer(*arguments)
    check(line.startswith("refused: "), f"refusal of {arguments}: {line}")
    return line


def dtype_of(name):
    return np.dtype(getattr(ml_dtypes, name)) if name in OTHER_TYPES else np.dtype(name)


def codes_of(array):
    """The elements' bits, whatever their type."""
    return np.asarray(array, order="C").view(f"u{array.dtype.itemsize}")


def same_bits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(codes_of(a), codes_of(b))


def sample(name, shape, generator):
    """Random codes of the type: every bit pattern, NaN payloads too."""
    dtype = dtype_of(name)
    count = int(np.prod(shape))
    if name == "bool":
        return generator.integers(0, 2, count).astype(bool).reshape(shape)
    bits = OTHER_TYPES.get(name, 8 * dtype.itemsize)
    codes = generator.integers(0, 2**bits, count, dtype=np.uint64)
    return codes.astype(f"u{dtype.itemsize}").view(dtype).reshape(shape)


def read(path, name):
    """An array that convert wrote; raw bytes get their meaning."""
    array = np.load(path)
    return array.view(dtype_of(name)) if array.dtype.kind == "V" else array


def write_npy(path, array, version=None):
    with open(path, "wb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(file, array, version=version)


def content(path):
    with open(path, "rb") as file:
        return file.read()


def type_option(name):
    return ["--type", name] if name in OTHER_TYPES and name != "float8_e5m2" else []


def check_npy(generator):
    """Every type, shape, byte order, memory order and version, read and written."""
    orders = itertools.product(NUMPY_TYPES + list(OTHER_TYPES), SHAPES, "CF")
    for name, shape, order in orders:
        array = np.asarray(sample(name, shape, generator), order=order)
        write_npy("in.npy", array)
        convert("in.npy", "out.npy", *type_option(name), "--through-codes")
        check(same_bits(read("out.npy", name), array), f"{name} {shape} {order}")
        # Byte for byte numpy.save's own, but for what it says of types it does not know.
        if name in NUMPY_TYPES:
            write_npy("c.npy", np.asarray(array, order="C"))
            check(content("out.npy") == content("c.npy"), f"bytes of {name} {shape}")
    for name, shape, byte_order in itertools.product(NUMPY_TYPES, SHAPES, "<>="):
        dtype = np.dtype(name).newbyteorder(byte_order)
        for version, order in itertools.product([(1, 0), (2, 0), (3, 0)], "CF"):
            array = np.asarray(sample(name, shape, generator).astype(dtype), order=order)
            write_npy("in.npy", array, version)
            convert("in.npy", "out.npy", "--out-fortran", "--out-big")
            found = np.load("out.npy")
            what = f"{name} {shape} {byte_order} {version} {order}"
            check(same_bits(found.astype(name), array.astype(name)), what)
            swapped = array.astype(np.dtype(name).newbyteorder(">"))
            write_npy("f.npy", np.asarray(swapped, order="F"))
            check(content("out.npy") == content("f.npy"), "bytes of " + what)
    # A type string of the machine's own order, which NumPy understands but does not write.
    for written, other in ((b"'<f8'", b"'=f8'"), (b"'<f8'", b"'|f8'"), (b"'<f8'", b'"<f8"')):
        write_npy("in.npy", np.arange(6.0).reshape(2, 3))
        with open("in.npy", "rb+") as file:
            changed = file.read().replace(written, other)
            file.seek(0)
            file.write(changed)
        convert("in.npy", "out.npy")
        check(same_bits(np.load("out.npy"), np.load("in.npy")), f"type string {other}")


def check_npz(generator):
    arrays = {name: sample(name, shape, generator)
              for name, shape in zip(NUMPY_TYPES, itertools.cycle(SHAPES))}
    arrays["folder/name with blanks"] = np.asfortranarray(sample("float32", (3, 4), generator))
    arrays["größe"] = np.arange(3)
    for save in (np.savez, np.savez_compressed):
        save("in.npz", **arrays)
        for options in ([], ["--out-big", "--out-fortran"]):
            convert("in.npz", "out.npz", *options)
            with np.load("out.npz") as found:
                check(list(found) == list(arrays), f"names of {save.__name__}")
                for name, array in arrays.items():
                    native = found[name].astype(found[name].dtype.newbyteorder("="))
                    check(same_bits(native, array), f"{save.__name__} {name} {options}")
        convert("in.npz", "first.npz")
        convert("in.npz", "second.npz")
        check(content("first.npz") == content("second.npz"), "the same archive twice")
    np.savez("in.npz", np.arange(3), np.zeros((2, 2)))
    convert("in.npz", "out.npz")
    with np.load("out.npz") as found:
        check(list(found) == ["arr_0", "arr_1"], "names by place")
    np.savez("in.npz")
    convert("in.npz", "out.npz")
    with np.load("out.npz") as found:
        check(list(found) == [], "no arrays")
    one = sample("bfloat16", (4, 4), generator)
    np.savez_compressed("in.npz", one=one, large=np.zeros((500, 1000)))
    convert("in.npz", "out.npz", "--type", "bfloat16")
    with np.load("out.npz") as found:
        check(same_bits(found["one"].view(ml_dtypes.bfloat16), one), "bfloat16 in an archive")
        check(same_bits(found["large"], np.zeros((500, 1000))), "zeros, deflated a thousandfold")


def packed(array, bits):
    """Elements that lie close together, the first in the lowest bits."""
    ones = (codes_of(array).ravel()[:, None] >> np.arange(bits, dtype=np.uint8)) & 1
    return np.packbits(ones.ravel(), bitorder="little")


def check_safetensors(generator):
    arrays = {name: sample(name, shape, generator)
              for name, shape in zip(NUMPY_TYPES, itertools.cycle(SHAPES))}
    arrays['name with "quotes" and ö'] = sample("float32", (3, 4), generator)
    safetensors.numpy.save_file(arrays, "in.safetensors", metadata={"made by": "a test"})
    convert("in.safetensors", "out.safetensors")
    check(content("out.safetensors") == content("in.safetensors"), "bytes of a safetensors file")
    convert("in.safetensors", "out.npz")
    with np.load("out.npz") as found:
        for name, array in arrays.items():
            check(same_bits(found[name], array), f"safetensors {name} to npz")
    convert("out.npz", "out.safetensors")
    found = safetensors.numpy.load_file("out.safetensors")
    check(sorted(found) == sorted(arrays), "names in a safetensors file")
    for name, array in arrays.items():
        check(same_bits(found[name], array), f"npz {name} to safetensors")
    with safetensors.safe_open("in.safetensors", "np") as file:
        check(file.metadata() == {"made by": "a test"}, "metadata")

    for name, theirs in SAFETENSORS_TYPES.items():
        bits = OTHER_TYPES[name]
        for shape in ((8,), (2, 3, 4), (0, 5)):
            array = sample(name, shape, generator)
            data = packed(array, bits) if bits < 8 else np.ascontiguousarray(array).view(np.uint8)
            data = data.tobytes()
            np.save("in.npy", array)
            convert("in.npy", "ours.safetensors", *type_option(name))
            ((key, value),) = safetensors.deserialize(content("ours.safetensors"))
            check(key == "arr_0" and value["dtype"] == theirs, f"{name}: {key} {value['dtype']}")
            check(tuple(value["shape"]) == shape, f"shape of {name} {shape}")
            check(bytes(value["data"]) == data, f"data of {name} {shape}")
            convert("ours.safetensors", "out.npy")
            check(same_bits(read("out.npy", name), array), f"{name} {shape} back to npy")
    np.save("in.npy", sample("float4_e2m1fn", (3,), generator))
    refused("in.npy", "out.safetensors", "--type", "float4_e2m1fn")


def check_raw(generator):
    for name, shape in itertools.product(NUMPY_TYPES + list(OTHER_TYPES), SHAPES):
        array = sample(name, shape, generator)
        array.tofile("in.raw")
        text = ",".join(map(str, shape)) or "scalar"
        convert("in.raw", "out.npy", "--type", name, "--shape", text)
        check(same_bits(read("out.npy", name), array), f"raw {name} {shape}")
        convert("in.raw", "out.raw", "--type", name, "--shape", text, "--out-big", "--out-fortran")
        swapped = codes_of(array).T.astype(f">u{array.dtype.itemsize}").tobytes()
        check(content("out.raw") == swapped, f"raw, big-endian {name} {shape}")
        convert("out.raw", "out.npy", "--type", name, "--shape", text, "--in-big", "--in-fortran")
        check(same_bits(read("out.npy", name), array), f"from raw, big-endian {name} {shape}")
        bits = OTHER_TYPES.get(name, 0)
        if bits in (4, 6):
            convert("in.raw", "out.raw", "--type", name, "--shape", text, "--out-packed")
            check(content("out.raw") == packed(array, bits).tobytes(), f"packed {name} {shape}")
            convert("out.raw", "out.npy", "--type", name, "--shape", text, "--in-packed")
            check(same_bits(read("out.npy", name), array), f"from packed {name} {shape}")


def check_numbers(generator):
    """Every code of up to 16 bits and drawn ones of more, as doubles and floats and back."""
    for name in NUMPY_TYPES + list(OTHER_TYPES):
        dtype = dtype_of(name)
        bits = 1 if name == "bool" else OTHER_TYPES.get(name, 8 * dtype.itemsize)
        if bits <= 16:
            array = np.arange(2**bits).astype(f"u{dtype.itemsize}").view(dtype)
        else:
            array = sample(name, (5000,), generator)
        if name in ("int64", "uint64"):
            array = array >> np.array(11, dtype)  # exact in a double
        np.save("in.npy", array)
        convert("in.npy", "out.npy", *type_option(name), "--to", "float64")
        doubles = np.load("out.npy")
        with np.errstate(invalid="ignore"):  # signalling NaN
            want = array.astype(np.float64)
        check(np.array_equal(doubles, want, equal_nan=True), f"{name} as doubles")
        zeros = want == 0
        check(np.array_equal(np.signbit(doubles[zeros]), np.signbit(want[zeros])), f"{name}: -0")
        convert("out.npy", "back.npy", "--to", name)
        back = read("back.npy", name)
        numbers = ~np.isnan(want)
        check(same_bits(back[numbers], array[numbers]), f"doubles as {name}")
        check(np.isnan(back[~numbers].astype(np.float64)).all(), f"NaN as {name}")
        if bits <= 16 or name in ("float32",):
            convert("in.npy", "out.npy", *type_option(name), "--to", "float32", "--floats")
            floats = np.load("out.npy")
            check(np.array_equal(floats, array.astype(np.float32), equal_nan=True),
                  f"{name} as floats")  # fmt: skip
            convert("out.npy", "back.npy", "--to", name, "--floats")
            check(same_bits(read("back.npy", name)[numbers], array[numbers]), f"floats as {name}")
    np.save("in.npy", np.array([[0, 2**60], [-(2**53), 2**53 + 1]]))
    line = refused("in.npy", "out.npy", "--to", "float64")
    check("element [1, 1]" in line and str(2**53 + 1) in line, line)


def check_refusals():
    """Arrays of other things than numbers."""
    arrays = [np.zeros(2, t) for t in ("c8", "c16", "O", "S3", "U3", "M8[s]", "m8[ns]", "V3", "g")]
    arrays += [np.zeros(2, [("a", "i4"), ("b", "f8")]), np.zeros(2, ml_dtypes.bcomplex32)]
    for array in arrays:
        np.save("in.npy", array, allow_pickle=True)
        refused("in.npy", "refused.npy")
        np.savez("in.npz", good=np.arange(3), bad=array)
        check("bad" in refused("in.npz", "refused.npz"), f"the name of a {array.dtype}")
    safetensors.numpy.save_file({"a": np.zeros(2, np.complex64)}, "in.safetensors")
    refused("in.safetensors", "refused.npz")
    np.save("in.npy", np.zeros(2, ml_dtypes.bfloat16))
    refused("in.npy", "refused.npy")
    refused("in.npy", "refused.npy", "--type", "float8_e4m3fn")
    check(not any(name.startswith("refused") for name in os.listdir(".")), "nothing is written")


def main():
    generator = np.random.default_rng(1)
    # Files are flushed to the disk, which need not be a real one here.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        os.chdir(folder)
        for part in (check_npy, check_npz, check_safetensors, check_raw, check_numbers):
            part(generator)
        check_refusals()
        os.chdir("/")
    print(f"{counts['checks']} checks, {counts['failures']} failures")
    return 1 if counts["failures"] or not counts["checks"] else 0


sys.exit(main())
