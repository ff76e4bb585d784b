// SPDX-License-Identifier: MIT
#include "golden/probe/first_questions.h"

#include <algorithm>
#include <array>
#include <optional>

#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/random.h"
#include "golden/probe/question_builder.h"

namespace halfulp::probe {
namespace {

// Collects the questions, a function a group.
class First {
 public:
  explicit First(const Ports& ports)
      : ports_(ports),
        build_(ports),
        terms_(ports.terms),
        least_(build_.least_product()),
        most_(std::min(build_.most_product(), build_.d().most - 1)),
        most_c_(std::min(build_.c().most, build_.d().most) - 1) {
    precisions_.push_back(build_.d().precision);
    if (build_.d().precision == single_precision) precisions_.push_back(short_precision);
  }

  std::vector<Question> all() {
    ask_rounding();
    ask_alignment();
    ask_order();
    ask_operands();
    ask_range();
    ask_specials();
    if (ports_.scales) ask_scales();
    return std::move(questions_);
  }

 private:
  static constexpr int single_precision = 24;
  static constexpr int short_precision = 14;  // of the accumulators of FP8 on Ada and Hopper
  static constexpr std::int64_t widest_gap = 60;
  static constexpr std::int64_t gap_of_masks = 90;

  void keep(Question question) { questions_.push_back(std::move(question)); }
  // Where so small a product is subnormal in D the question is about D's range too.
  [[nodiscard]] const char* subject(const char* about, std::int64_t exponent) const {
    return exponent < build_.d().least ? subjects::range : about;
  }

  // One product beside a C that is 2^gap times as large: how many bits are kept and their rounding.
  void ask_rounding() {
    for (std::int64_t gap = 0; gap <= widest_gap; ++gap) {
      const std::int64_t middle = std::clamp<std::int64_t>(0, least_, most_);
      std::int64_t of_product = std::clamp(middle - gap / 2, least_, most_);
      of_product = std::min(of_product, most_c_ - gap);
      of_product = std::max(of_product, build_.c().least - gap);
      if (of_product < least_) break;
      for (const bool half_more : {false, true}) {
        for (const bool c_negative : {false, true}) {
          for (const bool negative : {false, true}) {
            if (half_more && c_negative != negative) continue;
            Question q = build_.empty(subject(subjects::rounding, of_product));
            if (build_.addend(q, of_product + gap, c_negative) &&
                build_.product(q, 0, of_product, negative, half_more))
              keep(q);
          }
        }
      }
    }
  }

  // A tie of C and a product, decided by a second product; then C as what decides, or as what is
  // cut from a product.
  void ask_alignment() {
    constexpr std::int64_t reach = 24;
    for (const int precision : precisions_) {
      const std::int64_t wanted = std::max<std::int64_t>(least_, -40) + precision + reach;
      const std::int64_t of_c = std::min({wanted, most_c_, most_ + precision});
      for (std::int64_t gap = precision + 1; gap <= precision + reach; ++gap) {
        for (const std::size_t second : {1, 2}) {
          if (second >= terms_) continue;
          for (const bool negative : {false, true}) {
            if (second == 2 && negative) continue;
            Question q = build_.empty(subject(subjects::alignment, of_c - gap));
            if (of_c - gap >= least_ && build_.addend(q, of_c) &&
                build_.product(q, 0, of_c - precision) &&
                build_.product(q, second, of_c - gap, negative))
              keep(q);
          }
        }
      }
      ask_small_addend(precision, precision + 1, precision + reach, true);
    }
    ask_small_addend(0, 1, 2 * reach, false);
    ask_carries();
  }
  // C and a product whose sum has the next exponent, and ever smaller products: rounding where the
  // sum has more bits than were kept of its items.
  void ask_carries() {
    const std::int64_t large = std::min({most_, most_c_, std::max<std::int64_t>(least_ + 40, 0)});
    for (std::int64_t gap = 1; gap <= 40 && terms_ > 1; ++gap) {
      for (const bool negative : {false, true}) {
        Question q = build_.empty(subject(subjects::alignment, large - gap));
        if (large - gap >= least_ && build_.addend(q, large, negative, true) &&
            build_.product(q, 0, large - 1, negative) &&
            build_.product(q, 1, large - gap, negative, gap % 2 == 0))
          keep(q);
      }
    }
  }
  void ask_small_addend(std::int64_t half, std::int64_t from, std::int64_t to, bool tie) {
    const std::int64_t large = std::clamp<std::int64_t>(least_ + half, least_, most_);
    for (std::int64_t gap = from; gap <= to; ++gap) {
      for (const bool negative : {false, true}) {
        Question q = build_.empty(subject(subjects::alignment, large - gap));
        if (large - gap < build_.c().least || terms_ < 2) continue;
        if (!build_.product(q, 0, large, !tie && !negative)) continue;
        if (tie && !(large - half >= least_ && build_.product(q, 1, large - half))) continue;
        if (build_.addend(q, large - gap, negative)) keep(q);
      }
    }
  }

  // Small numbers at all places but those of two large ones that cancel each other.
  [[nodiscard]] std::int64_t large() const {
    return std::min(most_, std::max(least_ + gap_of_masks, (least_ + most_ + gap_of_masks) / 2));
  }
  [[nodiscard]] std::int64_t small() const {
    return std::max({least_, large() - gap_of_masks, build_.d().least});
  }
  void mask(std::optional<std::size_t> plus, std::size_t minus, bool others = true) {
    Question q = build_.empty(subjects::order);
    for (std::size_t k = 0; others && k < terms_; ++k) build_.product(q, k, small());
    bool good = build_.product(q, minus, large(), true);
    good = good && (plus ? build_.product(q, *plus, large()) : build_.addend(q, large()));
    if (!others) good = good && build_.addend(q, small());
    if (good) keep(q);
  }
  void ask_order() {
    for (std::size_t j = 1; j < terms_; ++j) mask(0, j);
    for (std::size_t j = 1; j + 1 < terms_; ++j) mask(j, j + 1);
    for (std::size_t j = 0; j < terms_; ++j) mask(std::nullopt, j);
    for (std::size_t j = 1; j < terms_; j *= 2) mask(0, j, false);
    Random random{.seed = 1};
    for (std::uint64_t i = 0; i < 40 && terms_ > 2; ++i) {
      const std::size_t first = random.bits(2 * i, 32) % (terms_ - 1);
      mask(first, first + 1 + random.bits(2 * i + 1, 32) % (terms_ - 1 - first));
    }
    for (const int precision : precisions_) ask_halves(precision);
    ask_sums_beside_addend();
  }
  // Two halves of an ulp of C: together they are one, one after the other they are ties.
  void ask_halves(int precision) {
    const std::int64_t of_product =
        std::min(std::clamp<std::int64_t>(0, least_, most_), most_c_ - precision);
    const auto halves = [&](std::size_t i, std::size_t j) {
      Question q = build_.empty(subjects::grouping);
      if (of_product >= least_ && build_.addend(q, of_product + precision) &&
          build_.product(q, i, of_product) && build_.product(q, j, of_product))
        keep(q);
    };
    for (std::size_t j = 1; j < terms_; ++j) halves(0, j);
    for (std::size_t j = 1; j + 1 < terms_; j += 3) halves(j, j + 1);
  }
  // Equal terms at all places, and C ever larger.
  void ask_sums_beside_addend() {
    const std::int64_t of_product = std::clamp<std::int64_t>(-2, least_, most_);
    for (std::int64_t gap = -4; gap <= 44; ++gap) {
      Question q = build_.empty(subjects::grouping);
      if (of_product + gap > most_c_ || of_product + gap < build_.c().least) continue;
      for (std::size_t k = 0; k < terms_; ++k) build_.product(q, k, of_product, false, k % 2 == 1);
      if (build_.addend(q, of_product + gap)) keep(q);
    }
  }

  // --- Operands: subnormal ones, and bits that the unit does not read.
  void ask_operands() {
    for (const bool left : {true, false}) {
      const Format& format = left ? ports_.a : ports_.b;
      const ExponentRange& own = left ? build_.a() : build_.b();
      const ExponentRange& other = left ? build_.b() : build_.a();
      if (own.lowest < own.least) {
        for (const std::int64_t exponent : {own.lowest, own.least - 1}) {
          for (const bool negative : {false, true}) ask_subnormal(left, exponent, negative);
        }
        ask_beside_subnormal(left, own.lowest + other.most);
      }
      for (std::int64_t bit = 1; own.precision >= single_precision && bit < own.precision; ++bit) {
        Question q = build_.empty(subjects::operands);
        build_.product(q, 0, 0);
        const Value more = sum(make_value(1), make_value(1, -bit));
        (left ? q.a : q.b)[0] = encode(format, more);
        (left ? q.b : q.a)[0] = QuestionBuilder::code(left ? ports_.b : ports_.a, 0, false, false);
        keep(q);
      }
    }
    if (build_.c().lowest >= build_.c().least) return;
    for (const std::int64_t exponent : {build_.c().lowest, build_.c().least - 1}) {
      for (const bool negative : {false, true}) ask_subnormal_addend(exponent, negative);
    }
  }
  // Alone; and beside products, where directed cuts and roundings show it however small it is.
  // There is one at every place, so that C is not rounded alone before.
  void ask_subnormal_addend(std::int64_t exponent, bool negative) {
    Question alone = minus_zeros(negative);
    build_.addend(alone, exponent, negative);
    keep(alone);
    for (const std::int64_t of_product :
         {std::clamp<std::int64_t>(0, least_, most_), std::max(least_, build_.d().least)}) {
      for (const bool product_negative : {false, true}) {
        Question beside = build_.empty(subjects::operands);
        bool good = build_.addend(beside, exponent, negative);
        for (std::size_t k = 0; k < terms_; ++k)
          good = good && build_.product(beside, k, of_product, product_negative);
        if (good) keep(beside);
      }
    }
  }
  // All terms are -0, and C is; or all are +0.
  [[nodiscard]] Question minus_zeros(bool negative, const char* about = subjects::operands) const {
    Question q = build_.empty(about);
    if (!negative) return q;
    for (std::size_t k = 0; k < terms_; ++k) {
      q.a[k] = zero_code(ports_.a, true);
      q.b[k] = QuestionBuilder::code(ports_.b, build_.b().least, false, false);
    }
    q.c = zero_code(ports_.c, true);
    return q;
  }
  void place(Question& q, bool left, std::size_t k, std::int64_t own, std::int64_t other,
             bool negative) const {
    q.a[k] = QuestionBuilder::code(ports_.a, left ? own : other, left && negative, false);
    q.b[k] = QuestionBuilder::code(ports_.b, left ? other : own, !left && negative, false);
  }
  void ask_subnormal(bool left, std::int64_t exponent, bool negative) {
    const std::int64_t other = left ? build_.b().most : build_.a().most;
    Question q = minus_zeros(negative);
    place(q, left, 0, exponent, other, negative);
    keep(q);
  }
  // A product of a subnormal factor, what cancels it, and ever smaller addends: the exponent by
  // which it is aligned.
  void ask_beside_subnormal(bool left, std::int64_t exponent) {
    const std::int64_t own = left ? build_.a().lowest : build_.b().lowest;
    for (std::int64_t gap = 1; gap <= 45 && terms_ > 1; ++gap) {
      Question q = build_.empty(subjects::operands);
      place(q, left, 0, own, exponent - own, false);
      if (exponent >= least_) build_.product(q, 1, exponent, true);
      if (build_.addend(q, exponent - gap, gap % 2 == 1)) keep(q);
    }
  }

  // --- The ends of the range of results.
  void ask_range() {
    const ExponentRange& d = build_.d();
    // Results that are subnormal.
    for (std::int64_t exponent = d.lowest; exponent <= d.least + 1; ++exponent) {
      for (const bool negative : {false, true}) {
        Question alone = build_.empty(subjects::range);
        if (build_.product(alone, 0, exponent, negative)) keep(alone);
        Question both = build_.empty(subjects::range);
        if (build_.addend(both, d.least, negative) && build_.product(both, 0, exponent, !negative))
          keep(both);
      }
    }
    ask_lowest_ties();
    ask_overflow();
  }
  // Half of the least number, and ever smaller ones beside it.
  void ask_lowest_ties() {
    const std::int64_t half = build_.d().lowest - 1;
    for (std::int64_t gap = 0; gap <= 45; ++gap) {
      for (const std::size_t second : {1, 2}) {
        for (const bool negative : {false, true}) {
          if (second >= terms_ || (second == 2 && negative)) continue;
          Question q = build_.empty(subjects::range);
          if (build_.product(q, 0, half) && build_.product(q, second, half - gap, negative))
            keep(q);
        }
      }
      Question normal = build_.empty(subjects::range);
      const std::int64_t exponent = build_.d().least;
      if (terms_ > 1 && build_.product(normal, 0, exponent) &&
          build_.product(normal, 1, exponent - gap, true))
        keep(normal);
    }
  }
  void ask_overflow() {
    const ExponentRange& d = build_.d();
    const bool same = ports_.c.kind == ports_.d.kind;
    for (std::int64_t below = 0; same && below <= d.precision + 2; ++below) {
      for (const bool c_negative : {false, true}) {
        for (const bool half_more : {false, true}) {
          Question q = build_.empty(subjects::range);
          const Value end = largest_finite(ports_.d);
          q.c = encode(ports_.c, c_negative ? negated(end) : end);
          if (build_.product(q, 0, d.most - below, c_negative, half_more)) keep(q);
        }
      }
    }
    for (std::int64_t exponent = d.most - 2; exponent <= d.most + 6; ++exponent) {
      for (const bool negative : {false, true}) ask_large(exponent, negative);
    }
    ask_large(build_.most_product(), false);
  }
  void ask_large(std::int64_t exponent, bool negative) {
    Question alone = build_.empty(subjects::range);
    if (!build_.product(alone, 0, exponent, negative)) return;
    keep(alone);
    Question cancelled = alone;
    if (terms_ > 1 && build_.product(cancelled, 1, exponent, !negative)) keep(cancelled);
    Question beside = alone;
    if (build_.addend(beside, std::min(build_.c().most, exponent), !negative)) keep(beside);
    if (terms_ < 4) return;
    Question twice = alone;
    build_.product(twice, 1, exponent, negative);
    build_.product(twice, 2, exponent, !negative);
    build_.product(twice, 3, exponent, !negative);
    keep(twice);
    Question far = alone;
    for (std::size_t k = 1; k < terms_ / 2; ++k) build_.product(far, k, exponent, negative);
    for (std::size_t k = terms_ / 2; k < terms_; ++k) build_.product(far, k, exponent, !negative);
    keep(far);
  }

  // --- Infinities, NaN and zeros.
  void ask_specials() {
    for (const bool negative : {false, true}) {
      for (const bool c_negative : {false, true}) {
        Question zeros = minus_zeros(negative, subjects::specials);
        zeros.c = zero_code(ports_.c, c_negative);
        keep(zeros);
        ask_cancelled(negative, c_negative);
      }
      if (has_infinity(ports_.c)) {
        Question q = build_.empty(subjects::specials);
        q.c = infinity_code(ports_.c, negative);
        keep(q);
        build_.product(q, 0, most_, true);
        keep(q);
      }
      ask_infinite_factor(true, negative);
      ask_infinite_factor(false, negative);
    }
    for (const auto& [format, role] : {std::pair{&ports_.a, 0}, {&ports_.b, 1}, {&ports_.c, 2}}) {
      if (!has_nan(*format)) continue;
      Question q = build_.empty(subjects::specials);
      if (role == 0) q.a[0] = nan_code(*format, false);
      if (role == 1) q.b[0] = nan_code(*format, false);
      if (role == 2) q.c = nan_code(*format, false);
      keep(q);
    }
  }
  // Numbers that cancel exactly, or but for what is cut; zeros beside them.
  void ask_cancelled(bool negative, bool zeros) {
    Question q = minus_zeros(zeros, subjects::specials);
    if (terms_ < 3) return;
    build_.product(q, 0, large(), negative);
    Question with_addend = q;
    if (build_.addend(with_addend, large(), !negative)) keep(with_addend);
    build_.product(q, 1, large(), !negative);
    keep(q);
    Question cut = q;
    build_.product(cut, 2, small(), true);
    keep(cut);
    Question apart = minus_zeros(zeros, subjects::specials);
    build_.product(apart, 0, large(), negative);
    build_.product(apart, terms_ - 1, large(), !negative);
    keep(apart);
  }
  void ask_infinite_factor(bool left, bool negative) {
    const Format& own = left ? ports_.a : ports_.b;
    const Format& other = left ? ports_.b : ports_.a;
    if (!has_infinity(own)) return;
    Question q = build_.empty(subjects::specials);
    const auto set = [&](std::size_t k, Code own_code, Code other_code) {
      (left ? q.a : q.b)[k] = own_code;
      (left ? q.b : q.a)[k] = other_code;
    };
    const Code infinity = infinity_code(own, negative);
    const Code one = QuestionBuilder::code(other, 0, false, false);
    set(0, infinity, zero_code(other, false));
    keep(q);
    set(0, infinity, one);
    keep(q);
    if (terms_ > 1) {
      Question opposite = q;
      (left ? opposite.a : opposite.b)[terms_ - 1] = infinity_code(own, !negative);
      (left ? opposite.b : opposite.a)[terms_ - 1] = one;
      keep(opposite);
    }
    if (has_infinity(ports_.c)) {
      q.c = infinity_code(ports_.c, !negative);
      keep(q);
    }
  }

  // Scales that differ from block to block.
  void ask_scales() {
    Random random{.seed = 2};
    std::uint64_t next = 0;
    const auto between = [&](std::int64_t least, std::int64_t most) {
      const auto width = static_cast<std::uint64_t>(most - least + 1);
      return least + static_cast<std::int64_t>(random.bits(next++, 32) % width);
    };
    const ExponentRange left = range_of(ports_.scales->left, "a_scales");
    const ExponentRange right = range_of(ports_.scales->right, "b_scales");
    for (int i = 0; i < 120; ++i) {
      Question q = build_.empty(subjects::scales);
      const std::int64_t spread = i % 3 == 0 ? 2 : i % 3 == 1 ? 7 : 20;
      for (std::size_t k = 0; k < q.a_scales.size(); ++k) {
        const auto code = [&](const Format& format, const ExponentRange& range) {
          const std::int64_t exponent =
              between(std::max(range.least, -spread), std::min(range.most - 1, spread));
          const bool more = range.precision > 1 && between(0, 1) == 1;
          return QuestionBuilder::code(format, exponent, false, more);
        };
        q.a_scales[k] = code(ports_.scales->left, left);
        q.b_scales[k] = code(ports_.scales->right, right);
      }
      for (std::size_t k = 0; k < terms_; ++k) {
        if (i % 2 == 0 || between(0, 7) == 0)
          build_.product(q, k, between(least_, most_), between(0, 1) == 1, between(0, 1) == 1);
      }
      build_.addend(q, between(-30, 30), between(0, 1) == 1);
      keep(q);
    }
    for (const bool of_a : {true, false}) {
      const Format& format = of_a ? ports_.scales->left : ports_.scales->right;
      if (!has_nan(format)) continue;
      Question q = build_.empty(subjects::scales);
      (of_a ? q.a_scales : q.b_scales)[0] = nan_code(format, false);
      keep(q);
      build_.product(q, 0, most_);
      keep(q);
    }
  }

  const Ports& ports_;
  QuestionBuilder build_;
  std::size_t terms_;
  std::int64_t least_, most_;  // exponents of products whose sums D holds
  std::int64_t most_c_;
  std::vector<int> precisions_;
  std::vector<Question> questions_;
};

}  // namespace

std::vector<Question> first_questions(const Ports& ports) { return First(ports).all(); }

}  // namespace halfulp::probe
