// SPDX-License-Identifier: MIT
//
// Products of matrices whose steps are exact in binary64 and rounded by any grid (round_lanes.h),
// in registers from factors to sum: tiles as in tile_lanes.h, with the random bits of every lane
// made where they are used. A lane is a result; its indices begin at first = r D n, and term k
// draws at first + D k + j (formats/dot_tree.h). SplitMix64 and Philox4x32-10 are as in
// formats/random.h; of Philox the words of a block are kept for the terms that share it.
#include <algorithm>
#include <vector>

#include "emulator/kernels/tiles.h"
#include "formats/random.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/grid_tiles.cc"
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
using W = hn::Vec<B>;

HWY_INLINE W mixed(W z) {
  z = hn::Mul(hn::Xor(z, hn::ShiftRight<30>(z)), hn::Set(B(), 0xbf58476d1ce4e5b9U));
  z = hn::Mul(hn::Xor(z, hn::ShiftRight<27>(z)), hn::Set(B(), 0x94d049bb133111ebU));
  return hn::Xor(z, hn::ShiftRight<31>(z));
}

struct Words {
  W word[4];
};

// The four words of block `block` of every lane, in the low halves; what is above them is left over
// from products, of which the next round takes the low halves alone.
HWY_INLINE Words philox_words(const PhiloxKey& key, W block) {
  const B d;
#if HWY_TARGET == HWY_SCALAR || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  HWY_ALIGN std::uint64_t blocks[hn::MaxLanes(d)];
  HWY_ALIGN std::uint64_t lanes[4][hn::MaxLanes(d)];
  hn::Store(block, d, blocks);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    const auto words = philox4x32_10(
        {static_cast<std::uint32_t>(blocks[i]), static_cast<std::uint32_t>(blocks[i] >> 32),
         static_cast<std::uint32_t>(key.stream), static_cast<std::uint32_t>(key.stream >> 32)},
        {static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)});
    for (std::size_t j = 0; j < 4; ++j) lanes[j][i] = words[j];
  }
  return {
      {hn::Load(d, lanes[0]), hn::Load(d, lanes[1]), hn::Load(d, lanes[2]), hn::Load(d, lanes[3])}};
#else
  const hn::Repartition<std::uint32_t, B> half;
  const auto times = [&](W x, W y) HWY_ATTR {
    return hn::MulEven(hn::BitCast(half, x), hn::BitCast(half, y));
  };
  const W m0 = hn::Set(d, std::uint64_t{0xD2511F53});
  const W m1 = hn::Set(d, std::uint64_t{0xCD9E8D57});
  W x0 = block;
  W x1 = hn::ShiftRight<32>(block);
  W x2 = hn::Set(d, key.stream);
  W x3 = hn::Set(d, key.stream >> 32);
  auto key_0 = static_cast<std::uint32_t>(key.seed);
  auto key_1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const W p0 = times(x0, m0);
    const W p1 = times(x2, m1);
    x0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), x1), hn::Set(d, std::uint64_t{key_0}));
    x2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), x3), hn::Set(d, std::uint64_t{key_1}));
    x1 = p1;
    x3 = p0;
    key_0 += 0x9E3779B9U;
    key_1 += 0xBB67AE85U;
  }
  const W low = hn::Set(d, std::uint64_t{0xffffffff});
  return {{hn::And(x0, low), hn::And(x1, low), hn::And(x2, low), hn::And(x3, low)}};
#endif
}

// Random bits of a tile. Vector i has the lanes' first indices in first[i].
template <Generator kGenerator>
class TileDraws {
 public:
  TileDraws(const GridDraws& draws, const std::uint64_t* first) : draws_(draws), first_(first) {
    for (std::size_t i = 0; i < tile_rows * tile_vectors * hn::Lanes(B()); ++i)
      together_ = together_ && first[i] % 4 == first[0] % 4;
    if constexpr (kGenerator != Generator::splitmix64) return;
    const B d;
    for (std::size_t i = 0; i < vectors; ++i) {
      const W next = hn::Load(d, first + i * hn::Lanes(d)) + hn::Set(d, std::uint64_t{1});
      states_[i] = hn::Set(d, draws.start) + hn::Mul(next, hn::Set(d, draws.step));
    }
  }
  // `bits` of them for vector i at index first + at.
  HWY_INLINE W next(std::size_t i, std::uint64_t at, int bits) {
    const B d;
    if constexpr (kGenerator == Generator::splitmix64) {
      const W state = states_[i] + hn::Set(d, at * draws_.step);
      return hn::ShiftRightSame(mixed(state), 64 - bits);
    } else {
      const W index = hn::Load(d, first_ + i * hn::Lanes(d)) + hn::Set(d, at);
      const std::uint64_t place = (first_[0] + at) % 4;
      // Kept where the lanes' blocks change at the same terms.
      if (!together_ || (first_[0] + at) / 4 != kept_of_[i] || !any_[i]) {
        kept_[i] = philox_words(draws_.key, hn::ShiftRight<2>(index));
        kept_of_[i] = (first_[0] + at) / 4;
        any_[i] = true;
      }
      const W word = together_ ? kept_[i].word[place] : chosen(kept_[i], index);
      return hn::ShiftRightSame(word, 32 - bits);
    }
  }

 private:
  static HWY_INLINE W chosen(const Words& words, W index) {
    const B d;
    const W one = hn::Set(d, std::uint64_t{1});
    const W two = hn::Set(d, std::uint64_t{2});
    const auto odd = hn::TestBit(index, one);
    const W low = hn::IfThenElse(odd, words.word[1], words.word[0]);
    const W high = hn::IfThenElse(odd, words.word[3], words.word[2]);
    return hn::IfThenElse(hn::TestBit(index, two), high, low);
  }

  static constexpr std::size_t vectors = tile_rows * tile_vectors;
  const GridDraws& draws_;
  const std::uint64_t* first_;
  bool together_ = true;
  W states_[vectors];  // of SplitMix64, at index first
  Words kept_[vectors];
  std::uint64_t kept_of_[vectors] = {};
  bool any_[vectors] = {};
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
    run = rounding.draws.generator == Generator::splitmix64 && draws(kKind)
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
  return rounding.draws.generator == Generator::splitmix64
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
      first[r * width + i] = draws.first + result * draws.per_term * s.inner;
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
