// SPDX-License-Identifier: MIT
//
// Roundings of binary64 numbers to six formats in seven modes, saturating and not, against CPFloat,
// by the array functions.
#include <bit>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "tests/golden/engines.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

using Cpfloat = GoldenTest;

Plan plan_of(const Engine& engine, std::string_view format, std::string_view mode, bool saturates) {
  static const std::map<std::string_view, std::string_view> modes{
      {"RNA", "rna"}, {"RNZ", "rnz"}, {"RNE", "rne"}, {"RUP", "rup"},
      {"RDN", "rdn"}, {"RTZ", "rtz"}, {"ODD", "rto"}};
  Quantizer q{.format = find_format(format), .rounding = {}};
  q.rounding.mode = parse_mode(modes.at(mode));
  q.rounding.overflow = parse_overflow(saturates ? "saturate" : "cpfloat");
  return engine.prepare(q);
}

double as_double(std::string_view digits) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(parse_hex(digits)));
}

TEST_P(Cpfloat, Rounds) {
  const std::string file = "formats/cpfloat.csv.gz";
  Comparison comparison(engine(), file);
  const Format binary64 = find_format("binary64");
  std::map<std::string, Plan> plans;
  for_each_row(file, [&](const Fields& row) {
    if (row[0] == "format") return;
    const std::string key = std::string(row[0]) + " " + std::string(row[1]) + std::string(row[2]);
    auto plan = plans.find(key);
    if (plan == plans.end())
      plan = plans.emplace(key, plan_of(engine(), row[0], row[1], row[2] == "1")).first;
    const double x = as_double(row[3]);
    const double want = as_double(row[4]);
    double got = 0;
    engine().round(view_of(&x, 1, 1), plan->second, {}, view_of(&got, 1, 1), nullptr);
    comparison.check(identical(from_double(want), from_double(got)), [&] {
      const Format& format = plan->second.quantizer.format;
      const Code peer = encode(format, from_double(want));
      const Value operand = from_double(x);
      return Difference{
          .format = std::string(row[0]),
          .column = std::string(row[1]) + (row[2] == "1" ? "_sat" : ""),
          .operands = hexadecimal_text(operand),
          .peer = hexadecimal_text(from_double(want)),
          .ours = hexadecimal_text(from_double(got)),
          .facts = facts_of({binary64, format, operand}, &peer, encode(format, from_double(got)))};
    });
  });
}

HALFULP_ON_ALL_ENGINES(Cpfloat);

}  // namespace
}  // namespace halfulp::golden
