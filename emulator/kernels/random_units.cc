// SPDX-License-Identifier: MIT
//
// Units of random bits in memory (random_lanes.h), as numbers or in the order of their fields.
// Random::bits in formats/random.h is the definition that the tests compare with.
#include <algorithm>
#include <cstring>

#include "emulator/kernels/kernels.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/random_units.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/random_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// In memory the fields of a unit stand in their order, the first, which is the highest, first.
class FieldOrder {
 public:
  explicit FieldOrder(int width) {
    const std::size_t bytes = static_cast<std::size_t>(width) / 8;
    for (std::size_t i = 0; i < 16; ++i)
      pattern_[i] =
          static_cast<std::uint8_t>(i / 8 * 8 + 8 - bytes - i % 8 / bytes * bytes + i % bytes);
  }
  HWY_INLINE void store(Units units, std::uint64_t* out) const {
    const UnitLanes d;
#if HWY_TARGET == HWY_SCALAR || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    // Big-endian memory has them in order; else a byte at a time.
    HWY_ALIGN std::uint64_t numbers[hn::MaxLanes(d)];
    hn::Store(units, d, numbers);
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) out[i] = ordered(numbers[i]);
#else
    const hn::Repartition<std::uint8_t, UnitLanes> bytes;
    const auto order = hn::LoadDup128(bytes, pattern_);
    hn::StoreU(hn::BitCast(d, hn::TableLookupBytes(hn::BitCast(bytes, units), order)), d, out);
#endif
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

// Whole vectors, the last of which may go beyond `count` in a place apart.
template <class Make>
HWY_INLINE void store_vectors(std::size_t count, std::size_t of_one, std::uint64_t* out,
                              const Make& make) {
  HWY_ALIGN std::uint64_t last[4 * hn::MaxLanes(UnitLanes())];
  for (std::size_t i = 0; i < count; i += of_one) {
    const bool whole = i + of_one <= count;
    make(whole ? out + i : last);
    if (!whole) std::copy_n(last, count - i, out + i);
  }
}

// Even lanes hold the first half of the blocks and odd lanes the second, so that interleaving the
// blocks' units leaves them in order.
template <int kVectors>
HWY_INLINE void store_blocks(const Units* even, const Units* odd, const FieldOrder& order,
                             std::uint64_t* out) {
  const UnitLanes d;
  for (int k = 0; k < kVectors; ++k, out += 2 * hn::Lanes(d)) {
#if HWY_TARGET == HWY_SCALAR
    order.store(even[k], out);
    order.store(odd[k], out + 1);
#else
    order.store(hn::InterleaveLower(d, even[k], odd[k]), out);
    order.store(hn::InterleaveUpper(d, even[k], odd[k]), out + hn::Lanes(d));
#endif
  }
}

// From an even unit on, of blocks with one high word.
void philox_run(const PhiloxKey& key, std::uint64_t first, std::size_t count,
                const FieldOrder& order, std::uint64_t* out) {
  const UnitLanes d;
  const std::size_t lanes = hn::Lanes(d);
  const PhiloxStream stream = philox_stream(key);
  const PhiloxStart start = philox_start(stream, first / 2 >> 32);
  HWY_ALIGN std::uint64_t counters[hn::MaxLanes(d)];
  for (std::size_t k = 0; k < lanes; ++k) counters[k] = first / 2 + k / 2 + k % 2 * (lanes / 2);
  Units counter = hn::Load(d, counters);
  const Units next = hn::Set(d, std::uint64_t{lanes});
  const std::size_t twice = count / (4 * lanes) * (4 * lanes);
  store_vectors(twice, 4 * lanes, out, [&](std::uint64_t* to) HWY_ATTR {
    const Units blocks[2] = {counter, counter + next};
    Units even[2];
    Units odd[2];
    philox_units<2>(stream, start, blocks, even, odd);
    store_blocks<2>(even, odd, order, to);
    counter = blocks[1] + next;
  });
  store_vectors(count - twice, 2 * lanes, out + twice, [&](std::uint64_t* to) HWY_ATTR {
    Units even;
    Units odd;
    philox_units<1>(stream, start, &counter, &even, &odd);
    store_blocks<1>(&even, &odd, order, to);
    counter = counter + next;
  });
}

void splitmix_run(std::uint64_t state, std::uint64_t step, std::size_t count,
                  const FieldOrder& order, std::uint64_t* out) {
  const UnitLanes d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN std::uint64_t states[hn::MaxLanes(d)];
  for (std::size_t i = 0; i < lanes; ++i) states[i] = state + i * step;
  Units now = hn::Load(d, states);
  const Units stride = hn::Set(d, std::uint64_t{lanes} * step);
  store_vectors(count, lanes, out, [&](std::uint64_t* to) HWY_ATTR {
    order.store(splitmix_units(now), to);
    now = now + stride;
  });
}

void consecutive_units(const UnitSource& source, std::uint64_t first, std::size_t count, int width,
                       std::uint64_t* out) {
  const FieldOrder order(width);
  if (source.generator == Generator::splitmix64)
    return splitmix_run(source.start + (first + 1) * source.step, source.step, count, order, out);
  if (count > 0 && first % 2 != 0) {
    *out++ = order.ordered(source.random().bits(first++, 64));
    --count;
  }
  philox_run(source.key, first, count, order, out);
}

void units_apart(const UnitSource& source, const std::uint64_t* numbers, std::size_t count,
                 std::uint64_t* out) {
  const UnitLanes d;
  const std::size_t lanes = hn::Lanes(d);
  const Units one = hn::Set(d, std::uint64_t{1});
  const PhiloxStream stream = philox_stream(source.key);
  HWY_ALIGN std::uint64_t part[hn::MaxLanes(d)] = {};
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t taken = std::min(lanes, count - i);
    std::copy_n(numbers + i, taken, part);
    const Units number = hn::Load(d, part);
    Units unit;
    if (source.generator == Generator::splitmix64) {
      unit =
          splitmix_units(hn::Set(d, source.start) + hn::Mul(number + one, hn::Set(d, source.step)));
    } else {
      const Units block = hn::ShiftRight<1>(number);
      Units odd;
      philox_units<1>(stream, &block, &unit, &odd);
      unit = hn::IfThenElse(hn::TestBit(number, one), odd, unit);
    }
    HWY_ALIGN std::uint64_t made[hn::MaxLanes(d)];
    hn::Store(unit, d, made);
    std::copy_n(made, taken, out + i);
  }
}

template <typename Field, typename Out>
void widen_fields(const std::uint64_t* units, std::size_t skipped, std::size_t count, int shift,
                  Out* out) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(units) + skipped * sizeof(Field);
  for (std::size_t i = 0; i < count; ++i) {
    Field field;
    std::memcpy(&field, bytes + i * sizeof(Field), sizeof field);
    out[i] = static_cast<Out>(static_cast<Out>(field) >> shift);
  }
}
template <typename Out>
void widen(const std::uint64_t* units, int bits, std::size_t skipped, std::size_t count, Out* out) {
  const int width = field_width(bits);
  const int shift = width - bits;
  if (width == 8) return widen_fields<std::uint8_t>(units, skipped, count, shift, out);
  if (width == 16) return widen_fields<std::uint16_t>(units, skipped, count, shift, out);
  if (width == 32) return widen_fields<std::uint32_t>(units, skipped, count, shift, out);
  if constexpr (sizeof(Out) == 8) widen_fields<std::uint64_t>(units, skipped, count, shift, out);
}
void widen_32(const std::uint64_t* units, int bits, std::size_t skipped, std::size_t count,
              std::uint32_t* out) {
  widen(units, bits, skipped, count, out);
}
void widen_64(const std::uint64_t* units, int bits, std::size_t skipped, std::size_t count,
              std::uint64_t* out) {
  widen(units, bits, skipped, count, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

UnitSource unit_source(const Random& random) {
  const SplitMix64 generator = splitmix64(random.seed, random.stream);
  return {.generator = random.generator,
          .key = {.seed = random.seed, .stream = random.stream},
          .start = generator.start,
          .step = generator.step};
}

HWY_EXPORT(consecutive_units);
HWY_EXPORT(units_apart);
HWY_EXPORT(widen_32);
HWY_EXPORT(widen_64);

// In pieces that keep to one high word of Philox's counters, and to the indices' end.
void random_units(const UnitSource& source, std::uint64_t first, std::size_t count, int width,
                  std::uint64_t* out) {
  constexpr std::uint64_t piece = std::uint64_t{1} << 33;
  const std::uint64_t last = ~std::uint64_t{0} / static_cast<std::uint64_t>(64 / width);
  while (count > 0) {
    const std::uint64_t room = piece - first % piece;
    const std::size_t taken = count < room ? count : static_cast<std::size_t>(room);
    HWY_DYNAMIC_DISPATCH(consecutive_units)(source, first, taken, width, out);
    first = (first + taken) & last;
    out += taken;
    count -= taken;
  }
}

void random_units(const UnitSource& source, const std::uint64_t* numbers, std::size_t count,
                  std::uint64_t* out) {
  HWY_DYNAMIC_DISPATCH(units_apart)(source, numbers, count, out);
}

void random_fields(const std::uint64_t* units, int bits, std::size_t skipped, std::size_t count,
                   std::uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(widen_32)(units, bits, skipped, count, out);
}
void random_fields(const std::uint64_t* units, int bits, std::size_t skipped, std::size_t count,
                   std::uint64_t* out) {
  HWY_DYNAMIC_DISPATCH(widen_64)(units, bits, skipped, count, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
