// SPDX-License-Identifier: MIT
//
// Arrays of formats of few numbers whose plan has a table of steps: values, counts and codes
// against the reference's. `proofs narrow` goes through all patterns of binary32.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <limits>
#include <type_traits>
#include <vector>

#include "emulator/arrays/plan.h"
#include "emulator/engine.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using cases::describe;
using sampling::Stream;

template <typename Real>
using BitsOf = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;

// Drawn around the format's numbers and turns, and all that is special.
template <typename Real>
std::vector<Real> draw_numbers(const Format& format, std::size_t count, Stream& stream) {
  static const Format carrier = find_format(sizeof(Real) == 4 ? "binary32" : "binary64");
  using Limits = std::numeric_limits<Real>;
  std::vector<Real> list{0,
                         Limits::denorm_min(),
                         Limits::min(),
                         Limits::max(),
                         Limits::infinity(),
                         Limits::quiet_NaN(),
                         Limits::signaling_NaN()};
  while (list.size() < count) {
    const auto code =
        static_cast<BitsOf<Real>>(sampling::draw_carrier_code(format, carrier, stream));
    list.push_back(std::bit_cast<Real>(code));
  }
  const std::size_t drawn = list.size();
  for (std::size_t i = 0; i < drawn; ++i) list.push_back(-list[i]);
  return list;
}

// Enough elements for a table.
template <typename Real>
Preparation for_many(const Format& format) {
  return {.elements = std::uint64_t{64} << bits(format),
          .carrier = sizeof(Real) == 4 ? Carrier::binary32 : Carrier::binary64};
}

struct Answer {
  std::vector<std::uint64_t> patterns;
  std::vector<std::uint8_t> codes;
  Counts counts;
  bool operator==(const Answer&) const = default;
};

template <typename Real>
Answer answer_of(const Engine& engine, const Plan& plan, const std::vector<Real>& in) {
  Answer answer;
  std::vector<Real> out(in.size());
  engine.round(view_of(std::span(in)), plan, {}, view_of(std::span(out)), &answer.counts);
  for (const Real x : out) answer.patterns.push_back(std::bit_cast<BitsOf<Real>>(x));
  answer.codes.resize(packed_bytes(plan.quantizer.format, in.size()));
  engine.encode(view_of(std::span(in)), plan, {}, answer.codes, &answer.counts);
  return answer;
}

template <typename Real>
void check(const Quantizer& q, Stream& stream) {
  const Plan plan = emulator::engine().prepare(q, for_many<Real>(q.format));
  const emulator::CompiledPlan& ready = emulator::compiled(plan);
  const bool by_grid =
      ready.grid64() != nullptr || (sizeof(Real) == 4 && ready.grid32() != nullptr);
  if (!by_grid && !ready.keeps_fractions()) {
    ASSERT_NE(ready.steps<BitsOf<Real>>(), nullptr) << describe(q);
  }
  const std::vector<Real> in = draw_numbers<Real>(q.format, sampling::draws(60), stream);
  const Answer ours = answer_of(emulator::engine(), plan, in);
  const Answer theirs = answer_of(reference::engine(), reference::engine().prepare(q), in);
  if (ours == theirs) return;
  for (std::size_t i = 0; i < in.size(); ++i) {
    ASSERT_EQ(ours.patterns[i], theirs.patterns[i])
        << describe(q) << " of " << hexadecimal_text(from_double(static_cast<double>(in[i])));
  }
  FAIL() << describe(q) << ": codes or counts differ";
}

TEST(Steps, RoundLikeTheReference) {
  constexpr int widest = 9;
  Stream stream(31);
  std::vector<Format> formats = cases::formats_up_to(widest);
  for (const Format& format : cases::logarithmic_formats()) {
    if (bits(format) <= widest) formats.push_back(format);
  }
  std::size_t turn = 0;
  for (const Format& format : formats) {
    for (int i = 0; i < 2 * mode_count; ++i) {
      const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
      if (is_stochastic(q.rounding.mode)) continue;
      if (fits_binary32(format)) check<float>(q, stream);
      if (fits_binary64(format)) check<double>(q, stream);
      if (HasFatalFailure()) return;
    }
    turn += 3;
  }
}

TEST(Steps, RoundSixteenBits) {
  Stream stream(32);
  std::size_t turn = 0;
  for (const char* name : {"posit16", "takum16", "dlfloat16", "log5.10"}) {
    for (int i = 0; i < 3; ++i) {
      const Quantizer q{.format = find_format(name), .rounding = cases::rounding(5 * turn++)};
      if (is_stochastic(q.rounding.mode)) continue;
      if (fits_binary32(q.format)) check<float>(q, stream);
      if (HasFatalFailure()) return;
    }
  }
}

// Results of arithmetic: more of them than a table waits for, so that it is used.
constexpr std::array results_of{"nf4", "posit8", "takum8", "dynamic8_signed", "hfp8_143"};

std::vector<double> draw_square(const Format& format, std::size_t side, Stream& stream) {
  std::vector<double> list = draw_numbers<double>(format, side * side / 2, stream);
  list.resize(side * side, 1);
  return list;
}

TEST(Steps, MapLikeTheReference) {
  Stream stream(33);
  std::size_t turn = 0;
  for (const char* name : results_of) {
    for (const Op op : {Op::add, Op::multiply, Op::divide, Op::square_root, Op::exp, Op::tanh}) {
      Rounding rounding = cases::rounding(turn++);
      if (is_stochastic(rounding.mode)) rounding.mode = Mode::nearest_even;
      const Quantizer q{.format = find_format(name), .rounding = rounding};
      const Plan plan = emulator::engine().prepare(q, for_many<double>(q.format));
      const std::vector<double> a = draw_square(q.format, 20, stream);
      const std::vector<double> b = draw_square(q.format, 20, stream);
      const std::vector<View> all{view_of(std::span(a)), view_of(std::span(b))};
      const auto in = std::span(all).first(static_cast<std::size_t>(arity(op)));
      std::vector<double> ours(a.size());
      std::vector<double> theirs(a.size());
      Counts counts;
      Counts wanted;
      emulator::engine().map(op, in, plan, {}, view_of(std::span(ours)), &counts);
      reference::engine().map(op, in, reference::engine().prepare(q), {},
                              view_of(std::span(theirs)), &wanted);
      for (std::size_t i = 0; i < a.size(); ++i) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(ours[i]), std::bit_cast<std::uint64_t>(theirs[i]))
            << name_of(op) << " " << describe(q) << " of " << a[i] << " " << b[i];
      }
      ASSERT_EQ(counts, wanted) << name_of(op) << " " << describe(q);
    }
  }
}

TEST(Steps, MultiplyLikeTheReference) {
  Stream stream(34);
  for (const char* name : results_of) {
    DotUnit unit;
    unit.accumulator = Quantizer{.format = find_format(name), .rounding = {}};
    constexpr std::size_t side = 24;
    const std::vector<double> a = draw_square(unit.accumulator->format, side, stream);
    const std::vector<double> b = draw_square(unit.accumulator->format, side, stream);
    std::vector<double> ours(a.size());
    std::vector<double> theirs(a.size());
    const auto product = [&](const Engine& engine, std::vector<double>& out) {
      engine.multiply(view_of(a.data(), side, side), view_of(b.data(), side, side),
                      engine.prepare_dot(unit, for_many<double>(unit.accumulator->format)), {},
                      view_of(out.data(), side, side));
    };
    product(emulator::engine(), ours);
    product(reference::engine(), theirs);
    for (std::size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(ours[i]), std::bit_cast<std::uint64_t>(theirs[i]))
          << name << " " << i;
    }
  }
}

TEST(Steps, QuantizeLikeTheReference) {
  Stream stream(35);
  const BlockFormat format = find_block_format("nf4_block64");
  std::vector<float> in(std::size_t{64} * 64);
  for (float& x : in) x = static_cast<float>(stream.bits(24)) * 0x1p-23F - 1;
  std::vector<float> ours(in.size());
  std::vector<float> theirs(in.size());
  BlockCodes codes;
  BlockCodes wanted;
  const auto quantize = [&](const Engine& engine, std::vector<float>& out, BlockCodes& to) {
    const BlockPlan plan = engine.prepare_block(format, {.elements = in.size()});
    engine.quantize(as_const(view_of(in.data(), 64, 64)), plan, {}, view_of(out.data(), 64, 64),
                    &to, nullptr);
  };
  quantize(emulator::engine(), ours, codes);
  quantize(reference::engine(), theirs, wanted);
  EXPECT_EQ(codes.elements, wanted.elements);
  for (std::size_t i = 0; i < in.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(ours[i]), std::bit_cast<std::uint32_t>(theirs[i])) << i;
  }
}

}  // namespace
}  // namespace halfulp
