# SPDX-License-Identifier: MIT
"""The casts of ONNX, as the reference that comes with it evaluates them: Cast into floats, with and
without its attribute saturate, into E8M0 with every round_mode, and QuantizeLinear into integers.

usage: onnx_test.py HALFULP
"""

import sys
import warnings

import numpy as np
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from differences import Differences
from halfulp import Halfulp, Inputs
from limits import Limits, kind, sign, yes
from points import around, sample

warnings.simplefilter("ignore")  # NumPy's, of NaN and overflow in casts: that is what is tested
halfulp = Halfulp(sys.argv[1])
differences = Differences("onnx")

# Their types, and the bits of a code of ours.
FLOATS = {
    "binary16": (TensorProto.FLOAT16, 16), "bfloat16": (TensorProto.BFLOAT16, 16),
    "float8_e4m3fn": (TensorProto.FLOAT8E4M3FN, 8), "float8_e5m2": (TensorProto.FLOAT8E5M2, 8),
    "float8_e4m3fnuz": (TensorProto.FLOAT8E4M3FNUZ, 8),
    "float8_e5m2fnuz": (TensorProto.FLOAT8E5M2FNUZ, 8),
    "float4_e2m1fn": (TensorProto.FLOAT4E2M1, 4),
}  # fmt: skip
INTEGERS = {
    "int2": (TensorProto.INT2, 2), "uint2": (TensorProto.UINT2, 2), "int4": (TensorProto.INT4, 4),
    "uint4": (TensorProto.UINT4, 4), "int8": (TensorProto.INT8, 8), "uint8": (TensorProto.UINT8, 8),
    "int16": (TensorProto.INT16, 16), "uint16": (TensorProto.UINT16, 16),
}  # fmt: skip
SCALES = {"onnx-up": "up", "onnx-nearest": "nearest", "onnx-down": "down"}
OPERATOR_SET = 25


def evaluated(operator, numbers, result, constants=(), **attributes):
    """One operator of one tensor of binary32, and constants behind it."""
    names = ["x"] + [f"c{i}" for i in range(len(constants))]
    tensors = [helper.make_tensor(name, *constant) for name, constant in zip(names[1:], constants)]
    graph = helper.make_graph(
        [helper.make_node(operator, names, ["y"], **attributes)], "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])],
        [helper.make_tensor_value_info("y", result, [None])], tensors,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPERATOR_SET)])
    return ReferenceEvaluator(model).run(None, {"x": numbers})[0]


def codes_of(array, bits):
    """Their other bits are as NumPy leaves them."""
    word = np.uint16 if bits > 8 else np.uint8
    return np.ascontiguousarray(array).view(word).astype(np.uint64) & np.uint64(2**bits - 1)


def inputs_for(finite):
    """Of binary32, around numbers of a format."""
    return np.unique(around(sample(finite, 300, 7)).astype(np.float32).view(np.uint32))


def compare(check, name, bits, codes, theirs, options, facts):
    ours = halfulp.cast(Inputs(codes.astype(np.uint64)), "binary32", name, *options)
    every = halfulp.values(name, np.arange(2**bits, dtype=np.uint64))
    limits = Limits(np.unique(every[np.isfinite(every)]))
    numbers = codes.view(np.float32).astype(np.float64)
    equal = (theirs == ours) | (np.isnan(every[theirs.astype(int)]) & np.isnan(every[ours.astype(int)]))

    def of_case(i):
        x = numbers[i]
        return facts | {
            "type": name, "number": x.hex(), "is": kind(x), "sign": sign(x),
            "subnormal": yes(0 < abs(x) < 2.0**-126),
            "peer": limits.kind(every[int(theirs[i])]), "ours": limits.kind(every[int(ours[i])]),
        }  # fmt: skip

    differences.compare(check, equal, of_case)


def finite_of(name, bits):
    every = halfulp.values(name, np.arange(2**bits, dtype=np.uint64))
    return np.unique(every[np.isfinite(every)])


def check_floats():
    for name, (to, bits) in FLOATS.items():
        codes = inputs_for(finite_of(name, bits))
        for saturate, rule in ((0, "onnx"), (1, "onnx-saturate")):
            theirs = evaluated("Cast", codes.view(np.float32), to, to=to, saturate=saturate)
            compare("Cast into floats", name, bits, codes, codes_of(theirs, bits),
                    ["--overflow", rule], {"saturate": yes(saturate)})  # fmt: skip


def check_scales():
    """Negative numbers are left out: ONNX does not say what becomes of them."""
    codes = inputs_for(finite_of("float8_e8m0fnu", 8))
    codes = codes[codes < 2**31]
    to = TensorProto.FLOAT8E8M0
    for preset, mode in SCALES.items():
        theirs = evaluated("Cast", codes.view(np.float32), to, to=to, round_mode=mode)
        compare("Cast into E8M0", "float8_e8m0fnu", 8, codes, codes_of(theirs, 8),
                ["--preset", preset], {"mode": mode})  # fmt: skip


def check_integers():
    """Numbers that NumPy's int32, in which the reference adds the zero point, holds."""
    for name, (to, bits) in INTEGERS.items():
        codes = inputs_for(finite_of(name, bits))
        codes = codes[np.abs(codes.view(np.float32)) < 2.0**31]
        constants = [(TensorProto.FLOAT, [], [1.0]), (to, [], [0])]
        theirs = evaluated("QuantizeLinear", codes.view(np.float32), to, constants)
        for rule in ("onnx", "onnx-saturate"):
            compare("QuantizeLinear", name, bits, codes, codes_of(theirs, bits),
                    ["--overflow", rule], {"rule": rule})  # fmt: skip


check_floats()
check_scales()
check_integers()
sys.exit(differences.status())
