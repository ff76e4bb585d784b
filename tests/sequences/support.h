// SPDX-License-Identifier: MIT
//
// Shipped kernels with parameters set, and inputs that fit them.
#pragma once

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "golden/sequences/kernel_json.h"
#include "golden/sequences/walker.h"
#include "tests/support/sampling.h"

namespace halfulp::sequences {

using Inputs = std::map<std::string, Array>;
using sampling::Stream;

inline Json document(const std::string& name, const Json& parameters = Json::object()) {
  Json whole = kernel_document(name);
  for (const auto& entry : parameters.items()) whole["parameters"][entry.key()] = entry.value();
  return whole;
}

inline Kernel kernel(const std::string& name, const Json& parameters = Json::object()) {
  return kernel_from_json(document(name, parameters), "");
}

// Numbers of the format: any codes, or such as tensors have, up to a few units.
inline Array draw(const std::string& format, const Shape& shape, bool any, Stream& stream) {
  Array array{.format = find_format(format), .shape = shape, .numbers = {}};
  for (std::size_t i = 0; i < tensors::element_count(shape); ++i) {
    double x = std::ldexp(static_cast<double>(stream.below(4096)) - 2047.5,
                          -9 - static_cast<int>(stream.below(3)));
    if (any && stream.below(4) == 0) {
      x = nearest_double(decode(array.format, sampling::draw_code(array.format, stream)));
    } else {
      const Quantizer q{.format = array.format, .rounding = {}};
      emulator::engine().round(view_of(&x, 1, 1), emulator::engine().prepare(q), {},
                               view_of(&x, 1, 1), nullptr);
    }
    array.numbers.push_back(x);
  }
  return array;
}

// Inputs of every shipped kernel, small and uneven.
inline Inputs inputs_of(const std::string& name, const std::string& format, bool any,
                        Stream& stream) {
  const auto make = [&](const Shape& shape) { return draw(format, shape, any, stream); };
  if (name.starts_with("attention"))
    return {{"q", make({2, 5, 8})}, {"k", make({2, 11, 8})}, {"v", make({2, 11, 3})}};
  if (name == "conv2d") return {{"x", make({2, 4, 6, 5})}, {"weight", make({6, 4, 3, 2})}};
  if (name == "cross_entropy") {
    Array labels{.format = find_format("int64"), .shape = {5}, .numbers = {0, 6, 3, 3, 1}};
    return {{"x", make({5, 7})}, {"label", labels}};
  }
  Inputs inputs{{"x", make({2, 3, 13})}};
  if (name.starts_with("layernorm") || name == "rmsnorm") inputs["weight"] = make({13});
  if (name.starts_with("layernorm")) inputs["bias"] = make({13});
  return inputs;
}

// Every step's result, by name.
inline std::map<std::string, Array> steps_of(const Kernel& kernel, const Inputs& inputs,
                                             const Engine& engine, int threads = 0,
                                             const Random& random = {}) {
  std::map<std::string, Array> all;
  const WalkOptions how{
      .random = random,
      .threads = threads,
      .observe = [&](const std::string& name, const Array& array) { all[name] = array; }};
  for (Named& output : walk(kernel, inputs, engine, how))
    all[output.name] = std::move(output.array);
  return all;
}

inline bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

}  // namespace halfulp::sequences
