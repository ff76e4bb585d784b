// SPDX-License-Identifier: MIT
#include "experiments/policy/uses.h"

#include <algorithm>
#include <array>

namespace halfulp::experiments {
namespace {

using Words = std::vector<std::string_view>;

bool contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Shorthand {
  std::string_view name;
  Words ops, uses;
};

const std::vector<Shorthand>& shorthands() {
  static const std::vector<Shorthand> all{
      {"weight", {"matmul"}, {"w.fwd", "w.dgrad"}},
      {"activation", {"matmul"}, {"x.fwd", "x.wgrad", "y.fwd"}},
      {"gradient", {"matmul"}, {"g.dgrad", "g.wgrad", "dx"}},
      {"weight_gradient", {"matmul"}, {"dw"}},
      {"accumulator", {"matmul"}, {"acc.fwd", "acc.dgrad", "acc.wgrad"}},
      {"master_weight", {"optimizer"}, {"master"}},
      {"optimizer_state", {"optimizer"}, {"m", "v", "row", "column"}},
      {"communication", {"comm"}, {"send"}},
  };
  return all;
}

constexpr std::string_view elementwise = "elementwise";

// Every use of the operations between products, but parameters, their gradients and sums.
bool is_elementwise(const NamedPlace& place) {
  static const Words ops{"layernorm", "activation", "residual_add", "bias_add"};
  static const Words others{"gamma", "beta", "b", "dgamma", "dbeta", "db"};
  if (place.kind == PlaceKind::accumulator || !contains(ops, place.op)) return false;
  // The branch of a residual connection is called b as well.
  return place.op == "residual_add" || !contains(others, place.use);
}

}  // namespace

const std::vector<std::string>& pass_names() {
  static const std::vector<std::string> names{"fwd", "dgrad", "wgrad"};
  return names;
}

std::optional<Pass> pass_of(const NamedPlace& place) {
  static const Words outside{"optimizer", "problem", "comm"};
  static const Words of_parameters{"dw", "db", "dgamma", "dbeta"};
  static const Words of_inputs{"g", "dx"};
  if (contains(outside, place.op)) return std::nullopt;
  if (place.use.ends_with(".wgrad") || contains(of_parameters, place.use)) return Pass::wgrad;
  if (place.use.ends_with(".dgrad") || contains(of_inputs, place.use)) return Pass::dgrad;
  return Pass::forward;
}

const std::vector<std::string>& shorthand_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Shorthand& shorthand : shorthands()) all.emplace_back(shorthand.name);
    all.emplace_back(elementwise);
    return all;
  }();
  return names;
}

Closeness closeness(std::string_view key, const NamedPlace& place) {
  if (key == place.op + "/" + place.use) return Closeness::exact;
  if (key == place.use) return Closeness::use;
  if (key == elementwise) return is_elementwise(place) ? Closeness::shorthand : Closeness::none;
  for (const Shorthand& shorthand : shorthands()) {
    if (shorthand.name == key && contains(shorthand.ops, place.op) &&
        contains(shorthand.uses, place.use))
      return Closeness::shorthand;
  }
  return Closeness::none;
}

std::string_view other_operand(const NamedPlace& place) {
  struct Pair {
    std::string_view op, first, second;
  };
  static const std::vector<Pair> pairs{{"matmul", "x.fwd", "w.fwd"},
                                       {"matmul", "g.dgrad", "w.dgrad"},
                                       {"matmul", "g.wgrad", "x.wgrad"},
                                       {"product", "a", "b"}};
  for (const Pair& pair : pairs) {
    if (place.op != pair.op) continue;
    if (place.use == pair.first) return pair.second;
    if (place.use == pair.second) return pair.first;
  }
  return {};
}

bool takes_reuse(const NamedPlace& place, Reuse reuse) {
  static const Words copied{"w.dgrad", "x.wgrad"};
  static const Words gradients{"g.dgrad", "g.wgrad"};
  if (place.op != "matmul") return false;
  return contains(copied, place.use) ||
         (reuse != Reuse::forward_copy && contains(gradients, place.use));
}

bool takes_gradient(const NamedPlace& place) {
  return place.op == "matmul" && (place.use == "x.fwd" || place.use == "w.fwd");
}

}  // namespace halfulp::experiments
