// SPDX-License-Identifier: MIT
#include "golden/tensors/error_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "golden/tensors/error_lanes.h"

namespace halfulp::tensors {
namespace {

void copy_some(const Matrix& matrix, std::size_t begin, std::size_t count,
               ErrorRun::Numbers& numbers) {
  if (matrix.carrier == Carrier::binary32) {
    copy_numbers(matrix.floats.data() + begin, count, numbers);
  } else {
    copy_numbers(matrix.doubles.data() + begin, count, numbers);
  }
}

// Calls visit(begin) for one run of elements after the other, which then stand in `run`.
template <typename Visit>
void for_each_run(const Matrix& in, const Matrix& out, ErrorRun& run, const Visit& visit) {
  for (std::size_t begin = 0; begin < in.size(); begin += ErrorRun::most) {
    run.count = std::min(ErrorRun::most, in.size() - begin);
    copy_some(in, begin, run.count, run.before);
    copy_some(out, begin, run.count, run.after);
    visit(begin);
  }
}

// The errors of elements in units of the last place of a format.
class Ruler {
 public:
  Ruler(const Format& format, const Engine& engine)
      : engine_(engine),
        down_(engine.prepare(rounding_toward(format, Mode::toward_negative))),
        up_(engine.prepare(rounding_toward(format, Mode::toward_positive))),
        last_step_(last_step(format)),
        grid_(FloatGrid::of(format)) {}

  // As ulps_of; true as well where nobody looked.
  bool measure(const ErrorRun& run, double bound, ErrorRun::Numbers& ulps) const {
    if (grid_) return ulps_of(run, *grid_, bound, ulps);
    std::vector<double> numbers(run.before.begin(), run.before.begin() + run.count);
    for (std::size_t i = 0; run.scaled && i < run.count; ++i) numbers[i] /= run.scales[i];
    const std::vector<double> steps = steps_of(numbers);
    for (std::size_t i = 0; i < run.count; ++i) {
      const double step = steps[i] * (run.scaled ? run.scales[i] : 1.0);
      ulps[i] = std::abs(run.after[i] - run.before[i]) / step;
    }
    return true;
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

  // The distances of the numbers' two neighbours. Numbers of the format have no neighbours of their
  // own: 0.
  [[nodiscard]] std::vector<double> steps_of(const std::vector<double>& numbers) const {
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

  const Engine& engine_;
  Plan down_, up_;
  double last_step_;
  std::optional<FloatGrid> grid_;
};

template <typename Result>
void count_special(const ErrorRun& run, Result& result) {
  if (all_finite(run)) {
    result.measured += run.count;
    return;
  }
  for (std::size_t i = 0; i < run.count; ++i) {
    const double in = run.before[i];
    const double out = run.after[i];
    const bool finite = std::isfinite(in);
    const bool stays = std::isfinite(out);
    result.nan_in += std::isnan(in) ? 1 : 0;
    result.infinite_in += std::isinf(in) ? 1 : 0;
    result.nan_out += std::isnan(out) ? 1 : 0;
    result.infinite_out += std::isinf(out) ? 1 : 0;
    result.lost += finite && !stays ? 1 : 0;
    result.measured += finite && stays ? 1 : 0;
  }
}

// The sum of squares of numbers whose squares may lie beyond the range of binary64. The sum of
// small ones is asked for only where the plain one stays below `least`, to which it never comes
// back; in that of large ones, squares of numbers below 2^62 are zero.
class SquareSum {
 public:
  // From here on numbers need the plain sum alone, but for those of `large` magnitude.
  static constexpr double large = 0x1p60;
  [[nodiscard]] bool is_settled() const { return plain_ >= least; }
  void add_square(double square) { plain_ += square; }

  void add(double x) {
    plain_ += x * x;
    if (plain_ < least) of_small_ += (x * up) * (x * up);
    if (std::abs(x) >= large) of_large_ += (x * down) * (x * down);
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

// The sums of what the elements were and of their errors, each in the order of the elements.
class ErrorSquares {
 public:
  [[nodiscard]] const SquareSum& signal() const { return signal_; }
  [[nodiscard]] const SquareSum& noise() const { return noise_; }

  void add(const ErrorRun& run) {
    if (signal_.is_settled() && add_usual(run)) return;
    for (std::size_t i = 0; i < run.count; ++i) {
      if (!std::isfinite(run.before[i]) || !std::isfinite(run.after[i])) continue;
      signal_.add(run.before[i]);
      noise_.add(run.after[i] - run.before[i]);
    }
  }

 private:
  // Squares first, which do not wait for each other as the steps of a sum do; two sums go side by
  // side. False, and nothing added, where that is not all: an element is large or no number, or the
  // sum of the errors is not settled and there is one.
  bool add_usual(const ErrorRun& run) {
    Squares squares;
    find_squares(run, SquareSum::large, squares);
    if (!squares.usual || !(noise_.is_settled() || squares.exact)) return false;
    SquareSum signal = signal_;
    SquareSum noise = noise_;
    for (std::size_t i = 0; i < run.count; ++i) {
      signal.add_square(squares.signal[i]);
      noise.add_square(squares.noise[i]);
    }
    signal_ = signal;
    noise_ = noise;
    return true;
  }

  SquareSum signal_, noise_;
};

// In decibels; none where there is no error or no signal.
std::optional<double> ratio_of(const SquareSum& signal, const SquareSum& noise) {
  if (signal.is_zero() || noise.is_zero()) return std::nullopt;
  const double ratio = signal.plain() / noise.plain();
  const bool plain = signal.is_normal() && noise.is_normal() && std::isnormal(ratio);
  return 10 * (plain ? std::log10(ratio) : signal.log10() - noise.log10());
}

// The first of the largest finite ones, where it is larger than what was found before.
void find_largest(const ErrorRun::Numbers& ulps, std::size_t count, std::size_t begin,
                  ErrorParts& found) {
  constexpr double greatest = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < count; ++i) {
    if (!(ulps[i] > found.largest_ulp) || !(ulps[i] <= greatest)) continue;
    found.largest_ulp = ulps[i];
    found.largest_at = begin + i;
  }
}

}  // namespace

struct ErrorSum::State {
  State(const TensorQuantizer& q, const Engine& engine)
      : quantizer(q), ruler(q.element(), engine) {}

  const TensorQuantizer& quantizer;
  const Ruler ruler;
  ErrorStatistics result;
  ErrorSquares squares;
};

ErrorSum::ErrorSum(const TensorQuantizer& quantizer, const Engine& engine)
    : state_(std::make_unique<State>(quantizer, engine)) {}

ErrorSum::~ErrorSum() = default;

// What was delivered as no number is left out of Counts::saturated where there is such: without it
// both counts are the same.
ErrorParts ErrorSum::errors_of(const Unfolded& unfolded, const Quantized& out,
                               const Random& random) const {
  ErrorParts found;
  const ElementScales scales = state_->quantizer.scales(out);
  ErrorRun run;
  alignas(64) ErrorRun::Numbers ulps;
  run.scaled = !scales.empty();
  if (run.scaled) run.scales.fill(1.0);
  for_each_run(unfolded.matrix, out.values, run, [&](std::size_t begin) {
    count_special(run, found);
    if (run.scaled) scales.find(begin, std::span(run.scales).first(run.count));
    if (state_->ruler.measure(run, found.largest_ulp, ulps))
      find_largest(ulps, run.count, begin, found);
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
  ErrorRun run;
  for_each_run(in, out.values, run, [&](std::size_t) { state_->squares.add(run); });
}

ErrorStatistics ErrorSum::result() const {
  ErrorStatistics result = state_->result;
  if (result.measured > 0)
    result.mean_square = state_->squares.noise().plain() / static_cast<double>(result.measured);
  result.signal_to_noise = ratio_of(state_->squares.signal(), state_->squares.noise());
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
  ErrorSquares squares;
  ErrorRun run;
  for_each_run(in, out, run, [&](std::size_t) {
    count_special(run, result);
    squares.add(run);
    for (std::size_t i = 0; i < run.count; ++i) {
      const double x = run.before[i];
      const double y = run.after[i];
      if (x != 0 && y == 0) ++result.flushed;
      if (x != y && !(std::isnan(x) && std::isnan(y))) ++result.inexact;
    }
  });
  if (result.measured > 0)
    result.mean_square = squares.noise().plain() / static_cast<double>(result.measured);
  result.signal_to_noise = ratio_of(squares.signal(), squares.noise());
  return result;
}

}  // namespace halfulp::tensors
