// SPDX-License-Identifier: MIT
//
// The one exception type of the boundaries (JSON, files, command line): what is wrong, where, and
// what would be right. Arithmetic never throws; a broken precondition of a library call is a
// std::logic_error through HALFULP_REQUIRE.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace halfulp {

class Error : public std::runtime_error {
 public:
  // location: "policies/x.json: /weight/format", or empty where the caller knows it and adds it
  // with at(). hint: what would be right, without a full stop; may be empty.
  explicit Error(std::string message, std::string location = {}, std::string hint = {});

  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const std::string& location() const { return location_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }
  // The same error seen from a place that contains it: `outer` goes before the location it has.
  [[nodiscard]] Error at(const std::string& outer) const;

 private:
  std::string message_, location_, hint_;
};

// The candidates nearest to a misspelt word by edit distance, as `did you mean "x"`; empty where
// none is near.
std::string suggest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace halfulp

#define HALFULP_REQUIRE(condition, message)              \
  do {                                                   \
    if (!(condition)) throw std::logic_error((message)); \
  } while (false)
