// SPDX-License-Identifier: MIT
//
// What the uses of a network's places mean to a policy: the pass of training that they belong to,
// the words that stand for several of them, and which of them may take another pass's numbers or a
// derivative. docs/policies.md lists them for readers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/policy/place.h"
#include "experiments/policy/place_record.h"

namespace halfulp::experiments {

enum class Pass : std::uint8_t { forward, dgrad, wgrad };
// "fwd", "dgrad", "wgrad"
const std::vector<std::string>& pass_names();
// Data, labels and all that the optimizer does belong to none.
std::optional<Pass> pass_of(const NamedPlace& place);

// "weight", "activation", ...
const std::vector<std::string>& shorthand_names();

// How closely a key of a `use` object names a place. The closest key of an object wins.
enum class Closeness : std::uint8_t {
  none,
  shorthand,  // "weight"
  use,        // "w.fwd"
  exact       // "matmul/w.fwd"
};
Closeness closeness(std::string_view key, const NamedPlace& place);

// The use of the other operand of the product that an operand stands in; empty for what is none.
std::string_view other_operand(const NamedPlace& place);
// Operands of the backward pass; a forward copy there is of those that the forward pass has too.
bool takes_reuse(const NamedPlace& place, Reuse reuse);
// Operands of the forward pass, whose rounding the backward pass goes through.
bool takes_gradient(const NamedPlace& place);

}  // namespace halfulp::experiments
