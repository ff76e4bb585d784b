// SPDX-License-Identifier: MIT
#include "tests/golden/explained.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/codes.h"
#include "formats/json.h"

namespace halfulp::golden {
namespace {

std::string kind_of(const Format& format, Code code) {
  const Value v = decode(format, code);
  if (v.is_nan()) return "nan";
  if (v.is_infinite()) return "infinite";
  if (v.is_zero()) return "zero";
  const Value end =
      value_at(format, v.negative ? finite_range(format).lowest : finite_range(format).highest);
  return compare(v, end) == 0 ? "largest" : "finite";
}

std::string place_of(const Format& format, const Value& x) {
  if (!x.is_finite() || x.is_zero()) return "";
  const Value magnitude = absolute(x);
  if (compare(magnitude, largest_finite(format)) > 0) return "beyond_largest";
  Rank low = has_zero(format) ? 0 : -1;
  Rank high = finite_range(format).highest;
  while (low < high) {
    const Rank middle = low + (high - low + 1) / 2;
    if (compare(value_at(format, middle), magnitude) <= 0) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  if (compare(boundary_above(format, low), magnitude) == 0) return "tie";
  return compare(magnitude, smallest_positive(format)) < 0 ? "below_least" : "";
}

std::vector<Explanation> read() {
  const Json document =
      read_json_file(std::string(HALFULP_SOURCE_DIR) + "/tests/golden/explained.json");
  std::vector<Explanation> list;
  for (const Json& entry : document.at("explained")) {
    Explanation e;
    if (entry.contains("formats")) e.formats = entry["formats"].get<std::set<std::string>>();
    if (entry.contains("columns")) e.columns = entry["columns"].get<std::set<std::string>>();
    for (const auto& [key, value] : entry.at("when").items()) e.when[key] = value;
    e.cases = entry.at("cases").get<std::map<std::string, std::uint64_t>>();
    e.reason = entry.at("reason").get<std::string>();
    e.source = entry.at("source").get<std::string>();
    list.push_back(e);
  }
  return list;
}

}  // namespace

std::string Difference::text() const {
  std::string line = format + " " + column + " " + operands + ": peer " + peer + ", ours " + ours;
  for (const auto& [key, value] : facts) line += " " + key + "=" + value;
  return line;
}

std::map<std::string, std::string> facts_of(const Conversion& conversion, const Code* peer,
                                            Code ours) {
  const Value& x = conversion.x;
  const bool subnormal =
      x.is_finite() && !x.is_zero() && compare(absolute(x), smallest_normal(conversion.from)) < 0;
  std::map<std::string, std::string> facts;
  facts["input"] = x.is_nan()        ? "nan"
                   : x.is_infinite() ? "infinite"
                   : x.is_zero()     ? "zero"
                                     : "finite";
  facts["sign"] = x.negative ? "negative" : "positive";
  facts["place"] = place_of(conversion.to, x);
  facts["operand"] = subnormal ? "subnormal" : "";
  facts["peer"] = peer == nullptr ? "error" : kind_of(conversion.to, *peer);
  facts["ours"] = kind_of(conversion.to, ours);
  return facts;
}

const std::vector<Explanation>& explanations() {
  static const std::vector<Explanation> list = read();
  return list;
}

const Explanation* explain(const std::string& file, const Difference& difference) {
  for (const Explanation& e : explanations()) {
    const bool named = e.cases.count(file) != 0 &&
                       (e.formats.empty() || e.formats.count(difference.format) != 0) &&
                       (e.columns.empty() || e.columns.count(difference.column) != 0);
    const bool fits = std::all_of(e.when.begin(), e.when.end(), [&](const auto& condition) {
      const auto fact = difference.facts.find(condition.first);
      return fact != difference.facts.end() && fact->second == condition.second;
    });
    if (named && fits) return &e;
  }
  return nullptr;
}

}  // namespace halfulp::golden
