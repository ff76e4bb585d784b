// SPDX-License-Identifier: MIT
//
// What a kernel may do otherwise than was asked of it: one property of the unit, of the order or of
// what becomes of operands and results changed at a time. A product that is recomputed under each
// tells which changes account for a result (Fasi, Higham, Mikaitis and Pranesh, PeerJ Computer
// Science 7, 2021, e330, found properties of units by such questions, one experiment each).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "golden/kernels/product.h"

namespace halfulp::kernels {

// What is done to the operands before the product.
struct Handling {
  enum class What : std::uint8_t {
    nothing,
    tail_dropped,    // terms behind the last multiple of `amount` are left out
    terms_reversed,  // taken from the last to the first
    a_transposed,    // square matrices only, as the next two
    b_transposed,
    exchanged,          // B times A
    a_pairs_exchanged,  // neighbouring terms of A in each other's place, as nibbles may be
    b_pairs_exchanged,
    without_c,
    without_scales
  };
  What what = What::nothing;
  std::size_t amount = 0;
  bool operator==(const Handling&) const = default;
};

struct Suspect {
  std::string property;  // "alignment", "rounding", "split", ...
  std::string what;      // "13 bits kept below the largest exponent, not 25"
  MatrixUnit unit;
  Order order;
  Handling handling = {};
  std::optional<Quantizer> through = std::nullopt;  // rounds the results before their last rounding
};

// Those of a product of so many terms. None is what was asked for.
std::vector<Suspect> suspects_of(const MatrixUnit& unit, const Order& order, std::size_t terms);

// The product under a suspect. Throws Error where it cannot be computed so.
tensors::Tensor multiply(const Suspect& suspect, const Engine& engine,
                         const ProductOperands& operands, const ProductOptions& options);

struct Explanation {
  const Suspect* suspect = nullptr;
  std::uint64_t mismatches = 0;  // of all results
};
struct Explained {
  std::uint64_t results = 0;
  std::uint64_t mismatches = 0;        // of what was asked for
  std::vector<Explanation> exact;      // those that leave none
  std::optional<Explanation> nearest;  // else the one that leaves the fewest, if fewer
};

// got: what a kernel made, of the product's shape and format. Results that are NaN count as equal.
// Suspects are tried on a few rows first, those with mismatches before others, and where they leave
// none there on all. tried: called after each; may be empty.
Explained explain(const tensors::Tensor& got, const std::vector<Suspect>& suspects,
                  const MatrixUnit& unit, const Order& order, const Engine& engine,
                  const ProductOperands& operands, const ProductOptions& options,
                  const std::function<void(std::size_t done)>& tried);

}  // namespace halfulp::kernels
