# SPDX-License-Identifier: MIT
"""All types of ml_dtypes, as NumPy uses them: what codes mean, casts from NumPy's floats and
between the types, and arithmetic.

usage: ml_dtypes_test.py HALFULP ARITHMETIC, the program and the driver of this folder.
"""

import itertools
import subprocess
import sys
import warnings

import ml_dtypes
import numpy as np

from differences import Differences, same
from halfulp import Halfulp, Inputs, in_parallel
from limits import Limits, kind, sign, yes
from points import around, drawn_bits, sample

warnings.simplefilter("ignore")  # NumPy's, of NaN and overflow in casts: that is what is tested
halfulp = Halfulp(sys.argv[1])
ARITHMETIC = sys.argv[2]
differences = Differences("ml_dtypes")

# Their names are ours too; the bits of a code.
FLOATS = {
    "bfloat16": 16, "float8_e3m4": 8, "float8_e4m3": 8, "float8_e4m3b11fnuz": 8,
    "float8_e4m3fn": 8, "float8_e4m3fnuz": 8, "float8_e5m2": 8, "float8_e5m2fnuz": 8,
    "float8_e8m0fnu": 8, "float6_e2m3fn": 6, "float6_e3m2fn": 6, "float4_e2m1fn": 4,
}  # fmt: skip
INTEGERS = {"int1": 1, "int2": 2, "int4": 4, "uint1": 1, "uint2": 2, "uint4": 4}
TYPES = FLOATS | INTEGERS
SOURCES = {"binary16": np.float16, "binary32": np.float32, "binary64": np.float64}
OPERATIONS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}


def word(name):
    return np.uint16 if TYPES[name] > 8 else np.uint8


def of_codes(codes, name):
    return codes.astype(word(name)).view(getattr(ml_dtypes, name))


def to_codes(array, name):
    """The codes of an array of a type, whose other bits ml_dtypes leaves as it likes."""
    return array.view(word(name)).astype(np.uint64) & np.uint64(2 ** TYPES[name] - 1)


def all_codes(name):
    return np.arange(2 ** TYPES[name], dtype=np.uint64)


def rounding_of(name):
    """Integers are cut, as C++ converts them; ties into E8M0 go up (jax-ml/ml_dtypes issue 298)."""
    if name in INTEGERS:
        return "toward-zero"
    return "nearest-up" if name == "float8_e8m0fnu" else "nearest-even"


def options_for(name):
    """Its integers keep the low bits of what they do not hold, which no rule does."""
    rule = [] if name in INTEGERS else ["--overflow", "ml-dtypes"]
    return [*rule, "--rounding", rounding_of(name)]


class Type:
    """A type and the numbers of its codes, by ml_dtypes."""

    def __init__(self, name):
        self.name = name
        self.numbers = of_codes(all_codes(name), name).astype(np.float64)
        self.finite = np.unique(self.numbers[np.isfinite(self.numbers)])
        self.limits = Limits(self.finite)
        # Of a NaN the sign counts, not the payload.
        self.signs = np.signbit(self.numbers)

    def same(self, a, b):
        i, j = a.astype(np.int64), b.astype(np.int64)
        both = np.isnan(self.numbers[i]) & np.isnan(self.numbers[j])
        return (a == b) | (both & (self.signs[i] == self.signs[j]))

    def facts(self, x, theirs, ours):
        """x: the exact number that is converted; the answers are codes."""
        return {
            "type": self.name,
            "input": kind(x),
            "sign": sign(x),
            "x": float(x).hex(),
            "codes": f"{int(theirs):x} {int(ours):x}",
            "peer": self.limits.kind(self.numbers[int(theirs)]),
            "ours": self.limits.kind(self.numbers[int(ours)]),
            "place": self.limits.place(x),
            "subnormal": yes(0 < abs(x) < np.finfo(np.float32).tiny),
            "wraps": yes(self.name in INTEGERS and theirs == self.low_bits(x)),
        }

    def low_bits(self, x):
        """Of x cut to an integer."""
        return int(x) % 2 ** TYPES[self.name]

    def is_defined(self, numbers):
        """ml_dtypes makes integers by way of int8 and uint8; what is beyond these C++ leaves
        undefined, and it is not compared."""
        if self.name in FLOATS:
            return np.ones(len(numbers), bool)
        low, high = (0, 255) if self.name.startswith("u") else (-128, 127)
        whole = np.trunc(numbers)
        return (whole >= low) & (whole <= high)


types = {name: Type(name) for name in TYPES}


def check_decode(name):
    known = types[name]
    ours = halfulp.values(name, all_codes(name))

    def facts(i):
        return {"type": name, "code": f"{i:x}", "peer": str(known.numbers[i]), "ours": str(ours[i])}

    differences.compare("decode", same(ours, known.numbers), facts)


def sources_for(known, source):
    """Numbers of a source as codes: all of binary16; those around the type's and drawn ones."""
    if source == "binary16":
        return np.arange(2**16, dtype=np.uint64)
    points = around(sample(known.finite, 256, 1)) if len(known.finite) > 2 else known.finite
    if source == "binary64":
        close = points * (1 + 2.0**-30)
        drawn = drawn_bits(64, 4000, 2).view(np.float64)
        return np.concatenate([points, close, drawn]).view(np.uint64)
    narrow = points.astype(np.float32)
    near = [np.nextafter(narrow, np.float32(end)) for end in (-np.inf, np.inf)]
    drawn = drawn_bits(32, 20000, 3).astype(np.uint32).view(np.float32)
    return np.concatenate([narrow, *near, drawn]).view(np.uint32).astype(np.uint64)


def as_numbers(codes, source):
    """Codes of one of NumPy's floats as its numbers."""
    numbers = SOURCES[source]
    return codes.astype(f"u{np.dtype(numbers).itemsize}").view(numbers)


def cast_by_peer(numbers, name):
    return to_codes(numbers.astype(getattr(ml_dtypes, name)), name)


def check_casts(task):
    """From NumPy's floats. From binary64 to floats NumPy goes through binary32: `twice` says
    whether two roundings of ours give the peer's answer."""
    name, source = task
    known = types[name]
    codes = sources_for(known, source)
    numbers = as_numbers(codes, source)
    defined = known.is_defined(numbers)
    codes, numbers = codes[defined], numbers[defined]
    theirs = cast_by_peer(numbers, name)
    ours = halfulp.cast(Inputs(codes), source, name, *options_for(name))
    twice = ours
    if source == "binary64":
        first = halfulp.cast(Inputs(codes), source, "binary32")
        twice = halfulp.cast(Inputs(first), "binary32", name, *options_for(name))
    exact = numbers.astype(np.float64)

    def facts(i):
        two_roundings = known.same(theirs[i : i + 1], twice[i : i + 1])[0]
        return known.facts(exact[i], theirs[i], ours[i]) | {"twice": yes(two_roundings)}

    return f"cast from {source}", known.same(theirs, ours), facts


def check_between(task):
    source, name = task
    known = types[name]
    codes = all_codes(source)
    codes = codes[known.is_defined(types[source].numbers)]
    theirs = cast_by_peer(of_codes(codes, source), name)
    ours = halfulp.cast(Inputs(codes), source, name, *options_for(name))

    def facts(i):
        x = types[source].numbers[int(codes[i])]
        return known.facts(x, theirs[i], ours[i]) | {"from": source}

    return "cast between types", known.same(theirs, ours), facts


def check_widening(task):
    """To binary16 and binary32, which do not hold all of bfloat16 and E8M0."""
    source, name = task
    codes = all_codes(source)
    theirs = of_codes(codes, source).astype(SOURCES[name])
    ours = as_numbers(halfulp.cast(Inputs(codes), source, name), name)

    def facts(i):
        return {"type": source, "to": name, "code": f"{i:x}", "peer": str(theirs[i]),
                "ours": str(ours[i])}  # fmt: skip

    return "cast to NumPy's floats", same(theirs, ours), facts


def pairs_of(name):
    """All pairs of codes; of bfloat16 drawn ones."""
    if TYPES[name] > 8:
        return drawn_bits(16, 200000, 4).reshape(-1, 2)
    codes = all_codes(name)
    return np.stack(np.meshgrid(codes, codes, indexing="ij"), -1).reshape(-1, 2)


def arithmetic(name, op, engine, pairs):
    """The codes of the results, by the driver of this folder."""
    done = subprocess.run([ARITHMETIC, engine, op, name, rounding_of(name), "ml-dtypes"],
                          input=pairs.astype("<u2").tobytes(), capture_output=True)  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return np.frombuffer(done.stdout, "<u2").astype(np.uint64)


def check_arithmetic(task):
    """The sign of a NaN, and of the zero that it becomes in formats without NaN, is the one that
    the processor gave it: it is not compared."""
    name, op, engine = task
    known = types[name]
    pairs = pairs_of(name)
    a, b = (of_codes(np.ascontiguousarray(pairs[:, i]), name) for i in (0, 1))
    theirs = to_codes(OPERATIONS[op](a, b), name)
    ours = arithmetic(name, op, engine, pairs)
    exact = OPERATIONS[op](a.astype(np.float64), b.astype(np.float64))
    theirs_at, ours_at = (known.numbers[codes.astype(np.int64)] for codes in (theirs, ours))
    equal = (theirs == ours) | (np.isnan(theirs_at) & np.isnan(ours_at))
    equal |= np.isnan(exact) & (theirs_at == 0) & (ours_at == 0)

    def facts(i):
        operands = f"{int(pairs[i, 0]):x} {int(pairs[i, 1]):x}"
        return known.facts(exact[i], theirs[i], ours[i]) | {"op": op, "operands": operands}

    return f"arithmetic, {engine}", equal, facts


def can_cast(source, name):
    try:
        cast_by_peer(of_codes(np.zeros(1, np.uint64), source), name)
    except TypeError:
        return False
    return True


def pairs_with_casts():
    """Prints the pairs of types that are left out."""
    pairs = list(itertools.product(TYPES, TYPES))
    between = [pair for pair in pairs if can_cast(*pair)]
    missing = [f"{source} to {name}" for source, name in pairs if (source, name) not in between]
    print("left out, as ml_dtypes has no such casts:", ", ".join(missing))
    return between


def tasks():
    """Checks and what each is given."""
    for name in TYPES:
        yield from ((check_casts, (name, source)) for source in SOURCES)
        yield from ((check_widening, (name, to)) for to in ("binary16", "binary32"))
    yield from ((check_between, pair) for pair in pairs_with_casts())
    for operation in itertools.product(FLOATS, OPERATIONS, ("emulator", "reference")):
        yield check_arithmetic, operation


def main():
    for name in TYPES:
        check_decode(name)
    for check, equal, facts in in_parallel(lambda task: task[0](task[1]), tasks()):
        differences.compare(check, equal, facts)
    return differences.status()


sys.exit(main())
