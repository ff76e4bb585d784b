// SPDX-License-Identifier: MIT
//
// Samples of a teacher (document.h). Sample i is a function of seed, repeat and i alone: of the
// streams ("samples" | "validation", "x") and (.., "noise"), whose variates i inputs and i outputs
// on it takes. Where there are finitely many, every epoch goes through all of them in an order of
// its own, stream ("samples", "order", epoch). The cluster of sample i is drawn of the stream (..,
// "cluster") at i, and the centre of cluster c of ("clusters", "x") from c inputs on. Teachers
// compute in the network's carrier; samples of a table are its rows.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "experiments/models/training/document.h"
#include "experiments/networks/layer.h"

namespace halfulp::experiments::training {

template <typename Real>
struct Batch {
  Matrix<Real> x, target;
};

template <typename Real>
class Samples {
 public:
  // The machine outlives it.
  Samples(const Problem& problem, const Machine& machine);

  // Of step `step`: samples step * size and those after it.
  [[nodiscard]] Batch<Real> batch(std::uint64_t step, std::uint64_t size);
  // Of those that there are finitely many of, first to first + count, without an order of epochs.
  [[nodiscard]] Batch<Real> in_order(std::uint64_t first, std::uint64_t count);
  // Of the set that is never trained on, samples first to first + count.
  [[nodiscard]] Batch<Real> validation(std::uint64_t first, std::uint64_t count);

 private:
  [[nodiscard]] Batch<Real> rows_of_table(const std::vector<std::uint64_t>& samples) const;
  [[nodiscard]] Batch<Real> clustered(const char* set,
                                      const std::vector<std::uint64_t>& samples) const;
  Batch<Real> draw(const char* set, const std::vector<std::uint64_t>& samples);
  std::uint64_t sample_at(std::uint64_t position);

  const Data data_;
  Eigen::Index inputs_, outputs_;
  bool is_of_classes_, is_binary_;
  const Machine& machine_;
  LayeredPolicy native_;
  std::unique_ptr<Layer<Real>> teacher_;
  std::unique_ptr<Arithmetic<Real>> arithmetic_;
  std::vector<double> deviations_;    // of each input
  std::vector<std::uint64_t> order_;  // of the epoch at hand
  std::uint64_t epoch_ = ~std::uint64_t{0};
};

extern template class Samples<float>;
extern template class Samples<double>;

}  // namespace halfulp::experiments::training
