# SPDX-License-Identifier: MIT
"""PyTorch's tensors through the module: every shared type there and back, results in its types. By hand: needs torch.

    PYTHONPATH=build/python python tests/python/torch_test.py
"""

import unittest

import numpy as np
import torch

import halfulp

TYPES = {
    "float16": 16, "bfloat16": 16, "float8_e4m3fn": 8, "float8_e5m2": 8, "float8_e4m3fnuz": 8, "float8_e5m2fnuz": 8,
    "float8_e8m0fnu": 8,
}


class Tensors(unittest.TestCase):
    def test_of_every_shared_type_go_there_and_back(self):
        for name, bits in TYPES.items():
            type = getattr(torch, name)
            codes = torch.from_numpy(np.arange(2**bits, dtype=f"u{bits // 8}").view(f"i{bits // 8}"))
            tensor = codes.view(type)
            with self.subTest(name):
                wide = halfulp.cast(tensor, "float32")
                self.assertEqual(wide.dtype, torch.float32)
                want = tensor.float()
                number = ~torch.isnan(want)
                self.assertTrue(torch.equal(torch.isnan(wide), ~number))
                self.assertTrue(torch.equal(wide[number], want[number]))
                back = halfulp.cast(wide, name)
                self.assertEqual(back.dtype, type)
                self.assertTrue(torch.equal(back.view(codes.dtype)[number], codes[number]))

    def test_are_quantized_and_multiplied(self):
        x = torch.randn(4, 64, generator=torch.Generator().manual_seed(0))
        y = halfulp.quantize(x, "nvfp4")
        self.assertIsInstance(y, torch.Tensor)
        self.assertEqual(y.shape, x.shape)
        q = halfulp.quantize(x.T, "mxfp8_e4m3", axis=0, codes=True)
        self.assertEqual(q.codes.dtype, torch.float8_e4m3fn)
        self.assertEqual(q.scales.dtype, torch.float8_e8m0fnu)
        self.assertTrue(torch.equal(q.dequantize().T, halfulp.quantize(x, "mxfp8_e4m3")))
        a = halfulp.cast(x, "float8_e4m3fn")
        d = halfulp.gemm(a, a, unit="nv.hopper.wgmma.e4m3.f32", b_transposed=True)
        self.assertEqual((d.dtype, tuple(d.shape)), (torch.float32, (4, 4)))
        self.assertTrue(halfulp.compare(a, a).good)

    def test_of_two_codes_a_byte_are_refused(self):
        with self.assertRaisesRegex(ValueError, "two codes"):
            halfulp.cast(torch.zeros(2, dtype=torch.uint8).view(torch.float4_e2m1fn_x2), "float32")


if __name__ == "__main__":
    unittest.main()
