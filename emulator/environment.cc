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

// Directions are numbered as its bits 13 and 14 are.
StandardEnvironment::StandardEnvironment(Direction direction) : saved_(_mm_getcsr()) {
  const std::uint32_t control = standard_control | static_cast<std::uint32_t>(direction) << 13;
  if (saved_ != control) _mm_setcsr(control);
}

StandardEnvironment::~StandardEnvironment() { _mm_setcsr(saved_); }

// The control word's last bits are the flags; bit 5 is that of inexact results.
bool StandardEnvironment::was_exact() const { return (_mm_getcsr() & 0x20U) == 0; }

#else

StandardEnvironment::StandardEnvironment(Direction /*direction*/) {
  std::fegetenv(&saved_);
  std::fesetenv(FE_DFL_ENV);
}

StandardEnvironment::~StandardEnvironment() { std::fesetenv(&saved_); }

bool StandardEnvironment::was_exact() const { return std::fetestexcept(FE_INEXACT) == 0; }

#endif

double multiply_then_add(double a, double b, double c) { return a * b + c; }

}  // namespace halfulp::emulator
