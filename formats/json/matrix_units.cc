// SPDX-License-Identifier: MIT
//
// The JSON form of matrix units (declared in json.h).
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/matrix_unit.h"

namespace halfulp {
namespace {

const std::vector<std::string> subnormal_words{"keep", "positive_zero", "signed_zero"};

UnitOperand operand_from_json(ObjectReader& unit, const std::string& key) {
  const Json& value = unit.require(key);
  const std::string where = unit.place(key);
  if (value.is_string() || (value.is_object() && value.contains("kind")))
    return {.format = format_from_json(value, where)};
  ObjectReader reader(value, where);
  UnitOperand operand{.format = format_from_json(reader.require("format"), reader.place("format"))};
  if (const Json* as = reader.find("as")) operand.as = format_from_json(*as, reader.place("as"));
  operand.subnormals =
      static_cast<UnitOperand::Subnormals>(reader.choice("subnormals", 0, subnormal_words));
  reader.finish();
  return operand;
}

Json to_json(const UnitOperand& operand) {
  const bool plain = !operand.as && operand.subnormals == UnitOperand::Subnormals::keep;
  if (plain) return to_json(operand.format);
  Json object;
  object["format"] = to_json(operand.format);
  if (operand.as) object["as"] = to_json(*operand.as);
  if (operand.subnormals != UnitOperand::Subnormals::keep)
    object["subnormals"] = subnormal_words[static_cast<std::size_t>(operand.subnormals)];
  return object;
}

const Json& list(const Json& value, const std::string& where) {
  if (!value.is_array()) throw Error("no list", where, "write [ ... ]");
  return value;
}

std::vector<Evidence> evidence_from_json(const Json& value, const std::string& where) {
  std::vector<Evidence> all;
  for (const Json& entry : list(value, where)) {
    ObjectReader reader(entry, where + "/" + std::to_string(all.size()));
    Evidence evidence;
    evidence.what = reader.text("what", "");
    reader.require("ground");
    evidence.ground = static_cast<Ground>(reader.choice("ground", 0, ground_names()));
    evidence.source = reader.text("source", "");
    reader.finish();
    all.push_back(evidence);
  }
  return all;
}

std::vector<std::string> texts_from_json(const Json& value, const std::string& where) {
  std::vector<std::string> texts;
  for (const Json& entry : list(value, where)) {
    if (!entry.is_string())
      throw Error("no text", where + "/" + std::to_string(texts.size()), "write \"...\"");
    texts.push_back(entry.get<std::string>());
  }
  return texts;
}

}  // namespace

MatrixUnit matrix_unit_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  MatrixUnit unit;
  unit.name = reader.text("name", "");
  if (const Json* aliases = reader.find("aliases"))
    unit.aliases = texts_from_json(*aliases, reader.place("aliases"));
  unit.vendor = reader.text("vendor", "");
  unit.architecture = reader.text("architecture", "");
  unit.instruction = reader.text("instruction", "");
  unit.a = operand_from_json(reader, "a");
  unit.b = operand_from_json(reader, "b");
  unit.c = operand_from_json(reader, "c");
  unit.d = format_from_json(reader.require("d"), reader.place("d"));
  unit.terms = reader.integer("terms", 1, 1, most_instruction_terms);
  unit.tree = dot_tree_from_json(reader);
  if (is_aligned(unit.tree)) {
    if (!unit.tree.left) unit.tree.left = unit.a.as.value_or(unit.a.format);
    if (!unit.tree.right) unit.tree.right = unit.b.as.value_or(unit.b.format);
  }
  if (const Json* evidence = reader.find("evidence"))
    unit.evidence = evidence_from_json(*evidence, reader.place("evidence"));
  reader.finish();
  validate(unit, where);
  return unit;
}

Json to_json(const MatrixUnit& unit) {
  Json object;
  object["name"] = unit.name;
  if (!unit.aliases.empty()) object["aliases"] = unit.aliases;
  object["vendor"] = unit.vendor;
  object["architecture"] = unit.architecture;
  object["instruction"] = unit.instruction;
  object["a"] = to_json(unit.a);
  object["b"] = to_json(unit.b);
  object["c"] = to_json(unit.c);
  object["d"] = to_json(unit.d);
  object["terms"] = unit.terms;
  add_members(object, unit.tree);
  object["evidence"] = Json::array();
  for (const Evidence& evidence : unit.evidence) {
    object["evidence"].push_back({{"what", evidence.what},
                                  {"ground", std::string(name_of(evidence.ground))},
                                  {"source", evidence.source}});
  }
  return object;
}

MatrixUnit matrix_unit_from_text(const std::string& text) {
  if (looks_like_json(text)) return matrix_unit_from_json(parse_json(text, "unit"), "");
  if (!looks_like_path(text)) return find_matrix_unit(text);
  const Json value = read_json_file(text);
  try {
    return matrix_unit_from_json(value, "");
  } catch (const Error& error) {
    throw error.at(text);
  }
}

const std::vector<MatrixUnit>& shipped_units() {
  static const std::vector<MatrixUnit> units = [] {
    std::vector<MatrixUnit> made;
    for (const ShippedUnit& shipped : shipped_unit_texts()) {
      made.push_back(matrix_unit_from_json(
          parse_json(shipped.text, "data/units/" + std::string(shipped.name) + ".json"), ""));
    }
    return made;
  }();
  return units;
}

}  // namespace halfulp
