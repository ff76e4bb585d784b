// SPDX-License-Identifier: MIT
//
// What an engine can do with the descriptions of this folder. Two engines exist,
// reference::engine() and emulator::engine(); every test, command and experiment can run on either,
// and they agree in every bit.
//
// Arrays are carried in float or double: a carrier holds values of the format exactly
// (Plan::carriers says which can). Engines are pure and single-threaded; a caller that splits an
// array passes Random::offset, so results do not depend on the split. Arrays hold NaN by
// class, and are to be compared so: what a carrier gets is quiet, with the sign that Rounding::nan
// chooses and the fraction of the code, but dot products deliver one positive NaN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "formats/block.h"
#include "formats/format.h"
#include "formats/operation.h"
#include "formats/random.h"
#include "formats/rounding.h"
#include "formats/unit.h"

namespace halfulp {

// An operation on codes: operands in their formats, the result rounded once.
struct Operation {
  Op op = Op::add;
  std::span<const Format> inputs;  // one each operand
  const Quantizer* output = nullptr;
};

struct Outcome {
  Code code = 0;
  std::uint8_t flags = 0;
  bool operator==(const Outcome&) const = default;
};

// A row-major matrix in a carrier. stride: elements from one row to the next. A vector is one row.
struct View {
  const void* data = nullptr;
  Carrier carrier = Carrier::binary64;
  std::size_t rows = 0, columns = 0, stride = 0;
};
// Serves wherever a View is asked.
struct MutableView {
  void* data = nullptr;
  Carrier carrier = Carrier::binary64;
  std::size_t rows = 0, columns = 0, stride = 0;
  operator View() const { return {data, carrier, rows, columns, stride}; }
};

View view_of(std::span<const float> row);
View view_of(std::span<const double> row);
MutableView view_of(std::span<float> row);
MutableView view_of(std::span<double> row);
View view_of(const double* data, std::size_t rows, std::size_t columns);
MutableView view_of(double* data, std::size_t rows, std::size_t columns);
View view_of(const float* data, std::size_t rows, std::size_t columns);
MutableView view_of(float* data, std::size_t rows, std::size_t columns);
View as_const(const MutableView& view);

// What happened to the elements of an array; counts are added to what stands there.
struct Counts {
  std::uint64_t elements = 0;
  std::uint64_t saturated =
      0;  // infinite, or rounded beyond the largest finite number, whatever was delivered
  std::uint64_t flushed = 0;  // nonzero, delivered as zero
  std::uint64_t inexact =
      0;  // delivered as something else than the exact result, NaN for NaN not counted
  bool operator==(const Counts&) const = default;
};

// A quantizer prepared once and used many times. `compiled` belongs to the engine that made it.
struct Plan {
  Quantizer quantizer;
  std::shared_ptr<const void> compiled;
};

// A unit of dot products (dot_tree.h) prepared once and used many times.
struct DotPlan {
  DotTree tree;
  std::shared_ptr<const void> compiled;
};

// What a product of matrices takes: a, rows x inner; b, inner x columns; and what is added, rows x
// columns, where anything is.
struct MatrixOperands {
  View a, b;
  std::optional<View> addend = std::nullopt;
};

// A block format prepared once and used many times.
struct BlockPlan {
  BlockFormat format;
  std::shared_ptr<const void> compiled;
};

// A matrix in a block format, as codes.
struct BlockCodes {
  std::vector<std::uint8_t> elements;     // packed as by encode
  std::vector<std::vector<Code>> scales;  // a level each, its blocks row after row
  std::vector<std::int64_t> zero_points;  // rule `range`: of the innermost blocks
};

struct Engine {
  std::string_view name;

  Plan (*prepare)(const Quantizer& quantizer);
  DotPlan (*prepare_dot)(const DotTree& tree);  // throws Error where the tree is not valid

  // One operation on codes of any scalar format of at most 128 bits; `random` holds random_bits
  // bits.
  Outcome (*apply)(const Operation& operation, std::span<const Code> operands,
                   std::uint64_t random);
  // One code of `from` into the plan's format.
  Outcome (*convert)(const Format& from, Code code, const Plan& plan, std::uint64_t random);

  // Arrays. in and out have one shape and may be the same memory; the element at (row, column)
  // draws its random bits at index row * columns + column.
  void (*round)(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                Counts* counts);
  void (*map)(Op op, std::span<const View> in, const Plan& plan, const Random& random,
              const MutableView& out, Counts* counts);
  // Codes in and out, packed least significant bits first in little-endian bytes: 4, 6, 8, 16, 32
  // or 64 bits a code (packed_bits); rows follow each other without padding.
  void (*encode)(const View& in, const Plan& plan, const Random& random,
                 std::span<std::uint8_t> out, Counts* counts);
  void (*decode)(std::span<const std::uint8_t> in, const Plan& plan, const MutableView& out);

  // out = a * b + addend over a unit of dot products; dot_tree.h says how the addend enters. (row,
  // column) is result number row * columns + column, and n is inner: dot_tree.h says at which index
  // what draws its random bits. A sum of the elements of a row is its product with ones. The addend
  // and out may be the same memory.
  void (*multiply_add)(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                       const MutableView& out);
  void multiply(const View& a, const View& b, const DotPlan& plan, const Random& random,
                const MutableView& out) const {
    multiply_add({.a = a, .b = b}, plan, random, out);
  }

  // Matrices in block formats. in, out and the codes have one shape; in and out may be the same
  // memory. An element draws its random bits at index row * columns + column, the scale of block k
  // of level l at index k of the stream random.stream + l + 1, Random::offset counting the elements
  // before: k goes on from floor(offset / (columns * rows of a block)) * blocks across. So a matrix
  // may be split between the blocks of its outermost level. out receives scale * element, rounded
  // once to its carrier (nearest even). Counts are those of the elements' roundings, u (block.h)
  // being the operand.
  BlockPlan (*prepare_block)(const BlockFormat& format) = nullptr;
  // codes may be null.
  void (*quantize)(const View& in, const BlockPlan& plan, const Random& random,
                   const MutableView& out, BlockCodes* codes, Counts* counts) = nullptr;
  void (*dequantize)(const BlockCodes& codes, const BlockPlan& plan,
                     const MutableView& out) = nullptr;
};

// Bits that a code takes in a packed array: the least of 4, 6, 8, 16, 32, 64 that holds it.
int packed_bits(const Format& format);
std::size_t packed_bytes(const Format& format, std::size_t elements);

}  // namespace halfulp
