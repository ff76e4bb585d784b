// SPDX-License-Identifier: MIT
//
// What every code means, against gfloat's tables (12 formats of at most 8 bits, all 120 P3109
// formats with K = 3 to 8, seven of 16 bits), ml_dtypes' (11 formats) and bitsandbytes' (9 lists);
// and the formats' parameters.
#include <cmath>
#include <cstdlib>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "tests/golden/engines.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

using Codes = GoldenTest;

const Format& format_named(std::string_view name) {
  static std::map<std::string, Format, std::less<>> known;
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  return known.emplace(std::string(name), find_format(name)).first->second;
}

// Codes decoded by an engine, each as an array of one packed code.
class Decoder {
 public:
  explicit Decoder(const Engine& engine) : engine_(engine) {}

  Value operator()(const Format& format, Code code) {
    if (format.name != plan_.quantizer.format.name)
      plan_ = engine_.prepare({.format = format, .rounding = {}});
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(code >> (8 * i));
    double x = 0;
    engine_.decode(bytes, plan_, view_of(&x, 1, 1));
    return from_double(x);
  }

 private:
  const Engine& engine_;
  Plan plan_;
};

Value parse_value(std::string_view text) { return parse_real(text).numerator; }

void check_table(const Engine& engine, const std::string& file) {
  Comparison comparison(engine, file);
  Decoder decoded(engine);
  bool header = true;
  for_each_row(file, [&](const Fields& row) {
    if (std::exchange(header, false)) return;
    const Format& format = format_named(row[0]);
    const Code code = parse_hex(row[1]);
    const Value want = parse_value(row[3]);
    const Value got = decoded(format, code);
    const std::string kind = name_of(classify(format, code));
    const bool same_kind = kind == row[2];
    const bool encodes = got.is_nan() || encode(format, got) == code ||
                         rank_of(format, code) < finite_range(format).lowest;
    comparison.check(identical(want, got) && same_kind && encodes, [&] {
      return Difference{.format = std::string(row[0]),
                        .column = "value",
                        .operands = std::string(row[1]),
                        .peer = std::string(row[2]) + " " + std::string(row[3]),
                        .ours = kind + " " + hexadecimal_text(got),
                        .facts = {{"value", identical(want, got) ? "same" : "other"},
                                  {"peer", std::string(row[2])},
                                  {"ours", kind}}};
    });
  });
}

TEST_P(Codes, DecodeAsGfloatSmall) { check_table(engine(), "formats/codes_small.csv.gz"); }
TEST_P(Codes, DecodeAsGfloatP3109) { check_table(engine(), "formats/codes_p3109_k3_k8.csv.gz"); }
TEST_P(Codes, DecodeAsGfloat16Bits) { check_table(engine(), "formats/codes_16bit.csv.gz"); }

TEST_P(Codes, DecodeAsMlDtypes) {
  const std::string file = "formats/ml_dtypes_codes.csv.gz";
  Comparison comparison(engine(), file);
  Decoder decoded(engine());
  for_each_row(file, [&](const Fields& row) {
    const Value got = decoded(format_named(row[0]), parse_hex(row[1]));
    for (const std::size_t column : {2U, 3U}) {
      comparison.check(identical(parse_value(row[column]), got), [&] {
        return Difference{.format = std::string(row[0]),
                          .column = column == 2 ? "double" : "float",
                          .operands = std::string(row[1]),
                          .peer = std::string(row[column]),
                          .ours = hexadecimal_text(got),
                          .facts = {}};
      });
    }
  });
}

// Lists of bitsandbytes, in order of code.
TEST_P(Codes, DecodeAsBitsandbytes) {
  const std::string file = "formats/codebooks.csv";
  Comparison comparison(engine(), file);
  Decoder decoded(engine());
  const Format binary32 = find_format("binary32");
  for_each_row(file, [&](const Fields& row) {
    if (row[0] == "codebook") return;
    const std::string name = row[0] == "fp4" ? "bnb_fp4" : std::string(row[0]);
    const Format& format = format_named(name);
    const auto code = static_cast<Code>(std::stoul(std::string(row[1])));
    const Value want = decode(binary32, parse_hex(row[2]));
    const Value got = decoded(format, code);
    comparison.check(identical(want, got), [&] {
      return Difference{.format = name,
                        .column = "value",
                        .operands = std::string(row[1]),
                        .peer = hexadecimal_text(want),
                        .ours = hexadecimal_text(got),
                        .facts = {{"code", std::string(row[1])}}};
    });
  });
}

// name k exp_bits precision bias signed domain num_high_nans has_neg_zero has_subnormals
// twos_complement max_finite min_normal min_subnormal code_max
std::map<std::string, std::string> parameters_of(const Format& format) {
  std::map<std::string, std::string> p;
  p["k"] = std::to_string(bits(format));
  p["signed"] = is_signed(format) ? "1" : "0";
  p["domain"] = has_infinity(format) ? "Extended" : "Finite";
  p["has_neg_zero"] = has_negative_zero(format) ? "1" : "0";
  p["max_finite"] = hexadecimal_text(largest_finite(format));
  p["code_max"] = hexadecimal_text(
      make_value(static_cast<std::int64_t>(code_at(format, finite_range(format).highest))));
  if (const Float* f = std::get_if<Float>(&format.kind)) {
    p["exp_bits"] = std::to_string(f->exponent_bits);
    p["precision"] = std::to_string(f->fraction_bits + 1);
    p["bias"] = std::to_string(f->bias);
    p["min_normal"] = hexadecimal_text(smallest_normal(format));
    if (f->subnormals) p["min_subnormal"] = hexadecimal_text(smallest_positive(format));
  }
  return p;
}

std::string wanted(const std::string& name, std::string_view text) {
  const std::string_view value = text.substr(0, 2) == "0x" ? text : std::string_view();
  if (!value.empty()) return hexadecimal_text(parse_value(value));
  if (name == "code_max") {
    return hexadecimal_text(make_value(static_cast<std::int64_t>(parse_hex(text))));
  }
  return std::string(text);
}

TEST_P(Codes, ParametersAsGfloat) {
  const std::string file = "formats/formats.csv";
  Comparison comparison(engine(), file);
  std::vector<std::string> names;
  for_each_row(file, [&](const Fields& row) {
    if (names.empty()) {
      names.assign(row.begin(), row.end());
      return;
    }
    const auto ours = parameters_of(format_named(row[0]));
    for (std::size_t i = 1; i < row.size(); ++i) {
      const auto found = ours.find(names[i]);
      if (found == ours.end() || row[i].empty()) continue;
      const std::string peer = wanted(names[i], row[i]);
      comparison.check(peer == found->second, [&] {
        return Difference{.format = std::string(row[0]),
                          .column = names[i],
                          .operands = "",
                          .peer = peer,
                          .ours = found->second,
                          .facts = {}};
      });
    }
  });
}

HALFULP_ON_ALL_ENGINES(Codes);

}  // namespace
}  // namespace halfulp::golden
