// SPDX-License-Identifier: MIT
#include "golden/tensors/error_statistics.h"

#include <algorithm>
#include <cmath>

#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::tensors {
namespace {

// The distance of a number's two neighbours in a format, for many numbers at once.
class Ruler {
 public:
  Ruler(const Format& format, const Engine& engine)
      : engine_(engine),
        down_(engine.prepare(rounding_toward(format, Mode::toward_negative))),
        up_(engine.prepare(rounding_toward(format, Mode::toward_positive))),
        last_step_(last_step(format)) {}

  // Numbers of the format have no neighbours of their own: 0.
  [[nodiscard]] std::vector<double> steps(const std::vector<double>& numbers) const {
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
};

void count_special(const Matrix& in, const Matrix& out, ErrorStatistics& result) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const double before = in.at(i);
    const double after = out.at(i);
    if (std::isnan(before)) ++result.nan_in;
    if (std::isinf(before)) ++result.infinite_in;
    if (std::isnan(after)) ++result.nan_out;
    if (std::isinf(after)) ++result.infinite_out;
    if (!std::isfinite(before)) continue;
    ++(std::isfinite(after) ? result.measured : result.lost);
  }
}

// The sum of squares of numbers whose squares may lie beyond the range of binary64.
class SquareSum {
 public:
  void add(double x) {
    plain_ += x * x;
    of_small_ += (x * up) * (x * up);
    of_large_ += (x * down) * (x * down);
  }
  [[nodiscard]] double plain() const { return plain_; }
  [[nodiscard]] bool is_zero() const { return of_small_ == 0; }
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

constexpr std::size_t block = 4096;

}  // namespace

ErrorStatistics error_statistics(const Unfolded& unfolded, const Quantized& out,
                                 const Random& random, const TensorQuantizer& quantizer,
                                 const Engine& engine) {
  const Matrix& in = unfolded.matrix;
  ErrorStatistics result;
  result.elements = in.size();
  result.flushed = out.counts.flushed;
  result.inexact = out.counts.inexact;
  count_special(in, out.values, result);
  result.saturated = out.counts.saturated;
  if (result.nan_out + result.infinite_out > 0)
    result.saturated = quantizer.saturated(unfolded, out, random);
  const Ruler ruler(quantizer.element(), engine);
  const std::vector<double> scales = quantizer.scales(out);
  SquareSum signal;
  SquareSum noise;
  std::vector<double> numbers;
  for (std::size_t begin = 0; begin < in.size(); begin += block) {
    const std::size_t end = std::min(begin + block, in.size());
    numbers.clear();
    for (std::size_t i = begin; i < end; ++i)
      numbers.push_back(scales.empty() ? in.at(i) : in.at(i) / scales[i]);
    const std::vector<double> steps = ruler.steps(numbers);
    for (std::size_t i = begin; i < end; ++i) {
      const double x = in.at(i);
      const double error = out.values.at(i) - x;
      if (!std::isfinite(x) || !std::isfinite(out.values.at(i))) continue;
      signal.add(x);
      noise.add(error);
      const double step = steps[i - begin] * (scales.empty() ? 1.0 : scales[i]);
      const double ulp = std::abs(error) / step;
      if (error == 0 || !std::isfinite(ulp) || ulp <= result.largest_ulp) continue;
      result.largest_ulp = ulp;
      result.largest_at = i;
    }
  }
  if (result.measured > 0)
    result.mean_square = noise.plain() / static_cast<double>(result.measured);
  result.signal_to_noise = ratio_of(signal, noise);
  return result;
}

ErrorStatistics error_statistics(const Matrix& in, const Matrix& out) {
  ErrorStatistics result;
  result.elements = in.size();
  count_special(in, out, result);
  SquareSum signal;
  SquareSum noise;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const double x = in.at(i);
    const double y = out.at(i);
    if (x != 0 && y == 0) ++result.flushed;
    if (x != y && !(std::isnan(x) && std::isnan(y))) ++result.inexact;
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    signal.add(x);
    noise.add(y - x);
  }
  if (result.measured > 0)
    result.mean_square = noise.plain() / static_cast<double>(result.measured);
  result.signal_to_noise = ratio_of(signal, noise);
  return result;
}

}  // namespace halfulp::tensors
