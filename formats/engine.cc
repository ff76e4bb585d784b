// SPDX-License-Identifier: MIT
#include "formats/engine.h"

#include <stdexcept>
#include <string>

#include "formats/codes.h"

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
