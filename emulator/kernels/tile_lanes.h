// SPDX-License-Identifier: MIT
//
// Products of matrices whose terms are added in sequence, as BLAS libraries make them: a tile of
// results, six rows by two vectors of columns, stays in registers while the terms go by in their
// order; columns of b are packed into a panel as wide as the tile (Goto and van de Geijn, "Anatomy
// of high-performance matrix multiplication", ACM TOMS 34(3), 2008). Storing a sum and going on
// from it changes nothing, so that cutting the terms into blocks does not either.
//
// Included once for every instruction set (foreach_target.h), hence the guard that toggles.
#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#if defined(HALFULP_EMULATOR_KERNELS_TILE_LANES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFULP_EMULATOR_KERNELS_TILE_LANES_H
#undef HALFULP_EMULATOR_KERNELS_TILE_LANES_H
#else
#define HALFULP_EMULATOR_KERNELS_TILE_LANES_H
#endif

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t tile_rows = 6;
constexpr std::size_t tile_vectors = 2;
template <typename Real>
using Lanes = hn::ScalableTag<Real>;
template <typename Real>
HWY_INLINE std::size_t tile_columns() {
  return tile_vectors * hn::Lanes(Lanes<Real>());
}

template <typename Real>
using Panel = hwy::AlignedFreeUniquePtr<Real[]>;
template <typename Real>
Panel<Real> make_panel(std::size_t terms) {
  return hwy::AllocateAligned<Real>(std::max<std::size_t>(terms, 1) * tile_columns<Real>());
}

// Terms first to end of `columns` neighbouring columns, times `scale`; zeros behind them.
template <typename Real, typename From>
void pack(const From* b, std::size_t stride, std::size_t first, std::size_t end,
          std::size_t columns, Real scale, Real* panel) {
  const std::size_t width = tile_columns<Real>();
  for (std::size_t k = first; k < end; ++k, panel += width) {
    const From* row = b + k * stride;
    for (std::size_t i = 0; i < columns; ++i) panel[i] = static_cast<Real>(row[i]) * scale;
    std::fill(panel + columns, panel + width, Real{0});
  }
}

// The rows of a at the tile's place; those behind the last are that one again.
template <typename Real>
struct Rows {
  const Real* start[tile_rows];
  Rows(const Real* a, std::size_t stride, std::size_t row, std::size_t count) {
    for (std::size_t r = 0; r < tile_rows; ++r)
      start[r] = a + (row + std::min(r, count - 1)) * stride;
  }
};

template <typename Real>
struct Sums {
  hn::Vec<Lanes<Real>> x[tile_rows][tile_vectors];
};

// Adds terms first to end; a panel holds term 0 first.
template <typename Real, class Step>
HWY_INLINE void add_terms(Step& step, const Rows<Real>& rows, const Real* panel, std::size_t first,
                          std::size_t end, Sums<Real>& sums) {
  const Lanes<Real> d;
  const std::size_t lanes = hn::Lanes(d);
  panel += first * tile_vectors * lanes;
  for (std::size_t k = first; k < end; ++k, panel += tile_vectors * lanes) {
    const auto b0 = step.column(hn::Load(d, panel));
    const auto b1 = step.column(hn::Load(d, panel + lanes));
    for (std::size_t r = 0; r < tile_rows; ++r) {
      const auto a = hn::Set(d, rows.start[r][k]);
      sums.x[r][0] = step.add(a, b0, sums.x[r][0]);
      sums.x[r][1] = step.add(a, b1, sums.x[r][1]);
    }
  }
}

template <typename Real>
HWY_INLINE void load_sums(const Real* from, std::size_t stride, Sums<Real>& sums) {
  const Lanes<Real> d;
  for (std::size_t r = 0; r < tile_rows; ++r) {
    for (std::size_t v = 0; v < tile_vectors; ++v) {
      sums.x[r][v] =
          from == nullptr ? hn::Zero(d) : hn::LoadU(d, from + r * stride + v * hn::Lanes(d));
    }
  }
}
template <typename Real>
HWY_INLINE void store_sums(const Sums<Real>& sums, Real* out, std::size_t stride) {
  const Lanes<Real> d;
  for (std::size_t r = 0; r < tile_rows; ++r) {
    for (std::size_t v = 0; v < tile_vectors; ++v)
      hn::StoreU(sums.x[r][v], d, out + r * stride + v * hn::Lanes(d));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#endif  // HALFULP_EMULATOR_KERNELS_TILE_LANES_H
