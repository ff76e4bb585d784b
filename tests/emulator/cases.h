// SPDX-License-Identifier: MIT
//
// The formats and roundings that the emulator's tests run through, and how a difference is printed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"

namespace halfulp::cases {

inline Format custom(std::string name, Kind kind) {
  Format format{.name = std::move(name), .kind = std::move(kind)};
  validate(format);
  return format;
}

// The catalogue, and corners that it has none of.
inline std::vector<Format> formats() {
  std::vector<Format> list;
  for (const CatalogueEntry& entry : catalogue()) list.push_back(entry.format);
  const auto add = [&](const char* name, Kind kind) {
    list.push_back(custom(name, std::move(kind)));
  };
  add("unsigned-e3m2", Float{.exponent_bits = 3, .fraction_bits = 2, .bias = 3, .sign = false});
  add("e4m0", Float{.exponent_bits = 4, .bias = 7});
  add("e4m0-no-subnormals",
      Float{.exponent_bits = 4, .bias = 7, .nan_codes = 1, .subnormals = false});
  add("e3m2-no-subnormals",
      Float{
          .exponent_bits = 3, .fraction_bits = 2, .bias = 3, .nan_codes = 1, .subnormals = false});
  add("unsigned-e3m2-no-subnormals", Float{.exponent_bits = 3,
                                           .fraction_bits = 2,
                                           .bias = 3,
                                           .infinity = false,
                                           .subnormals = false,
                                           .sign = false});
  add("unsigned-e3m2-no-zero", Float{.exponent_bits = 3,
                                     .fraction_bits = 2,
                                     .bias = 3,
                                     .nan_codes = 1,
                                     .infinity = false,
                                     .zero = false,
                                     .subnormals = false,
                                     .sign = false});
  add("symmetric-int5", Fixed{.bits = 5, .symmetric = true});
  add("q3.2", Fixed{.bits = 6, .fraction_bits = 2});
  add("uq2.3", Fixed{.bits = 5, .fraction_bits = 3, .sign = false});
  add("coarse-fixed", Fixed{.bits = 6, .fraction_bits = -3});
  add("fixed1", Fixed{.bits = 1, .sign = false});
  add("affine5", Affine{.bits = 5, .scale = 0.1, .zero_point = 3});
  add("affine4-unsigned", Affine{.bits = 4, .sign = false, .scale = 0.75});
  add("affine8", Affine{.bits = 8, .sign = false, .scale = 0.0123, .zero_point = 117});
  add("affine6-below-zero", Affine{.bits = 6, .sign = false, .scale = 3, .zero_point = 63});
  add("posit2", Posit{.bits = 2});
  add("posit3-es0", Posit{.bits = 3, .exponent_bits = 0});
  add("posit4", Posit{.bits = 4});
  add("posit5-es1", Posit{.bits = 5, .exponent_bits = 1});
  add("posit6-es4", Posit{.bits = 6, .exponent_bits = 4});
  add("posit19-es12", Posit{.bits = 19, .exponent_bits = 12});
  add("takum2", Takum{.bits = 2});
  add("takum4", Takum{.bits = 4});
  add("takum6", Takum{.bits = 6});
  add("takum12", Takum{.bits = 12});
  add("takum53", Takum{.bits = 53});
  add("tenths", make_codebook({0.3, -0.1, 0.1, 0, -0.3, 0.1, -0.0, 1}));
  add("powers-of-ten", make_codebook({1e-300, 1, 1e-5, 10, 1e300, 1e-100}));
  add("no-zero", make_codebook({-4, -0.5, 2, 3, 100}));
  add("unsigned-list", make_codebook({0, 0.7, 5, 5.5}));
  add("turns", make_codebook({-1, -0.25, 0, 0.25, 1}, {-0.3, -0.0, 0.2, 0.7}));
  add("only-zero", make_codebook({0}));
  add("affine32", Affine{.bits = 32, .scale = 1e-9, .zero_point = -123456});
  return list;
}

// Small logarithmic formats and takums, and some beyond what the carriers hold.
inline std::vector<Format> logarithmic_formats() {
  return {custom("log3.0", Log{.integer_bits = 3}),
          custom("log1.1", Log{.integer_bits = 1, .fraction_bits = 1}),
          custom("log3.2", Log{.integer_bits = 3, .fraction_bits = 2}),
          custom("ulog3.2", Log{.integer_bits = 3, .fraction_bits = 2, .sign = false}),
          custom("log4.3", Log{.integer_bits = 4, .fraction_bits = 3}),
          custom("log5.10", Log{.integer_bits = 5, .fraction_bits = 10}),
          custom("log8.23", Log{.integer_bits = 8, .fraction_bits = 23}),
          custom("ulog1.63", Log{.integer_bits = 1, .fraction_bits = 63, .sign = false}),
          custom("log21.42", Log{.integer_bits = 21, .fraction_bits = 42}),
          custom("takum_log2", Takum{.bits = 2, .logarithmic = true}),
          custom("takum_log4", Takum{.bits = 4, .logarithmic = true}),
          custom("takum_log6", Takum{.bits = 6, .logarithmic = true}),
          custom("takum_log8", Takum{.bits = 8, .logarithmic = true}),
          custom("takum_log13", Takum{.bits = 13, .logarithmic = true}),
          custom("takum_log20", Takum{.bits = 20, .logarithmic = true}),
          custom("takum_log64", Takum{.bits = 64, .logarithmic = true})};
}

inline std::vector<Format> formats_up_to(int width) {
  std::vector<Format> list;
  for (const Format& format : formats()) {
    if (bits(format) <= width) list.push_back(format);
  }
  return list;
}

// The n-th of a sequence of overflow rules in which every choice meets every other.
inline Overflow mixed_overflow(std::size_t n) {
  const auto choose = [&](std::size_t count) {
    const std::size_t choice = n % count;
    n /= count;
    return choice;
  };
  Overflow rule;
  rule.negative = static_cast<Overflow::Negative>(choose(4));
  rule.infinite = static_cast<Overflow::Infinite>(choose(4));
  rule.missing_nan = static_cast<Overflow::Nan>(choose(5));
  rule.missing_zero = static_cast<Overflow::NoZero>(choose(3));
  rule.finite = static_cast<Overflow::Finite>(choose(2));
  rule.missing_infinity = static_cast<Overflow::Missing>(choose(2));
  rule.directed = choose(2) == 0;
  rule.to_odd = static_cast<Overflow::ToOdd>(choose(3));
  return rule;
}

// The n-th of a sequence of roundings that has every mode, with all presets and mixed overflow
// rules, both tininess rules, flushing and widths of random bits mixed in.
inline Rounding rounding(std::size_t n) {
  constexpr std::array<int, 6> widths{32, 1, 5, 64, 11, 40};
  const auto& presets = overflow_presets();
  Rounding r{.mode = all_modes()[n % mode_count], .overflow = presets[n % presets.size()].rule};
  const std::size_t rest = n / mode_count;
  if (rest % 3 == 2) r.overflow = mixed_overflow(n * 0x9e3779b97f4a7c15U >> 40);
  r.random_bits = widths[rest % widths.size()];
  r.tininess = rest % 2 == 0 ? Tininess::after_rounding : Tininess::before_rounding;
  r.flush_inputs = rest % 5 == 3;
  if (rest % 7 == 4) r.flush_outputs = n % 2 == 0 ? r.tininess : Tininess::after_rounding;
  r.flush_inexact = rest % 4 != 1;
  r.nan = static_cast<NanRule>(n * 5 % nan_presets().size());
  return r;
}

inline std::string describe(const Quantizer& q) {
  const Rounding& r = q.rounding;
  return q.format.name + " " + std::string(name_of(r.mode)) + " overflow " +
         (preset_name_of(r.overflow).empty() ? to_json(r.overflow).dump()
                                             : std::string(preset_name_of(r.overflow))) +
         " R " + std::to_string(r.random_bits) +
         (r.tininess == Tininess::before_rounding ? " tiny-before" : "") +
         (r.flush_inputs ? " flush-inputs" : "") +
         (!r.flush_outputs                                ? ""
          : *r.flush_outputs == Tininess::before_rounding ? " flush-before"
                                                          : " flush-after") +
         " NaN " + std::string(name_of(r.nan));
}

inline std::string describe(const Format& format, const Outcome& outcome) {
  return code_text(format, outcome.code) + " (" + hexadecimal_text(decode(format, outcome.code)) +
         ") flags " + std::to_string(outcome.flags);
}

}  // namespace halfulp::cases
