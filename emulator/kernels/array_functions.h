// SPDX-License-Identifier: MIT
//
// Functions of binary32 numbers on lanes, rounded to odd (array_functions.cc).
#pragma once

#include <cstddef>
#include <cstdint>

#include "formats/operation.h"

namespace halfulp::emulator::kernels {

bool has_lanes(Op op);

// Results of so many bits, subnormals included where they are floats, rounded to odd.
inline constexpr int least_odd_bits = 24;
inline constexpr int most_odd_bits = 34;

// What stands for a result that the lanes do not know; other NaNs are results.
inline constexpr std::uint64_t unknown_double = 0x7fffffffe0000000U;
inline constexpr std::uint32_t unknown_float = 0x7fffffffU;

// out[i] = op(in[i]) to odd, of 24 bits; floats end where binary32 does, and of doubles those
// beyond 2^+-200 are of that magnitude or more or less than it. Answers whether any is unknown.
// Floating-point arithmetic. Precondition: has_lanes(op).
bool function_to_odd(Op op, const float* in, std::size_t count, float* out);
// The same with `bits` bits, least_odd_bits to most_odd_bits.
bool function_to_odd(Op op, const float* in, std::size_t count, int bits, double* out);
// The approximations themselves, for tests: what the operand is not special for.
void approximate_function(Op op, const float* in, std::size_t count, double* out);

}  // namespace halfulp::emulator::kernels
