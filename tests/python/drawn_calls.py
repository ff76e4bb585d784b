# SPDX-License-Identifier: MIT
"""Drawn calls of the module's functions, and what the program makes of the same arguments: bytes must be equal.

    drawn_calls.py COUNT [SEED [FUNCTION...]]    COUNT calls of every function, a hundredth of those that train or ask a device;
                                                 prints counts, ends with 1 on a difference
"""

import functools
import json
import pathlib
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np

import halfulp
from halfulp import program
from halfulp.arrays import coded
from halfulp.reports import read_safetensors
from halfulp.words import words_of

SCALARS = ["float8_e4m3fn", "float8_e5m2", "float8_e4m3b11fnuz", "bfloat16", "binary16", "float4_e2m1fn", "float6_e2m3fn",
           "e8m0", "posit8", "int8", "q3.4", "tf32", "nf4", "binary32"]
BLOCKS = ["mxfp8_e4m3", "mxfp4", "nvfp4", "mxint8", "msfp12", "bfp8_16"]
MODES = ["rne", "rtz", "rup", "rdn", "nearest-away", "to-odd", "stochastic"]
OPERATIONS = {"add": 2, "mul": 2, "div": 2, "fma": 3, "sqrt": 1, "exp": 1, "rint": 1, "lt": 2}
UNITS = ["nv.hopper.wgmma.e4m3.f32", "nv.ampere.mma.f16.f32", "amd.cdna3.bf16"]


def run(*words):
    return subprocess.run([program.path(), *map(str, words)], capture_output=True, text=True, check=False)


@functools.lru_cache
def names_of(verb):
    return [line["name"] for line in getattr(halfulp, verb)()]


def numbers(rng, shape):
    """Of both signs, over the range of small formats and beyond, with zeros, infinities and NaN."""
    x = (rng.standard_normal(shape) * 2.0 ** rng.integers(-20, 12, shape)).astype(np.float32)
    special = np.float32([0, -0.0, np.inf, -np.inf, np.nan, 448, 464, 2.0**-9])
    chosen = rng.random(shape) < 0.05
    return np.where(chosen, rng.choice(special, shape), x).astype(np.float32)


def shape_of(rng):
    return tuple(int(n) for n in rng.integers(1, [(5,), (5, 40), (3, 4, 40)][rng.integers(3)]))


def same(a, b):
    """Bytes of arrays of plain type, one NaN for every other of numbers."""
    a, b = coded(a), coded(b)
    if a.bits.shape != b.bits.shape or a.bits.dtype.itemsize != b.bits.dtype.itemsize:
        return False
    equal = a.bits.view(f"u{a.bits.dtype.itemsize}") == b.bits.view(f"u{b.bits.dtype.itemsize}")
    if a.bits.dtype.kind == "f" and a.bits.dtype == b.bits.dtype:
        equal |= np.isnan(a.bits) & np.isnan(b.bits)
    return bool(np.all(equal))


def rounding(rng):
    options = {"rounding": str(rng.choice(MODES))}
    if options["rounding"] == "stochastic":
        options |= {"random_bits": int(rng.integers(1, 33)), "seed": int(rng.integers(1000))}
    if rng.random() < 0.3:
        options["overflow"] = "saturate"
    return options


class Calls:
    def __init__(self, folder, seed):
        self.folder = pathlib.Path(folder)
        self.rng = np.random.default_rng(seed)
        self.what = ""
        self.refused = 0  # by both, which says nothing of bytes

    def path(self, name):
        return self.folder / name

    def quantize(self):
        x = numbers(self.rng, shape_of(self.rng))
        to = str(self.rng.choice(SCALARS + BLOCKS))
        axis = int(self.rng.integers(-x.ndim, x.ndim))
        options = rounding(self.rng)
        np.save(self.path("x.npy"), x)
        words = [*words_of({"to": to, "axis": axis, **options}), "--quiet"]
        with_codes = self.rng.random() < 0.4
        self.what = f"{x.shape} to {to}, axis {axis}, codes {with_codes}, {options}"
        out = self.path("y.safetensors" if with_codes else "y.npy")
        told = run("quantize", self.path("x.npy"), *words, "-o", out, *(["--codes"] if with_codes else []))
        if "whole bytes only" in told.stderr:  # what a file cannot hold an array can
            return True
        answer = outcome(lambda: halfulp.quantize(x, to, axis=axis, codes=with_codes, **options))
        if told.returncode == 2 or isinstance(answer, ValueError):
            self.refused += 1
            return told.returncode == 2 and isinstance(answer, ValueError)
        if not with_codes:
            return same(answer, np.load(out))
        stored = read_safetensors(out)
        return (same(answer.codes, stored["codes"])
                and (answer.scales is None or same(answer.scales, stored["scales"]))
                and all(same(a, stored[n]) for a, n in zip(answer.outer_scales, ["outer_scales", "outer_scales1"]))
                and self.back(answer, out, to, axis))

    def back(self, answer, stored, to, axis):
        """dequantize, of what was quantized."""
        values = self.path("z.npy")
        told = run("dequantize", stored, "-o", values, "--quiet")
        return told.returncode == 0 and same(answer.dequantize(), np.load(values))

    def cast(self):
        to = str(self.rng.choice(SCALARS))
        options = rounding(self.rng)
        x = numbers(self.rng, 6)
        codes, flags = halfulp.cast(x, to, flags=True, bits=True, **options)
        tokens = [f"0x{int(c):08x}" for c in x.view(np.uint32)]
        lines = run("cast", "--from", "binary32", *words_of({"to": to, **options}), "--", *tokens).stdout.split("\n")[:-1]
        wanted = [(int(a, 16), int(c, 16)) for a, _, c in (line.split() for line in lines)]
        return wanted == list(zip(codes.tolist(), flags.tolist()))

    def cast_number(self):
        to = str(self.rng.choice(SCALARS))
        token = repr(float(numbers(self.rng, 1)[0]))
        options = rounding(self.rng)
        told = run("cast", *words_of({"to": to, **options}), "--", token).stdout.split()
        number = halfulp.cast(token, to, **options)
        return [f"0x{number.code:0{len(told[0]) - 2}x}", number.value, f"{number.flags:02x}"] == told

    def op(self):
        name = str(self.rng.choice(list(OPERATIONS)))
        format = str(self.rng.choice(SCALARS[:6]))
        options = rounding(self.rng)
        count = 5
        codes = [halfulp.cast(numbers(self.rng, count), format, bits=True) for _ in range(OPERATIONS[name])]
        got, flags = halfulp.op(name, *codes, format=format, flags=True, bits=True, **options)
        tokens = [f"0x{int(c):x}" for group in zip(*codes) for c in group]
        lines = run("op", name, *words_of({"format": format, **options}), "--", *tokens).stdout.split("\n")[:-1]
        wanted = [(int(a, 16), int(c, 16)) for a, _, c in (line.split() for line in lines)]
        return wanted == list(zip(got.tolist(), flags.tolist()))

    def gemm(self):
        unit = str(self.rng.choice(UNITS))
        type = {"e4m3": ml_dtypes.float8_e4m3fn, "f16": np.float16, "bf16": ml_dtypes.bfloat16}[unit.split(".")[2 if unit.startswith("amd") else 3]]
        m, k, n = (int(v) for v in self.rng.integers(1, [4, 70, 4]))
        a, b = (self.rng.standard_normal(s).astype(type) for s in ((m, k), (k, n)))
        c = self.rng.standard_normal((m, n)).astype(np.float32)
        order = str(self.rng.choice(["plain", "split-k:2", "promote:64"]))
        for name, array in (("a", a), ("b", b), ("c", c)):
            np.save(self.path(f"{name}.npy"), coded(array).bits)
        told = run("gemm", *words_of({x: self.path(f"{x}.npy") for x in "abc"}), "--unit", unit, "--order", order, "-o",
                   self.path("d.npy"), "--quiet")
        answer = outcome(lambda: halfulp.gemm(a, b, c, unit=unit, order=order))
        if told.returncode == 2 or isinstance(answer, ValueError):
            self.refused += 1
            return told.returncode == 2 and isinstance(answer, ValueError)
        return same(answer, np.load(self.path("d.npy")))

    def explain(self):
        token = repr(float(numbers(self.rng, 1)[0]))
        to = str(self.rng.choice(SCALARS))
        return str(halfulp.explain(token, to)) == run("explain", "--to", to, "--", token).stdout

    def vectors(self):
        format = str(self.rng.choice(SCALARS[:6]))
        seed = int(self.rng.integers(10000))
        cases = halfulp.vectors("mul", format=format, count=20, seed=seed)
        told = run("vectors", "mul", "--format", format, "--count", 20, "--seed", seed).stdout
        return cases.text == told and halfulp.check("mul", [*cases.operands, cases.results, cases.flags],
                                                    format=format).good

    def named(self):
        """formats or units, of one name."""
        verb = str(self.rng.choice(["formats", "units"]))
        name = str(self.rng.choice(names_of(verb)))
        report = getattr(halfulp, verb)(name)
        told = run(verb, "--json", name)
        return dict(report) == json.loads(told.stdout) and str(report) == run(verb, name).stdout

    def check(self):
        """Vectors, one of them spoilt at times."""
        format = str(self.rng.choice(SCALARS[:6]))
        cases = halfulp.vectors("add", format=format, count=5, seed=int(self.rng.integers(10000)))
        if self.rng.random() < 0.5:
            cases.results[self.rng.integers(5)] ^= 1
        codes = [*cases.operands, cases.results, cases.flags]
        digits = [len(field) for field in cases.text.split("\n")[-2].split()]
        lines = [" ".join(f"{int(v):0{d}X}" for v, d in zip(row, digits)) for row in zip(*codes)]
        self.path("cases.txt").write_text("\n".join(lines) + "\n")
        told = run("check", "add", self.path("cases.txt"), "--format", format, "--json")
        *wrong, whole = [json.loads(line) for line in told.stdout.splitlines()]
        report = halfulp.check("add", codes, format=format)
        got = dict(report)
        for case in [*wrong, *got["wrong"]]:
            case.pop("place")  # which file it is
        return got == {**whole, "wrong": wrong} and report.good == (told.returncode == 0)

    def run(self):
        document = {
            "experiment": "linear_regression", "seed": int(self.rng.integers(1000)), "repeats": 2,
            "problem": {"dimension": 32, "spectrum_exponent": 2, "sketch_size": 8, "noise_variance": 1},
            "training": {"samples": 64, "step_size": 0.1, "schedule": "geometric_decay"},
            "policy": {"feature": str(self.rng.choice(SCALARS[:5]))},
        }
        self.path("c.json").write_text(json.dumps(document))
        told = run("run", self.path("c.json"), "-o", self.path("r.json"), "--no-run-info", "--quiet")
        return told.returncode == 0 and halfulp.run(document, progress=False, no_run_info=True).text == self.path("r.json").read_text()

    def blame(self):
        document = {
            "experiment": "training", "seed": int(self.rng.integers(1000)), "repeats": 1,
            "problem": {"model": {"kind": "linear", "inputs": 8}},
            "training": {"optimizer": "sgd", "learning_rate": 0.1, "steps": 20, "batch": 16},
            "policy": {"schema": "policy/1", "base": {"native": "binary32", "use": {"weight": str(self.rng.choice(SCALARS[:5]))}}},
        }
        self.path("c.json").write_text(json.dumps(document))
        return dict(halfulp.blame(document, progress=False)) == json.loads(run("blame", self.path("c.json"), "--json").stdout)

    def probe(self):
        unit = str(self.rng.choice(["nv.ampere.mma.f16.f32", "nv.volta.mma.f16.f32"]))
        found = halfulp.probe(lambda a, b, c: halfulp.gemm(a, b, c, unit=unit), a_format="binary16", terms=8)
        return found.good and unit in str(found)

    def compare(self):
        x = numbers(self.rng, 20)
        y = np.where(self.rng.random(20) < 0.2, np.nextafter(x, np.float32(0)), x)
        np.save(self.path("x.npy"), x)
        np.save(self.path("y.npy"), y)
        told = run("compare", self.path("x.npy"), self.path("y.npy"), "--json")
        report = halfulp.compare(x, y)
        return dict(report) == json.loads(told.stdout) and report.good == (told.returncode == 0)


def outcome(call):
    try:
        return call()
    except ValueError as error:
        return error


def main():
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    names = sys.argv[3:] or ["quantize", "cast", "cast_number", "op", "gemm", "explain", "vectors", "check", "compare", "named", "run",
                             "blame", "probe"]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        calls = Calls(folder, seed)
        for name in names:
            differing = calls.refused = 0
            some = -(-count // 100) if name in ("run", "blame", "probe") else count
            for i in range(some):
                calls.what = ""
                if not getattr(calls, name)():
                    differing += 1
                    print(f"{name}: call {i} differs: {calls.what}")
            print(f"{name}: {some} calls, {calls.refused} refused by both, {differing} differ", flush=True)
            bad += differing + (2 * calls.refused > some)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
