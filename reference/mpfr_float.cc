// SPDX-License-Identifier: MIT
#include "reference/mpfr_float.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/nan.h"
#include "reference/functions/mpfr_range.h"

namespace halfulp::reference {
namespace {

// The parameters of a format as MPFR needs them: significant bits, and the exponents of the least
// normal and the least number as powers of two (MPFR's own exponents are one more, since its
// significands lie in [1/2, 1)).
struct FloatRange {
  int precision;
  std::int64_t least_normal, least, bias;

  explicit FloatRange(const Float& f)
      : precision(f.fraction_bits + 1),
        least_normal(1 - f.bias),
        least(least_normal - f.fraction_bits),
        bias(f.bias) {}
};

// What an operation leaves before overflow and specials are dealt with.
struct Rounded {
  bool negative = false;
  Integer significand = 0;  // times 2^exponent
  std::int64_t exponent = 0;
  bool exact = true;
  bool tiny_before = false, tiny_after = false;
};

using Limbs = std::vector<std::uint64_t>;

void assign(MpfrNumber& x, const Value& v) {
  if (v.is_nan()) return mpfr_set_nan(x.get());
  if (v.is_infinite()) return mpfr_set_inf(x.get(), v.negative ? -1 : 1);
  if (v.is_zero()) return mpfr_set_zero(x.get(), v.negative ? -1 : 1);
  Limbs limbs;
  export_bits(v.significand, std::back_inserter(limbs), 64, false);
  mpz_t integer;
  mpz_init(integer);
  mpz_import(integer, limbs.size(), -1, sizeof(limbs[0]), 0, 0, limbs.data());
  mpfr_set_z_2exp(x.get(), integer, v.exponent, MPFR_RNDN);
  mpz_clear(integer);
  if (v.negative) mpfr_neg(x.get(), x.get(), MPFR_RNDN);
}

// |x| = significand * 2^exponent of a number that is not special.
Rounded take(const MpfrNumber& x) {
  Rounded result;
  result.negative = mpfr_signbit(x.get()) != 0;
  if (mpfr_zero_p(x.get()) != 0) return result;
  mpz_t integer;
  mpz_init(integer);
  result.exponent = mpfr_get_z_2exp(integer, x.get());
  Limbs limbs((mpz_sizeinbase(integer, 2) + 63) / 64);
  std::size_t count = 0;
  mpz_export(limbs.data(), &count, -1, sizeof(limbs[0]), 0, 0, integer);
  mpz_clear(integer);
  import_bits(result.significand, limbs.begin(), limbs.begin() + static_cast<std::ptrdiff_t>(count),
              64, false);
  return result;
}

std::int64_t bit_length(const Integer& n) {
  return n.is_zero() ? 0 : static_cast<std::int64_t>(boost::multiprecision::msb(n)) + 1;
}

mpfr_prec_t exact_precision(const Value& v) {
  return std::max<std::int64_t>(2, v.is_finite() ? bit_length(v.significand) : 2);
}

using UnaryFunction = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

// MPFR's own; null where it has none.
UnaryFunction unary_function(Op op) {
  switch (op) {
    case Op::exp:
      return mpfr_exp;
    case Op::exp2:
      return mpfr_exp2;
    case Op::expm1:
      return mpfr_expm1;
    case Op::log:
      return mpfr_log;
    case Op::log2:
      return mpfr_log2;
    case Op::log10:
      return mpfr_log10;
    case Op::log1p:
      return mpfr_log1p;
    case Op::sin:
      return mpfr_sin;
    case Op::cos:
      return mpfr_cos;
    case Op::tan:
      return mpfr_tan;
    case Op::asin:
      return mpfr_asin;
    case Op::acos:
      return mpfr_acos;
    case Op::atan:
      return mpfr_atan;
    case Op::sinh:
      return mpfr_sinh;
    case Op::cosh:
      return mpfr_cosh;
    case Op::tanh:
      return mpfr_tanh;
    case Op::erf:
      return mpfr_erf;
    case Op::cube_root:
      return mpfr_cbrt;
    case Op::reciprocal_square_root:
      return mpfr_rec_sqrt;
    default:
      return nullptr;
  }
}

bool computes(Op op) {
  return is_arithmetic(op) || op == Op::remainder || op == Op::power || op == Op::hypotenuse ||
         unary_function(op) != nullptr;
}

// Correctly rounded to the precision of y, the exponent as good as unbounded; answers MPFR's
// ternary value.
int compute(std::optional<Op> op, std::span<const MpfrNumber> x, MpfrNumber& y,
            mpfr_rnd_t direction) {
  if (!op) return mpfr_set(y.get(), x[0].get(), direction);
  switch (*op) {
    case Op::add:
      return mpfr_add(y.get(), x[0].get(), x[1].get(), direction);
    case Op::subtract:
      return mpfr_sub(y.get(), x[0].get(), x[1].get(), direction);
    case Op::multiply:
      return mpfr_mul(y.get(), x[0].get(), x[1].get(), direction);
    case Op::divide:
      return mpfr_div(y.get(), x[0].get(), x[1].get(), direction);
    case Op::fused_multiply_add:
      return mpfr_fma(y.get(), x[0].get(), x[1].get(), x[2].get(), direction);
    case Op::square_root:
      return mpfr_sqrt(y.get(), x[0].get(), direction);
    case Op::remainder:
      return mpfr_remainder(y.get(), x[0].get(), x[1].get(), direction);
    case Op::power:
      return mpfr_pow(y.get(), x[0].get(), x[1].get(), direction);
    case Op::hypotenuse:
      return mpfr_hypot(y.get(), x[0].get(), x[1].get(), direction);
    default:
      return unary_function(*op)(y.get(), x[0].get(), direction);
  }
}

// What MPFR computed, kept.
class Computations {
 public:
  struct Computed {
    MpfrNumber number;
    mpfr_rnd_t direction = MPFR_RNDZ;
    int ternary = 0;
    bool left_range = false;
    bool divided_by_zero = false;
  };

  Computations(std::optional<Op> op, std::span<const Value> operands) : op_(op) {
    operands_.reserve(operands.size());
    for (const Value& v : operands) assign(operands_.emplace_back(exact_precision(v)), v);
  }

  const Computed& at(int precision, mpfr_rnd_t direction) {
    for (const auto& result : results_) {
      if (result->direction == direction && mpfr_get_prec(result->number.get()) == precision)
        return *result;
    }
    auto result = std::make_unique<Computed>(Computed{MpfrNumber(precision), direction});
    mpfr_clear_flags();
    result->ternary = compute(op_, operands_, result->number, direction);
    result->left_range = mpfr_overflow_p() != 0 || mpfr_underflow_p() != 0;
    result->divided_by_zero = mpfr_divby0_p() != 0;
    results_.push_back(std::move(result));
    return *results_.back();
  }

 private:
  std::optional<Op> op_;
  std::vector<MpfrNumber> operands_;
  std::vector<std::unique_ptr<const Computed>> results_;
};

std::optional<mpfr_rnd_t> own_direction(Mode mode, int precision) {
  switch (mode) {
    case Mode::nearest_even:  // with one bit MPFR always takes the outer of two equally near powers
      return precision > 1 ? std::optional(MPFR_RNDN) : std::nullopt;
    case Mode::toward_zero:
      return MPFR_RNDZ;
    case Mode::toward_positive:
      return MPFR_RNDU;
    case Mode::toward_negative:
      return MPFR_RNDD;
    case Mode::away_from_zero:
      return MPFR_RNDA;
    default:
      return std::nullopt;
  }
}

bool below(const MpfrNumber& y, std::int64_t exponent) {
  return mpfr_zero_p(y.get()) == 0 && mpfr_get_exp(y.get()) - 1 < exponent;
}

Rounded round_by_mpfr(Computations& computations, const FloatRange& format, mpfr_rnd_t direction) {
  const bool tiny_before =
      below(computations.at(format.precision, MPFR_RNDZ).number, format.least_normal);
  const Computations::Computed& unbounded = computations.at(format.precision, direction);
  MpfrNumber y(format.precision);
  mpfr_set(y.get(), unbounded.number.get(), MPFR_RNDN);  // exact
  int ternary = unbounded.ternary;
  {
    const MpfrRange range(format.least + 1, mpfr_get_emax());
    ternary = mpfr_check_range(y.get(), ternary, direction);
    ternary = mpfr_subnormalize(y.get(), ternary, direction);
  }
  Rounded result = take(y);
  result.exact = ternary == 0;
  result.tiny_before = tiny_before;
  result.tiny_after = below(unbounded.number, format.least_normal);
  return result;
}

// A magnitude cut at a last place: kept integer, discarded bits (a fraction of 2^width), and
// whether anything more follows.
struct Cut {
  Integer kept, discarded;
  unsigned width = 0;
  bool sticky = false;
  bool odd = false;  // parity of the code of `kept`

  [[nodiscard]] bool exact() const { return discarded.is_zero() && !sticky; }
  // Order of the discarded part and 1/2.
  [[nodiscard]] int middle() const {
    const int order = Integer(discarded << 1U).compare(Integer(1) << width);
    return order == 0 && sticky ? 1 : order;
  }
  // floor(2^n * the discarded part), n <= width.
  [[nodiscard]] Integer leading(unsigned n) const { return discarded >> (width - n); }
};

Cut cut_at(Rounded x, std::int64_t last_place, const FloatRange& format, bool sticky) {
  constexpr std::int64_t visible = 66;  // more bits than any mode looks at
  // Of what lies farther below, any number as small says the same: e^-2^30 would be a long integer.
  if (x.exponent + bit_length(x.significand) < last_place - visible) {
    x.significand = 1;
    x.exponent = last_place - visible - 1;
    sticky = true;
  }
  const std::int64_t width = std::max<std::int64_t>(last_place - x.exponent, visible);
  const Integer scaled = x.significand << static_cast<unsigned>(width - (last_place - x.exponent));
  Cut cut;
  cut.width = static_cast<unsigned>(width);
  cut.kept = scaled >> cut.width;
  cut.discarded = scaled - (cut.kept << cut.width);
  cut.sticky = sticky;
  // With one significant bit the code is the exponent field: the number 2^q has code q + bias.
  cut.odd = format.precision == 1 ? cut.kept != 0 && ((last_place + format.bias) & 1) != 0
                                  : boost::multiprecision::bit_test(cut.kept, 0);
  return cut;
}

bool chance_rounds_up(const Cut& cut, const Rounding& rounding, std::uint64_t random) {
  const auto n = static_cast<unsigned>(rounding.random_bits);
  const Integer one = Integer(1) << n;
  Integer seen;  // what the random number is added to
  switch (rounding.mode) {
    case Mode::stochastic:
      seen = cut.leading(n);
      break;
    case Mode::stochastic_b: {
      seen = cut.leading(n + 1) + 1;
      seen += random;
      seen += random;
      return seen.compare(Integer(one << 1U)) >= 0;
    }
    case Mode::stochastic_c: {
      seen = cut.leading(n);
      const Integer rest = cut.discarded - (seen << (cut.width - n));
      const int order = Integer(rest << 1U).compare(Integer(1) << (cut.width - n));
      const bool odd = boost::multiprecision::bit_test(seen, 0);
      if (order > 0 || (order == 0 && (cut.sticky || odd))) ++seen;
      break;
    }
    default:
      return (random & 1) != 0;
  }
  seen += random;
  return seen.compare(one) >= 0;
}

bool rounds_up(const Cut& cut, bool negative, const Rounding& rounding, std::uint64_t random) {
  if (cut.exact()) return false;
  switch (rounding.mode) {
    case Mode::nearest_even:
      return cut.middle() > 0 || (cut.middle() == 0 && cut.odd);
    case Mode::nearest_odd:
      return cut.middle() > 0 || (cut.middle() == 0 && !cut.odd);
    case Mode::nearest_away:
      return cut.middle() >= 0;
    case Mode::nearest_zero:
      return cut.middle() > 0;
    case Mode::nearest_up:
      return cut.middle() > 0 || (cut.middle() == 0 && !negative);
    case Mode::nearest_down:
      return cut.middle() > 0 || (cut.middle() == 0 && negative);
    case Mode::to_odd:
      return !cut.odd;
    default:
      return chance_rounds_up(cut, rounding, random);
  }
}

Rounded round_by_bits(Computations& computations, const FloatRange& format,
                      const Rounding& rounding, std::uint64_t random) {
  constexpr int visible = 70;
  const Computations::Computed& cut = computations.at(format.precision + visible, MPFR_RNDZ);
  const bool sticky = cut.ternary != 0;
  Rounded x = take(cut.number);
  if (x.significand.is_zero()) return x;
  const std::int64_t leading = x.exponent + bit_length(x.significand) - 1;
  const auto round_at = [&](std::int64_t last_place) {
    const Cut cut = cut_at(x, last_place, format, sticky);
    Rounded result = x;
    result.significand = cut.kept + (rounds_up(cut, x.negative, rounding, random) ? 1 : 0);
    result.exponent = last_place;
    result.exact = cut.exact();
    return result;
  };
  Rounded result = round_at(std::max(leading, format.least_normal) - format.precision + 1);
  const Rounded unbounded = round_at(leading - format.precision + 1);
  result.tiny_before = leading < format.least_normal;
  result.tiny_after =
      unbounded.exponent + bit_length(unbounded.significand) - 1 < format.least_normal;
  return result;
}

// The magnitude of a code: exponent field above fraction field, counted from the least number.
Code magnitude_code(const Rounded& x, const FloatRange& format) {
  if (x.significand.is_zero()) return 0;
  const std::int64_t leading = x.exponent + bit_length(x.significand) - 1;
  const std::int64_t last_place = std::max(leading, format.least_normal) - format.precision + 1;
  const std::int64_t shift = x.exponent - last_place;
  const Integer fraction = shift >= 0 ? Integer(x.significand << static_cast<unsigned>(shift))
                                      : Integer(x.significand >> static_cast<unsigned>(-shift));
  const auto field = static_cast<Code>(std::max(leading - format.least_normal, std::int64_t{0}));
  return (field << (format.precision - 1)) + static_cast<Code>(fraction);
}

Outcome deliver(const Rounded& x, const Quantizer& q, const FloatRange& format) {
  const bool zero = x.significand.is_zero();
  if (x.negative && !zero && !is_signed(q.format)) {
    return {code_of(q.format, land_negative(q, false), true), flags::overflow | flags::inexact};
  }
  Value magnitude;
  magnitude.significand = x.significand;
  magnitude.exponent = x.exponent;
  if (!zero && compare(magnitude, largest_finite(q.format)) > 0) {
    return {code_of(q.format, land_overflow(q, x.negative), x.negative),
            flags::overflow | flags::inexact};
  }
  const bool normals = compare(largest_finite(q.format), smallest_normal(q.format)) >= 0;
  const auto is_tiny = [&](Tininess rule) {
    return normals && (rule == Tininess::after_rounding ? x.tiny_after : x.tiny_before);
  };
  const std::optional<Tininess>& flush = q.rounding.flush_outputs;
  const bool nonzero = !zero || !x.exact;
  if (nonzero && flush && is_tiny(*flush))
    return {zero_code(q.format, x.negative), flags_of_flush(q.rounding)};
  const std::uint8_t tiny = is_tiny(q.rounding.tininess) ? flags::underflow : 0;
  const std::uint8_t raised = x.exact ? 0 : flags::inexact | tiny;
  if (zero) return {zero_code(q.format, x.negative), raised};
  const Code sign = x.negative ? Code{1} << (bits(q.format) - 1) : 0;
  return {magnitude_code(x, format) | sign, raised};
}

Outcome deliver_infinity(bool negative, bool division_by_zero, const Quantizer& q) {
  const Landing landing = land_infinity(q, negative);
  std::uint8_t raised = division_by_zero ? flags::divide_by_zero : 0;
  if (landing == Landing::nan) raised |= flags::invalid;
  if (landing != Landing::nan && landing != Landing::infinity)
    raised |= flags::overflow | flags::inexact;
  return {code_of(q.format, landing, negative), raised};
}

bool zero_times_infinity(std::optional<Op> op, std::span<const Value> v) {
  if (op != Op::fused_multiply_add) return false;
  return (v[0].is_zero() && v[1].is_infinite()) || (v[0].is_infinite() && v[1].is_zero());
}

Outcome deliver_nan(const NanCause& cause, bool negative, const Quantizer& q) {
  const Landing landing = land_nan(q, negative);
  if (landing != Landing::nan) return {code_of(q.format, landing, negative), flags::invalid};
  return {code_of(q.format, choose_nan(q.rounding.nan, cause)),
          raises_invalid(q.rounding.nan, cause) ? flags::invalid : std::uint8_t{0}};
}

}  // namespace

struct MpfrOperation::Results {
  bool known = false;     // to MPFR, and the same there
  bool negative = false;  // a conversion of a negative operand
  NanCause cause;
  Computations computations;
};

namespace {

// MPFR's own in 9.2.1: 1 / sqrt(-0) is +infinity there, and a NaN that signals is one like any
// other, so that powers and hypotenuses may be numbers in spite of it.
bool differs_in_mpfr(std::optional<Op> op, std::span<const Value> x) {
  if (op == Op::reciprocal_square_root) return x[0].is_zero();
  return (op == Op::power || op == Op::hypotenuse) &&
         std::any_of(x.begin(), x.end(), [](const Value& v) { return v.signalling; });
}

}  // namespace

MpfrOperation::MpfrOperation(std::optional<Op> op, std::span<const Value> operands)
    : results_(std::make_unique<Results>(Results{.cause = {}, .computations = {op, operands}})) {
  results_->known = !op || (computes(*op) && !differs_in_mpfr(op, operands));
  results_->negative = !op && operands[0].negative;
  NanCause& cause = results_->cause;
  cause = {.conversion = !op, .count = operands.size()};
  std::transform(operands.begin(), operands.end(), cause.operands.begin(), nan_operand);
  cause.infinite_times_zero = zero_times_infinity(op, operands);
}

MpfrOperation::~MpfrOperation() = default;
MpfrOperation::MpfrOperation(MpfrOperation&& other) noexcept = default;

std::optional<Outcome> MpfrOperation::round(const Quantizer& q, std::uint64_t random) {
  if (!results_->known || !mpfr_supports(q)) return std::nullopt;
  const MpfrRange widest(mpfr_get_emin_min(), mpfr_get_emax_max());
  Computations& computations = results_->computations;
  const FloatRange format(std::get<Float>(q.format.kind));
  const Computations::Computed& first = computations.at(format.precision, MPFR_RNDZ);
  mpfr_srcptr x = first.number.get();
  if (first.left_range) return std::nullopt;
  if (mpfr_nan_p(x) != 0) return deliver_nan(results_->cause, results_->negative, q);
  if (mpfr_inf_p(x) != 0) return deliver_infinity(mpfr_signbit(x) != 0, first.divided_by_zero, q);
  const std::optional<mpfr_rnd_t> direction = own_direction(q.rounding.mode, format.precision);
  return deliver(direction ? round_by_mpfr(computations, format, *direction)
                           : round_by_bits(computations, format, q.rounding, random),
                 q, format);
}

bool mpfr_supports(const Quantizer& quantizer) {
  const Float* f = std::get_if<Float>(&quantizer.format.kind);
  return f != nullptr && f->zero && (f->subnormals || f->fraction_bits == 0) &&
         quantizer.rounding.mode != Mode::nearest_log && !drops_sign(quantizer);
}

}  // namespace halfulp::reference
