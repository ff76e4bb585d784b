# SPDX-License-Identifier: MIT
"""The verbs that answer with a report: its facts as a mapping, its text as the program prints it."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from halfulp import _engine, program
from halfulp.arrays import Coded, array_of, coded
from halfulp.functions import Number, _token
from halfulp.words import text_of, words_of


class Report(Mapping[str, Any]):
    """Facts under the names that --json has for them; `str(report)` is the program's text, `good` its verdict."""

    def __init__(self, facts: dict[str, Any], text: str, good: bool, notes: Sequence[str] = (), picture: str = ""):
        self._facts = facts
        self._text = text
        self._picture = picture
        self.good = good
        self.notes = list(notes)

    def __getitem__(self, key: str) -> Any:
        return self._facts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._text.rstrip("\n")

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self._text)}</pre>{self._picture}"


def _report(words: list[str], before: str = "") -> Report:
    """The verb's JSON and its text, which are two calls. before: under what name the objects before the last one go."""
    facts = program.call([words[0], "--json", *words[1:]])
    text = program.call(words)
    objects = _objects(facts.text)
    if before:
        found = {**objects[-1], before: objects[:-1]}
    else:
        found = {name: value for one in objects for name, value in one.items()}
    return Report(found, text.text, facts.status == 0, text.notes)


def _objects(text: str) -> list[dict[str, Any]]:
    """JSON objects one after the other, each on a line or on several."""
    decoder, found = json.JSONDecoder(), []
    at, text = 0, text.strip()
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        while text[at:at + 1].isspace():
            at += 1
    return found


def _listed(verb: str) -> list[dict[str, Any]]:
    return _objects(program.call([verb, "--json"]).text)


def explain(value: Any, to: Any, *, from_: Any = None, **options: Any) -> Report:
    """Why a number is rounded as it is: neighbours, where nearest turns, every mode, wrong ways, as `halfulp explain`.

    >>> report = explain(400.199585, "float8_e4m3fn", from_="binary32")
    >>> report["result"]["outcomes"]
    [{'code': '0x7d', 'value': '416', 'flags': '01'}]
    """
    words = words_of({"to": to, "from_": from_, **options})
    return _report(["explain", *words, "--", _token(value)])


def formats(name: Any = None) -> Any:
    """All named formats, a dict each, or everything about one.

    >>> formats("float8_e4m3fn")["largest_finite"]
    '448'
    """
    if name is None:
        return _listed("formats")
    return _report(["formats", "--", text_of(name)])


def units(name: Any = None) -> Any:
    """All named matrix units, a dict each, or everything about one.

    >>> len(units()) > 100
    True
    >>> units("nv.hopper.wgmma.e4m3.f32")["name"]
    'nv.hopper.wgmma.e4m3.f32'
    """
    return _listed("units") if name is None else _report(["units", "--", text_of(name)])


def _save(folder: Path, name: str, array: Coded) -> tuple[str, str | None]:
    """The array as a file, and the name of its type where the file does not say it."""
    import numpy as np

    path = folder / f"{name}.npy"
    np.save(path, np.ascontiguousarray(array.bits).reshape(array.bits.shape))
    plain = array.type == array.bits.dtype.name
    return str(path), None if plain else array.type


# Options of compare that bring arrays.
_arrays = ("exact", "c", "stale", "a", "b", "bias", "input", "a_scales", "b_scales")


def compare(got: Any, want: Any, *, format: Any = None, **options: Any) -> Report:
    """Two arrays in units of the last place, as `halfulp compare` does two files: what differs, and whether it may.

    Options: ulp, atol, rtol, cosine, match_rate, nan, zeros, guard, exact; and with the operands of a product (a, b, c,
    unit, order) or of a quantizer (input, to) also explain, trace and bound. `report.good`: all within the tolerance.

    >>> import numpy as np
    >>> report = compare(np.float16([1, 2]), np.float16([1, 2.002]))
    >>> report.good, report["mismatches"]
    (False, 1)
    """
    with program.folder() as name:
        folder = Path(name)
        types = set()
        paths = {}
        given = {"got": got, "want": want, **{key: options.pop(key) for key in _arrays if options.get(key) is not None}}
        for key, array in given.items():
            # What --format names is of the two that are compared.
            paths[key], type = _save(folder, key, coded(array, format if key in ("got", "want") else None))
            if key in ("got", "want"):
                types.add(type)
        if len(types) > 1:
            raise ValueError("got and want are of different types: cast one of them, or give format")
        words = words_of({"dtype": types.pop() if format is None else format,
                          **{key: path for key, path in paths.items() if key not in ("got", "want")}, **options})
        return _report(["compare", paths["got"], paths["want"], *words])


@dataclass
class Vectors:
    """Test vectors: codes of the operands, an array each, of the results, and the flags; and the text of them."""

    operands: list[Any]
    results: Any
    flags: Any
    text: str

    def __len__(self) -> int:
        return len(self.flags)


def vectors(operation: str, *, format: Any = None, count: int = 10000, seed: int = 0, **options: Any) -> Vectors:
    """Drawn cases of an operation, edge cases often, as `halfulp vectors` writes them; `all=True`: all of them.

    >>> cases = vectors("add", format="float8_e4m3fn", count=3)
    >>> len(cases.operands), cases.operands[0].dtype, len(cases)
    (2, dtype('uint8'), 3)
    """
    import numpy as np

    amount = {} if options.get("all") else {"count": count, "seed": seed}
    text = program.call(["vectors", operation, *words_of({"format": format, **amount, **options})]).text
    rows = [line.split() for line in text.splitlines() if line and not line.startswith(("#", "//"))]
    columns = list(zip(*rows)) if rows else []

    def numbers(digits: tuple[str, ...]) -> Any:
        width = next((w for w in (1, 2, 4, 8) if 2 * w >= len(digits[0])), None)
        values = [int(d, 16) for d in digits]
        return np.array(values, object if width is None else f"u{width}")

    arrays = [numbers(column) for column in columns]
    return Vectors(arrays[:-2], arrays[-2], arrays[-1].astype(np.uint8), text)


def check(operation: str, cases: Any, *, format: Any = None, **options: Any) -> Report:
    """Recomputes cases from anywhere and says what is wrong with them, as `halfulp check` does.

    cases: a text of lines "a b ... result flags", or the arrays of codes in this order (without flags, give
    no_flags=True). The report's "wrong" has an object for each wrong case, as --json prints it.

    >>> check("add", "3c00 3c00 4000 00", format="binary16").good
    True
    >>> check("add", "3c00 3c00 4001 00", format="binary16")["wrong"][0]["want"]
    '4000'
    """
    import numpy as np

    if isinstance(cases, Vectors):
        cases = cases.text
    if not isinstance(cases, str):
        arrays = [np.asarray(coded(array).bits).reshape(-1) for array in cases]
        told = {key: value for key, value in options.items() if key in ("to", "from_")}
        calculation = _engine.Calculation(operation, words_of({"format": format, **told}))
        digits = [-(-_engine.element_type(type)[2] // 4) for type in [*calculation.inputs, calculation.output]] + [2]
        cases = "".join(" ".join(f"{int(v):0{d}X}" for v, d in zip(row, digits)) + "\n" for row in zip(*arrays))
    with program.folder() as name:
        path = Path(name) / "cases.txt"
        path.write_text(cases, encoding="utf-8")
        return _report(["check", operation, str(path), *words_of({"format": format, **options})], before="wrong")


def probe(device: Callable[..., Any], *, rounds: int = 20, **options: Any) -> Report:
    """Finds out which matrix unit a device is, by `halfulp probe`.

    device: a function of arrays a (cases x 1 x terms), b (cases x terms x 1) and c (cases x 1 x 1) that answers d, as
    a batch of products. Options: unit, or a_format, b_format, c_format, d_format; terms.
    """
    import numpy as np

    words = words_of(options)
    with program.folder() as name:
        for number in range(1, rounds + 1):
            program.call(["probe", "--ask", name, *words])
            questions = Path(name) / f"questions{number}.safetensors"
            if not questions.exists():
                break
            asked = read_safetensors(questions)
            order = [key for key in ("a", "b", "c", "a_scales", "b_scales") if key in asked]
            answer = coded(device(*[asked[key] for key in order]))
            np.save(Path(name) / f"answers{number}.npy", np.ascontiguousarray(answer.bits))
        return _report(["probe", "--answers", name, *words])


def read_safetensors(path: Path) -> dict[str, Any]:
    """The arrays of a file, by their names."""
    import numpy as np

    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8: 8 + length])
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        type = _engine.safetensors_type(entry["dtype"])
        content = np.frombuffer(data, np.uint8, end - begin, 8 + length + begin)
        bits = _engine.element_type(type)[2]
        if bits in (4, 6):  # lie close together, the first in the lowest bits
            count = math.prod(entry["shape"])
            each = np.unpackbits(content, bitorder="little")[: count * bits].reshape(count, bits)
            content = np.packbits(each, axis=1, bitorder="little").reshape(-1)
        arrays[name] = array_of(type, entry["shape"], content, "numpy")
    return arrays
