// SPDX-License-Identifier: MIT
//
// Casts of ml_dtypes from binary32 (nearest and truncating, its kSaturate on and off, and Eigen's
// to bfloat16 and binary16) and from binary64, directly and through binary32 as NumPy's astype
// goes.
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "tests/golden/engines.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

using MlDtypes = GoldenTest;

Quantizer quantizer_of(const Format& format, bool truncates, bool saturates) {
  Quantizer q{.format = format, .rounding = {}};
  if (format.name == "float8_e8m0fnu") q.rounding = find_rounding_preset("ml-dtypes").rounding;
  if (truncates) q.rounding.mode = Mode::toward_zero;
  q.rounding.overflow = parse_overflow(saturates ? "ml-dtypes-saturate" : "ml-dtypes");
  return q;
}

struct Column {
  std::size_t index = 0;
  std::string name;  // of the type
  std::string kind;  // what stands behind the type's name
  Plan plan;
};

Column column_of(const Engine& engine, std::size_t index, std::string_view title) {
  Column column{.index = index, .name = std::string(title), .kind = "", .plan = {}};
  for (const std::string_view kind :
       {"_rne_sat", "_rtz_sat", "_rne", "_rtz", "_direct", "_via_f32"}) {
    if (title.size() > kind.size() && title.substr(title.size() - kind.size()) == kind) {
      column.kind = kind.substr(1);
      column.name = title.substr(0, title.size() - kind.size());
      break;
    }
  }
  column.plan = engine.prepare(quantizer_of(find_format(column.name), column.kind.find("rtz") == 0,
                                            column.kind.find("sat") != std::string::npos));
  return column;
}

bool same_code(const Format& format, Code a, Code b) {
  if (a == b) return true;
  // ml_dtypes keeps the top of a NaN's payload in some casts; the sign is compared.
  const Value x = decode(format, a);
  const Value y = decode(format, b);
  return x.is_nan() && y.is_nan() && x.negative == y.negative;
}

void check_file(const Engine& engine, const std::string& file, const Format& from) {
  Comparison comparison(engine, file);
  const Format binary32 = find_format("binary32");
  const Plan through = engine.prepare({.format = binary32, .rounding = {}});
  std::vector<Column> columns;
  for_each_row(file, [&](const Fields& row) {
    if (columns.empty()) {
      for (std::size_t i = 1; i < row.size(); ++i) columns.push_back(column_of(engine, i, row[i]));
      return;
    }
    const Code input = parse_hex(row[0]);
    for (const Column& column : columns) {
      const Format& format = column.plan.quantizer.format;
      const bool twice = column.kind == "via_f32";
      const Code operand = twice ? engine.convert(from, input, through, 0).code : input;
      const Format& operand_format = twice ? binary32 : from;
      const Code got = engine.convert(operand_format, operand, column.plan, 0).code;
      const Code want = parse_hex(row[column.index]);
      comparison.check(same_code(format, got, want), [&] {
        const Value x = decode(operand_format, operand);
        return Difference{.format = column.name,
                          .column = column.kind,
                          .operands = hexadecimal_text(x),
                          .peer = std::string(row[column.index]),
                          .ours = bare_code_text(format, got),
                          .facts = facts_of({operand_format, format, x}, &want, got)};
      });
    }
  });
}

TEST_P(MlDtypes, CastsFromBinary32) {
  check_file(engine(), "formats/ml_dtypes_from_f32.csv.gz", find_format("binary32"));
}
TEST_P(MlDtypes, CastsFromBinary64) {
  check_file(engine(), "formats/ml_dtypes_from_f64.csv.gz", find_format("binary64"));
}

HALFULP_ON_ALL_ENGINES(MlDtypes);

}  // namespace
}  // namespace halfulp::golden
