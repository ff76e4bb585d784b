// SPDX-License-Identifier: MIT
//
// What the layers of a network compute with. A layer names each of its places once, when it is
// made, and gets a number for it; while it computes it hands a tensor to round() at each place, and
// its products to product(). So every rounding stands in the layer's code where it happens, and
// what it is stands in the policy alone.
//
// The bits that a place draws at a step are addressed by (seed, repeat, layer, operation, use,
// step, worker): no other place, phase or thread has a part in them. The signs of a Hadamard matrix
// are those of the product: (layer, operation, pass).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/machine.h"
#include "experiments/networks/matrix.h"
#include "experiments/networks/transformed_rounder.h"
#include "experiments/policy/layered_policy.h"
#include "experiments/policy/tensor_rounder.h"
#include "experiments/policy/transform_states.h"

namespace halfulp::experiments {

using PlaceNumber = std::size_t;

// The places of a network, in the order in which its layers name them.
class PlaceList {
 public:
  PlaceNumber add(const std::string& layer, const std::string& op, const std::string& use,
                  PlaceKind kind = PlaceKind::tensor, std::size_t columns = 0);
  [[nodiscard]] const Places& places() const { return places_; }

 private:
  Places places_;
};

// Where numbers first stopped being finite.
struct Nonfinite {
  std::uint64_t step = 0;
  PlaceNumber place = 0;

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("step", step);
    visit("place", place);
  }
};

// What for. Bits drawn to train are not those drawn to look at the result.
enum class Purpose : std::uint8_t { training, validation };

template <typename Real>
class Arithmetic {
 public:
  // Both outlive it. Precondition: Real is the policy's native carrier.
  Arithmetic(const Machine& machine, const LayeredPolicy& policy);

  // Before anything of a step is computed, and before each worker's part of it.
  void begin(const Moment& moment, Purpose purpose = Purpose::training, std::uint64_t worker = 0);
  // From here on elements are counted at every place, from 0; or no longer.
  void count(bool wanted);

  // x as the rules of the place make it; as it is where there are none. Throws Error where rows are
  // no whole blocks of a Hadamard matrix.
  void round(PlaceNumber place, Matrix<Real>& x);
  // out = a b, a rows x inner, b inner x columns, summed as the place says.
  void product(PlaceNumber accumulator, const Matrix<Real>& a, const Matrix<Real>& b,
               Matrix<Real>& out);
  // rows x 1: sums over rows as the place says, from left to right where it is native.
  [[nodiscard]] Matrix<Real> row_sums(PlaceNumber accumulator, const Matrix<Real>& x);
  // A function of one or two operands, correctly rounded to Real.
  [[nodiscard]] Matrix<Real> map(Op op, const Matrix<Real>& x);
  [[nodiscard]] Matrix<Real> map(Op op, const Matrix<Real>& x, const Matrix<Real>& y);

  // In force at this step.
  [[nodiscard]] const PlaceRecord& record(PlaceNumber place) const {
    return current_->records[place];
  }
  // Of the format in which the place leaves its numbers, scales not counted; those of Real where it
  // rounds to none.
  [[nodiscard]] double operand_bits(PlaceNumber place) const;
  // The scales of a block format for x at a place, row after row.
  [[nodiscard]] std::vector<double> block_scales(PlaceNumber place, const BlockRule& rule,
                                                 const Matrix<Real>& x) const;
  // What delayed scales remember of the steps of training, and all that an Arithmetic remembers
  // that later steps depend on.
  [[nodiscard]] AmaxHistories& amax_histories() { return histories_; }
  // Of what was rounded since count(true).
  [[nodiscard]] const Counts& counts(PlaceNumber place) const { return counts_[place]; }
  [[nodiscard]] const std::optional<Nonfinite>& first_nonfinite() const { return nonfinite_; }
  [[nodiscard]] const LayeredPolicy& policy() const { return *policy_; }

  // Between steps.
  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("nonfinite", nonfinite_);
    visit("amax_histories", histories_);
    visit("running_ranges", ranges_);
  }

 private:
  // What is in force under a set of phases, prepared as places are reached.
  struct Prepared {
    Records records;
    std::vector<std::optional<std::vector<TensorRounder>>> rounders;
    std::map<PlaceNumber, TransformedRounder<Real>> transformed;
    std::vector<std::optional<DotPlan>> units;
  };
  Random random_at(PlaceNumber place, std::size_t which) const;
  Random random_named(const NamedPlace& place, std::string use) const;
  void round_transformed(PlaceNumber place, Matrix<Real>& x, Counts* counts);
  void note_nonfinite(PlaceNumber place, const Matrix<Real>& x);
  const DotPlan& unit_at(PlaceNumber accumulator);

  const Machine* machine_;
  const LayeredPolicy* policy_;
  std::map<std::uint64_t, Prepared> prepared_;  // by phases
  Prepared* current_ = nullptr;
  std::uint64_t step_ = 0, worker_ = 0;
  bool counting_ = false;
  Purpose purpose_ = Purpose::training;
  Plan native_;
  std::vector<Counts> counts_;
  AmaxHistories histories_;
  RunningRanges ranges_;
  std::optional<Nonfinite> nonfinite_;
};

extern template class Arithmetic<float>;
extern template class Arithmetic<double>;

}  // namespace halfulp::experiments
