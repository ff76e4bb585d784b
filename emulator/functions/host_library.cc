// SPDX-License-Identifier: MIT
#include "emulator/functions/host_library.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "formats/random.h"

namespace halfulp::emulator {
namespace {

constexpr double quarter_turn = 1.57079632679489661923;
constexpr double largest_result = 0x1p1000;

template <int (*kFunction)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t)>
int exact(mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr /*y*/) {
  return kFunction(r, x, MPFR_RNDN);
}
template <int (*kFunction)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t)>
int exact(mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y) {
  return kFunction(r, x, y, MPFR_RNDN);
}

template <double (*kFunction)(double)>
double plain(double x, double /*y*/) {
  return kFunction(x);
}
template <double (*kFunction)(double)>
double as_logarithm(double x, double /*y*/) {
  return logarithm(kFunction(x));
}
template <double (*kFunction)(double)>
double as_angle(double x, double /*y*/) {
  return away_from_zeros(x, kFunction(x));
}

// Arguments whose results are in the range of candidates, and some beyond: e^690 < 2^1000, and
// erfc(27) < 2^-1000.
constexpr auto functions = std::to_array<HostFunction>({
    {"exp", plain<std::exp>, exact<mpfr_exp>, -900, 9},
    {"exp2", plain<std::exp2>, exact<mpfr_exp2>, -900, 9},
    {"expm1", plain<std::expm1>, exact<mpfr_expm1>, -900, 9},
    {"log", as_logarithm<std::log>, exact<mpfr_log>, -900, 900, false},
    {"log2", as_logarithm<std::log2>, exact<mpfr_log2>, -900, 900, false},
    {"log10", as_logarithm<std::log10>, exact<mpfr_log10>, -900, 900, false},
    {"log1p", plain<std::log1p>, exact<mpfr_log1p>},
    {"sin", as_angle<std::sin>, exact<mpfr_sin>, -900, 9, true, quarter_turn},
    {"cos", as_angle<std::cos>, exact<mpfr_cos>, -900, 9, true, quarter_turn},
    {"tan", as_angle<std::tan>, exact<mpfr_tan>, -900, 9, true, quarter_turn},
    {"asin", plain<std::asin>, exact<mpfr_asin>, -900, 0, true, 0x1p-8},
    {"acos", as_logarithm<std::acos>, exact<mpfr_acos>, -900, 0, true, 0x1p-8},
    {"atan", plain<std::atan>, exact<mpfr_atan>},
    {"sinh", plain<std::sinh>, exact<mpfr_sinh>, -900, 9},
    {"cosh", plain<std::cosh>, exact<mpfr_cosh>, -900, 9},
    {"tanh", plain<std::tanh>, exact<mpfr_tanh>},
    {"erf", plain<std::erf>, exact<mpfr_erf>},
    {"erfc", plain<std::erfc>, exact<mpfr_erfc>, -900, 5, false},
    {"cbrt", plain<std::cbrt>, exact<mpfr_cbrt>},
    {"pow", std::pow, exact<mpfr_pow>, -900, 900, false, 1, true},
    {"hypot", std::hypot, exact<mpfr_hypot>},
});

// Arguments of one function, as the stream says.
class Arguments {
 public:
  Arguments(const HostFunction& f, std::uint64_t seed) : f_(f), bits_(splitmix64(seed, 0)) {}

  struct Pair {
    double x, y;
  };
  Pair next() {
    Pair pair{number(), number()};
    if (f_.is_power) pair.y = (double_below(2000) - 1000) / std::log2(pair.x);
    return pair;
  }

 private:
  std::uint64_t draw(std::uint64_t below) { return bits_.at(index_++) % below; }
  double double_below(double limit) {
    return std::ldexp(static_cast<double>(bits_.at(index_++) >> 11), -53) * limit;
  }

  double number() {
    const double x = draw(5) == 0 ? near_multiple() : anywhere();
    return f_.negative && draw(2) == 0 ? -x : x;
  }

  // Small exponents are drawn as often as all.
  double anywhere() {
    int low = f_.least;
    int high = f_.most;
    if (draw(2) == 0) {
      low = std::max(low, -12);
      high = std::min(high, 12);
    }
    const auto span = static_cast<std::uint64_t>(high - low);
    const int exponent = low + static_cast<int>(span == 0 ? 0 : draw(span));
    return std::ldexp(1 + double_below(1), exponent);
  }

  double near_multiple() {
    const double most = std::min(std::ldexp(1.0, f_.most), 1024.0);
    const auto largest = static_cast<std::uint64_t>(std::max(most / f_.multiples_of, 2.0));
    const double multiple = static_cast<double>(1 + draw(largest - 1)) * f_.multiples_of;
    const double aside = std::ldexp(1 + double_below(1), -2 - static_cast<int>(draw(50)));
    return multiple * (draw(2) == 0 ? 1 - aside : 1 + aside);
  }

  const HostFunction& f_;
  SplitMix64 bits_;
  std::uint64_t index_ = 0;
};

double relative_error(const HostFunction& f, double x, double y) {
  constexpr mpfr_prec_t precision = 120;
  const double found = f.evaluate(x, y);
  // Negated, so that NaN is among them.
  if (!(std::fabs(found) >= 1 / largest_result && std::fabs(found) <= largest_result)) return 0;
  Multiple a(53);
  Multiple b(53);
  Multiple r(precision);
  mpfr_set_d(a, x, MPFR_RNDN);
  mpfr_set_d(b, y, MPFR_RNDN);
  f.exact(r, a, b);
  Multiple distance(precision);
  mpfr_d_sub(distance, found, r, MPFR_RNDN);
  mpfr_div(distance, distance, r, MPFR_RNDN);
  return std::fabs(mpfr_get_d(distance, MPFR_RNDA));
}

bool hold(std::initializer_list<std::string_view> names) {
  return std::all_of(names.begin(), names.end(), [](std::string_view name) {
    return std::all_of(functions.begin(), functions.end(),
                       [&](const HostFunction& f) { return f.name != name || holds(f); });
  });
}

}  // namespace

std::span<const HostFunction> host_functions() { return functions; }

double largest_error(const HostFunction& f, std::uint64_t seed, std::size_t count) {
  Arguments arguments(f, seed);
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto [x, y] = arguments.next();
    const double error = relative_error(f, x, y);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

bool holds(const HostFunction& f) {
  constexpr std::uint64_t seed = 1;
  constexpr std::size_t few = 32;
  return largest_error(f, seed, few) <= trusted_error;
}

bool host_library_holds(Op op) {
  switch (op) {
    case Op::reciprocal:
    case Op::reciprocal_square_root:
      return true;  // division and roots are the processor's
    case Op::sigmoid:
    case Op::silu:
      return hold({"exp"});
    case Op::gelu:
      return hold({"erf", "erfc"});
    case Op::softplus:
      return hold({"exp", "log1p"});
    case Op::cube_root:
      return hold({"cbrt"});
    case Op::power:
      return hold({"pow"});
    case Op::hypotenuse:
      return hold({"hypot"});
    default:
      return hold({name_of(op)});
  }
}

}  // namespace halfulp::emulator
