// SPDX-License-Identifier: MIT
#include "golden/sequences/scope.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <nlohmann/json.hpp>

#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::sequences {
namespace {

bool is_name(const std::string& text) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !text.empty() && std::ranges::all_of(text, fits) &&
         !std::isdigit(static_cast<unsigned char>(text[0]));
}

bool is_number_word(const std::string& text) {
  return text == "inf" || text == "-inf" || text == "nan";
}

}  // namespace

void Scope::require_free(const std::string& name, const std::string& where) const {
  if (!is_name(name) || is_number_word(name))
    throw Error("\"" + name + "\" is no name", where,
                "write letters, digits and underscores, a letter first; \"inf\" and \"nan\" are "
                "numbers");
  if (arrays_.contains(name) || dimensions_.contains(name) || loops_.contains(name))
    throw Error("\"" + name + "\" stands for something already", where, "choose another name");
}

void Scope::define(const std::string& array, const std::string& where) {
  require_free(array, where);
  arrays_.insert(array);
}
void Scope::define_number(const std::string& name, const std::string& where) {
  require_free(name, where);
  dimensions_.insert(name);
}
void Scope::define_loop(const std::string& name, const std::string& where) {
  require_free(name, where);
  loops_.insert(name);
}

void Scope::define_dimension(const std::string& name, const std::string& where) {
  if (name != "..." && (!is_name(name) || is_number_word(name)))
    throw Error("\"" + name + "\" is no name of a dimension", where,
                "write letters, digits and underscores, or \"...\" for any dimensions");
  dimensions_.insert(name);
}

void Scope::refuse(const std::string& name, const std::string& where,
                   const std::string& what) const {
  std::vector<std::string> known(arrays_.begin(), arrays_.end());
  known.insert(known.end(), dimensions_.begin(), dimensions_.end());
  const std::string near = suggest(name, known);
  throw Error("\"" + name + "\" is no " + what, where,
              near.empty() ? "a step takes what stands before it" : near);
}

void Scope::require_array(const std::string& name, const std::string& where) const {
  if (!arrays_.contains(name)) refuse(name, where, "array that stands before this");
}
void Scope::require_operand(const std::string& name, const std::string& where) const {
  if (!dimensions_.contains(name) || name == "...") require_array(name, where);
}
void Scope::require_dimension(const std::string& name, const std::string& where) const {
  if (!dimensions_.contains(name)) refuse(name, where, "dimension of an input");
}

std::string name_from_json(const Json& value, const std::string& where) {
  if (value.is_string() && is_name(value.get_ref<const std::string&>()))
    return value.get<std::string>();
  throw Error("no name", where, "write a text of letters, digits and underscores, a letter first");
}

bool is_constant(const Json& value) {
  return value.is_number() ||
         (value.is_string() && is_number_word(value.get_ref<const std::string&>()));
}

double constant_from_json(const Json& value, const std::string& where) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
  }
  constexpr double most = std::numeric_limits<double>::max();
  return number_from(value, where, -most, most);
}

std::vector<Dimension> shape_from_json(const Json& value, const std::string& where) {
  if (!value.is_array()) throw Error("no shape", where, "write a list, as in [\"...\", \"n\"]");
  constexpr std::size_t most_axes = 64;
  if (value.size() > most_axes)
    throw Error(std::to_string(value.size()) + " dimensions", where,
                "at most " + std::to_string(most_axes) + " are possible");
  std::vector<Dimension> shape;
  for (const Json& entry : value) {
    const std::string at = where + "/" + std::to_string(shape.size());
    if (entry == "...") {
      shape.emplace_back("...");
    } else if (entry.is_string()) {
      shape.emplace_back(name_from_json(entry, at));
    } else {
      shape.emplace_back(integer_from(entry, at, 0, most_extent));
    }
  }
  return shape;
}

Result result_from_json(const Json& value, const std::string& where, const Scope& scope) {
  if (value.is_object() && value.contains("like")) {
    ObjectReader reader(value, where);
    Result result;
    result.like = name_from_json(reader.require("like"), where + "/like");
    reader.finish();
    scope.require_array(result.like, where + "/like");
    return result;
  }
  Result result{.quantizer = quantizer_from_json(value, where), .like = {}};
  if (!fits_binary64(result.quantizer.format))
    throw Error("a double holds not all numbers of \"" + result.quantizer.format.name + "\"", where,
                "choose a narrower format");
  return result;
}

}  // namespace halfulp::sequences
