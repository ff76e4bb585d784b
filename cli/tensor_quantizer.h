// SPDX-License-Identifier: MIT
//
// One tensor to a format, scalar or block: its elements as a matrix whose rows run along the axis
// that blocks run along, through an engine, and back into tensors of values or of codes and scales.
// Rows are cut among threads; what an element becomes depends on its place alone.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "formats/json.h"
#include "golden/tensors/tensor.h"

namespace halfulp::cli {

// A matrix in one of the carriers.
struct Matrix {
  Carrier carrier = Carrier::binary32;
  std::size_t rows = 0, columns = 0;
  std::vector<float> floats;  // one of the two is used
  std::vector<double> doubles;

  Matrix() = default;
  Matrix(Carrier carrier, std::size_t rows, std::size_t columns);
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
  tensors::Shape shape;
  std::size_t axis = 0;
};
// axis: from the last backwards where it is negative. In binary32 where that holds the type. Throws
// Error: no such axis, or an element that no double holds.
Unfolded unfold(const tensors::Tensor& tensor, int axis);

struct Quantized {
  Matrix values;
  BlockCodes codes;  // a scalar format has elements only
  Counts counts;
};

class TensorQuantizer {
 public:
  TensorQuantizer(const AnyQuantizer& quantizer, const Engine& engine, int threads);

  // random.offset must be 0. Values are in binary64 where the input is or the format needs it.
  // Throws Error where blocks of several rows would reach from one matrix of the tensor into the
  // next.
  [[nodiscard]] Quantized quantize(const Unfolded& in, const Random& random, bool with_codes) const;

  // The values as a tensor of the original shape, in the carrier's type.
  [[nodiscard]] tensors::Tensor values(const Unfolded& in, const Quantized& out,
                                       const std::string& name) const;
  // "codes", and of block formats "scales" (of the innermost level), "outer_scales" and
  // "zero_points", as far as there are any; behind "NAME." where the tensor has a name. A dimension
  // that one scale spans is left out of the shape of scales.
  [[nodiscard]] std::vector<tensors::Tensor> codes(const Unfolded& in, const Quantized& out,
                                                   const std::string& name) const;

  // How many elements are beyond the element format's largest number, or infinite, and delivered as
  // a finite number. out: of `in` with the random bits of `random`, with codes where it is a block
  // format. Counts::saturated counts those too that are delivered as NaN or infinite.
  [[nodiscard]] std::uint64_t saturated(const Unfolded& in, const Quantized& out,
                                        const Random& random) const;

  [[nodiscard]] const Format& element() const;
  // What the elements of `out` are multiples of; empty for scalar formats: 1.
  [[nodiscard]] std::vector<double> scales(const Quantized& out) const;

 private:
  void require_whole_blocks(const Unfolded& in) const;
  [[nodiscard]] std::uint64_t overflowed_in_blocks(const Unfolded& in, const Quantized& out) const;
  [[nodiscard]] std::size_t rows_of_a_part(const Matrix& in) const;
  Quantized part(const View& in, Carrier carrier, const Random& random, bool with_codes) const;
  [[nodiscard]] tensors::Shape scale_shape(const Unfolded& in, const Level& level) const;

  const Engine& engine_;
  const Quantizer* scalar_ = nullptr;  // one of the two
  const BlockFormat* block_ = nullptr;
  Plan plan_;
  BlockPlan block_plan_;
  int threads_ = 0;
};

}  // namespace halfulp::cli
