// SPDX-License-Identifier: MIT
//
// The classes of cases that test vectors should reach, found in a case from its operands and its
// exact result by the reference alone; nothing here knows how cases are drawn.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "formats/numbers/value.h"
#include "golden/vectors/calculation.h"
#include "reference/operations.h"

namespace halfulp::vectors {

class Classifier {
 public:
  explicit Classifier(const Calculation& calculation);

  struct Class {
    std::string name, what;
  };
  // Those that the operation and its formats may have, as far as the kinds of both tell; formats of
  // few bits lack some.
  [[nodiscard]] const std::vector<Class>& classes() const { return classes_; }
  // One more for each class that the case is of; counts has as many elements as there are classes.
  void count(const Case& c, std::vector<std::uint64_t>& counts) const;

 private:
  // A case being classified.
  struct Found {
    std::vector<std::uint64_t>* counts = nullptr;
    std::vector<bool> seen;
  };
  void add(std::string name, std::string what);
  void add_operand_classes();
  void add_result_classes();
  void add_end_classes();
  void add_numbered_classes();
  void mark(Found& found, std::string_view name) const;

  void mark_operand(const Format& format, Code code, Found& found) const;
  void mark_float(const Float& f, Code code, Found& found) const;
  void mark_result(const Case& c, const std::vector<Value>& values, Found& found) const;
  void mark_gap(const reference::Located& x, const Case& c, Found& found) const;
  void mark_binades(const reference::Located& x, Found& found) const;
  void mark_ends(const reference::Exact& x, const reference::Located& at, Found& found) const;
  void mark_terms(const std::vector<Value>& values, const reference::Exact& x,
                  const reference::Located& at, Found& found) const;
  void mark_sticky(const std::vector<Value>& values, const reference::Located& at,
                   Found& found) const;

  Calculation calculation_;
  Format grid_;        // to which the exact result is rounded: of rint the integers
  int precision_ = 0;  // of the result; 0 where it has none
  int nearness_ = 0;   // how near "just above" is: 2^-nearness of a gap
  std::vector<Class> classes_;
};

}  // namespace halfulp::vectors
