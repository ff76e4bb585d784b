// SPDX-License-Identifier: MIT
#include "experiments/policy/written_use.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "experiments/policy/uses.h"
#include "formats/catalogue/families.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

using GradientKind = RoundingGradient::Kind;

const std::vector<std::string> reuse_names{"requantize", "forward_copy", "high_precision",
                                           "transpose_of_forward"};
const std::vector<std::string> gradient_names{"straight_through", "clipped", "dge", "zero", "ste",
                                              "clipped_ste"};

Reuse reuse_of(std::size_t choice) {
  return choice == 3 ? Reuse::forward_copy : static_cast<Reuse>(choice);
}

GradientKind kind_of(std::size_t choice) {
  return static_cast<GradientKind>(choice < 4 ? choice : choice - 4);
}

bool is_native_word(const Json& value) {
  return value.is_string() && (value == "native" || value == "none");
}

void require_held(const Format& format, Carrier native, const std::string& where) {
  const bool fits = native == Carrier::binary32 ? fits_binary32(format) : fits_binary64(format);
  if (fits) return;
  throw Error("the format \"" + format.name + "\" has values that " + std::string(name_of(native)) +
                  ", the policy's native arithmetic, does not hold",
              where,
              native == Carrier::binary32 && fits_binary64(format)
                  ? "choose a narrower format, or \"native\": \"binary64\" in the policy's base"
                  : "choose a narrower format");
}

void require_possible(const Rule& rule, Carrier native, const std::string& where) {
  if (const QuantizerRule* quantized = quantizer_rule_of(rule)) {
    require_held(quantized->quantizer.format, native, where);
    if (quantized->outer) require_held(quantized->outer->format, native, where + "/outer");
    if (quantized->product) require_held(quantized->product->format, native, where + "/product");
  }
  const BlockRule* blocks = blocks_of(rule);
  if (blocks == nullptr) return;
  require_held(blocks->format.element.format, native, where);
  const auto& levels = blocks->format.levels;
  if (std::any_of(levels.begin(), levels.end(), [](const Level& level) { return level.predicted; }))
    throw Error("the scale of \"" + blocks->format.name +
                    "\" is predicted from the tensors of the steps before, and in a network a "
                    "tensor is rounded by itself",
                where, "choose a format whose scales follow from the numbers, such as \"bfp16_0\"");
}

// Does it return every number of the carrier as it is?
bool changes_nothing(const Rule& rule, Carrier native) {
  const QuantizerRule* quantized = quantizer_rule_of(rule);
  if (quantized == nullptr || quantized->scale != 1.0) return false;
  const Kind carrier = native == Carrier::binary32 ? ieee(8, 23) : ieee(11, 52);
  return quantized->quantizer.format.kind == carrier && quantized->quantizer.rounding == Rounding{};
}

Rule parse_one(const Json& value, const std::string& where, PlaceKind kind,
               const PolicyDefaults& defaults) {
  if (is_native_word(value)) return {};
  if (is_native_name(value)) {
    require_held({.name = "binary64", .kind = ieee(11, 52)}, defaults.native, where);
    return {};
  }
  Rule rule = parse_rule(value, where, kind, defaults.generator);
  require_possible(rule, defaults.native, where);
  const bool nothing = kind != PlaceKind::accumulator && changes_nothing(rule, defaults.native);
  return nothing ? Rule() : rule;
}

void require_one_kind(const std::vector<Rule>& rules, const std::string& where) {
  const auto is_noise = [](const Rule& rule) { return noise_of(rule) != nullptr; };
  if (std::any_of(rules.begin(), rules.end(), is_noise) &&
      std::any_of(rules.begin(), rules.end(), is_format))
    throw Error("\"noise\" and \"format\" stand at one place", where, "keep one of them");
}

// One level of scales and no zero points, so that an element is round(x / scale).
bool has_plain_scales(const BlockFormat& format) {
  return format.levels.size() == 1 && format.levels.front().rule != ScaleRule::range;
}

void require_derivative(const std::vector<Rule>& rules, GradientKind wanted, bool is_transformed,
                        const std::string& where) {
  if (wanted != GradientKind::clipped && wanted != GradientKind::dge) return;
  const bool is_one = rules.size() == 1 && !is_transformed;
  const QuantizerRule* quantized = is_one ? quantizer_rule_of(rules.front()) : nullptr;
  const BlockRule* blocks =
      is_one && wanted == GradientKind::dge ? blocks_of(rules.front()) : nullptr;
  const std::string& name = gradient_names[static_cast<std::size_t>(wanted)];
  if (quantized == nullptr && (blocks == nullptr || !has_plain_scales(blocks->format)))
    throw Error("\"" + name + "\" is the derivative of rounding to one scalar format" +
                    (wanted == GradientKind::dge ? ", or to one with a scale a block," : "") +
                    " and no transform",
                where, "give such a format, or write \"straight_through\" or \"zero\"");
  constexpr int most_bits = 16;
  const Format& format =
      quantized != nullptr ? quantized->quantizer.format : blocks->format.element.format;
  if (wanted == GradientKind::dge && bits(format) > most_bits)
    throw Error("\"dge\" lists the numbers of its format, and \"" + format.name + "\" has " +
                    std::to_string(bits(format)) + " bits",
                where, "choose a format of at most 16");
}

}  // namespace

WrittenUse::WrittenUse(const Json& value, std::string where, const PolicyDefaults& defaults)
    : where_(std::move(where)), defaults_(defaults) {
  if (!value.is_object()) {
    quantizers_ = value;
    return;
  }
  ObjectReader reader(value, where_);
  if (reader.has("reuse")) reuse_ = reuse_of(reader.choice("reuse", 0, reuse_names));
  read_gradient(value);
  if (const Json* transform = reader.find("transform")) {
    const Transform parsed = parse_transform(*transform, reader.place("transform"));
    if (!parsed.is_none()) transform_ = parsed;
  }
  Json rest = value;
  for (const char* key : {"reuse", "gradient", "dge", "transform"}) rest.erase(key);
  const bool says_nothing_else = rest.empty() && reuse_ && *reuse_ != Reuse::requantize;
  if (says_nothing_else && transform_) refuse_transform();
  if (!says_nothing_else) quantizers_ = std::move(rest);
}

void WrittenUse::read_gradient(const Json& value) {
  ObjectReader reader(value, where_);
  if (reader.has("gradient")) {
    gradient_.emplace();
    gradient_->kind = kind_of(reader.choice("gradient", 0, gradient_names));
  }
  const Json* dge = reader.find("dge");
  if (dge == nullptr) return;
  if (!gradient_ || gradient_->kind != GradientKind::dge)
    throw Error("\"dge\" stands without the gradient that it is of", reader.place("dge"),
                R"(write "gradient": "dge" beside it)");
  ObjectReader members(*dge, reader.place("dge"));
  gradient_->k = members.number("k", gradient_->k, 1.0, 1e6);
  gradient_->cap = members.number("cap", gradient_->cap, 0.0, 1e30);
  members.finish();
}

void WrittenUse::refuse_transform() const {
  throw Error("a transform is about a rounding, and here is none to a format",
              where_ + "/transform", "give a \"format\" that rounds, or leave the transform out");
}

void WrittenUse::require_format(const std::vector<Rule>& rules, PlaceKind kind) const {
  const std::string where = where_ + "/transform";
  if (kind == PlaceKind::accumulator)
    throw Error("sums come one by one, and a transform is of a tensor", where, "leave it out");
  if (rules.size() != 1 || !is_format(rules.front())) refuse_transform();
  require_transformable(*transform_, rules.front(), where);
}

// A Hadamard matrix counts at operands of products alone, all else at every place.
Transform WrittenUse::transform_at(const NamedPlace& place) {
  Transform transform = *transform_;
  if (other_operand(place).empty()) {
    transform.hadamard = {};
  } else {
    hadamard_counts_ = true;
  }
  return transform;
}

std::vector<Rule> WrittenUse::parse_rules(PlaceKind kind) const {
  const bool is_list = quantizers_->is_array();
  if (is_list &&
      (quantizers_->empty() || (kind == PlaceKind::accumulator && quantizers_->size() > 1)))
    throw Error(quantizers_->empty() ? "a list of no quantizers"
                                     : "a list of quantizers stands in an accumulator",
                where_,
                quantizers_->empty() ? "\"native\" is what leaves numbers as they are"
                                     : "give one scalar format such as \"binary32\"");
  std::vector<Rule> rules;
  const auto add = [&](const Json& value, const std::string& where) {
    Rule rule = parse_one(value, where, kind, defaults_);
    if (!experiments::is_native(rule)) rules.push_back(std::move(rule));
  };
  if (!is_list) add(*quantizers_, where_);
  for (std::size_t i = 0; is_list && i < quantizers_->size(); ++i)
    add((*quantizers_)[i], where_ + "/" + std::to_string(i));
  require_one_kind(rules, where_);
  if (transform_) require_format(rules, kind);
  if (gradient_)
    require_derivative(rules, gradient_->kind, transform_.has_value(), where_ + "/gradient");
  return rules;
}

const std::vector<Rule>& WrittenUse::rules_for(PlaceKind kind) {
  auto known = rules_.find(kind);
  if (known == rules_.end()) known = rules_.emplace(kind, parse_rules(kind)).first;
  return known->second;
}

PlaceRecord WrittenUse::record_at(const NamedPlace& place) {
  const bool reuses = reuse_ && takes_reuse(place, *reuse_);
  reuse_counts_ = reuse_counts_ || reuses;
  PlaceRecord record;
  if (quantizers_) record.rules = rules_for(place.kind);
  if (transform_) record.transform = transform_at(place);
  if (reuses && *reuse_ == Reuse::forward_copy && record.transform.hadamard.block > 1)
    throw Error("the forward copy is taken as it is, and multiplied by no Hadamard matrix",
                where_ + "/transform/hadamard", R"(write "reuse": "requantize")");
  if (reuses && *reuse_ != Reuse::requantize)
    return {.rules = {},
            .reuse = *reuse_ == Reuse::forward_copy ? Reuse::forward_copy : Reuse::requantize,
            .gradient = {}};
  if (!quantizers_)
    throw Error("nothing is said of \"" + place.use + "\", which takes no such \"reuse\"",
                where_ + "/reuse", "give a format beside it");
  if (gradient_ && takes_gradient(place)) {
    gradient_counts_ = true;
    if (!record.is_native()) record.gradient = *gradient_;
  }
  return record;
}

void WrittenUse::finish() const {
  if (reuse_ && !reuse_counts_)
    throw Error(
        *reuse_ == Reuse::forward_copy
            ? "the forward pass has no copy of what is rounded here"
            : "\"reuse\" counts at the operands of the backward pass only",
        where_ + "/reuse",
        *reuse_ == Reuse::forward_copy ? R"(write it at "w.dgrad" or "x.wgrad")" : "leave it out");
  if (transform_ && transform_->hadamard.block > 1 && !hadamard_counts_)
    throw Error("a Hadamard matrix cancels between the two operands of a product only",
                where_ + "/transform/hadamard",
                R"(write it at "x.wgrad" and "g.wgrad", at "g.dgrad" and "w.dgrad", or at "x.fwd" )"
                R"(and "w.fwd")");
  if (gradient_ && !gradient_counts_)
    throw Error("\"gradient\" counts at the operands of the forward pass only",
                where_ + "/gradient", R"(write it at "x.fwd" or "w.fwd")");
}

void WrittenUse::require_right(PlaceKind kind) {
  if (quantizers_) rules_for(kind);
}

Json to_json(const PlaceRecord& record, const NamedPlace& place) {
  Json value = Json::object();
  if (record.reuse == Reuse::forward_copy) {
    value["reuse"] = reuse_names[static_cast<std::size_t>(record.reuse)];
    return value;
  }
  if (record.rules.size() > 1) {
    value = Json::array();
    for (const Rule& rule : record.rules) value.push_back(to_json(rule));
    return value;
  }
  if (record.is_native()) return "native";
  value = to_json(record.rules.front());
  if (!record.transform.is_none()) value["transform"] = to_json(record.transform);
  if (takes_reuse(place, Reuse::requantize)) value["reuse"] = reuse_names.front();
  if (!takes_gradient(place)) return value;
  value["gradient"] = gradient_names[static_cast<std::size_t>(record.gradient.kind)];
  if (record.gradient.kind == GradientKind::dge)
    value["dge"] = Json{{"k", record.gradient.k}, {"cap", record.gradient.cap}};
  return value;
}

}  // namespace halfulp::experiments
