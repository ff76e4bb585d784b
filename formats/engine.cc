// SPDX-License-Identifier: MIT
#include "formats/engine.h"

#include <array>
#include <string>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp {
namespace {

constexpr std::array<std::string_view, op_count> op_names{"add", "sub", "mul",
                                                          "div", "fma", "sqrt"};

}  // namespace

int arity(Op op) {
  if (op == Op::square_root) return 1;
  return op == Op::fused_multiply_add ? 3 : 2;
}

std::string_view name_of(Op op) { return op_names.at(static_cast<std::size_t>(op)); }

Op parse_op(std::string_view name) {
  for (std::size_t i = 0; i < op_names.size(); ++i) {
    if (op_names[i] == name) return static_cast<Op>(i);
  }
  const std::string hint = suggest(std::string(name), {op_names.begin(), op_names.end()});
  throw Error("unknown operation \"" + std::string(name) + "\"", "",
              hint.empty() ? "the operations are add, sub, mul, div, fma, sqrt" : hint);
}

View view_of(std::span<const float> row) { return view_of(row.data(), 1, row.size()); }
View view_of(std::span<const double> row) { return view_of(row.data(), 1, row.size()); }
MutableView view_of(std::span<float> row) { return view_of(row.data(), 1, row.size()); }
MutableView view_of(std::span<double> row) { return view_of(row.data(), 1, row.size()); }

View view_of(const double* data, std::size_t rows, std::size_t columns) {
  return {data, Carrier::binary64, rows, columns, columns};
}
MutableView view_of(double* data, std::size_t rows, std::size_t columns) {
  return {data, Carrier::binary64, rows, columns, columns};
}
View view_of(const float* data, std::size_t rows, std::size_t columns) {
  return {data, Carrier::binary32, rows, columns, columns};
}
MutableView view_of(float* data, std::size_t rows, std::size_t columns) {
  return {data, Carrier::binary32, rows, columns, columns};
}

View as_const(const MutableView& view) {
  return {view.data, view.carrier, view.rows, view.columns, view.stride};
}

int packed_bits(const Format& format) {
  const int needed = bits(format);
  for (const int width : {4, 6, 8, 16, 32, 64}) {
    if (needed <= width) return width;
  }
  throw std::logic_error("packed_bits: " + format.name + " has more than 64 bits");
}

std::size_t packed_bytes(const Format& format, std::size_t elements) {
  return (elements * static_cast<std::size_t>(packed_bits(format)) + 7) / 8;
}

}  // namespace halfulp
