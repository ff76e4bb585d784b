"""
Arrays and numbers through the engines of halfulp; use the module halfulp.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy
from numpy.typing import NDArray


version: str = '0.1.0'

def instruction_set() -> str:
    """The processor's instructions that the kernels were chosen for."""

class Quantizer:
    """A format and how it is rounded to, by the words of `halfulp quantize`."""

    def __init__(self, words: Sequence[str]) -> None: ...

    def json(self) -> str: ...

    @property
    def element(self) -> tuple[str, int]: ...

    @property
    def levels(self) -> list[tuple[int, int, str, int]]: ...

    def is_wide(self, wide: bool) -> bool: ...

    def quantize(self, rows: Annotated[NDArray, dict(shape=(None, None), device='cpu', writable=False)], out: Annotated[NDArray, dict(shape=(None, None), device='cpu')], shape: Sequence[int]) -> None: ...

    def codes(self, array: tuple[str, Sequence[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]], axis: int) -> list[tuple[str, str, list[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,))]]]: ...

    def dequantize(self, codes: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], scales: Sequence[Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]], zero_points: Sequence[int], out: Annotated[NDArray, dict(shape=(None, None), device='cpu')]) -> None: ...

    def round_number(self, token: str, index: int) -> tuple[str, str, str]: ...

class Calculation:
    """An operation, by the words of `halfulp op`."""

    def __init__(self, operation: str, words: Sequence[str]) -> None: ...

    @property
    def inputs(self) -> list[str]: ...

    @property
    def output(self) -> str: ...

    def compute(self, operands: Sequence[Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]], out: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], flags: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')] | None) -> None: ...

    def compute_numbers(self, tokens: Sequence[str], index: int) -> tuple[str, str, str]: ...

def element_type(text: str) -> tuple[str, int, int]:
    """
    The name of a format as a type of elements, the bytes that one takes, and the bits of its code.
    """

def safetensors_type(name: str) -> str:
    """The type of elements that safetensors has a name for."""

def axis_of(shape: Sequence[int], axis: int) -> int: ...

def from_dlpack(array: Annotated[NDArray, dict(order='C', device='cpu', writable=False)]) -> tuple[str, list[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,), writable=False)]]:
    """Type, shape and bytes of an array on the host, without a copy."""

def gemm(a: tuple[str, Sequence[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]], b: tuple[str, Sequence[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]], c: tuple[str, Sequence[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]] | None, bias: tuple[str, Sequence[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]] | None, a_scales: Sequence[tuple[str, Sequence[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]]], b_scales: Sequence[tuple[str, Sequence[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]]], words: Sequence[str]) -> tuple[str, str, list[int], Annotated[NDArray[numpy.uint8], dict(shape=(None,))]]:
    """A product of matrices, by the words of `halfulp gemm`."""
