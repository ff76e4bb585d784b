// SPDX-License-Identifier: MIT
//
// MPFR numbers and MPFR's exponent range with C++ lifetimes. The range is a variable of the thread
// (MPFR manual, "Exceptions"); it is put back at the end of the scope.
#pragma once

#include <mpfr.h>

namespace halfulp::reference {

class MpfrRange {
 public:
  // MPFR's significands lie in [1/2, 1), so binary64 has emin = -1073 and emax = 1024.
  MpfrRange(mpfr_exp_t emin, mpfr_exp_t emax) : emin_(mpfr_get_emin()), emax_(mpfr_get_emax()) {
    mpfr_set_emin(emin);
    mpfr_set_emax(emax);
  }
  ~MpfrRange() {
    mpfr_set_emin(emin_);
    mpfr_set_emax(emax_);
  }
  MpfrRange(const MpfrRange&) = delete;
  MpfrRange& operator=(const MpfrRange&) = delete;

 private:
  mpfr_exp_t emin_, emax_;
};

class MpfrNumber {
 public:
  explicit MpfrNumber(mpfr_prec_t precision) { mpfr_init2(number_, precision); }
  ~MpfrNumber() { mpfr_clear(number_); }
  MpfrNumber(MpfrNumber&& other) noexcept : MpfrNumber(MPFR_PREC_MIN) {
    mpfr_swap(number_, other.number_);
  }
  MpfrNumber(const MpfrNumber&) = delete;
  MpfrNumber& operator=(const MpfrNumber&) = delete;
  MpfrNumber& operator=(MpfrNumber&&) = delete;

  [[nodiscard]] mpfr_ptr get() { return number_; }
  [[nodiscard]] mpfr_srcptr get() const { return number_; }

 private:
  mpfr_t number_;
};

}  // namespace halfulp::reference
