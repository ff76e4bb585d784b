// SPDX-License-Identifier: MIT
#include "golden/kernels/side_operands.h"

#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::kernels {

using tensors::Shape;
using tensors::Tensor;

UnitOperand plain(const Format& format) { return {.format = format}; }

std::size_t group_of(std::size_t line, std::size_t lines, std::size_t groups) {
  return line / ((lines + groups - 1) / groups);
}

const Tensor& required_scales(const std::vector<const Tensor*>& all, std::size_t place,
                              const Format& format, const std::string& name) {
  if (place >= all.size())
    throw Error("scales are missing", name, "the unit or the order takes them; give them");
  const Format& given = all[place]->type.format;
  const bool same_size = bits(given) == bits(format) || bits(given) == bits(format) + 1;
  if (given.kind != format.kind && !same_size)
    throw Error("scales of " + all[place]->type.name + ", and " + format.name + " is taken", name,
                "convert them");
  return *all[place];
}

ScalePlaces::ScalePlaces(const Tensor& tensor, std::size_t lines, std::size_t blocks,
                         const std::string& place)
    : lines_(lines), blocks_(blocks) {
  const Shape& shape = tensor.shape;
  const std::size_t size = tensors::element_count(tensor);
  if (size == 1 || (size == 0 && lines * blocks == 0)) return;
  line_stride_ = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  const bool one_a_line = size == lines && blocks_ == 1;
  const bool of_blocks = shape.size() >= 2 && line_stride_ == blocks;
  if (one_a_line) line_stride_ = 1;
  if (size == 0 || (!one_a_line && !of_blocks)) refuse(place);
  groups_ = size / line_stride_;
  if (lines == 0 || group_of(lines - 1, lines, groups_) + 1 != groups_) refuse(place);
}

std::size_t ScalePlaces::at(std::size_t line, std::size_t block) const {
  if (line_stride_ == 0) return 0;
  const std::size_t group = group_of(line, lines_, groups_);
  return group * line_stride_ + (blocks_ == 1 ? 0 : block);
}

void ScalePlaces::refuse(const std::string& place) const {
  throw Error("scales of another shape", place,
              "give one number, or " + std::to_string(lines_) + " x " + std::to_string(blocks_) +
                  " (or one a group of rows)");
}

AddendPlaces::AddendPlaces(const Tensor& tensor, const Results& results, const std::string& place)
    : columns_(results.columns) {
  const std::size_t size = tensors::element_count(tensor);
  whole_ = size == results.rows * results.columns;
  single_ = size == 1;
  if (!whole_ && !single_ && size != results.columns)
    throw Error("another number of elements than the result", place,
                "give one a result, one a column, or one number");
}

}  // namespace halfulp::kernels
