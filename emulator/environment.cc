// SPDX-License-Identifier: MIT
#include "emulator/environment.h"

#if defined(__FAST_MATH__)
#error "halfulp's results are bits: it cannot be built with -ffast-math"
#endif

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace halfulp::emulator {

#if defined(__SSE2__)

namespace {
// All exceptions masked (bits 7 to 12); rounding control, flush-to-zero and denormals-are-zero 0.
constexpr std::uint32_t standard_control = 0x1f80;
}  // namespace

StandardEnvironment::StandardEnvironment() : saved_(_mm_getcsr()) {
  if (saved_ != standard_control) _mm_setcsr(standard_control);
}

StandardEnvironment::~StandardEnvironment() { _mm_setcsr(saved_); }

#else

StandardEnvironment::StandardEnvironment() {
  std::fegetenv(&saved_);
  std::fesetenv(FE_DFL_ENV);
}

StandardEnvironment::~StandardEnvironment() { std::fesetenv(&saved_); }

#endif

double multiply_then_add(double a, double b, double c) { return a * b + c; }

}  // namespace halfulp::emulator
