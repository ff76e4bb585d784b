# SPDX-License-Identifier: MIT
"""The numbers of a format where arithmetic goes wrong first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from halfulp.functions import Number, cast
from halfulp.reports import formats


def edges(format: Any) -> dict[str, Number]:
    """Zeros, ones, the ends of the subnormal and normal numbers, infinities and NaN, as far as the format has them.

    >>> {name: number.value for name, number in edges("float4_e2m1fn").items()}
    {'zero': '0', 'negative zero': '-0', 'one': '1', 'negative one': '-1', 'least': '0.5', 'least normal': '1', \
'largest': '6', 'lowest': '-6'}
    """
    facts = formats(format)
    found: dict[str, Number] = {}
    for name, token in {"zero": "0", "negative zero": "-0", "one": "1", "negative one": "-1"}.items():
        number = cast(token, format)
        if number.flags == 0 and number.value.startswith("-") == token.startswith("-"):
            found[name] = number
    ends = {"least": "smallest_subnormal", "least normal": "smallest_normal", "largest": "largest_finite", "lowest": "lowest_finite"}
    for name, fact in ends.items():
        if facts.get(fact) is not None:
            # A text that is the nearest to the number, not always exact.
            found[name] = replace(cast(facts[fact], format), flags=0)
    for name, token in {"infinity": "inf", "negative infinity": "-inf", "nan": "nan"}.items():
        number = cast(token, format)
        if number.flags == 0 and number.value == token:
            found[name] = number
    return found
