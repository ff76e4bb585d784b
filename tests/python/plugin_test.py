# SPDX-License-Identifier: MIT
"""The plugin for pytest, by ten example tests of which five have to fail, each with its message."""

import pathlib
import re
import subprocess
import sys
import tempfile

EXAMPLES = '''
import numpy as np
import pytest
import halfulp
from halfulp.testing import matches_golden

rng = np.random.default_rng(0)
A = halfulp.cast(rng.standard_normal((8, 64)).astype(np.float32), "float8_e4m3fn")
B = halfulp.cast(rng.standard_normal((64, 8)).astype(np.float32), "float8_e4m3fn")
UNIT = "nv.hopper.wgmma.e4m3.f32"
X = rng.standard_normal((4, 64)).astype(np.float32)


def test_good_bits(assert_bits_equal):
    assert_bits_equal(halfulp.quantize(X, "mxfp4"), halfulp.quantize(X, "mxfp4"))

def test_good_ulp(assert_ulp):
    assert_ulp(np.nextafter(X, np.float32(9)), X, 1)

def test_good_unit(assert_matches):
    assert_matches(halfulp.gemm(A, B, unit=UNIT), A, B, unit=UNIT)

def test_good_bound(assert_within_bound):
    exact = A.astype(np.float64) @ B.astype(np.float64)
    assert_within_bound(exact.astype(np.float32), A, B, unit=UNIT)

@pytest.mark.halfulp_edges("float8_e4m3fn")
def test_good_edges(edge):
    assert halfulp.cast(edge.value, "float8_e4m3fn").code == edge.code

def test_bad_bits(assert_bits_equal):
    got = halfulp.quantize(X, "nvfp4", rounding="nearest-away")
    got[0, 0] *= 2
    assert_bits_equal(got, halfulp.quantize(X, "nvfp4"))

def test_bad_ulp(assert_ulp):
    assert_ulp(np.nextafter(np.nextafter(X, np.float32(9)), np.float32(9)), X, 1)

def test_bad_unit(assert_matches):
    assert_matches(halfulp.gemm(A, B, unit=UNIT), A, B, unit="nv.blackwell.tcgen05.e4m3.f32")

def test_bad_zeros(assert_bits_equal):
    assert_bits_equal(np.zeros(8, np.float32), np.zeros(8, np.float32))

def test_bad_golden():
    @matches_golden(lambda x: halfulp.quantize(x, "float8_e4m3fn"))
    def truncating(x):
        return halfulp.quantize(x, "float8_e4m3fn", rounding="toward-zero")
    truncating(X)
'''

MESSAGES = {
    "test_bad_bits": "bits differ",
    "test_bad_ulp": "more than 1 ulp apart",
    "test_bad_unit": "one change makes all of them",
    "test_bad_zeros": "this test would pass with",
    "test_bad_golden": "got below",
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "test_examples.py").write_text(EXAMPLES)
        options = ["-p", "halfulp.pytest_plugin"] if not installed() else []
        ran = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, folder],
                             capture_output=True, text=True, check=False)
    failed = set(re.findall(r"^FAILED \S+::(\w+)", ran.stdout, re.MULTILINE))
    wrong = failed ^ set(MESSAGES)
    sections = dict(re.findall(r"^_+ (\w+) _+$(.*?)(?=^_+ \w+ _+$|\Z)", ran.stdout, re.MULTILINE | re.DOTALL))
    for name, message in MESSAGES.items():
        if message not in sections.get(name, ""):
            wrong.add(f"{name} without \"{message}\"")
    if wrong:
        print(ran.stdout)
        print("wrong:", *sorted(wrong))
        return 1
    print(ran.stdout.strip().splitlines()[-1])
    return 0


def installed():
    from importlib.metadata import entry_points

    return any(entry.value == "halfulp.pytest_plugin" for entry in entry_points(group="pytest11"))


if __name__ == "__main__":
    sys.exit(main())
