// SPDX-License-Identifier: MIT
//
// The questions that any device is asked first. Each group measures one property by masks of large,
// cancelling and small numbers: a number beside one that is so many powers of two larger shows how
// many bits are kept and how they are rounded; of two large numbers that cancel each other and
// small ones at all other places, those survive that were added after both. (Xie, Gao, Wang and
// Xue, "Revealing floating-point accumulation orders in software/hardware implementations", USENIX
// ATC 2025, find orders so; Fasi, Higham, Mikaitis and Pranesh, PeerJ Computer Science 7, 2021,
// e330, the widths of tensor cores.) Groups are chosen so that the properties that they are not
// about matter little; what they leave open, questions chosen by hypotheses settle
// (next_questions.h).
#pragma once

#include <vector>

#include "golden/probe/questions.h"

namespace halfulp::probe {

// What questions are about.
namespace subjects {
inline constexpr const char* rounding = "rounding";      // one product beside C
inline constexpr const char* alignment = "alignment";    // two products and C, on ties
inline constexpr const char* order = "order";            // what is added before what
inline constexpr const char* grouping = "grouping";      // how many terms enter an addition
inline constexpr const char* operands = "operands";      // subnormals, bits that are cut
inline constexpr const char* range = "range";            // least and largest results
inline constexpr const char* specials = "specials";      // infinities, NaN, zeros
inline constexpr const char* scales = "scales";          // where the device has them
inline constexpr const char* hypotheses = "hypotheses";  // drawn where hypotheses part
}  // namespace subjects

// Throws Error where an operand is no floating-point format, located at "a", "b", "c" or "d".
std::vector<Question> first_questions(const Ports& ports);

}  // namespace halfulp::probe
