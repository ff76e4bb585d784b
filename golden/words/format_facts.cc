// SPDX-License-Identifier: MIT
#include "golden/words/format_facts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "reference/explain/quotient.h"

namespace halfulp::words {
namespace {

std::string text_of(const Format& format, const Value& value) {
  return value_text(format, encode(format, value));
}

// In at most nine characters or so, the first digits where there are more.
std::string few_digits(const Format& format, const Value& value) {
  constexpr std::size_t few_characters = 9;
  constexpr int digits = 3;
  const std::string text = text_of(format, value);
  const std::size_t sign = value.negative ? 1 : 0;
  if (text.size() <= few_characters + sign || !value.is_finite() || value.is_zero()) return text;
  return reference::decimal_of({{value}}, digits, digits).text;
}

std::string decimal(Code number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number > 0);
  return digits;
}

// Floats: codes at the top of each sign's range, and 10...0 where that is not a negative zero.
// Codebooks: codes that no number has.
std::string nan_count(const Format& format) {
  if (const auto* f = std::get_if<Float>(&format.kind)) {
    if (!f->sign) return decimal(f->nan_codes);
    return decimal(2 * f->nan_codes + (f->zero && !f->negative_zero ? 1 : 0));
  }
  if (const auto* list = std::get_if<Codebook>(&format.kind))
    return std::to_string((std::size_t{1} << list->bits) - list->values.size());
  return has_nan(format) ? "1" : "0";
}

void add_own(FormatFacts& facts, const Float& f) {
  facts.exponent_bits = std::to_string(f.exponent_bits);
  facts.significand_bits = f.fraction_bits + 1;
  facts.bias = std::to_string(f.bias);
}

void add_own(FormatFacts& facts, const Fixed& f) {
  facts.significand_bits = f.bits - (f.sign ? 1 : 0);
  if (f.fraction_bits != 0)
    facts.own.emplace_back("fraction bits", std::to_string(f.fraction_bits));
  if (f.symmetric) facts.own.emplace_back("lowest code", "decodes, is never a result");
}

void add_own(FormatFacts& facts, const Affine& f) {
  facts.significand_bits = f.bits - (f.sign ? 1 : 0);
  facts.own.emplace_back("scale", Json(f.scale).dump());
  facts.own.emplace_back("zero point", std::to_string(f.zero_point));
}

// The regime has at least two bits, and the exponent's come before the fraction's.
void add_own(FormatFacts& facts, const Posit& f) {
  facts.exponent_bits = std::to_string(f.exponent_bits);
  facts.fewest_significand_bits = 1;
  facts.significand_bits = std::max(1, f.bits - 2 - f.exponent_bits);
}

// Sign, direction and regime take five bits, the characteristic none to seven.
void add_own(FormatFacts& facts, const Takum& f) {
  constexpr int head = 5;
  constexpr int longest = 7;
  facts.exponent_bits = "0-7";
  facts.own.emplace_back("base", f.logarithmic ? "sqrt(e), logarithmic" : "2, linear");
  if (f.logarithmic) return;
  facts.fewest_significand_bits = std::max(1, f.bits - head - longest + 1);
  facts.significand_bits = std::max(1, f.bits - head + 1);
}

void add_own(FormatFacts& facts, const Log& f) {
  facts.exponent_bits = std::to_string(f.integer_bits);
  facts.own.emplace_back("logarithm",
                         "base 2, " + std::to_string(f.fraction_bits) + " fraction bits");
}

void add_own(FormatFacts& facts, const Codebook& f) {
  facts.own.emplace_back("numbers", std::to_string(f.order.size()));
  if (f.ties != Codebook::Ties::even)
    facts.own.emplace_back("nearest-even ties", to_json(Format{"", f})["ties"].get<std::string>());
}

// Where nearest turns, of the kinds where that is not the middle.
void add_turn(FormatFacts& facts, const Format& format) {
  const auto* list = std::get_if<Codebook>(&format.kind);
  if (std::holds_alternative<Posit>(format.kind) || std::holds_alternative<Takum>(format.kind))
    facts.own.emplace_back("nearest turns at", "the number of one more bit");
  if (std::holds_alternative<Log>(format.kind))
    facts.own.emplace_back("nearest turns at", "half a step of the logarithm");
  if (list != nullptr && !list->boundaries.empty())
    facts.own.emplace_back("nearest turns at", "boundaries of its own");
  if (saturates(format)) facts.own.emplace_back("beyond the ends", "the end is delivered");
}

std::string significand_text(const FormatFacts& facts) {
  if (!facts.significand_bits) return "-";
  const std::string most = std::to_string(*facts.significand_bits);
  const bool one =
      facts.fewest_significand_bits.value_or(*facts.significand_bits) == *facts.significand_bits;
  return one ? most : std::to_string(*facts.fewest_significand_bits) + "-" + most;
}

}  // namespace

FormatFacts facts_of(const Format& format) {
  FormatFacts facts;
  facts.name = format.name;
  facts.kind = to_json(format)["kind"].get<std::string>();
  facts.bits = bits(format);
  facts.largest = text_of(format, largest_finite(format));
  facts.lowest = text_of(format, value_at(format, finite_range(format).lowest));
  const bool positive = finite_range(format).highest > (has_zero(format) ? 0 : -1);
  if (positive) facts.smallest_normal = text_of(format, smallest_normal(format));
  facts.infinities = has_infinity(format) ? (is_signed(format) ? 2 : 1) : 0;
  const auto* f = std::get_if<Float>(&format.kind);
  if (f != nullptr && f->subnormals && f->fraction_bits > 0)
    facts.smallest_subnormal = text_of(format, smallest_positive(format));
  facts.nans = nan_count(format);
  std::visit([&](const auto& kind) { add_own(facts, kind); }, format.kind);
  add_turn(facts, format);
  for (const CatalogueEntry& entry : catalogue()) {
    if (!(entry.format == format)) continue;
    facts.aliases = entry.aliases;
    facts.source = entry.source;
  }
  return facts;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string joined_within(const std::vector<std::string>& words, std::size_t width) {
  if (joined(words).size() <= width) return joined(words);
  const std::string rest = ", ...";
  std::vector<std::string> first = words;
  while (first.size() > 1 && joined(first).size() + rest.size() > width) first.pop_back();
  return joined(first) + rest;
}

std::vector<std::string> row_of(const FormatFacts& facts) {
  const auto or_none = [](const std::string& text) { return text.empty() ? "-" : text; };
  return {facts.name,
          facts.kind,
          std::to_string(facts.bits),
          or_none(facts.exponent_bits),
          significand_text(facts),
          or_none(facts.bias),
          facts.largest,
          or_none(facts.smallest_normal),
          or_none(facts.smallest_subnormal),
          std::to_string(facts.infinities),
          facts.nans,
          joined(facts.aliases)};
}

const std::vector<Column>& short_columns() {
  static const std::vector<Column> titles{{"name"},
                                          {"kind"},
                                          {"bits", Align::right},
                                          {"least", Align::right},
                                          {"finite range", Align::right},
                                          {"aliases"}};
  return titles;
}

std::vector<std::string> short_row_of(const Format& format, const FormatFacts& facts) {
  constexpr std::size_t most_aliases = 24;
  const bool positive = !facts.smallest_normal.empty();
  return {facts.name,
          facts.kind,
          std::to_string(facts.bits),
          positive ? few_digits(format, smallest_positive(format)) : "-",
          few_digits(format, value_at(format, finite_range(format).lowest)) + " to " +
              few_digits(format, largest_finite(format)),
          joined_within(facts.aliases, most_aliases)};
}

const std::vector<Column>& fact_columns() {
  static const std::vector<Column> titles{{"name"},
                                          {"kind"},
                                          {"bits", Align::right},
                                          {"exponent bits", Align::right},
                                          {"significand bits", Align::right},
                                          {"bias", Align::right},
                                          {"largest finite", Align::right},
                                          {"smallest normal", Align::right},
                                          {"smallest subnormal", Align::right},
                                          {"infinities", Align::right},
                                          {"NaNs", Align::right},
                                          {"aliases"}};
  return titles;
}

Json json_of(const Format& format, const FormatFacts& facts) {
  const auto number = [](const std::optional<int>& n) { return n ? Json(*n) : Json(nullptr); };
  const auto text = [](const std::string& t) { return t.empty() ? Json(nullptr) : Json(t); };
  Json object = to_json(format);
  object["bits"] = facts.bits;
  object["significand_bits"] = number(facts.significand_bits);
  if (facts.fewest_significand_bits)
    object["fewest_significand_bits"] = *facts.fewest_significand_bits;
  object["lowest_finite"] = facts.lowest;
  object["largest_finite"] = facts.largest;
  object["smallest_normal"] = text(facts.smallest_normal);
  object["smallest_subnormal"] = text(facts.smallest_subnormal);
  object["infinities"] = facts.infinities;
  object["nans"] = facts.nans;
  object["aliases"] = facts.aliases;
  object["source"] = facts.source;
  return object;
}

}  // namespace halfulp::words
