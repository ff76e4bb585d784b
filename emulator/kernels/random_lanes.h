// SPDX-License-Identifier: MIT
//
// Units of random bits (formats/random.h) on lanes of 64 bits, a counter a lane.
//
// A round of Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011) multiplies words 0 and 2 by
// constants to 64 bits and swaps halves. Words lie in the low halves of lanes; what stands in the
// high ones is left over from products, and the next product does not look at it. The last round's
// products are moved to where their words stand in a unit: of a product p, whose low half is the
// second word, p ^ (x ^ key) 2^32 is the unit, as the first word is (high half of p) ^ x ^ key.
//
// Counters that agree in their high words, as neighbours do, are alike but for word 0. Then of the
// first two rounds one product each is a number: 55 operations a vector of blocks where it would
// be 60. One vector waits for its products most of the time, hence several at once.
//
// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) mixes states, each on its own.
//
// Included once for every instruction set (foreach_target.h), hence the guard that toggles.
#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "emulator/kernels/kernels.h"

#if defined(HALFULP_EMULATOR_KERNELS_RANDOM_LANES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFULP_EMULATOR_KERNELS_RANDOM_LANES_H
#undef HALFULP_EMULATOR_KERNELS_RANDOM_LANES_H
#else
#define HALFULP_EMULATOR_KERNELS_RANDOM_LANES_H
#endif

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using UnitLanes = hn::ScalableTag<std::uint64_t>;
using Units = hn::Vec<UnitLanes>;

constexpr std::uint64_t philox_factor_0 = 0xD2511F53;
constexpr std::uint64_t philox_factor_1 = 0xCD9E8D57;
constexpr std::uint64_t low_word = 0xffffffff;

// The low halves' product. Highway's one-lane target has no products to twice the width, and on
// big-endian machines the low halves are not the even lanes.
HWY_INLINE Units low_product(Units x, Units factor) {
#if HWY_TARGET == HWY_SCALAR || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  return hn::Mul(hn::And(x, hn::Set(UnitLanes(), low_word)), factor);
#else
  const hn::Repartition<std::uint32_t, UnitLanes> words;
  return hn::MulEven(hn::BitCast(words, x), hn::BitCast(words, factor));
#endif
}

// What a stream's blocks have in common.
struct PhiloxStream {
  std::uint64_t stream_low = 0, stream_high = 0;
  std::uint64_t keys_0[10] = {}, keys_1[10] = {};  // of the rounds
};
HWY_INLINE PhiloxStream philox_stream(const PhiloxKey& key) {
  PhiloxStream stream;
  stream.stream_low = key.stream & low_word;
  stream.stream_high = key.stream >> 32;
  std::uint64_t key_0 = key.seed & low_word;
  std::uint64_t key_1 = key.seed >> 32;
  for (int round = 0; round < 10; ++round) {
    stream.keys_0[round] = key_0;
    stream.keys_1[round] = key_1;
    key_0 = (key_0 + 0x9E3779B9U) & low_word;
    key_1 = (key_1 + 0xBB67AE85U) & low_word;
  }
  return stream;
}

// The words of kVectors vectors of blocks between two rounds.
template <int kVectors>
struct PhiloxWords {
  Units x0[kVectors], x1[kVectors], x2[kVectors], x3[kVectors];
};

// Rounds `first` to 9, and the units 2 j and 2 j + 1 of the blocks j.
template <int kVectors>
HWY_INLINE void philox_rounds(const PhiloxStream& stream, int first, PhiloxWords<kVectors>& words,
                              Units* even, Units* odd) {
  const UnitLanes d;
  const Units factor_0 = hn::Set(d, philox_factor_0);
  const Units factor_1 = hn::Set(d, philox_factor_1);
  for (int round = first; round < 9; ++round) {
    const Units key_0 = hn::Set(d, stream.keys_0[round]);
    const Units key_1 = hn::Set(d, stream.keys_1[round]);
    for (int k = 0; k < kVectors; ++k) {
      const Units product_0 = low_product(words.x0[k], factor_0);
      const Units product_1 = low_product(words.x2[k], factor_1);
      words.x0[k] = hn::Xor3(hn::ShiftRight<32>(product_1), words.x1[k], key_0);
      words.x2[k] = hn::Xor3(hn::ShiftRight<32>(product_0), words.x3[k], key_1);
      words.x1[k] = product_1;
      words.x3[k] = product_0;
    }
  }
  const Units key_0 = hn::Set(d, stream.keys_0[9] << 32);
  const Units key_1 = hn::Set(d, stream.keys_1[9] << 32);
  for (int k = 0; k < kVectors; ++k) {
    even[k] = hn::Xor3(low_product(words.x2[k], factor_1), hn::ShiftLeft<32>(words.x1[k]), key_0);
    odd[k] = hn::Xor3(low_product(words.x0[k], factor_0), hn::ShiftLeft<32>(words.x3[k]), key_1);
  }
}

// Of any counters.
template <int kVectors>
HWY_INLINE void philox_units(const PhiloxStream& stream, const Units* counters, Units* even,
                             Units* odd) {
  const UnitLanes d;
  PhiloxWords<kVectors> words;
  for (int k = 0; k < kVectors; ++k) {
    words.x0[k] = counters[k];
    words.x1[k] = hn::ShiftRight<32>(counters[k]);
    words.x2[k] = hn::Set(d, stream.stream_low);
    words.x3[k] = hn::Set(d, stream.stream_high);
  }
  philox_rounds<kVectors>(stream, 0, words, even, odd);
}

// What the first two rounds have in common where the counters' high words are `high`.
struct PhiloxStart {
  std::uint64_t second = 0;                        // after round 0
  std::uint64_t first = 0, third = 0, fourth = 0;  // after round 1
};
HWY_INLINE PhiloxStart philox_start(const PhiloxStream& stream, std::uint64_t high) {
  const std::uint64_t product_1 = stream.stream_low * philox_factor_1;
  const std::uint64_t x0 = (product_1 >> 32) ^ high ^ stream.keys_0[0];
  const std::uint64_t product_0 = x0 * philox_factor_0;
  return {.second = stream.stream_high ^ stream.keys_1[0],
          .first = (product_1 & low_word) ^ stream.keys_0[1],
          .third = (product_0 >> 32) ^ stream.keys_1[1],
          .fourth = product_0 & low_word};
}

// Of counters with one high word.
template <int kVectors>
HWY_INLINE void philox_units(const PhiloxStream& stream, const PhiloxStart& start,
                             const Units* counters, Units* even, Units* odd) {
  const UnitLanes d;
  const Units factor_0 = hn::Set(d, philox_factor_0);
  const Units factor_1 = hn::Set(d, philox_factor_1);
  PhiloxWords<kVectors> words;
  for (int k = 0; k < kVectors; ++k) {
    const Units product_0 = low_product(counters[k], factor_0);
    const Units x2 = hn::Xor(hn::ShiftRight<32>(product_0), hn::Set(d, start.second));
    const Units product_1 = low_product(x2, factor_1);
    words.x0[k] = hn::Xor(hn::ShiftRight<32>(product_1), hn::Set(d, start.first));
    words.x1[k] = product_1;
    words.x2[k] = hn::Xor(product_0, hn::Set(d, start.third));
    words.x3[k] = hn::Set(d, start.fourth);
  }
  philox_rounds<kVectors>(stream, 2, words, even, odd);
}

HWY_INLINE Units splitmix_units(Units state) {
  const UnitLanes d;
  Units z = hn::Mul(hn::Xor(state, hn::ShiftRight<30>(state)), hn::Set(d, 0xbf58476d1ce4e5b9U));
  z = hn::Mul(hn::Xor(z, hn::ShiftRight<27>(z)), hn::Set(d, 0x94d049bb133111ebU));
  return hn::Xor(z, hn::ShiftRight<31>(z));
}

// Consecutive units of a stream, from an even one on, of Philox's blocks of one high word. Even
// lanes hold the first half of the blocks and odd lanes the second, so that interleaving the
// blocks' units leaves them in order.
class PhiloxRun {
 public:
  HWY_INLINE PhiloxRun(const PhiloxKey& key, std::uint64_t first)
      : stream_(philox_stream(key)),
        start_(philox_start(stream_, first / 2 >> 32)),
        step_(hn::Set(UnitLanes(), std::uint64_t{hn::Lanes(UnitLanes())})) {
    const UnitLanes d;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN std::uint64_t counters[hn::MaxLanes(d)];
    for (std::size_t k = 0; k < lanes; ++k) counters[k] = first / 2 + k / 2 + k % 2 * (lanes / 2);
    counter_ = hn::Load(d, counters);
  }
  template <int kVectors>  // of blocks
  HWY_INLINE void next(Units* units) {
    Units blocks[kVectors];
    Units even[kVectors];
    Units odd[kVectors];
    for (Units& block : blocks) {
      block = counter_;
      counter_ = counter_ + step_;
    }
    philox_units<kVectors>(stream_, start_, blocks, even, odd);
    for (int k = 0; k < kVectors; ++k) {
#if HWY_TARGET == HWY_SCALAR
      units[2 * k] = even[k];
      units[2 * k + 1] = odd[k];
#else
      units[2 * k] = hn::InterleaveLower(UnitLanes(), even[k], odd[k]);
      units[2 * k + 1] = hn::InterleaveUpper(UnitLanes(), even[k], odd[k]);
#endif
    }
  }

 private:
  PhiloxStream stream_;
  PhiloxStart start_;
  Units counter_, step_;
};

class SplitMixRun {
 public:
  HWY_INLINE SplitMixRun(const UnitSource& source, std::uint64_t first) {
    const UnitLanes d;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN std::uint64_t states[hn::MaxLanes(d)];
    for (std::size_t i = 0; i < lanes; ++i)
      states[i] = source.start + (first + 1 + i) * source.step;
    now_ = hn::Load(d, states);
    step_ = hn::Set(d, std::uint64_t{lanes} * source.step);
  }
  template <std::size_t kVectors>
  HWY_INLINE void next(Units (&units)[kVectors]) {
    for (Units& unit : units) {
      unit = splitmix_units(now_);
      now_ = now_ + step_;
    }
  }

 private:
  Units now_, step_;
};

// In memory the fields of a unit stand in their order, the first, which is the highest, first.
class FieldOrder {
 public:
  explicit FieldOrder(int width) {
    const std::size_t bytes = static_cast<std::size_t>(width) / 8;
    for (std::size_t i = 0; i < 16; ++i)
      pattern_[i] =
          static_cast<std::uint8_t>(i / 8 * 8 + 8 - bytes - i % 8 / bytes * bytes + i % bytes);
  }
  [[nodiscard]] HWY_INLINE Units ordered(Units units) const {
    const UnitLanes d;
#if HWY_TARGET == HWY_SCALAR || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    // Big-endian memory has them in order; else a byte at a time.
    HWY_ALIGN std::uint64_t numbers[hn::MaxLanes(d)];
    hn::Store(units, d, numbers);
    for (std::uint64_t& number : numbers) number = ordered(number);
    return hn::Load(d, numbers);
#else
    const hn::Repartition<std::uint8_t, UnitLanes> bytes;
    const auto order = hn::LoadDup128(bytes, pattern_);
    return hn::BitCast(d, hn::TableLookupBytes(hn::BitCast(bytes, units), order));
#endif
  }
  HWY_INLINE void store(Units units, std::uint64_t* out) const {
    hn::StoreU(ordered(units), UnitLanes(), out);
  }
  [[nodiscard]] std::uint64_t ordered(std::uint64_t unit) const {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return unit;
#else
    std::uint64_t result = 0;
    for (int i = 0; i < 8; ++i) result |= (unit >> (8 * pattern_[i]) & 0xff) << (8 * i);
    return result;
#endif
  }

 private:
  HWY_ALIGN std::uint8_t pattern_[16];
};

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#endif  // HALFULP_EMULATOR_KERNELS_RANDOM_LANES_H
