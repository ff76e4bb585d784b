// SPDX-License-Identifier: MIT
#include "experiments/results/fits/law.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unsupported/Eigen/NonLinearOptimization>

#include "experiments/results/fits/distributions.h"
#include "experiments/results/fits/kinds.h"
#include "experiments/results/fits/select.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double infinite = std::numeric_limits<double>::infinity();
// A term that nowhere is more than this share of y is not there.
constexpr double nothing = 1e-6;

Index index(std::size_t i) { return static_cast<Index>(i); }

// The law at ln of its parameters, amplitudes first: ln y, and its derivatives by the amplitudes
// times `scale` and by ln of the shapes.
struct Prediction {
  std::vector<double> log_y;
  MatrixXd by_log;              // derivatives by ln of every parameter
  std::vector<double> largest;  // by term: its largest share of y
};

Prediction predict(const FittedLaw& law, const VectorXd& log_parameters) {
  const std::size_t terms = law.amplitudes.size();
  std::vector<double> shapes;
  for (std::size_t j = 0; j < law.shapes.size(); ++j)
    shapes.push_back(reference::exponential(log_parameters[index(terms + j)]));
  const Terms at = law.terms(shapes);
  const std::size_t count = at.value.front().size();
  std::vector<double> amplitude;
  for (std::size_t k = 0; k < terms; ++k)
    amplitude.push_back(reference::exponential(log_parameters[index(k)]));
  Prediction prediction;
  prediction.by_log = MatrixXd::Zero(index(count), log_parameters.size());
  prediction.largest.assign(terms, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    double y = 0.0;
    for (std::size_t k = 0; k < terms; ++k) y += amplitude[k] * at.value[k][i];
    prediction.log_y.push_back(y > 0.0 && std::isfinite(y) ? reference::logarithm(y) : infinite);
    if (std::isinf(prediction.log_y.back())) continue;
    for (std::size_t k = 0; k < terms; ++k) {
      const double share = amplitude[k] * at.value[k][i] / y;
      prediction.by_log(index(i), index(k)) = share;
      prediction.largest[k] = std::max(prediction.largest[k], share);
      for (std::size_t j = 0; j < law.shapes.size(); ++j) {
        if (!at.slope[k][j].empty())
          prediction.by_log(index(i), index(terms + j)) += amplitude[k] * at.slope[k][j][i] / y;
      }
    }
  }
  return prediction;
}

// What Eigen's method asks of a problem.
class Problem {
 public:
  Problem(const FittedLaw& law, const Scatter& scatter) : law_(law), scatter_(scatter) {
    for (const double w : scatter.weight) root_.push_back(std::sqrt(w));
  }
  [[nodiscard]] int inputs() const {
    return static_cast<int>(law_.amplitudes.size() + law_.shapes.size());
  }
  [[nodiscard]] int values() const { return static_cast<int>(root_.size()); }
  int operator()(const VectorXd& parameters, VectorXd& residual) const {
    const Prediction prediction = predict(law_, parameters);
    constexpr double far = 1e100;  // where the law has no number: a step that will not be taken
    for (std::size_t i = 0; i < root_.size(); ++i) {
      const double r = root_[i] * (prediction.log_y[i] - scatter_.log_mean[i]);
      residual[index(i)] = std::isfinite(r) ? r : far;
    }
    return 0;
  }
  int df(const VectorXd& parameters, MatrixXd& jacobian) const {
    jacobian = predict(law_, parameters).by_log;
    for (std::size_t i = 0; i < root_.size(); ++i) jacobian.row(index(i)) *= root_[i];
    return 0;
  }

 private:
  const FittedLaw& law_;
  const Scatter& scatter_;
  std::vector<double> root_;
};

struct Start {
  double squares = infinite;
  VectorXd log_parameters;
};

// The amplitudes, none negative, that come nearest at given shapes in relative terms: the best of
// least squares over every set of terms. y: the means; wanted: the roots of the weights.
Start best_amplitudes(const FittedLaw& law, const std::vector<double>& y, const VectorXd& wanted,
                      const std::vector<double>& shapes) {
  const std::size_t terms = law.amplitudes.size();
  const Terms at = law.terms(shapes);
  MatrixXd relative(wanted.size(), index(terms));
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t k = 0; k < terms; ++k)
      relative(index(i), index(k)) = wanted[index(i)] * at.value[k][i] / y[i];
  }
  Start best;
  VectorXd amplitudes = VectorXd::Zero(index(terms));
  for (unsigned set = 1; set < 1U << terms; ++set) {
    std::vector<Index> chosen;
    for (std::size_t k = 0; k < terms; ++k) {
      if ((set >> k & 1U) != 0) chosen.push_back(index(k));
    }
    const MatrixXd columns = relative(Eigen::all, chosen);
    const VectorXd solution = columns.colPivHouseholderQr().solve(wanted);
    const double squares = (columns * solution - wanted).squaredNorm();
    if (!(solution.minCoeff() > 0.0) || !(squares < best.squares)) continue;
    best.squares = squares;
    amplitudes.setZero();
    for (std::size_t k = 0; k < chosen.size(); ++k) amplitudes[chosen[k]] = solution[index(k)];
  }
  if (std::isinf(best.squares)) return best;
  best.log_parameters.resize(index(terms + shapes.size()));
  for (std::size_t k = 0; k < terms; ++k) {
    // A term that is left out begins at a thousandth of the rest.
    const double least = 1e-3 * wanted.norm() / std::max(relative.col(index(k)).norm(), 1e-300);
    const double start = std::max(amplitudes[index(k)], least);
    best.log_parameters[index(k)] = reference::logarithm(start);
  }
  for (std::size_t j = 0; j < shapes.size(); ++j)
    best.log_parameters[index(terms + j)] = reference::logarithm(shapes[j]);
  return best;
}

// The best few starts on a grid of shapes, the best first.
std::vector<Start> starts_of(const FittedLaw& law, const Scatter& scatter) {
  constexpr std::size_t most_starts = 4;
  std::size_t dimensions = 0;
  for (const Shape& shape : law.shapes) dimensions += shape.low < shape.high ? 1 : 0;
  const std::size_t steps = dimensions <= 1 ? 32 : dimensions == 2 ? 12 : 8;
  std::size_t cells = 1;
  std::vector<double> y;
  for (const double log_mean : scatter.log_mean) y.push_back(reference::exponential(log_mean));
  VectorXd wanted(index(y.size()));
  for (std::size_t i = 0; i < y.size(); ++i) wanted[index(i)] = std::sqrt(scatter.weight[i]);
  for (std::size_t j = 0; j < dimensions; ++j) cells *= steps;
  std::vector<Start> starts;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    std::vector<double> shapes;
    std::size_t rest = cell;
    for (const Shape& shape : law.shapes) {
      if (!(shape.low < shape.high)) {
        shapes.push_back(shape.low);
        continue;
      }
      const double share = static_cast<double>(rest % steps) / static_cast<double>(steps - 1);
      const double low = reference::logarithm(shape.low);
      shapes.push_back(
          reference::exponential(low + share * (reference::logarithm(shape.high) - low)));
      rest /= steps;
    }
    Start start = best_amplitudes(law, y, wanted, shapes);
    if (std::isfinite(start.squares)) starts.push_back(std::move(start));
  }
  std::stable_sort(starts.begin(), starts.end(),
                   [](const Start& a, const Start& b) { return a.squares < b.squares; });
  if (starts.size() > most_starts) starts.resize(most_starts);
  return starts;
}

// The parameters of least squares; empty where no start leads anywhere.
VectorXd minimum(const FittedLaw& law, const Scatter& scatter) {
  Problem problem(law, scatter);
  double least = infinite;
  VectorXd best;
  for (const Start& start : starts_of(law, scatter)) {
    VectorXd parameters = start.log_parameters;
    Eigen::LevenbergMarquardt<Problem> method(problem);
    method.parameters.ftol = 1e-15;
    method.parameters.xtol = 1e-13;
    method.parameters.maxfev = 200;
    method.minimize(parameters);
    VectorXd residual(problem.values());
    problem(parameters, residual);
    const double squares = residual.squaredNorm();
    if (!(squares < least) || !parameters.allFinite()) continue;
    least = squares;
    best = parameters;
  }
  return best;
}

// The solution, and the law as linear there: in the amplitudes, of which a vanishing one still has
// an error, and in ln of the shapes.
struct Solution {
  VectorXd log_parameters;
  Linearized linear;
  std::vector<double> unit;  // by amplitude: what the linear parameter is counted in
  std::vector<double> residual;
  bool singular = false;
};

Solution solve(const FittedLaw& law, const Scatter& scatter) {
  Solution solution;
  solution.log_parameters = minimum(law, scatter);
  if (solution.log_parameters.size() == 0) return solution;
  const Prediction prediction = predict(law, solution.log_parameters);
  MatrixXd design = prediction.by_log;
  for (std::size_t k = 0; k < law.amplitudes.size(); ++k) {
    const double amplitude = reference::exponential(solution.log_parameters[index(k)]);
    const double largest = prediction.largest[k];
    solution.unit.push_back(amplitude / largest);
    design.col(index(k)) /= largest;
  }
  const std::size_t count = scatter.log_mean.size();
  VectorXd root(index(count));
  for (std::size_t i = 0; i < count; ++i) root[index(i)] = std::sqrt(scatter.weight[i]);
  const Eigen::ColPivHouseholderQR<MatrixXd> factors(root.asDiagonal() * design);
  solution.singular = factors.rank() < design.cols() || !design.allFinite();
  if (solution.singular) return solution;
  const MatrixXd estimator = factors.solve(MatrixXd(root.asDiagonal()));
  for (Index k = 0; k < design.cols(); ++k) {
    const VectorXd column = design.col(k);
    const VectorXd row = estimator.row(k);
    solution.linear.design.emplace_back(column.begin(), column.end());
    solution.linear.estimator.emplace_back(row.begin(), row.end());
  }
  for (std::size_t i = 0; i < count; ++i)
    solution.residual.push_back(scatter.log_mean[i] - prediction.log_y[i]);
  return solution;
}

// Half of a 95 % interval of a sum over the points. Where the repeats do not tell, from how the
// points lie about the fit.
double reach_of(const Scatter& scatter, const Solution& solution,
                const std::vector<double>& coefficients) {
  if (scatter.known) {
    const Spread spread = spread_of(scatter, coefficients);
    return student_95(spread.degrees) * spread.error;
  }
  double squares = 0.0;
  for (const double c : coefficients) squares += c * c;
  const auto count = static_cast<double>(solution.residual.size());
  const auto degrees = count - static_cast<double>(solution.linear.design.size());
  if (degrees < 1.0) return infinite;
  const double spread = root_mean_square(solution.residual) * std::sqrt(count / degrees * squares);
  return student_95(degrees) * spread;
}

// A parameter by its logarithm, and how far that reaches.
struct Parameter {
  std::string name;
  double log_value = 0.0, reach = 0.0;
  bool determined = true, needed = true;
};

std::vector<Parameter> parameters_of(const FittedLaw& law, const Scatter& scatter,
                                     const Solution& solution, double& floor_below) {
  std::vector<Parameter> parameters;
  const std::size_t terms = law.amplitudes.size();
  for (std::size_t k = 0; k < terms; ++k) {
    const FittedLaw::Amplitude& amplitude = law.amplitudes[k];
    std::vector<double> row = solution.linear.estimator[k];
    const double log_value = solution.log_parameters[index(k)];
    const double value = reference::exponential(log_value);
    const double reach = reach_of(scatter, solution, row) * solution.unit[k];
    const bool seen = value > nothing * solution.unit[k] && reach < value;
    if (amplitude.name == "floor") floor_below = value + reach;
    // ln of the amplitude, moved to where it belongs.
    double moved = log_value;
    for (double& c : row) c *= solution.unit[k] / value;
    if (amplitude.exponent >= 0) {
      const auto j = terms + static_cast<std::size_t>(amplitude.exponent);
      const double shift =
          amplitude.centre * reference::exponential(solution.log_parameters[index(j)]);
      moved += shift;
      for (std::size_t i = 0; i < row.size(); ++i)
        row[i] += shift * solution.linear.estimator[j][i];
    }
    parameters.push_back({.name = amplitude.name,
                          .log_value = moved,
                          .reach = reach_of(scatter, solution, row),
                          .determined = seen});
  }
  for (std::size_t j = terms; j < solution.linear.estimator.size(); ++j) {
    const double reach = reach_of(scatter, solution, solution.linear.estimator[j]);
    parameters.push_back({.name = law.shapes[j - terms].name,
                          .log_value = solution.log_parameters[index(j)],
                          .reach = reach,
                          .determined = reach < 1.0,
                          .needed = law.shapes[j - terms].needed});
  }
  return parameters;
}

void write_parameters(const std::vector<Parameter>& parameters, bool known, Json& record) {
  for (const Parameter& p : parameters) {
    record[p.name] = p.determined ? number_json(reference::exponential(p.log_value)) : Json();
    record[p.name + "_interval"] =
        known && p.determined ? interval_json(reference::exponential(p.log_value - p.reach),
                                              reference::exponential(p.log_value + p.reach))
                              : Json();
  }
}

}  // namespace

CentredPower::CentredPower(const std::vector<double>& log_x) : centre(mean_of(log_x)) {
  for (const double x : log_x) {
    const auto found = std::find(distinct_.begin(), distinct_.end(), x - centre);
    which_.push_back(static_cast<std::size_t>(found - distinct_.begin()));
    if (found == distinct_.end()) distinct_.push_back(x - centre);
  }
}

std::vector<double> CentredPower::value(double exponent) const {
  std::vector<double> powers;
  for (const double x : distinct_) powers.push_back(reference::exponential(-exponent * x));
  std::vector<double> values;
  for (const std::size_t i : which_) values.push_back(powers[i]);
  return values;
}

std::vector<double> CentredPower::slope(double exponent, const std::vector<double>& value) const {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < value.size(); ++i)
    slopes.push_back(-exponent * distinct_[which_[i]] * value[i]);
  return slopes;
}

void write_law(const FittedLaw& law, const std::vector<const std::vector<double>*>& y,
               Json& record) {
  if (y.size() > most_points) {
    record["error"] = "more than " + std::to_string(most_points) + " points";
    return;
  }
  if (y.size() <= law.amplitudes.size() + law.shapes.size()) {
    record["error"] = "no more points than parameters";
    return;
  }
  Scatter scatter = scatter_of(y);
  // In units of the middle of the means, so that amplitudes neither overflow nor vanish.
  const double unit = mean_of(scatter.log_mean);
  for (double& log_mean : scatter.log_mean) log_mean -= unit;
  const Solution solution = solve(law, scatter);
  if (solution.residual.empty()) {
    record["error"] = "the points do not determine the law: other parameters fit as well";
    return;
  }
  double floor_below = infinite;
  std::vector<Parameter> parameters = parameters_of(law, scatter, solution, floor_below);
  for (std::size_t k = 0; k < law.amplitudes.size(); ++k) parameters[k].log_value += unit;
  std::string loose;
  bool floor_loose = false;
  for (const Parameter& p : parameters) {
    if (p.determined || !p.needed) continue;
    loose += (loose.empty() ? "" : ", ") + p.name;
    floor_loose = floor_loose || p.name == "floor";
  }
  if (!loose.empty()) {
    record["error"] = "the points do not determine " + loose;
    if (floor_loose)
      record["floor_below"] = number_json(floor_below * reference::exponential(unit));
    return;
  }
  write_parameters(parameters, scatter.known, record);
  record["residual"] = number_json(root_mean_square(solution.residual));
  const std::optional<Goodness> goodness = goodness_of(scatter, solution.linear, solution.residual);
  write_goodness(goodness, record);
  record["misfit"] = goodness ? Json(goodness->probability < misfit_probability) : Json();
}

}  // namespace halfulp::experiments
