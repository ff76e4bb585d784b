// SPDX-License-Identifier: MIT
#include "golden/tensors/checkpoint/scaled.h"

#include <algorithm>

#include "formats/codes.h"
#include "golden/tensors/scale_tiles.h"

namespace halfulp::tensors {
namespace {

// The numbers of bytes that hold a code each.
std::vector<float> numbers_of(const ElementType& type, Bytes data) {
  const std::size_t size = element_bytes(type);
  const auto count = static_cast<std::int64_t>(data.size() / size);
  return floats_of(make_tensor("", type, {count}, std::move(data)));
}

// The number of every code of at most 8 bits.
std::vector<float> table_of(const ElementType& type) {
  Bytes codes(std::size_t{1} << bits(type.format));
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  return numbers_of(type, std::move(codes));
}

class Values {
 public:
  Values(const ScaledTensor& tensor, const ValueEncoder& encoder)
      : tensor_(tensor), encoder_(encoder), table_(table_of(tensor.element)) {}

  void give(const Sink& sink) const {
    if (encoder_.carrier() == Carrier::binary32) {
      give_all<float>(sink);
    } else {
      give_all<double>(sink);
    }
  }

 private:
  // Rows of one matrix.
  struct Part {
    std::size_t matrix, begin, end;
  };

  template <typename Real>
  void give_all(const Sink& sink) const {
    if (element_count(tensor_.shape) == 0) return;
    const std::size_t unit = tensor_.tiled ? tile_rows * tensor_.block_rows : 1;
    const std::size_t step =
        std::max<std::size_t>(part_elements / tensor_.columns / unit, 1) * unit;
    const std::vector<float> globals = global_scales();
    for (std::size_t matrix = 0; matrix < tensor_.matrices; ++matrix) {
      for (std::size_t row = 0; row < tensor_.rows; row += step) {
        const Part part{matrix, row, std::min(row + step, tensor_.rows)};
        std::vector<Real> scales = scales_of<Real>(part);
        if (!globals.empty()) put_over_all<Real>(globals[globals.size() == 1 ? 0 : matrix], scales);
        encoder_.give(std::span<const Real>(products<Real>(part, scales)), sink);
      }
    }
  }

  [[nodiscard]] std::vector<float> global_scales() const {
    if (!tensor_.global) return {};
    return numbers_of(*tensor_.global->element,
                      tensor_.global->read(0, static_cast<std::size_t>(tensor_.global->size)));
  }

  template <typename Real>
  void put_over_all(float global, std::vector<Real>& scales) const {
    const Real by = global;
    for (Real& scale : scales) scale = tensor_.global_divides ? scale / by : scale * by;
  }

  // Of the rows of blocks that the part touches, row after row.
  template <typename Real>
  [[nodiscard]] std::vector<Real> scales_of(const Part& part) const {
    const std::size_t first = part.begin / tensor_.block_rows;
    const std::size_t last = (part.end - 1) / tensor_.block_rows + 1;
    const std::size_t matrix = tensor_.scale_matrices == 1 ? 0 : part.matrix;
    const std::vector<float> numbers =
        numbers_of(tensor_.scale_type, tensor_.tiled ? tiled_scales(matrix, first, last)
                                                     : plain_scales(matrix, first, last));
    return {numbers.begin(), numbers.end()};
  }

  [[nodiscard]] Bytes plain_scales(std::size_t matrix, std::size_t first, std::size_t last) const {
    const std::size_t row = tensor_.scale_columns * element_bytes(tensor_.scale_type);
    return tensor_.scales.read((matrix * tensor_.scale_rows + first) * row, (last - first) * row);
  }

  // `first` begins a tile.
  [[nodiscard]] Bytes tiled_scales(std::size_t matrix, std::size_t first, std::size_t last) const {
    const ScaleTiles all = scale_tiles(tensor_.scale_rows, tensor_.scale_columns);
    const ScaleTiles some = scale_tiles(last - first, tensor_.scale_columns);
    const std::size_t row_of_tiles = all.bytes() / std::max<std::size_t>(all.down, 1);
    const std::size_t begin = matrix * all.bytes() + first / tile_rows * row_of_tiles;
    return from_scale_tiles(tensor_.scales.read(begin, some.bytes()), last - first,
                            tensor_.scale_columns);
  }

  template <typename Real>
  [[nodiscard]] std::vector<Real> products(const Part& part,
                                           const std::vector<Real>& scales) const {
    const bool half = tensor_.paired || tensor_.codes.close;
    const std::size_t row_bytes = half ? tensor_.columns / 2 : tensor_.columns;
    const Bytes codes = tensor_.codes.read((part.matrix * tensor_.rows + part.begin) * row_bytes,
                                           (part.end - part.begin) * row_bytes);
    const std::size_t first_block = part.begin / tensor_.block_rows;
    std::vector<Real> values((part.end - part.begin) * tensor_.columns);
    for (std::size_t row = part.begin; row < part.end; ++row) {
      const std::size_t at = row - part.begin;
      const Real* of_row =
          scales.data() + (row / tensor_.block_rows - first_block) * tensor_.scale_columns;
      for (std::size_t column = 0; column < tensor_.columns; ++column) {
        const std::size_t code = half ? nibble(codes[at * row_bytes + column / 2], column)
                                      : codes[at * row_bytes + column];
        values[at * tensor_.columns + column] =
            static_cast<Real>(table_[code]) * of_row[column / tensor_.block_columns];
      }
    }
    return values;
  }

  [[nodiscard]] std::size_t nibble(std::uint8_t byte, std::size_t column) const {
    const bool first_low = tensor_.codes.close || tensor_.nibbles == Nibbles::low_first;
    const bool low = (column % 2 == 0) == first_low;
    return low ? byte & 15U : byte >> 4U;
  }

  ScaledTensor tensor_;
  ValueEncoder encoder_;
  std::vector<float> table_;
};

std::string type_text(const ScaledTensor& tensor) {
  std::string text = tensor.codes.type + " x " + tensor.scales.type + ", " +
                     std::to_string(tensor.block_rows) + "x" + std::to_string(tensor.block_columns);
  return tensor.tiled ? text + " in tiles" : text;
}

}  // namespace

PartedTensor values_of(const ScaledTensor& tensor, const ValueEncoder& encoder) {
  const auto work = std::make_shared<const Values>(tensor, encoder);
  PartedTensor result;
  result.heading = {tensor.name, encoder.type(), tensor.shape};
  result.stored = type_text(tensor);
  result.stored_size =
      tensor.codes.size + tensor.scales.size + (tensor.global ? tensor.global->size : 0);
  result.give = [work](const Sink& sink) { work->give(sink); };
  return result;
}

}  // namespace halfulp::tensors
