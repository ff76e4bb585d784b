// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/words/explanation.h"

namespace halfulp::words {
namespace {

using reference::Path;
using Place = reference::Located::Place;

// "~" before rounded digits.
std::string marked(const Value& v) {
  const NumberWords words = number_words({{v}});
  return (words.exact ? "" : "~") + words.decimal;
}

std::string with_code(const ExplainReport& report, Rank rank) {
  const Code code = code_at(report.quantizer.format, rank);
  return value_text(report, code) + " (" + code_text(report.quantizer.format, code) + ")";
}

std::string end_text(const ExplainReport& report) {
  const Range range = finite_range(report.quantizer.format);
  return with_code(report, report.found.located.negative ? range.lowest : range.highest);
}

const char* const rule_decides = "the overflow rule says what is delivered";

std::string nan_words(const Format& format) {
  if (has_nan(format)) return "The number is NaN, which the format has.";
  return std::string("The format has no NaN: ") + rule_decides + ".";
}

std::string infinite_words(const Format& format, bool negative) {
  if (negative && !is_signed(format))
    return std::string("The format has no negative numbers: ") + rule_decides + ".";
  if (has_infinity(format)) return "The number is an infinity, which the format has.";
  return std::string("The format has no infinity: ") + rule_decides + ".";
}

std::string zero_words(const Format& format, bool negative) {
  if (!has_zero(format)) return std::string("The format has no zero: ") + rule_decides + ".";
  if (negative && !has_negative_zero(format)) return "The format has one zero: -0 becomes 0.";
  return "The number is zero, which the format has.";
}

std::string beyond_words(const ExplainReport& report) {
  const Format& format = report.quantizer.format;
  const std::string end = end_text(report);
  if (saturates(format))
    return "The number is beyond the end of the format, " + end +
           ", which every rounding delivers: such formats have no overflow.";
  const bool negative = report.found.located.negative;
  const Range range = finite_range(format);
  const Value turn = boundary_above(format, negative ? range.lowest - 1 : range.highest);
  return "The number is a step or more beyond the last finite one, " + end +
         ": every rounding overflows, and " + rule_decides + ". Nearest turns to overflow at " +
         marked(turn) + ".";
}

std::string between_words(const ExplainReport& report) {
  const reference::Explanation& e = report.found;
  const Format& format = report.quantizer.format;
  if (e.outer->code) {
    if (!e.inner->value.is_zero()) return {};
    return "The number is nearer to zero than every other number of the format: what goes toward "
           "zero is lost.";
  }
  if (e.outer->value.negative && !is_signed(format))
    return std::string("The format has no negative numbers: where a rounding goes below zero ") +
           rule_decides + ".";
  return "The neighbour away from zero would be one step beyond the last finite number, " +
         end_text(report) + ": a rounding that goes there overflows, and " + rule_decides + ".";
}

std::string under_least_words(const ExplainReport& report) {
  const std::string least = with_code(report, report.found.located.negative ? Rank{-1} : Rank{0});
  const std::string start =
      "The format has no zero, and the number is nearer to it than " + least + ", the least: ";
  if (report.found.located.gap)
    return start + "a rounding goes to that number, or to half of it, where " + rule_decides + ".";
  return start + "at or below half of it " + rule_decides + ".";
}

std::string place_sentence(const ExplainReport& report) {
  const reference::Located& x = report.found.located;
  const Format& format = report.quantizer.format;
  switch (x.place) {
    case Place::nan:
      return nan_words(format);
    case Place::infinite:
      return infinite_words(format, x.negative);
    case Place::zero:
      return zero_words(format, x.negative);
    case Place::exact:
      return "The format holds this number.";
    case Place::between:
      return between_words(report);
    case Place::beyond:
      return beyond_words(report);
    case Place::negative:
      return std::string("The number is below all of the format, which has no negative ones: ") +
             rule_decides + ".";
    case Place::under_least:
      return under_least_words(report);
  }
  return {};
}

struct PathName {
  Path path;
  const char* name;
  const char* what;
};

constexpr std::array<PathName, 14> path_names{{
    {Path::through, "through", "rounded twice, to nearest even first"},
    {Path::cut_through, "cut to", "rounded twice, toward zero first"},
    {Path::ties_away, "ties away from zero", "half the spacing added to the magnitude, then cut"},
    {Path::ties_up, "ties up", "half the spacing added, then floored"},
    {Path::truncated, "truncation", "the bits that do not fit are dropped"},
    {Path::floored, "floor", "an arithmetic shift of two's complement: toward negative"},
    {Path::flushed, "subnormal results flushed", "a tiny result becomes a zero of its sign"},
    {Path::flushed_input, "subnormal operands flushed", "the operand counts as a zero of its sign"},
    {Path::clamped, "clamping", "what is out of range becomes the end of the range"},
    {Path::unbounded_exponent, "full precision first", "rounded twice, first as a normal number"},
    {Path::by_distance, "by distance", "to the neighbour at the smaller distance"},
    {Path::offset_first, "zero point added first", "the tie is even with the zero point in it"},
    {Path::divided, "binary32 quotient", "x / scale in binary32, rounded again"},
    {Path::reciprocal, "binary32 reciprocal", "x * (1 / scale) in binary32, rounded again"},
}};

}  // namespace

void require_explainable(const Real& x) {
  constexpr std::int64_t far = 3321928;  // 2^far is just below 10^1000000
  if (!x.numerator.is_finite() || x.numerator.is_zero()) return;
  const std::int64_t exponent = leading_exponent(x.numerator) - leading_exponent(x.denominator);
  if (std::abs(exponent) > far)
    throw Error("a number beyond 10^+-1000000 is not explained", "",
                "`halfulp cast` rounds it all the same");
}

std::string value_text(const ExplainReport& report, Code code) {
  return number_text(report.quantizer.format, code, report.style);
}

std::string chance_text(const reference::Answer& answer, const reference::Chance& chance) {
  if (answer.random_bits == 0) return {};
  if (answer.chances.size() == 1) return "1";
  const std::string all = answer.random_bits == 1 ? "2" : "2^" + std::to_string(answer.random_bits);
  return chance.count.str() + "/" + all;
}

std::string turn_words(const Format& format) {
  if (std::holds_alternative<Posit>(format.kind)) return "the posit of one more bit";
  if (std::holds_alternative<Takum>(format.kind)) return "the takum of one more bit";
  if (std::holds_alternative<Log>(format.kind)) return "half a step of the logarithm";
  const auto* list = std::get_if<Codebook>(&format.kind);
  return list != nullptr && !list->boundaries.empty() ? "a boundary of the list" : "the middle";
}

std::vector<std::string> situation_words(const ExplainReport& report) {
  std::vector<std::string> words;
  const reference::Explanation& e = report.found;
  const Format& format = report.quantizer.format;
  const std::string sentence = place_sentence(report);
  if (!sentence.empty()) words.push_back(sentence);
  const auto* f = std::get_if<Float>(&format.kind);
  if (f != nullptr && f->subnormals && e.located.below_normal) {
    words.push_back("It is subnormal: below " + marked(smallest_normal(format)) +
                    " the spacing stays " + marked(smallest_positive(format)) + ".");
  }
  if (!is_dyadic(format) && e.gap)
    words.emplace_back(
        "The numbers of the format are irrational, and so are expected values and biases: their "
        "digits are certain, the last one rounded.");
  return words;
}

PathWords path_words(const reference::WrongPath& path) {
  const auto* entry = std::find_if(path_names.begin(), path_names.end(),
                                   [&](const PathName& name) { return name.path == path.path; });
  std::string name = entry->name;
  if (!path.through.empty()) name += " " + std::string(path.through) + " first";
  return {name, entry->what};
}

std::string place_word(Place place) {
  switch (place) {
    case Place::nan:
      return "nan";
    case Place::infinite:
      return "infinite";
    case Place::zero:
      return "zero";
    case Place::exact:
      return "exact";
    case Place::between:
      return "between";
    case Place::beyond:
      return "beyond";
    case Place::negative:
      return "negative";
    case Place::under_least:
      return "under_least";
  }
  return {};
}

}  // namespace halfulp::words
