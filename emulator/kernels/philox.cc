// SPDX-License-Identifier: MIT
//
// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011), one counter a lane. A round multiplies
// words 0 and 2 by constants to 64 bits and swaps halves; the key is raised by Weyl constants
// between rounds. Random::word in formats/random.h is the definition that the tests compare with.
#include <algorithm>

#include "emulator/kernels/kernels.h"
#include "formats/random.h"

// The same instruction sets as the other kernels.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/philox.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

[[maybe_unused]] constexpr std::uint32_t multiplier_0 = 0xD2511F53;
[[maybe_unused]] constexpr std::uint32_t multiplier_1 = 0xCD9E8D57;
[[maybe_unused]] constexpr std::uint32_t weyl_0 = 0x9E3779B9;
[[maybe_unused]] constexpr std::uint32_t weyl_1 = 0xBB67AE85;

// Highway's one-lane target has no products to twice the width; on a big-endian machine their
// halves would lie the other way round.
#if HWY_TARGET == HWY_SCALAR || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__

void philox_blocks(const PhiloxKey& key, const std::uint32_t* low, const std::uint32_t* high,
                   std::size_t count, std::uint32_t* words) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto block = philox4x32_10(
        {low[i], high[i], static_cast<std::uint32_t>(key.stream),
         static_cast<std::uint32_t>(key.stream >> 32)},
        {static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)});
    std::copy(block.begin(), block.end(), words + 4 * i);
  }
}

void philox_consecutive(const PhiloxKey& key, std::uint64_t first, std::size_t blocks, int shift,
                        std::uint32_t* words) {
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::uint64_t counter = first + i;
    const auto low = static_cast<std::uint32_t>(counter);
    const auto high = static_cast<std::uint32_t>((counter & (~std::uint64_t{0} >> 2)) >> 32);
    philox_blocks(key, &low, &high, 1, words + 4 * i);
    for (std::size_t k = 0; k < 4; ++k) words[4 * i + k] >>= shift;
  }
}

#else

// 1. Products of the even lanes and, moved down, of the odd lanes: 64 bits in each pair of lanes.
// 2. Low halves and high halves gathered in lane order.
template <class D, class V = hn::Vec<D> >
HWY_INLINE void multiply_wide(D d, V a, V b, V& high, V& low) {
  const hn::RepartitionToWide<D> wide;
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))), b);
  low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
  high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
}

template <class D, class V = hn::Vec<D> >
HWY_INLINE void one_vector_of_blocks(D d, const PhiloxKey& key, const std::uint32_t* low,
                                     const std::uint32_t* high, std::uint32_t* words) {
  V x0 = hn::LoadU(d, low);
  V x1 = hn::LoadU(d, high);
  V x2 = hn::Set(d, static_cast<std::uint32_t>(key.stream));
  V x3 = hn::Set(d, static_cast<std::uint32_t>(key.stream >> 32));
  auto key_0 = static_cast<std::uint32_t>(key.seed);
  auto key_1 = static_cast<std::uint32_t>(key.seed >> 32);
  const V m0 = hn::Set(d, multiplier_0);
  const V m1 = hn::Set(d, multiplier_1);
  for (int round = 0; round < 10; ++round) {
    V high_0;
    V low_0;
    V high_1;
    V low_1;
    multiply_wide(d, x0, m0, high_0, low_0);
    multiply_wide(d, x2, m1, high_1, low_1);
    x0 = hn::Xor(hn::Xor(high_1, x1), hn::Set(d, key_0));
    x2 = hn::Xor(hn::Xor(high_0, x3), hn::Set(d, key_1));
    x1 = low_1;
    x3 = low_0;
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
  hn::StoreInterleaved4(x0, x1, x2, x3, d, words);
}

void philox_blocks(const PhiloxKey& key, const std::uint32_t* low, const std::uint32_t* high,
                   std::size_t count, std::uint32_t* words) {
  const hn::ScalableTag<std::uint32_t> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    one_vector_of_blocks(d, key, low + i, high + i, words + 4 * i);
  if (i == count) return;
  HWY_ALIGN std::uint32_t last_low[hn::MaxLanes(d)] = {};
  HWY_ALIGN std::uint32_t last_high[hn::MaxLanes(d)] = {};
  HWY_ALIGN std::uint32_t last_words[4 * hn::MaxLanes(d)];
  for (std::size_t k = i; k < count; ++k) {
    last_low[k - i] = low[k];
    last_high[k - i] = high[k];
  }
  one_vector_of_blocks(d, key, last_low, last_high, last_words);
  for (std::size_t k = 0; k < 4 * (count - i); ++k) words[4 * i + k] = last_words[k];
}

// The keys of the rounds, in every lane of 64 bits.
template <class V>
struct RoundKeys {
  V first[10];
  V second[10];
};

// Counters in lanes of 64 bits, whose products need no halves gathered: what stands in the upper
// halves of words is not looked at. Even lanes hold the first half of the blocks and odd lanes the
// second, so that interleaving pairs of words leaves them in order. One vector waits for its
// products most of the time, hence several.
template <int kVectors, class D, class V = hn::Vec<D> >
HWY_INLINE void consecutive_blocks(D d, const PhiloxKey& key, const RoundKeys<V>& keys, V counter,
                                   int shift, std::uint32_t* words) {
  const hn::Repartition<std::uint32_t, D> d_words;
  const auto factor_0 = hn::Set(d_words, multiplier_0);
  const auto factor_1 = hn::Set(d_words, multiplier_1);
  V x0[kVectors];
  V x1[kVectors];
  V x2[kVectors];
  V x3[kVectors];
  for (int k = 0; k < kVectors; ++k) {
    x0[k] = counter + hn::Set(d, static_cast<std::uint64_t>(k) * hn::Lanes(d));
    x1[k] = hn::ShiftRight<32>(hn::And(x0[k], hn::Set(d, ~std::uint64_t{0} >> 2)));
    x2[k] = hn::Set(d, key.stream);
    x3[k] = hn::Set(d, key.stream >> 32);
  }
  for (int round = 0; round < 10; ++round) {
    for (int k = 0; k < kVectors; ++k) {
      const V product_0 = hn::MulEven(hn::BitCast(d_words, x0[k]), factor_0);
      const V product_1 = hn::MulEven(hn::BitCast(d_words, x2[k]), factor_1);
      x0[k] = hn::Xor3(hn::ShiftRight<32>(product_1), x1[k], keys.first[round]);
      x2[k] = hn::Xor3(hn::ShiftRight<32>(product_0), x3[k], keys.second[round]);
      x1[k] = product_1;
      x3[k] = product_0;
    }
  }
  const auto pair = [&](V even, V odd) HWY_ATTR {
    const auto joined =
        hn::OddEven(hn::BitCast(d_words, hn::ShiftLeft<32>(odd)), hn::BitCast(d_words, even));
    return hn::BitCast(d, hn::ShiftRightSame(joined, shift));
  };
  for (int k = 0; k < kVectors; ++k, words += 2 * hn::Lanes(d_words)) {
    const V first = pair(x0[k], x1[k]);
    const V second = pair(x2[k], x3[k]);
    const auto lower = hn::InterleaveLower(d, first, second);
    const auto upper = hn::InterleaveUpper(d, first, second);
    hn::StoreU(hn::BitCast(d_words, lower), d_words, words);
    hn::StoreU(hn::BitCast(d_words, upper), d_words, words + hn::Lanes(d_words));
  }
}

void philox_consecutive(const PhiloxKey& key, std::uint64_t first, std::size_t blocks, int shift,
                        std::uint32_t* words) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN std::uint64_t counters[hn::MaxLanes(d)];
  for (std::size_t k = 0; k < lanes; ++k) counters[k] = first + k / 2 + k % 2 * (lanes / 2);
  RoundKeys<hn::Vec<decltype(d)> > keys;
  for (int round = 0; round < 10; ++round) {
    const auto raised = static_cast<std::uint32_t>(round);
    keys.first[round] = hn::Set(d, static_cast<std::uint32_t>(key.seed) + raised * weyl_0);
    keys.second[round] = hn::Set(d, static_cast<std::uint32_t>(key.seed >> 32) + raised * weyl_1);
  }
  auto counter = hn::Load(d, counters);
  std::size_t i = 0;
  for (; i + 2 * lanes <= blocks; i += 2 * lanes) {
    consecutive_blocks<2>(d, key, keys, counter, shift, words + 4 * i);
    counter = counter + hn::Set(d, std::uint64_t{2 * lanes});
  }
  for (; i < blocks; i += lanes) {
    HWY_ALIGN std::uint32_t last[4 * hn::MaxLanes(d)];
    consecutive_blocks<1>(d, key, keys, counter, shift, last);
    std::copy_n(last, 4 * std::min(lanes, blocks - i), words + 4 * i);
    counter = counter + hn::Set(d, std::uint64_t{lanes});
  }
}

#endif  // HWY_TARGET == HWY_SCALAR || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(philox_blocks);
HWY_EXPORT(philox_consecutive);

void philox_words(const PhiloxKey& key, std::uint64_t first, std::size_t blocks, int shift,
                  std::uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(philox_consecutive)(key, first, blocks, shift, words);
}

void philox(const PhiloxKey& key, const std::uint32_t* low, const std::uint32_t* high,
            std::size_t count, std::uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(philox_blocks)(key, low, high, count, words);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
