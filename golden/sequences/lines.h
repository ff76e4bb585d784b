// SPDX-License-Identifier: MIT
//
// Steps that no matrix unit has a part in: operations element by element, choices, folds and sums
// along an axis. Work is split between threads; results do not depend on how.
#pragma once

#include <optional>
#include <span>

#include "formats/engine.h"
#include "golden/sequences/array.h"
#include "golden/sequences/kernel.h"

namespace halfulp::sequences {

// What one step runs on. Its random bits are those of a stream of its own.
struct Run {
  const Engine* engine = nullptr;
  Random random = {};
  int threads = 0;
};

// The axis that a number means. Throws Error: no such axis, one number.
std::size_t axis_in(const Shape& shape, int axis);

// All throw Error where shapes do not go together.
Array map(Op op, std::span<const Array* const> of, const Quantizer& to, const Run& run);
Array select(std::span<const Array* const> of, const Quantizer& to, const Run& run);
Array fold(const Fold& fold, const Array& of, const Quantizer& to, const Run& run);
Array dot(const Dot& dot, std::span<const Array* const> of, const Run& run);
Array gather(const Gather& gather, const Array& of, const Array& places);
Array count(const Count& count, const Array& of, const Quantizer& to, const Run& run);

}  // namespace halfulp::sequences
