// SPDX-License-Identifier: MIT
//
// What can be said of a block format without computing: names, where its fields contradict each
// other, how it cuts a matrix, how many bits a number takes.
#include "formats/block.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <variant>

#include "formats/catalogue/families.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

constexpr std::array<std::string_view, scale_rule_count> rule_names{
    "floor", "ceil", "even", "rceil", "ratio", "largest", "mean", "range", "given"};
constexpr std::array<std::string_view, 3> division_names{"exact", "binary32",
                                                         "binary32_reciprocal"};
constexpr std::array<std::string_view, arithmetic_count> arithmetic_names{
    "exact", "transformer_engine", "torchao", "modelopt", "qpytorch", "four_over_six"};
constexpr std::array<std::string_view, 3> block_error_names{"absolute", "squared", "largest"};
constexpr std::array<std::string_view, 2> error_of_names{"numbers", "scaled"};
constexpr std::array<std::string_view, 3> zero_scale_names{"zero", "least", "one"};
constexpr std::array<std::string_view, 4> special_names{"nan", "saturate", "ignore",
                                                        "nan_else_saturate"};

template <typename Enum>
Enum parse(std::string_view name, std::span<const std::string_view> names,
           const std::string& what) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Enum>(found - names.begin());
  std::string list;
  for (const std::string_view known : names)
    list += (list.empty() ? "" : ", ") + std::string(known);
  const std::string hint = suggest(std::string(name), {names.begin(), names.end()});
  throw Error("unknown " + what + " \"" + std::string(name.substr(0, 80)) + "\"", "",
              hint.empty() ? "there are " + list : hint);
}

[[noreturn]] void refuse(const std::string& message, const std::string& field,
                         const std::string& hint) {
  throw Error(message, field, hint);
}

std::string place(std::size_t level, const std::string& field) {
  return "levels/" + std::to_string(level) + "/" + field;
}

int significant_bits(const Format& format) {
  if (const auto* f = std::get_if<Float>(&format.kind)) return f->fraction_bits + 1;
  return std::get<Fixed>(format.kind).bits;
}

void validate_format(const Format& format, const std::string& field) {
  try {
    validate(format);
  } catch (const Error& error) {
    throw Error(error.message(), field + "/format/" + error.location(), error.hint());
  }
  if (!fits_binary64(format)) {
    refuse(format.name + " does not fit binary64", field + "/format",
           "use a format whose numbers are binary64 numbers");
  }
  if (compare(largest_finite(format), Value{}) <= 0) {
    refuse(format.name + " has no positive number", field + "/format",
           "use a format with numbers above zero");
  }
}

void validate_scale(const Level& level, std::size_t index) {
  const std::string field = place(index, "scale");
  validate_format(level.scale.format, field);
  const Kind& kind = level.scale.format.kind;
  if (!std::holds_alternative<Float>(kind) && !std::holds_alternative<Fixed>(kind)) {
    refuse("a scale in " + level.scale.format.name, field + "/format",
           "use a float or a fixed-point format");
  }
  if (level.scale.rounding.flush_inputs) {
    refuse("a scale has no inputs to flush", field + "/flush_inputs",
           "flush those of the element, or leave it out");
  }
}

// Along one dimension, is a block of `outer` elements made of whole blocks of `inner`? 0: all.
bool is_union(int outer, int inner) {
  if (outer == 0) return true;
  return inner > 0 && outer % inner == 0;
}

bool is_number_of(const Format& format, double x) {
  if (!(x > 0) || !std::isfinite(x)) return false;
  const Value value = from_double(x);
  try {
    return compare(decode(format, encode(format, value)), value) == 0;
  } catch (const Error&) {
    return false;
  }
}

void validate_floors(const Level& level, std::size_t index) {
  const auto require_floor = [&](double floor, const std::string& field) {
    if (!std::isfinite(floor) || floor < 0)
      refuse("a floor that is not a number of at least 0", place(index, field),
             "give 0 or a positive number");
    if (floor != 0 && (level.rule == ScaleRule::given || level.rule == ScaleRule::range))
      refuse("a floor of a scale of rule \"" + std::string(name_of(level.rule)) + "\"",
             place(index, field), "use another rule, such as \"ratio\"");
  };
  require_floor(level.least_amax, "least_amax");
  require_floor(level.least_scale, "least_scale");
  if (level.largest_scale != 0 && !is_number_of(level.scale.format, level.largest_scale))
    refuse("a largest scale that is none of the format's", place(index, "largest_scale"),
           "give a positive number of " + level.scale.format.name);
}

void validate_level(const Level& level, std::size_t index) {
  if (level.rows < 0)
    refuse(std::to_string(level.rows) + " rows", place(index, "rows"),
           "at least 1, or 0 for all of the matrix");
  if (level.columns < 0)
    refuse(std::to_string(level.columns) + " columns", place(index, "columns"),
           "at least 1, or 0 for all of the matrix");
  validate_scale(level, index);
  if (!std::isfinite(level.given) || level.given <= 0)
    refuse("a given scale that is not a positive number", place(index, "given"),
           "give a positive number");
  if (!std::isfinite(level.epsilon) || level.epsilon < 0)
    refuse("an epsilon that is not a number of at least 0", place(index, "epsilon"),
           "give 0 or a positive number");
  validate_floors(level, index);
}

// Autoflex counts codes, and its scales are powers of two.
void validate_prediction(const BlockFormat& format) {
  for (std::size_t i = 0; i < format.levels.size(); ++i) {
    const Level& level = format.levels[i];
    if (!level.predicted) continue;
    const auto* element = std::get_if<Fixed>(&format.element.format.kind);
    const auto* scale = std::get_if<Float>(&level.scale.format.kind);
    const bool integers = element != nullptr && element->fraction_bits == 0 && element->bits >= 3;
    const bool powers = scale != nullptr && scale->fraction_bits == 0 && !scale->zero;
    const bool whole = level.rows == 0 && level.columns == 0 && format.levels.size() == 1;
    if (integers && powers && whole && level.rule == ScaleRule::given) continue;
    refuse(
        "a predicted scale", place(i, "predicted"),
        "integers of at least 3 bits under one scale of rule given over all of the matrix, which "
        "is a power of two");
  }
}

void validate_nesting(const std::vector<Level>& levels) {
  for (std::size_t i = 1; i < levels.size(); ++i) {
    const Level& outer = levels[i - 1];
    const Level& inner = levels[i];
    const bool rows = is_union(outer.rows, inner.rows);
    if (rows && is_union(outer.columns, inner.columns)) continue;
    refuse("a block that is cut by the blocks of the level around",
           place(i, rows ? "columns" : "rows"),
           "a divisor of " + std::to_string(rows ? outer.columns : outer.rows) +
               ", or 0 in the level around");
  }
}

void validate_range(const BlockFormat& format) {
  for (std::size_t i = 0; i < format.levels.size(); ++i) {
    if (format.levels[i].rule != ScaleRule::range) continue;
    if (i + 1 < format.levels.size())
      refuse("zero points above another level", place(i, "rule"),
             "\"range\" is for the innermost level");
    const auto* integer = std::get_if<Fixed>(&format.element.format.kind);
    if (integer == nullptr || integer->fraction_bits != 0 || integer->symmetric ||
        integer->bits > 32) {
      refuse("zero points of " + format.element.format.name, "element/format",
             "rule \"range\" is for integers of at most 32 bits, such as int8 or uint4");
    }
  }
}

void validate_qpytorch(const BlockFormat& format) {
  if (format.levels.size() != 1)
    refuse("QPyTorch's arithmetic over two levels of scales", "arithmetic",
           "it is for formats with one level");
  if (format.levels[0].rule == ScaleRule::range)
    refuse("QPyTorch's arithmetic with zero points", "arithmetic",
           "use rule \"floor\", or arithmetic \"exact\"");
}

void validate_arithmetic(const BlockFormat& format) {
  if (format.arithmetic == Arithmetic::exact) return;
  if (format.arithmetic == Arithmetic::qpytorch) return validate_qpytorch(format);
  const std::string name(name_of(format.arithmetic));
  if (format.levels.size() != 2)
    refuse("the arithmetic \"" + name + "\" over another number of levels than two", "arithmetic",
           "it is for formats like nvfp4");
  for (std::size_t i = 0; i < 2; ++i) {
    if (format.levels[i].rule != ScaleRule::ratio || format.levels[i].epsilon != 0)
      refuse("the arithmetic \"" + name + "\" with another rule than a ratio", place(i, "rule"),
             "use rule \"ratio\" without epsilon");
    if (format.levels[i].least_amax != 0 || format.levels[i].least_scale != 0)
      refuse("the arithmetic \"" + name + "\" with floors of its scales",
             place(i, format.levels[i].least_amax != 0 ? "least_amax" : "least_scale"),
             "leave them out, or use arithmetic \"exact\"");
  }
  const Quantizer& outer = format.levels[0].scale;
  const Kind binary32 = ieee(8, 23);
  if (!(outer.format.kind == binary32) || outer.rounding.mode != Mode::nearest_even)
    refuse("the arithmetic \"" + name + "\" with an outer scale in another format than binary32",
           place(0, "scale"), "use binary32, to nearest even");
  if (format.special != SpecialBlock::nan)
    refuse("the arithmetic \"" + name + "\" with infinities or NaN that count as numbers",
           "special", "use \"nan\"");
}

}  // namespace

std::string_view name_of(ScaleRule rule) { return rule_names.at(static_cast<std::size_t>(rule)); }
std::string_view name_of(Division division) {
  return division_names.at(static_cast<std::size_t>(division));
}
std::string_view name_of(Arithmetic arithmetic) {
  return arithmetic_names.at(static_cast<std::size_t>(arithmetic));
}
std::string_view name_of(ZeroScale zero_scale) {
  return zero_scale_names.at(static_cast<std::size_t>(zero_scale));
}
std::string_view name_of(SpecialBlock special) {
  return special_names.at(static_cast<std::size_t>(special));
}

std::string_view name_of(FourOverSix::Error error) {
  return block_error_names.at(static_cast<std::size_t>(error));
}
std::string_view name_of(FourOverSix::Of of) {
  return error_of_names.at(static_cast<std::size_t>(of));
}

ScaleRule parse_scale_rule(std::string_view name) {
  return parse<ScaleRule>(name, rule_names, "scale rule");
}
Division parse_division(std::string_view name) {
  return parse<Division>(name, division_names, "division");
}
Arithmetic parse_arithmetic(std::string_view name) {
  return parse<Arithmetic>(name, arithmetic_names, "arithmetic");
}
ZeroScale parse_zero_scale(std::string_view name) {
  return parse<ZeroScale>(name, zero_scale_names, "zero scale");
}
SpecialBlock parse_special_block(std::string_view name) {
  return parse<SpecialBlock>(name, special_names, "choice for special blocks");
}
FourOverSix::Error parse_block_error(std::string_view name) {
  return parse<FourOverSix::Error>(name, block_error_names, "error of a block");
}
FourOverSix::Of parse_error_of(std::string_view name) {
  return parse<FourOverSix::Of>(name, error_of_names, "place of errors");
}

void validate(const BlockFormat& format) {
  validate_format(format.element.format, "element");
  if (format.levels.empty())
    refuse("a block format without scales", "levels", "give at least one level");
  int together = 0;
  for (std::size_t i = 0; i < format.levels.size(); ++i) {
    validate_level(format.levels[i], i);
    together += significant_bits(format.levels[i].scale.format);
    if (together > 53)
      refuse("scales of more than 53 significant bits together", place(i, "scale/format"),
             "use shorter scales or fewer levels");
  }
  validate_nesting(format.levels);
  validate_prediction(format);
  validate_range(format);
  validate_arithmetic(format);
  if (format.arithmetic != Arithmetic::four_over_six && format.four_over_six != FourOverSix{})
    refuse("an error of blocks that are quantized once", "error",
           "use arithmetic \"four_over_six\"");
}

Partition partition(const Level& level, std::size_t rows, std::size_t columns) {
  const auto blocks = [](std::size_t extent, std::size_t block) {
    return block == 0 ? 0 : extent / block + (extent % block == 0 ? 0 : 1);
  };
  Partition p;
  p.block_rows = level.rows == 0 ? rows : static_cast<std::size_t>(level.rows);
  p.block_columns = level.columns == 0 ? columns : static_cast<std::size_t>(level.columns);
  p.down = blocks(rows, p.block_rows);
  p.across = blocks(columns, p.block_columns);
  return p;
}

double bits_per_value(const BlockFormat& format) {
  const double element = bits(format.element.format);
  double all = element;
  for (const Level& level : format.levels) {
    const double block = static_cast<double>(level.rows) * level.columns;
    if (block == 0) continue;
    const double zero_point = level.rule == ScaleRule::range ? element : 0;
    all += (bits(level.scale.format) + zero_point) / block;
  }
  return all;
}

}  // namespace halfulp
