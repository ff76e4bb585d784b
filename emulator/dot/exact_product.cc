// SPDX-License-Identifier: MIT
//
// Exact sums of products whose numbers lie so close together that integers of 128 bits hold them:
// tiles add them in pairs of doubles (kernels/tiles.h), so many terms at a time; their totals are
// rounded to odd in binary64, and then by the unit.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "emulator/arrays/carried.h"
#include "emulator/dot/dot.h"
#include "emulator/dot/lanes.h"
#include "emulator/dot/native_matrix.h"
#include "emulator/environment.h"
#include "emulator/kernels/tiles.h"
#include "emulator/scalar/exact.h"
#include "emulator/scalar/operand.h"

namespace halfulp::emulator {
namespace {

__extension__ using Total = __int128;

// Of a single sum, between two looks at the flags.
constexpr std::size_t single_terms = 2048;

double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// Totals are multiples of 2^unit, of at most so many bits with the addend.
constexpr int most_bits = 126;

Total total_of(const kernels::ExactSplit& split, double high, double low) {
  const auto units_of_split = static_cast<std::int64_t>(high * power_of_two(-split.split));
  const auto units = static_cast<std::int64_t>(low * power_of_two(-split.unit));
  return (Total{units_of_split} << (split.split - split.unit)) + units;
}

double to_odd(Total total, int unit) {
  const bool negative = total < 0;
  Code magnitude = negative ? Code{0} - static_cast<Code>(total) : static_cast<Code>(total);
  const int beyond = std::max(bit_length(magnitude) - 53, 0);
  magnitude = shift_right_jam(magnitude, beyond);
  const double number =
      static_cast<double>(static_cast<std::uint64_t>(magnitude)) * power_of_two(unit + beyond);
  return negative ? -number : number;
}

class ExactProduct {
 public:
  ExactProduct(const MatrixOperands& operands, const CompiledDot& unit, const Random& random,
               const MutableView& out)
      : operands_(operands),
        unit_(unit),
        random_(random),
        out_(out),
        lanes_(random, unit.draws.bits) {}

  bool run() {
    inner_ = operands_.a.columns;
    const NativeMatrix<float> a(operands_.a);
    const NativeMatrix<float> b(operands_.b);
    if (inner_ == 0 || !a.exact() || !b.exact()) return false;
    if (in_single_sums(a, b)) return true;
    const kernels::Survey left = kernels::survey(a.data(), out_.rows, inner_, a.stride());
    const kernels::Survey right = kernels::survey(b.data(), inner_, out_.columns, b.stride());
    const bool zero = left.least_exponent > 127 || right.least_exponent > 127;
    const int most = zero ? 0 : left.most_exponent + right.most_exponent + 2;
    const int least = zero ? 0 : left.least_exponent + right.least_exponent;
    if (left.most_exponent > 127 || right.most_exponent > 127) return false;
    terms_ = std::min(kernels::exact_terms(least, most), inner_);
    const int bits = most - least + static_cast<int>(std::bit_width(inner_));
    if (terms_ == 0 || terms_ < std::min<std::size_t>(inner_, 16) || bits > most_bits) return false;
    split_ = kernels::exact_split(least, terms_);
    out_.rows < 3 || out_.columns < 8 ? one_by_one(a, b) : by_panels(a, b);
    return true;
  }

 private:
  // Sums that stay exact in one binary64 number each, which the processor's flags tell. Of products
  // with one column, whose terms are lanes, and without C. False, and nothing done, where some sum
  // does not.
  bool in_single_sums(const NativeMatrix<float>& a, const NativeMatrix<float>& b) {
    if (out_.columns != 1 || b.stride() != 1 || operands_.addend) return false;
    std::vector<double> sums(out_.rows);
    const StandardEnvironment environment;
    for (std::size_t r = 0; r < out_.rows; ++r) {
      const float* row = a.data() + r * a.stride();
      for (std::size_t first = 0; first < inner_; first += single_terms) {
        const std::size_t terms = std::min(single_terms, inner_ - first);
        sums[r] = kernels::add_products(row + first, b.data() + first, terms, sums[r]);
        if (!environment.was_exact()) return false;
      }
      if (!std::isfinite(sums[r])) return false;
    }
    for (std::size_t r = 0; r < out_.rows; ++r)
      round_row(r, 0, 1, [&](std::size_t /*column*/) { return sums[r]; });
    return true;
  }

  void one_by_one(const NativeMatrix<float>& a, const NativeMatrix<float>& b) {
    std::vector<float> column(b.stride() == 1 ? 0 : inner_);
    std::vector<Total> totals(out_.columns * out_.rows);
    for (std::size_t c = 0; c < out_.columns; ++c) {
      for (std::size_t k = 0; k < column.size(); ++k) column[k] = b.data()[k * b.stride() + c];
      const float* right = column.empty() ? b.data() + c : column.data();
      for (std::size_t r = 0; r < out_.rows; ++r) {
        for (std::size_t first = 0; first < inner_; first += terms_) {
          double high = 0;
          double low = 0;
          kernels::add_exactly(a.data() + r * a.stride() + first, right + first,
                               std::min(terms_, inner_ - first), split_, &high, &low);
          totals[r * out_.columns + c] += total_of(split_, high, low);
        }
      }
    }
    for (std::size_t r = 0; r < out_.rows; ++r)
      round_totals(r, 0, out_.columns, totals.data() + r * out_.columns);
  }

  void by_panels(const NativeMatrix<float>& a, const NativeMatrix<float>& b) {
    const View left{a.data(), Carrier::binary32, out_.rows, inner_, a.stride()};
    const std::vector<double> doubles = doubles_of(left, false);
    const kernels::NarrowMatrices<double> m{
        .a = doubles.data(), .b = b.data(), .a_stride = inner_, .b_stride = b.stride()};
    const kernels::Shape shape{.rows = out_.rows, .inner = inner_, .columns = out_.columns};
    const std::size_t width = kernels::exact_panel_columns();
    std::vector<double> high(out_.rows * width);
    std::vector<double> low(out_.rows * width);
    std::vector<Total> totals(out_.rows * width);
    for (std::size_t column = 0; column < out_.columns; column += width) {
      std::fill(totals.begin(), totals.end(), Total{0});
      for (std::size_t first = 0; first < inner_; first += terms_) {
        const kernels::ExactPanel panel{column, first, std::min(first + terms_, inner_)};
        kernels::add_exactly(shape, m, panel, split_, high.data(), low.data());
        for (std::size_t i = 0; i < totals.size(); ++i)
          totals[i] += total_of(split_, high[i], low[i]);
      }
      const std::size_t columns = std::min(width, out_.columns - column);
      for (std::size_t r = 0; r < out_.rows; ++r)
        round_totals(r, column, columns, totals.data() + r * width);
    }
  }

  void round_totals(std::size_t row, std::size_t column, std::size_t count, Total* totals) {
    round_row(row, column, count, [&](std::size_t i) {
      const bool added = add_addend(row, column + i, totals[i]);
      return added ? to_odd(totals[i], split_.unit) : 0.0;
    });
  }

  // Results of a row from a column on. number(i): the i-th sum, exact or rounded to odd; 0 where it
  // is zero or is not known.
  template <typename Number>
  void round_row(std::size_t row, std::size_t column, std::size_t count, const Number& number) {
    const std::uint64_t of_result = draws_per_result(unit_.draws, inner_);
    for (std::size_t first = 0; first < count; first += draw_segment) {
      const std::size_t part = std::min(draw_segment, count - first);
      left_.clear();
      for (std::size_t i = 0; i < part; ++i) {
        const std::size_t at = column + first + i;
        numbers_[i] = number(first + i);
        if (numbers_[i] == 0.0) left_.push_back(at);
      }
      lanes_.resize(part);
      std::fill(numbers_.data() + part, numbers_.data() + lanes_.padded(), 0.0);
      const Draws draws{(row * out_.columns + column + first) * of_result, of_result, part};
      lanes_.convert(*unit_.sums.front(), draws, numbers_.data(), numbers_.data());
      // Those that are left may have C, which stands in their place.
      std::vector<double> others;
      for (const std::size_t at : left_) others.push_back(by_element(row, at));
      for (std::size_t i = 0; i < part; ++i)
        store_result(out_, row, column + first + i, numbers_[i]);
      for (std::size_t i = 0; i < left_.size(); ++i) store_result(out_, row, left_[i], others[i]);
    }
  }

  // False where it is too far from the total.
  bool add_addend(std::size_t row, std::size_t column, Total& total) const {
    if (!operands_.addend) return true;
    const Operand c = load_operand(*operands_.addend, row, column);
    if (c.kind == Operand::Class::zero) return true;
    if (c.kind != Operand::Class::finite) return false;
    Code significand = c.significand;
    std::int64_t exponent = c.exponent;
    const int zeros = trailing_zeros(significand);
    significand >>= zeros;
    exponent += zeros - split_.unit;
    if (exponent < 0 || exponent + bit_length(significand) > most_bits) return false;
    const auto number = static_cast<Total>(significand << static_cast<int>(exponent));
    total += c.negative ? -number : number;
    return true;
  }

  // Zeros, whose sign is that of their terms, and what has an addend far away.
  [[nodiscard]] double by_element(std::size_t row, std::size_t column) const {
    MatrixOperands one{
        part_of(operands_.a, row, 0, 1, inner_), part_of(operands_.b, 0, column, inner_, 1), {}};
    if (operands_.addend) one.addend = part_of(*operands_.addend, row, column, 1, 1);
    Random moved = random_;
    moved.offset += (row * out_.columns + column) * draws_per_result(unit_.draws, inner_);
    double result = 0;
    multiply_by_element(one, unit_, moved, view_of(&result, 1, 1));
    return result;
  }

  const MatrixOperands& operands_;
  const CompiledDot& unit_;
  const Random& random_;
  const MutableView& out_;
  Lanes lanes_;
  std::size_t inner_ = 0, terms_ = 0;
  kernels::ExactSplit split_;
  Lanes::Numbers numbers_{};
  std::vector<std::size_t> left_;
};

}  // namespace

bool multiply_exactly(const MatrixOperands& operands, const CompiledDot& unit, const Random& random,
                      const MutableView& out) {
  return ExactProduct(operands, unit, random, out).run();
}

}  // namespace halfulp::emulator
