// SPDX-License-Identifier: MIT
//
// Which tensors of a file with names are wanted: of the others nothing is read or refused.
#pragma once

#include <string>
#include <vector>

namespace halfulp::tensors {

struct Tensor;

class Selection {
 public:
  // Everything where no name is given. Throws Error where a name is given twice.
  explicit Selection(std::vector<std::string> names = {});

  // Is it wanted? Every name of the file is to be asked for.
  bool wants(const std::string& name);
  // Those asked for so far.
  [[nodiscard]] const std::vector<std::string>& asked() const { return asked_; }
  // The wanted tensors in the order of their names as given; all as they are where none was. Throws
  // Error for the first name that the file did not have.
  [[nodiscard]] std::vector<Tensor> in_order(std::vector<Tensor> tensors) const;

 private:
  std::vector<std::string> names_;  // none: all
  std::vector<std::string> asked_;
};

}  // namespace halfulp::tensors
