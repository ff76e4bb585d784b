// SPDX-License-Identifier: MIT
#include "emulator/arrays/random_bits.h"

#include <algorithm>
#include <array>

#include "emulator/kernels/kernels.h"

namespace halfulp::emulator {
namespace {

// Fields that follow each other, of units that do.
template <typename Out>
void draw_neighbours(const Random& random, int bits, const Draws& draws, Out* out) {
  const int width = field_width(bits);
  const auto in_unit = static_cast<std::uint64_t>(64 / width);
  const std::uint64_t first = draws.first + random.offset;
  const std::size_t skipped = first % in_unit;
  std::array<std::uint64_t, draw_segment> units;
  kernels::random_units(kernels::unit_source(random), first / in_unit,
                        (skipped + draws.count + in_unit - 1) / in_unit, width, units.data());
  kernels::random_fields(units.data(), bits, skipped, draws.count, out);
}

template <typename Out>
void draw_apart(const Random& random, int bits, const Draws& draws, Out* out) {
  const int width = field_width(bits);
  const auto in_unit = static_cast<std::uint64_t>(64 / width);
  const std::uint64_t first = draws.first + random.offset;
  std::array<std::uint64_t, draw_segment> numbers;
  std::array<std::uint64_t, draw_segment> units;
  for (std::size_t i = 0; i < draws.count; ++i) numbers[i] = (first + i * draws.stride) / in_unit;
  kernels::random_units(kernels::unit_source(random), numbers.data(), draws.count, units.data());
  for (std::size_t i = 0; i < draws.count; ++i) {
    const auto place = static_cast<int>((first + i * draws.stride) % in_unit);
    out[i] = static_cast<Out>(units[i] << (place * width) >> (64 - bits));
  }
}

template <typename Out>
void draw_any(const Random& random, int bits, const Draws& draws, Out* out) {
  if (draws.count == 0) return;
  draws.stride == 1 ? draw_neighbours(random, bits, draws, out)
                    : draw_apart(random, bits, draws, out);
}

}  // namespace

void draw(const Random& random, int bits, const Draws& draws, std::uint32_t* out) {
  draw_any(random, bits, draws, out);
}
void draw(const Random& random, int bits, const Draws& draws, std::uint64_t* out) {
  draw_any(random, bits, draws, out);
}

}  // namespace halfulp::emulator
