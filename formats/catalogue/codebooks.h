// SPDX-License-Identifier: MIT
//
// The lists of numbers that papers and libraries quantize to, as codebooks with the libraries' own
// thresholds and ties. Numbers are binary32, as the libraries hold them; scaling a block of weights
// to [-1, 1] is not part of a list.
#pragma once

#include "formats/format.h"

namespace halfulp {

// NF4: quantiles of the normal distribution (Dettmers et al., QLoRA, arXiv 2305.14314), turning
// where bitsandbytes' CUDA kernel does: up where x > threshold.
Codebook nf4();
// AF4 for blocks of 64 (Yoshida, arXiv 2306.06965), in the order of bitsandbytes: code 0 is 1.
Codebook af4();
// The FP4 of bitsandbytes, which is not OCP's E2M1: 0, 1/192, 1/6, 1/4, 1/3, 1/2, 2/3, 1 with a
// sign, in an order of codes of their own.
Codebook bnb_fp4();
// The four-bit list of llama.cpp's IQ4_NL and IQ4_XS; it has no zero.
Codebook iq4_nl();
// Dynamic tree quantization to 8 bits (Dettmers, arXiv 1511.04561 and 2110.02861), as bitsandbytes
// makes its maps.
Codebook dynamic8(bool sign);
// Evenly spaced, with a zero put in where there is a sign: bitsandbytes' create_linear_map.
Codebook linear8(bool sign);
// bitsandbytes' create_fp8_map: a floating-point layout with the order of exponents turned round,
// divided by its largest number and sorted. It is no OCP format.
Codebook bnb_fp8(int exponent_bits, int fraction_bits);
// -1 and +1; zeros of either sign become +1.
Codebook plus_minus_one();

}  // namespace halfulp
