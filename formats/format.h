// SPDX-License-Identifier: MIT
//
// What a number format is: a plain value that says how codes stand for numbers. The five questions
// every kind answers are in codes.h, the named formats in catalogue.h, the JSON form (same keys as
// these fields) in json.h.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace halfulp {

// A bit pattern, right-aligned. 128 bits hold every scalar format.
__extension__ using Code = unsigned __int128;
__extension__ using Rank = __int128;

struct Range {
  Rank lowest = 0, highest = 0;
};

// A binary floating-point format: [sign] exponent fraction, most significant first. The fields are
// those of one record that describes IEEE 754, OCP, FNUZ, P3109 and E8M0 formats alike: which codes
// at the top of each sign's range are NaN, whether the one below them is an infinity, whether the
// code 10...0 is a negative zero (else it is NaN).
struct Float {
  int exponent_bits = 0;
  int fraction_bits = 0;
  std::int64_t bias = 0;
  Code nan_codes = 0;         // a sign; IEEE 754 has 2^fraction_bits - 1
  bool infinity = true;       // a sign
  bool zero = true;           // without it code 0 is the least power of two (E8M0)
  bool negative_zero = true;  // signed formats only
  bool subnormals =
      true;  // without them exponent field 0 is an ordinary binade, its first code still zero
  bool sign = true;
  bool operator==(const Float&) const = default;
};

// Two's complement (or unsigned) fixed point: code * 2^-fraction_bits. Integers have no fraction
// bits.
struct Fixed {
  int bits = 0;
  int fraction_bits = 0;
  bool sign = true;
  bool symmetric = false;  // the lowest code is not used as a result; it still decodes
  bool operator==(const Fixed&) const = default;
};

// An integer n that stands for (n - zero_point) * scale, as quantized tensors have it.
struct Affine {
  int bits = 0;
  bool sign = true;             // of n
  double scale = 1;             // finite and positive
  std::int64_t zero_point = 0;  // within the range of n
  bool operator==(const Affine&) const = default;
};

// Posit: sign, regime of equal bits ended by their opposite, exponent, fraction (Posit Standard
// 2022, which fixes exponent_bits = 2).
struct Posit {
  int bits = 0;
  int exponent_bits = 2;
  bool operator==(const Posit&) const = default;
};

// Takum: sign, direction, three bits that say how long the characteristic is, mantissa (Hunhold,
// arXiv 2404.18603). Linear, or logarithmic with base sqrt(e).
struct Takum {
  int bits = 0;
  bool logarithmic = false;
  bool operator==(const Takum&) const = default;
};

// Logarithmic: [sign] and the two's complement fixed-point logarithm to base 2. The lowest
// logarithm stands for zero, and with the sign for NaN.
struct Log {
  int integer_bits = 0;  // with the logarithm's own sign
  int fraction_bits = 0;
  bool sign = true;
  bool operator==(const Log&) const = default;
};

// A list of numbers: the code is the index. Numbers may come in any order and more than once (the
// first one is delivered); -0 may stand beside 0.
struct Codebook {
  int bits = 0;
  std::vector<double> values;
  // Where "nearest" turns between neighbours, in increasing order; empty: in the middle.
  std::vector<double> boundaries;
  // What nearest-even, the usual rounding, makes of a number that lies exactly there: of its two
  // neighbours the one whose code is even, or whichever the list's publisher takes. The modes that
  // have the tie in their name go by that.
  enum class Ties : std::uint8_t { even, lower, upper, toward_zero, away_from_zero };
  Ties ties = Ties::even;
  // Follows from the values: the codes in increasing order of their numbers, each number once, and
  // how many of them are negative.
  std::vector<std::uint32_t> order;
  std::uint32_t negatives = 0;
  bool operator==(const Codebook&) const = default;
};
// bits: 0 for as few as hold the list. Throws Error where no format can be made of the list.
Codebook make_codebook(std::vector<double> values, std::vector<double> boundaries = {},
                       Codebook::Ties ties = Codebook::Ties::even, int bits = 0);

using Kind = std::variant<Float, Fixed, Affine, Posit, Takum, Log, Codebook>;

struct Format {
  std::string name;  // canonical, or the text that described it
  Kind kind;
  bool operator==(const Format&) const = default;
};

// Throws Error (with the field as location) where the fields contradict each other or leave the
// supported range: at most 128 bits (127 unsigned), exponent_bits 1 to 20, |bias| <= 2^21.
void validate(const Format& format);

}  // namespace halfulp
