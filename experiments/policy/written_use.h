// SPDX-License-Identifier: MIT
//
// What a document says of a use, as the records of places: quantizers, and beside them `reuse`,
// `gradient`, `dge` and `transform`.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "experiments/policy/place_record.h"
#include "formats/json.h"

namespace halfulp::experiments {

// Of the policy that a use stands in.
struct PolicyDefaults {
  Carrier native = Carrier::binary64;
  Generator generator = Generator::philox4x32_10;  // of the rules that name none
};

// The value of one member of a `use` object.
class WrittenUse {
 public:
  // Throws Error at `where` or below, here and in what follows.
  WrittenUse(const Json& value, std::string where, const PolicyDefaults& defaults);

  // Precondition: the member's key names the place. `reuse`, `gradient` and a Hadamard matrix count
  // at the places that take them.
  PlaceRecord record_at(const NamedPlace& place);
  // After the last place: an error where a member counted at none.
  void finish() const;
  // Where there is no place: an error where none of this kind could have these rules.
  void require_right(PlaceKind kind);

 private:
  const std::vector<Rule>& rules_for(PlaceKind kind);
  std::vector<Rule> parse_rules(PlaceKind kind) const;
  void read_gradient(const Json& value);
  [[noreturn]] void refuse_transform() const;
  void require_format(const std::vector<Rule>& rules, PlaceKind kind) const;
  Transform transform_at(const NamedPlace& place);

  std::string where_;
  PolicyDefaults defaults_;
  std::optional<Json> quantizers_;
  std::optional<Reuse> reuse_;
  std::optional<RoundingGradient> gradient_;
  std::optional<Transform> transform_;
  bool reuse_counts_ = false, gradient_counts_ = false, hadamard_counts_ = false;
  std::map<PlaceKind, std::vector<Rule>> rules_;
};

// In full; read for the same place it is the record. Precondition: record_at() made it.
Json to_json(const PlaceRecord& record, const NamedPlace& place);

}  // namespace halfulp::experiments
