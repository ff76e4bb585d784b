// SPDX-License-Identifier: MIT
//
// Conversions of binary32 numbers into 41 formats in ten modes, saturating and not, against gfloat.
// The stochastic columns carry their random bits. "E" in a column: gfloat raised an error; it also
// answers some negative numbers, which are no codes.
#include <optional>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "tests/golden/engines.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

using Gfloat = GoldenTest;

std::optional<Mode> mode_of(const std::string& name) {
  static const std::map<std::string, Mode> modes{
      {"TowardZero", Mode::toward_zero},         {"TowardNegative", Mode::toward_negative},
      {"TowardPositive", Mode::toward_positive}, {"TiesToEven", Mode::nearest_even},
      {"TiesToAway", Mode::nearest_away},        {"ToOdd", Mode::to_odd},
      {"StochasticFastest", Mode::stochastic},   {"StochasticFast", Mode::stochastic_b},
      {"Stochastic", Mode::stochastic_c},
  };
  const auto found = modes.find(name);
  if (found == modes.end()) return std::nullopt;
  return found->second;
}

struct Column {
  std::size_t index = 0;
  std::string name;
  Rounding rounding;
  std::map<int, Plan> plans;  // by number of random bits
};

// The columns of a file; plans of the stochastic ones are prepared when their random bits are
// known.
std::vector<Column> columns_of(const Fields& header) {
  std::vector<Column> columns;
  for (std::size_t i = 1; i < header.size(); ++i) {
    const std::string name(header[i]);
    const bool saturates = name.size() > 4 && name.substr(name.size() - 4) == "_sat";
    const std::optional<Mode> mode = mode_of(saturates ? name.substr(0, name.size() - 4) : name);
    if (!mode) continue;  // the random bits themselves, and ties to odd in stochastic rounding
    Rounding rounding;
    rounding.mode = *mode;
    rounding.overflow = parse_overflow(saturates ? "saturate" : "ieee");
    columns.push_back({.index = i, .name = name, .rounding = rounding, .plans = {}});
  }
  return columns;
}

class File {
 public:
  File(const Engine& engine, const std::string& file)
      : engine_(engine), comparison_(engine, file), binary32_(find_format("binary32")) {
    const std::size_t start = file.rfind('/') + 1;
    name_ = file.substr(start, file.find('.') - start);
    format_ = find_format(name_);
  }

  void row(const Fields& fields) {
    if (columns_.empty()) {
      columns_ = columns_of(fields);
      while (fields[bits_column_] != "srnumbits") ++bits_column_;
      return;
    }
    const int random_bits = std::stoi(std::string(fields[bits_column_]));
    const std::uint64_t random = std::stoull(std::string(fields[bits_column_ + 1]));
    for (Column& column : columns_) {
      const bool drawn = is_stochastic(column.rounding.mode);
      check(column, plan_of(column, drawn ? random_bits : 1), fields, drawn ? random : 0);
    }
  }

 private:
  const Plan& plan_of(Column& column, int random_bits) {
    const auto known = column.plans.find(random_bits);
    if (known != column.plans.end()) return known->second;
    Quantizer q{.format = format_, .rounding = column.rounding};
    q.rounding.random_bits = random_bits;
    return column.plans.emplace(random_bits, engine_.prepare(q)).first->second;
  }

  void check(const Column& column, const Plan& plan, const Fields& fields, std::uint64_t random) {
    const Code input = parse_hex(fields[0]);
    const Code got = engine_.convert(binary32_, input, plan, random).code;
    const std::string_view text = fields[column.index];
    const bool error = text[0] == 'E' || text[0] == '-';
    const Code want = error ? 0 : parse_hex(text);
    const bool same = !error && (got == want || (classify(format_, got) == CodeClass::nan &&
                                                 classify(format_, want) == CodeClass::nan));
    comparison_.check(same, [&] {
      const Value x = decode(binary32_, input);
      return Difference{.format = name_,
                        .column = column.name,
                        .operands = hexadecimal_text(x),
                        .peer = std::string(text),
                        .ours = bare_code_text(format_, got),
                        .facts = facts_of({binary32_, format_, x}, error ? nullptr : &want, got)};
    });
  }

  const Engine& engine_;
  Comparison comparison_;
  Format binary32_, format_;
  std::string name_;
  std::size_t bits_column_ = 0;
  std::vector<Column> columns_;
};

TEST_P(Gfloat, Rounds) {
  for (const std::string& name : files_in("formats/round")) {
    File file(engine(), name);
    for_each_row(name, [&](const Fields& fields) { file.row(fields); });
  }
}

HALFULP_ON_ALL_ENGINES(Gfloat);

}  // namespace
}  // namespace halfulp::golden
