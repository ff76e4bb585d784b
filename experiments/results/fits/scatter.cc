// SPDX-License-Identifier: MIT
#include "experiments/results/fits/scatter.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/results/fits/distributions.h"
#include "experiments/results/fits/select.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments {
namespace {

// Relative differences below this are rounding, not scatter.
constexpr double rounding = 1e-13;
constexpr double prior_repeats = 8.0;

// By repeat, what leaving it out does to ln of the mean, times sqrt((n - 1) / n). Where what is
// left is not positive, the change of the mean in proportion, to first order.
std::vector<double> deviations_of(const std::vector<double>& y) {
  const auto n = static_cast<double>(y.size());
  const double mean = mean_of(y);
  std::vector<double> left_out;
  bool rounded = true;
  bool positive = true;
  for (const double value : y) {
    left_out.push_back((mean - value) / ((n - 1.0) * mean));  // relative change
    rounded = rounded && std::fabs(value - mean) <= rounding * mean;
    positive = positive && 1.0 + left_out.back() > 0.0;
  }
  if (rounded) return std::vector<double>(y.size(), 0.0);
  if (positive) {
    for (double& change : left_out) change = reference::logarithm(1.0 + change);
  }
  const double centre = mean_of(left_out);
  const double scale = std::sqrt((n - 1.0) / n);
  for (double& change : left_out) change = scale * (change - centre);
  return left_out;
}

double sum_of_squares(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double x : values) sum += x * x;
  return sum;
}

std::vector<double> weights_of(const std::vector<std::vector<double>>& deviation) {
  // Of one repeat, so that points of many and of few repeats compare.
  std::vector<double> log_variance;
  std::vector<double> seen;
  for (const auto& d : deviation) {
    const double variance = sum_of_squares(d) * static_cast<double>(d.size());
    const bool scatters = variance > 0.0;
    log_variance.push_back(scatters ? reference::logarithm(variance) : 0.0);
    if (scatters) seen.push_back(log_variance.back());
  }
  if (seen.empty()) return std::vector<double>(deviation.size(), 1.0);
  const double mean = mean_of(seen);
  std::vector<double> weight;
  for (std::size_t i = 0; i < deviation.size(); ++i) {
    const auto n = static_cast<double>(deviation[i].size());
    const bool scatters = sum_of_squares(deviation[i]) > 0.0;
    const double own = scatters ? (n - 1.0) / (n - 1.0 + prior_repeats) : 0.0;
    const double variance = reference::exponential(mean + own * (log_variance[i] - mean)) / n;
    weight.push_back(1.0 / variance);
  }
  return weight;
}

// Where the repeats of the points end, increasing: points of equal numbers of repeats end together.
std::vector<std::size_t> ends_of(const Scatter& scatter) {
  std::vector<std::size_t> ends;
  for (const auto& d : scatter.deviation) ends.push_back(d.size());
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return ends;
}

// Variances summed over blocks of repeats, each known with its own degrees of freedom.
class Blocks {
 public:
  explicit Blocks(const Scatter& scatter) : ends_(ends_of(scatter)), variance_(ends_.size(), 0.0) {}
  void add(std::size_t repeat, double variance) {
    const auto block = std::upper_bound(ends_.begin(), ends_.end(), repeat) - ends_.begin();
    variance_[static_cast<std::size_t>(block)] += variance;
  }
  [[nodiscard]] std::size_t repeats() const { return ends_.back(); }
  [[nodiscard]] double total() const {
    double sum = 0.0;
    for (const double v : variance_) sum += v;
    return sum;
  }
  [[nodiscard]] double degrees() const {
    double below = 0.0;
    std::size_t begin = 0;
    for (std::size_t b = 0; b < ends_.size(); ++b) {
      // The means were taken from the repeats: one degree less, once.
      const auto degrees = static_cast<double>(ends_[b] - begin - (b == 0 ? 1 : 0));
      below += variance_[b] * variance_[b] / degrees;
      begin = ends_[b];
    }
    const auto fewest = static_cast<double>(ends_.front()) - 1.0;
    return below > 0.0 ? std::max(total() * total() / below, 1.0) : fewest;
  }

 private:
  std::vector<std::size_t> ends_;
  std::vector<double> variance_;
};

// By repeat, the weighted residuals' deviations: those of the points less what the fit takes up.
std::vector<std::vector<double>> residual_deviations(const Scatter& scatter, const Linearized& fit,
                                                     std::size_t repeats) {
  const std::size_t count = scatter.log_mean.size();
  std::vector<std::vector<double>> residuals;
  for (std::size_t r = 0; r < repeats; ++r) {
    std::vector<double> z(count, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      if (r < scatter.deviation[i].size()) z[i] = scatter.deviation[i][r];
    }
    const std::vector<double> own = z;
    for (std::size_t k = 0; k < fit.design.size(); ++k) {
      double parameter = 0.0;
      for (std::size_t i = 0; i < count; ++i) parameter += fit.estimator[k][i] * own[i];
      for (std::size_t i = 0; i < count; ++i) z[i] -= parameter * fit.design[k][i];
    }
    for (std::size_t i = 0; i < count; ++i) z[i] *= std::sqrt(scatter.weight[i]);
    residuals.push_back(std::move(z));
  }
  return residuals;
}

// trace(C^2) of C, the sum of z z^T over the rows z: the sum of all squared entries of C, or of the
// rows' products with one another, whichever are fewer.
double trace_of_square(std::vector<std::vector<double>> rows) {
  if (rows.size() > rows.front().size()) {
    std::vector<std::vector<double>> columns(rows.front().size(), std::vector<double>(rows.size()));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t i = 0; i < columns.size(); ++i) columns[i][r] = rows[r][i];
    }
    rows = std::move(columns);
  }
  double sum = 0.0;
  for (std::size_t a = 0; a < rows.size(); ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double product = 0.0;
      for (std::size_t i = 0; i < rows[a].size(); ++i) product += rows[a][i] * rows[b][i];
      sum += (a == b ? 1.0 : 2.0) * product * product;
    }
  }
  return sum;
}

// trace(C)^2 / trace(C^2) of the true covariance, from an estimate with so many degrees of freedom
// (Bai and Saranadasa 1996: both without bias).
double effective_degrees(double trace, double trace_square, double degrees, double most) {
  if (degrees <= 1.0) return 1.0;
  const double square = trace_square - trace * trace / degrees;
  const double of_trace =
      (degrees + 1.0) / degrees * (trace * trace - 2.0 * trace_square / (degrees + 1.0));
  if (!(square > 0.0)) return most;
  return std::clamp(of_trace / square, 1.0, most);
}

}  // namespace

Scatter scatter_of(const std::vector<const std::vector<double>*>& y) {
  Scatter scatter;
  bool several = true;
  bool scatters = false;
  for (const auto* values : y) {
    scatter.log_mean.push_back(reference::logarithm(mean_of(*values)));
    several = several && values->size() > 1;
    scatter.deviation.push_back(values->size() > 1 ? deviations_of(*values)
                                                   : std::vector<double>(1, 0.0));
    scatters = scatters || sum_of_squares(scatter.deviation.back()) > 0.0;
  }
  scatter.known = several && scatters;
  scatter.weight =
      scatter.known ? weights_of(scatter.deviation) : std::vector<double>(y.size(), 1.0);
  return scatter;
}

Spread spread_of(const Scatter& scatter, const std::vector<double>& coefficients) {
  Blocks blocks(scatter);
  for (std::size_t r = 0; r < blocks.repeats(); ++r) {
    double change = 0.0;
    for (std::size_t i = 0; i < coefficients.size(); ++i) {
      if (r < scatter.deviation[i].size()) change += coefficients[i] * scatter.deviation[i][r];
    }
    blocks.add(r, change * change);
  }
  return {.error = std::sqrt(blocks.total()), .degrees = blocks.degrees()};
}

std::optional<Goodness> goodness_of(const Scatter& scatter, const Linearized& fit,
                                    const std::vector<double>& residual) {
  const std::size_t count = residual.size();
  if (!scatter.known || count <= fit.design.size() || count > most_points) return std::nullopt;
  Blocks blocks(scatter);
  const auto rows = residual_deviations(scatter, fit, blocks.repeats());
  for (std::size_t r = 0; r < rows.size(); ++r) blocks.add(r, sum_of_squares(rows[r]));
  const double trace = blocks.total();
  if (!(trace > 0.0)) return std::nullopt;
  double x = 0.0;
  for (std::size_t i = 0; i < count; ++i) x += scatter.weight[i] * residual[i] * residual[i];
  const double most = static_cast<double>(count - fit.design.size());
  const double degrees = effective_degrees(trace, trace_of_square(rows), blocks.degrees(), most);
  return Goodness{.chi_square = degrees * x / trace,
                  .degrees = degrees,
                  .probability = fisher_tail(x / trace, degrees, degrees * blocks.degrees())};
}

void write_goodness(const std::optional<Goodness>& goodness, Json& record) {
  record["chi_square"] = goodness ? number_json(goodness->chi_square) : Json();
  record["degrees_of_freedom"] = goodness ? number_json(goodness->degrees) : Json();
  record["probability"] = goodness ? number_json(goodness->probability) : Json();
}

Json interval_json(double low, double high) {
  return Json::array({number_json(low), number_json(high)});
}

double root_mean_square(const std::vector<double>& values) {
  return std::sqrt(sum_of_squares(values) / static_cast<double>(values.size()));
}

}  // namespace halfulp::experiments
