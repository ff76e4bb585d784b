// SPDX-License-Identifier: MIT
#include "golden/tensors/quantizer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <numeric>
#include <type_traits>
#include <utility>

#include "emulator/parallel.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/hadamard.h"
#include "formats/numbers/value.h"

namespace halfulp::tensors {
namespace {

// A tensor whose elements have the axis last, to the order that its shape says.
void put_axis_back(Tensor& tensor, std::size_t axis) {
  const Cut cut = cut_at(tensor.shape, axis);
  tensor.data = transposed(std::move(tensor.data), element_bytes(tensor.type), cut.outer, cut.inner,
                           cut.length);
}

void add(const Counts& more, Counts& counts) {
  counts.elements += more.elements;
  counts.saturated += more.saturated;
  counts.flushed += more.flushed;
  counts.inexact += more.inexact;
}

View rows_of(const View& view, std::size_t begin, std::size_t end) {
  View part = view;
  const std::size_t size = view.carrier == Carrier::binary32 ? sizeof(float) : sizeof(double);
  part.data = static_cast<const std::uint8_t*>(view.data) + begin * view.stride * size;
  part.rows = end - begin;
  return part;
}

template <typename T>
void append(const std::vector<T>& more, std::vector<T>& all) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

Matrix::Matrix(Carrier carrier, std::size_t rows, std::size_t columns) {
  reshape(carrier, rows, columns);
}

void Matrix::reshape(Carrier to, std::size_t new_rows, std::size_t new_columns) {
  carrier = to;
  rows = new_rows;
  columns = new_columns;
  const bool narrow = carrier == Carrier::binary32;
  floats.resize(narrow ? rows * columns : 0);
  doubles.resize(narrow ? 0 : rows * columns);
}

View Matrix::view() const {
  return carrier == Carrier::binary32 ? view_of(floats.data(), rows, columns)
                                      : view_of(doubles.data(), rows, columns);
}

MutableView Matrix::view() {
  return carrier == Carrier::binary32 ? view_of(floats.data(), rows, columns)
                                      : view_of(doubles.data(), rows, columns);
}

Unfolded unfold(const Tensor& tensor, std::size_t axis) {
  Unfolded result;
  result.axis = axis;
  result.shape = tensor.shape;
  const Cut cut = cut_at(tensor.shape, result.axis);
  Tensor moved = tensor;
  moved.data = transposed(std::move(moved.data), element_bytes(tensor.type), cut.outer, cut.length,
                          cut.inner);
  Matrix& matrix = result.matrix;
  matrix.rows = cut.outer * cut.inner;
  matrix.columns = cut.length;
  if (fits_binary32(tensor.type.format)) {
    matrix.floats = floats_of(moved);
  } else {
    matrix.carrier = Carrier::binary64;
    matrix.doubles = doubles_of(moved);
  }
  return result;
}

void rotate(Unfolded& tensor, std::size_t n, const Random* signs) {
  if (!std::has_single_bit(n))
    throw Error("there is no Hadamard matrix of " + std::to_string(n) + " rows by doubling", "",
                "give a power of two, such as 16");
  Matrix& matrix = tensor.matrix;
  if (matrix.columns % n != 0)
    throw Error("rows of " + std::to_string(matrix.columns) +
                    " elements are no whole blocks of a Hadamard matrix of " + std::to_string(n),
                "", "give a size that divides them");
  const auto multiply = [&](auto& numbers) {
    using Real = typename std::decay_t<decltype(numbers)>::value_type;
    multiply_by_hadamard(std::span<Real>(numbers), signs != nullptr
                                                       ? hadamard_signs<Real>(n, *signs)
                                                       : std::vector<Real>(n, Real{1}));
  };
  if (matrix.carrier == Carrier::binary32) {
    multiply(matrix.floats);
  } else {
    multiply(matrix.doubles);
  }
}

TensorQuantizer::TensorQuantizer(AnyQuantizer quantizer, const Engine& engine, int threads,
                                 const Preparation& preparation)
    : engine_(engine), quantizer_(std::move(quantizer)), threads_(threads) {
  if (block() != nullptr) {
    block_plan_ = engine.prepare_block(*block(), preparation);
    return;
  }
  if (!fits_binary64(element())) {
    throw Error("the format \"" + element().name +
                    "\" has values that no binary64 holds, and arrays are carried in it",
                "", "round the numbers one by one");
  }
  plan_ = engine.prepare(*scalar(), preparation);
}

Tensor TensorQuantizer::quantized(const Tensor& tensor, int axis, const Random& random) const {
  const Unfolded in = unfold(tensor, axis_of(tensor.shape, axis));
  return values(in, quantize(in, random, false), tensor.name);
}

const Format& TensorQuantizer::element() const {
  return scalar() != nullptr ? scalar()->format : block()->element.format;
}

void TensorQuantizer::require_whole_blocks(const Shape& shape, std::size_t axis) const {
  if (block() == nullptr || shape.size() < 3) return;
  const std::size_t last = axis + 1 == shape.size() ? shape.size() - 2 : shape.size() - 1;
  const std::int64_t rows = shape[last];
  for (const Level& level : block()->levels) {
    if (level.rows <= 1 || rows % level.rows == 0) continue;
    throw Error("blocks of " + std::to_string(level.rows) + " rows in matrices of " +
                    std::to_string(rows) + " would reach from one matrix into the next",
                "", "split the tensor, or choose blocks whose rows divide " + std::to_string(rows));
  }
}

// As many rows as a thread takes at a time: whole blocks, and whole bytes of packed codes. All of
// them where a scale spans all rows, or draws its own random bits by the number of its block.
std::size_t TensorQuantizer::rows_of_a_part(std::size_t rows, std::size_t columns) const {
  constexpr std::size_t elements = std::size_t{1} << 18;
  std::size_t unit = 8;
  if (block() != nullptr) {
    for (const Level& level : block()->levels) {
      if (level.rows == 0 || is_stochastic(level.scale.rounding.mode))
        return std::max<std::size_t>(rows, 1);
      unit = std::lcm(unit, static_cast<std::size_t>(level.rows));
    }
  }
  const std::size_t wanted = elements / std::max<std::size_t>(columns, 1);
  return std::max<std::size_t>(wanted / unit, 1) * unit;
}

void TensorQuantizer::quantize_view(const View& in, Carrier carrier, const Random& random,
                                    bool with_codes, Quantized& out) const {
  out.values.reshape(carrier, in.rows, in.columns);
  out.counts = {};
  if (block() != nullptr)
    return engine_.quantize(in, block_plan_, random, out.values.view(), &out.codes, &out.counts);
  engine_.round(in, plan_, random, out.values.view(), &out.counts);
  if (!with_codes) return;
  out.codes.elements.resize(packed_bytes(scalar()->format, in.rows * in.columns));
  engine_.encode(in, plan_, random, out.codes.elements, nullptr);
}

void TensorQuantizer::quantize_rows(const View& in, const Random& random,
                                    const MutableView& out) const {
  if (block() != nullptr) return engine_.quantize(in, block_plan_, random, out, nullptr, nullptr);
  engine_.round(in, plan_, random, out, nullptr);
}

Carrier values_carrier(const AnyQuantizer& quantizer, Carrier in) {
  const auto* scalar = std::get_if<Quantizer>(&quantizer);
  const bool wide =
      in == Carrier::binary64 || (scalar != nullptr && !fits_binary32(scalar->format));
  return wide ? Carrier::binary64 : Carrier::binary32;
}

void TensorQuantizer::quantize_part(const Unfolded& in, const Random& random,
                                    Quantized& out) const {
  quantize_view(in.matrix.view(), values_carrier(quantizer_, in.matrix.carrier), random, false,
                out);
}

Quantized TensorQuantizer::quantize(const Unfolded& in, const Random& random,
                                    bool with_codes) const {
  require_whole_blocks(in.shape, in.axis);
  const Matrix& matrix = in.matrix;
  const Carrier carrier = values_carrier(quantizer_, matrix.carrier);
  const std::size_t step = rows_of_a_part(matrix.rows, matrix.columns);
  const std::size_t parts = (matrix.rows + step - 1) / step;
  std::vector<Quantized> done(std::max<std::size_t>(parts, 1));
  const auto work = [&](std::size_t begin, std::size_t end) {
    Random at = random;
    at.offset = random.offset + begin * matrix.columns;
    quantize_view(rows_of(matrix.view(), begin, end), carrier, at, with_codes, done[begin / step]);
  };
  if (parts <= 1) {
    work(0, matrix.rows);
    return std::move(done.front());
  }
  emulator::for_each_chunk(matrix.rows, step, threads_, work);
  Quantized all = std::move(done.front());
  all.values.rows = matrix.rows;
  for (std::size_t i = 1; i < done.size(); ++i) {
    append(done[i].values.floats, all.values.floats);
    append(done[i].values.doubles, all.values.doubles);
    append(done[i].codes.elements, all.codes.elements);
    append(done[i].codes.zero_points, all.codes.zero_points);
    for (std::size_t level = 0; level < all.codes.scales.size(); ++level)
      append(done[i].codes.scales[level], all.codes.scales[level]);
    add(done[i].counts, all.counts);
    done[i] = {};
  }
  return all;
}

Tensor TensorQuantizer::values(const Unfolded& in, const Quantized& out,
                               const std::string& name) const {
  const bool narrow = out.values.carrier == Carrier::binary32;
  Heading heading{name, element_type(narrow ? "float32" : "float64"), in.shape};
  Tensor tensor = narrow ? from_numbers(std::move(heading), out.values.floats)
                         : from_numbers(std::move(heading), out.values.doubles);
  put_axis_back(tensor, in.axis);
  return tensor;
}

std::vector<Tensor> TensorQuantizer::codes(const Unfolded& in, const Quantized& out,
                                           const std::string& name) const {
  const std::string prefix = name.empty() ? "" : name + ".";
  std::vector<Tensor> all;
  all.push_back(
      from_packed_codes({prefix + "codes", element_type(element()), in.shape}, out.codes.elements));
  put_axis_back(all.back(), in.axis);
  if (block() == nullptr) return all;
  for (std::size_t i = block()->levels.size(); i-- > 0;) {
    const Level& level = block()->levels[i];
    const bool inner = i + 1 == block()->levels.size();
    const std::string number = i > 0 ? std::to_string(i) : "";
    std::vector<std::uint64_t> codes;
    for (const Code code : out.codes.scales[i]) codes.push_back(static_cast<std::uint64_t>(code));
    Shape shape = scale_shape(in.shape, in.axis, level);
    // A tensor without elements has no blocks, not even the one that is all of it.
    if (codes.empty() && element_count(shape) != 0) shape = {0};
    all.push_back(from_codes({prefix + (inner ? "scales" : "outer_scales" + number),
                              element_type(level.scale.format), std::move(shape)},
                             codes));
    if (level.rows == 1 && level.columns != 0 && !in.shape.empty())
      put_axis_back(all.back(), in.axis);
  }
  if (!out.codes.zero_points.empty()) {
    std::vector<std::uint64_t> codes;
    for (const std::int64_t z : out.codes.zero_points)
      codes.push_back(static_cast<std::uint64_t>(z));
    all.push_back(from_codes({prefix + "zero_points", element_type("int64"),
                              scale_shape(in.shape, in.axis, block()->levels.back())},
                             codes));
    if (block()->levels.back().rows == 1 && block()->levels.back().columns != 0)
      put_axis_back(all.back(), in.axis);
  }
  return all;
}

// Of elements that are beyond the largest number and not delivered as a finite one: those whose
// code is none, where their scale is a number. A block without a scale has nothing beyond.
std::uint64_t TensorQuantizer::overflowed_in_blocks(const Unfolded& in,
                                                    const Quantized& out) const {
  std::vector<double> scale_of(in.matrix.size());
  scales(out).find(0, scale_of);
  const auto size = static_cast<std::int64_t>(in.matrix.size());
  const Tensor codes = from_packed_codes({"", element_type(element()), {size}}, out.codes.elements);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < in.matrix.size(); ++i) {
    if (std::isfinite(out.values.at(i)) || std::isnan(in.matrix.at(i))) continue;
    const bool has_scale = std::isfinite(scale_of[i]);
    if (has_scale && !decode(element(), code_at(codes, i)).is_finite()) ++count;
  }
  return count;
}

std::uint64_t TensorQuantizer::saturated(const Unfolded& in, const Quantized& out,
                                         const Random& random) const {
  if (block() != nullptr) {
    const std::uint64_t not_finite = overflowed_in_blocks(in, out);
    return out.counts.saturated - std::min(not_finite, out.counts.saturated);
  }
  // The others again: an element's result does not depend on what stands beside it.
  const Range range = finite_range(scalar()->format);
  const double inside =
      nearest_double(value_at(scalar()->format, range.lowest + (range.highest - range.lowest) / 2));
  Unfolded finite = in;
  for (std::size_t i = 0; i < in.matrix.size(); ++i) {
    if (std::isfinite(out.values.at(i))) continue;
    if (in.matrix.carrier == Carrier::binary32) {
      finite.matrix.floats[i] = static_cast<float>(inside);
    } else {
      finite.matrix.doubles[i] = inside;
    }
  }
  return quantize(finite, random, false).counts.saturated;
}

ElementScales TensorQuantizer::scales(const Quantized& out) const {
  if (block() == nullptr) return {};
  return {*block(), out.codes, out.values.rows, out.values.columns};
}

}  // namespace halfulp::tensors
