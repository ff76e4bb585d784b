// SPDX-License-Identifier: MIT
//
// Orthonormal Hadamard matrices of a power of two rows, with signs drawn at random or without: they
// spread the large numbers of a block over all of it before it is rounded. Source: QuaRot, arXiv
// 2404.00456, section 3.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "formats/random.h"

namespace halfulp {

// The signs of n numbers: minus where the highest bit of word j is set.
template <typename Real>
std::vector<Real> hadamard_signs(std::size_t n, const Random& random) {
  std::vector<Real> signs(n, Real{1});
  for (std::size_t j = 0; j < n; ++j)
    if ((random.word(j) >> 31U & 1U) != 0) signs[j] = Real{-1};
  return signs;
}

// Multiplies every block of n numbers by diag(signs) and the matrix, in steps of the carrier: each
// number times its sign; sums and differences of neighbours, then of numbers 2, 4, ... n / 2 apart;
// times 1 / sqrt(n), which is rounded once to binary64 and once to the carrier. Precondition: n
// signs, n a power of two that divides the numbers.
template <typename Real>
void multiply_by_hadamard(std::span<Real> numbers, const std::vector<Real>& signs) {
  const std::size_t n = signs.size();
  const auto factor = static_cast<Real>(1.0 / std::sqrt(static_cast<double>(n)));
  for (Real* block = numbers.data(); block != numbers.data() + numbers.size(); block += n) {
    for (std::size_t j = 0; j < n; ++j) block[j] *= signs[j];
    for (std::size_t apart = 1; apart < n; apart *= 2) {
      for (std::size_t first = 0; first < n; first += 2 * apart) {
        for (std::size_t j = first; j < first + apart; ++j) {
          const Real left = block[j];
          const Real right = block[j + apart];
          block[j] = left + right;
          block[j + apart] = left - right;
        }
      }
    }
    for (std::size_t j = 0; j < n; ++j) block[j] *= factor;
  }
}

}  // namespace halfulp
