// SPDX-License-Identifier: MIT
//
// What surrounds the steps: parameters, inputs and outputs, and where documents come from.
#include "golden/sequences/kernel_json.h"

#include <nlohmann/json.hpp>
#include <set>

#include "formats/error.h"
#include "golden/sequences/steps_json.h"

namespace halfulp::sequences {
namespace {

// Parameters in the places where they are named.
class Parameters {
 public:
  Parameters(const Json* values, std::string where) : where_(std::move(where)) {
    if (values == nullptr) return;
    if (!values->is_object())
      throw Error("no parameters", where_, "write an object of names and values");
    for (const auto& entry : values->items()) {
      values_[entry.key()] = entry.value();
      names_.push_back(entry.key());
    }
  }

  Json placed(const Json& value, const std::string& where) {
    if (value.is_string()) return named(value, where);
    Json whole = value;
    if (whole.is_object()) {
      for (auto& entry : whole.items())
        entry.value() = placed(entry.value(), where + "/" + entry.key());
    } else if (whole.is_array()) {
      for (std::size_t i = 0; i < whole.size(); ++i)
        whole[i] = placed(whole[i], where + "/" + std::to_string(i));
    }
    return whole;
  }

  void require_used() const {
    for (const std::string& name : names_) {
      if (!used_.contains(name))
        throw Error("nothing uses the parameter", where_ + "/" + name,
                    "write \"$" + name + "\" where its value is to stand, or leave it out");
    }
  }

 private:
  const Json& named(const Json& value, const std::string& where) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty() || text[0] != '$') return value;
    const std::string name = text.substr(1);
    const auto found = values_.find(name);
    if (found == values_.end()) {
      const std::string near = suggest(name, names_);
      throw Error("\"" + text + "\" is no parameter", where,
                  near.empty() ? "give \"parameters\" one of that name" : near);
    }
    used_.insert(name);
    return found.value();
  }

  std::string where_;
  Json values_ = Json::object();
  std::vector<std::string> names_;
  std::set<std::string> used_;
};

Input input_from_json(const std::string& name, const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Input input{.name = name, .about = reader.text("about", ""), .shape = {}, .otherwise = {}};
  input.shape = shape_from_json(reader.require("shape"), reader.place("shape"));
  if (const Json* otherwise = reader.find("otherwise"))
    input.otherwise = constant_from_json(*otherwise, reader.place("otherwise"));
  reader.finish();
  for (std::size_t i = 1; i < input.shape.size(); ++i) {
    if (input.shape[i] == Dimension("..."))
      throw Error("\"...\" behind another dimension", where + "/shape/" + std::to_string(i),
                  "it can only be the first");
  }
  return input;
}

std::vector<Input> inputs_from_json(const Json& value, const std::string& where, Scope& scope) {
  if (!value.is_object() || value.empty())
    throw Error("no inputs", where, "write {\"x\": {\"shape\": [\"...\", \"n\"]}}");
  std::vector<Input> inputs;
  for (const auto& entry : value.items()) {
    const std::string place = where + "/" + entry.key();
    inputs.push_back(input_from_json(entry.key(), entry.value(), place));
    for (const Dimension& dimension : inputs.back().shape) {
      const auto* name = std::get_if<std::string>(&dimension);
      if (name != nullptr) scope.define_dimension(*name, place + "/shape");
    }
  }
  for (const Input& input : inputs) scope.define(input.name, where + "/" + input.name);
  return inputs;
}

std::vector<std::string> outputs_from_json(const Json& value, const std::string& where,
                                           const Scope& scope) {
  if (!value.is_array() || value.empty())
    throw Error("no list of names", where, "write [\"y\"], names of steps");
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const Json& entry : value) {
    const std::string place = where + "/" + std::to_string(names.size());
    names.push_back(name_from_json(entry, place));
    scope.require_array(names.back(), place);
    if (!seen.insert(names.back()).second)
      throw Error("\"" + names.back() + "\" is an output already", place, "leave one out");
  }
  return names;
}

}  // namespace

Kernel kernel_from_json(const Json& document, const std::string& where) {
  ObjectReader reader(document, where);
  Kernel kernel;
  kernel.name = reader.text("name", "");
  kernel.about = reader.text("about", "");
  kernel.source = reader.text("source", "");
  Parameters parameters(reader.find("parameters"), reader.place("parameters"));
  const auto placed = [&](const std::string& key) {
    return parameters.placed(reader.require(key), reader.place(key));
  };
  const Json inputs = placed("inputs");
  const Json steps = placed("steps");
  const Json outputs = placed("outputs");
  const Json* to = reader.find("to");
  const Json rounded =
      to == nullptr ? Json("binary32") : parameters.placed(*to, reader.place("to"));
  reader.finish();
  parameters.require_used();

  Scope scope;
  kernel.inputs = inputs_from_json(inputs, where + "/inputs", scope);
  scope.set_result(result_from_json(rounded, where + "/to", scope));
  kernel.steps = steps_from_json(steps, where + "/steps", scope);
  kernel.outputs = outputs_from_json(outputs, where + "/outputs", scope);
  return kernel;
}

Json kernel_document(const std::string& text) {
  if (looks_like_json(text)) return parse_json(text, "kernel");
  if (looks_like_path(text)) return read_json_file(text);
  std::vector<std::string> names;
  for (const ShippedKernel& shipped : shipped_kernel_texts()) {
    if (shipped.name == text)
      return parse_json(shipped.text, "data/kernels/" + std::string(shipped.name) + ".json");
    names.emplace_back(shipped.name);
  }
  const std::string near = suggest(text, names);
  throw Error("\"" + text + "\" is no kernel", "",
              near.empty() ? "`halfulp kernel` lists them; or give a file or JSON text" : near);
}

}  // namespace halfulp::sequences
