# SPDX-License-Identifier: MIT
"""What works on arrays, in this process."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from halfulp import _engine
from halfulp.arrays import Coded, array_of, coded, codes_for, floats_of, is_number
from halfulp.words import text_of, words_of

if TYPE_CHECKING:
    import numpy as np


@functools.lru_cache(maxsize=256)
def _quantizer(*words: str) -> _engine.Quantizer:
    return _engine.Quantizer(list(words))


@functools.lru_cache(maxsize=256)
def _calculation(operation: str, *words: str) -> _engine.Calculation:
    return _engine.Calculation(operation, list(words))


@dataclass(frozen=True)
class Number:
    """One number of a format, and the flags that were raised on the way to it (TestFloat's: 01 inexact, 02 underflow,
    04 overflow, 08 division by zero, 10 invalid).

    `value` is the shortest decimal, a text, that reads back to the code; float() gives the number that the code stands
    for, int() the code.

    >>> float(cast(0.1, "float8_e4m3fn"))
    0.1015625
    """

    code: int
    value: str
    flags: int
    format: str = field(default="")
    digits: int = field(default=2, repr=False, compare=False)

    def __float__(self) -> float:
        import numpy as np

        try:
            quantizer, width = _quantizer("--to=" + self.format), _engine.element_type(self.format)[1]
        except ValueError:
            return float(self.value)  # of a format that has numbers beyond a double
        out = np.empty((1, 1))
        quantizer.dequantize(np.frombuffer(self.code.to_bytes(width, "little"), np.uint8), [], [], out)
        return float(out[0, 0])

    def __index__(self) -> int:
        return self.code

    def __repr__(self) -> str:
        return f"Number(code=0x{self.code:0{self.digits}x}, value={self.value}, flags={self.flags:02x}, format={self.format!r})"


def _number(answer: tuple[str, str, str], format: Any) -> Number:
    code, value, flags = answer
    return Number(int(code, 16), value, int(flags, 16), text_of(format), len(code) - 2)


def _token(x: Any) -> str:
    """A number as the program reads it, exactly."""
    if isinstance(x, str):
        return x
    if isinstance(x, Number):
        return hex(x.code)
    if isinstance(x, float) or getattr(getattr(x, "dtype", None), "kind", "") == "f":
        return repr(float(x)) if x != x or x in (float("inf"), float("-inf")) else float(x).hex()
    return str(int(x))


def _one(x: Any) -> bool:
    return isinstance(x, Number) or is_number(x)


def quantize(x: Any, to: Any, *, axis: int = -1, codes: bool = False, out: Any = None, **options: Any) -> Any:
    """Rounds an array to a format, block formats included, as `halfulp quantize` does a file.

    x: an array of any shape; blocks lie along `axis`. to: a format or a block format. Options: rounding, overflow,
    random_bits, seed, preset, scaling, scale_rule, special_block, zero_scale, block, threads and the others of the verb.
    Returns values in the shape of x, float32 (float64 where x or the format needs it); with `codes` a Quantized. out: an
    array of that shape and type in C order that takes the values, x itself where it is one; blocks then lie along the
    last axis.

    >>> import numpy as np
    >>> quantize(np.float32([[0.1, 0.2, 3, 7]]), "mxfp4")
    array([[0., 0., 3., 6.]], dtype=float32)
    >>> quantize(np.float32([0.3, 5]), "nvfp4", codes=True).scales.tolist()
    [448.0]
    """
    import numpy as np

    quantizer = _quantizer(*words_of({"to": to, **options}))
    array = coded(x)
    if codes:
        parts = quantizer.codes(array.triple(), axis)
        arrays = {name: array_of(type, shape, data, array.library) for name, type, shape, data in parts}
        outer = sorted(name for name in arrays if name.startswith("outer_scales"))
        return Quantized(
            codes=arrays["codes"],
            scales=arrays.get("scales"),
            outer_scales=[arrays[name] for name in outer],
            zero_points=arrays.get("zero_points"),
            format=quantizer.json(),
            element=quantizer.element[0],
            axis=axis,
        )
    numbers = floats_of(array)
    place = _engine.axis_of(list(numbers.shape), axis)
    moved = numbers if numbers.ndim == 0 or place == numbers.ndim - 1 else np.moveaxis(numbers, place, -1)
    rows = moved.reshape(_rows(moved.shape))
    if rows.size and rows.strides[1] != rows.itemsize:
        rows = np.ascontiguousarray(rows)
    wide = quantizer.is_wide(numbers.dtype == np.float64)
    if out is not None:
        return _quantize_into(out, quantizer, rows, moved.shape, wide, moved is numbers)
    values = np.empty(moved.shape, np.float64 if wide else np.float32)
    quantizer.quantize(rows, values.reshape(rows.shape), list(moved.shape))
    if moved is not numbers:
        values = np.ascontiguousarray(np.moveaxis(values, -1, place))
    return _to(array.library, values)


def _quantize_into(out: Any, quantizer: _engine.Quantizer, rows: np.ndarray, shape: tuple[int, ...], wide: bool,
                   in_place: bool) -> Any:
    import numpy as np

    target = coded(out).bits
    if target.dtype != (np.float64 if wide else np.float32) or target.shape != shape or not target.flags.c_contiguous:
        raise ValueError(f"out: give an array of {'float64' if wide else 'float32'} in C order of shape {shape}")
    if not in_place:
        raise ValueError("out: blocks lie along the last axis of what it takes")
    quantizer.quantize(rows, target.reshape(rows.shape), list(shape))
    return out


def _rows(shape: tuple[int, ...]) -> tuple[int, int]:
    """Of the matrix whose rows are those along the last axis."""
    if not shape:
        return 1, 1
    count = 1
    for n in shape[:-1]:
        count *= n
    return count, shape[-1]


def _to(library: str, values: np.ndarray) -> Any:
    if library != "torch":
        return values
    import torch

    return torch.from_numpy(values)


@dataclass
class Quantized:
    """Codes and scales. `outer_scales` are those of the outer levels, the outermost first."""

    codes: Any
    scales: Any
    outer_scales: list[Any]
    zero_points: Any
    format: str = field(repr=False)  # JSON
    element: str
    axis: int

    def dequantize(self) -> Any:
        """The values: scale times element, rounded once."""
        return dequantize(self)


def dequantize(
    codes: Any,
    format: Any = None,
    *,
    scales: Any = None,
    outer_scales: Any = (),
    zero_points: Any = None,
    axis: int = -1,
    dtype: str | None = None,
) -> Any:
    """Codes and scales back to values, rounded once to `dtype`: float32, or float64, which formats
    with numbers between float32's need.

    codes: a Quantized, or codes of the elements of `format`, blocks along `axis`, with `scales` of the innermost level
    and `outer_scales` of the others, the outermost first, as quantize makes them.

    >>> import numpy as np
    >>> q = quantize(np.float32([1, 2, 3, 100]), "mxfp8_e4m3", codes=True)
    >>> dequantize(q)
    array([ 1.,  2.,  3., 96.], dtype=float32)
    """
    import numpy as np

    if isinstance(codes, Quantized):
        if format is not None or scales is not None or len(outer_scales) or zero_points is not None or axis not in (-1, codes.axis):
            raise ValueError("a Quantized says its format, scales and axis itself: give it alone, as in dequantize(q)")
        return dequantize(codes.codes, codes.format, scales=codes.scales, outer_scales=codes.outer_scales,
                          zero_points=codes.zero_points, axis=codes.axis, dtype=dtype)
    if format is None:
        raise ValueError("the format of the codes is missing: give it, as in dequantize(codes, \"mxfp4\", scales=s)")
    quantizer = _quantizer("--to=" + text_of(format))
    elements = codes_for(codes, *quantizer.element, "codes")
    place = _engine.axis_of(list(elements.bits.shape), axis)
    in_place = elements.bits.ndim == 0 or place == elements.bits.ndim - 1

    def last(array: Coded, moves: bool = True) -> Coded:
        if in_place or not moves:
            return array
        return Coded(np.moveaxis(array.bits, place, -1), array.type, array.library)

    levels = []
    given = [*outer_scales] + ([] if scales is None else [scales])
    if len(given) != len(quantizer.levels):
        outer = len(quantizer.levels) - 1
        raise ValueError(f"{len(given)} arrays of scales are given, the format has {len(quantizer.levels)}: give scales="
                         + (f" and outer_scales=[...] with {outer}" if outer > 0 else "") + ", or the Quantized itself")
    for array, (rows, columns, type, width) in zip(given, quantizer.levels):
        levels.append(last(codes_for(array, type, width, "scales"), rows == 1 and columns != 0).triple()[2])
    zeros = []
    if zero_points is not None:
        rows, columns, *_ = quantizer.levels[-1]
        zeros = last(coded(zero_points), rows == 1 and columns != 0).bits.reshape(-1).tolist()
    moved = last(elements)
    wide = quantizer.is_wide(False)
    type = np.dtype(dtype or ("float64" if wide else "float32"))
    if type != np.float64 and (wide or type != np.float32):
        raise ValueError(f"dtype: {type} does not hold the values: take float64")
    out = np.empty(_rows(moved.bits.shape), type)
    quantizer.dequantize(moved.triple()[2], levels, zeros, out)
    values = out.reshape(moved.bits.shape)
    if not in_place:
        values = np.ascontiguousarray(np.moveaxis(values, -1, place))
    return _to(elements.library, values)


def cast(x: Any, to: Any, *, from_: Any = None, flags: bool = False, bits: bool = False, **options: Any) -> Any:
    """Rounds numbers once to a number format, as `halfulp cast` does.

    x: a number, a token of the program ("0.1", "0x3c00" with from_), or an array. from_: what unsigned integers are
    codes of. Of a number a Number is returned; of an array its codes, in the type that NumPy, ml_dtypes or PyTorch has
    for the format, else (or with `bits`) as unsigned integers; with `flags` a pair of them and the flags, uint8.

    >>> cast("0.1", "binary16")
    Number(code=0x2e66, value=0.1, flags=01, format='binary16')
    >>> import numpy as np
    >>> cast(np.float32([1, 3.1, 500]), "float8_e4m3fn", bits=True, flags=True)
    (array([ 56,  68, 127], dtype=uint8), array([0, 1, 5], dtype=uint8))
    """
    if _one(x):
        if from_ is None:
            return _number(_quantizer(*words_of({"to": to, **options})).round_number(_token(x), 0), to)
        calculation = _calculation("cast", *words_of({"from_": from_, "to": to, **options}))
        return _number(calculation.compute_numbers([_token(x)], 0), to)
    array = coded(x, from_)
    calculation = _calculation("cast", *words_of({"from_": array.type, "to": to, **options}))
    return _computed(calculation, [array], flags, bits)


def _computed(calculation: _engine.Calculation, operands: list[Coded], flags: bool, bits: bool) -> Any:
    import numpy as np

    shape = operands[0].bits.shape
    width = _engine.element_type(calculation.output)[1]
    count = operands[0].bits.size
    out = np.empty(count * width, np.uint8)
    raised = np.empty(count, np.uint8) if flags else None
    calculation.compute([operand.triple()[2] for operand in operands], out, raised)
    library = operands[0].library
    result = array_of(calculation.output, shape, out, library, bits)
    return (result, _to(library, raised.reshape(shape))) if raised is not None else result


def op(operation: str, *operands: Any, format: Any = None, to: Any = None, flags: bool = False, bits: bool = False,
       **options: Any) -> Any:
    """One operation, rounded once, as `halfulp op` computes it.

    operands: numbers and tokens, or arrays, which are broadcast. format: of the operands, one or a list of one each;
    arrays that are of no format of theirs (unsigned integers) are codes of it, others are first rounded to it, to
    nearest even. Without it arrays say their formats. Results as of cast.

    >>> op("fma", 1.125, 1.125, -1.25, format="binary16")
    Number(code=0x2400, value=0.015625, flags=00, format='binary16')
    >>> import numpy as np
    >>> op("add", np.float16([1, 2048]), np.float16([2048, 1]))
    array([2.048e+03, 2.048e+03], dtype=float16)
    """
    import numpy as np

    listed = list(format) if isinstance(format, (list, tuple)) else [format] * len(operands)
    if len(listed) != len(operands):
        raise ValueError(f"{len(listed)} formats are given for {len(operands)} operands")
    if all(_one(x) for x in operands):
        if format is None:
            raise ValueError("the format of the operands is missing: add it, as in format=\"binary16\"")
        calculation = _calculation(operation, *words_of({"format": listed, "to": to, **options}))
        same = to is None and calculation.output == _engine.element_type(text_of(listed[0]))[0]
        named = to if to is not None else listed[0] if same else calculation.output
        return _number(calculation.compute_numbers([_token(x) for x in operands], 0), named)
    arrays = [None if _one(x) else coded(x, f) for x, f in zip(operands, listed)]
    usual = next(array for array in arrays if array is not None).type
    texts = [text_of(f) if f is not None else (array.type if array is not None else usual) for f, array in zip(listed, arrays)]
    for i, text in enumerate(texts):
        array = arrays[i]
        if array is None:
            number = cast(_token(operands[i]), text)
            width = _engine.element_type(text)[1]
            arrays[i] = Coded(np.array(number.code, f"u{width}"), text, "numpy")
        elif array.type != text and _engine.element_type(array.type)[0] != _engine.element_type(text)[0]:
            arrays[i] = coded(cast(array, text, bits=True), text)
    shaped = np.broadcast_arrays(*[array.bits for array in arrays])
    library = "torch" if any(array.library == "torch" for array in arrays) else "numpy"
    ready = [Coded(shape, text, library) for shape, text in zip(shaped, texts)]
    calculation = _calculation(operation, *words_of({"format": texts, "to": to, **options}))
    return _computed(calculation, ready, flags, bits)


def gemm(a: Any, b: Any, c: Any = None, *, unit: Any = None, order: Any = "plain", a_scales: Any = None,
         b_scales: Any = None, bias: Any = None, to: Any = None, bits: bool = False, **options: Any) -> Any:
    """D = A B + C as a matrix unit and a kernel's order compute it, in every bit, as `halfulp gemm` does.

    a: ... x rows x terms; b: ... x terms x columns (columns x terms with b_transposed=True); c: as the result, one a
    column, or one number. Unsigned integers are codes of the unit's formats. unit: a name of halfulp.units(), or its
    JSON; order: "plain", "promote:128", "split-k:4:64", ..., instead of a unit "sequential:binary32" and others. The
    result is in the unit's format of D, in the type that the array's library has for it.

    >>> import numpy as np
    >>> a = cast(np.float32([[1.5, 256]]), "float8_e4m3fn")
    >>> b = cast(np.float32([[1.125], [0.001953125]]), "float8_e4m3fn")
    >>> gemm(a, b, np.float32([2048]), unit="nv.hopper.wgmma.e4m3.f32")
    array([[2050.]], dtype=float32)
    """
    def triple(x: Any) -> Any:
        return None if x is None else coded(x).triple()

    def listed(x: Any) -> list[Any]:
        if x is None:
            return []
        return [triple(one) for one in x] if isinstance(x, (list, tuple)) else [triple(x)]

    words = words_of({"unit": unit, "order": order, "to": to, **options})
    left = coded(a)
    answer = _engine.gemm(left.triple(), triple(b), triple(c), triple(bias), listed(a_scales), listed(b_scales), words)
    _, type, shape, data = answer
    return array_of(type, shape, data, left.library, bits)
