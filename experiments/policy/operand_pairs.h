// SPDX-License-Identifier: MIT
//
// What the two operands of a product owe each other: a Hadamard matrix cancels in a product only
// where both have it, with the same signs.
#pragma once

#include <functional>
#include <string>

#include "experiments/policy/place_record.h"

namespace halfulp::experiments {

// Where a document speaks of a place, by its number: a JSON pointer.
using WhereOf = std::function<std::string(std::size_t)>;

// Throws Error there where an operand has another Hadamard matrix than the other of its product,
// where the backward pass takes a copy that the forward pass has multiplied by one, and where rows
// are known to be no whole blocks of it. records: one each of the places.
void require_pairs(const Records& records, const Places& places, const WhereOf& where);

}  // namespace halfulp::experiments
