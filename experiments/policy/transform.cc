// SPDX-License-Identifier: MIT
#include "experiments/policy/transform.h"

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <vector>

#include "formats/error.h"

namespace halfulp::experiments {
namespace {

const std::vector<std::string> residual_names{"none", "high_precision"};
const std::vector<std::string> normalize_names{"l2", "delayed"};
const std::vector<std::string> over_names{"tensor", "row"};
const std::vector<std::string> amax_names{"max", "most_recent"};

void require_beside(ObjectReader& reader, std::initializer_list<const char*> members,
                    const std::string& what, const std::string& remedy) {
  for (const char* member : members) {
    if (reader.has(member))
      throw Error("\"" + std::string(member) + "\" stands without " + what, reader.place(member),
                  remedy);
  }
}

Hadamard parse_hadamard(ObjectReader& reader) {
  constexpr std::int64_t largest = 65536;
  if (!reader.has("hadamard"))
    require_beside(reader, {"random_signs"}, "the Hadamard matrix that the signs go with",
                   R"(write "hadamard": 16 beside it)");
  Hadamard hadamard;
  hadamard.block = static_cast<int>(reader.integer("hadamard", 1, 1, largest));
  if (!std::has_single_bit(static_cast<unsigned>(hadamard.block)))
    throw Error(
        "there is no Hadamard matrix of " + std::to_string(hadamard.block) + " rows by doubling",
        reader.place("hadamard"), "give a power of two, such as 16");
  const bool signs = reader.boolean("random_signs", false);
  hadamard.random_signs = signs && hadamard.block > 1;
  return hadamard;
}

Clamp parse_clamp(ObjectReader& reader) {
  if (!reader.has("clamp_quantile"))
    require_beside(reader, {"residual"}, "the quantile that it is the rest of",
                   R"(write "clamp_quantile": 0.99 beside it)");
  Clamp clamp;
  clamp.quantile = reader.number("clamp_quantile", 1.0, 0.5, 1.0);
  const bool adds_rest = reader.choice("residual", 0, residual_names) == 1;
  clamp.adds_rest = adds_rest && clamp.quantile < 1.0;
  return clamp;
}

Normalization parse_normalization(ObjectReader& reader) {
  constexpr std::int64_t longest = 1 << 20;
  Normalization normalize;
  if (reader.has("normalize"))
    normalize.kind = reader.choice("normalize", 0, normalize_names) == 0
                         ? Normalization::Kind::l2
                         : Normalization::Kind::delayed;
  if (normalize.kind != Normalization::Kind::l2)
    require_beside(reader, {"over"}, "the norm of which it says over what it is taken",
                   R"(write "normalize": "l2" beside it)");
  if (normalize.kind != Normalization::Kind::delayed)
    require_beside(reader, {"history", "margin", "amax"}, "the delayed scale that it is of",
                   R"(write "normalize": "delayed" beside it)");
  normalize.by_row = reader.choice("over", 0, over_names) == 1;
  normalize.history = static_cast<std::uint64_t>(
      reader.integer("history", static_cast<std::int64_t>(normalize.history), 1, longest));
  normalize.margin = static_cast<int>(reader.integer("margin", 0, -64, 64));
  normalize.most_recent = reader.choice("amax", 0, amax_names) == 1;
  return normalize;
}

// One level of scales, by the rule `range`, over rows and columns without end.
bool has_one_range(const BlockRule* blocks) {
  if (blocks == nullptr || blocks->format.levels.size() != 1) return false;
  const Level& level = blocks->format.levels.front();
  return level.rule == ScaleRule::range && level.rows == 0 && level.columns == 0;
}

}  // namespace

Transform parse_transform(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Transform transform{.hadamard = parse_hadamard(reader),
                      .clamp = parse_clamp(reader),
                      .normalize = parse_normalization(reader)};
  transform.pre_factor = reader.number("pre_factor", 1.0, 0x1p-64, 0x1p64);
  transform.running_range = reader.number("running_range", 0.0, 0.0, 1.0);
  reader.finish();
  return transform;
}

void require_transformable(const Transform& transform, const Rule& rule, const std::string& where) {
  const BlockRule* blocks = blocks_of(rule);
  if (transform.running_range > 0.0 && !has_one_range(blocks))
    throw Error("a running range needs a format with one range over the whole tensor",
                where + "/running_range",
                R"(give one such as {"format": "int8", "scaling": {"rows": 0, "rule": "range"}})");
  if (blocks == nullptr) return;
  if (transform.normalize.kind == Normalization::Kind::delayed)
    throw Error("a delayed scale over the scales of \"" + blocks->format.name + "\"",
                where + "/normalize", "give a scalar format such as \"float8_e4m3fn\"");
  const auto& levels = blocks->format.levels;
  const bool has_zero_points = std::any_of(levels.begin(), levels.end(), [](const Level& level) {
    return level.rule == ScaleRule::range;
  });
  if (transform.pre_factor != 1.0 &&
      (has_zero_points || blocks->format.arithmetic != Arithmetic::exact))
    throw Error("a factor between scale and element is not defined for \"" + blocks->format.name +
                    "\", which has zero points or a peer's order of steps",
                where + "/pre_factor", "leave it out, or give a format such as \"mxfp4\"");
}

Json to_json(const Transform& transform) {
  Json object = Json::object();
  if (transform.hadamard.block > 1) {
    object["hadamard"] = transform.hadamard.block;
    object["random_signs"] = transform.hadamard.random_signs;
  }
  if (transform.clamp.quantile < 1.0) {
    object["clamp_quantile"] = transform.clamp.quantile;
    object["residual"] = residual_names[transform.clamp.adds_rest ? 1 : 0];
  }
  const Normalization& normalize = transform.normalize;
  if (normalize.kind == Normalization::Kind::l2) {
    object["normalize"] = "l2";
    object["over"] = over_names[normalize.by_row ? 1 : 0];
  }
  if (normalize.kind == Normalization::Kind::delayed) {
    object["normalize"] = "delayed";
    object["history"] = normalize.history;
    object["margin"] = normalize.margin;
    object["amax"] = amax_names[normalize.most_recent ? 1 : 0];
  }
  if (transform.pre_factor != 1.0) object["pre_factor"] = transform.pre_factor;
  if (transform.running_range > 0.0) object["running_range"] = transform.running_range;
  return object;
}

}  // namespace halfulp::experiments
