// SPDX-License-Identifier: MIT
#include "golden/comparison/tolerance.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::comparison {
namespace {

constexpr double least_usual = 0x1p-900;
constexpr double largest_usual = 0x1p900;

bool is_usual(double x) { return x == 0 || (x > least_usual && x < largest_usual); }

double nearest_double(const Real& x) {
  return halfulp::nearest_double(x.numerator) / halfulp::nearest_double(x.denominator);
}

}  // namespace

Closeness::Closeness(const Real& atol, const Real& rtol)
    : atol_(nearest_double(atol)),
      rtol_(nearest_double(rtol)),
      atol_times_(product(atol.numerator, rtol.denominator)),
      rtol_times_(product(rtol.numerator, atol.denominator)),
      unit_(product(atol.denominator, rtol.denominator)),
      usual_(is_usual(atol_) && is_usual(rtol_) && atol_times_.is_zero() == (atol_ == 0) &&
             rtol_times_.is_zero() == (rtol_ == 0)) {}

double Closeness::allowed(double want) const { return atol_ + rtol_ * std::abs(want); }

// The doubles of atol and rtol are off by at most three halves of a unit in the last place, the sum
// and the product by half of one each, the difference likewise: 2^-49 is more than all of it.
bool Closeness::holds(double got, double want) const {
  const double apart = std::abs(got - want);
  const double bound = allowed(want);
  constexpr double margin = 0x1p-49;
  if (usual_ && is_usual(bound) && bound > 0 && apart < largest_usual) {
    if (apart <= bound * (1 - margin)) return true;
    if (apart >= bound * (1 + margin)) return false;
  }
  return holds(from_double(got), from_double(want));
}

bool Closeness::holds(const Value& got, const Value& want) const {
  const bool above = compare(got, want) >= 0;
  const std::array<Value, 4> terms{atol_times_, product(rtol_times_, absolute(want)),
                                   product(unit_, above ? negated(got) : got),
                                   product(unit_, above ? want : negated(want))};
  return sign_of_sum(terms) >= 0;
}

void Tally::add(const Tally& next) {
  elements += next.elements;
  equal += next.equal;
  beyond_ulp += next.beyond_ulp;
  beyond_close += next.beyond_close;
  within += next.within;
  beyond_step += next.beyond_step;
  unlike += next.unlike;
  difference += next.difference;
  got += next.got;
  want += next.want;
  product += next.product;
}

Judge::Judge(const Format& format, Tolerance tolerance, Strictness strictness)
    : format_(format),
      tolerance_(std::move(tolerance)),
      strictness_(strictness),
      numbering_(format),
      decoder_(format) {}

Elements Judge::elements(std::vector<std::uint64_t> codes, bool numbers) const {
  Elements made{.codes = std::move(codes), .places = {}, .numbers = {}};
  made.places = numbering_.places(made.codes);
  if (!numbers && !tolerance_.takes_numbers()) return made;
  made.numbers.resize(made.size());
  decoder_.decode(made.codes, made.numbers);
  return made;
}

bool Judge::same(const Elements& got, const Elements& want, std::size_t index) const {
  if (got.codes[index] == want.codes[index]) return true;
  const Place& a = got.places[index];
  const Place& b = want.places[index];
  if (a.standing == Standing::nan && b.standing == Standing::nan) return !strictness_.nan_exact;
  return strictness_.zero_any && a == b && a.is_finite();
}

bool Judge::is_close(const Elements& got, const Elements& want, std::size_t index) const {
  if (decoder_.is_exact()) return tolerance_.close->holds(got.numbers[index], want.numbers[index]);
  return tolerance_.close->holds(value_at(format_, got.places[index].rank),
                                 value_at(format_, want.places[index].rank));
}

// Of a pair that is finite and not the same.
void Judge::add_one(const Elements& got, const Elements& want, std::size_t index,
                    Tally& tally) const {
  const Rank apart = got.places[index].rank - want.places[index].rank;
  const auto steps = static_cast<std::uint64_t>(apart < 0 ? -apart : apart);
  bool within = true;
  // Two codes of one number are no step apart; that they differ, equality alone refuses.
  if (tolerance_.ulp && (steps > *tolerance_.ulp || (*tolerance_.ulp == 0 && steps == 0))) {
    ++tally.beyond_ulp;
    within = false;
  }
  if (tolerance_.close && !is_close(got, want, index)) {
    ++tally.beyond_close;
    within = false;
  }
  if (steps > 1) ++tally.beyond_step;
  if (within) ++tally.within;
}

Tally Judge::tally(const Elements& got, const Elements& want,
                   const std::vector<bool>& skipped) const {
  Tally tally;
  const bool sums = tolerance_.takes_sums();
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!skipped.empty() && skipped[i]) continue;
    ++tally.elements;
    const bool finite = got.places[i].is_finite() && want.places[i].is_finite();
    if (sums && finite) {
      const double x = got.numbers[i];
      const double y = want.numbers[i];
      tally.difference += (x - y) * (x - y);
      tally.got += x * x;
      tally.want += y * y;
      tally.product += x * y;
    }
    if (same(got, want, i)) {
      ++tally.equal;
      ++tally.within;
    } else if (finite) {
      add_one(got, want, i, tally);
    } else {
      ++tally.unlike;
      ++tally.beyond_step;
      if (tolerance_.ulp) ++tally.beyond_ulp;
      if (tolerance_.close) ++tally.beyond_close;
      if (!tolerance_.ulp && !tolerance_.close) ++tally.within;
    }
  }
  return tally;
}

namespace {

// Two vectors of zeros are the same.
double calc_diff(const Tally& tally) {
  const double all = tally.got + tally.want;
  return tally.difference == 0 ? 0 : tally.difference / all;
}

double cosine(const Tally& tally) {
  const double lengths = std::sqrt(tally.got) * std::sqrt(tally.want);
  if (lengths == 0) return tally.difference == 0 ? 1 : 0;
  return tally.product / lengths;
}

// equal / elements >= rate, exactly.
bool reaches(const Tally& tally, const Real& rate) {
  const Real needed{.numerator = product(rate.numerator, integer_value(tally.elements)),
                    .denominator = rate.denominator};
  return compare(needed, integer_value(tally.equal)) <= 0;
}

}  // namespace

std::vector<Ruling> rulings(const Tolerance& tolerance, const Tally& tally) {
  std::vector<Ruling> made;
  if (tolerance.ulp) made.push_back({"ulp", tally.beyond_ulp == 0, tally.beyond_ulp, 0});
  if (tolerance.close) made.push_back({"close", tally.beyond_close == 0, tally.beyond_close, 0});
  if (tolerance.calc_diff) {
    const double measured = calc_diff(tally);
    made.push_back(
        {"calc_diff", tally.unlike == 0 && measured <= *tolerance.calc_diff, 0, measured});
  }
  if (tolerance.cosine) {
    const double measured = cosine(tally);
    made.push_back({"cosine", tally.unlike == 0 && measured >= *tolerance.cosine, 0, measured});
  }
  if (tolerance.match_rate) {
    const double measured = tally.elements == 0 ? 1
                                                : static_cast<double>(tally.equal) /
                                                      static_cast<double>(tally.elements);
    made.push_back({"match_rate", tally.beyond_step == 0 && reaches(tally, *tolerance.match_rate),
                    tally.beyond_step, measured});
  }
  return made;
}

bool all_hold(const std::vector<Ruling>& rulings) {
  return std::all_of(rulings.begin(), rulings.end(),
                     [](const Ruling& ruling) { return ruling.holds; });
}

}  // namespace halfulp::comparison
