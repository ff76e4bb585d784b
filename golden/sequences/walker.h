// SPDX-License-Identifier: MIT
//
// Executes a kernel (kernel.h) on an engine, step by step. Both engines give the same bytes, for
// any number of threads. Steps draw their random bits from streams of their own: the n-th step that
// is executed, those in loops counted as often as they are, from stream random.stream + n.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "golden/sequences/array.h"
#include "golden/sequences/kernel.h"

namespace halfulp::sequences {

struct WalkOptions {
  Random random = {};
  int threads = 0;
  // Sees the result of every step as it is made: "s", or of a step of a loop "attend[3].s", 3 being
  // the number of the block along the axis. May be empty.
  std::function<void(const std::string& name, const Array& result)> observe = {};
};

struct Named {
  std::string name;
  Array array;
};

// The outputs in the order of Kernel::outputs. Throws Error: an input that is missing, unknown or
// of another shape (located at its name); what a step finds wrong (located at its place).
std::vector<Named> walk(const Kernel& kernel, const std::map<std::string, Array>& inputs,
                        const Engine& engine, const WalkOptions& options);

}  // namespace halfulp::sequences
