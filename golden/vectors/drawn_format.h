// SPDX-License-Identifier: MIT
//
// A format that cases are drawn for, with what is asked of it again and again worked out once.
#pragma once

#include <optional>
#include <vector>

#include "emulator/operations/number_rounder.h"
#include "golden/vectors/calculation.h"
#include "golden/vectors/drawing.h"
#include "golden/vectors/near_misses.h"

namespace halfulp::vectors {

class DrawnFormat {
 public:
  explicit DrawnFormat(const Format& format)
      : format_(format),
        nearest_(quantizer_of(format, Mode::nearest_even)),
        toward_zero_(quantizer_of(format, Mode::toward_zero)),
        range_(finite_range(format)),
        exponents_(exponents_of(format)),
        bits_(halfulp::bits(format)),
        precision_(drawn_precision(format)),
        is_signed_(halfulp::is_signed(format)),
        is_dyadic_(halfulp::is_dyadic(format)),
        least_normal_(smallest_normal(format)),
        least_(smallest_positive(format)),
        largest_(largest_finite(format)) {
    const auto* f = std::get_if<Float>(&format.kind);
    if (f == nullptr || !f->zero) return;
    magnitudes_ = (Code{1} << (f->exponent_bits + f->fraction_bits)) - 1;
    finite_ = magnitudes_ - f->nan_codes - (f->infinity ? 1 : 0);
    has_negative_zero_ = !f->sign || f->negative_zero;
  }

  operator const Format&() const { return format_; }
  [[nodiscard]] const Format& format() const { return format_; }
  [[nodiscard]] const Range& range() const { return range_; }
  [[nodiscard]] const Exponents& exponents() const { return exponents_; }
  [[nodiscard]] int bits() const { return bits_; }
  [[nodiscard]] int precision() const { return precision_; }
  [[nodiscard]] bool is_signed() const { return is_signed_; }
  [[nodiscard]] bool is_dyadic() const { return is_dyadic_; }
  [[nodiscard]] const Value& least_normal() const { return least_normal_; }
  [[nodiscard]] const Value& least() const { return least_; }
  [[nodiscard]] const Value& largest() const { return largest_; }

  [[nodiscard]] Code rounded(const Real& x) const { return nearest_.round(x, 0).code; }
  [[nodiscard]] Code rounded(const Value& x) const { return nearest_.round(x, 0).code; }
  [[nodiscard]] Code rounded_toward_zero(const Value& x) const {
    return toward_zero_.round(x, 0).code;
  }

  [[nodiscard]] bool is_finite(Code code) const {
    if (magnitudes_ == 0) return vectors::is_finite(format_, code);
    const Code magnitude = code & magnitudes_;
    return magnitude <= finite_ && (magnitude != 0 || code == 0 || has_negative_zero_);
  }

  // The finite code `steps` further up, as far as there are any.
  [[nodiscard]] Code stepped(Code code, std::int64_t steps) const {
    if (steps == 0 || !is_finite(code)) return code;
    return code_at(format_, std::clamp(rank_of(format_, code) + static_cast<Rank>(steps),
                                       range_.lowest, range_.highest));
  }

 private:
  static Quantizer quantizer_of(const Format& format, Mode mode) {
    Quantizer quantizer{.format = format, .rounding = {}};
    quantizer.rounding.mode = mode;
    return quantizer;
  }

  Format format_;
  emulator::NumberRounder nearest_, toward_zero_;
  Range range_;
  Exponents exponents_;
  int bits_, precision_;
  bool is_signed_, is_dyadic_;
  Value least_normal_, least_, largest_;
  // Of floats with a zero: the bits of magnitudes, the largest finite one.
  Code magnitudes_ = 0, finite_ = 0;
  bool has_negative_zero_ = true;
};

// Those of an operation, and what follows from all of them.
struct DrawnFormats {
  explicit DrawnFormats(const Calculation& calculation)
      : inputs(calculation.inputs.begin(), calculation.inputs.end()),
        to(calculation.output.format) {
    all_dyadic = to.is_dyadic() && std::all_of(inputs.begin(), inputs.end(),
                                               [](const DrawnFormat& f) { return f.is_dyadic(); });
    if (!std::holds_alternative<Float>(to.format().kind) || !all_dyadic) return;
    end = boundary_above(to, to.range().highest);
    Integer odd = end.significand;
    odd >>= boost::multiprecision::lsb(odd);
    end_factors.emplace(odd);
  }

  std::vector<DrawnFormat> inputs;
  DrawnFormat to;
  bool all_dyadic = false;  // sums of other numbers are none that could be directed
  // Of floats: where overflow begins, and what its odd part is a product of.
  Value end;
  std::optional<Factors> end_factors;
};

}  // namespace halfulp::vectors
