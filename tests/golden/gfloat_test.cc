// SPDX-License-Identifier: MIT
//
// Conversions of binary32 numbers into 41 formats in ten modes, saturating and not, against gfloat.
// The stochastic columns carry their random bits. "E" in a column: gfloat raised an error; it also
// answers some negative numbers, which are no codes.
#include <optional>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
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
  Plan plan;
};

constexpr int most_random_bits = 32;

// The columns of a file, prepared for a number of random bits.
std::vector<Column> columns_of(const Engine& engine, const Fields& header, const Format& format,
                               int random_bits) {
  std::vector<Column> columns;
  for (std::size_t i = 1; i < header.size(); ++i) {
    const std::string name(header[i]);
    const bool saturates = name.size() > 4 && name.substr(name.size() - 4) == "_sat";
    const std::optional<Mode> mode = mode_of(saturates ? name.substr(0, name.size() - 4) : name);
    if (!mode) continue;  // the random bits themselves, and ties to odd in stochastic rounding
    Quantizer q{.format = format, .rounding = {}};
    q.rounding.mode = *mode;
    q.rounding.overflow = parse_overflow(saturates ? "saturate" : "ieee");
    q.rounding.random_bits = random_bits;
    columns.push_back({i, name, engine.prepare(q)});
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
    if (prepared_.empty()) return prepare(fields);
    const int random_bits = std::stoi(std::string(fields[bits_column_]));
    const std::uint64_t random = std::stoull(std::string(fields[bits_column_ + 1]));
    const Code input = parse_hex(fields[0]);
    for (const Column& column : prepared_.at(static_cast<std::size_t>(random_bits)))
      check(column, fields, input, random);
  }

 private:
  void prepare(const Fields& header) {
    for (int n = 0; n <= most_random_bits; ++n)
      prepared_.push_back(columns_of(engine_, header, format_, n == 0 ? 1 : n));
    while (header[bits_column_] != "srnumbits") ++bits_column_;
  }

  void check(const Column& column, const Fields& fields, Code input, std::uint64_t random) {
    const Code got = engine_.convert(binary32_, input, column.plan, random).code;
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
  std::vector<std::vector<Column>> prepared_;  // by number of random bits
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
