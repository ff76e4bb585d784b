// SPDX-License-Identifier: MIT
//
// Where numbers are rounded: at a place of a model, which its layer, operation and use identify.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace halfulp::experiments {

// In which layer of a model, for which operation, in which use: {"blocks.3", "matmul", "w.fwd"}. A
// model that has no layers leaves the layer empty.
struct Place {
  std::string_view layer, op, use;
  auto operator<=>(const Place&) const = default;
};

// What stands there.
enum class PlaceKind : std::uint8_t {
  tensor,
  column,      // the numbers of a batch, handed as a column: to a block format they are one row
  accumulator  // sums and products that come one by one, and have no block to share a scale
};

// A place that a model has, and what documents call it.
struct NamedPlace {
  std::string name;
  std::string layer, op, use;
  PlaceKind kind = PlaceKind::tensor;
  std::size_t columns = 0;  // of the matrices there; 0: not known before they come

  [[nodiscard]] Place place() const { return {.layer = layer, .op = op, .use = use}; }
  bool operator==(const NamedPlace&) const = default;
};

// All of a model's, in the order of documents.
using Places = std::vector<NamedPlace>;

}  // namespace halfulp::experiments
