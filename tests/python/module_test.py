# SPDX-License-Identifier: MIT
"""The module halfulp: its documented examples, its errors, its arrays, Ctrl-C, and that its stub is what it is."""

import ctypes
import doctest
import importlib
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import ml_dtypes
import numpy as np

import halfulp
from halfulp import _engine

source = pathlib.Path(sys.argv.pop(1))  # of the project

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


class Examples(unittest.TestCase):
    def test_of_every_docstring(self):
        for name in ["halfulp", "halfulp.functions", "halfulp.reports", "halfulp.edges", "halfulp.testing"]:
            found = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
            self.assertEqual(found.failed, 0, name)
            self.assertGreater(found.attempted, 0, name)

    def test_of_the_page(self):
        page = (source / "docs" / "python.md").read_text()
        text = "".join(re.findall(r"^```python\n(>>> .*?)^```$", page, re.MULTILINE | re.DOTALL))
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        runner.run(doctest.DocTestParser().get_doctest(text, {}, "python.md", "python.md", 0))
        self.assertEqual(runner.failures, 0)
        self.assertGreater(runner.tries, 8)


class Errors(unittest.TestCase):
    def test_are_the_program_s_and_name_what_is_near(self):
        for call, text in [
            (lambda: halfulp.quantize([1.0], "mxfp5"), "--to"),
            (lambda: halfulp.quantize([1.0], "mxfp4", rounding="rnx"), "--rounding"),
            (lambda: halfulp.quantize([1.0], "mxfp4", colour=1), "--colour"),
            (lambda: halfulp.quantize([[1.0]], "mxfp4", axis=2), "axis"),
            (lambda: halfulp.cast("0x3c00", "binary16"), "code"),
            (lambda: halfulp.op("ad", 1.0, 2.0, format="binary16"), "add"),
            (lambda: halfulp.op("add", np.float16([1]), format="binary16"), "operand"),
            (lambda: halfulp.gemm(np.float16([[1]]), np.float16([[1]]), unit="nv.hoper"), "--unit"),
            (lambda: halfulp.dequantize(np.uint8([1]), "mxfp4"), "scales"),
            (lambda: halfulp.explain(0.1, "float8"), "float8"),
            (lambda: halfulp.dequantize(halfulp.quantize([1.0], "mxfp4", codes=True), "mxfp4"), "alone"),
            (lambda: halfulp.dequantize(np.uint8([1]), "nvfp4", scales=np.uint8([1])), "outer_scales"),
            (lambda: halfulp.quantize([2**60], "mxfp4"), "2^53"),
            (lambda: halfulp.run({"experiment": "nothing"}), "experiment"),
            (lambda: halfulp.quantize(np.array(["a"]), "mxfp4"), "numbers"),
            (lambda: halfulp.quantize(np.complex64([1]), "mxfp4"), "complex"),
        ]:
            with self.subTest(text), self.assertRaises(ValueError) as caught:
                call()
            self.assertIn(text, str(caught.exception))


class Arrays(unittest.TestCase):
    def test_of_every_shared_type_go_through_unchanged(self):
        names = ["bfloat16", "float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz",
                 "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn"]
        for name in names:
            type = np.dtype(getattr(ml_dtypes, name))
            bits = {"float6": 6, "float4": 4, "bfloat": 16}.get(name[:6], 8)
            codes = np.arange(2**bits, dtype=f"u{type.itemsize}")
            array = codes.view(type)
            with self.subTest(name):
                wide = halfulp.cast(array, "binary32")
                with np.errstate(invalid="ignore"):
                    np.testing.assert_array_equal(wide, array.astype(np.float32))
                back = halfulp.cast(wide, name)
                self.assertEqual(back.dtype, type)
                number = ~np.isnan(wide)
                np.testing.assert_array_equal(back.view(codes.dtype)[number], codes[number])

    def test_lie_as_they_like(self):
        x = np.random.default_rng(0).standard_normal((6, 64)).astype(np.float32)
        want = halfulp.quantize(x, "mxfp4")
        for name, array in {"rows apart": np.repeat(x, 2, 0)[::2], "columns apart": np.repeat(x, 2, 1)[:, ::2],
                            "Fortran": np.asfortranarray(x), "big-endian": x.astype(">f4")}.items():
            with self.subTest(name):
                np.testing.assert_array_equal(halfulp.quantize(array, "mxfp4"), want)
        np.testing.assert_array_equal(halfulp.quantize(x.T, "mxfp4", axis=0), want.T)
        np.testing.assert_array_equal(halfulp.quantize(x.reshape(6, 2, 32), "mxfp4"), want.reshape(6, 2, 32))
        self.assertEqual(halfulp.quantize(np.float32(3.3), "float8_e4m3fn"), np.float32(3.25))
        self.assertEqual(halfulp.quantize(np.zeros((0, 4), np.float32), "mxfp4").shape, (0, 4))

    def test_take_the_values_where_they_are_wanted(self):
        x = np.random.default_rng(0).standard_normal((6, 64)).astype(np.float32)
        want = halfulp.quantize(x, "mxfp4")
        out = np.empty_like(x)
        self.assertIs(halfulp.quantize(x, "mxfp4", out=out), out)
        np.testing.assert_array_equal(out, want)
        halfulp.quantize(x, "mxfp4", out=x)
        np.testing.assert_array_equal(x, want)
        for wrong in (np.empty((6, 63), np.float32), np.empty((6, 64)), np.empty((64, 6), np.float32).T):
            with self.assertRaisesRegex(ValueError, "out"):
                halfulp.quantize(x, "mxfp4", out=wrong)

    def test_come_back_from_codes_in_what_holds_them(self):
        x = np.float64([2**31 - 129, 5])
        q = halfulp.quantize(x, "int32", codes=True)
        self.assertEqual(q.dequantize().dtype, np.float64)
        np.testing.assert_array_equal(q.dequantize(), x)
        with self.assertRaisesRegex(ValueError, "float64"):
            halfulp.dequantize(q.codes, "int32", dtype="float32")

    def test_in_one_row_are_cut_without_a_trace(self):
        x = np.random.default_rng(1).standard_normal(1000003).astype(np.float32)
        for to, options in [("float8_e4m3fn", {}), ("mxfp8_e4m3", {}), ("nvfp4", {}),
                            ("bfloat16", {"rounding": "stochastic", "random_bits": 16})]:
            with self.subTest(to):
                one = halfulp.quantize(x, to, threads=1, **options)
                np.testing.assert_array_equal(one, halfulp.quantize(x, to, **options))
                part = halfulp.quantize(x[:640], to, **options)
                if to != "nvfp4":
                    np.testing.assert_array_equal(part, one[:640])

    def test_come_by_dlpack_alone(self):
        class Foreign:
            def __init__(self, array):
                self.array = array

            def __dlpack__(self, **how):
                return self.array.__dlpack__(**{k: v for k, v in how.items() if k in ("stream",)})

            def __dlpack_device__(self):
                return self.array.__dlpack_device__()

        x = np.float32([0.1, 3])
        np.testing.assert_array_equal(halfulp.quantize(Foreign(x), "bfloat16"), halfulp.quantize(x, "bfloat16"))

    def test_come_by_dlpack_in_types_that_numpy_lacks(self):
        codes = np.uint8([0x00, 0x38, 0x7E, 0xFE, 0x08, 0x3C])
        for number, bits, name in [(4, 16, "bfloat16"), (7, 8, "float8_e3m4"), (8, 8, "float8_e4m3"), (9, 8, "float8_e4m3b11fnuz"),
                                   (10, 8, "float8_e4m3fn"), (11, 8, "float8_e4m3fnuz"), (12, 8, "float8_e5m2"),
                                   (13, 8, "float8_e5m2fnuz"), (14, 8, "float8_e8m0fnu")]:
            with self.subTest(name):
                type = np.dtype(getattr(ml_dtypes, name))
                got = halfulp.cast(Packed(codes, number, bits), "binary32")
                want = codes.view(type).astype(np.float32)
                np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(halfulp.cast(Packed(np.int16([-5, 7]), 0, 16), "binary32"), np.float32([-5, 7]))
        with self.assertRaisesRegex(ValueError, "code 5 and 64 bits"):
            halfulp.cast(Packed(np.uint8(range(8)), 5, 64), "binary32")


class Packed:
    """An array of any of DLPack's types, in its structure of the first version (dlpack.h, DLManagedTensor)."""

    class Managed(ctypes.Structure):
        _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                    ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
                    ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
                    ("byte_offset", ctypes.c_uint64), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]

    def __init__(self, content, code, bits):
        self.content = content
        self.shape = (ctypes.c_int64 * 1)(content.nbytes * 8 // bits)
        self.managed = self.Managed(data=content.ctypes.data, device_type=1, ndim=1, code=code, bits=bits, lanes=1, shape=self.shape)

    def __dlpack__(self, **how):
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(self.managed), b"dltensor", None)

    def __dlpack_device__(self):
        return 1, 0


class Reports(unittest.TestCase):
    def test_of_a_comparison_keep_their_facts_beside_an_explanation(self):
        a = np.float16([[1, 2]])
        report = halfulp.compare(np.float32([[6]]), np.float32([[5]]), a=a, b=a.T, unit="nv.ampere.mma.f16.f32", explain=True)
        self.assertEqual(report["mismatches"], 1)
        self.assertIn("explain", report)

    def test_of_numbers_are_exact(self):
        self.assertEqual(float(halfulp.cast(0.1, "float8_e4m3fn")), 0.1015625)
        self.assertEqual(float(halfulp.cast("1e4000", "binary128")), float("inf"))
        self.assertEqual(float(halfulp.cast(-0.3, "float4_e2m1fn")), -0.5)
        self.assertEqual(halfulp.quantize([[1, 2, 3]], "mxfp4").tolist(), [[1, 2, 3]])


class Process(unittest.TestCase):
    def test_import_is_quick(self):
        def processor_time(code):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        processor_time("import halfulp")
        self.assertLess(min(processor_time("import halfulp") - processor_time("pass") for _ in range(5)), 0.2)

    def test_control_c_is_heard_in_array_work(self):
        x = np.ones(1 << 24, np.float32)
        halfulp.quantize(x[:64], "log5.10")
        timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
        start = time.perf_counter()
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            for _ in range(1000):
                halfulp.quantize(x, "log5.10", threads=1, reference=True)
        self.assertLess(time.perf_counter() - start, 20)

    def test_threads_of_python_go_on_meanwhile(self):
        x = np.ones(1 << 22, np.float32)
        ticks = []
        done = threading.Event()

        def tick():
            while not done.is_set():
                ticks.append(time.perf_counter())
                time.sleep(0.001)

        ticker = threading.Thread(target=tick)
        ticker.start()
        for _ in range(10):
            halfulp.quantize(x, "posit16", threads=1)
        done.set()
        ticker.join()
        self.assertGreater(len(ticks), 10)

    def test_calls_leak_nothing(self):
        x = np.ones(64, np.float32)
        count = 3000 * int(os.environ.get("HALFULP_DRAWS", "1"))

        def calls():
            for _ in range(count):
                halfulp.quantize(x, "mxfp4")
                halfulp.cast(x, "float8_e4m3fn", flags=True)
                halfulp.cast("0.1", "binary16")
                halfulp.op("add", x, x)

        def pages():
            return int(pathlib.Path("/proc/self/statm").read_text().split()[1])

        calls()
        before = pages()
        calls()
        calls()
        self.assertLess(pages() - before, 256)  # a megabyte


class Stub(unittest.TestCase):
    def test_says_what_the_module_has(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "_engine.pyi"
            subprocess.run([sys.executable, "-m", "nanobind.stubgen", "-m", "halfulp._engine", "-o", str(made), "-q"],
                           check=True)
            self.assertEqual(made.read_text(), (source / "python/halfulp/_engine.pyi").read_text())

    def test_exports_what_it_names(self):
        self.assertEqual([name for name in halfulp.__all__ if not hasattr(halfulp, name)], [])
        self.assertTrue(_engine.instruction_set())


if __name__ == "__main__":
    unittest.main()
