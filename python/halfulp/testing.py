# SPDX-License-Identifier: MIT
"""Assertions for tests of kernels: bits, matrix units, bounds. pytest gets them as fixtures by halfulp's plugin.

A failure says what `halfulp compare` says: how many codes differ, by how many ulp and on which side, and the first
ones with index, codes and values. A comparison that zeros, flipped signs or a transposed output would pass proves
nothing: it fails too, unless guard="off".
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from halfulp.functions import gemm
from halfulp.reports import Report, compare


class VacuousTest(AssertionError):
    """The test would also pass where the output is plainly wrong."""


def _judge(report: Report, guard: str, what: str) -> Report:
    __tracebackhide__ = True
    if not report.good:
        raise AssertionError(f"{what}\n{report}")
    passing = _impostors(report)
    if guard != "off" and passing:
        raise VacuousTest(f"this test would pass with {', '.join(passing)} in the place of the output: give it inputs that tell, or "
                          f"guard=\"off\"\n{report}")
    return report


def _impostors(report: Report) -> list[str]:
    guard = report.get("guard") or {}
    return [wrong["output"] for wrong in guard.get("wrong_outputs", []) if wrong.get("passes")]


def assert_bits_equal(got: Any, want: Any, *, format: Any = None, guard: str = "warn", **options: Any) -> None:
    """Every code of `got` is that of `want`; every NaN is every other, unless nan="exact"."""
    __tracebackhide__ = True
    _judge(compare(got, want, format=format, **options), guard, "bits differ")


def assert_ulp(got: Any, want: Any, most: int, *, format: Any = None, guard: str = "warn", **options: Any) -> None:
    """No element of `got` is more than so many steps between neighbours of the format from that of `want`."""
    __tracebackhide__ = True
    _judge(compare(got, want, format=format, ulp=most, **options), guard, f"more than {most} ulp apart")


def assert_matches(got: Any, a: Any, b: Any, c: Any = None, *, unit: Any = None, order: Any = "plain", to: Any = None,
                   guard: str = "warn", **operands: Any) -> None:
    """`got` is A B + C as the matrix unit and the order compute it, in every bit.

    A failure also says which one change of unit or order makes what was got.
    """
    __tracebackhide__ = True
    want = gemm(a, b, c, unit=unit, order=order, to=to, **operands)
    report = compare(got, want, **({} if c is None else {"c": c}))
    if not report.good:
        why = _explained(report, got, want, {"a": a, "b": b, "c": c, "unit": unit, "order": order, **operands})
        raise AssertionError(f"not what {unit or 'the order'} with {order} computes\n{why}")
    _judge(report, guard, "bits differ")


def _explained(report: Report, got: Any, want: Any, product: dict[str, Any]) -> str:
    """The report with an explanation at its end."""
    try:
        return str(compare(got, want, explain=True, **product))
    except ValueError as error:  # what cannot be explained is still a failure of the test
        return f"{report}\n(no explanation: {error})"


def assert_within_bound(got: Any, a: Any, b: Any, c: Any = None, *, unit: Any = None, order: Any = "plain",
                        bound: str = "deterministic", **options: Any) -> None:
    """The errors of `got` as A B + C are no larger than those that the arithmetic of unit and order may make."""
    __tracebackhide__ = True
    want = gemm(a, b, c, unit=unit, order=order)
    report = compare(got, want, a=a, b=b, c=c, unit=unit, order=order, bound=bound, **options)
    if not report.good:
        raise AssertionError(f"beyond the {bound} bound\n{report}")


def matches_golden(golden: Callable[..., Any], **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a function: every result of it is held against the golden function's of the same arguments.

    >>> import numpy as np, halfulp
    >>> @matches_golden(lambda x: halfulp.quantize(x, "mxfp4"))
    ... def quantize(x):
    ...     return np.zeros_like(x)
    >>> quantize(np.float32([1, 2]))
    Traceback (most recent call last):
    AssertionError: ...
    """
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def compared(*arguments: Any, **named: Any) -> Any:
            __tracebackhide__ = True
            want = golden(*arguments, **named)
            got = function(*arguments, **named)
            assert_bits_equal(got, want, **how)
            return got

        return compared

    return decorate
