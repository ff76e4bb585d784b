// SPDX-License-Identifier: MIT
#include "experiments/models/linear_regression/places.h"

#include <algorithm>
#include <string>

#include "formats/error.h"

namespace halfulp::experiments::linear_regression {
namespace {

NamedPlace named(const char* name, const Place& place, PlaceKind kind = PlaceKind::tensor) {
  return {.name = name,
          .layer = std::string(place.layer),
          .op = std::string(place.op),
          .use = std::string(place.use),
          .kind = kind};
}

// Places are addressed by their order: append, never reorder.
const std::shared_ptr<const Places>& places() {
  static const auto all = std::make_shared<const Places>(Places{
      named("data", place::data), named("sketch", place::sketch), named("feature", place::feature),
      named("label", place::label, PlaceKind::column), named("param", place::param),
      named("act", place::act, PlaceKind::column),
      named("out_grad", place::out_grad, PlaceKind::column), named("weight", place::weight),
      named("avg", place::avg), named("accumulator", place::accumulator, PlaceKind::accumulator)});
  return all;
}

std::size_t index_of(const Place& place) {
  const auto found = std::find_if(places()->begin(), places()->end(),
                                  [&](const NamedPlace& known) { return known.place() == place; });
  HALFULP_REQUIRE(found != places()->end(), "a place is one of the regression's");
  return static_cast<std::size_t>(found - places()->begin());
}

}  // namespace

Random random_of(const Machine& machine, Site site) {
  return machine.random(static_cast<std::uint8_t>(site));
}

Random random_of(const Machine& machine, Site site, const Place& place) {
  return machine.random(
      static_cast<std::uint8_t>(static_cast<std::size_t>(site) + index_of(place)));
}

Policy parse_policy(const Json& value, const std::string& where) {
  return experiments::parse_policy(value, where, places());
}

PlaceRounder rounder_at(const Machine& machine, const Policy& policy, const Place& place, Site site,
                        std::size_t step_rows, std::uint64_t elements) {
  const bool column = (*places())[index_of(place)].kind == PlaceKind::column;
  return {*machine.engine, policy.at(place), random_of(machine, site, place),
          StepShape{.rows = step_rows, .column = column}, elements};
}

}  // namespace halfulp::experiments::linear_regression
