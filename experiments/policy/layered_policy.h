// SPDX-License-Identifier: MIT
//
// Which precision stands where in a network, and when. A document `policy/1` has a base for all
// layers, rules that name layers, operations and passes, of which later ones win, and phases of
// training that are laid over both while they last (docs/policies.md has the grammar and every
// use). It is resolved once, to a record of every place that the network has: nothing is looked up
// by name while a network trains.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "experiments/policy/period.h"
#include "experiments/policy/place.h"
#include "experiments/policy/place_record.h"
#include "formats/json.h"
#include "formats/unit.h"

namespace halfulp::experiments {

struct Phase {
  Period when;
  std::vector<std::pair<std::size_t, PlaceRecord>> records;  // by the number of their place
  bool operator==(const Phase&) const = default;
};

struct LossScale {
  enum class Kind : std::uint8_t { none, constant, dynamic };
  Kind kind = Kind::none;
  double initial = 1.0, factor = 2.0, least = 1.0, largest = 0x1p24;
  std::uint64_t period = 2000;  // finite steps in a row before the scale grows
  bool operator==(const LossScale&) const = default;
};

// How weights are kept between steps.
enum class WeightUpdate : std::uint8_t {
  master,    // in the format of the place `master`; layers see them rounded to `param`
  in_place,  // in the format of `param`: w <- Q(w - update)
  kahan      // in place, with what rounding lost kept in the format of `comp`
};
// When a rounded optimizer state takes part in the step.
enum class StateOrder : std::uint8_t { use_then_store, store_then_use };
enum class OnNonfinite : std::uint8_t { propagate, error, skip_step };

struct LayeredPolicy {
  std::string name;
  Carrier native = Carrier::binary64;  // what everything that has no rule is computed in
  OnNonfinite on_nonfinite = OnNonfinite::propagate;
  LossScale loss_scale;
  WeightUpdate weight_update = WeightUpdate::master;
  StateOrder state_order = StateOrder::use_then_store;
  bool error_feedback = false;  // of workers that send gradients
  std::shared_ptr<const Places> places;
  Records base;  // before any phase
  std::vector<Phase> phases;

  // Phases in force at a step, a bit each, the first the lowest.
  [[nodiscard]] std::uint64_t phases_at(const Moment& moment) const;
  [[nodiscard]] std::uint64_t phases_at(std::uint64_t step, std::uint64_t steps) const {
    return phases_at({.step = step, .steps = steps});
  }
  // A watch for everything that a phase waits for.
  [[nodiscard]] std::vector<PlateauWatch> plateau_watches() const;
  [[nodiscard]] std::vector<DiversityWatch> diversity_watches() const;
  // With these phases laid over the base, later ones over earlier ones.
  [[nodiscard]] Records records_of(std::uint64_t phases) const;
  bool operator==(const LayeredPolicy&) const = default;
};

// Without a rule anywhere.
LayeredPolicy native_policy(std::shared_ptr<const Places> places, Carrier native);

// value: a policy document, files already read in (load_policy of policy.h). Throws Error that
// names the member: unknown uses, layers that no place matches, noise beside a format, formats that
// the native carrier does not hold, an accumulator that is no format.
LayeredPolicy parse_layered_policy(const Json& value, const std::string& where,
                                   std::shared_ptr<const Places> places);

// The policy in full: a rule each of the (layer, op) that are not native, formats as full records.
// Documents that resolve alike have equal texts; it is itself a document, and resolves to the same.
// Precondition: parse_layered_policy() made it.
Json to_json(const LayeredPolicy& policy);

}  // namespace halfulp::experiments
