# SPDX-License-Identifier: MIT
"""The C library from Python's ctypes, as a test bench without our module would call it: cases that the program draws have the
same results and flags, one by one and as an array; and errors say what is wrong."""
import ctypes
import subprocess
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

library = ctypes.CDLL(sys.argv[1])
program = sys.argv[2]
U64 = 3  # HALFULP_U64


class Code(ctypes.Structure):
    _fields_ = [("low", c_uint64), ("high", c_uint64)]


class Codes(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("bytes", c_size_t), ("element", c_uint32), ("reserved", c_uint32)]


class Error(ctypes.Structure):
    _fields_ = [("place", c_char * 128), ("message", c_char * 384), ("remedy", c_char * 256)]


library.halfulp_operation_create.argtypes = [c_char_p, POINTER(c_char_p), c_size_t, c_char_p, POINTER(c_void_p), POINTER(Error)]
library.halfulp_operation_destroy.argtypes = [c_void_p]
library.halfulp_operation_destroy.restype = None
library.halfulp_operate.argtypes = [c_void_p, POINTER(Code), c_size_t, c_uint64, POINTER(Code), POINTER(c_uint32), POINTER(Error)]
library.halfulp_operate_array.argtypes = [c_void_p, POINTER(Codes), c_size_t, c_size_t, c_void_p, POINTER(Codes),
                                          POINTER(c_uint8), POINTER(Error)]


def operation(name, inputs, output):
    made, error = c_void_p(), Error()
    texts = (c_char_p * len(inputs))(*[text.encode() for text in inputs])
    status = library.halfulp_operation_create(name.encode(), texts, len(inputs), output.encode(), byref(made), byref(error))
    if status != 0:
        raise ValueError(f"{error.place.decode()}: {error.message.decode()}; {error.remedy.decode()}")
    return made


def drawn(name, options):
    """Operands, the random word of stochastic roundings, result and flags, as numbers."""
    text = subprocess.run([program, "vectors", name, *options, "--count", "400", "--style", "testfloat"], check=True,
                          capture_output=True, text=True).stdout
    return [[int(field, 16) for field in line.split()] for line in text.splitlines() if line and line[0] not in "#/"]


def check(name, inputs, output, options):
    made = operation(name, inputs, output)
    cases = drawn(name, options)
    assert len(cases) >= 400, (name, len(cases))
    arity = 3 if name == "fma" else 1 if name == "sqrt" else 2
    stochastic = len(cases[0]) == arity + 3
    for case in cases:
        operands = (Code * arity)(*[Code(code & (1 << 64) - 1, code >> 64) for code in case[:arity]])
        result, flags = Code(), c_uint32()
        random = case[arity] if stochastic else 0
        assert library.halfulp_operate(made, operands, arity, random, byref(result), byref(flags), None) == 0
        got = (result.high << 64 | result.low, flags.value)
        assert got == tuple(case[-2:]), f"{name}: {case} and here {got}"
    if not stochastic and all(code < 1 << 64 for case in cases for code in case):
        check_array(made, arity, cases)
    library.halfulp_operation_destroy(made)


def check_array(made, arity, cases):
    count = len(cases)

    def array(place):
        return (c_uint64 * count)(*[case[place] for case in cases])

    columns = [array(place) for place in range(arity)]
    results, flags = (c_uint64 * count)(), (c_uint8 * count)()
    operands = (Codes * arity)(*[Codes(ctypes.addressof(column), 8 * count, U64, 0) for column in columns])
    out = Codes(ctypes.addressof(results), 8 * count, U64, 0)
    assert library.halfulp_operate_array(made, operands, arity, count, None, byref(out), flags, None) == 0
    assert list(results) == [case[-2] for case in cases] and list(flags) == [case[-1] for case in cases]


def refused(name, inputs, output, words):
    try:
        operation(name, inputs, output)
    except ValueError as error:
        assert words in str(error), str(error)
        return
    raise AssertionError(f"{name} {inputs} {output} is taken")


check("add", ["binary16"], "binary16", ["--format", "binary16"])
check("fma", ["e4m3fn"], "e5m2", ["--format", "e4m3fn", "--to", "e5m2"])
check("sqrt", ["posit16"], "posit16", ["--format", "posit16"])
check("multiply", ["binary128"], "binary128", ["--format", "binary128"])
check("divide", ["e5m2"], '{"format": "e4m3fn", "rounding": "stochastic", "random_bits": 8}',
      ["--format", "e5m2", "--to", "e4m3fn", "--rounding", "stochastic", "--random-bits", "8"])
refused("ad", ["binary16"], "binary16", 'did you mean "add"')
refused("add", ["binary16"] * 3, "binary16", "give one format for all, or one for each")
refused("to_int", ["binary16"], "binary16", "no integer format")
refused("add", ["./format.json"], "binary16", "names a file")
print("halfulp from ctypes: as it should be")
