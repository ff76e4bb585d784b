// SPDX-License-Identifier: MIT
#include "experiments/models/training/samples.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "experiments/data/variates.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments::training {
namespace {

// A class is a row of zeros with a one; of one number it is 0 or 1.
template <typename Real>
void make_classes(Matrix<Real>& target, bool is_binary) {
  for (Eigen::Index r = 0; r < target.rows(); ++r) {
    if (is_binary) {
      target(r, 0) = target(r, 0) > Real{0} ? Real{1} : Real{0};
      continue;
    }
    const Eigen::Index best = largest_in_row(target, r);
    target.row(r).setZero();
    target(r, best) = 1;
  }
}

}  // namespace

template <typename Real>
Samples<Real>::Samples(const Problem& problem, const Machine& machine)
    : data_(problem.data),
      inputs_(problem.network.inputs()),
      outputs_(problem.network.outputs()),
      is_of_classes_(is_of_classes(problem.loss)),
      is_binary_(problem.loss == LossKind::logistic),
      machine_(machine) {
  if (data_.table != nullptr || data_.inputs == Data::Inputs::clusters) return;
  PlaceList places;
  teacher_ = make_network<Real>(data_.teacher, places, "teacher.");
  native_ = native_policy(std::make_shared<const Places>(places.places()), carrier_of<Real>);
  arithmetic_ = std::make_unique<Arithmetic<Real>>(machine_, native_);
  std::vector<Parameter<Real>*> parameters;
  teacher_->list_parameters(parameters);
  begin_parameters(parameters, machine_);
  for (Eigen::Index i = 1; i <= data_.teacher.inputs(); ++i)
    deviations_.push_back(
        std::sqrt(reference::power(static_cast<double>(i), -data_.spectrum_exponent)));
  for (std::uint64_t i = 0; i < data_.outliers.count; ++i) deviations_[i] *= data_.outliers.factor;
}

template <typename Real>
std::uint64_t Samples<Real>::sample_at(std::uint64_t position) {
  if (data_.samples == 0) return position;
  const std::uint64_t epoch = position / data_.samples;
  if (epoch != epoch_) {
    epoch_ = epoch;
    order_.resize(data_.samples);
    std::iota(order_.begin(), order_.end(), std::uint64_t{0});
    const Random random = machine_.random("samples", "order", epoch);
    // Fisher and Yates. The remainder of 64 bits is even to 2^-32 for so few samples.
    for (std::uint64_t i = data_.samples - 1; i > 0; --i)
      std::swap(order_[i], order_[random.bits(i, 64) % (i + 1)]);
  }
  return order_[position % data_.samples];
}

template <typename Real>
Batch<Real> Samples<Real>::rows_of_table(const std::vector<std::uint64_t>& samples) const {
  const Table& table = *data_.table;
  Batch<Real> batch;
  batch.x.resize(static_cast<Eigen::Index>(samples.size()),
                 static_cast<Eigen::Index>(table.inputs));
  batch.target.resize(batch.x.rows(), static_cast<Eigen::Index>(table.outputs));
  for (Eigen::Index r = 0; r < batch.x.rows(); ++r) {
    const std::size_t sample = samples[static_cast<std::size_t>(r)];
    for (std::size_t j = 0; j < table.inputs; ++j)
      batch.x(r, static_cast<Eigen::Index>(j)) =
          static_cast<Real>(table.x[sample * table.inputs + j]);
    for (std::size_t j = 0; j < table.outputs; ++j)
      batch.target(r, static_cast<Eigen::Index>(j)) =
          static_cast<Real>(table.target[sample * table.outputs + j]);
  }
  return batch;
}

template <typename Real>
Batch<Real> Samples<Real>::clustered(const char* set,
                                     const std::vector<std::uint64_t>& samples) const {
  const auto inputs = static_cast<std::size_t>(inputs_);
  const Random which = machine_.random(set, "cluster", 0);
  const Random around = machine_.random(set, "x", 0);
  const Random centres = machine_.random("clusters", "x", 0);
  std::vector<double> centre(inputs);
  std::vector<double> offset(inputs);
  Batch<Real> batch;
  batch.x.resize(static_cast<Eigen::Index>(samples.size()), inputs_);
  batch.target = Matrix<Real>::Zero(batch.x.rows(), outputs_);
  for (Eigen::Index r = 0; r < batch.x.rows(); ++r) {
    const std::uint64_t sample = samples[static_cast<std::size_t>(r)];
    // The remainder of 64 bits is even to 2^-32 for so few clusters.
    const std::uint64_t cluster = which.bits(sample, 64) % static_cast<std::uint64_t>(outputs_);
    fill_variates(Law::gaussian, centres, cluster * inputs, centre);
    fill_variates(Law::gaussian, around, sample * inputs, offset);
    for (std::size_t j = 0; j < inputs; ++j)
      batch.x(r, static_cast<Eigen::Index>(j)) =
          static_cast<Real>(centre[j] + data_.spread * offset[j]);
    batch.target(r, static_cast<Eigen::Index>(cluster)) = 1;
  }
  return batch;
}

template <typename Real>
Batch<Real> Samples<Real>::draw(const char* set, const std::vector<std::uint64_t>& samples) {
  if (data_.inputs == Data::Inputs::clusters) return clustered(set, samples);
  const auto rows = static_cast<Eigen::Index>(samples.size());
  const auto inputs = static_cast<std::size_t>(data_.teacher.inputs());
  const auto outputs = static_cast<std::size_t>(data_.teacher.outputs());
  Batch<Real> batch;
  batch.x.resize(rows, data_.teacher.inputs());
  std::vector<double> variates(std::max(inputs, outputs));
  const std::span<double> of_x(variates.data(), inputs);
  const std::span<double> of_noise(variates.data(), outputs);
  const Random x_random = machine_.random(set, "x", 0);
  const Random noise_random = machine_.random(set, "noise", 0);
  for (Eigen::Index r = 0; r < rows; ++r) {
    const std::uint64_t sample = samples[static_cast<std::size_t>(r)];
    if (data_.inputs == Data::Inputs::unit_vectors) {
      std::fill(of_x.begin(), of_x.end(), 0.0);
      of_x[sample % inputs] = 1.0;
    } else {
      fill_variates(Law::gaussian, x_random, sample * inputs, of_x);
    }
    for (std::size_t j = 0; j < inputs; ++j)
      batch.x(r, static_cast<Eigen::Index>(j)) = static_cast<Real>(deviations_[j] * of_x[j]);
  }
  batch.target = teacher_->forward(batch.x, *arithmetic_);
  for (Eigen::Index r = 0; r < rows && data_.noise != 0.0; ++r) {
    fill_variates(Law::gaussian, noise_random, samples[static_cast<std::size_t>(r)] * outputs,
                  of_noise);
    for (std::size_t j = 0; j < outputs; ++j)
      batch.target(r, static_cast<Eigen::Index>(j)) += static_cast<Real>(data_.noise * of_noise[j]);
  }
  if (is_of_classes_) make_classes(batch.target, is_binary_);
  return batch;
}

template <typename Real>
Batch<Real> Samples<Real>::batch(std::uint64_t step, std::uint64_t size) {
  std::vector<std::uint64_t> samples(size);
  for (std::uint64_t r = 0; r < size; ++r) samples[r] = sample_at(step * size + r);
  return data_.table != nullptr ? rows_of_table(samples) : draw("samples", samples);
}

template <typename Real>
Batch<Real> Samples<Real>::validation(std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint64_t> samples(count);
  std::iota(samples.begin(), samples.end(), first);
  if (data_.table == nullptr) return draw("validation", samples);
  for (std::uint64_t& sample : samples) sample += data_.samples;
  return rows_of_table(samples);
}

template <typename Real>
Batch<Real> Samples<Real>::in_order(std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint64_t> samples(count);
  std::iota(samples.begin(), samples.end(), first);
  return data_.table != nullptr ? rows_of_table(samples) : draw("samples", samples);
}

template class Samples<float>;
template class Samples<double>;

}  // namespace halfulp::experiments::training
