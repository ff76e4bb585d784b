// SPDX-License-Identifier: MIT
#include "golden/tensors/selection.h"

#include <algorithm>
#include <utility>

#include "formats/error.h"
#include "golden/tensors/tensor.h"

namespace halfulp::tensors {

Selection::Selection(std::vector<std::string> names) : names_(std::move(names)) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (std::find(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(i), names_[i]) !=
        names_.begin() + static_cast<std::ptrdiff_t>(i))
      throw Error("the tensor \"" + printable(names_[i]) + "\" is named twice", "",
                  "name each once");
  }
}

bool Selection::wants(const std::string& name) {
  if (names_.empty()) return true;
  asked_.push_back(name);
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

std::vector<Tensor> Selection::in_order(std::vector<Tensor> tensors) const {
  if (names_.empty()) return tensors;
  std::vector<Tensor> ordered;
  for (const std::string& name : names_) {
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const Tensor& tensor) { return tensor.name == name; });
    if (found == tensors.end())
      throw Error("there is no tensor \"" + printable(name) + "\"", "", suggest(name, asked_));
    ordered.push_back(std::move(*found));
  }
  return ordered;
}

}  // namespace halfulp::tensors
