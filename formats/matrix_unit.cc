// SPDX-License-Identifier: MIT
#include "formats/matrix_unit.h"

#include <algorithm>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

// The ends and the least steps decide for floats; other formats hold only themselves.
bool holds(const Format& wide, const Format& narrow) {
  if (wide.kind == narrow.kind) return true;
  const auto* outer = std::get_if<Float>(&wide.kind);
  const auto* inner = std::get_if<Float>(&narrow.kind);
  if (outer == nullptr || inner == nullptr) return false;
  const auto least_step = [](const Format& format) {
    return leading_exponent(smallest_positive(format));
  };
  return outer->fraction_bits >= inner->fraction_bits &&
         compare(largest_finite(wide), largest_finite(narrow)) >= 0 &&
         least_step(wide) <= least_step(narrow);
}

void validate_operand(const UnitOperand& operand, const std::string& where) {
  if (!fits_binary64(operand.format))
    throw Error("the format \"" + operand.format.name + "\" has numbers that no binary64 holds",
                where, "choose a narrower one");
  if (!operand.as) return;
  const bool floats = std::holds_alternative<Float>(operand.format.kind) &&
                      std::holds_alternative<Float>(operand.as->kind);
  if (!floats || !fits_binary64(*operand.as))
    throw Error("operands of \"" + operand.format.name + "\" as \"" + operand.as->name + "\"",
                where + "/as", "both must be floats that a binary64 holds");
}

}  // namespace

const std::vector<std::string>& ground_names() {
  static const std::vector<std::string> names{"hardware", "authors", "document", "inference"};
  return names;
}

std::string_view name_of(Ground ground) {
  return ground_names().at(static_cast<std::size_t>(ground));
}

void validate(const MatrixUnit& unit, const std::string& where) {
  validate_operand(unit.a, where + "/a");
  validate_operand(unit.b, where + "/b");
  validate_operand(unit.c, where + "/c");
  validate(unit.tree, where);
  if (unit.terms < 1 || unit.terms > most_instruction_terms)
    throw Error("an instruction of " + std::to_string(unit.terms) + " terms", where + "/terms",
                "give 1 to " + std::to_string(most_instruction_terms));
  const Format& result = unit.tree.sums.front().quantizer.format;
  if (!holds(unit.d, result))
    throw Error(
        "\"" + unit.d.name + "\" does not hold the results, which are of \"" + result.name + "\"",
        where + "/d", "give a format that does");
}

bool is_unproven(const MatrixUnit& unit) {
  return std::ranges::all_of(
      unit.evidence, [](const Evidence& evidence) { return evidence.ground == Ground::inference; });
}

const MatrixUnit& find_matrix_unit(const std::string& name) {
  const std::string plain = plain_name(name);
  std::vector<std::string> names;
  for (const MatrixUnit& unit : shipped_units()) {
    names.push_back(unit.name);
    if (plain_name(unit.name) == plain) return unit;
    for (const std::string& alias : unit.aliases) {
      if (plain_name(alias) == plain) return unit;
      names.push_back(alias);
    }
  }
  const std::string near = suggest(name, names);
  throw Error("\"" + name + "\" is no unit", "",
              near.empty() ? "`halfulp units` lists them; or give a file or JSON text" : near);
}

}  // namespace halfulp
