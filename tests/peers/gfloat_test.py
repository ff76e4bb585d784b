# SPDX-License-Identifier: MIT
"""What codes mean and how numbers are rounded, in all formats and all modes of gfloat.

usage: gfloat_test.py HALFULP, the program. The formats: gfloat's own list, by its functions of one
number, and the P3109 family, by those of arrays: K 3 to 8 in every mode, K 9 to 16 in four of the
modes each, in turn. Every code up to 12 bits, of longer formats the ends and drawn ones.
"""

import itertools
import math
import sys
from fractions import Fraction

import gfloat
import numpy as np
from gfloat.formats import Domain, Signedness, format_info_p3109, sample_formats

from differences import Differences, same
from halfulp import Halfulp, Inputs, in_parallel
from limits import Limits, kind, sign, yes
from points import around, drawn_bits, sample

halfulp = Halfulp(sys.argv[1])
differences = Differences("gfloat")

Mode = gfloat.RoundMode
MODES = {
    Mode.TowardZero: "toward-zero", Mode.TowardNegative: "toward-negative",
    Mode.TowardPositive: "toward-positive", Mode.TiesToEven: "nearest-even",
    Mode.TiesToAway: "nearest-away", Mode.Stochastic: "stochastic-c",
    Mode.StochasticOdd: "stochastic-c", Mode.StochasticFast: "stochastic-b",
    Mode.StochasticFastest: "stochastic",
}  # fmt: skip
STOCHASTIC = [mode for mode in Mode if mode.name.startswith("Stochastic")]
RANDOM_BITS = [1, 3, 8, 16]
LONGEST_IN_FULL = 12  # bits
ERROR = "error"


def p3109(widths):
    for k in widths:
        for p in range(1, k + 1):
            for sign, domain in itertools.product(Signedness, Domain):
                # gfloat also takes P = K with a sign, which the report has not.
                if sign == Signedness.Unsigned or p < k:
                    yield format_info_p3109(k, p, sign, domain)


def fits_binary64(fi):
    """gfloat computes in binary64."""
    least = 1 - fi.bias - fi.tSignificandBits
    return least >= -1074 and 2**fi.expBits - 1 - fi.bias <= 1023


def codes_of(fi):
    """All codes; of long formats the ends of both signs, around the largest, and drawn ones, in
    runs of three."""
    if fi.k <= LONGEST_IN_FULL:
        return np.arange(2**fi.k, dtype=np.uint64)
    last = 2**fi.k - 3
    starts = [0, last // 2, last // 2 + 3, last, fi.code_of_max - 1, fi.code_of_min - 1]
    starts += drawn_bits(fi.k, 1000, fi.k).tolist()
    codes = {min(max(start, 0), last) + i for start in starts for i in range(3)}
    return np.array(sorted(codes), np.uint64)


def peer_decodes(fi, codes, by_arrays):
    if by_arrays:
        with np.errstate(all="ignore"):
            return gfloat.decode_ndarray(fi, codes.astype(np.int64))
    return np.array([gfloat.decode_float(fi, int(code)).fval for code in codes])


def peer_encodes(fi, values, by_arrays):
    if by_arrays:
        return gfloat.encode_ndarray(fi, values)
    return np.array([gfloat.encode_float(fi, float(x)) for x in values], np.uint64)


def check_codes(fi, by_arrays):
    codes = codes_of(fi)
    theirs = peer_decodes(fi, codes, by_arrays)
    ours = halfulp.values(fi.name, codes)

    def facts(i):
        return {"format": fi.name, "code": f"{int(codes[i]):x}", "peer": str(theirs[i]),
                "ours": str(ours[i])}  # fmt: skip

    differences.compare("decode", same(theirs, ours), facts)
    numbers = ~np.isnan(theirs)
    back = peer_encodes(fi, theirs[numbers], by_arrays)
    ours_back = halfulp.cast(Inputs(theirs[numbers].view(np.uint64)), "binary64", fi.name)

    def facts_back(i):
        return {"format": fi.name, "value": theirs[numbers][i].hex(), "peer": f"{int(back[i]):x}",
                "ours": f"{int(ours_back[i]):x}"}  # fmt: skip

    differences.compare("encode", back == ours_back, facts_back)
    return theirs


def round_number(fi, *arguments, **random):
    """A format without zero gets numbers below its least one from round_float: there gfloat's
    answer is the code's."""
    rounded = gfloat.round_float(fi, *arguments, **random)
    if fi.has_zero:
        return rounded
    return gfloat.decode_float(fi, gfloat.encode_float(fi, rounded)).fval


def peer_round(fi, x, mode, saturates, random, random_bits):
    """Of every number; where gfloat raises an error, that stands in the second array."""
    rounded = np.zeros(len(x))
    errors = np.zeros(len(x), bool)
    for i, number in enumerate(x.tolist()):
        try:
            bits = {} if random is None else {"srbits": int(random[i]), "srnumbits": random_bits}
            rounded[i] = round_number(fi, number, mode, saturates, **bits)
        except ValueError:
            errors[i] = True
    return rounded, errors


def peer_round_arrays(fi, x, mode, saturates, random, random_bits):
    bits = {} if random is None else {"srbits": random.astype(np.int64), "srnumbits": random_bits}
    with np.errstate(all="ignore"):
        rounded = gfloat.round_ndarray(fi, x, mode, saturates, **bits)
    return rounded, np.zeros(len(x), bool)


class Format:
    """A format, what its codes stand for, and the inputs that are rounded to it."""

    def __init__(self, fi, by_arrays, grid_size):
        self.fi = fi
        self.by_arrays = by_arrays
        self.table = check_codes(fi, by_arrays)
        finite = np.unique(self.table[np.isfinite(self.table)])
        self.limits = Limits(finite)
        self.numbers = around(sample(finite, grid_size, fi.k))
        self.inputs = Inputs(self.numbers.view(np.uint64))

    def values(self, codes):
        if self.fi.k <= LONGEST_IN_FULL:
            return self.table[codes.astype(np.int64)]
        return halfulp.values(self.fi.name, codes)

    def random(self, random_bits):
        """A word for every input: drawn ones, and those at the ends and in the middle."""
        bits = drawn_bits(random_bits, len(self.numbers), random_bits)
        bits[::5] = 0
        bits[1::5] = 2**random_bits - 1
        bits[2::5] = 2 ** (random_bits - 1)
        return bits

    def position(self, x):
        """Of a finite number in its gap, 0 to 1, by the definition that gfloat also follows."""
        if not np.isfinite(x) or x == 0:
            return 0.0
        exponent = math.frexp(x)[1] - 1
        if self.fi.has_subnormals:
            exponent = max(exponent, 1 - self.fi.bias)
        return math.ldexp(abs(x), self.fi.precision - 1 - exponent) % 1


def sum_rounds_up_to_1(mode, position, random, random_bits):
    """gfloat adds the position and the random bits, or one half, in binary64."""
    added = {
        Mode.TiesToAway: 0.5,
        Mode.StochasticFast: (0.5 + random) * 2.0**-random_bits,
        Mode.StochasticFastest: random * 2.0**-random_bits,
    }.get(mode, 0)
    return Fraction(position) + Fraction(added) < 1 <= position + added


def odd_decides(position, random, random_bits):
    """Whether the position lies in the middle of two multiples of 2^-random_bits, and the random
    bits are those with which only the upper one rounds away."""
    whole, rest = divmod(position * 2**random_bits, 1)
    return rest == 0.5 and whole + 1 + random == 2**random_bits


def facts_of_rounding(format, setting, x, theirs, ours, random):
    """theirs: None where gfloat raised an error."""
    mode, saturates, random_bits = setting
    position = format.position(x)
    return {
        "format": format.fi.name,
        "signed": yes(format.fi.is_signed),
        "mode": mode.name,
        "saturates": yes(saturates),
        "x": float(x).hex(),
        "random": f"{random}/{random_bits}",
        "input": kind(x),
        "sign": sign(x),
        "place": format.limits.place(x),
        "odd_decides": yes(odd_decides(position, random, random_bits)),
        "sum_rounds_up_to_1": yes(sum_rounds_up_to_1(mode, position, random, random_bits)),
        "peer": ERROR if theirs is None else format.limits.kind(theirs),
        "ours": format.limits.kind(ours),
        "answers": f"{theirs} {ours}",
    }


def check_rounding(format, setting):
    mode, saturates, random_bits = setting
    random = format.random(random_bits) if mode in STOCHASTIC else None
    inputs = format.inputs if random is None else Inputs(format.inputs.codes, random)
    options = ["--rounding", MODES[mode], "--overflow", "saturate" if saturates else "ieee"]
    if random is not None:
        options += ["--random-bits", str(random_bits)]
    ours = format.values(halfulp.cast(inputs, "binary64", format.fi.name, *options))
    peer = peer_round_arrays if format.by_arrays else peer_round
    theirs, errors = peer(format.fi, format.numbers, mode, saturates, random, random_bits)

    def facts(i):
        answer = None if errors[i] else theirs[i]
        word = 0 if random is None else int(random[i])
        return facts_of_rounding(format, setting, format.numbers[i], answer, ours[i], word)

    return same(theirs, ours) & ~errors, facts


def settings():
    """Every mode, saturating and not, the widths of random bits in turn."""
    for turn, (mode, saturates) in enumerate(itertools.product(Mode, [False, True])):
        yield mode, saturates, RANDOM_BITS[turn % len(RANDOM_BITS)]


def tasks():
    """Formats and settings, the long formats with four settings each, in turn."""
    every = list(settings())
    listed = [(fi, False) for fi in sample_formats] + [(fi, True) for fi in p3109(range(3, 9))]
    for turn, (fi, by_arrays) in enumerate(listed):
        shift = turn % len(RANDOM_BITS)
        yield Format(fi, by_arrays, 256), [
            (mode, saturates, RANDOM_BITS[(RANDOM_BITS.index(bits) + shift) % len(RANDOM_BITS)])
            for mode, saturates, bits in every
        ]
    wide = list(p3109(range(9, 17)))
    fitting = [fi for fi in wide if fits_binary64(fi)]
    print("left out, as gfloat computes in binary64:", len(wide) - len(fitting), "wider formats")
    for turn, fi in enumerate(fitting):
        yield Format(fi, True, 60), [every[(4 * turn + i) % len(every)] for i in range(4)]


def main():
    for format, chosen in tasks():
        rounded = in_parallel(lambda setting, f=format: check_rounding(f, setting), chosen)
        for equal, facts in rounded:
            differences.compare("round", equal, facts)
    return differences.status()


sys.exit(main())
