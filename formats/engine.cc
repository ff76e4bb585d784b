// SPDX-License-Identifier: MIT
#include "formats/engine.h"

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
