# SPDX-License-Identifier: MIT
"""Bit-exact emulation of number formats: the program halfulp as a module.

    >>> import halfulp, numpy as np
    >>> halfulp.quantize(np.float32([0.1, 448, 1000]), "float8_e4m3fn", overflow="saturate")
    array([1.015625e-01, 4.480000e+02, 4.480000e+02], dtype=float32)
    >>> halfulp.cast(0.1, "float8_e4m3fn")
    Number(code=0x1d, value=0.1, flags=01, format='float8_e4m3fn')

Functions have the names of the program's verbs, and their keyword arguments those of its options, with _ for -
(`from_`, as `from` is Python's). Formats, units, orders and policies are names, JSON texts, or the same as dicts.
Arrays may be NumPy's, with the types of ml_dtypes, PyTorch's on the CPU, or of whatever speaks DLPack. What is wrong
with an argument is a ValueError with the program's text.
"""

from halfulp import testing
from halfulp._engine import version as __version__
from halfulp.experiments import Result, blame, run
from halfulp.functions import (
    Number,
    Quantized,
    cast,
    dequantize,
    gemm,
    op,
    quantize,
)
from halfulp.reports import (
    Report,
    Vectors,
    check,
    compare,
    explain,
    formats,
    probe,
    units,
    vectors,
)

__all__ = [
    "Number",
    "Quantized",
    "Report",
    "Result",
    "Vectors",
    "__version__",
    "blame",
    "cast",
    "check",
    "compare",
    "dequantize",
    "explain",
    "formats",
    "gemm",
    "op",
    "probe",
    "quantize",
    "run",
    "testing",
    "units",
    "vectors",
]
