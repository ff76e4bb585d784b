// SPDX-License-Identifier: MIT
//
// Block formats and matrices for the emulator's tests. Matrices are drawn against their format:
// elements at its numbers, at the middles between them and one step beside either, times powers of
// two or numbers of the scale; zeros, whole blocks of zeros, subnormals, huge numbers, infinities
// and NaN.
#pragma once

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/block.h"
#include "formats/error.h"
#include "formats/json.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp::cases {

template <typename Real>
struct Matrix {
  std::size_t rows = 0, columns = 0, stride = 0;
  std::vector<Real> numbers;

  [[nodiscard]] View view() const {
    View v = view_of(numbers.data(), rows, columns);
    v.stride = stride;
    return v;
  }
  [[nodiscard]] MutableView view() {
    MutableView v = view_of(numbers.data(), rows, columns);
    v.stride = stride;
    return v;
  }
};

struct Shape {
  std::size_t rows = 0, columns = 0, gap = 0;
};

template <typename Real>
Matrix<Real> empty_matrix(const Shape& shape) {
  const std::size_t stride = shape.columns + shape.gap;
  return {shape.rows, shape.columns, stride, std::vector<Real>(shape.rows * stride, Real{-3.25})};
}

// What sort of numbers stand beside ordinary ones.
enum class Mood : std::uint8_t { ordinary, sparse, special, wild, tiny, huge };
inline constexpr int mood_count = 6;

template <typename Real>
class MatrixDrawer {
 public:
  MatrixDrawer(const BlockFormat& format, sampling::Stream& stream)
      : format_(format),
        stream_(stream),
        carrier_(find_format(sizeof(Real) == 4 ? "binary32" : "binary64")) {}

  Matrix<Real> draw(const Shape& shape, Mood mood) {
    Matrix<Real> matrix = empty_matrix<Real>(shape);
    base_ = draw_base(mood);
    for (std::size_t row = 0; row < shape.rows; ++row) {
      for (std::size_t column = 0; column < shape.columns; ++column) {
        if (column % 8 == 0) start_group(mood);
        matrix.numbers[row * matrix.stride + column] = draw_number(mood);
      }
    }
    return matrix;
  }

 private:
  int draw_base(Mood mood) {
    const int reach = sizeof(Real) == 4 ? 140 : 1060;
    const int low = static_cast<int>(stream_.below(20));
    if (mood == Mood::tiny) return -reach + low;
    if (mood == Mood::huge) return reach - 20 + low;
    return low - 10;
  }

  // Numbers of a group have one factor: a power of two, or a number of the innermost scale.
  void start_group(Mood mood) {
    zeros_ = mood == Mood::sparse && stream_.bits(1) != 0;
    const Format& scale = format_.levels.back().scale.format;
    factor_ = std::ldexp(1.0, base_ + static_cast<int>(stream_.below(5)) - 2);
    if (stream_.bits(1) != 0) return;
    const Value number = decode(scale, sampling::draw_code(scale, stream_));
    if (!number.is_finite() || number.is_zero()) return;
    const double exact = std::fabs(to_double(number));
    factor_ = std::ldexp(exact, base_ - std::ilogb(exact));
  }

  Real any() {
    const Code code = sampling::draw_code(carrier_, stream_);
    if constexpr (sizeof(Real) == 4) {
      return std::bit_cast<float>(static_cast<std::uint32_t>(code));
    } else {
      return std::bit_cast<double>(static_cast<std::uint64_t>(code));
    }
  }

  Real draw_number(Mood mood) {
    const std::uint64_t choice = stream_.below(32);
    const Real zero = stream_.bits(1) != 0 ? Real{0} : -Real{0};
    if (zeros_ && choice != 0) return zero;
    if (choice < 2) return zero;
    if (mood == Mood::wild && choice < 12) return any();
    if (mood == Mood::special && choice == 2) {
      const Real infinity = std::numeric_limits<Real>::infinity();
      const Real nan = std::numeric_limits<Real>::quiet_NaN();
      const Real x = stream_.bits(1) != 0 ? infinity : nan;
      return stream_.bits(1) != 0 ? x : -x;
    }
    return of_format();
  }

  // A number of the element's format, or near the middle of two, times the factor.
  Real of_format() {
    static const Format binary64 = find_format("binary64");
    const Code code = sampling::draw_carrier_code(format_.element.format, binary64, stream_);
    const double number = std::bit_cast<double>(static_cast<std::uint64_t>(code));
    const auto x = static_cast<Real>(number * factor_);
    if (!std::isfinite(x)) return static_cast<Real>(factor_);
    const std::uint64_t step = stream_.below(6);
    if (step > 1) return x;
    return std::nextafter(x, step == 0 ? Real{0} : 2 * x);
  }

  const BlockFormat& format_;
  sampling::Stream& stream_;
  Format carrier_;
  int base_ = 0;
  double factor_ = 1;
  bool zeros_ = false;
};

inline std::string describe(const BlockFormat& format) { return to_json(format).dump(); }

// The n-th of a sequence of variations of a format: rules, divisions, choices for zero and special
// blocks, roundings of element and scales. Those that contradict it leave it as it is.
inline BlockFormat varied(const BlockFormat& format, std::size_t n, sampling::Stream& stream) {
  BlockFormat varied = format;
  const auto pick = [&](auto count) { return stream.below(static_cast<std::uint64_t>(count)); };
  varied.zero_scale = static_cast<ZeroScale>(pick(3));
  varied.special = static_cast<SpecialBlock>(pick(4));
  if (pick(2) == 0) varied.division = static_cast<Division>(pick(3));
  if (pick(2) == 0) varied.element.rounding = rounding(n);
  for (Level& level : varied.levels) {
    if (pick(2) == 0) level.rule = static_cast<ScaleRule>(pick(scale_rule_count));
    level.division = static_cast<Division>(pick(3));
    level.given = std::ldexp(1.0 + static_cast<double>(pick(4)) / 4, static_cast<int>(pick(9)) - 4);
    if (pick(3) == 0) {
      level.scale.rounding = rounding(n + pick(1000));
      level.scale.rounding.flush_inputs = false;
    }
    if (pick(4) == 0) level.epsilon = std::ldexp(1.0, -static_cast<int>(pick(40)));
  }
  if (pick(4) == 0) {
    varied.arithmetic = static_cast<Arithmetic>(pick(5));
    if (varied.arithmetic != Arithmetic::exact && varied.arithmetic != Arithmetic::qpytorch) {
      varied.special = SpecialBlock::nan;
      for (Level& level : varied.levels) {
        level.rule = ScaleRule::ratio;
        level.epsilon = 0;
      }
      varied.levels[0].scale.rounding.mode = Mode::nearest_even;
    }
  }
  try {
    validate(varied);
    return varied;
  } catch (const Error&) {
    return format;
  }
}

}  // namespace halfulp::cases
