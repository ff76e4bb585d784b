// SPDX-License-Identifier: MIT
#include "golden/comparison/in_memory.h"

#include <span>
#include <vector>

#include "formats/codes.h"

namespace halfulp::comparison {

std::uint64_t mismatches_of(const tensors::Tensor& got, const tensors::Tensor& made) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < tensors::element_count(got); ++i) {
    const Code x = tensors::code_at(got, i);
    const Code y = tensors::code_at(made, i);
    if (x == y) continue;
    const Format& format = got.type.format;
    const bool both_nan =
        classify(format, x) == CodeClass::nan && classify(format, y) == CodeClass::nan;
    count += both_nan ? 0 : 1;
  }
  return count;
}

tensors::Tensor converted(const tensors::Tensor& tensor, const Quantizer& to,
                          const Engine& engine) {
  if (tensor.type.format == to.format) return tensor;
  std::vector<double> numbers = tensors::doubles_of(tensor);
  engine.round(as_const(view_of(std::span<double>(numbers))), engine.prepare(to), {},
               view_of(std::span<double>(numbers)), nullptr);
  return tensors::from_numbers({tensor.name, tensors::element_type(to.format), tensor.shape},
                               std::span<const double>(numbers));
}

}  // namespace halfulp::comparison
