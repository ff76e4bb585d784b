# SPDX-License-Identifier: MIT
"""The program beside the module: its verbs for what is a report or long work, each in a process of its own.

So reports are the program's to the byte, Ctrl-C stops a run as it does on a terminal, with what is finished kept, and
nothing of it stays in this process. The module is the door of the program too: `python -m halfulp`.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@functools.lru_cache(maxsize=1)
def path() -> str:
    """Of the program: in the package, in the build folder around it, or where the shell finds it."""
    here = Path(__file__).resolve().parent
    for candidate in (here / "bin" / "halfulp", here.parent.parent / "halfulp"):
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    found = shutil.which("halfulp")
    if found is None:
        raise FileNotFoundError("the program halfulp is not beside its module: install the package again")
    return found


@dataclass
class Answer:
    """What a verb printed, its notes without the program's name, and its exit status: 0 good, 1 a bad verdict."""

    status: int
    text: str
    notes: list[str]


def call(words: Iterable[str], *, progress: bool = False) -> Answer:
    """Runs `halfulp WORDS`. progress: what it says of it goes to sys.stderr.

    Raises ValueError with the program's text where the call or its input is wrong, and KeyboardInterrupt after Ctrl-C.
    """
    words = list(words)
    with subprocess.Popen([path(), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, encoding="utf-8", errors="replace") as process:
        notes: list[str] = []
        listener = threading.Thread(target=_listen, args=(process.stderr, notes, progress))
        listener.start()
        try:
            text = process.stdout.read()
            status = process.wait()
        except KeyboardInterrupt:
            # A terminal has told the program too; a notebook has not.
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        finally:
            listener.join()
    if status == 2:
        raise ValueError(notes[-1] if notes else f"halfulp {words[0]} failed")
    if status in (-signal.SIGINT, 128 + signal.SIGINT):
        raise KeyboardInterrupt(notes[-1] if notes else "")
    if status not in (0, 1):
        raise RuntimeError(f"halfulp {words[0]} ended with status {status}: {' '.join(notes)}")
    return Answer(status, text, notes)


def _listen(stream: Iterable[str], notes: list[str], progress: bool) -> None:
    start = "halfulp: "
    for line in stream:
        if line.startswith(start):
            notes.append(line[len(start):].rstrip("\n"))
        elif progress:
            sys.stderr.write(line)


def folder() -> tempfile.TemporaryDirectory[str]:
    """For files that the program reads and writes: in memory where the system has such a place."""
    memory = "/dev/shm"
    usable = os.path.isdir(memory) and os.access(memory, os.W_OK)
    return tempfile.TemporaryDirectory(prefix="halfulp-", dir=memory if usable else None)


def main() -> None:
    """The program with this process's arguments."""
    os.execv(path(), ["halfulp", *sys.argv[1:]])
