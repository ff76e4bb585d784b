// SPDX-License-Identifier: MIT
//
// For which instruction sets kernels are compiled: all that Highway has, but those whose vectors
// have a size that is not known when compiling, as kernels have arrays of vectors, and SSSE3, the
// best of processors of 2006 and 2007 alone, which take the scalar kernels. Included before
// Highway's headers.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
