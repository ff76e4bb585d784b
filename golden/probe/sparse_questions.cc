// SPDX-License-Identifier: MIT
#include "golden/probe/sparse_questions.h"

#include <algorithm>
#include <variant>

#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/random.h"
#include "golden/probe/first_questions.h"
#include "golden/probe/question_builder.h"

namespace halfulp::probe {
namespace {

constexpr std::int64_t farthest = 48;  // from the largest product down
constexpr std::uint64_t words = 256;   // of random bits, more than a question takes

// A number of an operand with random digits: its exponent, sign and fraction.
class Drawing {
 public:
  Drawing(const Ports& ports, int precision, std::uint64_t seed, std::uint64_t number)
      : ports_(ports),
        build_(ports),
        precision_(precision),
        random_{.seed = seed},
        next_(number * words) {
    random_.stream = 7;
  }

  Question question() {
    Question q = build_.empty(subjects::hypotheses);
    const std::int64_t least = build_.least_product();
    const std::int64_t most = std::min(build_.most_product(), build_.d().most - 3);
    const std::int64_t low = std::clamp(build_.d().least + 2, least, most);
    largest_ = one_in(4) ? between(low, std::min(most, low + 30)) : between(least, most);
    one_in(3) ? tie(q) : cancelling(q);
    return q;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return (random_.bits(next_++, 64) >> 16U) % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return most <= least
               ? least
               : least +
                     static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least) + 1));
  }

  void cancelling(Question& q) {
    const std::vector<std::size_t> places = places_of(2 + below(5));
    product(q, places[0], largest_, one_in(2));
    std::size_t placed = 1;
    if (places.size() > 1 && one_in(2)) cancel(q, places[0], places[placed++]);
    for (; placed < places.size(); ++placed)
      product(q, places[placed], largest_ - between(0, farthest), one_in(2));
    addend(q);
  }
  // C, half a step of the sum's format more, and one or two numbers far below.
  void tie(Question& q) {
    const ExponentRange& c = build_.c();
    const std::int64_t of_c = std::clamp(largest_ + precision_, c.least, c.most - 1);
    if (one_in(4)) return tie_below_power(q, of_c);
    const bool holds_half = precision_ < c.precision && one_in(2);
    q.c = code_of_digits(ports_.c, c, of_c, holds_half ? precision_ : precision_ - 1, holds_half);
    if (one_in(2)) q.c |= Code{1} << (bits(ports_.c) - 1);
    std::vector<std::size_t> places = places_of(holds_half ? 2 : 3);
    if (!holds_half) {
      build_.product(q, places.back(), of_c - precision_, one_in(2));
      if (places.size() > 1) places.pop_back();
    }
    for (const std::size_t place : places) {
      if (place != places[0] && one_in(2)) continue;
      product(q, place, of_c - precision_ - between(0, farthest), one_in(2));
    }
  }

  // Below a power of two steps are half as long: a product of about a quarter of the step above.
  void tie_below_power(Question& q, std::int64_t of_c) {
    const bool negative = one_in(2);
    build_.addend(q, of_c, negative);
    for (const std::size_t place : places_of(1 + below(2)))
      product(q, place, of_c - precision_ - between(0, 2), !negative);
  }

  // Neighbours, places in the first few terms, or anywhere.
  std::vector<std::size_t> places_of(std::size_t count) {
    std::vector<std::size_t> places;
    const std::size_t reach = one_in(3) ? ports_.terms : std::min<std::size_t>(ports_.terms, 8);
    const std::size_t first = below(ports_.terms - std::min(reach, ports_.terms) + 1);
    while (places.size() < std::min(count, reach)) {
      const std::size_t place = first + below(reach);
      if (std::ranges::find(places, place) == places.end()) places.push_back(place);
    }
    return places;
  }
  // Random digits, none behind the leading one, or nothing but ones.
  Code code(const Format& format, const ExponentRange& range, std::int64_t exponent,
            bool negative) {
    const auto& fields = std::get<Float>(format.kind);
    const std::uint64_t all = (std::uint64_t{1} << fields.fraction_bits) - 1;
    const std::uint64_t kind = below(4);
    std::uint64_t fraction = kind == 0 ? 0 : kind == 1 ? all : random_.bits(next_++, 64) & all;
    std::uint64_t field = 0;
    if (exponent >= range.least) {
      field = static_cast<std::uint64_t>(std::min(exponent, range.most) + fields.bias);
    } else {
      const auto down =
          static_cast<unsigned>(std::min(range.least - exponent, range.least - range.lowest));
      fraction = (fraction | (all + 1)) >> down;
    }
    Code made = Code(field) << fields.fraction_bits | Code(fraction);
    const CodeClass kind_of_code = classify(format, made);
    if (kind_of_code == CodeClass::infinite || kind_of_code == CodeClass::nan)
      made = encode(format, largest_finite(format));
    return negative && fields.sign ? made | Code{1} << (bits(format) - 1) : made;
  }
  // So many random digits behind the leading one, the last of which is one where that is asked for.
  Code code_of_digits(const Format& format, const ExponentRange& range, std::int64_t exponent,
                      int digits, bool last_is_one) {
    const auto& fields = std::get<Float>(format.kind);
    const int kept = std::min(digits, fields.fraction_bits);
    const std::uint64_t all = (std::uint64_t{1} << kept) - 1;
    const std::uint64_t fraction = (random_.bits(next_++, 64) & all) | (last_is_one ? 1U : 0U);
    const auto field =
        static_cast<std::uint64_t>(std::clamp(exponent, range.least, range.most) + fields.bias);
    return Code(field) << fields.fraction_bits | Code(fraction << (fields.fraction_bits - kept));
  }
  void product(Question& q, std::size_t place, std::int64_t exponent, bool negative) {
    const ExponentRange& a = build_.a();
    const ExponentRange& b = build_.b();
    const std::int64_t wanted = std::clamp(exponent, a.lowest + b.lowest, build_.most_product());
    const bool normal = wanted >= build_.least_product();
    const std::int64_t of_b =
        std::clamp(wanted / 2 + between(-3, 3), normal ? b.least : b.lowest, b.most);
    const std::int64_t of_a = std::clamp(wanted - of_b, normal ? a.least : a.lowest, a.most);
    q.a[place] = code(ports_.a, a, of_a, negative);
    q.b[place] = code(ports_.b, b, std::clamp(wanted - of_a, b.lowest, b.most), false);
  }
  // The same product with the other sign, in one of three cases but for the last digit.
  void cancel(Question& q, std::size_t from, std::size_t to) {
    const Code sign = Code{1} << (bits(ports_.a) - 1);
    q.a[to] = q.a[from] ^ sign;
    q.b[to] = q.b[from];
    if (one_in(3)) q.b[to] = q.b[to] ^ Code { 1 };
  }
  void addend(Question& q) {
    const std::uint64_t kind = below(5);
    if (kind == 0) return;
    const std::int64_t exponent = kind == 1   ? largest_ + between(-2, 2)
                                  : kind == 2 ? largest_ + between(10, 40)
                                              : largest_ - between(0, farthest);
    const ExponentRange& c = build_.c();
    q.c = code(ports_.c, c, std::clamp(exponent, c.lowest, c.most - 1), one_in(2));
  }

  const Ports& ports_;
  QuestionBuilder build_;
  int precision_;  // of sums
  Random random_;
  std::uint64_t next_;
  std::int64_t largest_ = 0;
};

}  // namespace

std::vector<Question> sparse_questions(const Ports& ports, const MatrixUnit& unit,
                                       std::size_t count, std::uint64_t seed) {
  const int precision = range_of(unit.tree.sums.front().quantizer.format, "sum").precision;
  std::vector<Question> all;
  for (std::uint64_t i = 0; i < count; ++i)
    all.push_back(Drawing(ports, precision, seed, i).question());
  return all;
}

}  // namespace halfulp::probe
