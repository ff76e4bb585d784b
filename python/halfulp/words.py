# SPDX-License-Identifier: MIT
"""Keyword arguments as the options of the program, and descriptions as its texts."""

from __future__ import annotations

import json
from typing import Any


def text_of(description: Any) -> str:
    """A description (a name, JSON text, or a dict of it) as the program takes it."""
    if isinstance(description, dict):
        return json.dumps(description)
    return str(description)


def words_of(options: dict[str, Any]) -> list[str]:
    """`{"random_bits": 8, "codes": True}` as `--random-bits 8 --codes`.

    None and False are options that are not given, True is a flag, and a list gives the option once for each element;
    of `format` it is what each operand has, which one option says.
    """
    words: list[str] = []
    for key, value in options.items():
        name = "--" + key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(name)
            continue
        values = value if isinstance(value, (list, tuple)) else [value]
        if key == "format":
            values = [",".join(text_of(one) for one in values)]
        for one in values:
            # With a sign of equality, as a value may begin with a minus.
            words.append(f"{name}={text_of(one)}")
    return words
