// SPDX-License-Identifier: MIT
//
// How far the elements of a quantized tensor are from what they were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cli/tensor_quantizer.h"

namespace halfulp::cli {

struct ErrorStatistics {
  std::uint64_t elements = 0;
  std::uint64_t special = 0;  // NaN and infinities; the errors below leave them out
  std::uint64_t lost = 0;     // finite elements that became NaN or infinite; left out as well
  Counts counts;
  double mean_square = 0;                 // of the errors
  std::optional<double> signal_to_noise;  // in dB; none where there is no error or no signal
  // The largest |error| in ulp: the distance of the two neighbours in the element's format, times
  // the scale; beyond the format's ends, of the last two. Of several the first.
  double largest_ulp = 0;
  std::size_t largest_at = 0;  // its place, in the order of the matrix
};

// The sums run over the elements in the matrix's order, in binary64.
ErrorStatistics error_statistics(const Matrix& in, const Quantized& out,
                                 const TensorQuantizer& quantizer, const Engine& engine);

}  // namespace halfulp::cli
