// SPDX-License-Identifier: MIT
//
// The statistics of errors are those of their definition, element after element, in every bit and
// on every instruction set: on runs of any length, among infinities and NaN, far beyond the range
// of squares, and where there is no error at all.
#include "golden/tensors/error_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"

namespace halfulp::tensors {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The distance of a number's neighbours, by rounding it both ways.
double distance(const Format& format, double x) {
  const auto to = [&](Mode mode) {
    Quantizer quantizer{.format = format, .rounding = {}};
    quantizer.rounding.mode = mode;
    quantizer.rounding.overflow = parse_overflow("saturate");
    double y = 0;
    emulator::engine().round(view_of(std::span<const double>(&x, 1)),
                             emulator::engine().prepare(quantizer), {},
                             view_of(std::span<double>(&y, 1)), nullptr);
    return y;
  };
  const double below = to(Mode::toward_negative);
  const double above = to(Mode::toward_positive);
  if (below != above || below == x) return above - below;
  const Range range = finite_range(format);
  return nearest_double(value_at(format, range.highest)) -
         nearest_double(value_at(format, range.highest - 1));
}

struct Expected {
  std::uint64_t measured = 0, nan_out = 0, infinite_out = 0, lost = 0;
  double noise = 0, largest_ulp = 0;
  std::size_t largest_at = 0;
};

Expected by_definition(const Matrix& in, const Quantized& out, const TensorQuantizer& quantizer) {
  Expected all;
  std::vector<double> scales(in.size(), 1.0);
  const ElementScales of_out = quantizer.scales(out);
  if (!of_out.empty()) of_out.find(0, scales);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const double x = in.at(i);
    const double y = out.values.at(i);
    all.nan_out += std::isnan(y) ? 1 : 0;
    all.infinite_out += std::isinf(y) ? 1 : 0;
    all.lost += std::isfinite(x) && !std::isfinite(y) ? 1 : 0;
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    ++all.measured;
    all.noise += (y - x) * (y - x);
    const double ulp = std::abs(y - x) / (distance(quantizer.element(), x / scales[i]) * scales[i]);
    if (!(ulp > all.largest_ulp) || ulp == infinity) continue;
    all.largest_ulp = ulp;
    all.largest_at = i;
  }
  return all;
}

enum class Kind { usual, specials, huge, exact, zeros };

Unfolded numbers(std::size_t count, Carrier carrier, Kind kind) {
  Unfolded made{.matrix = Matrix(carrier, 1, count),
                .shape = {1, static_cast<std::int64_t>(count)},
                .axis = 1};
  const Random random{.seed = 11, .stream = static_cast<std::uint64_t>(kind)};
  const double wide = carrier == Carrier::binary32 ? 0x1p90 : 0x1p600;
  for (std::size_t i = 0; i < count; ++i) {
    double x = static_cast<std::int32_t>(random.word(i)) * 0x1p-28;
    if (i % 7 == 2) x *= 0x1p-12;
    if (i % 13 == 4) x *= 0x1p9;
    if (kind == Kind::specials && i % 97 == 40) x = infinity;
    if (kind == Kind::specials && i % 211 == 3) x = -std::numeric_limits<double>::quiet_NaN();
    if (kind == Kind::huge) x *= i % 3 == 0 ? wide : i % 3 == 1 ? 1 / wide : 1;
    if (kind == Kind::exact) x = static_cast<double>(static_cast<int>(i % 5) - 2);
    if (kind == Kind::zeros) x = i % 2 == 0 ? 0.0 : -0.0;
    if (carrier == Carrier::binary32) {
      made.matrix.floats[i] = static_cast<float>(x);
    } else {
      made.matrix.doubles[i] = x;
    }
  }
  return made;
}

void check(const std::string& name, const Unfolded& in, const std::string& what) {
  const Engine& engine = emulator::engine();
  const TensorQuantizer quantizer(any_quantizer_from_text(name), engine, 1);
  const Quantized out = quantizer.quantize(in, {}, false);
  const Expected want = by_definition(in.matrix, out, quantizer);
  const ErrorStatistics got = error_statistics(in, out, {}, quantizer, engine);
  EXPECT_EQ(got.measured, want.measured) << what;
  EXPECT_EQ(got.nan_out, want.nan_out) << what;
  EXPECT_EQ(got.infinite_out, want.infinite_out) << what;
  EXPECT_EQ(got.lost, want.lost) << what;
  const double mean = want.measured == 0 ? 0 : want.noise / static_cast<double>(want.measured);
  EXPECT_EQ(got.mean_square, mean) << what;
  EXPECT_EQ(got.largest_ulp, want.largest_ulp) << what;
  EXPECT_EQ(got.largest_at, want.largest_at) << what;
}

TEST(ErrorStatistics, AreThoseOfTheDefinitionOnEveryInstructionSet) {
  for (const std::string& set : emulator::instruction_sets()) {
    emulator::force_instruction_set(set);
    for (const std::string name :
         {"float8_e4m3fn", "float8_e5m2", "float4_e2m1fn", "bfloat16", "posit8", "int8",
          "float8_e4m3fnuz", "mxfp8_e4m3", "mxfp4", "nvfp4"}) {
      for (const Carrier carrier : {Carrier::binary32, Carrier::binary64}) {
        for (const std::size_t count : {1U, 31U, 1024U, 1025U, 2500U})
          check(name, numbers(count, carrier, Kind::usual),
                set + ", " + name + ", " + std::to_string(count));
        for (const Kind kind : {Kind::specials, Kind::huge, Kind::exact, Kind::zeros})
          check(name, numbers(1500, carrier, kind),
                set + ", " + name + ", kind " + std::to_string(static_cast<int>(kind)));
      }
    }
  }
  emulator::force_instruction_set("");
}

// Formats whose distances doubles do not hold so simply take the other way.
TEST(ErrorStatistics, AreThoseOfTheDefinitionForWideFormats) {
  for (const std::string name : {"binary32", "binary64", "tf32"}) {
    check(name, numbers(1500, Carrier::binary64, Kind::usual), name);
    check(name, numbers(1500, Carrier::binary64, Kind::huge), name);
  }
}

}  // namespace
}  // namespace halfulp::tensors
