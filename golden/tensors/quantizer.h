// SPDX-License-Identifier: MIT
//
// One tensor to a format, scalar or block: its elements as a matrix whose rows run along the axis
// that blocks run along, through an engine, and back into tensors of values or of codes and scales.
// Rows are cut among threads; what an element becomes depends on its place alone.
//
//   const TensorQuantizer quantizer(any_quantizer_from_text("nvfp4"), emulator::engine());
//   const Tensor values = quantizer.quantized(tensor);
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "formats/engine.h"
#include "formats/json.h"
#include "golden/tensors/axis.h"
#include "golden/tensors/element_scales.h"
#include "golden/tensors/tensor.h"

namespace halfulp::tensors {

// A matrix in one of the carriers.
struct Matrix {
  Carrier carrier = Carrier::binary32;
  std::size_t rows = 0, columns = 0;
  std::vector<float> floats;  // one of the two is used
  std::vector<double> doubles;

  Matrix() = default;
  Matrix(Carrier carrier, std::size_t rows, std::size_t columns);
  // Of another shape in the same memory; its elements are anything.
  void reshape(Carrier to, std::size_t new_rows, std::size_t new_columns);
  [[nodiscard]] View view() const;
  MutableView view();
  [[nodiscard]] std::size_t size() const { return rows * columns; }
  [[nodiscard]] double at(std::size_t index) const {
    return carrier == Carrier::binary32 ? static_cast<double>(floats[index]) : doubles[index];
  }
};

// A tensor's elements, and how they lie in the matrix: the axis is its columns, the other
// dimensions in their order are its rows. A tensor without dimensions is one row of one element.
struct Unfolded {
  Matrix matrix;
  Shape shape;
  std::size_t axis = 0;
};
// In binary32 where that holds the type. Throws Error: an element that no double holds.
// Precondition: the axis is one of the tensor's, or 0.
Unfolded unfold(const Tensor& tensor, std::size_t axis);

// Multiplies blocks of n numbers along the rows by a Hadamard matrix (formats/hadamard.h), with
// signs where random bits are given. Throws Error: n is no power of two, or rows are no whole
// blocks.
void rotate(Unfolded& tensor, std::size_t n, const Random* signs);

struct Quantized {
  Matrix values;
  BlockCodes codes;  // a scalar format has elements only
  Counts counts;
};

// What carries the values that numbers in `in` become: binary32 where it holds all of the format's.
Carrier values_carrier(const AnyQuantizer& quantizer, Carrier in);

class TensorQuantizer {
 public:
  // threads: 0: all processors. preparation: what is known of the tensors. Throws Error: a number
  // format with values that no double holds.
  TensorQuantizer(AnyQuantizer quantizer, const Engine& engine, int threads = 0,
                  const Preparation& preparation = {});

  // The values that the elements become, under the tensor's name and in its shape: float32, or
  // float64 where the tensor or the format needs it. axis: that blocks lie along. Throws Error.
  [[nodiscard]] Tensor quantized(const Tensor& tensor, int axis = -1,
                                 const Random& random = {}) const;

  // random.offset must be 0. Values are in binary64 where the input is or the format needs it.
  // Throws Error where blocks of several rows would reach from one matrix of the tensor into the
  // next.
  [[nodiscard]] Quantized quantize(const Unfolded& in, const Random& random, bool with_codes) const;

  // Of a part of a tensor, on one thread: random.offset counts the elements before it. Whole
  // blocks. Memory of what `out` was before is used again.
  void quantize_part(const Unfolded& part, const Random& random, Quantized& out) const;
  // The values of whole blocks from view to view, on one thread: random.offset counts the elements
  // before them.
  void quantize_rows(const View& in, const Random& random, const MutableView& out) const;
  // How many rows of a matrix may be taken apart from the others: whole blocks, and whole bytes of
  // packed codes.
  [[nodiscard]] std::size_t rows_of_a_part(std::size_t rows, std::size_t columns) const;
  // Throws Error where blocks along the last axis would reach from one matrix of such a tensor into
  // the next.
  void require_whole_blocks(const Shape& shape) const {
    require_whole_blocks(shape, shape.empty() ? 0 : shape.size() - 1);
  }

  // The values as a tensor of the original shape, in the carrier's type.
  [[nodiscard]] Tensor values(const Unfolded& in, const Quantized& out,
                              const std::string& name) const;
  // "codes", and of block formats "scales" (of the innermost level), "outer_scales" and
  // "zero_points", as far as there are any; behind "NAME." where the tensor has a name. A dimension
  // that one scale spans is left out of the shape of scales.
  [[nodiscard]] std::vector<Tensor> codes(const Unfolded& in, const Quantized& out,
                                          const std::string& name) const;

  // How many elements are beyond the element format's largest number, or infinite, and delivered as
  // a finite number. out: of `in` with the random bits of `random`, with codes where it is a block
  // format. Counts::saturated counts those too that are delivered as NaN or infinite.
  [[nodiscard]] std::uint64_t saturated(const Unfolded& in, const Quantized& out,
                                        const Random& random) const;

  [[nodiscard]] const Format& element() const;
  // What the elements of `out` are multiples of.
  [[nodiscard]] ElementScales scales(const Quantized& out) const;

 private:
  [[nodiscard]] const Quantizer* scalar() const { return std::get_if<Quantizer>(&quantizer_); }
  [[nodiscard]] const BlockFormat* block() const { return std::get_if<BlockFormat>(&quantizer_); }
  void require_whole_blocks(const Shape& shape, std::size_t axis) const;
  [[nodiscard]] std::uint64_t overflowed_in_blocks(const Unfolded& in, const Quantized& out) const;
  void quantize_view(const View& in, Carrier carrier, const Random& random, bool with_codes,
                     Quantized& out) const;

  const Engine& engine_;
  AnyQuantizer quantizer_;
  Plan plan_;
  BlockPlan block_plan_;
  int threads_ = 0;
};

}  // namespace halfulp::tensors
