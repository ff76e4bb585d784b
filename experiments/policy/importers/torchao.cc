// SPDX-License-Identifier: MIT
//
// Six casts, one for each operand of the three products of a linear layer; those of the backward
// pass are by default as those of the forward pass, and gradients by default E5M2.
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/policy/importers/importers.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

struct Cast {
  bool quantized = true, rows = false;
  std::string format;  // empty: the operand's usual one
};

Cast parse_cast(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Cast cast;
  cast.quantized = reader.choice("scaling_type", 0, {"dynamic", "disabled"}) == 0;
  cast.rows = reader.choice("scaling_granularity", 0, {"tensorwise", "axiswise"}) == 1;
  const Json* type = reader.find("target_dtype");
  if (type != nullptr && !type->is_null()) {
    static const std::vector<std::string> types{"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
                                                "float8_e5m2fnuz"};
    Json named{{"target_dtype", *type}};
    if (type->is_string() && type->get<std::string>().starts_with("torch."))
      named["target_dtype"] = type->get<std::string>().substr(std::string("torch.").size());
    cast.format = types[ObjectReader(named, where).choice("target_dtype", 0, types)];
  }
  const Json* fixed = reader.find("static_scale");
  if (fixed != nullptr && !fixed->is_null())
    throw Error("scales that are given are not read", reader.place("static_scale"),
                "leave it out, or write the policy by hand");
  reader.finish();
  return cast;
}

// An operand, its cast in the product that names it, and in the other one.
struct Operand {
  const char* name;
  std::string usual_format, use, other_use;
  Cast cast, other;
};

void read_operand(ObjectReader& reader, const char* other, Operand& operand) {
  const std::string key = std::string("cast_config_") + operand.name;
  const std::string other_key = key + "_for_" + other;
  const auto given = [&](const std::string& member) -> const Json* {
    const Json* value = reader.find(member);
    return value == nullptr || value->is_null() ? nullptr : value;
  };
  if (const Json* value = given(key)) operand.cast = parse_cast(*value, reader.place(key));
  operand.other = operand.cast;
  if (const Json* value = given(other_key))
    operand.other = parse_cast(*value, reader.place(other_key));
  for (Cast* cast : {&operand.cast, &operand.other})
    if (cast->format.empty()) cast->format = operand.usual_format;
  if (operand.cast.format != operand.other.format)
    throw Error(std::string("\"") + operand.name + "\" is cast to " + operand.cast.format +
                    " in one product and to " + operand.other.format + " in the other",
                reader.place(other_key + "/target_dtype"), "torchao wants one type in both");
}

void require_alike(const Cast& a, const Cast& b, const char* product) {
  if (a.quantized == b.quantized) return;
  throw Error(std::string("one operand of the product for \"") + product +
                  "\" is cast and the other is not",
              "", "torchao casts both or none");
}

// The members that decide nothing about numbers, or that no policy follows.
void pass_over(ObjectReader& reader) {
  for (const char* key :
       {"enable_fsdp_float8_all_gather", "pad_inner_dim", "emulate", "enable_amax_init",
        "enable_pre_and_post_forward", "force_recompute_fp8_weight_in_bwd"})
    reader.boolean(key, false);
  for (const char* key :
       {"gemm_config_output", "gemm_config_grad_input", "gemm_config_grad_weight"}) {
    const Json* value = reader.find(key);
    if (value == nullptr) continue;
    ObjectReader product(*value, reader.place(key));
    product.boolean("use_fast_accum", false);
    product.finish();
  }
}

Json config_of_recipe(const std::string& name) {
  const Json row{{"scaling_granularity", "axiswise"}, {"target_dtype", "float8_e4m3fn"}};
  const Json off{{"scaling_type", "disabled"}, {"target_dtype", "float8_e4m3fn"}};
  if (name == "tensorwise") return Json::object();
  Json config{{"cast_config_input", row},
              {"cast_config_weight", row},
              {"cast_config_grad_output", row},
              {"round_scales_to_power_of_2", true}};
  if (name == "rowwise") return config;
  if (name != "rowwise_with_gw_hp")
    throw Error("\"" + name + "\" is no recipe of torchao", "",
                "tensorwise, rowwise and rowwise_with_gw_hp are");
  config["cast_config_input_for_grad_weight"] = off;
  config["cast_config_weight_for_grad_input"] = Json{{"scaling_granularity", "tensorwise"}};
  config["cast_config_grad_output_for_grad_weight"] = off;
  return config;
}

Json quantizer_of(const Cast& cast, bool powers_of_two) {
  if (!cast.quantized) return "native";
  const Json level{
      {"rows", cast.rows ? 1 : 0}, {"columns", 0}, {"rule", powers_of_two ? "rceil" : "ratio"}};
  return Json{{"format", cast.format}, {"overflow", "saturate"}, {"scaling", level}};
}

}  // namespace

Json import_torchao(const std::string& text) {
  const bool is_object = text.find('{') != std::string::npos;
  const Json config = is_object ? parse_json(text, "torchao") : config_of_recipe(text);
  ObjectReader reader(config, "");
  Operand input{"input", "float8_e4m3fn", "x.fwd", "x.wgrad", {}, {}};
  Operand weight{"weight", "float8_e4m3fn", "w.fwd", "w.dgrad", {}, {}};
  Operand gradient{"grad_output", "float8_e5m2", "g.dgrad", "g.wgrad", {}, {}};
  read_operand(reader, "grad_weight", input);
  read_operand(reader, "grad_input", weight);
  read_operand(reader, "grad_weight", gradient);
  const bool powers_of_two = reader.boolean("round_scales_to_power_of_2", false);
  pass_over(reader);
  reader.finish();
  require_alike(input.cast, weight.cast, "output");
  require_alike(gradient.cast, weight.other, "grad_input");
  require_alike(input.other, gradient.other, "grad_weight");
  Json use = Json::object();
  for (const Operand& operand : {input, weight, gradient}) {
    use[operand.use] = quantizer_of(operand.cast, powers_of_two);
    use[operand.other_use] = quantizer_of(operand.other, powers_of_two);
  }
  Json policy{{"schema", "policy/1"},
              {"name", is_object ? "torchao" : "torchao " + text},
              {"source", "torchao Float8LinearConfig"}};
  policy["base"] = Json{{"native", "binary32"}, {"use", use}};
  return policy;
}

}  // namespace halfulp::experiments
