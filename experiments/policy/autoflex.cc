// SPDX-License-Identifier: MIT
#include "experiments/policy/autoflex.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::experiments {

std::optional<AutoflexRule> autoflex_rule(const BlockFormat& format) {
  if (!format.levels.front().predicted) return std::nullopt;
  const Format& scale = format.levels.front().scale.format;
  AutoflexRule rule;
  rule.bits = bits(format.element.format);
  rule.least_exponent = static_cast<int>(leading_exponent(smallest_positive(scale)));
  rule.greatest_exponent = static_cast<int>(leading_exponent(largest_finite(scale)));
  return rule;
}

void Autoflex::set_exponent(int exponent) {
  scale_ = std::ldexp(1.0, std::clamp(exponent, rule_.least_exponent, rule_.greatest_exponent));
}

bool Autoflex::observe(std::uint64_t largest_code) {
  if (!initialised_) {
    const double before = scale_;
    initialised_ = initialise(largest_code);
    if (!initialised_ || scale_ != before) return false;
  }
  const std::uint64_t most = (std::uint64_t{1} << (rule_.bits - 1)) - 1;
  // Codes at the end of the range hide how far beyond it the numbers were: the history is no use
  // any more, and the maximum counts twice, so that the scale grows from tensor to tensor.
  const bool overflow = largest_code >= most;
  if (overflow) {
    ++overflows_;
    maxima_.clear();
  }
  maxima_.push_back(static_cast<double>(largest_code) * (overflow ? 2 : 1) * scale_);
  if (maxima_.size() > rule_.history) maxima_.pop_front();
  adjust();
  return true;
}

// Until the codes fill at least about a third of the bits: up by half the bits where they
// overflowed, down to where the largest code has all its bits where they are short. Ten tries; a
// tensor of zeros never gets there and is left at scale 1.
bool Autoflex::initialise(std::uint64_t largest_code) {
  const int value_bits = rule_.bits - 1;
  const std::uint64_t seen = largest_code + 1;
  int exponent = std::ilogb(scale_);
  bool good = true;
  if (seen >= (std::uint64_t{1} << value_bits) - 1) {
    exponent += value_bits / 2;
    good = false;
  } else if (seen < std::uint64_t{1} << (value_bits - 1)) {
    exponent += static_cast<int>(std::bit_width(seen)) - value_bits;
    good = seen >= std::uint64_t{1} << std::max(value_bits / 2 - 2, 0);
  }
  constexpr int most_tries = 10;
  if (!good && ++tries_ > most_tries) {
    set_exponent(0);
    return true;
  }
  set_exponent(exponent);
  return good;
}

// The scale under which the predicted maximum, M = max + deviations * standard deviation + offset *
// scale, has a code of all its bits: 2^(floor(log2 M) - (bits - 2)).
void Autoflex::adjust() {
  const auto count = static_cast<double>(maxima_.size());
  double sum = 0;
  for (const double x : maxima_) sum += x;
  const double mean = sum / count;
  double squares = 0;
  for (const double x : maxima_) squares += (x - mean) * (x - mean);
  const double deviation = std::sqrt(squares / count);
  const double largest = *std::max_element(maxima_.begin(), maxima_.end());
  const double predicted = largest + rule_.deviations * deviation + rule_.offset * scale_;
  set_exponent(std::ilogb(predicted) - (rule_.bits - 2));
}

}  // namespace halfulp::experiments
