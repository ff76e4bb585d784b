// SPDX-License-Identifier: MIT
//
// Products of matrices whose steps are exact in binary64 and rounded by any grid (round_lanes.h),
// in registers from factors to sum: tiles as in tile_lanes.h, with the random bits of every lane
// made where they are used (random_lanes.h). A lane is a result, whose indices begin at first, and
// term k draws at first + D k + j (formats/dot_tree.h). Units are kept for the terms that share
// them.
#include <algorithm>
#include <bit>
#include <vector>

#include "emulator/kernels/tiles.h"
#include "formats/random.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/grid_tiles.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/random_lanes.h"
#include "emulator/kernels/round_lanes.h"
#include "emulator/kernels/tile_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = Lanes<double>;
using B = hn::ScalableTag<std::uint64_t>;
using V = hn::Vec<D>;
using W = hn::Vec<B>;

// Random bits of a tile. Vector i has the lanes' first indices in first[i], which agree in their
// places within Philox's blocks, results having a multiple of 16 indices.
template <Generator kGenerator>
class TileDraws {
 public:
  TileDraws(const GridDraws& draws, const std::uint64_t* first)
      : width_(field_width(draws.bits)),
        in_unit_(std::countr_zero(static_cast<unsigned>(64 / width_))),
        step_(draws.source.step) {
    const B d;
    place_ = first[0] & ((std::uint64_t{2} << in_unit_) - 1);
    std::fill_n(kept_of_, vectors, ~std::uint64_t{0});
    const std::size_t lanes = vectors * hn::Lanes(d);
    if constexpr (kGenerator == Generator::splitmix64) {
      for (std::size_t i = 0; i < lanes; ++i) first_[i] = first[i] >> in_unit_;
      for (std::size_t i = 0; i < lanes; ++i)
        first_[i] = draws.source.start + (first_[i] - (place_ >> in_unit_) + 1) * step_;
    } else {
      for (std::size_t i = 0; i < lanes; ++i) {
        first_[i] = first[i] >> (in_unit_ + 1);
        const std::uint64_t last = first_[i] + (draws.per_result >> (in_unit_ + 1));
        near_ = near_ && last >> 32 == first_[0] >> 32;
      }
      stream_ = philox_stream(draws.source.key);
      start_ = philox_start(stream_, first_[0] >> 32);
    }
  }
  // The first `bits` of the field of vector i at index first + at.
  HWY_INLINE W next(std::size_t i, std::uint64_t at, int bits) {
    const std::uint64_t field = place_ + at;
    const std::uint64_t unit = field >> in_unit_;
    const std::uint64_t key = kGenerator == Generator::splitmix64 ? unit : unit / 2;
    if (kept_of_[i] != key) {
      make(i, key);
      kept_of_[i] = key;
    }
    const W kept = kGenerator == Generator::splitmix64 || unit % 2 == 0 ? even_[i] : odd_[i];
    const auto left = static_cast<int>(field & ((std::uint64_t{1} << in_unit_) - 1)) * width_;
    return hn::ShiftRightSame(hn::ShiftLeftSame(kept, left), 64 - bits);
  }

 private:
  HWY_INLINE void make(std::size_t i, std::uint64_t key) {
    const B d;
    const W first = hn::Load(d, first_ + i * hn::Lanes(d));
    if constexpr (kGenerator == Generator::splitmix64) {
      even_[i] = splitmix_units(first + hn::Set(d, key * step_));
    } else {
      const W block = first + hn::Set(d, key);
      if (near_) {
        philox_units<1>(stream_, start_, &block, &even_[i], &odd_[i]);
      } else {
        philox_units<1>(stream_, &block, &even_[i], &odd_[i]);
      }
    }
  }

  static constexpr std::size_t vectors = tile_rows * tile_vectors;
  int width_;
  int in_unit_;  // fields in a unit: 2 to this
  std::uint64_t step_;
  std::uint64_t place_ = 0;  // of the first index in a block
  bool near_ = true;
  PhiloxStream stream_;
  PhiloxStart start_;
  // Blocks; of SplitMix64 states.
  HWY_ALIGN std::uint64_t first_[vectors * hn::MaxLanes(B())];
  W even_[vectors];
  W odd_[vectors];
  std::uint64_t kept_of_[vectors];
};

template <RoundingKind kKind>
HWY_INLINE V round_number(V x, W random, const Grid<std::uint64_t>& grid) {
  const W result = round_vector<kKind>(B(), hn::BitCast(B(), x), random, grid, Unmoved(), nullptr);
  return hn::BitCast(D(), result);
}

// sums: the addend, and the result.
template <RoundingKind kKind, Generator kGenerator>
HWY_NOINLINE void run_grid_tile(const GridRounding& rounding, const Rows<double>& rows,
                                const double* panel, std::size_t terms, const std::uint64_t* first,
                                double* sums) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const Grid<std::uint64_t> sum = *rounding.sum;
  TileDraws<kGenerator> random(rounding.draws, first);
  const auto draw = [&](std::size_t i, std::uint64_t at, int bits) HWY_ATTR {
    if constexpr (draws(kKind)) return random.next(i, at, bits);
    return hn::Zero(B());
  };
  for (std::size_t k = 0; k < terms; ++k, panel += tile_vectors * lanes) {
    const std::uint64_t at = k * rounding.draws.per_term;
    for (std::size_t i = 0; i < tile_rows * tile_vectors; ++i) {
      const V a = hn::Set(d, rows.start[i / tile_vectors][k]);
      const V b = hn::Load(d, panel + i % tile_vectors * lanes);
      V s = hn::Load(d, sums + i * lanes);
      if (rounding.product == nullptr) {
        s = hn::MulAdd(a, b, s);
      } else {
        const Grid<std::uint64_t>& product = *rounding.product;
        const W bits = draw(i, at + rounding.draws.product, product.random_bits);
        s = hn::Add(s, round_number<kKind>(hn::Mul(a, b), bits, product));
      }
      s = round_number<kKind>(s, draw(i, at, sum.random_bits), sum);
      hn::Store(s, d, sums + i * lanes);
    }
  }
}

// The same of stochastic sums of exact products that are exact where they are subnormal in the
// grid: then the discarded bits are always the lowest d of the significand, where
// floor(v 2^R) + random >= 2^R is a carry out of them when random is added at their top. False
// where a sum is beyond the largest number.
template <Generator kGenerator>
HWY_NOINLINE bool run_stochastic_tile(const GridRounding& rounding, const Rows<double>& rows,
                                      const double* panel, std::size_t terms,
                                      const std::uint64_t* first, double* sums) {
  const D d;
  const B bits;
  const std::size_t lanes = hn::Lanes(d);
  const Grid<std::uint64_t>& grid = *rounding.sum;
  const int discarded = static_cast<int>(grid.spare_bits);
  const int left = std::max(discarded - grid.random_bits, 0);
  const int right = std::max(grid.random_bits - discarded, 0);
  const W kept = hn::Set(bits, ~std::uint64_t{0} << discarded);
  TileDraws<kGenerator> random(rounding.draws, first);
  V highest = hn::Zero(d);
  for (std::size_t k = 0; k < terms; ++k, panel += tile_vectors * lanes) {
    const std::uint64_t at = k * rounding.draws.per_term;
    for (std::size_t i = 0; i < tile_rows * tile_vectors; ++i) {
      const V a = hn::Set(d, rows.start[i / tile_vectors][k]);
      const V b = hn::Load(d, panel + i % tile_vectors * lanes);
      const W x = hn::BitCast(bits, hn::MulAdd(a, b, hn::Load(d, sums + i * lanes)));
      const W drawn =
          hn::ShiftLeftSame(hn::ShiftRightSame(random.next(i, at, grid.random_bits), right), left);
      const V s = hn::BitCast(d, hn::And(x + drawn, kept));
      highest = hn::Max(highest, hn::Abs(s));
      hn::Store(s, d, sums + i * lanes);
    }
  }
  const V largest = hn::BitCast(d, hn::Set(bits, grid.limit.positive));
  return hn::AllTrue(d, highest <= largest);
}

using RunGridTile = void (*)(const GridRounding&, const Rows<double>&, const double*, std::size_t,
                             const std::uint64_t*, double*);
RunGridTile grid_tile_of(const GridRounding& rounding) {
  RunGridTile run = nullptr;
  with_kind(rounding.sum->kind, [&]<RoundingKind kKind>() HWY_ATTR {
    run = rounding.draws.source.generator == Generator::splitmix64 && draws(kKind)
              ? run_grid_tile<kKind, Generator::splitmix64>
              : run_grid_tile<kKind, Generator::philox4x32_10>;
  });
  return run;
}

using RunQuickTile = bool (*)(const GridRounding&, const Rows<double>&, const double*, std::size_t,
                              const std::uint64_t*, double*);
// Null where there is none.
RunQuickTile quick_tile_of(const GridRounding& rounding) {
  const bool serves = rounding.product == nullptr && rounding.exact_below &&
                      rounding.sum->kind == RoundingKind::stochastic_simple;
  if (!serves) return nullptr;
  return rounding.draws.source.generator == Generator::splitmix64
             ? run_stochastic_tile<Generator::splitmix64>
             : run_stochastic_tile<Generator::philox4x32_10>;
}

// Lanes outside of the result have indices as if it went on; nobody reads what they draw.
void find_indices(const Shape& s, const GridDraws& draws, const TilePlace& at,
                  std::uint64_t* first) {
  const std::size_t width = tile_columns<double>();
  for (std::size_t r = 0; r < tile_rows; ++r) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::uint64_t result = (at.row + r) * s.columns + at.column + i;
      first[r * width + i] = draws.first + result * draws.per_result;
    }
  }
}

void load_grid_tile(const NarrowMatrices<double>& m, const TilePlace& at, double* sums) {
  const std::size_t width = tile_columns<double>();
  std::fill_n(sums, tile_rows * width, 0.0);
  if (m.c == nullptr) return;
  for (std::size_t r = 0; r < at.rows; ++r) {
    const float* c = m.c + (at.row + r) * m.c_stride + at.column;
    std::copy_n(c, at.columns, sums + r * width);
  }
}

void multiply_grid(const Shape& s, const NarrowMatrices<double>& m, const GridRounding& rounding) {
  const RunGridTile run = grid_tile_of(rounding);
  const RunQuickTile quick = quick_tile_of(rounding);
  const Panel<double> panel = make_panel<double>(s.inner);
  const std::size_t width = tile_columns<double>();
  HWY_ALIGN double sums[tile_rows * tile_vectors * hn::MaxLanes(D())];
  HWY_ALIGN std::uint64_t first[tile_rows * tile_vectors * hn::MaxLanes(D())];
  for (std::size_t column = 0; column < s.columns; column += width) {
    const std::size_t columns = std::min(width, s.columns - column);
    pack(m.b + column, m.b_stride, 0, s.inner, columns, 1.0, panel.get());
    for (std::size_t row = 0; row < s.rows; row += tile_rows) {
      const TilePlace at{row, column, std::min(tile_rows, s.rows - row), columns};
      const Rows<double> rows(m.a, m.a_stride, row, at.rows);
      find_indices(s, rounding.draws, at, first);
      load_grid_tile(m, at, sums);
      if (quick == nullptr || !quick(rounding, rows, panel.get(), s.inner, first, sums)) {
        load_grid_tile(m, at, sums);
        run(rounding, rows, panel.get(), s.inner, first, sums);
      }
      for (std::size_t r = 0; r < at.rows; ++r) {
        float* out = m.out + (row + r) * m.out_stride + column;
        for (std::size_t i = 0; i < columns; ++i) out[i] = static_cast<float>(sums[r * width + i]);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(multiply_grid);

void multiply_by_grid(const Shape& shape, const NarrowMatrices<double>& m,
                      const GridRounding& rounding) {
  HWY_DYNAMIC_DISPATCH(multiply_grid)(shape, m, rounding);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
