// SPDX-License-Identifier: MIT
//
// params: weights between steps, with their gradients and the optimizer's states. compute: all that
// layers compute. output: what the loss sees. compute is by default as params, output as compute.
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "experiments/policy/importers/importers.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

const std::string usual = "params=f32,compute=bf16,output=f32";

std::string format_of(const std::string& type) {
  static const std::map<std::string, std::string> known{
      {"f16", "binary16"},      {"float16", "binary16"}, {"bf16", "bfloat16"},
      {"bfloat16", "bfloat16"}, {"f32", "binary32"},     {"float32", "binary32"},
      {"full", "binary32"},     {"f64", "binary64"},     {"float64", "binary64"}};
  if (const auto found = known.find(type); found != known.end()) return found->second;
  if (type == "half")
    throw Error("\"half\" is bfloat16 on some machines and binary16 on others", "",
                "write \"bf16\" or \"f16\"");
  throw Error("\"" + type + "\" is no type of jmp", "", "write f16, bf16, f32 or f64");
}

struct Types {
  std::string params, compute, output;
};

std::optional<std::string>& member_of(const std::string& key,
                                      std::array<std::optional<std::string>, 3>& types) {
  if (key == "p" || key == "params") return types[0];
  if (key == "c" || key == "compute") return types[1];
  if (key == "o" || key == "output") return types[2];
  throw Error("\"" + key + "\" is none of params, compute and output", "",
              "write for example \"" + usual + "\"");
}

Types parse_types(const std::string& text) {
  if (text.find('=') == std::string::npos) {
    const std::string format = format_of(text);
    return {format, format, format};
  }
  std::array<std::optional<std::string>, 3> types;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, comma - at);
    at = comma + 1;
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos)
      throw Error("\"" + part + "\" has no \"=\"", "", "write for example \"" + usual + "\"");
    std::optional<std::string>& member = member_of(part.substr(0, equals), types);
    if (member) throw Error("\"" + part.substr(0, equals) + "\" stands twice", "", "write it once");
    member = format_of(part.substr(equals + 1));
  }
  const std::string params = types[0].value_or("binary32");
  const std::string compute = types[1].value_or(params);
  return {params, compute, types[2].value_or(compute)};
}

}  // namespace

Json import_jmp(const std::string& text) {
  const Types types = parse_types(text);
  const bool wide =
      types.params == "binary64" || types.compute == "binary64" || types.output == "binary64";
  const std::string native = wide ? "binary64" : "binary32";
  Json use = Json::object();
  const auto put = [&](const std::string& format, std::initializer_list<const char*> keys) {
    for (const char* key : keys)
      if (format != native) use[key] = format;
  };
  put(types.compute, {"weight", "activation", "gradient", "weight_gradient", "elementwise"});
  put(types.output, {"loss/y"});
  put(types.params, {"param", "optimizer/grad_in", "optimizer_state"});
  Json policy{{"schema", "policy/1"}, {"name", text}, {"source", "jmp"}};
  policy["base"] = Json{{"native", native}, {"use", use}};
  if (types.params != native) policy["optimizer"] = Json{{"weight_update", "in_place"}};
  return policy;
}

}  // namespace halfulp::experiments
