// SPDX-License-Identifier: MIT
//
// Arithmetic on arrays of binary32 (kernels/array_operate.h) against the reference: where two
// roundings would go wrong, every mode, overflow rule and NaN rule, any length and alignment, in
// place, on every instruction set of the machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

constexpr std::array arithmetic{Op::add,    Op::subtract,           Op::multiply,
                                Op::divide, Op::fused_multiply_add, Op::square_root};

std::vector<Format> formats() {
  std::vector<Format> list;
  for (const char* name : {"binary16", "bfloat16", "tf32", "float8_e4m3fn", "float8_e5m2",
                           "float8_e4m3fnuz", "float4_e2m1fn", "int8", "uint8"})
    list.push_back(find_format(name));
  // Results have one bit more than these leave, and two.
  for (const int t : {20, 21, 22})
    list.push_back(cases::custom(
        "e8",
        Float{
            .exponent_bits = 8, .fraction_bits = t, .bias = 127, .nan_codes = (Code{1} << t) - 1}));
  return list;
}

using Operands = std::array<std::vector<float>, 3>;

std::vector<View> views(Op op, const Operands& x) {
  std::vector<View> list;
  for (int k = 0; k < arity(op); ++k) list.push_back(view_of(std::span<const float>(x[k])));
  return list;
}

std::vector<float> mapped(const Engine& engine, Op op, const Operands& x, const Plan& plan) {
  std::vector<float> out(x[0].size());
  engine.map(op, views(op, x), plan, {.seed = 5}, view_of(std::span(out)), nullptr);
  return out;
}

class ArrayOperations : public testing::Test {
 protected:
  void TearDown() override { emulator::force_instruction_set(""); }

  // On every instruction set.
  static void compare(Op op, const Operands& x, const Quantizer& q) {
    const std::vector<float> theirs =
        mapped(reference::engine(), op, x, reference::engine().prepare(q));
    const Plan plan = emulator::engine().prepare(q);
    for (const std::string& set : emulator::instruction_sets()) {
      emulator::force_instruction_set(set);
      const std::vector<float> ours = mapped(emulator::engine(), op, x, plan);
      for (std::size_t i = 0; i < theirs.size(); ++i) {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(ours[i]), std::bit_cast<std::uint32_t>(theirs[i]))
            << name_of(op) << " " << cases::describe(q) << " on " << set << std::hexfloat << ": "
            << x[0][i] << " " << x[1][i] << " " << x[2][i] << " gives " << theirs[i]
            << ", emulator " << ours[i];
      }
    }
  }
};

float drawn(const Format& format, sampling::Stream& stream) {
  static const Format binary32 = find_format("binary32");
  if (stream.bits(1) != 0)
    return std::bit_cast<float>(
        static_cast<std::uint32_t>(sampling::draw_carrier_code(format, binary32, stream)));
  return static_cast<float>(to_double(decode(format, sampling::draw_code(format, stream))));
}

Operands drawn_operands(const Format& format, std::size_t count, sampling::Stream& stream) {
  Operands x;
  for (std::vector<float>& numbers : x) {
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(drawn(format, stream));
  }
  for (std::size_t i = 0; i < count; ++i) {
    // Sums that cancel, wholly or nearly; infinities that meet.
    if (i % 8 == 1) x[1][i] = -x[0][i];
    if (i % 8 == 2) x[1][i] = -std::nextafter(x[0][i], 0.0F);
    if (i % 8 == 3) x[2][i] = -x[0][i] * x[1][i];
    if (i % 8 == 4) x[2][i] = std::ldexp(x[2][i], -60);
  }
  return x;
}

TEST_F(ArrayOperations, AgreeWithTheReferenceInAllModes) {
  sampling::Stream stream(31);
  std::size_t turn = 0;
  const auto& presets = overflow_presets();
  for (const Format& format : formats()) {
    for (const Mode mode : all_modes()) {
      Quantizer q{.format = format,
                  .rounding = {.mode = mode, .overflow = presets[turn % presets.size()].rule}};
      q.rounding.random_bits = 7;
      q.rounding.nan = static_cast<NanRule>(turn % nan_presets().size());
      q.rounding.flush_inputs = turn % 5 == 4;
      ++turn;
      const Operands x = drawn_operands(format, 150, stream);
      for (const Op op : arithmetic) compare(op, x, q);
      if (HasFatalFailure()) return;
    }
  }
}

// Operands whose results rounded to binary32 and then to the format would be wrong.
TEST_F(ArrayOperations, RoundOnce) {
  const auto of = [](std::vector<float> a, std::vector<float> b, std::vector<float> c) {
    return Operands{std::move(a), std::move(b), std::move(c)};
  };
  // Fused, beyond the middle by less than binary32 sees: binary16 39c0 c3fe 07fe; 192 * 192 +
  // 2^-16 in e5m2; 1.0625^2 + 2^-100 in bfloat16; and the same with the middle missed from below.
  const Operands fused =
      of({0x1.7p-1F, 192, 1.0625F, 1.0625F, 192}, {-0x1.ff8p1F, 192, 1.0625F, 1.0625F, 192},
         {0x1.ff8p-14F, 0x1p-16F, 0x1p-100F, -0x1p-100F, -0x1p-16F});
  // Products next to the middle of bfloat16's subnormals, out of binary32's range.
  const Operands products = of(
      {0x1.0001p-60F, 0x1.fffep-60F, 0x1p-75F, 0x1p-100F, 0x1p-74F, 0x1p-149F},
      {0x1.0001p-74F, 0x1.0001p-75F, 0x1p-75F, 0x1p-100F, 0x1p-75F, 0x1p-149F}, {0, 0, 0, 0, 0, 0});
  // Operands that are no numbers of the format: a sum of 36 bits next to a middle, quotients and
  // roots that are, and overflows of binary32.
  const Operands wide =
      of({0x1.008p0F, 0x1.01p0F, 0x1.808001p0F, 0x1.fffffep127F, 0x1.fffffep127F, 0x1p127F,
          0x1.002001p0F},
         {0x1p-36F, -0x1p-40F, 0x1.000002p0F, 0x1.fffffep127F, 0x1p-149F, 0x1p127F, 0x1.fffffep-1F},
         {0x1p-40F, 0x1p-36F, -0x1p-149F, 0x1p127F, 0x1p-20F, -0x1p127F, 1});
  const Operands zeros =
      of({0, -0.0F, 0, -0.0F, 1, -1, 0x1p-149F, -0x1p-149F},
         {0, -0.0F, -0.0F, 0, -1, 1, 0x1p-149F, 0x1p-149F}, {0, -0.0F, 0, 0, 1, -0.0F, -0.0F, 0});
  for (const char* name : {"binary16", "bfloat16", "float8_e5m2", "float8_e4m3fn", "tf32"}) {
    for (const Mode mode : all_modes()) {
      const Quantizer q{.format = find_format(name), .rounding = {.mode = mode, .overflow = {}}};
      for (const Operands* x : {&fused, &products, &wide, &zeros}) {
        for (const Op op : arithmetic) compare(op, *x, q);
      }
      if (HasFatalFailure()) return;
    }
  }
}

// Every pair of numbers of the format.
TEST_F(ArrayOperations, AllPairsOfNarrowNumbers) {
  for (const char* name : {"float8_e4m3fn", "float8_e5m2"}) {
    const Format format = find_format(name);
    Operands x;
    for (Code a = 0; a < 256; ++a) {
      for (Code b = 0; b < 256; ++b) {
        x[0].push_back(static_cast<float>(to_double(decode(format, a))));
        x[1].push_back(static_cast<float>(to_double(decode(format, b))));
        x[2].push_back(x[(a + b) % 2][a * 256 + (b * 7) % (b + 1)]);
      }
    }
    for (const Op op : arithmetic) compare(op, x, {.format = format, .rounding = {}});
    if (HasFatalFailure()) return;
  }
}

// Lengths up to several vectors, from any float on, into an array of another alignment; and in the
// place of an operand, by rows with gaps.
TEST_F(ArrayOperations, AnyLengthAnywhere) {
  sampling::Stream stream(32);
  for (const char* name : {"binary16", "bfloat16", "float8_e4m3fn", "int8"}) {
    for (const Mode mode : {Mode::nearest_even, Mode::toward_negative}) {
      const Quantizer q{.format = find_format(name), .rounding = {.mode = mode, .overflow = {}}};
      const Plan plan = emulator::engine().prepare(q);
      const Plan reference_plan = reference::engine().prepare(q);
      for (std::size_t length = 0; length < 1200; length = length * 5 / 4 + 1) {
        const Op op = arithmetic[stream.below(arithmetic.size())];
        Operands x = drawn_operands(q.format, length + 16, stream);
        std::vector<View> in;
        for (int k = 0; k < arity(op); ++k)
          in.push_back(view_of(std::span<const float>(x[k]).subspan(stream.below(16), length)));
        std::vector<float> want(length);
        reference::engine().map(op, in, reference_plan, {}, view_of(std::span(want)), nullptr);
        const std::size_t to = stream.below(16);
        std::vector<float> out(to + length + 1, -7.0F);
        emulator::engine().map(op, in, plan, {}, view_of(std::span(out).subspan(to, length)),
                               nullptr);
        for (std::size_t i = 0; i < to; ++i) ASSERT_EQ(out[i], -7.0F);
        ASSERT_EQ(out[to + length], -7.0F);
        for (std::size_t i = 0; i < length; ++i)
          ASSERT_EQ(std::bit_cast<std::uint32_t>(out[to + i]),
                    std::bit_cast<std::uint32_t>(want[i]))
              << name_of(op) << " " << cases::describe(q) << " " << length;
        const MutableView own{const_cast<void*>(in.back().data), Carrier::binary32, 1, length,
                              length};
        emulator::engine().map(op, in, plan, {}, own, nullptr);
        for (std::size_t i = 0; i < length; ++i)
          ASSERT_EQ(std::bit_cast<std::uint32_t>(static_cast<const float*>(own.data)[i]),
                    std::bit_cast<std::uint32_t>(want[i]));
      }
    }
  }
}

// So long that results are stored past the caches: as in pieces, which are not.
TEST_F(ArrayOperations, LongArrays) {
  constexpr std::size_t count = (std::size_t{1} << 22) + 77;
  constexpr std::size_t piece = 50000;
  sampling::Stream stream(33);
  const Operands drawn = drawn_operands(find_format("binary16"), 4099, stream);
  Operands x;
  for (std::size_t k = 0; k < x.size(); ++k) {
    for (std::size_t i = 0; i < count; ++i) x[k].push_back(drawn[k][i % drawn[k].size()]);
  }
  for (const auto& [name, mode, op] : {std::tuple{"binary16", Mode::nearest_even, Op::add},
                                       {"bfloat16", Mode::nearest_even, Op::fused_multiply_add},
                                       {"float8_e4m3fn", Mode::nearest_even, Op::multiply},
                                       {"binary16", Mode::toward_zero, Op::divide}}) {
    const Quantizer q{.format = find_format(name), .rounding = {.mode = mode, .overflow = {}}};
    const Plan plan = emulator::engine().prepare(q);
    std::vector<float> whole(count + 3);
    emulator::engine().map(op, views(op, x), plan, {}, view_of(std::span(whole).subspan(3)),
                           nullptr);
    std::vector<float> part(piece);
    for (std::size_t from = 0; from < count; from += piece) {
      const std::size_t here = std::min(piece, count - from);
      std::vector<View> in;
      for (int k = 0; k < arity(op); ++k)
        in.push_back(view_of(std::span<const float>(x[k]).subspan(from, here)));
      emulator::engine().map(op, in, plan, {}, view_of(std::span(part).first(here)), nullptr);
      for (std::size_t i = 0; i < here; ++i)
        ASSERT_EQ(std::bit_cast<std::uint32_t>(whole[3 + from + i]),
                  std::bit_cast<std::uint32_t>(part[i]))
            << name_of(op) << " " << cases::describe(q) << " " << from + i;
    }
  }
}

}  // namespace
}  // namespace halfulp
