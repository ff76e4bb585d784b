// SPDX-License-Identifier: MIT
//
// A rule prepared for use at its place: the plan compiled, the stream of random bits chosen,
// scratch memory grown once. Nothing is compiled, looked up or (after the first call) allocated in
// apply().
#pragma once

#include <cstdint>
#include <vector>

#include "experiments/machine.h"
#include "experiments/policy/policy.h"

namespace halfulp::experiments {

class Station {
 public:
  Station() = default;  // native: passes everything through
  // site: Site::training_place or Site::test_place.
  Station(const Machine& machine, const Policy& policy, Place place, Site site);

  [[nodiscard]] bool active() const { return !is_native(rule_); }

  // in and out have one shape and may be the same memory. first_row: the row of the whole run that
  // in's first row is (a sample, or a step); it addresses the random bits, so a run may be cut
  // anywhere.
  void apply(const View& in, std::uint64_t first_row, const MutableView& out);

 private:
  void round(const View& in, std::uint64_t first_row, const MutableView& out);
  void add_noise(const View& in, std::uint64_t first_row, const MutableView& out);

  const Engine* engine_ = nullptr;
  Rule rule_;
  Plan plan_;
  Random random_;
  double deviation_ = 0.0;  // sqrt(eps)
  std::vector<double> variates_;
};

}  // namespace halfulp::experiments
