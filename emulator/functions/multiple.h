// SPDX-License-Identifier: MIT
//
// MPFR for the functions of this folder: numbers with C++ lifetimes, and MPFR's largest exponent
// range for as long as a scope lasts (it is a variable of the thread: MPFR manual, "Exceptions").
#pragma once

#include <mpfr.h>

#include "emulator/scalar/operand.h"
#include "emulator/scalar/wide.h"

namespace halfulp::emulator {

class WidestRange {
 public:
  WidestRange() : emin_(mpfr_get_emin()), emax_(mpfr_get_emax()) {
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
  }
  ~WidestRange() {
    mpfr_set_emin(emin_);
    mpfr_set_emax(emax_);
  }
  WidestRange(const WidestRange&) = delete;
  WidestRange& operator=(const WidestRange&) = delete;

 private:
  mpfr_exp_t emin_, emax_;
};

class Multiple {
 public:
  explicit Multiple(mpfr_prec_t precision) { mpfr_init2(x_, precision); }
  ~Multiple() { mpfr_clear(x_); }
  Multiple(const Multiple&) = delete;
  Multiple& operator=(const Multiple&) = delete;

  operator mpfr_ptr() { return x_; }           // NOLINT: as MPFR's own types convert
  operator mpfr_srcptr() const { return x_; }  // NOLINT
  [[nodiscard]] mpfr_exp_t exponent() const { return mpfr_get_exp(x_); }
  [[nodiscard]] bool negative() const { return mpfr_signbit(x_) != 0; }

 private:
  mpfr_t x_;
};

// Exact for numbers, zeros and infinities without an irrational factor, at any precision of at
// least 128 bits.
void set(mpfr_ptr x, const Operand& operand);
// low < |x| < high of an irrational number, no more than 2^(8 - precision) of it apart.
struct Ends {
  Multiple low, high;
  explicit Ends(mpfr_prec_t precision) : low(precision), high(precision) {}
};
void set(Ends& ends, const Operand& operand, mpfr_prec_t precision);

// x, finite and nonzero, as an integer times a power of two; jammed where it is not exact.
Exact<Integer> exact_of(mpfr_srcptr x, bool exact);

// f of dyadic operands cut toward zero to `bits` bits and jammed. Beyond +-2^24 exponents stay
// there.
Exact<Integer> cut_of(Op op, mpfr_srcptr x, mpfr_srcptr y, int bits);

}  // namespace halfulp::emulator
