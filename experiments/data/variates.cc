// SPDX-License-Identifier: MIT
//
// A block of variates goes through short loops: the generator's units, the cells that they name,
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
  Random philox = random;
  philox.generator = Generator::philox4x32_10;
  const emulator::kernels::UnitSource source = emulator::kernels::unit_source(philox);
  std::array<std::uint64_t, variate_block> units;
  Block q;
  Block made;
  for (std::size_t done = 0; done < out.size(); done += variate_block) {
    const std::size_t wanted = std::min(variate_block, out.size() - done);
    const std::size_t drawn = (wanted + widest - 1) / widest * widest;
    emulator::kernels::random_units(source, first + done, drawn, 64, units.data());
    cells(units.data(), drawn, q.data());
    transform(law, q, drawn, made);
    std::copy_n(made.data(), wanted, out.data() + done);
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
