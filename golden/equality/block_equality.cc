// SPDX-License-Identifier: MIT
#include "golden/equality/block_equality.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "golden/equality/cases.h"
#include "golden/equality/digest.h"
#include "reference/engine.h"

namespace halfulp::equality {
namespace {

constexpr std::uint64_t matrix_seed = 3;

class Dice {
 public:
  explicit Dice(std::uint64_t stream) : random_{.seed = matrix_seed, .stream = stream} {}
  std::uint64_t below(std::uint64_t bound) { return random_.bits(next_++, 64) % bound; }
  Code code(const Format& format) {
    const Code low = random_.bits(next_++, 64);
    const Code high = random_.bits(next_++, 64);
    return ((high << 64) | low) & ((Code{1} << bits(format)) - 1);
  }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

struct Shape {
  std::size_t rows = 0, columns = 0, gap = 0;
};

Shape draw_shape(Dice& dice) {
  constexpr std::array<Shape, 10> shapes{{{1, 96, 0},
                                          {3, 40, 2},
                                          {2, 33, 0},
                                          {1, 1, 0},
                                          {7, 1, 3},
                                          {17, 18, 0},
                                          {26, 5, 1},
                                          {4, 48, 0},
                                          {1, 150, 0},
                                          {5, 31, 0}}};
  return shapes.at(dice.below(shapes.size()));
}

template <typename T>
struct Matrix {
  Shape shape;
  std::vector<T> numbers;

  explicit Matrix(const Shape& s)
      : shape(s), numbers(s.rows * (s.columns + s.gap), std::numeric_limits<T>::quiet_NaN()) {}
  [[nodiscard]] std::size_t place(std::size_t row, std::size_t column) const {
    return row * (shape.columns + shape.gap) + column;
  }
  [[nodiscard]] View view() const {
    View v = view_of(numbers.data(), shape.rows, shape.columns);
    v.stride = shape.columns + shape.gap;
    return v;
  }
  MutableView view() {
    MutableView v = view_of(numbers.data(), shape.rows, shape.columns);
    v.stride = shape.columns + shape.gap;
    return v;
  }
};

// The numbers of one matrix. Eight in a row share a factor, and whether they are zeros.
template <typename T>
class Drawer {
 public:
  Drawer(const BlockFormat& format, std::uint64_t number, Dice& dice)
      : format_(format),
        number_(number),
        dice_(dice),
        carrier_(find_format(sizeof(T) == sizeof(float) ? "binary32" : "binary64")) {
    constexpr int reach = sizeof(T) == sizeof(float) ? 130 : 1050;
    const std::uint64_t place = dice.below(8);
    base_ = static_cast<int>(dice.below(24)) - 12;
    if (place == 0) base_ -= reach;
    if (place == 1) base_ += reach - 12;
    wild_ = dice.below(4) == 0;
  }

  Matrix<T> draw(const Shape& shape) {
    Matrix<T> matrix(shape);
    for (std::size_t row = 0; row < shape.rows; ++row) {
      for (std::size_t column = 0; column < shape.columns; ++column) {
        if (column % 8 == 0) start_group();
        matrix.numbers[matrix.place(row, column)] = draw_number();
      }
    }
    return matrix;
  }

 private:
  void start_group() {
    zeros_ = dice_.below(8) == 0;
    factor_ = std::ldexp(1.0, base_ + static_cast<int>(dice_.below(5)));
    const Format& scale = format_.levels.back().scale.format;
    const Value number = decode(scale, dice_.code(scale));
    if (dice_.below(2) == 0 || !number.is_finite() || number.is_zero()) return;
    factor_ = std::ldexp(std::abs(to_double(scaled(number, -leading_exponent(number)))), base_);
  }

  T draw_number() {
    const std::uint64_t choice = dice_.below(24);
    const std::uint64_t index = number_ << 16 | next_++;
    if (zeros_ || choice == 0) return dice_.below(2) == 0 ? T{0} : -T{0};
    if (wild_ && choice < 4) {
      const Code code = cases_.input(carrier_, carrier_, index);
      if constexpr (sizeof(T) == sizeof(float)) {
        return std::bit_cast<float>(static_cast<std::uint32_t>(code));
      } else {
        return std::bit_cast<double>(static_cast<std::uint64_t>(code));
      }
    }
    static const Format binary64 = find_format("binary64");
    const Code code = cases_.input(binary64, format_.element.format, index);
    const double x = std::bit_cast<double>(static_cast<std::uint64_t>(code)) * factor_;
    return std::isfinite(static_cast<T>(x)) || wild_ ? static_cast<T>(x) : static_cast<T>(factor_);
  }

  const BlockFormat& format_;
  std::uint64_t number_;
  Dice& dice_;
  Format carrier_;
  CaseDrawer cases_{matrix_seed};
  std::uint64_t next_ = 0;
  int base_ = 0;
  double factor_ = 1;
  bool wild_ = false, zeros_ = false;
};

BlockFormat varied(const BlockFormat& format, std::uint64_t number, const std::vector<Mode>& modes,
                   Dice& dice) {
  constexpr std::array<int, 8> widths{32, 8, 1, 16, 23, 33, 64, 5};
  BlockFormat varied = format;
  varied.element.rounding.mode = modes[number / 2 % modes.size()];
  varied.element.rounding.random_bits = widths.at(dice.below(widths.size()));
  if (number % 2 == 0) return varied;
  BlockFormat choices = varied;
  choices.zero_scale = static_cast<ZeroScale>(dice.below(3));
  choices.special = static_cast<SpecialBlock>(dice.below(4));
  try {
    validate(choices);
    return choices;
  } catch (const Error&) {  // not under this format's arithmetic
    return varied;
  }
}

template <typename T>
bool same_bits(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

template <typename T>
std::string hexadecimal(T x) {
  return hexadecimal_text(from_double(static_cast<double>(x)));
}

// One matrix: what goes in, and what an engine makes of it.
template <typename Out>
struct Result {
  explicit Result(const Shape& shape) : values(shape) {}
  Matrix<Out> values;
  BlockCodes codes;
  Counts counts;
};

class MatrixCheck {
 public:
  MatrixCheck(const Matrices& matrices, const std::vector<Mode>& modes, const Engine& engine)
      : matrices_(matrices), modes_(modes), engine_(engine) {}

  // Against the reference, or into the digest alone.
  void run(std::uint64_t number, bool digest_only) {
    digest_only_ = digest_only;
    number_ = number;
    Dice dice(number);
    format_ = varied(matrices_.format, number, modes_, dice);
    const Shape shape = draw_shape(dice);
    const std::uint64_t carriers = dice.below(6);
    if (matrices_.decoded) {
      carriers % 2 == 0 ? decode_codes<float>(shape, dice) : decode_codes<double>(shape, dice);
    } else if (carriers == 0) {
      quantize<float, double>(shape, dice);
    } else if (carriers == 1) {
      quantize<double, float>(shape, dice);
    } else if (carriers == 2) {
      quantize<double, double>(shape, dice);
    } else {
      quantize<float, float>(shape, dice);
    }
  }

  Tally tally;
  Digest digest;

 private:
  template <typename In, typename Out>
  void quantize(const Shape& shape, Dice& dice) {
    const Matrix<In> in = Drawer<In>(format_, number_, dice).draw(shape);
    const Random random{.seed = number_, .stream = dice.below(100), .offset = 0};
    const auto result_of = [&](const Engine& engine) {
      Result<Out> result(shape);
      engine.quantize(in.view(), engine.prepare_block(format_), random, result.values.view(),
                      &result.codes, &result.counts);
      return result;
    };
    const Result<Out> got = result_of(engine_);
    if (digest_only_) return add_to_digest(got);
    const Result<Out> want = result_of(reference::engine());
    compare_scales(got.codes, want.codes);
    compare_values(got.values, want.values, &in);
    ++tally.cases;
    if (got.codes.elements != want.codes.elements) report("codes of the elements", "", "");
    ++tally.cases;
    if (got.counts != want.counts) report("counts", text(got.counts), text(want.counts));
  }

  // Any codes, as long as the scales fit the shape.
  template <typename Out>
  void decode_codes(const Shape& shape, Dice& dice) {
    BlockCodes codes;
    const Format& element = format_.element.format;
    const std::size_t bytes = packed_bytes(element, shape.rows * shape.columns);
    for (std::size_t i = 0; i < bytes; ++i) {
      codes.elements.push_back(static_cast<std::uint8_t>(dice.below(256)));
    }
    std::size_t blocks = 0;
    for (const Level& level : format_.levels) {
      blocks = partition(level, shape.rows, shape.columns).count();
      codes.scales.emplace_back();
      for (std::size_t k = 0; k < blocks; ++k)
        codes.scales.back().push_back(dice.code(level.scale.format));
    }
    if (format_.levels.back().rule == ScaleRule::range) {
      const auto& integer = std::get<Fixed>(element.kind);
      const auto codes_count = std::uint64_t{1} << integer.bits;
      const auto lowest =
          integer.sign ? -static_cast<std::int64_t>(codes_count / 2) : std::int64_t{0};
      for (std::size_t k = 0; k < blocks; ++k) {
        codes.zero_points.push_back(lowest + static_cast<std::int64_t>(dice.below(codes_count)));
      }
    }
    Matrix<Out> got(shape);
    engine_.dequantize(codes, engine_.prepare_block(format_), got.view());
    if (digest_only_) {
      for (const Out x : got.numbers) digest.add_number(x);
      return;
    }
    Matrix<Out> want(shape);
    reference::engine().dequantize(codes, reference::engine().prepare_block(format_), want.view());
    compare_values<Out, Out>(got, want, nullptr);
  }

  template <typename Out>
  void add_to_digest(const Result<Out>& result) {
    for (const Out x : result.values.numbers) digest.add_number(x);
    for (const std::uint8_t byte : result.codes.elements) digest.add(byte);
    for (const auto& level : result.codes.scales) {
      for (const Code code : level) digest.add(static_cast<std::uint64_t>(code));
    }
  }

  void compare_scales(const BlockCodes& got, const BlockCodes& want) {
    for (std::size_t l = 0; l < want.scales.size(); ++l) {
      const Format& format = format_.levels[l].scale.format;
      for (std::size_t k = 0; k < want.scales[l].size(); ++k) {
        ++tally.cases;
        const Code a = k < got.scales[l].size() ? got.scales[l][k] : ~Code{0};
        if (a != want.scales[l][k])
          report("scale " + std::to_string(k) + " of level " + std::to_string(l),
                 code_text(format, a), code_text(format, want.scales[l][k]));
      }
    }
    ++tally.cases;
    if (got.zero_points != want.zero_points) report("zero points", "", "");
  }

  template <typename In, typename Out>
  void compare_values(const Matrix<Out>& got, const Matrix<Out>& want, const Matrix<In>* in) {
    for (std::size_t row = 0; row < want.shape.rows; ++row) {
      for (std::size_t column = 0; column < want.shape.columns; ++column) {
        const std::size_t i = want.place(row, column);
        ++tally.cases;
        if (same_bits(got.numbers[i], want.numbers[i])) continue;
        std::string where = "element (" + std::to_string(row) + ", " + std::to_string(column) + ")";
        if (in != nullptr) where += " " + hexadecimal(in->numbers[i]);
        report(where, hexadecimal(got.numbers[i]), hexadecimal(want.numbers[i]));
      }
    }
  }

  static std::string text(const Counts& counts) {
    return counted(counts.elements, "element") + ", " + std::to_string(counts.saturated) +
           " saturated, " + std::to_string(counts.flushed) + " flushed, " +
           std::to_string(counts.inexact) + " inexact";
  }

  void report(const std::string& where, const std::string& got, const std::string& want) {
    ++tally.mismatches;
    if (tally.first.size() >= most_shown) return;
    std::string line = matrices_.format.name + (matrices_.decoded ? " dequantize" : " quantize") +
                       " matrix " + std::to_string(number_) + ", " + where;
    line += got.empty() ? " differ" : ": got " + got + ", want " + want;
    tally.first.push_back(line + ", with " + to_json(format_).dump());
  }

  const Matrices& matrices_;
  const std::vector<Mode>& modes_;
  const Engine& engine_;
  bool digest_only_ = false;
  std::uint64_t number_ = 0;
  BlockFormat format_;
};

}  // namespace

Tally check_matrices(const Matrices& matrices, const CaseRange& range,
                     const std::vector<Mode>& modes, const Engine& engine) {
  MatrixCheck check(matrices, modes, engine);
  for (std::uint64_t i = range.begin; i < range.end; ++i) check.run(i, false);
  return check.tally;
}

std::uint64_t digest_matrices(const Matrices& matrices, const CaseRange& range,
                              const std::vector<Mode>& modes, const Engine& engine) {
  MatrixCheck check(matrices, modes, engine);
  for (std::uint64_t i = range.begin; i < range.end; ++i) check.run(i, true);
  return check.digest.value();
}

}  // namespace halfulp::equality
