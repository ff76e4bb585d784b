#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the module for Python costs beside the engine's own call: ratios of times taken in turns in one process.

    PYTHONPATH=build/python python benchmarks/python_speed.py [GIB]     a float32 array of so many GiB (1)
"""
import statistics
import sys
import time

import numpy as np

import halfulp
from halfulp import _engine


def ratio(ours, yardstick, rounds=7):
    ratios = []
    for _ in range(rounds):
        start = time.perf_counter()
        yardstick()
        between = time.perf_counter()
        ours()
        ratios.append((time.perf_counter() - between) / (between - start))
    return statistics.median(ratios)


x = np.random.default_rng(0).standard_normal(int(float(sys.argv[1]) * 2**28) if len(sys.argv) > 1 else 2**28, np.float32)
rows = x.reshape(-1, 4096)
out = np.empty_like(rows)
for to in ("float8_e4m3fn", "mxfp8_e4m3", "nvfp4"):
    for threads in (1, 0):
        call = _engine.Quantizer([f"--to={to}", f"--threads={threads}"])
        value = ratio(lambda: halfulp.quantize(rows, to, out=out, threads=threads),
                      lambda: call.quantize(rows, out, list(rows.shape)))
        print(f"quantize to {to}, {threads or 'all'} threads: {value:.3f} of the engine's call")
small = np.ones(64, np.float32)
start = time.perf_counter()
for _ in range(20000):
    halfulp.quantize(small, "mxfp4")
print(f"a call on 64 elements: {(time.perf_counter() - start) / 20000 * 1e6:.1f} us")
