// SPDX-License-Identifier: MIT
#include <mpfr.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
#include <vector>

#include "emulator/engine.h"
#include "emulator/parallel.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/numbers/value.h"
#include "tests/proofs/proofs.h"

namespace halfulp::proofs {
namespace {

constexpr std::size_t codes = std::size_t{1} << 16;

// The format's numbers as MPFR's, and MPFR's exponent range as the format's: its significands lie
// in [1/2, 1), so that the least number 2^e has MPFR's exponent e + 1.
class Numbers {
 public:
  explicit Numbers(const Format& format) : numbers_(codes) {
    const auto& f = std::get<Float>(format.kind);
    precision_ = f.fraction_bits + 1;
    least_exponent_ = 1 - f.bias - f.fraction_bits + 1;
    greatest_exponent_ = f.bias + 1;
    for (std::size_t code = 0; code < codes; ++code) {
      floats.push_back(nearest_float(decode(format, code)));
      mpfr_init2(&numbers_[code], precision_);
      mpfr_set_flt(&numbers_[code], floats[code], MPFR_RNDN);
    }
  }
  ~Numbers() {
    for (__mpfr_struct& number : numbers_) mpfr_clear(&number);
  }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;

  [[nodiscard]] mpfr_srcptr at(std::size_t code) const { return &numbers_[code]; }
  [[nodiscard]] mpfr_prec_t precision() const { return precision_; }
  // Of the calling thread.
  void set_range() const {
    mpfr_set_emin(least_exponent_);
    mpfr_set_emax(greatest_exponent_);
  }

  std::vector<float> floats;

 private:
  std::vector<__mpfr_struct> numbers_;
  mpfr_prec_t precision_ = 0;
  mpfr_exp_t least_exponent_ = 0, greatest_exponent_ = 0;
};

bool same(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

using MpfrOperation = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

// One code with all others.
void check_row(const Numbers& numbers, std::size_t a, Op op, const Plan& plan, Reporter& reporter) {
  const std::vector<float> left(codes, numbers.floats[a]);
  std::vector<float> out(codes);
  const std::vector<View> in{view_of(std::span<const float>(left)),
                             view_of(std::span<const float>(numbers.floats))};
  emulator::engine().map(op, in, plan, Random{}, view_of(std::span<float>(out)), nullptr);
  const MpfrOperation judge = op == Op::add ? mpfr_add : mpfr_mul;
  numbers.set_range();
  mpfr_t y;
  mpfr_init2(y, numbers.precision());
  for (std::size_t b = 0; b < codes; ++b) {
    const int ternary = judge(y, numbers.at(a), numbers.at(b), MPFR_RNDN);
    mpfr_subnormalize(y, ternary, MPFR_RNDN);
    const float wanted = mpfr_get_flt(y, MPFR_RNDN);
    if (same(out[b], wanted)) continue;
    char text[128];
    std::snprintf(text, sizeof text, "%04zx %s %04zx: %a, MPFR %a", a, name_of(op).data(), b,
                  static_cast<double>(out[b]), static_cast<double>(wanted));
    reporter.differ(text);
  }
  mpfr_clear(y);
}

}  // namespace

Count prove_pairs(const std::string& format, const std::string& operation) {
  const Quantizer quantizer{.format = find_format(format), .rounding = {}};
  const Plan plan = emulator::engine().prepare(quantizer);
  const Numbers numbers(quantizer.format);
  const Op op = parse_op(operation);
  Reporter reporter;
  emulator::for_each_task(codes, 0,
                          [&](std::size_t a) { check_row(numbers, a, op, plan, reporter); });
  return {std::uint64_t{codes} * codes, reporter.differences()};
}

void Reporter::differ(const std::string& text) {
  constexpr std::uint64_t shown = 10;
  if (differences_++ < shown) std::printf("%s\n", text.c_str());
}

}  // namespace halfulp::proofs
