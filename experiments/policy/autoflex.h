// SPDX-License-Identifier: MIT
//
// The exponent of a Flexpoint tensor, predicted from the tensors before it: Autoflex (Köster et
// al., "Flexpoint: An Adaptive Numerical Format for Efficient Training of Deep Neural Networks",
// NeurIPS 2017, section 3.2). One scale serves a whole tensor of integer codes, and it has to be
// known before the tensor is: so it follows from the largest codes of the last tensors at the same
// place, with a margin. Constants and steps are those of Nervana's own implementation
// (ngraph-python, transformers/autoflex.py and flexgpuutil.py); the paper's formula has a further
// factor of two.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "formats/block.h"

namespace halfulp::experiments {

struct AutoflexRule {
  int bits = 16;             // of a code, two's complement
  int least_exponent = -31;  // of the scale 2^e: five bits, the largest being 2^0
  int greatest_exponent = 0;
  std::size_t history = 16;  // tensors
  double deviations = 3;     // of the maxima in the history, added to the largest of them
  double offset = 100;       // codes, added as well
  bool operator==(const AutoflexRule&) const = default;
};

// The rule of a format with a predicted scale; absent for others.
std::optional<AutoflexRule> autoflex_rule(const BlockFormat& format);

class Autoflex {
 public:
  explicit Autoflex(const AutoflexRule& rule) : rule_(rule) {}

  // The scale for the next tensor; a power of two.
  [[nodiscard]] double scale() const { return scale_; }

  // Tells the largest |code| that the tensor has under scale(). False: the scale was no use, as it
  // may be for the first tensors; quantize the same tensor again under the new scale().
  bool observe(std::uint64_t largest_code);

  [[nodiscard]] std::uint64_t overflows() const { return overflows_; }

 private:
  bool initialise(std::uint64_t largest_code);
  void adjust();
  void set_exponent(int exponent);

  AutoflexRule rule_;
  double scale_ = 1;
  bool initialised_ = false;
  int tries_ = 0;
  std::deque<double> maxima_;  // largest |code| times its scale, oldest first
  std::uint64_t overflows_ = 0;
};

}  // namespace halfulp::experiments
