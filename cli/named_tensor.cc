// SPDX-License-Identifier: MIT
#include "cli/named_tensor.h"

#include <utility>
#include <vector>

#include "cli/at_option.h"
#include "cli/tensor_options.h"
#include "formats/error.h"
#include "golden/tensors/files.h"

namespace halfulp::cli {
namespace {

tensors::Tensor one_of(tensors::TensorFile file, const TensorName& named,
                       const std::string& option) {
  if (file.tensors.size() != 1) {
    std::string names;
    for (const tensors::Tensor& tensor : file.tensors)
      names += (names.empty() ? "" : ", ") + tensors::printable(tensor.name);
    throw Error(named.path + " holds " + std::to_string(file.tensors.size()) + " tensors", option,
                file.tensors.empty() ? "" : "write FILE:NAME with one of " + names);
  }
  return std::move(file.tensors.front());
}

}  // namespace

TensorName tensor_name(const std::string& text) {
  for (const std::string& ending : {std::string(".safetensors:"), std::string(".npz:")}) {
    const std::size_t found = text.rfind(ending);
    if (found == std::string::npos) continue;
    const std::size_t colon = found + ending.size() - 1;
    return {text.substr(0, colon), text.substr(colon + 1)};
  }
  return {text, ""};
}

tensors::Tensor read_tensor(const std::string& text, const Reading& how) {
  const TensorName named = tensor_name(text);
  tensors::Selection only(named.name.empty() ? std::vector<std::string>{}
                                             : std::vector<std::string>{named.name});
  tensors::ReadOptions options;
  options.only = &only;
  options.packed = how.packed;
  options.shape = how.shape;
  const bool raw = options.shape.has_value() || how.packed;
  if (raw && how.format) options.type = tensors::element_type(*how.format);
  tensors::Tensor tensor = one_of(tensors::read(named.path, options), named, how.option);
  if (raw || !how.format) return tensor;
  return at_option(how.option, [&] { return as_codes_of(std::move(tensor), *how.format); });
}

}  // namespace halfulp::cli
