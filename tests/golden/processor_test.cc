// SPDX-License-Identifier: MIT
//
// Binary32 operations in four modes with flags and NaNs, as an x86-64 processor computed them.
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "tests/golden/engines.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

using Processor = GoldenTest;

std::uint8_t parse_flags(std::string_view letters) {
  static const std::map<char, std::uint8_t> bits{{'X', flags::inexact},
                                                 {'U', flags::underflow},
                                                 {'O', flags::overflow},
                                                 {'Z', flags::divide_by_zero},
                                                 {'V', flags::invalid}};
  std::uint8_t all = 0;
  for (const char c : letters) all |= bits.at(c);
  return all;
}

TEST_P(Processor, ComputesBinary32) {
  const std::string file = "formats/x86_f32_ops.csv.gz";
  Comparison comparison(engine(), file);
  const Format binary32 = find_format("binary32");
  const std::vector<Format> inputs(3, binary32);
  Quantizer q{.format = binary32, .rounding = find_rounding_preset("x86").rounding};
  for_each_row(file, [&](const Fields& row) {
    if (row[0] == "op") return;
    const Op op = parse_op(row[0]);
    q.rounding.mode = parse_mode(row[1]);
    const std::array<Code, 3> operands{parse_hex(row[2]), parse_hex(row[3]), parse_hex(row[4])};
    const auto used = static_cast<std::size_t>(arity(op));
    const Outcome got =
        engine().apply({.op = op, .inputs = std::span(inputs).first(used), .output = &q},
                       std::span(operands).first(used), 0);
    const Code want = parse_hex(row[5]);
    const bool same = want == got.code && parse_flags(row[6]) == got.flags;
    comparison.check(same, [&] {
      return Difference{
          .format = "binary32",
          .column = std::string(row[0]) + " " + std::string(row[1]),
          .operands = std::string(row[2]) + " " + std::string(row[3]) + " " + std::string(row[4]),
          .peer = std::string(row[5]) + " " + std::string(row[6]),
          .ours = code_text(binary32, got.code) + " flags " + std::to_string(got.flags),
          .facts = {}};
    });
  });
}

HALFULP_ON_ALL_ENGINES(Processor);

}  // namespace
}  // namespace halfulp::golden
