// SPDX-License-Identifier: MIT
#include "experiments/models/training/place_shares.h"

#include <algorithm>
#include <string>
#include <utility>

namespace halfulp::experiments::training {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

bool rounds_at_some_time(const LayeredPolicy& policy, PlaceNumber place) {
  const auto rounds = [](const PlaceRecord& record) {
    return std::any_of(record.rules.begin(), record.rules.end(), is_format);
  };
  if ((*policy.places)[place].kind == PlaceKind::accumulator) return false;
  return rounds(policy.base[place]) ||
         std::any_of(policy.phases.begin(), policy.phases.end(), [&](const Phase& phase) {
           return std::any_of(phase.records.begin(), phase.records.end(), [&](const auto& entry) {
             return entry.first == place && rounds(entry.second);
           });
         });
}

constexpr std::size_t totals = 3;

}  // namespace

template <typename Real>
PlaceShares<Real>::PlaceShares(const LayeredPolicy& policy, std::vector<PlaceNumber> weights)
    : weights_(std::move(weights)) {
  for (PlaceNumber place = 0; place < policy.places->size(); ++place) {
    if (rounds_at_some_time(policy, place)) rounded_.push_back(place);
  }
  const auto add = [&](std::string name) {
    series_.push_back({.name = std::move(name), .steps = {}, .values = {}});
  };
  for (const char* name : {"saturated_share", "flushed_share", "stalled_share"}) add(name);
  for (const PlaceNumber place : rounded_) {
    add("saturated_share at " + (*policy.places)[place].name);
    add("flushed_share at " + (*policy.places)[place].name);
  }
  for (const PlaceNumber place : weights_) add("stalled_share at " + (*policy.places)[place].name);
}

template <typename Real>
void PlaceShares<Real>::note(std::uint64_t step, const Arithmetic<Real>& arithmetic,
                             const Optimizer<Real>& optimizer) {
  std::vector<double> values(totals);
  Counts all;
  for (const PlaceNumber place : rounded_) {
    const Counts& counts = arithmetic.counts(place);
    values.push_back(share(counts.saturated, counts.elements));
    values.push_back(share(counts.flushed, counts.elements));
    all.elements += counts.elements;
    all.saturated += counts.saturated;
    all.flushed += counts.flushed;
  }
  for (const Moves& moves : optimizer.moves()) values.push_back(share(moves.stalled, moves.moving));
  const Moves together = total(optimizer.moves());
  values[0] = share(all.saturated, all.elements);
  values[1] = share(all.flushed, all.elements);
  values[2] = share(together.stalled, together.moving);
  for (std::size_t k = 0; k < values.size(); ++k) {
    series_[k].steps.push_back(step);
    series_[k].values.push_back(values[k]);
  }
}

template class PlaceShares<float>;
template class PlaceShares<double>;

}  // namespace halfulp::experiments::training
