// SPDX-License-Identifier: MIT
#include "golden/tensors/error_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::tensors {
namespace {

constexpr std::size_t block = 4096;

// Elements [begin, end) as doubles.
std::span<const double> doubles_of(const Matrix& matrix, std::size_t begin, std::size_t end,
                                   std::vector<double>& buffer) {
  if (matrix.carrier == Carrier::binary64)
    return std::span(matrix.doubles).subspan(begin, end - begin);
  buffer.resize(end - begin);
  std::copy(matrix.floats.data() + begin, matrix.floats.data() + end, buffer.data());
  return buffer;
}

// The numbers of a float with subnormals, as far as doubles hold all that is asked: from 2^e to
// 2^(e + 1) their distance is 2^(e - fraction bits), below the least exponent as there.
class FloatGrid {
 public:
  static std::optional<FloatGrid> of(const Format& format) {
    const auto* f = std::get_if<Float>(&format.kind);
    if (f == nullptr || !f->sign || !f->zero || !f->subnormals || !fits_binary64(format))
      return std::nullopt;
    FloatGrid grid;
    grid.fraction_bits_ = f->fraction_bits;
    grid.least_exponent_ = static_cast<int>(1 - f->bias);
    grid.largest_ = nearest_double(largest_finite(format));
    constexpr int least_normal = -1022;
    if (grid.fraction_bits_ > 51 || grid.least_exponent_ - grid.fraction_bits_ < least_normal)
      return std::nullopt;
    return grid;
  }

  // Of a number's two neighbours; 0 of a number of the grid, `beyond` outside of its ends.
  [[nodiscard]] double step(double x, double beyond) const {
    const double a = std::abs(x);
    if (!(a < largest_)) return a > largest_ ? beyond : a == largest_ ? 0 : a;
    const auto field = static_cast<int>(std::bit_cast<std::uint64_t>(a) >> 52U);
    const int exponent = std::max(field - bias, least_exponent_) - fraction_bits_;
    const double steps = a * power_of_two(-exponent);
    // Below 2^52, where the sum with it has no fraction.
    constexpr double whole = 0x1p52;
    return steps + whole - whole == steps ? 0 : power_of_two(exponent);
  }

 private:
  static constexpr int bias = 1023;
  // Of normal numbers.
  static double power_of_two(int exponent) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + bias) << 52U);
  }

  int fraction_bits_ = 0, least_exponent_ = 0;
  double largest_ = 0;
};

// The distance of a number's two neighbours in a format, for many numbers at once.
class Ruler {
 public:
  Ruler(const Format& format, const Engine& engine)
      : engine_(engine),
        down_(engine.prepare(rounding_toward(format, Mode::toward_negative))),
        up_(engine.prepare(rounding_toward(format, Mode::toward_positive))),
        last_step_(last_step(format)),
        grid_(FloatGrid::of(format)) {}

  // Numbers of the format have no neighbours of their own: 0.
  [[nodiscard]] std::vector<double> steps(const std::vector<double>& numbers) const {
    if (grid_) {
      std::vector<double> steps(numbers.size());
      for (std::size_t i = 0; i < numbers.size(); ++i)
        steps[i] = grid_->step(numbers[i], last_step_);
      return steps;
    }
    std::vector<double> below(numbers.size());
    std::vector<double> above(numbers.size());
    const View in = view_of(std::span<const double>(numbers));
    engine_.round(in, down_, Random{}, view_of(std::span<double>(below)), nullptr);
    engine_.round(in, up_, Random{}, view_of(std::span<double>(above)), nullptr);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const bool on_grid = below[i] == numbers[i];
      above[i] = above[i] == below[i] && !on_grid ? last_step_ : above[i] - below[i];
    }
    return above;
  }

 private:
  static Quantizer rounding_toward(const Format& format, Mode mode) {
    Quantizer quantizer{.format = format, .rounding = {}};
    quantizer.rounding.mode = mode;
    quantizer.rounding.overflow = parse_overflow("saturate");
    return quantizer;
  }

  static double last_step(const Format& format) {
    const Range range = finite_range(format);
    if (range.lowest == range.highest) return 0;
    return nearest_double(value_at(format, range.highest)) -
           nearest_double(value_at(format, range.highest - 1));
  }

  const Engine& engine_;
  Plan down_, up_;
  double last_step_;
  std::optional<FloatGrid> grid_;
};

template <typename Result>
void count_special(std::span<const double> in, std::span<const double> out, Result& result) {
  std::uint64_t nan_in = 0;
  std::uint64_t special_in = 0;
  std::uint64_t nan_out = 0;
  std::uint64_t special_out = 0;
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const bool finite = std::isfinite(in[i]);
    const bool stays = std::isfinite(out[i]);
    nan_in += std::isnan(in[i]) ? 1 : 0;
    nan_out += std::isnan(out[i]) ? 1 : 0;
    special_in += finite ? 0 : 1;
    special_out += stays ? 0 : 1;
    lost += finite && !stays ? 1 : 0;
  }
  result.nan_in += nan_in;
  result.infinite_in += special_in - nan_in;
  result.nan_out += nan_out;
  result.infinite_out += special_out - nan_out;
  result.lost += lost;
  result.measured += in.size() - special_in - lost;
}

// The sum of squares of numbers whose squares may lie beyond the range of binary64. The sum of
// small ones is asked for only where the plain one stays below `least`, to which it never comes
// back; in that of large ones, squares of numbers below 2^62 are zero.
class SquareSum {
 public:
  void add(double x) {
    plain_ += x * x;
    if (plain_ < least) of_small_ += (x * up) * (x * up);
    if (std::abs(x) >= 0x1p60) of_large_ += (x * down) * (x * down);
  }
  [[nodiscard]] double plain() const { return plain_; }
  [[nodiscard]] bool is_zero() const { return plain_ == 0 && of_small_ == 0; }
  [[nodiscard]] bool is_normal() const { return std::isnormal(plain_) && plain_ >= least; }
  [[nodiscard]] double log10() const {
    constexpr double decades = 1200 * 0.30102999566398119521;  // of a square: log10(2^1200)
    if (is_normal()) return std::log10(plain_);
    return plain_ < least ? std::log10(of_small_) - decades : std::log10(of_large_) + decades;
  }

 private:
  static constexpr double up = 0x1p600, down = 0x1p-600;
  static constexpr double least = 0x1p-900;  // sums below have lost squares
  double plain_ = 0, of_small_ = 0, of_large_ = 0;
};

// In decibels; none where there is no error or no signal.
std::optional<double> ratio_of(const SquareSum& signal, const SquareSum& noise) {
  if (signal.is_zero() || noise.is_zero()) return std::nullopt;
  const double ratio = signal.plain() / noise.plain();
  const bool plain = signal.is_normal() && noise.is_normal() && std::isnormal(ratio);
  return 10 * (plain ? std::log10(ratio) : signal.log10() - noise.log10());
}

// Calls visit(begin, in, out) for one run of elements after the other.
template <typename Visit>
void for_each_run(const Matrix& in, const Matrix& out, const Visit& visit) {
  std::vector<double> before;
  std::vector<double> after;
  for (std::size_t begin = 0; begin < in.size(); begin += block) {
    const std::size_t end = std::min(begin + block, in.size());
    const std::span<const double> of_in = doubles_of(in, begin, end, before);
    visit(begin, of_in, doubles_of(out, begin, end, after));
  }
}

}  // namespace

struct ErrorSum::State {
  State(const TensorQuantizer& q, const Engine& engine)
      : quantizer(q), ruler(q.element(), engine) {}

  const TensorQuantizer& quantizer;
  const Ruler ruler;
  ErrorStatistics result;
  SquareSum signal, noise;
};

ErrorSum::ErrorSum(const TensorQuantizer& quantizer, const Engine& engine)
    : state_(std::make_unique<State>(quantizer, engine)) {}

ErrorSum::~ErrorSum() = default;

// What was delivered as no number is left out of Counts::saturated where there is such: without it
// both counts are the same.
ErrorParts ErrorSum::errors_of(const Unfolded& unfolded, const Quantized& out,
                               const Random& random) const {
  ErrorParts found;
  const std::vector<double> scales = state_->quantizer.scales(out);
  std::vector<double> numbers;
  for_each_run(unfolded.matrix, out.values, [&](std::size_t begin, auto in, auto after) {
    count_special(in, after, found);
    numbers.assign(in.begin(), in.end());
    if (!scales.empty()) {
      for (std::size_t i = 0; i < in.size(); ++i) numbers[i] /= scales[begin + i];
    }
    const std::vector<double> steps = state_->ruler.steps(numbers);
    for (std::size_t i = 0; i < in.size(); ++i) {
      const double error = after[i] - in[i];
      const double step = steps[i] * (scales.empty() ? 1.0 : scales[begin + i]);
      // Most are far below: a product decides, a little less for what rounding takes.
      constexpr double almost = 1 - 0x1p-48;
      if (!(std::abs(error) > found.largest_ulp * step * almost)) continue;
      const double ulp = std::abs(error) / step;
      // Of what is not finite the error is not.
      if (!(ulp > found.largest_ulp) || !std::isfinite(ulp) || !std::isfinite(error)) continue;
      found.largest_ulp = ulp;
      found.largest_at = begin + i;
    }
  });
  found.saturated = found.nan_out + found.infinite_out > 0
                        ? state_->quantizer.saturated(unfolded, out, random)
                        : out.counts.saturated;
  return found;
}

void ErrorSum::add(const Matrix& in, const Quantized& out, const ErrorParts& errors) {
  ErrorStatistics& all = state_->result;
  if (errors.largest_ulp > all.largest_ulp) {
    all.largest_ulp = errors.largest_ulp;
    all.largest_at = static_cast<std::size_t>(all.elements) + errors.largest_at;
  }
  all.elements += in.size();
  all.flushed += out.counts.flushed;
  all.inexact += out.counts.inexact;
  all.saturated += errors.saturated;
  all.nan_in += errors.nan_in;
  all.infinite_in += errors.infinite_in;
  all.nan_out += errors.nan_out;
  all.infinite_out += errors.infinite_out;
  all.lost += errors.lost;
  all.measured += errors.measured;
  SquareSum signal = state_->signal;
  SquareSum noise = state_->noise;
  for_each_run(in, out.values, [&](std::size_t, auto before, auto after) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (!std::isfinite(before[i]) || !std::isfinite(after[i])) continue;
      signal.add(before[i]);
      noise.add(after[i] - before[i]);
    }
  });
  state_->signal = signal;
  state_->noise = noise;
}

ErrorStatistics ErrorSum::result() const {
  ErrorStatistics result = state_->result;
  if (result.measured > 0)
    result.mean_square = state_->noise.plain() / static_cast<double>(result.measured);
  result.signal_to_noise = ratio_of(state_->signal, state_->noise);
  return result;
}

ErrorStatistics error_statistics(const Unfolded& in, const Quantized& out, const Random& random,
                                 const TensorQuantizer& quantizer, const Engine& engine) {
  ErrorSum sum(quantizer, engine);
  sum.add(in.matrix, out, sum.errors_of(in, out, random));
  return sum.result();
}

ErrorStatistics error_statistics(const Matrix& in, const Matrix& out) {
  ErrorStatistics result;
  result.elements = in.size();
  SquareSum signal;
  SquareSum noise;
  for_each_run(in, out, [&](std::size_t, auto before, auto after) {
    count_special(before, after, result);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const double x = before[i];
      const double y = after[i];
      if (x != 0 && y == 0) ++result.flushed;
      if (x != y && !(std::isnan(x) && std::isnan(y))) ++result.inexact;
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      signal.add(x);
      noise.add(y - x);
    }
  });
  if (result.measured > 0)
    result.mean_square = noise.plain() / static_cast<double>(result.measured);
  result.signal_to_noise = ratio_of(signal, noise);
  return result;
}

}  // namespace halfulp::tensors
