// SPDX-License-Identifier: MIT
//
// The names that a step of a kernel may take, and what stands in steps and inputs alike.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "formats/json.h"
#include "golden/sequences/kernel.h"

namespace halfulp::sequences {

// The names that stand before a step. A copy of it is the scope of a loop's steps.
class Scope {
 public:
  // Throw Error: no name, or one that stands already.
  void define(const std::string& array, const std::string& where);
  void define_number(const std::string& name, const std::string& where);
  void define_loop(const std::string& name, const std::string& where);
  // Again is the same dimension. "..." has no number.
  void define_dimension(const std::string& name, const std::string& where);

  // Throw Error, with the nearest name, where nothing before has made it.
  void require_array(const std::string& name, const std::string& where) const;
  void require_operand(const std::string& name, const std::string& where) const;
  void require_dimension(const std::string& name, const std::string& where) const;

  // What rounds steps that do not say.
  void set_result(Result result) { result_ = std::move(result); }
  [[nodiscard]] const Result& result() const { return result_; }

 private:
  void require_free(const std::string& name, const std::string& where) const;
  [[noreturn]] void refuse(const std::string& name, const std::string& where,
                           const std::string& what) const;
  std::set<std::string> arrays_, dimensions_, loops_;
  Result result_;
};

inline constexpr std::int64_t most_extent = std::int64_t{1} << 60;  // of a dimension

Result result_from_json(const Json& value, const std::string& where, const Scope& scope);
std::vector<Dimension> shape_from_json(const Json& value, const std::string& where);
// A number, or one of "inf", "-inf", "nan".
bool is_constant(const Json& value);
double constant_from_json(const Json& value, const std::string& where);
// A text of letters, digits and underscores, which does not begin with a digit.
std::string name_from_json(const Json& value, const std::string& where);

}  // namespace halfulp::sequences
