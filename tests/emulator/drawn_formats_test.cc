// SPDX-License-Identifier: MIT
//
// Formats drawn at random from all that the kinds allow, up to 128 bits: the emulator against the
// reference, on boundary-biased operands that may come from another drawn format.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "emulator/operations/scalar.h"
#include "formats/error.h"
#include "formats/json.h"
#include "reference/engine.h"
#include "reference/round.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using cases::describe;
using sampling::Stream;

int between(int least, int most, Stream& stream) {
  return least + static_cast<int>(stream.below(static_cast<std::uint64_t>(most - least + 1)));
}

// Half of the widths are short.
int draw_width(int least, int most, Stream& stream) {
  return between(least, stream.bits(1) != 0 ? std::min(most, 20) : most, stream);
}

Kind draw_posit(Stream& stream) {
  const bool usual = stream.bits(1) != 0;
  return Posit{.bits = draw_width(2, 128, stream),
               .exponent_bits = between(0, usual ? 3 : 11, stream)};
}

Kind draw_takum(Stream& stream) { return Takum{.bits = draw_width(2, 128, stream)}; }

Kind draw_logarithmic_takum(Stream& stream) {
  return Takum{.bits = draw_width(2, 64, stream), .logarithmic = true};
}

Kind draw_log(Stream& stream) {
  const bool sign = stream.below(4) != 0;
  const int width = draw_width(2, sign ? 63 : 64, stream);
  const int integer_bits = between(1, std::min(stream.bits(1) != 0 ? 21 : 6, width), stream);
  return Log{.integer_bits = integer_bits, .fraction_bits = width - integer_bits, .sign = sign};
}

double draw_double(int exponents, Stream& stream) {
  const auto field = static_cast<std::uint64_t>(1023 + between(-exponents, exponents, stream));
  const std::uint64_t fraction = stream.bits(1) != 0 ? stream.bits(52) : stream.bits(2) << 50;
  return std::bit_cast<double>((stream.bits(1) << 63) | (field << 52) | fraction);
}

Kind draw_affine(Stream& stream) {
  const int bits = draw_width(1, 64, stream);
  const bool sign = stream.bits(1) != 0;
  const std::uint64_t any = stream.bits(std::min(bits, 62));
  const auto zero = static_cast<std::int64_t>(sign && bits < 63 ? any / 2 : any);
  const double scale = std::bit_cast<double>(
      std::bit_cast<std::uint64_t>(draw_double(stream.bits(1) != 0 ? 8 : 900, stream)) << 1 >> 1);
  return Affine{.bits = bits,
                .sign = sign,
                .scale = scale,
                .zero_point = sign && stream.bits(1) != 0 ? -zero : zero};
}

Kind draw_codebook(Stream& stream) {
  const int count = between(1, stream.bits(1) != 0 ? 8 : 80, stream);
  const int exponents = std::array{3, 30, 1000}[stream.below(3)];
  const bool sign = stream.below(4) != 0;
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double x = draw_double(exponents, stream);
    values.push_back(sign || x > 0 ? x : -x);
  }
  if (stream.bits(1) != 0) values.push_back(0);
  if (stream.bits(2) == 0) values.push_back(-0.0);
  values.push_back(1);
  if (stream.bits(2) != 0) return make_codebook(values);
  const Codebook turns = make_codebook(values);  // the lower of two numbers, or zero: legal turns
  std::vector<double> boundaries;
  for (std::size_t i = 0; i + 1 < turns.order.size(); ++i) {
    boundaries.push_back(turns.values[turns.order[i + stream.bits(1)]]);
  }
  return make_codebook(values, boundaries);
}

Kind draw_float(Stream& stream) {
  const int exponent_bits = between(1, 15, stream);
  const bool sign = stream.bits(1) != 0;
  Float f{.exponent_bits = exponent_bits,
          .fraction_bits = draw_width(0, (sign ? 126 : 125) - exponent_bits, stream),
          .bias = (std::int64_t{1} << (exponent_bits - 1)) - 1,
          .sign = sign};
  f.infinity = stream.bits(1) != 0;
  f.nan_codes = stream.bits(1);
  if (stream.bits(1) != 0 && f.fraction_bits > 0) f.nan_codes = (Code{1} << f.fraction_bits) - 1;
  f.subnormals = stream.bits(2) != 0;
  f.negative_zero = stream.bits(2) != 0;
  f.zero = f.subnormals || stream.bits(1) != 0 || !f.negative_zero;
  return f;
}

template <typename Draw>
Format draw_format(Draw draw, Stream& stream) {
  while (true) {
    try {
      return cases::custom("drawn", draw(stream));
    } catch (const Error&) {  // too few codes for what was drawn: draw again
    }
  }
}

Format draw_any(Stream& stream) {
  constexpr std::array kinds{draw_posit,  draw_takum,    draw_logarithmic_takum,
                             draw_affine, draw_codebook, draw_float,
                             draw_log};
  return draw_format(kinds[stream.below(kinds.size())], stream);
}

std::string text(const Format& format) { return to_json(format).dump(); }

struct Case {
  const char* name;
  Kind (*draw)(Stream& stream);
  std::size_t turns = 3000;
};

class DrawnFormats : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(, DrawnFormats,
                         testing::Values(Case{"posit", draw_posit}, Case{"takum", draw_takum},
                                         Case{"affine", draw_affine},
                                         Case{"codebook", draw_codebook},
                                         Case{"floating", draw_float}, Case{"log", draw_log, 1500},
                                         Case{"logarithmic_takum", draw_logarithmic_takum, 1000}),
                         [](const auto& info) { return info.param.name; });

std::uint64_t draw_random(const Rounding& rounding, Stream& stream) {
  const std::uint64_t any = stream.bits(rounding.random_bits);
  return stream.below(4) != 0 ? any : any & (std::uint64_t{0} - stream.bits(1));
}

// Half of the time one of arithmetic. Not sines of irrational numbers, whose exponents may have a
// million bits before the point.
Op draw_op(const Format& other, Stream& stream) {
  while (true) {
    const auto op =
        static_cast<Op>(stream.below(stream.bits(1) != 0 ? arithmetic_op_count : op_count));
    const bool sine = op == Op::sin || op == Op::cos || op == Op::tan;
    if (!sine || is_dyadic(other)) return op;
  }
}

TEST_P(DrawnFormats, AgreeWithTheReference) {
  Stream stream(21);
  for (std::size_t turn = 0; turn < sampling::draws(GetParam().turns); ++turn) {
    const Format to = draw_format(GetParam().draw, stream);
    const Format other = stream.bits(1) != 0 ? to : draw_any(stream);
    const Quantizer q{.format = to, .rounding = cases::rounding(turn)};
    for (int i = 0; i < 12; ++i) {
      const std::array<Format, 3> all{to, other, stream.bits(1) != 0 ? to : other};
      const Op op = draw_op(to, stream);
      const std::span<const Format> inputs =
          std::span(all).first(static_cast<std::size_t>(arity(op)));
      std::array<Code, 3> codes;
      for (std::size_t k = 0; k < 3; ++k) codes[k] = sampling::draw_code(all[k], stream);
      const Operation operation{.op = op, .inputs = inputs, .output = &q};
      const std::uint64_t random = draw_random(q.rounding, stream);
      const std::span<const Code> operands = std::span(codes).first(inputs.size());
      Outcome ours;
      Outcome theirs;
      std::string raised;
      try {
        theirs = reference::engine().apply(operation, operands, random);
        ours = emulator::engine().apply(operation, operands, random);
      } catch (const Error& error) {
        raised = std::string(error.what()) + ": ";
      }
      ASSERT_TRUE(ours == theirs && raised.empty())
          << raised << name_of(op) << " into " << text(to) << " " << describe(q) << ", random "
          << random << ", of " << text(other) << ": " << code_text(all[0], codes[0]) << " "
          << code_text(all[1], codes[1]) << " " << code_text(all[2], codes[2]) << "\n  emulator  "
          << describe(to, ours) << "\n  reference " << describe(to, theirs);
      const Outcome converted = emulator::convert(other, codes[1], q, random);
      const Outcome expected =
          reference::engine().convert(other, codes[1], reference::engine().prepare(q), random);
      ASSERT_EQ(converted, expected)
          << text(other) << " " << code_text(other, codes[1]) << " into " << text(to) << " "
          << describe(q) << ", random " << random << "\n  emulator  " << describe(to, converted)
          << "\n  reference " << describe(to, expected);
    }
  }
}

}  // namespace
}  // namespace halfulp
