// SPDX-License-Identifier: MIT
//
// The parts of a policy that may be to blame, and the policies in which only some of them are in
// low precision. A part is a group of places: one, or those of a layer, an operation or a use. What
// the policy says beside its places (carrier, loss scale, how weights are kept) is in all of them,
// so that they differ by the parts alone.
//
// Policies are read in full, as a point's resolved document has them; so every model's are known,
// networks' and those that are a map of places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

// What a part is named by.
enum class By : std::uint8_t {
  place,  // "blocks.0.w1/matmul/w.fwd"
  layer,  // "blocks.0.w1"; where the layer has no name its operation, "loss"
  op,     // "matmul"
  use     // "matmul/w.fwd", over all layers
};
const std::vector<std::string>& by_names();

// By part: is it in low precision, as the policy has it? Else it is in full.
using LowParts = std::vector<bool>;

// Parts have places that are not native at some time of training. An operand that takes the forward
// pass's copy has no precision of its own: it belongs to the part of the operand that is copied.
// Operands of a product behind one Hadamard matrix belong together, to the part of the one whose
// use comes first.
class PolicyParts {
 public:
  // policy: in full.
  PolicyParts(Json policy, By by);

  [[nodiscard]] std::size_t count() const { return names_.size(); }
  [[nodiscard]] const std::string& name(std::size_t part) const { return names_[part]; }
  // By their names, as "blocks.0.w1/matmul/w.fwd".
  [[nodiscard]] const std::vector<std::string>& places(std::size_t part) const {
    return places_[part];
  }
  // The policy with the other parts in full precision.
  [[nodiscard]] Json with_low(const LowParts& low) const;

 private:
  void add_place(const std::string& part, const std::string& place);
  void keep_rules(Json& rules, const LowParts& low) const;

  Json policy_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> places_;  // of each part
  std::map<std::string, std::size_t> part_of_;    // by the name of a place
};

}  // namespace halfulp::experiments
