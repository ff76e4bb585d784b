// SPDX-License-Identifier: MIT
//
// Numbers times the scale of their block, each product rounded once to its carrier. A product of
// two floats is rounded once by the multiplication itself. Where a scale has more digits than a
// float, number and scale are multiplied as doubles, exactly, and the product is rounded when it
// becomes a float: one rounding again. This file is compiled once for every instruction set.
#include <algorithm>
#include <limits>

#include "emulator/kernels/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/scale.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A product that is NaN is the positive quiet one.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V multiplied(D d, V x, V scale) {
  using Real = hn::TFromD<D>;
  const V product = x * scale;
  return hn::IfThenElse(hn::IsNaN(product), hn::Set(d, std::numeric_limits<Real>::quiet_NaN()),
                        product);
}
template <typename Real>
HWY_INLINE Real multiplied(Real x, Real scale) {
  const Real product = x * scale;
  return product == product ? product : std::numeric_limits<Real>::quiet_NaN();
}

template <typename Real>
HWY_INLINE void scale_block(Real* numbers, std::size_t count, Real scale) {
  const hn::ScalableTag<Real> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto factor = hn::Set(d, scale);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(multiplied(d, hn::LoadU(d, numbers + i), factor), d, numbers + i);
  for (; i < count; ++i) numbers[i] = multiplied(numbers[i], scale);
}

HWY_INLINE void scale_block_as_doubles(float* numbers, std::size_t count, double scale) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> d_float;
  const std::size_t lanes = hn::Lanes(d);
  const auto factor = hn::Set(d, scale);
  // Highway's conversion on single lanes does not overflow to infinity.
  const std::size_t whole = lanes > 1 ? count / lanes * lanes : 0;
  std::size_t i = 0;
  for (; i < whole; i += lanes) {
    const auto product = multiplied(d, hn::PromoteTo(d, hn::LoadU(d_float, numbers + i)), factor);
    hn::StoreU(hn::DemoteTo(d_float, product), d_float, numbers + i);
  }
  for (; i < count; ++i)
    numbers[i] = static_cast<float>(multiplied(static_cast<double>(numbers[i]), scale));
}

template <typename Function>
HWY_INLINE void for_each_block(std::size_t count, const Scales& scales, const Function& function) {
  for (std::size_t begin = 0, k = 0; begin < count; begin += scales.block, ++k)
    function(begin, std::min(scales.block, count - begin), scales.scales[k]);
}

void scale_floats(float* numbers, std::size_t count, const Scales& scales) {
  for_each_block(count, scales, [&](std::size_t begin, std::size_t length, double scale) HWY_ATTR {
    const float narrow = static_cast<float>(scale);
    if (static_cast<double>(narrow) == scale) {
      scale_block(numbers + begin, length, narrow);
    } else {
      scale_block_as_doubles(numbers + begin, length, scale);
    }
  });
}
void scale_doubles(double* numbers, std::size_t count, const Scales& scales) {
  for_each_block(count, scales, [&](std::size_t begin, std::size_t length, double scale) HWY_ATTR {
    scale_block(numbers + begin, length, scale);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(scale_floats);
HWY_EXPORT(scale_doubles);

void scale_blocks(float* numbers, std::size_t count, const Scales& scales) {
  HWY_DYNAMIC_DISPATCH(scale_floats)(numbers, count, scales);
}
void scale_blocks(double* numbers, std::size_t count, const Scales& scales) {
  HWY_DYNAMIC_DISPATCH(scale_doubles)(numbers, count, scales);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
