// SPDX-License-Identifier: MIT
//
// Arithmetic on posits, takums and logarithmic numbers: exact results from the second derivation,
// rounded by it, against the engines, on pairs of short formats and all triples of the shortest.
// Of linear formats results are rationals. Of logarithmic ones products, quotients and roots are
// exact in the logarithm, where they meet the middles of neighbours; sums are enclosed.
#include <array>

#include "emulator/engine.h"
#include "reference/engine.h"
#include "tests/reference/second_judge.h"
#include "tests/reference/support.h"

namespace halfulp::second {
namespace {

std::vector<const Engine*> engines() { return {&reference::engine(), &emulator::engine()}; }

// An operand or a result: zero, no number, or a signed magnitude. `number` as in Meaning.
struct Exact {
  enum class Class : std::uint8_t { zero, nan, finite };
  Class kind = Class::finite;
  bool negative = false;
  Rational number;
  // Results of which only the place is known.
  std::optional<Expansion> place = std::nullopt;
};
const Exact zero{.kind = Exact::Class::zero, .number = 0};
const Exact nan{.kind = Exact::Class::nan, .number = 0};

// What a code without a meaning stands for: NaR is 10...0, the NaN of logarithmic numbers 110...0.
Exact operand(const Scheme& scheme, Code code) {
  if (const auto m = meaning(scheme, code)) return {.negative = m->negative, .number = m->number()};
  return code >> (scheme.bits - 1) != 0 ? nan : zero;
}

Exact negated(Exact x) {
  x.negative = !x.negative;
  return x;
}

// Values of linear schemes.
class Linear {
 public:
  explicit Linear(const Scheme& /*scheme*/) {}

  static Exact sum(const Exact& a, const Exact& b) { return of(value(a) + value(b)); }
  static Exact product(const Exact& a, const Exact& b) { return of(value(a) * value(b)); }
  static Exact quotient(const Exact& a, const Exact& b) { return of(value(a) / value(b)); }
  static Exact root(const Exact& a) { return {.number = 0, .place = root_expansion(value(a))}; }
  static Expansion place(const Exact& a) { return binary_expansion(Rational(abs(a.number))); }

 private:
  // In a sum negated() may have changed the sign of an operand.
  static Rational value(const Exact& a) {
    const Rational magnitude = abs(a.number);
    return a.negative ? Rational(-magnitude) : magnitude;
  }
  static Exact of(const Rational& x) {
    return x == 0 ? zero : Exact{.negative = x < 0, .number = x};
  }
};

// Logarithms of magnitudes.
class Logarithms {
 public:
  explicit Logarithms(const Scheme& scheme) : scheme_(scheme) {}

  [[nodiscard]] Exact sum(const Exact& a, const Exact& b) const {
    if (a.kind == Exact::Class::zero) return b;
    if (b.kind == Exact::Class::zero) return a;
    if (a.number < b.number) return sum(b, a);
    const bool subtract = a.negative != b.negative;
    if (subtract && a.number == b.number) return zero;
    return {.negative = a.negative,
            .number = 0,
            .place = logarithm_of_sum(scheme_, a.number, b.number, subtract)};
  }
  static Exact product(const Exact& a, const Exact& b) {
    if (a.kind == Exact::Class::zero || b.kind == Exact::Class::zero) return zero;
    return {.negative = a.negative != b.negative, .number = a.number + b.number};
  }
  static Exact quotient(const Exact& a, const Exact& b) {
    if (a.kind == Exact::Class::zero) return zero;
    return {.negative = a.negative != b.negative, .number = a.number - b.number};
  }
  static Exact root(const Exact& a) { return {.number = a.number / 2}; }
  static Expansion place(const Exact& a) { return expansion(a.number); }

 private:
  Scheme scheme_;
};

// Without infinities x / 0 and the root of a negative number are no numbers.
template <typename Arithmetic>
Exact compute(const Arithmetic& arithmetic, Op op, const std::array<Exact, 3>& x) {
  for (int i = 0; i < arity(op); ++i) {
    if (x.at(static_cast<std::size_t>(i)).kind == Exact::Class::nan) return nan;
  }
  switch (op) {
    case Op::add:
      return arithmetic.sum(x[0], x[1]);
    case Op::subtract:
      return arithmetic.sum(x[0], negated(x[1]));
    case Op::multiply:
      return arithmetic.product(x[0], x[1]);
    case Op::divide:
      return x[1].kind == Exact::Class::zero ? nan : arithmetic.quotient(x[0], x[1]);
    case Op::fused_multiply_add:
      return arithmetic.sum(arithmetic.product(x[0], x[1]), x[2]);
    case Op::square_root:
      if (x[0].kind == Exact::Class::zero) return zero;
      return x[0].negative ? nan : arithmetic.root(x[0]);
    default:
      return nan;  // no other operation is asked for
  }
}

class Arithmetic : public testing::TestWithParam<Scheme> {
 protected:
  Arithmetic()
      : grid_(GetParam()),
        format_(format_of(GetParam())),
        inputs_{format_, format_, format_},
        judge_(format_, {}, {}) {
    for (Code code = 0; code < Code{1} << GetParam().bits; ++code)
      operands_.push_back(operand(GetParam(), code));
    for (const Mode mode : {Mode::nearest_even, Mode::toward_positive, Mode::to_odd})
      outputs_.push_back({.format = format_, .rounding = {.mode = mode, .overflow = {}}});
  }

  // One case in one mode after another. Invalid and divide-by-zero are the engines' own affair: the
  // definitions have no flags.
  void check(Op op, const std::array<Code, 3>& codes) {
    const auto count = static_cast<std::size_t>(arity(op));
    std::array<Exact, 3> x{zero, zero, zero};
    for (std::size_t i = 0; i < count; ++i)
      x.at(i) = operands_[static_cast<std::size_t>(codes.at(i))];
    const Exact result = is_linear(GetParam()) ? compute(Linear(GetParam()), op, x)
                                               : compute(Logarithms(GetParam()), op, x);
    const Quantizer& output = outputs_[++cases_ % outputs_.size()];
    const Operation operation{
        .op = op, .inputs = std::span(inputs_).first(count), .output = &output};
    for (const Engine* engine : engines()) {
      const Outcome found = engine->apply(operation, std::span(codes).first(count), 0);
      const Outcome wanted = rounded(result, output.rounding.mode, found.flags);
      judge_.compare(wanted, found, [&] {
        std::string text = std::string(engine->name) + " " + std::string(name_of(op)) + " " +
                           std::string(name_of(output.rounding.mode));
        for (std::size_t i = 0; i < count; ++i) text += " " + code_text(format_, codes.at(i));
        return text;
      });
    }
  }

  [[nodiscard]] Code all() const { return Code{1} << GetParam().bits; }
  [[nodiscard]] bool failed() const { return judge_.failed(); }

 private:
  [[nodiscard]] Outcome rounded(const Exact& x, Mode mode, std::uint8_t flags_of_nan) const {
    if (x.kind == Exact::Class::nan) return {nan_code(), flags_of_nan};
    if (x.kind == Exact::Class::zero) return {zero_code(), 0};
    const Expansion place = x.place                 ? *x.place
                            : is_linear(GetParam()) ? Linear::place(x)
                                                    : Logarithms::place(x);
    return expected(GetParam(), mode, grid_.place(place, x.negative));
  }
  [[nodiscard]] static Code zero_code() {
    return is_tapered(GetParam()) ? 0 : Code{1} << (GetParam().bits - 2);
  }
  [[nodiscard]] static Code nan_code() { return (Code{1} << (GetParam().bits - 1)) | zero_code(); }

  Grid grid_;
  Format format_;
  std::array<Format, 3> inputs_;
  Judge judge_;
  std::vector<Exact> operands_;
  std::vector<Quantizer> outputs_;
  std::size_t cases_ = 0;
};

class ArithmeticOfTriples : public Arithmetic {};

// Comparing sums of irrational numbers takes long: of longer logarithmic formats some pairs.
Code step_of(const Scheme& scheme) {
  if (is_linear(scheme) || scheme.bits <= 5) return 1;
  return scheme.bits == 6 ? 3 : 13;
}

TEST_P(Arithmetic, OnPairs) {
  const Code step = step_of(GetParam());
  for (Code a = 0; a < all(); ++a) {
    check(Op::square_root, {a, 0, 0});
    for (Code b = a % step; b < all() && !failed(); b += step) {
      for (const Op op : {Op::add, Op::subtract, Op::multiply, Op::divide}) check(op, {a, b, 0});
    }
  }
}

TEST_P(ArithmeticOfTriples, FusedMultiplyAdd) {
  for (Code a = 0; a < all(); ++a) {
    for (Code b = 0; b < all(); ++b) {
      for (Code c = 0; c < all() && !failed(); ++c) check(Op::fused_multiply_add, {a, b, c});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , Arithmetic,
    testing::Values(Scheme{Family::posit, 4, 3}, Scheme{Family::posit, 6, 1},
                    Scheme{Family::posit, 8, 2}, Scheme{Family::takum, 5, 0},
                    Scheme{Family::takum, 8, 0}, Scheme{Family::logarithmic_takum, 4, 0},
                    Scheme{Family::logarithmic_takum, 6, 0}, Scheme{Family::logarithmic, 5, 0},
                    Scheme{Family::logarithmic, 6, 2}, Scheme{Family::logarithmic, 7, 5},
                    Scheme{Family::logarithmic, 8, 3}),
    scheme_name);

INSTANTIATE_TEST_SUITE_P(, ArithmeticOfTriples,
                         testing::Values(Scheme{Family::posit, 4, 1}, Scheme{Family::posit, 5, 2},
                                         Scheme{Family::takum, 5, 0},
                                         Scheme{Family::logarithmic_takum, 4, 0},
                                         Scheme{Family::logarithmic, 4, 1},
                                         Scheme{Family::logarithmic, 5, 2}),
                         scheme_name);

}  // namespace
}  // namespace halfulp::second
