// SPDX-License-Identifier: MIT
//
// Numbers and flags as people read them: what every report says them with.
#pragma once

#include <cstdint>
#include <string>

#include "formats/format.h"
#include "reference/explain/quotient.h"

namespace halfulp::words {

// How values are printed: with few characters unless one of these.
struct NumberStyle {
  bool exact = false;        // all digits
  bool hexadecimal = false;  // C hexadecimal floats
};

// The value of a code in the style asked for.
std::string number_text(const Format& format, Code code, const NumberStyle& style);
// Exactly this number: all its decimal digits where they are few, else a C hexadecimal float.
std::string exact_number_text(const Format& format, Code code);

// An exact number in words. form: exactly what it is, "3 * 2^-4", "1/10", or "2^(1/8)" where it is
// irrational; empty where that is long or says nothing new.
struct NumberWords {
  std::string decimal;
  bool exact = true;
  std::string form;
  std::string hexadecimal;  // numbers that are an integer times a power of two
};
NumberWords number_words(const reference::Quotient& q);

// "01"
std::string flag_digits(std::uint8_t flags);
// "01 inexact"
std::string flags_text(std::uint8_t flags);

}  // namespace halfulp::words
