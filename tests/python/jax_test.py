# SPDX-License-Identifier: MIT
"""jax's arrays on the host through the module, as arrays of NumPy and by DLPack alone. By hand: needs jax.

    JAX_PLATFORMS=cpu PYTHONPATH=build/python python tests/python/jax_test.py
"""

import unittest

import jax.numpy as jnp
import numpy as np

import halfulp

TYPES = ["bfloat16", "float16", "float32", "float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz",
         "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"]


class ByDlpack:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **how):
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Arrays(unittest.TestCase):
    def test_of_every_shared_type(self):
        for name in TYPES:
            array = jnp.asarray([1, 2, 0.5, 4]).astype(getattr(jnp, name))
            for way in (array, ByDlpack(array)):
                with self.subTest(name, way=type(way).__name__):
                    np.testing.assert_array_equal(halfulp.cast(way, "binary32"), np.float32([1, 2, 0.5, 4]))

    def test_are_quantized(self):
        x = np.random.default_rng(0).standard_normal((4, 64), dtype=np.float32)
        np.testing.assert_array_equal(halfulp.quantize(jnp.asarray(x), "nvfp4"), halfulp.quantize(x, "nvfp4"))


if __name__ == "__main__":
    unittest.main()
