// SPDX-License-Identifier: MIT
//
// Arrays of binary32 against the reference where the emulator's kernels have ways of their own: at
// every exponent the fractions around every place where bits may be cut, and around every turn of
// the narrow formats; infinities and NaNs of both signs; any alignment and length, in place, with
// counts and without; on every instruction set of the machine.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <vector>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using cases::custom;
using cases::describe;

Format ieee_float(const char* name, int exponent_bits, int fraction_bits) {
  return custom(name, Float{.exponent_bits = exponent_bits,
                            .fraction_bits = fraction_bits,
                            .bias = (1 << (exponent_bits - 1)) - 1,
                            .nan_codes = (Code{1} << fraction_bits) - 1});
}

// Narrow floats of every style, floats with the carrier's exponents, and with nearly its fraction
// or its range; fixed point.
std::vector<Format> formats() {
  std::vector<Format> list;
  for (const char* name : {"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz",
                           "float8_e3m4", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn",
                           "binary16", "bfloat16", "tf32", "int8", "int4", "uint8"}) {
    list.push_back(find_format(name));
  }
  for (int t = 1; t <= 22; t += 7) list.push_back(ieee_float("e8", 8, t));
  list.push_back(ieee_float("e6m9", 6, 9));
  list.push_back(ieee_float("e5m21", 5, 21));
  list.push_back(ieee_float("e5m22", 5, 22));
  list.push_back(ieee_float("e7m12", 7, 12));
  list.push_back(custom(
      "e8m3-saturated",
      Float{
          .exponent_bits = 8, .fraction_bits = 3, .bias = 127, .nan_codes = 8, .infinity = false}));
  list.push_back(custom("unsigned-e4m3",
                        Float{.exponent_bits = 4, .fraction_bits = 3, .bias = 7, .sign = false}));
  list.push_back(custom("e4m0", Float{.exponent_bits = 4, .bias = 7}));
  list.push_back(custom("e5m2-high", Float{.exponent_bits = 5, .fraction_bits = 2, .bias = -92}));
  list.push_back(custom("e5m2-low", Float{.exponent_bits = 5, .fraction_bits = 2, .bias = 125}));
  list.push_back(custom("q3.4", Fixed{.bits = 8, .fraction_bits = 4}));
  return list;
}

// Fractions around every place where a carrier's significand may be cut.
std::vector<std::uint32_t> fractions() {
  std::set<std::uint32_t> all{0, 0x7fffff, 0x2aaaaa, 0x555555};
  for (int place = 0; place < 23; ++place) {
    const std::uint32_t bit = std::uint32_t{1} << place;
    for (const std::uint32_t middle :
         {bit, 3 * bit, 0x7fffff - bit, 0x800000 - bit, 0x400000 + bit}) {
      for (const std::uint32_t x : {middle - 1, middle, middle + 1}) all.insert(x & 0x7fffff);
    }
  }
  return {all.begin(), all.end()};
}

// Exponents around the ends of a format's range, the subnormals' and the carrier's, and every
// seventh, with these fractions; for narrow formats numbers and middles and their neighbours.
std::vector<float> operands(const Format& format) {
  std::vector<float> list;
  const auto at = [&](Rank r) { return to_double(decode(format, code_at(format, r))); };
  const auto add = [&](std::uint32_t magnitude) {
    list.push_back(std::bit_cast<float>(magnitude));
    list.push_back(std::bit_cast<float>(magnitude | 0x80000000U));
  };
  const Range range = finite_range(format);
  const int least = 127 + std::ilogb(at(1));
  const int most = 127 + std::ilogb(at(range.highest));
  for (int field = 0; field < 256; ++field) {
    const bool at_end = field <= 1 || field >= 254 || std::abs(field - most) <= 1;
    const bool subnormal =
        field >= least - 2 && field <= least + sampling::fraction_bits_of(format);
    if (!at_end && !(subnormal && field % 3 != 0) && field % 7 != 0) continue;
    for (const std::uint32_t fraction : fractions())
      add(static_cast<std::uint32_t>(field) << 23 | fraction);
  }
  const auto around = [&](float x) {
    const auto magnitude = std::bit_cast<std::uint32_t>(std::fabs(x));
    for (const std::uint32_t m : {magnitude - 1, magnitude, magnitude + 1}) add(m & 0x7fffffff);
  };
  if (bits(format) <= 9) {
    for (Rank rank = range.lowest; rank < range.highest; ++rank) {
      around(static_cast<float>(at(rank)));
      around(static_cast<float>((at(rank) + at(rank + 1)) / 2));
    }
  }
  sampling::Stream stream(21);
  static const Format binary32 = find_format("binary32");
  for (int i = 0; i < 1000; ++i) {
    const Code code = sampling::draw_carrier_code(format, binary32, stream);
    list.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(code)));
  }
  return list;
}

void expect_same(const std::vector<float>& in, const std::vector<float>& ours,
                 const std::vector<float>& theirs, const std::string& what) {
  int failures = 0;
  for (std::size_t i = 0; i < theirs.size() && failures < 3; ++i) {
    const auto a = std::bit_cast<std::uint32_t>(ours[i]);
    const auto b = std::bit_cast<std::uint32_t>(theirs[i]);
    if (a == b) continue;
    ++failures;
    ADD_FAILURE() << what << " on " << emulator::instruction_set() << ", " << std::hex
                  << std::bit_cast<std::uint32_t>(in[i]) << ": emulator " << a << ", reference "
                  << b;
  }
}

// The n-th rounding with this mode: overflow presets, NaN rules and flushed inputs mixed.
Rounding rounding_of(Mode mode, std::size_t n) {
  const auto& presets = overflow_presets();
  Rounding r{.mode = mode, .overflow = presets[n % presets.size()].rule};
  if (n % 3 == 2) r.overflow = cases::mixed_overflow(n * 0x9e3779b97f4a7c15U >> 40);
  constexpr std::array<int, 5> widths{16, 32, 5, 24, 1};
  r.random_bits = widths[n % widths.size()];
  r.flush_inputs = n % 4 == 3;
  r.nan = static_cast<NanRule>(n * 5 % nan_presets().size());
  return r;
}

class ArrayKernels : public testing::Test {
 protected:
  void TearDown() override { emulator::force_instruction_set(""); }
};

TEST_F(ArrayKernels, RoundsLikeTheReference) {
  std::size_t turn = 0;
  for (const Format& format : formats()) {
    const std::vector<float> in = operands(format);
    const Random random{
        .seed = 3,
        .stream = 4,
        .offset = turn,
        .generator = turn % 2 == 0 ? Generator::philox4x32_10 : Generator::splitmix64};
    for (const Mode mode : all_modes()) {
      const Quantizer q{.format = format, .rounding = rounding_of(mode, turn++)};
      const Plan plan = emulator::engine().prepare(q);
      std::vector<float> theirs(in.size());
      Counts counts;
      reference::engine().round(view_of(std::span(in)), reference::engine().prepare(q), random,
                                view_of(std::span(theirs)), &counts);
      for (const std::string& set : emulator::instruction_sets()) {
        emulator::force_instruction_set(set);
        std::vector<float> ours(in.size());
        emulator::engine().round(view_of(std::span(in)), plan, random, view_of(std::span(ours)),
                                 nullptr);
        expect_same(in, ours, theirs, describe(q));
        Counts own;
        emulator::engine().round(view_of(std::span(in)), plan, random, view_of(std::span(ours)),
                                 &own);
        expect_same(in, ours, theirs, describe(q) + " with counts");
        EXPECT_EQ(own, counts) << describe(q);
      }
      if (HasFailure()) return;
    }
  }
}

// Lengths up to several vectors, from any float on, into an array of another alignment or the same.
TEST_F(ArrayKernels, RoundsAnyLengthAnywhere) {
  sampling::Stream stream(22);
  std::size_t turn = 0;
  for (const Format& format : formats()) {
    const std::vector<float> drawn = operands(format);
    const Quantizer q{.format = format,
                      .rounding = rounding_of(all_modes()[turn % mode_count], turn)};
    ++turn;
    const Plan plan = emulator::engine().prepare(q);
    const Plan reference_plan = reference::engine().prepare(q);
    for (std::size_t length = 0; length < 150; length += 1 + length / 20) {
      const std::size_t from = stream.below(16);
      const std::size_t to = stream.below(16);
      std::vector<float> in(from + length);
      for (float& x : in) x = drawn[stream.below(drawn.size())];
      const std::span<const float> operands = std::span<const float>(in).subspan(from);
      std::vector<float> theirs(length);
      const Random random{.seed = 9, .stream = 1, .offset = stream.below(40)};
      reference::engine().round(view_of(operands), reference_plan, random,
                                view_of(std::span(theirs)), nullptr);
      for (const std::string& set : emulator::instruction_sets()) {
        emulator::force_instruction_set(set);
        std::vector<float> out(to + length + 1, -7.0F);
        emulator::engine().round(view_of(operands), plan, random,
                                 view_of(std::span(out).subspan(to, length)), nullptr);
        for (std::size_t i = 0; i < to; ++i) EXPECT_EQ(out[i], -7.0F);
        EXPECT_EQ(out[to + length], -7.0F);
        out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(to));
        const std::vector<float> read(operands.begin(), operands.end());
        expect_same(read, out, theirs, describe(q));
        std::vector<float> place = in;
        const std::span<float> same = std::span(place).subspan(from);
        emulator::engine().round(view_of(same), plan, random, view_of(same), nullptr);
        expect_same(read, {same.begin(), same.end()}, theirs, describe(q) + " in place");
      }
      if (HasFailure()) return;
    }
  }
}

Quantizer stochastic(const char* format, int random_bits) {
  Quantizer q{.format = find_format(format), .rounding = {}};
  q.rounding.mode = Mode::stochastic;
  q.rounding.random_bits = random_bits;
  return q;
}

// Where counters carry into their high words, where indices begin anew, and anywhere else.
TEST_F(ArrayKernels, DrawsTheBitsOfEveryIndex) {
  sampling::Stream stream(25);
  for (const int random_bits : {1, 8, 9, 16, 17, 24}) {
    const auto in_unit = static_cast<std::uint64_t>(64 / field_width(random_bits));
    for (const char* name : {"float8_e4m3fn", "float8_e5m2", "binary16"}) {
      const Quantizer q = stochastic(name, random_bits);
      const Plan plan = emulator::engine().prepare(q);
      const Plan reference_plan = reference::engine().prepare(q);
      const std::vector<float> drawn = operands(q.format);
      for (const std::uint64_t around : {std::uint64_t{0}, (in_unit << 33), std::uint64_t{1000}}) {
        for (const Generator generator : {Generator::philox4x32_10, Generator::splitmix64}) {
          const Random random{.seed = 3,
                              .stream = stream.bits(64),
                              .offset = around - stream.below(700),
                              .generator = generator};
          std::vector<float> in(1200 + stream.below(300));
          for (float& x : in) x = drawn[stream.below(drawn.size())];
          std::vector<float> theirs(in.size());
          reference::engine().round(view_of(std::span<const float>(in)), reference_plan, random,
                                    view_of(std::span(theirs)), nullptr);
          for (const std::string& set : emulator::instruction_sets()) {
            emulator::force_instruction_set(set);
            std::vector<float> ours(in.size());
            emulator::engine().round(view_of(std::span<const float>(in)), plan, random,
                                     view_of(std::span(ours)), nullptr);
            expect_same(in, ours, theirs, cases::describe(q));
          }
          if (HasFailure()) return;
        }
      }
    }
  }
}

// Stores that go past the caches, into any place, against short arrays.
TEST_F(ArrayKernels, DrawsTheSameInLongArrays) {
  constexpr std::size_t count = (std::size_t{1} << 22) + 12345;
  const Quantizer q = stochastic("float8_e4m3fn", 16);
  const Plan plan = emulator::engine().prepare(q);
  const std::vector<float> drawn = operands(q.format);
  std::vector<float> in(count);
  for (std::size_t i = 0; i < count; ++i) in[i] = drawn[i * 7919 % drawn.size()];
  const std::span<const float> all(in);
  for (const Generator generator : {Generator::philox4x32_10, Generator::splitmix64}) {
    for (const std::size_t to : {0, 1, 5}) {
      const Random random{.seed = 3, .stream = 4, .offset = 3 * to, .generator = generator};
      std::vector<float> theirs(count);
      for (std::size_t i = 0; i < count; i += 9973) {
        Random part = random;
        part.offset += i;
        const std::size_t taken = std::min<std::size_t>(9973, count - i);
        emulator::engine().round(view_of(all.subspan(i, taken)), plan, part,
                                 view_of(std::span(theirs).subspan(i, taken)), nullptr);
      }
      std::vector<float> ours(to + count + 1, -7.0F);
      emulator::engine().round(view_of(all), plan, random,
                               view_of(std::span(ours).subspan(to, count)), nullptr);
      EXPECT_EQ(ours.back(), -7.0F);
      if (to > 0) EXPECT_EQ(ours[to - 1], -7.0F);
      ours.pop_back();
      ours.erase(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(to));
      expect_same(in, ours, theirs, cases::describe(q));
      if (HasFailure()) return;
    }
  }
}

// The instruction sets one by one, and the machine's choice, which may know one more.
std::vector<std::string> instruction_sets() {
  std::vector<std::string> list = emulator::instruction_sets();
  list.emplace_back();
  return list;
}

TEST_F(ArrayKernels, EncodesLikeTheReference) {
  sampling::Stream stream(23);
  for (const Format& format : formats()) {
    const std::vector<float> in = operands(format);
    for (std::size_t turn = 0; turn < 8; ++turn) {
      const Quantizer q{.format = format,
                        .rounding = rounding_of(turn < 6 ? Mode::nearest_even : Mode::nearest_away,
                                                stream.below(1000))};
      const Plan plan = emulator::engine().prepare(q);
      const std::size_t length = turn == 0 ? in.size() : stream.below(400);
      const std::size_t from = turn == 0 ? 0 : stream.below(in.size() - length);
      const std::span<const float> read = std::span(in).subspan(from, length);
      std::vector<std::uint8_t> theirs(packed_bytes(format, length), 0xAA);
      reference::engine().encode(view_of(read), reference::engine().prepare(q), {}, theirs,
                                 nullptr);
      theirs.push_back(0xAA);
      for (const std::string& set : instruction_sets()) {
        emulator::force_instruction_set(set);
        std::vector<std::uint8_t> ours(theirs.size(), 0xAA);
        emulator::engine().encode(view_of(read), plan, {}, ours, nullptr);
        EXPECT_EQ(ours, theirs) << describe(q) << " on " << set << ", " << length << " elements";
      }
      if (HasFailure()) return;
    }
  }
}

TEST_F(ArrayKernels, DecodesLikeTheReference) {
  sampling::Stream stream(24);
  for (const CatalogueEntry& entry : catalogue()) {
    const Format& format = entry.format;
    if (bits(format) > 8 || !fits_binary32(format)) continue;
    const Plan plan = emulator::engine().prepare({.format = format, .rounding = {}});
    const Plan reference_plan = reference::engine().prepare({.format = format, .rounding = {}});
    for (int turn = 0; turn < 8; ++turn) {
      const std::size_t length = turn == 0 ? 1024 : stream.below(300);
      const std::size_t to = stream.below(20);
      std::vector<std::uint8_t> codes(packed_bytes(format, length));
      for (std::size_t i = 0; i < codes.size(); ++i)
        codes[i] = static_cast<std::uint8_t>(turn == 0 ? i : stream.bits(8));
      std::vector<float> theirs(to + length + 1, -7.0F);
      reference::engine().decode(codes, reference_plan,
                                 view_of(std::span(theirs).subspan(to, length)));
      for (const std::string& set : instruction_sets()) {
        emulator::force_instruction_set(set);
        std::vector<float> ours(theirs.size(), -7.0F);
        emulator::engine().decode(codes, plan, view_of(std::span(ours).subspan(to, length)));
        expect_same(theirs, ours, theirs, "decode " + format.name);
      }
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace halfulp
