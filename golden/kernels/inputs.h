// SPDX-License-Identifier: MIT
//
// Operands of whole products on which units and orders part, or on which all agree. The classes
// are those that recordings and models of matrix units are compared on (near one, wide exponents,
// cancelling, subnormal, zeros, specials, random bits, near overflow, exponent gaps about the
// width of the alignment), and one of small integers, whose sums are exact in every order: where
// those differ the layout is wrong and not the rounding.
//
// An element is a pure function of the seed, the class, the operand, its row (of B and its scales
// the column) and its term. Where a class asks for it, it depends on the unit, the order and the
// number of terms too, but never on the number of rows or columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "formats/matrix_unit.h"
#include "golden/kernels/order.h"
#include "golden/kernels/product.h"
#include "golden/tensors/tensor.h"

namespace halfulp::kernels {

enum class InputClass : std::uint8_t {
  near_one,
  wide,
  cancelling,
  subnormal,
  zeros,
  specials,
  random_bits,
  near_overflow,
  alignment,
  exact
};
struct InputClassEntry {
  InputClass kind;
  std::string_view name, letter;  // "near-one", "n"
  std::string_view what;          // one line
};
std::span<const InputClassEntry> input_classes();
const InputClassEntry& find_input_class(std::string_view name);  // or letter; throws Error

struct InputShape {
  std::size_t rows = 0, terms = 0, columns = 0;
};
struct Inputs {
  tensors::Tensor a, b, c;                          // rows x terms, terms x columns, rows x columns
  std::vector<tensors::Tensor> a_scales, b_scales;  // rows x blocks, columns x blocks
  [[nodiscard]] ProductOperands operands() const;   // views
};

// Throws Error: an operand that is no floating-point format; an order that adds a bias; integers
// whose sums the arithmetic does not hold.
Inputs inputs_of(const MatrixUnit& unit, const Order& order, InputClass kind,
                 const InputShape& shape, std::uint64_t seed);

}  // namespace halfulp::kernels
