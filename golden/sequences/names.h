// SPDX-License-Identifier: MIT
//
// What the names of a kernel stand for while it is executed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "golden/sequences/array.h"
#include "golden/sequences/kernel.h"

namespace halfulp::sequences {

using Shared = std::shared_ptr<const Array>;

// What names stand for: those of a loop's block lie before those around it.
class Names {
 public:
  explicit Names(const Names* outer = nullptr) : outer_(outer) {}
  void set(const std::string& name, Shared array) { arrays_[name] = std::move(array); }
  void drop(const std::string& name) { arrays_.erase(name); }
  void set_number(const std::string& name, double number) { numbers_[name] = number; }
  [[nodiscard]] Shared array(const std::string& name) const {
    const auto found = arrays_.find(name);
    if (found != arrays_.end()) return found->second;
    return outer_ == nullptr ? nullptr : outer_->array(name);
  }
  [[nodiscard]] std::optional<double> number(const std::string& name) const {
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) return found->second;
    return outer_ == nullptr ? std::nullopt : outer_->number(name);
  }

 private:
  const Names* outer_;
  std::map<std::string, Shared> arrays_;
  std::map<std::string, double> numbers_;
};

// Dimensions of inputs, as the first one that has them says.
class Dimensions {
 public:
  // Throws Error where the shape does not go with those before.
  void take(const std::vector<Dimension>& wanted, const Shape& shape);
  [[nodiscard]] const std::map<std::string, std::int64_t>& lengths() const { return lengths_; }
  // What "..." stands for: the first dimensions of all inputs that have it, joined (array.h).
  [[nodiscard]] const Shape& leading() const { return leading_; }

 private:
  void take_leading(const Shape& shape);
  void take_one(const Dimension& wanted, std::int64_t length);

  std::map<std::string, std::int64_t> lengths_;
  Shape leading_;
};

}  // namespace halfulp::sequences
