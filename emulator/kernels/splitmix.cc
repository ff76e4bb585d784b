// SPDX-License-Identifier: MIT
//
// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), one output a lane: states at equal distances,
// each mixed on its own. SplitMix64::at in formats/random.h is the definition that the tests
// compare with.
#include "emulator/kernels/kernels.h"

// The same instruction sets as the other kernels.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/splitmix.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class V>
HWY_INLINE V mixed(V z) {
  const hn::DFromV<V> d;
  z = hn::Mul(hn::Xor(z, hn::ShiftRight<30>(z)), hn::Set(d, 0xbf58476d1ce4e5b9U));
  z = hn::Mul(hn::Xor(z, hn::ShiftRight<27>(z)), hn::Set(d, 0x94d049bb133111ebU));
  return hn::Xor(z, hn::ShiftRight<31>(z));
}

// The outputs' `64 - shift` high bits, a vector at a time to `store`; the last vector may go beyond
// `count`.
template <class Store>
HWY_INLINE void for_each_vector(const SplitMixRun& run, std::size_t count, const Store& store) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN std::uint64_t states[hn::MaxLanes(d)];
  for (std::size_t i = 0; i < lanes; ++i) states[i] = run.first + i * run.step;
  auto state = hn::Load(d, states);
  const auto stride = hn::Set(d, static_cast<std::uint64_t>(lanes) * run.step);
  for (std::size_t i = 0; i < count; i += lanes) {
    store(i, hn::ShiftRightSame(mixed(state), run.shift));
    state = hn::Add(state, stride);
  }
}

void splitmix_64(const SplitMixRun& run, std::size_t count, std::uint64_t* out) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  for_each_vector(run, count, [&](std::size_t i, auto bits) HWY_ATTR {
    if (i + lanes <= count) return hn::StoreU(bits, d, out + i);
    HWY_ALIGN std::uint64_t last[hn::MaxLanes(d)];
    hn::Store(bits, d, last);
    for (std::size_t k = i; k < count; ++k) out[k] = last[k - i];
  });
}

void splitmix_32(const SplitMixRun& run, std::size_t count, std::uint32_t* out) {
  const hn::ScalableTag<std::uint64_t> d;
  const hn::Rebind<std::uint32_t, decltype(d)> narrow;
  const std::size_t lanes = hn::Lanes(d);
  for_each_vector(run, count, [&](std::size_t i, auto bits) HWY_ATTR {
    const auto words = hn::TruncateTo(narrow, bits);
    if (i + lanes <= count) return hn::StoreU(words, narrow, out + i);
    HWY_ALIGN std::uint32_t last[hn::MaxLanes(narrow)];
    hn::StoreU(words, narrow, last);
    for (std::size_t k = i; k < count; ++k) out[k] = last[k - i];
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(splitmix_64);
HWY_EXPORT(splitmix_32);

void splitmix(const SplitMixRun& run, std::size_t count, std::uint64_t* out) {
  HWY_DYNAMIC_DISPATCH(splitmix_64)(run, count, out);
}
void splitmix(const SplitMixRun& run, std::size_t count, std::uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(splitmix_32)(run, count, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
