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

template <std::size_t kVectors>
HWY_INLINE void store_in_order(const Units (&units)[kVectors], const FieldOrder& order,
                               std::uint64_t* out) {
  for (std::size_t k = 0; k < kVectors; ++k)
    order.store(units[k], out + k * hn::Lanes(UnitLanes()));
}

// From an even unit on, of blocks with one high word.
void philox_run(const PhiloxKey& key, std::uint64_t first, std::size_t count,
                const FieldOrder& order, std::uint64_t* out) {
  const std::size_t lanes = hn::Lanes(UnitLanes());
  PhiloxRun run(key, first);
  const std::size_t twice = count / (4 * lanes) * (4 * lanes);
  store_vectors(twice, 4 * lanes, out, [&](std::uint64_t* to) HWY_ATTR {
    Units units[4];
    run.next<2>(units);
    store_in_order(units, order, to);
  });
  store_vectors(count - twice, 2 * lanes, out + twice, [&](std::uint64_t* to) HWY_ATTR {
    Units units[2];
    run.next<1>(units);
    store_in_order(units, order, to);
  });
}

void splitmix_run(const UnitSource& source, std::uint64_t first, std::size_t count,
                  const FieldOrder& order, std::uint64_t* out) {
  SplitMixRun run(source, first);
  store_vectors(count, hn::Lanes(UnitLanes()), out, [&](std::uint64_t* to) HWY_ATTR {
    Units units[1];
    run.next(units);
    store_in_order(units, order, to);
  });
}

void consecutive_units(const UnitSource& source, std::uint64_t first, std::size_t count, int width,
                       std::uint64_t* out) {
  const FieldOrder order(width);
  if (source.generator == Generator::splitmix64)
    return splitmix_run(source, first, count, order, out);
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
