// SPDX-License-Identifier: MIT
#include "formats/engine.h"

#include <stdexcept>
#include <string>

#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp {
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

View as_const(const MutableView& view) { return view; }

void refuse_plan(std::string_view maker, std::string_view engine) {
  if (maker.empty()) throw std::logic_error("a plan that no engine has prepared");
  throw std::logic_error("a plan of the engine \"" + std::string(maker) +
                         "\" is given to the engine \"" + std::string(engine) + "\"");
}

void require_shapes(const MatrixOperands& operands, const DotTree& tree, const MutableView& out) {
  const View& a = operands.a;
  const View& b = operands.b;
  HALFULP_REQUIRE(a.columns == b.rows && a.rows == out.rows && b.columns == out.columns,
                  "multiply: shapes do not match");
  HALFULP_REQUIRE(!operands.addend || (operands.addend->rows == out.rows &&
                                       operands.addend->columns == out.columns),
                  "multiply: the addend is not as large as the result");
  std::size_t scaled = 0;
  for (const Sum& sum : tree.sums) {
    if (!sum.scaling) continue;
    HALFULP_REQUIRE(scaled < operands.scales.size(), "multiply: scales are missing");
    const ScaleOperands& scales = operands.scales[scaled++];
    const auto block = static_cast<std::size_t>(sum.scaling->block);
    const std::size_t blocks = a.columns / block + (a.columns % block != 0 ? 1 : 0);
    HALFULP_REQUIRE(scales.a.rows == a.rows && scales.a.columns == blocks &&
                        scales.b.rows == blocks && scales.b.columns == b.columns,
                    "multiply: scales are not as many as the blocks of terms");
  }
  HALFULP_REQUIRE(scaled == operands.scales.size(), "multiply: scales that no sum takes");
}

int packed_bits(const Format& format) {
  const int needed = bits(format);
  for (const int width : {4, 6, 8, 16, 32, 64}) {
    if (needed <= width) return width;
  }
  return 128;
}

std::size_t packed_bytes(const Format& format, std::size_t elements) {
  return (elements * static_cast<std::size_t>(packed_bits(format)) + 7) / 8;
}

}  // namespace halfulp
