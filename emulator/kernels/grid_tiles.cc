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

#include "emulator/compiled_sets.h"
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

// The units that a tile's results draw from: of vector i those of its lanes' indices, which begin
// at first[i] and agree in their places within Philox's blocks, results having a multiple of 16
// indices. Pair number p of a lane is the p-th block of Philox from the one that holds its first
// index on, or the two units of SplitMix64 in its place.
template <Generator kGenerator>
class TileUnits {
 public:
  TileUnits(const GridDraws& draws, const std::uint64_t* first)
      : width_(field_width(draws.bits)),
        log2_fields_(std::countr_zero(static_cast<unsigned>(64 / width_))),
        source_step_(draws.source.step) {
    const int of_pair = log2_fields_ + 1;
    place_ = first[0] & ((std::uint64_t{1} << of_pair) - 1);
    const std::size_t lanes = vectors * hn::Lanes(B());
    for (std::size_t i = 0; i < lanes; ++i) first_[i] = first[i] >> of_pair;
    if constexpr (kGenerator == Generator::splitmix64) {
      for (std::size_t i = 0; i < lanes; ++i)
        first_[i] = draws.source.start + (2 * first_[i] + 1) * source_step_;
    } else {
      const std::uint64_t blocks = draws.per_result >> of_pair;
      for (std::size_t i = 0; i < lanes; ++i)
        near_ = near_ && (first_[i] + blocks) >> 32 == first_[0] >> 32;
      stream_ = philox_stream(draws.source.key);
      start_ = philox_start(stream_, first_[0] >> 32);
    }
  }

  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] int log2_fields() const { return log2_fields_; }  // of a unit
  // The first index's field in the first pair.
  [[nodiscard]] std::uint64_t place() const { return place_; }

  // Pair `pair` of kCount vectors from i on.
  template <int kCount>
  HWY_INLINE void make(std::size_t i, std::uint64_t pair, W* even, W* odd) const {
    const B d;
    W first[kCount];
    for (int k = 0; k < kCount; ++k)
      first[k] = hn::Load(d, first_ + (i + static_cast<std::size_t>(k)) * hn::Lanes(d));
    if constexpr (kGenerator == Generator::splitmix64) {
      const W to_even = hn::Set(d, 2 * pair * source_step_);
      const W to_odd = hn::Set(d, (2 * pair + 1) * source_step_);
      for (int k = 0; k < kCount; ++k) {
        even[k] = splitmix_units(first[k] + to_even);
        odd[k] = splitmix_units(first[k] + to_odd);
      }
    } else {
      for (int k = 0; k < kCount; ++k) first[k] = first[k] + hn::Set(d, pair);
      if (near_) {
        philox_units<kCount>(stream_, start_, first, even, odd);
      } else {
        philox_units<kCount>(stream_, first, even, odd);
      }
    }
  }

 private:
  static constexpr std::size_t vectors = tile_rows * tile_vectors;
  int width_, log2_fields_;
  std::uint64_t source_step_;
  std::uint64_t place_ = 0;
  bool near_ = true;  // all blocks have one high word
  PhiloxStream stream_;
  PhiloxStart start_;
  // Blocks; of SplitMix64 states.
  HWY_ALIGN std::uint64_t first_[vectors * hn::MaxLanes(B())];
};

// Random bits of a tile, any order of the indices within a term.
template <Generator kGenerator>
class TileDraws {
 public:
  TileDraws(const GridDraws& draws, const std::uint64_t* first) : units_(draws, first) {
    std::fill_n(kept_, vectors, ~std::uint64_t{0});
  }
  // The first `bits` of the field of vector i at index first + at.
  HWY_INLINE W next(std::size_t i, std::uint64_t at, int bits) {
    const std::uint64_t field = units_.place() + at;
    const std::uint64_t unit = field >> units_.log2_fields();
    if (kept_[i] != unit / 2) {
      kept_[i] = unit / 2;
      units_.template make<1>(i, unit / 2, &even_[i], &odd_[i]);
    }
    const std::uint64_t place = field - (unit << units_.log2_fields());
    const W kept = unit % 2 == 0 ? even_[i] : odd_[i];
    return hn::ShiftRightSame(hn::ShiftLeftSame(kept, static_cast<int>(place) * units_.width()),
                              64 - bits);
  }

 private:
  static constexpr std::size_t vectors = tile_rows * tile_vectors;
  TileUnits<kGenerator> units_;
  W even_[vectors];
  W odd_[vectors];
  std::uint64_t kept_[vectors];  // which pair
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
// floor(v 2^R) + random >= 2^R is a carry out of them when random is added at their top, the first
// d bits of it where R > d. A term's field of a unit is moved there and what else the unit has is
// cut off. Units are made for two vectors at a time and serve all terms that draw from them.
struct StochasticStep {
  HWY_ALIGN std::uint64_t right[8], left[8];  // by how much field f moves: one of them is 0
  std::uint64_t drawn = 0, kept = 0;
  StochasticStep(const Grid<std::uint64_t>& grid, int width) {
    const int discarded = static_cast<int>(grid.spare_bits);
    for (int f = 0; f < 64 / width; ++f) {
      const int down = 64 - width * f - discarded;
      right[f] = static_cast<std::uint64_t>(std::max(down, 0));
      left[f] = static_cast<std::uint64_t>(std::max(-down, 0));
    }
    const int taken = std::min(grid.random_bits, discarded);
    kept = ~std::uint64_t{0} << discarded;
    drawn = ~kept & ~std::uint64_t{0} << (discarded - taken);
  }
};

// A row of a tile, the terms first to end.
struct RowTerms {
  const double* row;
  const double* panel;
  std::size_t first, end;
};
template <bool kChecked>
HWY_INLINE void add_terms(const StochasticStep& step, const W* units, std::size_t field,
                          const RowTerms& terms, V* sums, V& highest) {
  const D d;
  const B bits;
  const W drawn = hn::Set(bits, step.drawn);
  const W kept = hn::Set(bits, step.kept);
  const double* panel = terms.panel + terms.first * tile_vectors * hn::Lanes(d);
  for (std::size_t k = terms.first; k < terms.end; ++k, ++field) {
    const V a = hn::Set(d, terms.row[k]);
    const W left = hn::Set(bits, step.left[field]);
    const W right = hn::Set(bits, step.right[field]);
    const bool is_left = step.left[field] != 0;
    for (std::size_t v = 0; v < tile_vectors; ++v, panel += hn::Lanes(d)) {
      const W x = hn::BitCast(bits, hn::MulAdd(a, hn::Load(d, panel), sums[v]));
      const W moved = is_left ? hn::Shl(units[v], left) : hn::Shr(units[v], right);
      sums[v] = hn::BitCast(d, hn::And(x + hn::And(moved, drawn), kept));
      if constexpr (kChecked) highest = hn::Max(highest, hn::Abs(sums[v]));
    }
  }
}

// False where a sum is beyond the largest number; of kChecked ones.
template <Generator kGenerator, bool kChecked>
HWY_NOINLINE bool run_stochastic_tile(const GridRounding& rounding, const Rows<double>& rows,
                                      const double* panel, std::size_t terms,
                                      const std::uint64_t* first, double* sums) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const TileUnits<kGenerator> units(rounding.draws, first);
  const StochasticStep step(*rounding.sum, units.width());
  const std::size_t fields = std::size_t{1} << units.log2_fields();
  V highest = hn::Zero(d);
  std::size_t place = units.place();
  for (std::size_t k = 0, pair = 0; k < terms; ++pair) {
    const std::size_t in_even = std::min(terms - k, place < fields ? fields - place : 0);
    const std::size_t in_odd = std::min(terms - k - in_even, 2 * fields - place - in_even);
    for (std::size_t r = 0; r < tile_rows; ++r) {
      double* row = sums + r * tile_vectors * lanes;
      V s[tile_vectors];
      W even[tile_vectors];
      W odd[tile_vectors];
      units.template make<tile_vectors>(r * tile_vectors, pair, even, odd);
      for (std::size_t v = 0; v < tile_vectors; ++v) s[v] = hn::Load(d, row + v * lanes);
      add_terms<kChecked>(step, even, place % fields, {rows.start[r], panel, k, k + in_even}, s,
                          highest);
      add_terms<kChecked>(step, odd, place < fields ? 0 : place - fields,
                          {rows.start[r], panel, k + in_even, k + in_even + in_odd}, s, highest);
      for (std::size_t v = 0; v < tile_vectors; ++v) hn::Store(s[v], d, row + v * lanes);
    }
    k += in_even + in_odd;
    place = 0;
  }
  const V largest = hn::BitCast(d, hn::Set(B(), rounding.sum->limit.positive));
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
template <bool kChecked>
RunQuickTile stochastic_tile_of(const GridRounding& rounding) {
  return rounding.draws.source.generator == Generator::splitmix64
             ? run_stochastic_tile<Generator::splitmix64, kChecked>
             : run_stochastic_tile<Generator::philox4x32_10, kChecked>;
}
// Null where there is none.
RunQuickTile quick_tile_of(const GridRounding& rounding) {
  const bool serves = rounding.product == nullptr && rounding.exact_below &&
                      rounding.sum->kind == RoundingKind::stochastic_simple;
  if (!serves) return nullptr;
  return rounding.stays_finite ? stochastic_tile_of<false>(rounding)
                               : stochastic_tile_of<true>(rounding);
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
