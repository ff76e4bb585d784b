// SPDX-License-Identifier: MIT
//
// A small set that still has a property of a large one: the algorithm ddmin of A. Zeller and R.
// Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE Transactions on Software
// Engineering 28 (2002) 183-200, section 3.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace halfulp::experiments {

using Members = std::vector<std::size_t>;

// A subset of `all` that has the property and is 1-minimal: it has it no more when any one of its
// members is left out. That does not exclude that a smaller set, of other members, has it too.
// Preconditions: `all` has the property, the empty set has it not. `has` may be asked of one set
// twice; sets keep the order of `all`, and are found sooner where those that matter come first.
Members minimal_subset(Members all, const std::function<bool(const Members&)>& has);

}  // namespace halfulp::experiments
