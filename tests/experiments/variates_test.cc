// SPDX-License-Identifier: MIT
//
// Variates against MPFR: the distance of Phi(x) from the middle of the cell, over the density and
// |x|, is the relative error of x.
#include "experiments/data/variates.h"

#include <gtest/gtest.h>
#include <mpfr.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "emulator/instruction_set.h"
#include "experiments/data/inverse_normal.h"
#include "experiments/data/variate_lanes.h"

namespace halfulp::experiments {
namespace {

constexpr Random stream{.seed = 7, .stream = 11, .offset = 0};

std::vector<double> draw(Law law, std::uint64_t first, std::size_t count) {
  std::vector<double> x(count);
  fill_variates(law, stream, first, x);
  return x;
}

class Number {
 public:
  Number() { mpfr_init2(x_, 200); }
  ~Number() { mpfr_clear(x_); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  mpfr_ptr get() { return x_; }

 private:
  mpfr_t x_;
};

// |x - Phi^-1(1/2 + q)| / |x| to first order, with n = q 2^54.
double relative_error(double x, std::int64_t n) {
  Number root;
  Number tail;
  Number wanted;
  Number density;
  mpfr_sqrt_ui(root.get(), 2, MPFR_RNDN);
  mpfr_d_div(tail.get(), std::fabs(x), root.get(), MPFR_RNDN);
  mpfr_erfc(tail.get(), tail.get(), MPFR_RNDN);
  mpfr_div_2ui(tail.get(), tail.get(), 1, MPFR_RNDN);
  mpfr_set_si(wanted.get(), (std::int64_t{1} << 53) - std::abs(n), MPFR_RNDN);
  mpfr_div_2ui(wanted.get(), wanted.get(), 54, MPFR_RNDN);
  mpfr_sub(tail.get(), tail.get(), wanted.get(), MPFR_RNDN);
  const double density_of_x = std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0));
  return std::fabs(mpfr_get_d(tail.get(), MPFR_RNDN) / density_of_x / x);
}

TEST(Variates, NormalsInvertTheDistributionFunction) {
  constexpr std::size_t count = 20000;
  const std::vector<double> x = draw(Law::gaussian, 0, count);
  double worst = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto n = static_cast<std::int64_t>(2 * stream.bits(i, 53) + 1) - (std::int64_t{1} << 53);
    ASSERT_EQ(x[i] > 0, n > 0) << i;
    worst = std::max(worst, relative_error(x[i], n));
  }
  EXPECT_LT(worst, 0x1p-49);
  RecordProperty("worst_relative_error", std::to_string(worst));
}

// Every instruction set in turn, the best again afterwards.
template <typename Check>
void on_every_instruction_set(const Check& check) {
  for (const std::string& name : emulator::instruction_sets()) {
    SCOPED_TRACE(name);
    emulator::force_instruction_set(name);
    check();
  }
  emulator::force_instruction_set("");
}

TEST(Variates, AreTheFormulasOnEveryInstructionSet) {
  on_every_instruction_set([] {
    for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{777}}) {
      const std::vector<double> x = draw(Law::gaussian, first, 5001);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::uint64_t high = stream.word(2 * (first + i));
        const double q = inverse_normal::centred(high << 32 | stream.word(2 * (first + i) + 1));
        ASSERT_EQ(x[i], inverse_normal::variate(q)) << first << " " << i;
      }
    }
  });
}

// Draws come near none of these: the borders of the regions, and the far tail, where the formula
// has another quotient.
TEST(Variates, AreTheFormulasAtTheBordersOfItsRegions) {
  std::vector<double> q;
  const double far = 0.5 - std::exp(-25.0);
  for (const double border : {0.425, far, 0.5 - 0x1p-54, 0.5 - 0x1p-40, 0x1p-54, 0.1}) {
    double x = border;
    for (int k = 0; k < 20; ++k) x = std::nextafter(x, 0.0);
    for (int k = 0; k < 40 && x < 0.5; ++k, x = std::nextafter(x, 1.0)) {
      q.push_back(x);
      q.push_back(-x);
    }
  }
  q.resize((q.size() + 15) / 16 * 16, 0.25);
  ASSERT_LE(q.size(), variate_block);
  on_every_instruction_set([&] {
    std::vector<double> x(q.size());
    normals(q.data(), q.size(), x.data());
    for (std::size_t i = 0; i < q.size(); ++i)
      ASSERT_EQ(x[i], inverse_normal::variate(q[i])) << q[i];
  });
}

TEST(Variates, DependOnTheirIndexAlone) {
  const std::vector<double> whole = draw(Law::gaussian, 0, 1000);
  for (std::uint64_t first : {1, 2, 3, 127, 128, 129, 500}) {
    for (std::size_t count : {1, 2, 7, 128, 400}) {
      const std::vector<double> part = draw(Law::gaussian, first, count);
      ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<long>(first)))
          << first << " " << count;
    }
  }
  const std::uint64_t far = std::uint64_t{1} << 40;
  EXPECT_EQ(draw(Law::gaussian, far, 9)[8], draw(Law::gaussian, far + 8, 1)[0]);
}

TEST(Variates, HaveTheMomentsOfTheirLaw) {
  constexpr std::size_t count = 1 << 20;
  for (const Law law : {Law::gaussian, Law::uniform, Law::two_point}) {
    double sum = 0.0;
    double second = 0.0;
    double third = 0.0;
    double fourth = 0.0;
    for (const double x : draw(law, 0, count)) {
      sum += x;
      second += x * x;
      third += x * x * x;
      fourth += x * x * x * x;
    }
    const double error = 4.0 / std::sqrt(static_cast<double>(count));
    EXPECT_NEAR(sum / count, 0.0, error);
    EXPECT_NEAR(second / count, 1.0, error * std::sqrt(fourth_moment(law) - 1.0) + 1e-12);
    EXPECT_NEAR(third / count, 0.0, error * std::sqrt(15.0));
    EXPECT_NEAR(fourth / count, fourth_moment(law), error * std::sqrt(96.0));
  }
}

TEST(Variates, StreamsDiffer) {
  std::vector<double> a(100);
  std::vector<double> b(100);
  fill_variates(Law::gaussian, {.seed = 1, .stream = 1, .offset = 0}, 0, a);
  fill_variates(Law::gaussian, {.seed = 1, .stream = 2, .offset = 0}, 0, b);
  EXPECT_NE(a, b);
  fill_variates(Law::gaussian, {.seed = 2, .stream = 1, .offset = 0}, 0, b);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace halfulp::experiments
