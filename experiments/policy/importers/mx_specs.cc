// SPDX-License-Identifier: MIT
//
// Linear layers of microxcaling (mx/linear.py, mx/specs.py): y = x W^T with both operands rounded
// element by element, then to blocks along the sum; the results element by element. The backward
// pass rounds the same numbers anew. Where members are missing, those of the backward pass are as
// those of the forward pass, and every mode of rounding is as `round`.
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/policy/importers/importers.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

// An element format, and the block format of 32 of them.
struct Element {
  std::string scalar, block;
};

const std::map<std::string, Element>& elements() {
  static const std::map<std::string, Element> known{{"fp8_e4m3", {"float8_e4m3fn", "mxfp8_e4m3"}},
                                                    {"fp8_e5m2", {"float8_e5m2", "mxfp8_e5m2"}},
                                                    {"fp6_e3m2", {"float6_e3m2fn", "mxfp6_e3m2"}},
                                                    {"fp6_e2m3", {"float6_e2m3fn", "mxfp6_e2m3"}},
                                                    {"fp4_e2m1", {"float4_e2m1fn", "mxfp4"}},
                                                    {"fp4", {"float4_e2m1fn", "mxfp4"}},
                                                    {"int8", {"q1.6_symmetric", ""}},
                                                    {"int4", {"q1.2_symmetric", ""}}};
  return known;
}

// The members that are read, and what those stand on whose value is missing.
class Specs {
 public:
  explicit Specs(const Json& value) : reader_(value, "") {}

  // A text; that of the next key where it is missing or null.
  std::string first_of(const std::vector<std::string>& keys, const std::string& otherwise) {
    std::string found;
    bool is_found = false;
    for (const std::string& key : keys) {
      const Json* value = reader_.find(key);
      if (value == nullptr || value->is_null()) continue;
      const std::string text = reader_.text(key, "");
      if (!is_found) found = text;
      is_found = true;
    }
    return is_found ? found : otherwise;
  }
  int integer(const std::string& key, int most) {
    const Json* value = reader_.find(key);
    if (value == nullptr || value->is_null()) return 0;
    return static_cast<int>(reader_.integer(key, 0, 0, most));
  }
  bool boolean(const std::string& key, bool otherwise) { return reader_.boolean(key, otherwise); }
  void require(const std::string& key, bool wanted) {
    if (reader_.boolean(key, wanted) == wanted) return;
    throw Error("a policy has nothing that does what \"" + key + "\" does", reader_.place(key),
                "leave it out");
  }
  std::string place(const std::string& key) { return reader_.place(key); }
  void finish() { reader_.finish(); }

 private:
  ObjectReader reader_;
};

std::string mode_of(Specs& specs, const std::vector<std::string>& keys) {
  std::vector<std::string> all = keys;
  all.emplace_back("round");
  static const std::map<std::string, std::string> modes{{"nearest", "nearest-away"},
                                                        {"even", "nearest-even"},
                                                        {"floor", "toward-zero"},
                                                        {"dither", "stochastic"}};
  const std::string text = specs.first_of(all, "nearest");
  if (const auto found = modes.find(text); found != modes.end()) return found->second;
  throw Error("unknown rounding \"" + text + "\"", specs.place(keys.front()),
              "nearest, even, floor and dither are known");
}

Json with_mode(Json quantizer, const std::string& mode) {
  if (mode != "nearest-even") quantizer["rounding"] = mode;
  return quantizer;
}

// Of numbers between products; "" where they stay as they are.
std::string vector_format(Specs& specs) {
  const int bfloat = specs.integer("bfloat", 32);
  const int fp = specs.integer("fp", 32);
  if (bfloat != 0 && fp != 0)
    throw Error("\"bfloat\" and \"fp\" both stand here", specs.place("fp"), "keep one of them");
  const int exponent_bits = bfloat != 0 ? 8 : 5;
  const int bits = bfloat != 0 ? bfloat : fp;
  if (bits == 0 || bfloat == 32) return "";
  const int fraction_bits = bits - 1 - exponent_bits;
  if (fraction_bits < 1)
    throw Error(std::to_string(bits) + " bits leave none for a fraction",
                specs.place(bfloat != 0 ? "bfloat" : "fp"),
                "give at least " + std::to_string(exponent_bits + 2));
  if (bfloat == 16) return "bfloat16";
  if (fp == 16) return "binary16";
  return "e" + std::to_string(exponent_bits) + "m" + std::to_string(fraction_bits);
}

// Scales of so many bits: powers of two alike in both directions, and NaN; 0: of any size.
Json scale_format(int bits) {
  if (bits == 8) return "float8_e8m0fnu";
  constexpr int enough = 11;
  return Json{{"format",
               {{"kind", "float"},
                {"exponent_bits", bits == 0 ? enough : bits},
                {"fraction_bits", 0},
                {"infinity", false},
                {"nan_codes", 1},
                {"zero", false},
                {"sign", false}}}};
}

struct Blocks {
  int size = 0, scale_bits = 0;
  bool bump = false;
};

Json block_quantizer(const std::string& name, const Blocks& blocks, const std::string& mode,
                     const std::string& where) {
  if (name == "bfloat16" || name == "bf16") return with_mode(Json{{"format", "bfloat16"}}, mode);
  const auto found = elements().find(name);
  if (found == elements().end()) {
    std::vector<std::string> names{"bfloat16"};
    for (const auto& entry : elements()) names.push_back(entry.first);
    const std::string near = suggest(name, names);
    throw Error("unknown element format \"" + name + "\"", where,
                near.empty()
                    ? "fp8_e4m3, fp8_e5m2, fp6_e3m2, fp6_e2m3, fp4_e2m1, int8 and int4 are known"
                    : near);
  }
  const std::string rule = blocks.bump ? "rceil" : "floor";
  if (blocks.size == 32 && blocks.scale_bits == 8 && !found->second.block.empty()) {
    Json quantizer{{"format", found->second.block}, {"preset", "microxcaling"}, {"rounding", mode}};
    if (blocks.bump) quantizer["rule"] = rule;
    return quantizer;
  }
  return Json{{"kind", "block"},
              {"preset", "microxcaling"},
              {"element", {{"format", found->second.scalar}, {"rounding", mode}}},
              {"columns", blocks.size},
              {"scale", scale_format(blocks.scale_bits)},
              {"rule", rule}};
}

// What is put at the uses of products and between them.
class Import {
 public:
  explicit Import(const Json& value) : specs_(value), vector_(vector_format(specs_)) {
    blocks_.size = specs_.integer("block_size", 1 << 20);
    blocks_.scale_bits = specs_.integer("scale_bits", 11);
    blocks_.bump = specs_.boolean("bump_up_overflow_exponent", false);
    if (blocks_.scale_bits == 1)
      throw Error("scales of 1 bit", specs_.place("scale_bits"), "8 is usual");
  }

  Json policy() {
    backward_ = specs_.boolean("quantize_backprop", true);
    const std::string output = mode_of(specs_, {"round_output"});
    const std::string weight = mode_of(specs_, {"round_weight"});
    const std::string dw = mode_of(specs_, {"round_grad_weight"});
    const std::string dx = mode_of(specs_, {"round_grad_input"});
    operand("x.fwd", {"a_elem_format"}, {"round_mx_output"}, output);
    operand("w.fwd", {"w_elem_format"}, {"round_mx_output"}, weight);
    backward_operand("x.wgrad", {"a_elem_format_bp", "a_elem_format"}, "round_mx_input_grad_weight",
                     output);
    backward_operand("g.wgrad", {"a_elem_format_bp_ex", "a_elem_format"},
                     "round_mx_grad_output_grad_weight", dx);
    backward_operand("w.dgrad", {"w_elem_format_bp", "w_elem_format"}, "round_mx_weight_grad_input",
                     weight);
    backward_operand("g.dgrad", {"a_elem_format_bp_os", "a_elem_format"},
                     "round_mx_grad_output_grad_input", dx);
    put("y.fwd", plain(output));
    if (backward_) {
      put("matmul/dx", plain(dx));
      put("dw", plain(dw));
    }
    between(output, dx);
    pass_over();
    Json policy{{"schema", "policy/1"}, {"name", "mx_specs"}, {"source", "microxcaling mx_specs"}};
    policy["base"] = Json{{"native", "binary32"}, {"use", use_}};
    if (!rules_.empty()) policy["rules"] = rules_;
    return policy;
  }

 private:
  [[nodiscard]] Json plain(const std::string& mode) const {
    return vector_.empty() ? Json() : with_mode(Json{{"format", vector_}}, mode);
  }
  void put(const std::string& use, const Json& quantizer) {
    if (!quantizer.is_null()) use_[use] = quantizer;
  }
  void operand(const std::string& use, const std::vector<std::string>& formats,
               const std::vector<std::string>& modes, const std::string& vector_mode) {
    const std::string name = specs_.first_of(formats, "");
    const std::string mode = mode_of(specs_, modes);
    const Json first = plain(vector_mode);
    if (name.empty()) {
      put(use, first);
      return;
    }
    const Json blocks = block_quantizer(name, blocks_, mode, specs_.place(formats.front()));
    put(use, first.is_null() ? blocks : Json::array({first, blocks}));
  }
  void backward_operand(const std::string& use, const std::vector<std::string>& formats,
                        const std::string& mode, const std::string& vector_mode) {
    const Json before = use_;
    operand(use, formats, {mode, "round_grad_input"}, vector_mode);
    if (!backward_) use_ = before;
  }
  // The operations between products, of which the forward pass has all that the backward pass has.
  void between(const std::string& forward, const std::string& backward) {
    if (vector_.empty()) return;
    if (backward_) put("elementwise", plain(backward));
    if (!backward_ || forward != backward)
      rules_.push_back(
          Json{{"match", {{"pass", "fwd"}}}, {"use", {{"elementwise", plain(forward)}}}});
  }
  // What changes nothing here, and what would.
  void pass_over() {
    specs_.boolean("custom_cuda", false);
    mode_of(specs_, {"round_m"});
    specs_.boolean("softmax_exp2", false);
    if (const std::string method = specs_.first_of({"shared_exp_method"}, "max"); method != "max")
      throw Error("scales by the method \"" + method + "\"", specs_.place("shared_exp_method"),
                  "only \"max\" is read");
    specs_.require("bfloat_subnorms", true);
    for (const char* key : {"mx_flush_fp32_subnorms", "vec_use_exp2", "vec_use_recip",
                            "dont_quantize_layernorm", "dont_quantize_gelu"})
      specs_.require(key, false);
    specs_.finish();
  }

  Specs specs_;
  std::string vector_;
  Blocks blocks_;
  bool backward_ = true;
  Json use_ = Json::object();
  Json rules_ = Json::array();
};

}  // namespace

Json import_mx_specs(const std::string& text) {
  const Json specs = parse_json(text, "mx_specs");
  return Import(specs).policy();
}

}  // namespace halfulp::experiments
