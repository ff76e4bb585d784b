# SPDX-License-Identifier: MIT
"""Experiments and sweeps: documents in, results out, by the program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from halfulp import program
from halfulp.reports import Report
from halfulp.words import words_of


class Result(Mapping[str, Any]):
    """A result file: its members, its points as a data frame, its curves as pictures."""

    def __init__(self, text: str, table: str = ""):
        self.text = text  # the bytes of the file
        self._members = json.loads(text)
        self._table = table

    def __getitem__(self, key: str) -> Any:
        return self._members[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return self._table.rstrip("\n") or f"Result of {len(self._members.get('points', []))} points"

    def _report(self, ending: str) -> str:
        with program.folder() as name:
            source, out = Path(name) / "result.json", Path(name) / f"out{ending}"
            source.write_text(self.text, encoding="utf-8")
            option = "--csv" if ending == ".csv" else "-o"
            program.call(["report", str(source), option, str(out)])
            return out.read_text(encoding="utf-8")

    def svg(self) -> str:
        """The picture that `halfulp report` draws."""
        return self._report(".svg")

    def html(self) -> str:
        """The page that `halfulp report` writes."""
        return self._report(".html")

    def _repr_html_(self) -> str:
        return self.svg()

    def to_dataframe(self) -> Any:
        """What every metric was in every repeat of every point, a row each, by pandas: columns `point`, one for each
        axis of the sweep, `metric`, `repeat`, `value`."""
        import io

        import pandas

        return pandas.read_csv(io.StringIO(self._report(".csv"))).drop(columns="result")

    def plot(self, x: str, metric: str, *, by: str | None = None, axes: Any = None) -> Any:
        """Means of a metric over an axis of the sweep, a line for each value of the axis `by`, by matplotlib; returns
        the axes."""
        from matplotlib import pyplot

        frame = self.to_dataframe()
        frame = frame[frame["metric"] == metric]
        if frame.empty:
            raise ValueError(f"there is no metric {metric!r}: {', '.join(sorted(set(self.to_dataframe()['metric'])))} are")
        axes = axes or pyplot.figure().subplots()
        for label, part in frame.groupby(by) if by else [("", frame)]:
            means = part.groupby(x)["value"].mean()
            axes.plot(means.index, means.values, marker="o", label=str(label))
        axes.set(xlabel=x, ylabel=metric, xscale="log", yscale="log")
        if by:
            axes.legend(title=by)
        return axes


def run(document: Any, output: str | Path | None = None, *, progress: bool = True, **options: Any) -> Result:
    """Runs an experiment or a sweep, as `halfulp run` does.

    document: a dict, or the path of a file. output: where the result is kept, beside the journal that resume=True goes
    on from; without it both are gone in the end. Options: resume, shard ("1/4"), threads, set (a list of
    "/path=value"), and the others of the verb. Ctrl-C stops it with what is finished kept. Of a shard that is not the
    last to finish there is no result yet: RuntimeError says so.
    """
    options.setdefault("no_run_info", False)
    with program.folder() as name:
        config = _file(document, Path(name))
        out = Path(output) if output is not None else Path(name) / "result.json"
        answer = program.call(["run", config, "-o", str(out), *words_of(options)], progress=progress)
        if not out.exists():
            raise RuntimeError(answer.notes[-1] if answer.notes else "the run has no result yet")
        return Result(out.read_text(encoding="utf-8"), answer.text)


def blame(document: Any, *, progress: bool = True, **options: Any) -> Report:
    """Which place of a policy costs what, as `halfulp blame` finds it; its picture is drawn in notebooks."""
    with program.folder() as name:
        config = _file(document, Path(name))
        picture = Path(name) / "blame.svg"
        words = ["blame", config, "--json", "-o", str(picture), *words_of(options)]
        answer = program.call(words, progress=progress)
        facts = json.loads(answer.text)
        drawn = picture.read_text(encoding="utf-8") if picture.exists() else ""
        return Report(facts, json.dumps(facts, indent=2) + "\n", answer.status == 0, answer.notes, drawn)


def _file(document: Any, folder: Path) -> str:
    if not isinstance(document, Mapping):
        return str(document)
    path = folder / "config.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)
