// SPDX-License-Identifier: MIT
//
// Questions put together from powers of two: a product of such an exponent at such a place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/probe/questions.h"

namespace halfulp::probe {

// Exponents of the normal numbers of a format, and of its least subnormal number.
struct ExponentRange {
  std::int64_t least = 0, most = 0, lowest = 0;
  int precision = 1;  // significant bits
};
// Throws Error, located at `place`, where the format is no floating-point one.
ExponentRange range_of(const Format& format, const std::string& place);

class QuestionBuilder {
 public:
  explicit QuestionBuilder(const Ports& ports);

  [[nodiscard]] const ExponentRange& a() const { return a_; }
  [[nodiscard]] const ExponentRange& b() const { return b_; }
  [[nodiscard]] const ExponentRange& c() const { return c_; }
  [[nodiscard]] const ExponentRange& d() const { return d_; }
  // Exponents of products of normal numbers, 1.5 times their power of two included.
  [[nodiscard]] std::int64_t least_product() const { return a_.least + b_.least; }
  [[nodiscard]] std::int64_t most_product() const { return a_.most + b_.most; }

  // Without terms: all are +0, C too, and scales are 1.
  [[nodiscard]] Question empty(const std::string& about) const;
  // Places a product of +-2^exponent, or 1.5 times that; the factors are normal numbers where the
  // range of their products reaches so low. False where no factors have it, and nothing is placed.
  bool product(Question& question, std::size_t place, std::int64_t exponent, bool negative = false,
               bool half_more = false) const;
  // The same of C; subnormal numbers too.
  bool addend(Question& question, std::int64_t exponent, bool negative = false,
              bool half_more = false) const;
  // +-2^exponent, or 1.5 times that, as a code; the nearest number of the format.
  static Code code(const Format& format, std::int64_t exponent, bool negative, bool half_more);

 private:
  Ports ports_;
  ExponentRange a_, b_, c_, d_;
  bool half_more_ = true;  // a has 1.5
};

}  // namespace halfulp::probe
