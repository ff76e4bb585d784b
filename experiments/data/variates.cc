// SPDX-License-Identifier: MIT
//
// A block of variates goes through short loops: the generator's words, the cells that they name,
// the law. The first two and the normal law are made on the machine's vectors.
#include "experiments/data/variates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "emulator/kernels/kernels.h"
#include "experiments/data/variate_lanes.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

using Block = std::array<double, variate_block>;

void transform(Law law, const Block& q, std::size_t count, Block& out) {
  constexpr double root_12 = 0x1.bb67ae8584caap+1;
  if (law == Law::gaussian) return normals(q.data(), count, out.data());
  for (std::size_t i = 0; i < count; ++i)
    out[i] = law == Law::uniform ? root_12 * q[i] : std::copysign(1.0, q[i]);
}

}  // namespace

void fill_variates(Law law, const Random& random, std::uint64_t first, std::span<double> out) {
  HALFULP_REQUIRE(random.offset == 0, "variates are addressed by `first`, not by an offset");
  constexpr std::size_t widest = 16;  // a block is of whole vectors
  const emulator::kernels::PhiloxKey key{.seed = random.seed, .stream = random.stream};
  std::array<std::uint32_t, 2 * variate_block> words;
  Block q;
  Block made;
  // Variates 2 b and 2 b + 1 share the generator's counter b; an odd start wastes one of them.
  std::size_t skipped = first % 2;
  std::uint64_t counter = first / 2;
  for (std::size_t done = 0; done < out.size(); counter += variate_block / 2) {
    const std::size_t wanted = std::min(variate_block, out.size() - done + skipped);
    const std::size_t drawn = (wanted + widest - 1) / widest * widest;
    emulator::kernels::philox_words(key, counter, drawn / 2, 0, words.data());
    cells(words.data(), drawn, q.data());
    transform(law, q, drawn, made);
    std::copy_n(made.data() + skipped, wanted - skipped, out.data() + done);
    done += wanted - skipped;
    skipped = 0;
  }
}

double fourth_moment(Law law) {
  switch (law) {
    case Law::gaussian:
      return 3.0;
    case Law::uniform:
      return 1.8;
    case Law::two_point:
      return 1.0;
  }
  return 0.0;
}

}  // namespace halfulp::experiments
