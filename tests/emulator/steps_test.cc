// SPDX-License-Identifier: MIT
//
// Arrays of formats of few numbers, once their plan has a table of steps: values, counts and codes
// against the reference's. `proofs narrow` goes through all patterns of binary32.
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <type_traits>
#include <vector>

#include "emulator/engine.h"
#include "emulator/internal/plan.h"
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

template <typename Real>
void round_enough_for_a_table(const Plan& plan) {
  const std::vector<Real> zeros(std::size_t{64} << bits(plan.quantizer.format));
  std::vector<Real> out(zeros.size());
  emulator::engine().round(view_of(std::span(zeros)), plan, {}, view_of(std::span(out)), nullptr);
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
  const Plan plan = emulator::engine().prepare(q);
  round_enough_for_a_table<Real>(plan);
  const emulator::CompiledPlan& ready = emulator::compiled(plan);
  const bool by_grid =
      ready.grid64() != nullptr || (sizeof(Real) == 4 && ready.grid32() != nullptr);
  if (!by_grid && !ready.keeps_fractions()) {
    ASSERT_NE(ready.steps<BitsOf<Real>>(0), nullptr) << describe(q);
  }
  const std::vector<Real> in = draw_numbers<Real>(q.format, sampling::draws(120), stream);
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

}  // namespace
}  // namespace halfulp
