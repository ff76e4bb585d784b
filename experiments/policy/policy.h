// SPDX-License-Identifier: MIT
//
// Which precision stands where: a policy maps the places of a model (place.h) to quantizers. A
// quantizer is a real format with its rounding, scalar or of blocks that share scales, or one of
// the ideal noise models that the theory speaks of. A place that is not named runs in binary64.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "experiments/data/variates.h"
#include "experiments/policy/place.h"
#include "formats/block.h"
#include "formats/engine.h"
#include "formats/json.h"

namespace halfulp::experiments {

// Unbiased noise in the place of rounding, E[Q(u) | u] = u:
//   additive              u_i + sqrt(eps) g_i            error covariance eps I
//   multiplicative_rank1  u (1 + sqrt(eps) g)            one g a vector: eps u u^T
//   multiplicative_coord  u_i (1 + sqrt(eps) g_i)        eps diag(u_i^2)
// with g of mean 0 and variance 1. A row of a column (place.h) is a vector of length one.
struct Noise {
  enum class Kind : std::uint8_t { additive, multiplicative_rank1, multiplicative_coord };
  Kind kind = Kind::additive;
  double eps = 0.0;
  Law law = Law::gaussian;
  bool operator==(const Noise&) const = default;
};

// A format; the value is scale * round(x / scale), both in binary64.
struct QuantizerRule {
  Quantizer quantizer;
  double scale = 1.0;
  Generator generator = Generator::philox4x32_10;  // of the stochastic modes' random bits
  // Of an accumulator only (formats/unit.h).
  Order order = Order::sequential;
  std::int64_t chunk = 0;
  std::optional<Quantizer> outer = std::nullopt;
  std::optional<Quantizer> product = std::nullopt;
  bool operator==(const QuantizerRule&) const = default;
};
// The dot unit of an accumulator.
DotUnit dot_unit_of(const QuantizerRule& accumulator);

// A block format, of the tensor of one step (place_rounder.h). At every place but accumulators.
struct BlockRule {
  BlockFormat format;
  Generator generator = Generator::philox4x32_10;  // of elements and scales
  bool operator==(const BlockRule&) const = default;
};

using Rule = std::variant<std::monostate, Noise, QuantizerRule, BlockRule>;
inline bool is_native(const Rule& rule) { return rule.index() == 0; }
inline const Noise* noise_of(const Rule& rule) { return std::get_if<Noise>(&rule); }
inline const QuantizerRule* quantizer_rule_of(const Rule& rule) {
  return std::get_if<QuantizerRule>(&rule);
}
inline const BlockRule* blocks_of(const Rule& rule) { return std::get_if<BlockRule>(&rule); }
// A real format, scalar or of blocks: what the theory has no closed form for.
inline bool is_format(const Rule& rule) {
  return quantizer_rule_of(rule) != nullptr || blocks_of(rule) != nullptr;
}

// Without places, as one is that nobody filled in, everything runs in binary64.
struct Policy {
  std::shared_ptr<const Places> places;
  std::vector<Rule> rules;  // of each of them

  // Precondition: the model has the place.
  [[nodiscard]] const Rule& at(const Place& place) const;
  // Of the place that documents call so, or nullptr.
  [[nodiscard]] const Rule* find(std::string_view name) const;
  // Of one model, with equal rules.
  bool operator==(const Policy&) const = default;
};

// A policy that is a text becomes the object of the file it names, looked up in `folder` where the
// path is relative, with the files that this one names (policy_files.h); "native", "none" and
// "binary64" become the empty map. Any other text is an Error that explains. Objects are answered
// as they are.
Json load_policy(const Json& value, const std::string& where, const std::string& folder);

// places: the model's. value: the short map place -> quantizer, or {"base": {"use": {...}}, "name":
// ..., "schema": "policy/1", "rng": ...}, where "rng" is the generator of the places that name
// none. Throws Error.
Policy parse_policy(const Json& value, const std::string& where,
                    std::shared_ptr<const Places> places);

// The short map with all places in order, formats as full records.
Json to_json(const Policy& policy);

}  // namespace halfulp::experiments
