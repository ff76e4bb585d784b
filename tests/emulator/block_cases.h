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
#include "formats/numbers/value.h"
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
    const double quarters = static_cast<double>(pick(4)) / 4;
    level.given = std::ldexp(1.0 + quarters, static_cast<int>(pick(9)) - 4);
    if (pick(3) == 0) {
      level.scale.rounding = rounding(n + pick(1000));
      level.scale.rounding.flush_inputs = false;
    }
    if (pick(4) == 0) level.epsilon = std::ldexp(1.0, -static_cast<int>(pick(40)));
    const bool has_floors = level.rule != ScaleRule::given && level.rule != ScaleRule::range;
    if (has_floors && pick(4) == 0)
      level.least_amax = std::ldexp(1.0 + quarters, 4 - static_cast<int>(pick(40)));
    if (has_floors && pick(4) == 0)
      level.least_scale = std::ldexp(1.0 + quarters, 4 - static_cast<int>(pick(40)));
    if (pick(4) == 0) {
      const Range range = finite_range(level.scale.format);
      const Code code = code_at(level.scale.format, range.highest - static_cast<Rank>(pick(3)));
      level.largest_scale = std::max(0.0, nearest_double(decode(level.scale.format, code)));
    }
  }
  if (pick(4) == 0) {
    varied.arithmetic = static_cast<Arithmetic>(pick(arithmetic_count));
    if (varied.arithmetic != Arithmetic::exact && varied.arithmetic != Arithmetic::qpytorch) {
      varied.special = SpecialBlock::nan;
      for (Level& level : varied.levels) {
        level.rule = ScaleRule::ratio;
        level.epsilon = level.least_amax = level.least_scale = 0;
      }
      varied.levels[0].scale.rounding.mode = Mode::nearest_even;
      if (varied.arithmetic == Arithmetic::four_over_six) {
        varied.four_over_six = {.error = static_cast<FourOverSix::Error>(pick(3)),
                                .of = static_cast<FourOverSix::Of>(pick(2))};
      }
    }
  }
  try {
    validate(varied);
    return varied;
  } catch (const Error&) {
    return format;
  }
}

// A float as block formats have them: short, with every scheme of special values.
inline Format draw_float(bool sign, int most_exponent_bits, int most_fraction_bits,
                         sampling::Stream& stream) {
  while (true) {
    Float f;
    f.exponent_bits = 1 + static_cast<int>(stream.below(most_exponent_bits));
    f.fraction_bits = static_cast<int>(stream.below(most_fraction_bits + 1));
    f.bias = (std::int64_t{1} << (f.exponent_bits - 1)) - 1 +
             static_cast<std::int64_t>(stream.below(7)) - 3;
    f.sign = sign;
    f.infinity = stream.bits(1) != 0;
    f.nan_codes = stream.bits(1);
    f.subnormals = stream.bits(2) != 0;
    f.negative_zero = stream.bits(2) != 0;
    f.zero = f.subnormals || stream.bits(1) != 0 || !f.negative_zero;
    try {
      return custom("drawn", f);
    } catch (const Error&) {  // too few codes for what was drawn: draw again
    }
  }
}

// Elements of block formats: whatever a double carries.
inline const std::vector<Format>& elements() {
  static const std::vector<Format> list = [] {
    std::vector<Format> fitting;
    for (const Format& format : formats()) {
      const bool positive = compare(largest_finite(format), Value{}) > 0;
      if (positive && fits_binary64(format) && is_dyadic(format)) fitting.push_back(format);
    }
    return fitting;
  }();
  return list;
}

inline Format draw_element(sampling::Stream& stream) {
  if (stream.bits(1) != 0) return elements()[stream.below(elements().size())];
  if (stream.bits(1) != 0) return draw_float(stream.below(4) != 0, 6, 6, stream);
  const int bits = 2 + static_cast<int>(stream.below(stream.bits(1) != 0 ? 7 : 31));
  const bool fractions = stream.bits(1) != 0;
  return custom("drawn", Fixed{.bits = bits,
                               .fraction_bits = fractions ? static_cast<int>(stream.below(9)) : 0,
                               .sign = stream.bits(1) != 0});
}

inline Format draw_scale(sampling::Stream& stream) {
  constexpr std::array names{"float8_e8m0fnu", "float8_e4m3fn", "bfloat16",  "binary16",
                             "float8_e5m2",    "binary32",      "dlfloat16", "uint8"};
  switch (stream.below(4)) {
    case 0:
      return draw_float(stream.bits(1) != 0, 9, 8, stream);
    case 1:
      return custom("drawn", Fixed{.bits = 2 + static_cast<int>(stream.below(14)),
                                   .fraction_bits = static_cast<int>(stream.below(9)),
                                   .sign = stream.bits(1) != 0});
    default:
      return find_format(names[stream.below(names.size())]);
  }
}

inline Rounding draw_rounding(std::size_t n, sampling::Stream& stream) {
  return stream.bits(1) != 0 ? Rounding{.overflow = parse_overflow("saturate")} : rounding(n);
}

// Blocks of a level inside an outer one (rows or columns, 0 for all): a divisor.
inline int draw_extent(int outer, sampling::Stream& stream) {
  constexpr std::array extents{1, 2, 3, 4, 6, 8, 12, 16, 24, 0};
  while (true) {
    const int inner = extents[stream.below(extents.size())];
    if (outer == 0 || (inner != 0 && outer % inner == 0)) return inner;
  }
}

// The n-th of the block formats drawn from all that there can be.
inline BlockFormat draw_block_format(std::size_t n, sampling::Stream& stream) {
  while (true) {
    BlockFormat format;
    format.name = "drawn";
    format.element = {draw_element(stream), draw_rounding(n, stream)};
    const std::uint64_t levels = stream.bits(1) != 0 ? 1 + stream.below(3) : 1;
    int rows = 0;
    int columns = 0;
    for (std::uint64_t i = 0; i < levels; ++i) {
      Level level;
      level.rows = rows = draw_extent(rows, stream);
      level.columns = columns = draw_extent(columns, stream);
      level.scale = {draw_scale(stream), draw_rounding(n + 7 * i + 1, stream)};
      level.scale.rounding.flush_inputs = false;
      level.rule = static_cast<ScaleRule>(stream.below(scale_rule_count));
      format.levels.push_back(level);
    }
    try {
      validate(format);
      return varied(format, n, stream);
    } catch (const Error&) {  // fields that contradict each other: draw again
    }
  }
}

}  // namespace halfulp::cases
