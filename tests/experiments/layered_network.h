// SPDX-License-Identifier: MIT
//
// The places of a small network, and policies of it.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/networks/activation.h"
#include "experiments/networks/layer_norm.h"
#include "experiments/networks/linear.h"
#include "experiments/networks/residual.h"
#include "experiments/policy/layered_policy.h"

namespace halfulp::experiments {

// Two blocks of a norm and two products each, a head, and what surrounds the layers.
inline std::shared_ptr<const Places> network() {
  static const auto places = [] {
    PlaceList list;
    for (const std::string block : {"blocks.0", "blocks.1"}) {
      LayerNorm<double>(list, block + ".norm", {.width = 4});
      Linear<double>(list, block + ".w1", {.in = 4, .out = 8});
      Activation<double>(list, block + ".act", ActivationKind::gelu);
      Linear<double>(list, block + ".w2", {.in = 8, .out = 4, .bias = false});
      Residual<double>(list, block, {});
    }
    Linear<double>(list, "head", {.in = 4, .out = 1});
    list.add("", "loss", "y");
    list.add("", "loss", "g");
    list.add("", "problem", "data");
    for (const char* use :
         {"param", "master", "grad_in", "m", "v", "row", "column", "update", "comp"})
      list.add("blocks.0.w1.weight", "optimizer", use);
    return std::make_shared<const Places>(list.places());
  }();
  return places;
}

inline LayeredPolicy parse(const std::string& text,
                           const std::shared_ptr<const Places>& places = network()) {
  return parse_layered_policy(parse_json(text, "text"), "/policy", places);
}

}  // namespace halfulp::experiments
