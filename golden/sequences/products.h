// SPDX-License-Identifier: MIT
//
// The steps of a kernel that are matrix products: products themselves and convolutions, which are
// products of patches of their input and their weights ("implicit GEMM": Chetlur et al., "cuDNN:
// efficient primitives for deep learning", arXiv 1410.0759, section 3).
#pragma once

#include <optional>
#include <span>

#include "golden/sequences/lines.h"

namespace halfulp::sequences {

// to: rounds the results once more. Both throw Error, located at "0", "1" or "2", the operand,
// where shapes or formats do not go together.
Array product(const Product& product, std::span<const Array* const> of,
              const std::optional<Quantizer>& to, const Run& run);
Array convolution(const Convolution& convolution, std::span<const Array* const> of,
                  const std::optional<Quantizer>& to, const Run& run);

// What a convolution sums: groups x (n p q) x terms, terms in the order in which they are taken.
// p and q are where the kernel stands, down and across.
struct Patches {
  Array array;
  std::int64_t batches = 0, down = 0, across = 0;
};
// kernel: r and s. Throws Error: no four dimensions, channels that groups do not part evenly, a
// kernel that is larger than the input.
Patches patches_of(const Convolution& convolution, const Array& x,
                   const std::array<std::int64_t, 2>& kernel);

}  // namespace halfulp::sequences
