// SPDX-License-Identifier: MIT
//
// What an engine can do with the descriptions of this folder. Two engines exist,
// reference::engine() and emulator::engine(); every test, command and experiment can run on either,
// and they agree in every bit.
//
// Arrays are carried in float or double: a carrier holds values of the format exactly
// (fits_binary32 and fits_binary64 of codes.h say which can). Engines are single-threaded and keep
// nothing from one call to the next but what a program lets them keep in its Caches; a caller that
// splits an array passes Random::offset, so results do not depend on the split. Arrays hold NaN by
// class, and are to be compared so: what a carrier gets is quiet, with the sign that Rounding::nan
// chooses and the fraction of the code, but dot products deliver one positive NaN.
//
// What is computed often is prepared: a plan holds all that follows from a description alone, never
// changes, and may be used by many threads. It serves the engine that made it; another refuses it.
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

class Caches;

// What is known beforehand of the use of a plan. No result depends on it.
struct Preparation {
  // Kept from one preparation to another, where there is one; it must outlive the plan.
  Caches* caches = nullptr;
  // How many elements are to come, in all calls together; 0 where it is unknown. Tables are made
  // where so many elements pay for them.
  std::uint64_t elements = 0;
  // What those elements are held in. Results of arithmetic are rounded from binary64.
  Carrier carrier = Carrier::binary64;
};

// A quantizer, a unit of dot products (dot_tree.h), a block format or an operation, prepared.
// `engine` is the name of the engine that made the plan, `compiled` what it made of the
// description.
struct Plan {
  Quantizer quantizer;
  std::string_view engine;
  std::shared_ptr<const void> compiled;
};
struct DotPlan {
  DotTree tree;
  std::string_view engine;
  std::shared_ptr<const void> compiled;
};
struct BlockPlan {
  BlockFormat format;
  std::string_view engine;
  std::shared_ptr<const void> compiled;
};
struct OperationPlan {
  Op op = Op::add;
  std::vector<Format> inputs;
  Quantizer output;
  std::string_view engine;
  std::shared_ptr<const void> compiled;
};
// Throws std::logic_error.
[[noreturn]] void refuse_plan(std::string_view maker, std::string_view engine);
// Precondition of every use of a plan: `maker`, its engine, is the one it is given to.
inline void require_engine(std::string_view maker, std::string_view engine) {
  if (maker.data() != engine.data() && maker != engine) refuse_plan(maker, engine);
}

// The scales of the items of one sum, numbers of its Scaling's formats (dot_tree.h): a, rows x
// blocks of terms; b, blocks x columns.
struct ScaleOperands {
  View a, b;
};
// What a product of matrices takes: a, rows x inner; b, inner x columns; what is added, rows x
// columns, where anything is; and scales for every sum that has a scaling, the outermost first.
struct MatrixOperands {
  View a, b;
  std::optional<View> addend = std::nullopt;
  std::vector<ScaleOperands> scales = {};
};
// Precondition of every product: the shapes of operands and result go together, and operands have
// the scales that the tree asks for. Throws std::logic_error.
void require_shapes(const MatrixOperands& operands, const DotTree& tree, const MutableView& out);

// A function of an engine that prepares a description.
template <typename Description, typename Made>
struct Prepare {
  Made (*make)(const Description& description, const Preparation& preparation) = nullptr;
  Made operator()(const Description& description, const Preparation& preparation = {}) const {
    return make(description, preparation);
  }
};

// A matrix in a block format, as codes.
struct BlockCodes {
  std::vector<std::uint8_t> elements;     // packed as by encode
  std::vector<std::vector<Code>> scales;  // a level each, its blocks row after row
  std::vector<std::int64_t> zero_points;  // rule `range`: of the innermost blocks
};

struct Engine {
  std::string_view name;

  Prepare<Quantizer, Plan> prepare;
  Prepare<DotTree, DotPlan> prepare_dot;  // throws Error where the tree is not valid
  Prepare<BlockFormat, BlockPlan> prepare_block;
  Prepare<Operation, OperationPlan> prepare_operation;

  // One operation on codes of any scalar format of at most 128 bits; `random` holds random_bits
  // bits.
  Outcome (*operate)(const OperationPlan& plan, std::span<const Code> operands,
                     std::uint64_t random);
  // The same of one time: a plan is made for it.
  Outcome (*apply)(const Operation& operation, std::span<const Code> operands,
                   std::uint64_t random);
  // The same on `count` elements, as packed codes: `in` holds an array each operand, element i
  // draws its random bits at index i. flags: of every element; may be empty. `out` may be one of
  // the operands where their codes are packed alike.
  void (*operate_codes)(const OperationPlan& plan,
                        std::span<const std::span<const std::uint8_t>> in, std::size_t count,
                        const Random& random, std::span<std::uint8_t> out,
                        std::span<std::uint8_t> flags);
  // One code of `from` into the plan's format.
  Outcome (*convert)(const Format& from, Code code, const Plan& plan, std::uint64_t random);

  // Arrays. in and out have one shape and may be the same memory; the element at (row, column)
  // draws its random bits at index row * columns + column.
  void (*round)(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                Counts* counts);
  void (*map)(Op op, std::span<const View> in, const Plan& plan, const Random& random,
              const MutableView& out, Counts* counts);
  // Codes in and out, packed least significant bits first in little-endian bytes: 4, 6, 8, 16, 32,
  // 64 or 128 bits a code (packed_bits); rows follow each other without padding.
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
  // codes may be null.
  void (*quantize)(const View& in, const BlockPlan& plan, const Random& random,
                   const MutableView& out, BlockCodes* codes, Counts* counts);
  void (*dequantize)(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out);
};

// Bits that a code takes in a packed array: the least of 4, 6, 8, 16, 32, 64, 128 that holds it.
int packed_bits(const Format& format);
std::size_t packed_bytes(const Format& format, std::size_t elements);

}  // namespace halfulp
