# SPDX-License-Identifier: MIT
"""The numbers of a format where arithmetic goes wrong first."""

from __future__ import annotations

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
    tokens = {
        "zero": "0",
        "negative zero": "-0",
        "one": "1",
        "negative one": "-1",
        "least": facts.get("smallest_subnormal"),
        "least normal": facts.get("smallest_normal"),
        "largest": facts.get("largest_finite"),
        "lowest": facts.get("lowest_finite"),
        "infinity": "inf",
        "negative infinity": "-inf",
        "nan": "nan",
    }
    found: dict[str, Number] = {}
    for name, token in tokens.items():
        if token is None:
            continue
        number = cast(str(token), format)
        # What the format lacks became another number, with a flag.
        lacking = number.flags != 0 or (name == "negative zero" and not number.value.startswith("-"))
        if not lacking:
            found[name] = number
    return found
