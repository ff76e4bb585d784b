# SPDX-License-Identifier: MIT
"""Arrays of every library as arrays of plain types with the name of their format, and back.

NumPy has no FP8, and DLPack no word for many formats. So an array is taken as what its bytes are, unsigned integers or
IEEE numbers, and the name of its format beside; nothing is copied that lies in C order already.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from halfulp import _engine
from halfulp.words import text_of

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Coded:
    """An array of plain type, the name of its elements' type, and the library that it came from."""

    bits: np.ndarray
    type: str
    library: str

    def triple(self) -> tuple[str, list[int], Any]:
        """As the compiled half takes it: type, shape, bytes in C order."""
        import numpy as np

        flat = np.ascontiguousarray(self.bits).reshape(-1)
        return self.type, list(self.bits.shape), flat.view(np.uint8)


def is_number(x: Any) -> bool:
    """A number or a token of the program, not an array."""
    import numpy as np

    return isinstance(x, (str, int, float)) or (isinstance(x, np.number) and x.dtype.kind in "iuf")


def coded(x: Any, format: Any = None) -> Coded:
    """The array `x`. format: what unsigned integers of its size are codes of."""
    import numpy as np

    if isinstance(x, Coded):
        return x
    if type(x).__module__.partition(".")[0] == "torch":
        found = _of_torch(x)
    elif isinstance(x, np.ndarray) or hasattr(x, "__array__") or not hasattr(x, "__dlpack__"):
        found = _of_numpy(np.asarray(x))
    else:
        name, shape, data = _engine.from_dlpack(x)
        plain = name in ("bool", "float16", "float32", "float64") or "int" in name
        width = _engine.element_type(name)[1]
        found = Coded(np.asarray(data).view(name if plain else f"u{width}").reshape(shape), name, "numpy")
    if format is None:
        return found
    name, width, _ = _engine.element_type(text_of(format))
    if name != found.type and found.bits.dtype.kind == "u" and found.bits.dtype.itemsize == width:
        found.type = text_of(format)
    return found


def _of_numpy(array: np.ndarray) -> Coded:
    import numpy as np

    if array.dtype.byteorder not in "=|":
        array = array.astype(array.dtype.name)
    name = array.dtype.name
    if array.dtype.kind in "fiub" and array.dtype.isbuiltin == 1:
        if array.dtype.itemsize > 8:
            raise ValueError(f"{name} is wider than arrays go: 64 bits")
        return Coded(array, name, "numpy")
    if array.dtype.isbuiltin != 2:
        raise ValueError(f"an array of {name}: give one of numbers")
    return Coded(array.view(f"u{array.dtype.itemsize}"), name, "numpy")


def _of_torch(tensor: Any) -> Coded:
    import torch

    tensor = tensor.detach()
    if tensor.device.type != "cpu":
        raise ValueError(f"a tensor on {tensor.device}: bring it to the host with .cpu()")
    name = str(tensor.dtype).removeprefix("torch.")
    plain = {1: torch.uint8, 2: torch.int16}
    if tensor.dtype.is_floating_point and name not in ("float16", "float32", "float64"):
        if name.endswith("_x2"):
            raise ValueError(f"{name} has two codes in a byte: give them apart, as uint8")
        tensor = tensor.contiguous().view(plain[tensor.dtype.itemsize])
        return Coded(tensor.numpy().view(f"u{tensor.dtype.itemsize}"), name, "torch")
    return Coded(tensor.numpy(), name, "torch")


def array_of(type: str, shape: list[int] | tuple[int, ...], data: np.ndarray, library: str, bits: bool = False) -> Any:
    """Codes of a type as an array: of the type where the library has it, else (and for `bits`) of unsigned integers."""
    import numpy as np

    data = np.asarray(data)
    width = data.size // max(math.prod(shape), 1) or 1
    codes = data.view(f"u{width}").reshape(shape)
    if library == "torch":
        import torch

        own = getattr(torch, type, None)
        unsigned = {1: torch.uint8, 2: torch.uint16, 4: torch.uint32, 8: torch.uint64}[width]
        if isinstance(own, torch.dtype) and not bits and own.itemsize == width:
            # Through signed integers, which PyTorch has had for longer.
            return torch.from_numpy(codes.view(f"i{width}")).view(own)
        return torch.from_numpy(codes.view(f"i{width}")).view(unsigned)
    own = None if bits else numpy_type(type)
    return codes if own is None else codes.view(own)


def numpy_type(type: str) -> np.dtype | None:
    """NumPy's or ml_dtypes' type of that name."""
    import numpy as np

    if type in ("bool", "float16", "float32", "float64") or (type.lstrip("u").startswith("int") and type[-1] in "8624"):
        try:
            return np.dtype(type)
        except TypeError:
            pass  # int4 is ml_dtypes'
    try:
        import ml_dtypes
    except ImportError:
        return None
    own = getattr(ml_dtypes, type, None)
    return None if own is None else np.dtype(own)


def floats_of(array: Coded) -> np.ndarray:
    """The numbers, in float32 where that holds them all, else in float64."""
    import numpy as np

    if array.type in ("float32", "float64"):
        return array.bits
    if array.type in ("int64", "uint64"):
        numbers = array.bits.astype(np.float64)
        if np.any(np.abs(numbers) > 2.0**53):
            raise ValueError(f"an array of {array.type} with numbers beyond 2^53, not all of which float64 holds: give float64")
        return numbers
    quantizer = _engine.Quantizer(["--to=" + array.type])
    out = np.empty((1, array.bits.size), np.float64 if quantizer.is_wide(False) else np.float32)
    quantizer.dequantize(array.triple()[2], [], [], out)
    return out.reshape(array.bits.shape)


def codes_for(x: Any, type: str, width: int, name: str) -> Coded:
    """An array of codes of the type, or of unsigned integers that stand for them."""
    array = coded(x)
    if array.type != type and not (array.bits.dtype.kind == "u" and array.bits.dtype.itemsize == width):
        raise ValueError(f"{name}: an array of {array.type}: give codes of {type}, or unsigned integers of {8 * width} bits")
    return Coded(array.bits, type, array.library)
