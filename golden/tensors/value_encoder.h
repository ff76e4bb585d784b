// SPDX-License-Identifier: MIT
//
// Numbers, formed in a carrier, as the bytes of an element type in a file.
#pragma once

#include <span>

#include "formats/engine.h"
#include "golden/tensors/parts.h"

namespace halfulp::tensors {

// Each number is rounded once to the type, to nearest even with the overflow of IEEE 754; every NaN
// becomes the type's positive one.
class ValueEncoder {
 public:
  // Throws Error: a type with numbers that no double holds, or whose codes lie close together.
  explicit ValueEncoder(const ElementType& to);

  // In which numbers are to be formed: float32, or float64 where a float does not hold the type.
  [[nodiscard]] Carrier carrier() const { return carrier_; }
  [[nodiscard]] const ElementType& type() const { return to_; }

  void give(std::span<const float> numbers, const Sink& sink) const;
  void give(std::span<const double> numbers, const Sink& sink) const;

 private:
  template <typename Real>
  void give_encoded(std::span<const Real> numbers, const Sink& sink) const;

  ElementType to_;
  Carrier carrier_ = Carrier::binary32;
  const Engine& engine_;
  Plan plan_;
};

}  // namespace halfulp::tensors
