// SPDX-License-Identifier: MIT
//
// Results depend on nothing but the description and the numbers: not on lengths and alignment, on
// how an array is split, on threads, or on the caller's floating-point environment; and nothing
// outside the arrays is touched.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <bit>
#include <cfenv>
#include <cstring>
#include <numeric>
#include <vector>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "emulator/arrays/packing.h"
#include "emulator/arrays/random_bits.h"
#include "emulator/engine.h"
#include "emulator/environment.h"
#include "emulator/instruction_set.h"
#include "emulator/parallel.h"
#include "formats/error.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

const Engine& emulated() { return emulator::engine(); }

std::vector<float> draw_floats(std::size_t count, std::uint64_t seed) {
  sampling::Stream stream(seed);
  const Format format = find_format("binary32");
  std::vector<float> numbers(count);
  for (float& x : numbers) {
    x = std::bit_cast<float>(static_cast<std::uint32_t>(sampling::draw_code(format, stream)));
  }
  return numbers;
}

std::vector<double> draw_doubles(std::size_t count, std::uint64_t seed) {
  sampling::Stream stream(seed);
  const Format format = find_format("binary64");
  std::vector<double> numbers(count);
  for (double& x : numbers) {
    x = std::bit_cast<double>(static_cast<std::uint64_t>(sampling::draw_code(format, stream)));
  }
  return numbers;
}

template <typename Real>
bool same_bits(std::span<const Real> a, std::span<const Real> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

Plan plan_of(const char* format, Mode mode, int random_bits = 32) {
  return emulated().prepare(
      {.format = find_format(format),
       .rounding = {.mode = mode, .overflow = {}, .random_bits = random_bits}});
}

class OnEachInstructionSet : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { emulator::force_instruction_set(GetParam()); }
  void TearDown() override { emulator::force_instruction_set(""); }
};

INSTANTIATE_TEST_SUITE_P(, OnEachInstructionSet, testing::ValuesIn(emulator::instruction_sets()),
                         [](const auto& info) { return info.param; });

// Every length and start: elements are what they are in the whole array, and guards stay.
TEST_P(OnEachInstructionSet, TailsAndUnalignedStartsAreExact) {
  const std::vector<float> numbers = draw_floats(80, 1);
  std::vector<float> whole(numbers.size());
  const Plan plan = plan_of("float8_e4m3fn", Mode::nearest_even);
  emulated().round(view_of(std::span(numbers)), plan, {}, view_of(std::span(whole)), nullptr);
  const Plan codes_plan = plan_of("float6_e2m3fn", Mode::toward_zero);
  for (std::size_t start = 0; start < 5; ++start) {
    for (std::size_t length = 0; length <= 67; ++length) {
      std::vector<float> out(80, -3.5F);
      emulated().round(view_of(std::span(numbers).subspan(start, length)), plan, {},
                       view_of(std::span(out).subspan(start, length)), nullptr);
      for (std::size_t i = 0; i < out.size(); ++i) {
        const bool inside = i >= start && i < start + length;
        const float expected = inside ? whole[i] : -3.5F;
        ASSERT_EQ(std::bit_cast<std::uint32_t>(out[i]), std::bit_cast<std::uint32_t>(expected))
            << "length " << length << " start " << start << " element " << i;
      }
      std::vector<std::uint8_t> bytes(80, 0x5A);
      const std::size_t used = packed_bytes(codes_plan.quantizer.format, length);
      emulated().encode(view_of(std::span(numbers).subspan(start, length)), codes_plan, {},
                        std::span(bytes).subspan(start), nullptr);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i < start || i >= start + used) {
          ASSERT_EQ(bytes[i], 0x5A) << i;
        }
      }
    }
  }
}

TEST_P(OnEachInstructionSet, ProductsOfAnyWidthStayWithinTheirArrays) {
  const std::vector<double> a = draw_doubles(7 * 9, 2);
  for (const Order order : {Order::sequential, Order::eight_sums}) {
    const DotPlan dot =
        emulated().prepare_dot(DotUnit{.order = order, .product = {}, .accumulator = {}});
    const std::vector<double> b = draw_doubles(9 * 40, 3);
    std::vector<double> whole(7 * 40);
    emulated().multiply(view_of(a.data(), 7, 9), view_of(b.data(), 9, 40), dot, {},
                        view_of(whole.data(), 7, 40));
    for (std::size_t columns = 1; columns <= 40; ++columns) {
      std::vector<double> out(7 * 40, -3.5);
      const View part{b.data(), Carrier::binary64, 9, columns, 40};
      const MutableView place{out.data(), Carrier::binary64, 7, columns, 40};
      emulated().multiply(view_of(a.data(), 7, 9), part, dot, {}, place);
      for (std::size_t i = 0; i < out.size(); ++i) {
        const double expected = i % 40 < columns ? whole[i] : -3.5;
        ASSERT_EQ(std::bit_cast<std::uint64_t>(out[i]), std::bit_cast<std::uint64_t>(expected))
            << columns << " columns, element " << i;
      }
    }
  }
}

// Positions that wrap around, cross the halves of Philox's counter, and have odd strides.
void check_draws(const Random& random) {
  std::array<std::uint32_t, emulator::draw_segment> words;
  std::array<std::uint64_t, emulator::draw_segment> wide;
  for (const std::uint64_t first :
       {std::uint64_t{0}, std::uint64_t{3}, ~std::uint64_t{0} - 0xfffffffe - 5,
        std::uint64_t{1} << 34, (std::uint64_t{1} << 36) - 0xfffffffe - 7}) {
    for (const std::uint64_t stride : {1, 2, 14}) {
      for (const std::size_t count : {1, 2, 5, 17, 256}) {
        for (const int bits : {1, 8, 9, 16, 17, 32}) {
          emulator::draw(random, bits, {first, stride, count}, words.data());
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(words[i], random.bits(first + i * stride, bits))
                << first << " " << stride << " " << i << " " << bits;
          }
        }
        for (const int bits : {1, 7, 8, 10, 16, 31, 33, 64}) {
          emulator::draw(random, bits, {first, stride, count}, wide.data());
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(wide[i], random.bits(first + i * stride, bits)) << bits << " bits, " << i;
          }
        }
      }
    }
  }
}

TEST_P(OnEachInstructionSet, DrawsAreThoseOfTheDefinition) {
  for (const Generator generator : {Generator::philox4x32_10, Generator::splitmix64}) {
    for (const std::uint64_t stream : {0, 77}) {
      SCOPED_TRACE(std::string(name_of(generator)) + " stream " + std::to_string(stream));
      check_draws({.seed = 0x123456789abcdef0,
                   .stream = stream,
                   .offset = 0xfffffffe,
                   .generator = generator});
    }
  }
}

// Nothing is written behind the last of any number of draws.
TEST_P(OnEachInstructionSet, DrawsStayWithinTheirArrays) {
  for (const Generator generator : {Generator::philox4x32_10, Generator::splitmix64}) {
    const Random random{.seed = 1, .stream = 2, .generator = generator};
    for (std::size_t count = 0; count <= 40; ++count) {
      std::array<std::uint32_t, 48> words;
      std::array<std::uint64_t, 48> wide;
      words.fill(0x5A5A5A5A);
      wide.fill(0x5A5A5A5A);
      emulator::draw(random, 4 + static_cast<int>(count % 29), {count % 3, 1, count}, words.data());
      emulator::draw(random, 4 + static_cast<int>(count), {count % 5, 1, count}, wide.data());
      for (std::size_t i = count; i < words.size(); ++i) {
        ASSERT_EQ(words[i], 0x5A5A5A5A) << count;
        ASSERT_EQ(wide[i], 0x5A5A5A5A) << count;
      }
    }
  }
}

// Beyond the caches an array is stored past them, from the first whole vector on.
TEST_P(OnEachInstructionSet, LargeArraysGiveTheBitsOfSmallOnes) {
  constexpr std::size_t count = (std::size_t{1} << 22) + 77;
  const std::vector<float> numbers = draw_floats(count, 6);
  const Plan plan = plan_of("float8_e4m3fn", Mode::stochastic, 16);
  Random random{.seed = 4, .stream = 2, .offset = 11};
  std::vector<float> whole(count + 3);
  emulated().round(view_of(std::span(numbers)), plan, random, view_of(std::span(whole).subspan(3)),
                   nullptr);
  std::vector<float> parts(count);
  for (std::size_t begin = 0; begin < count; begin += 1001) {
    const std::size_t length = std::min<std::size_t>(1001, count - begin);
    random.offset = 11 + begin;
    emulated().round(view_of(std::span(numbers).subspan(begin, length)), plan, random,
                     view_of(std::span(parts).subspan(begin, length)), nullptr);
  }
  whole.erase(whole.begin(), whole.begin() + 3);
  EXPECT_TRUE(same_bits<float>(whole, parts));
}

// A caller that splits an array passes the offset.
TEST_P(OnEachInstructionSet, SplitArraysGiveTheSameBits) {
  const std::vector<float> numbers = draw_floats(15000, 4);
  for (const int random_bits : {3, 8, 9, 16, 17, 32, 48}) {
    const Plan plan = plan_of("bfloat16", Mode::stochastic, random_bits);
    std::vector<float> whole(numbers.size());
    Random random{.seed = 1, .stream = 2, .offset = 0};
    if (random_bits % 2 != 0 || random_bits == 48) random.generator = Generator::splitmix64;
    emulated().round(view_of(std::span(numbers)), plan, random, view_of(std::span(whole)), nullptr);
    std::vector<float> parts(numbers.size());
    for (std::size_t begin = 0; begin < numbers.size();) {
      const std::size_t count = std::min<std::size_t>(1 + begin / 3, numbers.size() - begin);
      random.offset = begin;
      emulated().round(view_of(std::span(numbers).subspan(begin, count)), plan, random,
                       view_of(std::span(parts).subspan(begin, count)), nullptr);
      begin += count;
    }
    EXPECT_TRUE(same_bits<float>(whole, parts)) << random_bits;
  }
}

TEST_P(OnEachInstructionSet, InPlaceIsTheSame) {
  const std::vector<double> a = draw_doubles(700, 5);
  std::vector<double> b = draw_doubles(700, 6);
  const Plan plan = plan_of("float8_e5m2", Mode::nearest_even);
  std::vector<double> out(700);
  const std::array<View, 2> in{view_of(std::span(a)), view_of(std::span<const double>(b))};
  emulated().map(Op::multiply, in, plan, {}, view_of(std::span(out)), nullptr);
  emulated().map(Op::multiply, in, plan, {}, view_of(std::span(b)), nullptr);
  EXPECT_TRUE(same_bits<double>(out, b));
}

// What one call of everything gives, as bytes.
std::vector<double> everything() {
  const std::vector<double> numbers = draw_doubles(200, 7);
  const std::vector<float> floats = draw_floats(200, 8);
  std::vector<double> results;
  std::vector<double> out(200);
  const auto keep = [&] { results.insert(results.end(), out.begin(), out.end()); };
  for (const char* format : {"binary16", "bfloat16", "float8_e4m3fn", "binary32"}) {
    for (const Mode mode : {Mode::nearest_even, Mode::toward_positive, Mode::stochastic}) {
      const Plan plan = plan_of(format, mode, 20);
      emulated().round(view_of(std::span(numbers)), plan, {}, view_of(std::span(out)), nullptr);
      keep();
      emulated().round(view_of(std::span(floats)), plan, {}, view_of(std::span(out)), nullptr);
      keep();
      for (const Op op : {Op::add, Op::multiply, Op::divide}) {
        const std::array<View, 2> in{view_of(std::span(floats)),
                                     view_of(std::span(floats).last(200))};
        emulated().map(op, in, plan, {}, view_of(std::span(out)), nullptr);
        keep();
      }
      const DotPlan dot =
          emulated().prepare_dot(DotUnit{.product = {}, .accumulator = plan.quantizer});
      emulated().multiply(view_of(numbers.data(), 10, 20), view_of(numbers.data(), 20, 10), dot, {},
                          view_of(out.data(), 10, 10));
      keep();
    }
  }
  for (const Order order : {Order::sequential, Order::eight_sums}) {
    const DotPlan dot =
        emulated().prepare_dot(DotUnit{.order = order, .product = {}, .accumulator = {}});
    emulated().multiply(view_of(numbers.data(), 10, 20), view_of(numbers.data(), 20, 10), dot, {},
                        view_of(out.data(), 10, 10));
    keep();
  }
  return results;
}

TEST_P(OnEachInstructionSet, TheCallersEnvironmentDoesNotMatter) {
  const std::vector<double> expected = everything();
  for (const int direction : {FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    ASSERT_EQ(std::fesetround(direction), 0);
    const std::vector<double> results = everything();
    EXPECT_EQ(std::fegetround(), direction);
    std::fesetround(FE_TONEAREST);
    EXPECT_TRUE(same_bits<double>(expected, results)) << "direction " << direction;
  }
#if defined(__SSE2__)
  constexpr unsigned flush_and_denormals_zero = 0x8040;
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | flush_and_denormals_zero);
  const std::vector<double> results = everything();
  EXPECT_EQ(_mm_getcsr() & flush_and_denormals_zero, flush_and_denormals_zero);
  _mm_setcsr(saved);
  EXPECT_TRUE(same_bits<double>(expected, results)) << "flush-to-zero, denormals-are-zero";
#endif
}

TEST(Environment, RestoresStatusFlags) {
  std::feclearexcept(FE_ALL_EXCEPT);
  everything();
  EXPECT_EQ(std::fetestexcept(FE_ALL_EXCEPT), 0);
}

// (1 + 2^-30)^2 - (1 + 2^-29) is 2^-60 fused, 0 in two roundings.
TEST(Environment, MultiplicationAndAdditionAreNotFused) {
  EXPECT_EQ(emulator::multiply_then_add(1 + 0x1p-30, 1 + 0x1p-30, -(1 + 0x1p-29)), 0.0);
}

TEST(InstructionSet, ForcesWhatThereIsAndRefusesTheRest) {
  const std::vector<std::string> sets = emulator::instruction_sets();
  ASSERT_FALSE(sets.empty());
  for (const std::string& name : sets) {
    emulator::force_instruction_set(name);
    EXPECT_EQ(emulator::instruction_set(), name);
  }
  emulator::force_instruction_set("");
  EXPECT_EQ(emulator::instruction_set(), sets.front());
  EXPECT_THROW(emulator::force_instruction_set("abacus"), Error);
}

TEST(Parallel, ChunksCoverEverythingOnceWithTheSameBounds) {
  for (const int threads : {0, 1, 2, 3}) {
    std::vector<std::atomic<int>> touched(1003);
    emulator::for_each_chunk(1003, 100, threads, [&](std::size_t begin, std::size_t end) {
      EXPECT_EQ(begin % 100, 0U);
      EXPECT_EQ(end, std::min<std::size_t>(begin + 100, 1003));
      for (std::size_t i = begin; i < end; ++i) ++touched[i];
    });
    for (const std::atomic<int>& count : touched) EXPECT_EQ(count, 1);
    std::vector<std::atomic<int>> tasks(17);
    emulator::for_each_task(17, threads, [&](std::size_t index) { ++tasks[index]; });
    for (const std::atomic<int>& count : tasks) EXPECT_EQ(count, 1);
  }
  emulator::for_each_chunk(0, 1, 2, [](std::size_t, std::size_t) { FAIL(); });
}

TEST(Parallel, ExceptionsReachTheCaller) {
  for (const int threads : {1, 2}) {
    EXPECT_THROW(emulator::for_each_task(100, threads,
                                         [](std::size_t index) {
                                           if (index == 7) throw Error("stop");
                                         }),
                 Error);
  }
}

TEST(Packing, RoundTripsEveryWidth) {
  sampling::Stream stream(9);
  for (const int width : {4, 6, 8, 16, 32, 64}) {
    for (const std::size_t count : {1, 3, 4, 5, 8, 63, 256}) {
      std::vector<std::uint64_t> codes(count);
      for (std::uint64_t& code : codes) code = stream.bits(width);
      std::vector<std::uint8_t> bytes((count * static_cast<std::size_t>(width) + 7) / 8 + 1, 0xEE);
      emulator::pack_codes(std::span<const std::uint64_t>(codes), width, bytes.data());
      EXPECT_EQ(bytes.back(), 0xEE);
      std::vector<std::uint64_t> back(count);
      emulator::unpack_codes(bytes.data(), width, back);
      EXPECT_EQ(back, codes) << width << " bits, " << count << " codes";
    }
  }
}

}  // namespace
}  // namespace halfulp
