// SPDX-License-Identifier: MIT
//
// Exact sums and dot products against MPFR's mpfr_sum and mpfr_dot, rounded to IEEE formats by
// MPFR itself.
#include <gtest/gtest.h>
#include <mpfr.h>

#include <bit>
#include <cmath>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

// MPFR numbers, equal to doubles, and pointers to them as its sums want them.
class Numbers {
 public:
  explicit Numbers(const std::vector<double>& from) : numbers_(from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      mpfr_init2(&numbers_[i], 53);
      mpfr_set_d(&numbers_[i], from[i], MPFR_RNDN);
      pointers_.push_back(&numbers_[i]);
    }
  }
  ~Numbers() {
    for (auto& number : numbers_) mpfr_clear(&number);
  }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
  [[nodiscard]] const mpfr_ptr* pointers() const { return pointers_.data(); }

 private:
  std::vector<__mpfr_struct> numbers_;
  std::vector<mpfr_ptr> pointers_;
};

struct Setting {
  Format format;
  Mode mode;
  mpfr_rnd_t direction;
};

// Rounded to the precision with any exponent, then to the format's exponents; all in MPFR.
double by_mpfr(const std::vector<double>& a, const std::vector<double>* b, const Setting& s) {
  const auto& f = std::get<Float>(s.format.kind);
  mpfr_t result;
  mpfr_init2(result, f.fraction_bits + 1);
  const Numbers left(a);
  int ternary = 0;
  if (b != nullptr) {
    const Numbers right(*b);
    ternary = mpfr_dot(result, left.pointers(), right.pointers(), a.size(), s.direction);
  } else {
    ternary = mpfr_sum(result, left.pointers(), a.size(), s.direction);
  }
  const mpfr_exp_t emin = mpfr_get_emin();
  const mpfr_exp_t emax = mpfr_get_emax();
  const auto top = (std::int64_t{1} << f.exponent_bits) - 2 - f.bias;
  mpfr_set_emax(top + 1);
  mpfr_set_emin(2 - f.bias - f.fraction_bits);
  ternary = mpfr_check_range(result, ternary, s.direction);
  mpfr_subnormalize(result, ternary, s.direction);
  mpfr_set_emin(emin);
  mpfr_set_emax(emax);
  const double number = mpfr_get_d(result, MPFR_RNDN);
  mpfr_clear(result);
  return number;
}

double by_emulator(const std::vector<double>& a, const std::vector<double>& b, const Setting& s) {
  Quantizer q{.format = s.format, .rounding = {}};
  q.rounding.mode = s.mode;
  const DotUnit unit{.order = Order::exact, .product = {}, .accumulator = q};
  double out = -7;
  emulator::engine().multiply(view_of(a.data(), 1, a.size()), view_of(b.data(), b.size(), 1),
                              emulator::engine().prepare_dot(unit), {}, view_of(&out, 1, 1));
  return out;
}

// Full significands over a range of exponents; some undo earlier ones, some are of the carrier's
// ends, some are zero.
std::vector<double> draw(std::size_t count, int range, sampling::Stream& stream) {
  std::vector<double> numbers;
  for (std::size_t k = 0; k < count; ++k) {
    const double x = 1 + static_cast<double>(stream.bits(52)) * 0x1p-52;
    const auto exponent = static_cast<int>(stream.below(2 * static_cast<std::uint64_t>(range) + 1));
    double number = std::ldexp(stream.bits(1) != 0 ? x : -x, exponent - range);
    const std::uint64_t choice = stream.below(32);
    if (choice < 12 && k > 0) number = -numbers[stream.below(k)];
    if (choice == 12) number = stream.bits(1) != 0 ? 0.0 : -0.0;
    if (choice == 13) number = 0x1p-1074 * static_cast<double>(stream.below(9));
    if (choice == 14 && range > 1000) number = 0x1.fffffffffffffp1023;
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<Setting> settings() {
  std::vector<Setting> list;
  for (const char* name : {"binary16", "bfloat16", "tf32", "binary32", "binary64", "float8_e5m2"}) {
    const Format format = find_format(name);
    list.push_back({format, Mode::nearest_even, MPFR_RNDN});
    list.push_back({format, Mode::toward_zero, MPFR_RNDZ});
    list.push_back({format, Mode::toward_positive, MPFR_RNDU});
    list.push_back({format, Mode::toward_negative, MPFR_RNDD});
    list.push_back({format, Mode::away_from_zero, MPFR_RNDA});
  }
  return list;
}

TEST(ExactSums, AreThoseOfMpfr) {
  sampling::Stream stream(31);
  constexpr std::array ranges{2, 16, 130, 1010};
  int zeros = 0;
  for (const Setting& s : settings()) {
    for (int i = 0; i < 400; ++i) {
      const std::vector<double> terms =
          draw(1 + stream.below(40), ranges[static_cast<std::size_t>(i) % 4], stream);
      const double want = by_mpfr(terms, nullptr, s);
      const double got = by_emulator(terms, std::vector<double>(terms.size(), 1.0), s);
      ASSERT_EQ(std::bit_cast<std::uint64_t>(got), std::bit_cast<std::uint64_t>(want))
          << s.format.name << " " << name_of(s.mode) << ": " << got << ", MPFR " << want;
      zeros += want == 0 ? 1 : 0;
    }
  }
  EXPECT_GT(zeros, 100);
}

TEST(ExactDotProducts, AreThoseOfMpfr) {
  sampling::Stream stream(32);
  constexpr std::array ranges{2, 40, 500, 1010};
  for (const Setting& s : settings()) {
    for (int i = 0; i < 400; ++i) {
      const int range = ranges[static_cast<std::size_t>(i) % 4];
      const std::size_t count = 1 + stream.below(40);
      const std::vector<double> a = draw(count, range, stream);
      std::vector<double> b = draw(count, range, stream);
      // Products that cancel whole, in the other order of factors.
      std::vector<double> left = a;
      left.insert(left.end(), b.begin(), b.end());
      std::vector<double> right = b;
      for (const double x : a) right.push_back(-x);
      if (i % 3 == 0 && std::fabs(right[0]) < 1) right[0] *= 1 + 0x1p-30;
      const double want = by_mpfr(left, &right, s);
      const double got = by_emulator(left, right, s);
      ASSERT_EQ(std::bit_cast<std::uint64_t>(got), std::bit_cast<std::uint64_t>(want))
          << s.format.name << " " << name_of(s.mode) << ": " << got << ", MPFR " << want;
    }
  }
}

}  // namespace
}  // namespace halfulp
