// SPDX-License-Identifier: MIT
//
// The options that say of a tensor file what it does not say itself.
#pragma once

#include <string>

#include "cli/verb.h"
#include "golden/tensors/files.h"

namespace halfulp::cli {

struct TensorOptions {
  std::string dtype, shape;
  std::string byte_order = "little";
  bool packed = false, fortran_order = false;
};
void add_tensor_options(Parser& parser, TensorOptions& options);
// "128,512" or "128x512". Both throw Error with the option's name as location.
tensors::Shape parse_extents(const std::string& text, const std::string& option);
tensors::ReadOptions read_options(const TensorOptions& options);
// The tensor as the container can hold it: codes in unsigned integers where it has no name for
// their type.
tensors::Tensor storable(tensors::Tensor tensor, tensors::Container container);

// A tensor of unsigned integers as large as elements of the format, as which codes are often
// stored, as codes of it; any other as it is. Throws Error where an integer is no code of the
// format.
tensors::Tensor as_codes_of(tensors::Tensor tensor, const Format& format);

}  // namespace halfulp::cli
