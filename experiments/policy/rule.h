// SPDX-License-Identifier: MIT
//
// What may stand at a place: nothing, an ideal noise model that the theory speaks of, or a real
// format with its rounding, scalar or of blocks that share scales. The grammar is docs/json.md's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

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

// "native", "none", "binary64": no rule.
bool is_native_name(const Json& value);
// A generator of random bits by name. Throws Error at `where`.
Generator parse_random(const Json& value, const std::string& where);
// generator: of the rules that name none. Throws Error at `where` or below.
Rule parse_rule(const Json& value, const std::string& where, PlaceKind kind,
                Generator generator = Generator::philox4x32_10);
// A full record: parse_rule() of it is the rule.
Json to_json(const Rule& rule);

}  // namespace halfulp::experiments
