// SPDX-License-Identifier: MIT
//
// Results must not depend on how the caller has set up its floating-point unit (rounding direction,
// flush-to-zero, denormals-are-zero, unmasked traps). Code that does floating-point arithmetic on
// the way to a result holds one of these.
#pragma once

#include <cstdint>

#if !defined(__SSE2__)
#include <cfenv>
#endif

namespace halfulp::emulator {

// A kernel that rounds in another direction than to nearest is called in an environment of it,
// where there are any: compilers move no arithmetic over the call.
enum class Direction : std::uint8_t { nearest, down, up, zero };
#if defined(__SSE2__)
inline constexpr bool has_directions = true;
#else
inline constexpr bool has_directions = false;
#endif

// From construction to destruction: round to nearest even, or in the direction, subnormals kept, no
// traps. Destruction restores the caller's control word and status flags as they were. Of one
// thread only.
class StandardEnvironment {
 public:
  explicit StandardEnvironment(Direction direction = Direction::nearest);
  ~StandardEnvironment();
  StandardEnvironment(const StandardEnvironment&) = delete;
  StandardEnvironment& operator=(const StandardEnvironment&) = delete;

  // True where every operation since its construction, of kernels that were called, was exact.
  [[nodiscard]] bool was_exact() const;

 private:
#if defined(__SSE2__)
  std::uint32_t saved_;
#else
  std::fenv_t saved_;
#endif
};

// a * b + c as the compiler made it from source text that says so. Tests check that the two
// operations were rounded separately.
double multiply_then_add(double a, double b, double c);

}  // namespace halfulp::emulator
