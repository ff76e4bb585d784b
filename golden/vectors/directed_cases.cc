// SPDX-License-Identifier: MIT
#include "golden/vectors/directed_cases.h"

#include <algorithm>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "golden/vectors/drawn_format.h"
#include "golden/vectors/near_misses.h"
#include "golden/vectors/number_drawer.h"

namespace halfulp::vectors {
namespace {

// Number: a Value, or a WordNumber where all formats are in words.
template <typename Number>
class Drawing {
 public:
  Drawing(const Calculation& calculation, const DrawnFormats& prepared, std::uint64_t seed,
          std::uint64_t index)
      : calculation_(calculation),
        prepared_(prepared),
        to_(prepared.to),
        dice_(seed, index),
        draw_(dice_),
        random_([this](int bits) { return dice_.integer(bits); }) {}

  Operands draw() {
    for (std::size_t i = 0; i < count(); ++i) operands_[i] = draw_.operand(input(i));
    if (count() > 1 && dice_.below(3) == 0) operands_[1] = draw_partner();
    if (dice_.below(8) < 2 || !prepared_.all_dyadic) return operands_;
    switch (calculation_.op) {
      case Op::add:
      case Op::subtract:
        direct_sum();
        break;
      case Op::multiply:
        direct_product();
        break;
      case Op::divide:
        direct_quotient();
        break;
      case Op::fused_multiply_add:
        direct_fused();
        break;
      case Op::square_root:
        direct_root();
        break;
      case Op::remainder:
        direct_remainder();
        break;
      case Op::scale_b:
        operands_[1] = input(1).rounded(draw_.made(dice_.between(-70, 70)));
        break;
      default:
        direct_others();
    }
    return operands_;
  }

 private:
  [[nodiscard]] std::size_t count() const { return prepared_.inputs.size(); }
  [[nodiscard]] const DrawnFormat& input(std::size_t i) const { return prepared_.inputs[i]; }

  // Beside the first operand or its opposite.
  Code draw_partner() {
    const Number first = number(0);
    if (first.is_nan()) return draw_.operand(input(1));
    const Number v = input(1).is_signed() && dice_.coin() ? negated(first) : first;
    return input(1).stepped(input(1).rounded(v), dice_.between(-1, 1));
  }

  std::int64_t nudge() { return dice_.coin() ? 0 : dice_.between(-1, 1); }

  // The operand i next to x, or a neighbour of it.
  void solve(std::size_t i, const Number& dividend, const Number& divisor) {
    if (!dividend.is_finite() || divisor.is_zero()) return;
    operands_[i] = input(i).stepped(input(i).rounded_quotient(dividend, divisor), nudge());
  }
  void solve(std::size_t i, const Number& x) {
    if (!x.is_finite()) return;
    operands_[i] = input(i).stepped(input(i).rounded(x), nudge());
  }

  [[nodiscard]] Number number(std::size_t i) const {
    return input(i).template number<Number>(operands_[i]);
  }

  // The operand i becomes a finite number, not zero.
  void make_finite(std::size_t i) {
    const Number v = number(i);
    if (!v.is_finite() || v.is_zero() || dice_.coin()) operands_[i] = draw_.finite(input(i));
    if (number(i).is_zero()) operands_[i] = input(i).rounded(draw_.made(1));
  }

  // The sum of the operands `first` (or, of a fused operation, of the product) and `last` near w.
  void direct_sum() {
    const bool minus = calculation_.op == Op::subtract;
    const auto set_second = [&](const Number& b) { solve(1, minus ? negated(b) : b); };
    if (dice_.below(4) == 0 && cancel(minus)) return;
    const Number w = draw_.with_sign(draw_.place(to_), to_);
    if (dice_.coin()) {
      operands_[0] = input(0).rounded_toward_zero(w);
    } else {
      const std::int64_t reach = to_.precision() + 2;
      const std::int64_t exponent =
          w.is_zero() ? 0 : leading_exponent(w) + dice_.between(-reach, 2);
      operands_[0] =
          input(0).rounded_toward_zero(draw_.with_sign(draw_.number(input(0), exponent), input(0)));
    }
    if (!number(0).is_finite()) return;
    set_second(sum(w, negated(number(0))));
  }

  // A number and its opposite but for a difference of c bits less: the sum loses c leading bits.
  bool cancel(bool minus) {
    const int p = std::min(input(0).precision(), to_.precision());
    const Exponents e = input(0).exponents();
    const std::int64_t exponent = dice_.between(std::min(e.least + p, e.largest), e.largest);
    const auto lost = static_cast<int>(dice_.between(1, p));
    Number a = draw_.number(input(0), exponent);
    Number difference = draw_.number(to_, exponent - lost);
    if (lost >= p) {
      a = draw_.made(1, exponent);
      difference = draw_.made(1, exponent - p);
    } else {
      // Of whole spacings of a, so that the other operand is a number.
      const auto cut = static_cast<unsigned>(lost);
      difference.significand = difference.significand >> cut << cut;
    }
    a = draw_.with_sign(a, input(0));
    difference.negative = dice_.coin() ? a.negative : !a.negative;
    if (lost >= p) difference.negative = a.negative;
    operands_[0] = input(0).rounded(a);
    const Number b = sum(difference, negated(number(0)));
    operands_[1] = input(1).rounded(minus ? negated(b) : b);
    return input(1).is_finite(operands_[1]);
  }

  // Exponents of two factors, or of a divisor and a dividend, of a result near 2^exponent.
  std::int64_t first_exponent(std::int64_t exponent, std::int64_t sign_of_second) {
    const Exponents a = input(0).exponents();
    const Exponents b = input(1).exponents();
    const std::int64_t lowest = sign_of_second > 0 ? exponent - b.largest : exponent + b.least;
    const std::int64_t highest = sign_of_second > 0 ? exponent - b.least : exponent + b.largest;
    return std::clamp(dice_.between(std::max(a.least, lowest), std::min(a.largest, highest)),
                      a.least, a.largest);
  }

  [[nodiscard]] Precisions precisions() const {
    return {input(0).precision(), input(count() > 1 ? 1 : 0).precision(), to_.precision()};
  }

  std::int64_t result_exponent() {
    const Exponents e = to_.exponents();
    return dice_.between(e.least, e.largest);
  }

  // The integer moved so that its leading bit has the exponent.
  Number placed_number(const Integer& significand, std::int64_t exponent) {
    return scaled(draw_.made_of(significand),
                  exponent - static_cast<std::int64_t>(boost::multiprecision::msb(significand)));
  }

  // Two integers as significands of the first operands.
  void place_factors(const IntegerPair& pair, std::int64_t exponent) {
    const std::int64_t first = first_exponent(exponent, 1);
    operands_[0] = input(0).rounded(draw_.with_sign(placed_number(pair.a, first), input(0)));
    operands_[1] =
        input(1).rounded(draw_.with_sign(placed_number(pair.b, exponent - first), input(1)));
  }

  void direct_product() {
    const std::uint64_t how = dice_.below(8);
    const auto pair = how < 2    ? near_product(precisions(), random_)
                      : how == 2 ? middle_product(precisions(), random_)
                                 : std::nullopt;
    if (pair) return place_factors(*pair, result_exponent());
    if (how == 3 && at_overflow()) return;
    factor(draw_.place(to_));
  }

  // A product of the first two operands near w.
  void factor(const Number& w) {
    if (w.is_zero()) return;
    const std::int64_t exponent = first_exponent(leading_exponent(w), 1);
    operands_[0] = input(0).rounded(draw_.with_sign(draw_.number(input(0), exponent), input(0)));
    const Number a = number(0);
    if (!a.is_finite() || a.is_zero()) return;
    solve(1, draw_.with_sign(w, input(1)), absolute(a));
  }

  // The product that lies just where overflow begins.
  bool at_overflow() {
    const auto* f = std::get_if<Float>(&to_.format().kind);
    if (f == nullptr) return false;
    const Number& end = to_.template ends<Number>().end;
    const auto pair = prepared_.end_factors->draw(random_);
    if (!pair) return false;
    const std::int64_t exponent = leading_exponent(end);
    const std::int64_t first = first_exponent(exponent - 1, 1);
    Number a = placed_number(pair->a, first);
    operands_[0] = input(0).rounded(draw_.with_sign(a, input(0)));
    solve(1, draw_.with_sign(end, input(1)), a);
    return true;
  }

  void direct_quotient() {
    if (dice_.below(3) == 0) {
      if (const auto pair = near_quotient(precisions(), random_)) {
        const std::int64_t exponent = result_exponent();
        const std::int64_t first = first_exponent(exponent, -1);
        operands_[0] = input(0).rounded(draw_.with_sign(placed_number(pair->a, first), input(0)));
        operands_[1] =
            input(1).rounded(draw_.with_sign(placed_number(pair->b, first - exponent), input(1)));
        return;
      }
    }
    const Number w = draw_.place(to_);
    if (w.is_zero()) return;
    const std::int64_t exponent = leading_exponent(w);
    const std::int64_t divisor = first_exponent(exponent, -1) - exponent;
    Number b = dice_.coin()
                   ? draw_.number(input(1), divisor)
                   : draw_.made(1 + 2 * static_cast<std::int64_t>(dice_.below(4)), divisor - 1);
    operands_[1] = input(1).rounded(draw_.with_sign(b, input(1)));
    b = number(1);
    if (b.is_finite()) solve(0, draw_.with_sign(product(w, b), input(0)));
  }

  void direct_root() {
    if (dice_.below(3) == 0) {
      if (const auto operand = near_square(precisions(), random_)) {
        const Exponents e = input(0).exponents();
        const auto length = static_cast<std::int64_t>(boost::multiprecision::msb(*operand));
        Number v = draw_.made_of(*operand);
        const std::int64_t wanted = dice_.between(e.least, e.largest) - length;
        v.exponent = wanted & ~std::int64_t{1};
        operands_[0] = input(0).rounded(v);
        return;
      }
    }
    Number w = draw_.place(to_);
    if (dice_.below(3) == 0) {
      const std::int64_t exponent = dice_.between(-20, 20);
      w = draw_.made(1 + static_cast<std::int64_t>(dice_.below(64)), exponent);
    }
    solve(0, product(w, w));
  }

  void direct_fused() {
    switch (dice_.below(6)) {
      case 0:
        return align();
      case 1: {  // a product near the place, and nothing or next to nothing beside it
        factor(draw_.place(to_));
        operands_[2] = input(2).rounded(draw_.with_sign(
            dice_.coin() ? draw_.made(0) : input(2).template ends<Number>().least, input(2)));
        return;
      }
      case 2:
        return cancel_product();
      case 3: {  // the addend just below the place, the product the rest
        const Number w = draw_.place(to_);
        operands_[2] = input(2).rounded_toward_zero(w);
        const Number rest = sum(w, negated(number(2)));
        if (!number(2).is_finite()) return;
        factor(rest.is_zero() ? scaled(absolute(w), -to_.precision() - 2) : rest);
        if (input(0).is_signed() && !number(0).is_nan() &&
            number(0).negative != number(1).negative && dice_.coin())
          operands_[0] = input(0).rounded(negated(number(0)));
        return;
      }
      case 4:
        if (const auto pair = near_product(precisions(), random_)) {
          place_factors(*pair, result_exponent());
          operands_[2] = input(2).rounded(draw_.made(0));
          return;
        }
        [[fallthrough]];
      default: {
        const Number w = draw_.with_sign(draw_.place(to_), to_);
        make_finite(0);
        make_finite(1);
        solve(2, sum(w, negated(product(number(0), number(1)))));
      }
    }
  }

  // Product and addend apart by every distance at which they meet.
  void align() {
    const int p = to_.precision();
    const Exponents c = input(2).exponents();
    const std::int64_t distance = dice_.between(-(2 * p + 3), p + 3);
    const std::int64_t exponent = dice_.between(std::max(c.least, c.least + distance),
                                                std::min(c.largest, c.largest + distance));
    const std::int64_t product_exponent = exponent - distance;
    const std::int64_t first = first_exponent(product_exponent, 1);
    const auto put = [&](std::size_t i, std::int64_t e) {
      operands_[i] =
          input(i).rounded_toward_zero(draw_.with_sign(draw_.number(input(i), e), input(i)));
    };
    put(0, first);
    put(1, product_exponent - first - (dice_.coin() ? 1 : 0));
    put(2, exponent);
  }

  // The addend is the product's opposite but for what lies behind its first bits.
  void cancel_product() {
    make_finite(0);
    make_finite(1);
    const Number ab = product(number(0), number(1));
    const int kept = static_cast<int>(dice_.between(1, input(2).precision()));
    Number cut = ab;
    if (!ab.is_zero()) {
      const auto length = static_cast<int>(leading_exponent(ab) - ab.exponent) + 1;
      const auto drop = static_cast<unsigned>(std::max(0, length - kept));
      cut.significand = ((cut.significand >> drop) + (dice_.coin() ? 1 : 0)) << drop;
    }
    operands_[2] = input(2).rounded(negated(cut));
  }

  void direct_remainder() {
    make_finite(1);
    const Number b = number(1);
    const Number n = draw_.made(dice_.between(0, 1 << dice_.below(12)));
    const Number quarters = draw_.made(dice_.between(0, 3), -2);
    solve(0, product(b, sum(n, quarters)));
  }

  void direct_others() {
    const Op op = calculation_.op;
    if (op == Op::round_to_integral || op == Op::round_to_integral_exact) {
      const auto reach = static_cast<std::uint64_t>(input(0).precision()) + 2;
      const Integer whole = dice_.integer(static_cast<int>(dice_.below(reach)));
      const Number halves = draw_.made(dice_.between(0, 3), -2);
      return solve(0, draw_.with_sign(sum(draw_.made_of(whole), halves), input(0)));
    }
    if (op == Op::convert || is_to_integer(op))
      solve(0, draw_.with_sign(draw_.place(to_), input(0)));
  }

  const Calculation& calculation_;
  const DrawnFormats& prepared_;
  const DrawnFormat& to_;
  Dice dice_;
  NumberDrawer<Number> draw_;
  RandomInteger random_;
  Operands operands_{};
};

}  // namespace

DirectedDrawer::DirectedDrawer(const Calculation& calculation, std::uint64_t seed)
    : calculation_(calculation),
      seed_(seed),
      prepared_(std::make_shared<const DrawnFormats>(calculation)) {}

DrawnCase DirectedDrawer::draw(std::uint64_t index) const {
  DrawnCase c;
  c.operands = prepared_->all_in_words
                   ? Drawing<WordNumber>(calculation_, *prepared_, seed_, index).draw()
                   : Drawing<Value>(calculation_, *prepared_, seed_, index).draw();
  c.random = random_of(c.operands, index);
  return c;
}

// Results turn once as the random word grows: at the word that is sought by halving.
std::uint64_t DirectedDrawer::random_of(const Operands& operands, std::uint64_t index) const {
  if (!calculation_.is_stochastic()) return 0;
  const int bits = calculation_.output.rounding.random_bits;
  constexpr std::uint64_t apart = std::uint64_t{1} << 63;  // from the streams of the operands
  const Random random{.seed = seed_, .stream = apart | index};
  const std::uint64_t last = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  const std::uint64_t drawn = random.bits(0, bits);
  const std::uint64_t choice = random.bits(1, 3);
  if (choice >= 5) return drawn;
  const std::span<const Code> used(operands.data(), calculation_.inputs.size());
  const auto code = [&](std::uint64_t word) { return calculation_.compute(used, word).code; };
  const Code first = code(0);
  if (code(last) == first) return drawn;
  std::uint64_t low = 0;
  std::uint64_t high = last;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (code(middle) == first ? low : high) = middle;
  }
  if (choice == 0) return low;
  return choice == 1 ? std::min(high + 1, last) : high;
}

}  // namespace halfulp::vectors
