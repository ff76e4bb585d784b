// SPDX-License-Identifier: MIT
//
// One tensor of a file, as options name it: FILE, or FILE:NAME where the file holds several.
#pragma once

#include <optional>
#include <string>

#include "formats/format.h"
#include "golden/tensors/tensor.h"

namespace halfulp::cli {

struct TensorName {
  std::string path, name;
};
TensorName tensor_name(const std::string& text);

// How it is read: codes of `format`, where the file leaves open what its bytes are.
struct Reading {
  std::string option;  // the place of errors
  std::optional<Format> format = std::nullopt;
  std::optional<tensors::Shape> shape = std::nullopt;  // of a raw file
  bool packed = false;
};
// Throws Error: a file that cannot be read, or holds several tensors or none of the name.
tensors::Tensor read_tensor(const std::string& text, const Reading& how);

}  // namespace halfulp::cli
