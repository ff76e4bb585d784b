// SPDX-License-Identifier: MIT
//
// Aligned additions (Alignment in formats/dot_tree.h) on lanes of doubles that hold every step of
// them exactly; the caller sees to that. A number is cut by multiplying it with a power of two, so
// that what is to be kept is an integer, and taking the integer next to it. An addition of exact
// doubles is exact while the sum has at most 53 bits, so IEEE 754 gives infinities, NaN and signs
// of zero by itself. This file is compiled once for every instruction set. Floating-point
// arithmetic.
#include <limits>

#include "emulator/kernels/kernels.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/align.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using U = hn::RebindToUnsigned<D>;
using V = hn::Vec<D>;

// A double with an integer below 2^51 in its lowest bits: 2^52 more than it.
constexpr double integer_bits = 0x1p52;
constexpr double bias = 1023;

// 2^n for integers n from -1022 to 1023: n + bias goes from the lowest bits to the exponent's.
HWY_INLINE V power_of_two(V n) {
  const V biased = hn::Add(n, hn::Set(D(), bias + integer_bits));
  return hn::BitCast(D(), hn::ShiftLeft<52>(hn::BitCast(U(), biased)));
}

// floor(log2 |x|) of normal doubles, at least `least`; none of zeros and of what is not finite.
HWY_INLINE V stored_exponent(V x, V least) {
  const auto field = hn::ShiftRight<52>(hn::BitCast(U(), hn::Abs(x)));
  const auto with_field = hn::Or(field, hn::BitCast(U(), hn::Set(D(), integer_bits)));
  const V exponent = hn::Sub(hn::BitCast(D(), with_field), hn::Set(D(), integer_bits + bias));
  const auto counts = hn::And(hn::IsFinite(x), hn::Ne(x, hn::Zero(D())));
  return hn::IfThenElse(counts, hn::Max(exponent, least), hn::Set(D(), no_exponent));
}

// Where no number has an exponent all are zeros, infinite or NaN, and any exponent does.
HWY_INLINE V known(V exponent) {
  return hn::IfThenElseZero(hn::Gt(exponent, hn::Set(D(), 2 * least_known_exponent)), exponent);
}

template <bool kScaled>
void find_largest(const LaneTerms& terms, std::size_t lanes, double* largest) {
  const D d;
  for (std::size_t i = 0; i < lanes; i += hn::Lanes(d)) {
    V most = hn::LoadU(d, largest + i);
    for (std::size_t k = terms.first; k < terms.end; k += terms.step) {
      const V of_column = hn::LoadU(d, terms.column_exponents + k * terms.stride + i);
      V exponent = hn::Add(hn::Set(d, terms.factor_exponents[k]), of_column);
      if constexpr (kScaled) exponent = hn::Add(exponent, hn::LoadU(d, terms.scale_exponents + i));
      most = hn::Max(most, exponent);
    }
    hn::StoreU(most, d, largest + i);
  }
}

void find_largest_exponents(const LaneTerms& terms, std::size_t lanes, double* largest) {
  terms.scales != nullptr ? find_largest<true>(terms, lanes, largest)
                          : find_largest<false>(terms, lanes, largest);
}

// Floor of Highway 1.0.3 makes +0 of -0 where no instruction does it.
HWY_INLINE V floor_of(V x) { return hn::CopySign(hn::Floor(x), x); }

enum class Cutting : std::uint8_t { none, toward_zero, downward };

template <Cutting kCutting, bool kScaled, bool kLimited>
void add_terms(const LaneTerms& terms, const Cut& cut, const double* largest, std::size_t lanes,
               double* sums) {
  const D d;
  const V limit = hn::Set(d, cut.limit);
  const V infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < lanes; i += hn::Lanes(d)) {
    V sum = hn::LoadU(d, sums + i);
    const V unit = power_of_two(hn::Sub(hn::Set(d, cut.bits), known(hn::LoadU(d, largest + i))));
    for (std::size_t k = terms.first; k < terms.end; k += terms.step) {
      V term =
          hn::Mul(hn::Set(d, terms.factors[k]), hn::LoadU(d, terms.columns + k * terms.stride + i));
      if constexpr (kLimited) {
        const auto beyond = hn::Ge(hn::Abs(term), limit);
        term = hn::IfThenElse(beyond, hn::CopySign(infinity, term), term);
      }
      if constexpr (kScaled) term = hn::Mul(term, hn::LoadU(d, terms.scales + i));
      if constexpr (kCutting == Cutting::toward_zero) term = hn::Trunc(hn::Mul(term, unit));
      if constexpr (kCutting == Cutting::downward) term = floor_of(hn::Mul(term, unit));
      sum = hn::Add(sum, term);
    }
    hn::StoreU(sum, d, sums + i);
  }
}

template <Cutting kCutting>
void add_terms_of(const LaneTerms& terms, const Cut& cut, const double* largest, std::size_t lanes,
                  double* sums) {
  const bool limited = cut.limit < std::numeric_limits<double>::infinity();
  if (terms.scales != nullptr) {
    limited ? add_terms<kCutting, true, true>(terms, cut, largest, lanes, sums)
            : add_terms<kCutting, true, false>(terms, cut, largest, lanes, sums);
  } else {
    limited ? add_terms<kCutting, false, true>(terms, cut, largest, lanes, sums)
            : add_terms<kCutting, false, false>(terms, cut, largest, lanes, sums);
  }
}

void add_cut_terms(const LaneTerms& terms, const Cut& cut, const double* largest, std::size_t lanes,
                   double* sums) {
  if (cut.exact) {
    add_terms_of<Cutting::none>(terms, cut, largest, lanes, sums);
  } else if (cut.downward) {
    add_terms_of<Cutting::downward>(terms, cut, largest, lanes, sums);
  } else {
    add_terms_of<Cutting::toward_zero>(terms, cut, largest, lanes, sums);
  }
}

void find_stored_exponents(const double* numbers, std::size_t lanes, double least,
                           double* exponents) {
  const D d;
  for (std::size_t i = 0; i < lanes; i += hn::Lanes(d))
    hn::StoreU(stored_exponent(hn::LoadU(d, numbers + i), hn::Set(d, least)), d, exponents + i);
}

HWY_INLINE V cut_at(V x, V unit, bool downward) {
  const V scaled = hn::Mul(x, unit);
  const V kept = downward ? floor_of(scaled) : hn::Trunc(scaled);
  return hn::Div(kept, unit);
}

void add_cut_running(const Running& running, const double* largest, std::size_t lanes,
                     double* sums) {
  const D d;
  const V bits = hn::Set(d, running.bits);
  const V further = power_of_two(hn::Set(d, running.unit_bits - running.bits));
  for (std::size_t i = 0; i < lanes; i += hn::Lanes(d)) {
    const V exponent = known(hn::LoadU(d, largest + i));
    V s = hn::LoadU(d, running.numbers + i);
    if (running.drops) {
      const V least = hn::Sub(exponent, hn::Add(bits, hn::Set(d, 1.0)));
      const V own = hn::LoadU(d, running.exponents + i);
      const auto dropped = hn::And(hn::Lt(own, least), hn::IsFinite(s));
      s = hn::IfThenElse(dropped, hn::CopySign(hn::Zero(d), s), s);
    }
    const V scaled = hn::Mul(s, power_of_two(hn::Sub(bits, exponent)));
    const V kept = running.downward ? floor_of(scaled) : hn::Trunc(scaled);
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::Mul(kept, further)), d, sums + i);
  }
}

void scale_back_sums(const double* largest, std::size_t lanes, double bits, double* sums) {
  const D d;
  for (std::size_t i = 0; i < lanes; i += hn::Lanes(d)) {
    const V unit = power_of_two(hn::Sub(known(hn::LoadU(d, largest + i)), hn::Set(d, bits)));
    hn::StoreU(hn::Mul(hn::LoadU(d, sums + i), unit), d, sums + i);
  }
}

void cut_whole_sums(const SumCut& cut, std::size_t lanes, double* sums) {
  const D d;
  for (std::size_t i = 0; i < lanes; i += hn::Lanes(d)) {
    const V x = hn::LoadU(d, sums + i);
    const V exponent = known(stored_exponent(x, hn::Set(d, cut.least)));
    const V unit = power_of_two(hn::Sub(hn::Set(d, cut.bits), exponent));
    hn::StoreU(cut_at(x, unit, cut.downward), d, sums + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(find_largest_exponents);
HWY_EXPORT(add_cut_terms);
HWY_EXPORT(find_stored_exponents);
HWY_EXPORT(add_cut_running);
HWY_EXPORT(scale_back_sums);
HWY_EXPORT(cut_whole_sums);

void largest_exponents(const LaneTerms& terms, std::size_t lanes, double* largest) {
  HWY_DYNAMIC_DISPATCH(find_largest_exponents)(terms, lanes, largest);
}
void add_cut(const LaneTerms& terms, const Cut& cut, const double* largest, std::size_t lanes,
             double* sums) {
  HWY_DYNAMIC_DISPATCH(add_cut_terms)(terms, cut, largest, lanes, sums);
}
void stored_exponents(const double* numbers, std::size_t lanes, double least, double* exponents) {
  HWY_DYNAMIC_DISPATCH(find_stored_exponents)(numbers, lanes, least, exponents);
}
void add_running(const Running& running, const double* largest, std::size_t lanes, double* sums) {
  HWY_DYNAMIC_DISPATCH(add_cut_running)(running, largest, lanes, sums);
}
void scale_back(const double* largest, std::size_t lanes, double bits, double* sums) {
  HWY_DYNAMIC_DISPATCH(scale_back_sums)(largest, lanes, bits, sums);
}
void cut_sums(const SumCut& cut, std::size_t lanes, double* sums) {
  HWY_DYNAMIC_DISPATCH(cut_whole_sums)(cut, lanes, sums);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
