// SPDX-License-Identifier: MIT
//
// What computing code is given: the engine that does the arithmetic, and where its random bits come
// from. Every draw of an experiment is addressed by (seed; repeat and site; index), so what one
// place draws does not depend on which other places draw, nor on the order of the work: points that
// differ in a policy alone see the same sketch, teacher, samples and labels.
#pragma once

#include <cstdint>

#include "formats/engine.h"

namespace halfulp::experiments {

// Numbers are part of the meaning of a seed: append, never renumber.
enum class Site : std::uint8_t {
  sketch = 1,
  teacher = 2,
  sample = 3,
  test_sample = 4,
  training_place = 16,  // + place, see policy/policy.h
  test_place = 48,      // + place, on the test samples
};

struct Machine {
  const Engine* engine = nullptr;
  std::uint64_t seed = 0;
  std::uint64_t repeat = 0;

  [[nodiscard]] Random random(Site site, int number = 0) const {
    const std::uint64_t place = static_cast<std::uint64_t>(site) + static_cast<unsigned>(number);
    return {.seed = seed, .stream = (repeat << 8) | place};
  }
};

}  // namespace halfulp::experiments
