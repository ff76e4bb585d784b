// SPDX-License-Identifier: MIT
//
// Matrices of numbers that share scales.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "capi/codes.h"
#include "capi/handles.h"
#include "capi/status.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::capi {
namespace {

// How many elements there are. Throws Error where no memory has so many.
std::size_t size_of(std::size_t rows, std::size_t columns) {
  constexpr std::size_t most = std::size_t{1} << 56;
  if (columns != 0 && rows > most / columns) throw Error("no matrix has so many elements", "rows");
  return rows * columns;
}

void require_stride(std::size_t rows, std::size_t columns, std::size_t stride, const char* name) {
  if (rows > 1 && stride < columns)
    throw Error("rows of " + counted(columns, "element") + " overlap", name,
                "a stride is at least as many");
  size_of(rows, std::max(stride, columns));
}

template <typename Real>
View view_of(const Real* data, std::size_t rows, std::size_t columns, std::size_t stride) {
  return {data, carrier_of<Real>, rows, columns, stride};
}
template <typename Real>
MutableView view_of(Real* data, std::size_t rows, std::size_t columns, std::size_t stride) {
  return {data, carrier_of<Real>, rows, columns, stride};
}

std::size_t scale_count(const halfulp_block_format& block, std::size_t level, std::size_t rows,
                        std::size_t columns) {
  return partition(block.format.levels[level], rows, columns).count();
}

std::size_t zero_point_count(const halfulp_block_format& block, std::size_t rows,
                             std::size_t columns) {
  return block.format.levels.back().rule == ScaleRule::range
             ? scale_count(block, block.scales.size() - 1, rows, columns)
             : 0;
}

// The arrays of a caller, of the sizes that the matrix has. Arrays: halfulp_block_codes or _out.
template <typename Arrays, typename One>
struct Parts {
  Parts(const halfulp_block_format& block, std::size_t rows, std::size_t columns,
        const Arrays& arrays)
      : elements(block.element, arrays.elements, size_of(rows, columns), "elements") {
    const std::size_t levels = block.scales.size();
    if (arrays.levels != levels)
      throw Error("the format has scales of " + counted(levels, "level"), "levels",
                  "give an array of each");
    require(arrays.scales, "scales");
    for (std::size_t level = 0; level < levels; ++level)
      scales.emplace_back(*block.scales[level], arrays.scales[level],
                          scale_count(block, level, rows, columns), "scales");
    const std::size_t points = zero_point_count(block, rows, columns);
    if (arrays.zero_point_count < points)
      throw Error("the format has " + counted(points, "zero point") + " here", "zero_points",
                  "give an array of them");
    require_array(arrays.zero_points, points, "zero_points");
  }

  One elements;
  std::vector<One> scales;
};

void give(const BlockCodes& codes, const halfulp_block_format& block,
          const Parts<halfulp_block_codes_out, CodesOut>& parts, const halfulp_block_codes_out& out,
          std::size_t elements) {
  const std::span<const std::uint8_t> packed(codes.elements);
  for (std::size_t begin = 0; begin < elements; begin += stretch)
    parts.elements.write(begin, std::min(stretch, elements - begin),
                         packed.subspan(packed_size(block.element, begin)));
  for (std::size_t level = 0; level < parts.scales.size(); ++level) {
    const std::vector<Code>& all = codes.scales[level];
    std::array<std::uint64_t, stretch> words;
    for (std::size_t begin = 0; begin < all.size(); begin += stretch) {
      const std::size_t length = std::min(stretch, all.size() - begin);
      for (std::size_t i = 0; i < length; ++i)
        words[i] = static_cast<std::uint64_t>(all[begin + i]);
      parts.scales[level].write(begin, std::span<const std::uint64_t>(words).first(length));
    }
  }
  std::ranges::copy(codes.zero_points, out.zero_points);
}

BlockCodes taken(const Parts<halfulp_block_codes, CodesIn>& parts,
                 const halfulp_block_format& block, const halfulp_block_codes& in, std::size_t rows,
                 std::size_t columns) {
  BlockCodes codes;
  const std::size_t elements = rows * columns;
  std::array<std::uint8_t, stretch_bytes> buffer;
  codes.elements.reserve(packed_bytes(block.format.element.format, elements));
  for (std::size_t begin = 0; begin < elements; begin += stretch) {
    const auto packed =
        parts.elements.stretch_at(begin, std::min(stretch, elements - begin), buffer);
    codes.elements.insert(codes.elements.end(), packed.begin(), packed.end());
  }
  for (std::size_t level = 0; level < parts.scales.size(); ++level) {
    std::vector<Code>& all = codes.scales.emplace_back(scale_count(block, level, rows, columns));
    std::array<std::uint64_t, stretch> words;
    for (std::size_t begin = 0; begin < all.size(); begin += stretch) {
      const std::span<std::uint64_t> part =
          std::span(words).first(std::min(stretch, all.size() - begin));
      parts.scales[level].read(begin, part);
      std::ranges::copy(part, all.begin() + static_cast<std::ptrdiff_t>(begin));
    }
  }
  const std::size_t points = zero_point_count(block, rows, columns);
  if (points != 0) codes.zero_points.assign(in.zero_points, in.zero_points + points);
  const Range range = finite_range(block.format.element.format);
  for (const std::int64_t point : codes.zero_points) {
    if (point < range.lowest || point > range.highest)
      throw Error(std::to_string(point) + " is no code of " + block.format.element.format.name,
                  "zero_points");
  }
  return codes;
}

template <typename Real>
halfulp_status quantize(const halfulp_block_format* block, const Real* matrix, std::size_t rows,
                        std::size_t columns, std::size_t row_stride, const halfulp_random* random,
                        Real* values, std::size_t value_stride, const halfulp_block_codes_out* out,
                        halfulp_counts* counts, halfulp_error* error) {
  return answered(error, [&] {
    require(block, "block");
    const std::size_t elements = size_of(rows, columns);
    require_array(matrix, elements, "matrix");
    require_stride(rows, columns, row_stride, "row_stride");
    if (values != nullptr) require_stride(rows, columns, value_stride, "value_stride");
    const Random bits = random_of(random);
    std::optional<Parts<halfulp_block_codes_out, CodesOut>> parts;
    if (out != nullptr) parts.emplace(*block, rows, columns, *out);
    std::vector<Real> dropped(values == nullptr ? elements : 0);
    Counts found;
    BlockCodes codes;
    engine().quantize(view_of(matrix, rows, columns, row_stride), block->plan, bits,
                      values == nullptr ? view_of(dropped.data(), rows, columns, columns)
                                        : view_of(values, rows, columns, value_stride),
                      out == nullptr ? nullptr : &codes, counts == nullptr ? nullptr : &found);
    if (out != nullptr) give(codes, *block, *parts, *out, elements);
    if (counts == nullptr) return;
    counts->elements += found.elements;
    counts->saturated += found.saturated;
    counts->flushed += found.flushed;
    counts->inexact += found.inexact;
  });
}

template <typename Real>
halfulp_status dequantize(const halfulp_block_format* block, const halfulp_block_codes* codes,
                          std::size_t rows, std::size_t columns, Real* values,
                          std::size_t row_stride, halfulp_error* error) {
  return answered(error, [&] {
    require(block, "block");
    require(codes, "codes");
    require_array(values, size_of(rows, columns), "values");
    require_stride(rows, columns, row_stride, "row_stride");
    if (sizeof(Real) == sizeof(float) && !fits_binary32(block->format.element.format))
      throw Error("a float does not hold every number of " + block->format.element.format.name, "",
                  "ask for doubles");
    const Parts<halfulp_block_codes, CodesIn> parts(*block, rows, columns, *codes);
    engine().dequantize(taken(parts, *block, *codes, rows, columns), block->plan,
                        view_of(values, rows, columns, row_stride));
  });
}

}  // namespace
}  // namespace halfulp::capi

namespace capi = halfulp::capi;

halfulp_status halfulp_block_scale_count(const halfulp_block_format* block, size_t level,
                                         size_t rows, size_t columns, size_t* down, size_t* across,
                                         halfulp_error* error) {
  return capi::answered(error, [&] {
    capi::require(block, "block");
    capi::require(down, "down");
    capi::require(across, "across");
    if (level >= block->scales.size())
      throw halfulp::Error("the format has " + halfulp::counted(block->scales.size(), "level"),
                           "level", "level 0 is the outermost");
    capi::size_of(rows, columns);
    const halfulp::Partition cut = partition(block->format.levels[level], rows, columns);
    *down = cut.down;
    *across = cut.across;
  });
}

halfulp_status halfulp_block_quantize_f32(const halfulp_block_format* block, const float* matrix,
                                          size_t rows, size_t columns, size_t row_stride,
                                          const halfulp_random* random, float* values,
                                          size_t value_stride, const halfulp_block_codes_out* codes,
                                          halfulp_counts* counts, halfulp_error* error) {
  return capi::quantize(block, matrix, rows, columns, row_stride, random, values, value_stride,
                        codes, counts, error);
}
halfulp_status halfulp_block_quantize_f64(const halfulp_block_format* block, const double* matrix,
                                          size_t rows, size_t columns, size_t row_stride,
                                          const halfulp_random* random, double* values,
                                          size_t value_stride, const halfulp_block_codes_out* codes,
                                          halfulp_counts* counts, halfulp_error* error) {
  return capi::quantize(block, matrix, rows, columns, row_stride, random, values, value_stride,
                        codes, counts, error);
}
halfulp_status halfulp_block_dequantize_f32(const halfulp_block_format* block,
                                            const halfulp_block_codes* codes, size_t rows,
                                            size_t columns, float* values, size_t row_stride,
                                            halfulp_error* error) {
  return capi::dequantize(block, codes, rows, columns, values, row_stride, error);
}
halfulp_status halfulp_block_dequantize_f64(const halfulp_block_format* block,
                                            const halfulp_block_codes* codes, size_t rows,
                                            size_t columns, double* values, size_t row_stride,
                                            halfulp_error* error) {
  return capi::dequantize(block, codes, rows, columns, values, row_stride, error);
}
