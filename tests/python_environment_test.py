# SPDX-License-Identifier: MIT
"""The packages of python_requirements.txt are there, each at the version it names."""

import importlib.metadata
import pathlib
import sys

requirements = pathlib.Path(__file__).with_name("python_requirements.txt").read_text()
pins = [line.split("==") for line in requirements.splitlines() if "==" in line]
wrong = [
    f"{name}: {importlib.metadata.version(name)} instead of {version}"
    for name, version in pins
    if importlib.metadata.version(name) != version
]
print("\n".join(wrong) or f"{len(pins)} packages, as named")
sys.exit(1 if wrong or not pins else 0)
