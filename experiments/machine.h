// SPDX-License-Identifier: MIT
//
// What computing code is given: the engine that does the arithmetic, and where its random bits come
// from. Every draw of an experiment is addressed by (seed; stream; index), so what one place draws
// does not depend on which other places draw, nor on the order of the work: points that differ in a
// policy alone see the same data. A stream belongs to one repeat and to one purpose, which has a
// number or a name.
#pragma once

#include <cstdint>
#include <string_view>

#include "formats/engine.h"

namespace halfulp::experiments {

// A purpose that a model numbers: stream 256 repeat + number, below 2^40 as repeats are below 2^32.
inline std::uint64_t numbered_stream(std::uint64_t repeat, std::uint8_t number) {
  return (repeat << 8) | number;
}

// A purpose that has a name, in one layer of a model and at one step of training: stream 2^54 + h,
// where h is the low 54 bits of FNV-1a (hash.h) over the bytes of layer, a NUL, use, a NUL, then
// repeat and step as eight bytes each, least significant first. It is never a numbered stream, and
// has the room that block formats need above it (policy/step_blocks.h). Names never change their
// meaning: they are part of the meaning of a seed.
std::uint64_t named_stream(std::string_view layer, std::string_view use, std::uint64_t repeat,
                           std::uint64_t step);

struct Machine {
  const Engine* engine = nullptr;
  std::uint64_t seed = 0;
  std::uint64_t repeat = 0;

  [[nodiscard]] Random random(std::uint8_t number) const {
    return {.seed = seed, .stream = numbered_stream(repeat, number)};
  }
  [[nodiscard]] Random random(std::string_view layer, std::string_view use,
                              std::uint64_t step) const {
    return {.seed = seed, .stream = named_stream(layer, use, repeat, step)};
  }
};

}  // namespace halfulp::experiments
