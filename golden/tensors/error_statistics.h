// SPDX-License-Identifier: MIT
//
// How far the elements of a quantized tensor are from what they were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "golden/tensors/quantizer.h"

namespace halfulp::tensors {

struct ErrorStatistics {
  std::uint64_t elements = 0;
  std::uint64_t nan_in = 0, infinite_in = 0;    // of what the elements were
  std::uint64_t nan_out = 0, infinite_out = 0;  // of what they became
  std::uint64_t lost = 0;                       // finite elements that became NaN or infinite
  std::uint64_t measured = 0;   // finite before and after: the errors below are of these alone
  std::uint64_t saturated = 0;  // beyond the largest number, and delivered as a finite one
  std::uint64_t flushed = 0, inexact = 0;  // as Counts has them
  double mean_square = 0;                  // of the errors; 0 where none is measured
  std::optional<double> signal_to_noise;   // in dB; none where there is no error or no signal
  // The largest |error| in ulp: the distance of the two neighbours in the element's format, times
  // the scale; beyond the format's ends, of the last two. Of several the first.
  double largest_ulp = 0;
  std::size_t largest_at = 0;  // its place, in the order of the matrix
};

// The sums run over the elements in the matrix's order, in binary64. random: as `out` was made
// with.
ErrorStatistics error_statistics(const Unfolded& in, const Quantized& out, const Random& random,
                                 const TensorQuantizer& quantizer, const Engine& engine);

// Its parts that do not depend on the order of elements, of some of them in a row.
struct ErrorParts {
  std::uint64_t nan_in = 0, infinite_in = 0, nan_out = 0, infinite_out = 0;
  std::uint64_t lost = 0, measured = 0, saturated = 0;
  double largest_ulp = 0;
  std::size_t largest_at = 0;  // among them
};

// The same, part after part of a tensor.
class ErrorSum {
 public:
  ErrorSum(const TensorQuantizer& quantizer, const Engine& engine);
  ErrorSum(const ErrorSum&) = delete;
  ErrorSum& operator=(const ErrorSum&) = delete;
  ~ErrorSum();

  // Of a part, from any thread.
  [[nodiscard]] ErrorParts errors_of(const Unfolded& in, const Quantized& out,
                                     const Random& random) const;
  // The next part.
  void add(const Matrix& in, const Quantized& out, const ErrorParts& errors);
  [[nodiscard]] ErrorStatistics result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same of two matrices alone, of one shape: nothing is known of a largest number or of units in
// the last place, and `saturated` and `largest_ulp` stay 0.
ErrorStatistics error_statistics(const Matrix& in, const Matrix& out);

}  // namespace halfulp::tensors
