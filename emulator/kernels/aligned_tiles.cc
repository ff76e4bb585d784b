// SPDX-License-Identifier: MIT
//
// Products of matrices by units that add several terms at once, aligned to the largest exponent
// among them (Alignment in formats/dot_tree.h), in registers: tiles as in tile_lanes.h, of doubles
// that hold every step exactly; the caller sees to that. Exponents go along as powers of two, 2^e
// of every number, 0 of those without one, so that the product of two is that of the product and
// the largest is found by max. For every group of terms:
//   1. L = 2^E: the largest of the powers of all products, of s and of 2^least_exponent;
//   2. with u = 2^bits / L, the sum of trunc(p u) over the products p, and of trunc(s u), which are
//      integers: what is cut from an item lies below its bit of weight 1 / u;
//   3. that sum over u, rounded by the grid, is the next s.
// Infinities, NaN and signs of zero are those of IEEE 754's sums.
#include <algorithm>
#include <vector>

#include "emulator/kernels/tiles.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/aligned_tiles.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/round_lanes.h"
#include "emulator/kernels/tile_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = Lanes<double>;
using B = hn::ScalableTag<std::uint64_t>;
using V = hn::Vec<D>;

// 2^e of normal doubles, e = floor(log2 |x|) but at least that of `least`; 0 of zeros and of what
// is not finite.
HWY_INLINE V power_of(V x, V least) {
  const V power = hn::And(x, hn::BitCast(D(), hn::Set(B(), std::uint64_t{0x7ff} << 52)));
  const auto counts = hn::And(hn::IsFinite(x), hn::Ne(x, hn::Zero(D())));
  return hn::IfThenElseZero(counts, hn::Max(power, least));
}

void find_powers(const double* numbers, std::size_t count, double least, double* powers) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const V at_least = hn::Set(d, least);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(power_of(hn::LoadU(d, numbers + i), at_least), d, powers + i);
  if (i == count) return;
  HWY_ALIGN double last[hn::MaxLanes(d)] = {};
  std::copy_n(numbers + i, count - i, last);
  hn::Store(power_of(hn::Load(d, last), at_least), d, last);
  std::copy_n(last, count - i, powers + i);
}

// 2^exponent over a power of two: exponents' fields are subtracted.
HWY_INLINE V over(int exponent, V power) {
  const auto field = static_cast<std::uint64_t>(exponent + 2 * 1023) << 52;
  return hn::BitCast(D(), hn::Sub(hn::Set(B(), field), hn::BitCast(B(), power)));
}

// What is cut to zero keeps its sign; Floor of Highway 1.0.3 makes +0 of -0 where no instruction
// does it.
template <bool kDownward>
HWY_INLINE V cut(V x) {
  if constexpr (kDownward) return hn::CopySign(hn::Floor(x), x);
  return hn::Trunc(x);
}

// Rows of a and their powers, panels of b and of its powers.
struct AlignedTile {
  const Rows<double>& rows;
  const Rows<double>& powers;
  const double* panel;
  const double* power_panel;
};

constexpr std::size_t tile_size = tile_rows * tile_vectors;  // vectors

// Steps of add_terms: what is kept is the largest power of a product.
struct LargestStep {
  static HWY_INLINE V column(V b) { return b; }
  static HWY_INLINE V add(V a, V b, V largest) { return hn::Max(largest, a * b); }
};

template <bool kDownward>
HWY_INLINE void add_cut_terms(const AlignedTile& tile, std::size_t first, std::size_t end,
                              const Sums<double>& unit, Sums<double>& sum) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const double* panel = tile.panel + first * tile_vectors * lanes;
  for (std::size_t k = first; k < end; ++k, panel += tile_vectors * lanes) {
    const V b0 = hn::Load(d, panel);
    const V b1 = hn::Load(d, panel + lanes);
    for (std::size_t r = 0; r < tile_rows; ++r) {
      const V a = hn::Set(d, tile.rows.start[r][k]);
      sum.x[r][0] = sum.x[r][0] + cut<kDownward>(a * b0 * unit.x[r][0]);
      sum.x[r][1] = sum.x[r][1] + cut<kDownward>(a * b1 * unit.x[r][1]);
    }
  }
}

template <RoundingKind kKind, bool kDownward>
HWY_NOINLINE void run_aligned_tile(const AlignedRounding& rounding, const AlignedTile& tile,
                                   std::size_t terms, double* sums) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const Grid<std::uint64_t> grid = *rounding.grid;
  const V least = hn::Set(d, rounding.least_running);
  for (std::size_t first = 0; first < terms; first += rounding.together) {
    const std::size_t end = std::min(terms, first + rounding.together);
    // The largest powers, then the units u.
    Sums<double> unit;
    Sums<double> sum;
    for (auto& row : unit.x) {
      for (V& x : row) x = hn::Set(d, rounding.least);
    }
    LargestStep step;
    add_terms(step, tile.powers, tile.power_panel, first, end, unit);
    for (std::size_t i = 0; i < tile_size; ++i) {
      V& largest = unit.x[i / tile_vectors][i % tile_vectors];
      const V running = hn::Load(d, sums + i * lanes);
      const V power = hn::Max(largest, power_of(running, least));
      // Without any exponent all are zeros, infinite or NaN, and any unit does.
      const V known = hn::IfThenElse(hn::Eq(power, hn::Zero(d)), hn::Set(d, 1.0), power);
      largest = over(rounding.bits, known);
      sum.x[i / tile_vectors][i % tile_vectors] = hn::Set(d, -0.0);
    }
    add_cut_terms<kDownward>(tile, first, end, unit, sum);
    for (std::size_t i = 0; i < tile_size; ++i) {
      const V running = hn::Load(d, sums + i * lanes);
      const V u = unit.x[i / tile_vectors][i % tile_vectors];
      const V total = sum.x[i / tile_vectors][i % tile_vectors] + cut<kDownward>(running * u);
      const V exact = total * over(0, u);
      const auto rounded = round_vector<kKind>(B(), hn::BitCast(B(), exact), hn::Zero(B()), grid,
                                               Unmoved(), nullptr);
      hn::Store(hn::BitCast(d, rounded), d, sums + i * lanes);
    }
  }
}

using RunAlignedTile = void (*)(const AlignedRounding&, const AlignedTile&, std::size_t, double*);
RunAlignedTile aligned_tile_of(const AlignedRounding& rounding) {
  RunAlignedTile run = nullptr;
  with_kind(rounding.grid->kind, [&]<RoundingKind kKind>() HWY_ATTR {
    if constexpr (!draws(kKind))
      run = rounding.downward ? run_aligned_tile<kKind, true> : run_aligned_tile<kKind, false>;
  });
  return run;
}

std::vector<TilePlace> multiply_aligned_of(const Shape& s, const AlignedMatrices& m,
                                           const AlignedRounding& rounding) {
  const RunAlignedTile run = aligned_tile_of(rounding);
  const Panel<double> panel = make_panel<double>(s.inner);
  const Panel<double> powers = make_panel<double>(s.inner);
  const D d;
  const std::size_t width = tile_columns<double>();
  HWY_ALIGN double sums[tile_size * hn::MaxLanes(D())];
  std::vector<TilePlace> left;
  for (std::size_t column = 0; column < s.columns; column += width) {
    const std::size_t columns = std::min(width, s.columns - column);
    pack(m.b + column, s.columns, 0, s.inner, columns, 1.0, panel.get());
    pack(m.b_powers + column, s.columns, 0, s.inner, columns, 1.0, powers.get());
    for (std::size_t row = 0; row < s.rows; row += tile_rows) {
      const TilePlace at{row, column, std::min(tile_rows, s.rows - row), columns};
      std::fill_n(sums, tile_rows * width, 0.0);
      for (std::size_t r = 0; m.c != nullptr && r < at.rows; ++r)
        std::copy_n(m.c + (row + r) * s.columns + column, columns, sums + r * width);
      const Rows<double> rows(m.a, s.inner, row, at.rows);
      const Rows<double> row_powers(m.a_powers, s.inner, row, at.rows);
      run(rounding, {rows, row_powers, panel.get(), powers.get()}, s.inner, sums);
      bool finite = true;
      for (std::size_t i = 0; i < tile_rows * width; i += hn::Lanes(d))
        finite = finite && hn::AllTrue(d, hn::IsFinite(hn::Load(d, sums + i)));
      if (!finite) left.push_back(at);
      for (std::size_t r = 0; finite && r < at.rows; ++r)
        std::copy_n(sums + r * width, columns, m.out + (row + r) * s.columns + column);
    }
  }
  return left;
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(find_powers);
HWY_EXPORT(multiply_aligned_of);

void stored_powers(const double* numbers, std::size_t count, double least, double* powers) {
  HWY_DYNAMIC_DISPATCH(find_powers)(numbers, count, least, powers);
}
std::vector<TilePlace> multiply_aligned(const Shape& shape, const AlignedMatrices& m,
                                        const AlignedRounding& rounding) {
  return HWY_DYNAMIC_DISPATCH(multiply_aligned_of)(shape, m, rounding);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
