// SPDX-License-Identifier: MIT
//
// How far the functions of the C library of this machine are from the true results, by MPFR, and
// what becomes of the emulator's functions where that is too far. Where this machine's library does
// not hold, the entry says so and is skipped: results are right then, and slower.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "emulator/environment.h"
#include "emulator/functions/candidate.h"
#include "emulator/functions/host_library.h"
#include "formats/operation.h"
#include "tests/support/sampling.h"

namespace halfulp::emulator {
namespace {

class HostLibrary : public ::testing::TestWithParam<HostFunction> {};

// The few arguments of the probe stand for many more.
TEST_P(HostLibrary, ErrsByNoMoreThanIsTrusted) {
  constexpr std::size_t many = 10000;
  const HostFunction& f = GetParam();
  const StandardEnvironment environment;
  if (!holds(f)) {
    GTEST_SKIP() << "the C library's " << f.name << " is more than 2^-49 off: candidates of it are "
                 << "not used on this machine";
  }
  const double error = largest_error(f, 2, many);
  RecordProperty("units_of_2^-53", std::to_string(std::ldexp(error, 53)));
  EXPECT_LE(error, trusted_error) << f.name << " is " << std::ldexp(error, 53)
                                  << " units of 2^-53 off, and the probe does not show it";
}

std::vector<HostFunction> all_functions() {
  return {host_functions().begin(), host_functions().end()};
}
INSTANTIATE_TEST_SUITE_P(Functions, HostLibrary, testing::ValuesIn(all_functions()),
                         [](const auto& info) { return std::string(info.param.name); });

// A library with the precision of binary32, and one that is off in one binade of ten.
TEST(HostLibraryProbe, FindsLibrariesThatDoNotHold) {
  const StandardEnvironment environment;
  HostFunction f = host_functions().front();
  ASSERT_EQ(f.name, "exp");
  f.evaluate = [](double x, double /*y*/) { return double{std::exp(static_cast<float>(x))}; };
  EXPECT_FALSE(holds(f));
  f.evaluate = [](double x, double /*y*/) {
    const bool spoiled = std::ilogb(x) % 10 == 0;
    return std::exp(x) * (spoiled ? 1 + 0x1p-48 : 1);
  };
  EXPECT_FALSE(holds(f));
}

// Every operation's candidates, against MPFR's results of 120 bits.
TEST(Candidates, EncloseTheResults) {
  const StandardEnvironment environment;
  sampling::Stream stream(11);
  std::size_t enclosed = 0;
  for (int n = static_cast<int>(Op::exp); n < op_count; ++n) {
    const Op op = static_cast<Op>(n);
    if (op == Op::reciprocal) continue;
    for (int i = 0; i < 2000; ++i) {
      const auto number = [&](int least) {
        const double significand = 1 + std::ldexp(static_cast<double>(stream.bits(52)), -52);
        return std::ldexp(significand, least + static_cast<int>(stream.below(16)));
      };
      const double a = number(-10) * (stream.below(2) == 0 ? 1 : -1);
      const double b = number(-12);
      double low = 0;
      double high = 0;
      candidates(op, {.a = &a, .b = &b, .count = 1, .flush_below = 0, .low = &low, .high = &high});
      if (low != low) continue;
      Multiple x(53);
      Multiple y(53);
      Multiple r(121);
      mpfr_set_d(x, a, MPFR_RNDN);
      mpfr_set_d(y, b, MPFR_RNDN);
      const Exact<Integer> cut = cut_of(op, x, y, 120);
      mpfr_set_si(r, cut.negative ? -1 : 1, MPFR_RNDN);
      Multiple significand(121);
      mpfr_set_str(significand, cut.significand.str().c_str(), 10, MPFR_RNDN);
      mpfr_mul(r, r, significand, MPFR_RNDN);
      mpfr_mul_2si(r, r, cut.exponent, MPFR_RNDN);
      // What stays below 1 may be nearer to it than the last number of binary64.
      constexpr double below_one = 1 - 0x1p-53;
      if (high == below_one) high = 1;
      if (low == -below_one) low = -1;
      EXPECT_LT(mpfr_cmp_d(r, high), 0) << name_of(op) << " of " << a << ", " << b;
      EXPECT_GT(mpfr_cmp_d(r, low), 0) << name_of(op) << " of " << a << ", " << b;
      ++enclosed;
    }
  }
  const bool all_hold = std::all_of(host_functions().begin(), host_functions().end(), holds);
  EXPECT_GT(enclosed, all_hold ? 20000U : 0U);
}

}  // namespace
}  // namespace halfulp::emulator
