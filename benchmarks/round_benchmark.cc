// SPDX-License-Identifier: MIT
//
// What the emulator's main paths cost, beside what bounds them on the same machine in the same run:
// a copy of the array for rounding, and a plain scalar loop of the kind that emulators have for
// stochastic rounding. Compare ratios, not absolute times. Arrays fit the second-level cache; their
// numbers have mixed signs, subnormals, ties, and a few per cent beyond the range.
#include <benchmark/benchmark.h>
#include <mpfr.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "emulator/engine.h"
#include "emulator/operations/scalar.h"
#include "formats/catalogue.h"

namespace halfulp {
namespace {

constexpr std::size_t l2_elements = std::size_t{1} << 16;

template <typename Real>
std::vector<Real> numbers(std::size_t count) {
  const Random random{.seed = 1};
  std::vector<Real> list(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = random.word(i);
    const int exponent = static_cast<int>(word % 22) - 12;
    const Real fraction = static_cast<Real>(1 + (word >> 16) / 65536.0);
    list[i] = std::ldexp((word & 0x8000U) != 0 ? -fraction : fraction, exponent);
  }
  return list;
}

Plan plan_of(const char* format, Mode mode, int random_bits = 32) {
  Rounding rounding;
  rounding.mode = mode;
  rounding.random_bits = random_bits;
  return emulator::engine().prepare({.format = find_format(format), .rounding = rounding});
}

void per_element(benchmark::State& state, std::size_t elements) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(elements));
}

void copy_array(benchmark::State& state) {
  const std::vector<float> in = numbers<float>(l2_elements);
  std::vector<float> out(in.size());
  for (auto _ : state) {
    std::memcpy(out.data(), in.data(), in.size() * sizeof(float));
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_element(state, in.size());
}
BENCHMARK(copy_array);

template <typename Real>
void round_drawing(benchmark::State& state, const char* format, Mode mode, std::size_t count,
                   Generator generator) {
  const std::vector<Real> in = numbers<Real>(count);
  std::vector<Real> out(count);
  const Plan plan = plan_of(format, mode);
  const Random random{.seed = 1, .stream = 2, .generator = generator};
  for (auto _ : state) {
    emulator::engine().round(view_of(std::span(in)), plan, random, view_of(std::span(out)),
                             nullptr);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_element(state, count);
}
template <typename Real>
void round_array(benchmark::State& state, const char* format, Mode mode, std::size_t count) {
  round_drawing<Real>(state, format, mode, count, Generator::philox4x32_10);
}
constexpr auto* round_floats = &round_array<float>;
constexpr auto* round_doubles = &round_array<double>;
BENCHMARK_CAPTURE(round_floats, e4m3fn_nearest, "float8_e4m3fn", Mode::nearest_even, l2_elements);
BENCHMARK_CAPTURE(round_floats, e2m1fn_nearest, "float4_e2m1fn", Mode::nearest_even, l2_elements);
BENCHMARK_CAPTURE(round_floats, bfloat16_nearest, "bfloat16", Mode::nearest_even, l2_elements);
BENCHMARK_CAPTURE(round_floats, e4m3fn_toward_zero, "float8_e4m3fn", Mode::toward_zero,
                  l2_elements);
// By tables of steps; nearest_log of a float too, where the grid serves no more.
BENCHMARK_CAPTURE(round_floats, nf4_nearest, "nf4", Mode::nearest_even, l2_elements);
BENCHMARK_CAPTURE(round_floats, dynamic8_nearest, "dynamic8_signed", Mode::nearest_even,
                  l2_elements);
BENCHMARK_CAPTURE(round_floats, posit8_nearest, "posit8", Mode::nearest_even, l2_elements);
BENCHMARK_CAPTURE(round_floats, posit16_nearest, "posit16", Mode::nearest_even, 8 * l2_elements);
BENCHMARK_CAPTURE(round_floats, log4_3_nearest, "log4.3", Mode::nearest_even, l2_elements);
BENCHMARK_CAPTURE(round_floats, e4m3fn_nearest_log, "float8_e4m3fn", Mode::nearest_log,
                  l2_elements);
constexpr auto* draw_floats = &round_drawing<float>;
constexpr auto* draw_doubles = &round_drawing<double>;
BENCHMARK_CAPTURE(draw_floats, e4m3fn_stochastic_philox, "float8_e4m3fn", Mode::stochastic,
                  l2_elements, Generator::philox4x32_10);
BENCHMARK_CAPTURE(draw_floats, e4m3fn_stochastic_splitmix, "float8_e4m3fn", Mode::stochastic,
                  l2_elements, Generator::splitmix64);
BENCHMARK_CAPTURE(draw_doubles, bfloat16_stochastic_philox, "bfloat16", Mode::stochastic,
                  l2_elements / 2, Generator::philox4x32_10);
BENCHMARK_CAPTURE(draw_doubles, bfloat16_stochastic_splitmix, "bfloat16", Mode::stochastic,
                  l2_elements / 2, Generator::splitmix64);
BENCHMARK_CAPTURE(round_doubles, e4m3fn_nearest, "float8_e4m3fn", Mode::nearest_even,
                  l2_elements / 2);
BENCHMARK_CAPTURE(round_doubles, e4m3fn_nearest_256, "float8_e4m3fn", Mode::nearest_even, 256);
BENCHMARK_CAPTURE(round_doubles, posit8_nearest, "posit8", Mode::nearest_even, l2_elements / 2);
BENCHMARK_CAPTURE(round_doubles, dlfloat16_nearest_256, "dlfloat16", Mode::nearest_even, 256);

// The usual scalar loop: scale to the spacing, add a uniform number, round down.
void scalar_stochastic_loop(benchmark::State& state) {
  const std::vector<float> in = numbers<float>(l2_elements);
  std::vector<float> out(in.size());
  std::uint64_t generator = 1;
  for (auto _ : state) {
    for (std::size_t i = 0; i < in.size(); ++i) {
      generator = generator * 6364136223846793005U + 1442695040888963407U;
      const float uniform = static_cast<float>(generator >> 40) * 0x1p-24F;
      const int exponent = std::max(std::ilogb(in[i]), -6) - 3;
      const float scaled = std::ldexp(std::fabs(in[i]), -exponent);
      const float rounded = std::ldexp(std::floor(scaled + uniform), exponent);
      out[i] = std::copysign(std::min(rounded, 448.0F), in[i]);
    }
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_element(state, in.size());
}
BENCHMARK(scalar_stochastic_loop);

void encode_array(benchmark::State& state) {
  const std::vector<float> in = numbers<float>(l2_elements);
  std::vector<std::uint8_t> codes(l2_elements);
  const Plan plan = plan_of("float8_e4m3fn", Mode::nearest_even);
  for (auto _ : state) {
    emulator::engine().encode(view_of(std::span(in)), plan, {}, codes, nullptr);
    benchmark::DoNotOptimize(codes.data());
    benchmark::ClobberMemory();
  }
  per_element(state, in.size());
}
BENCHMARK(encode_array);

void decode_array(benchmark::State& state) {
  const std::vector<std::uint8_t> codes(l2_elements, 0x35);
  std::vector<float> out(l2_elements);
  const Plan plan = plan_of("float8_e4m3fn", Mode::nearest_even);
  for (auto _ : state) {
    emulator::engine().decode(codes, plan, view_of(std::span(out)));
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_element(state, out.size());
}
BENCHMARK(decode_array);

// A matrix of 64 rows in a block format, values out; compare with round_floats of its elements and
// with copy_array. Items are elements.
void quantize(benchmark::State& state, const char* name) {
  const std::vector<float> in = numbers<float>(l2_elements);
  std::vector<float> out(in.size());
  const BlockPlan plan = emulator::engine().prepare_block(find_block_format(name));
  constexpr std::size_t rows = 64;
  const View from = view_of(in.data(), rows, in.size() / rows);
  const MutableView to = view_of(out.data(), rows, out.size() / rows);
  for (auto _ : state) {
    emulator::engine().quantize(from, plan, {}, to, nullptr, nullptr);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_element(state, in.size());
}
BENCHMARK_CAPTURE(quantize, mxfp4, "mxfp4");
BENCHMARK_CAPTURE(quantize, mxfp8_e4m3, "mxfp8_e4m3");
BENCHMARK_CAPTURE(quantize, nvfp4, "nvfp4");
BENCHMARK_CAPTURE(quantize, nf4_block64, "nf4_block64");

void map_array(benchmark::State& state, Op op) {
  const std::vector<double> a = numbers<double>(4096);
  std::vector<double> out(a.size());
  const Plan plan = plan_of("binary16", Mode::nearest_even);
  const View view = view_of(std::span(a));
  const std::vector<View> in(static_cast<std::size_t>(arity(op)), view);
  for (auto _ : state) {
    emulator::engine().map(op, in, plan, {}, view_of(std::span(out)), nullptr);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_element(state, a.size());
}
BENCHMARK_CAPTURE(map_array, add, Op::add);
BENCHMARK_CAPTURE(map_array, multiply, Op::multiply);
BENCHMARK_CAPTURE(map_array, divide, Op::divide);
BENCHMARK_CAPTURE(map_array, fused_multiply_add, Op::fused_multiply_add);

void apply_code(benchmark::State& state, const char* name, Op op) {
  const Quantizer quantizer{.format = find_format(name), .rounding = {}};
  const std::vector<Format> inputs(3, quantizer.format);
  const auto operands = static_cast<std::size_t>(arity(op));
  const Operation operation{
      .op = op, .inputs = std::span(inputs).first(operands), .output = &quantizer};
  const Random random{.seed = 3};
  std::vector<Code> codes(1024);
  const int width = quantizer.format.name == "binary16" ? 16 : 32;
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = random.word(i) >> (32 - width);
  std::size_t at = 0;
  for (auto _ : state) {
    at = (at + 1) % 1000;
    benchmark::DoNotOptimize(emulator::apply(operation, std::span(codes).subspan(at, operands), 0));
  }
}
BENCHMARK_CAPTURE(apply_code, binary16_add, "binary16", Op::add);
BENCHMARK_CAPTURE(apply_code, binary32_add, "binary32", Op::add);
BENCHMARK_CAPTURE(apply_code, binary32_multiply, "binary32", Op::multiply);
BENCHMARK_CAPTURE(apply_code, binary32_divide, "binary32", Op::divide);
BENCHMARK_CAPTURE(apply_code, binary32_square_root, "binary32", Op::square_root);
BENCHMARK_CAPTURE(apply_code, binary32_fma, "binary32", Op::fused_multiply_add);

// Functions of binary32 elements to float8, beside MPFR's at the precision of float8.
void map_function(benchmark::State& state, Op op) {
  const std::vector<float> a = numbers<float>(l2_elements);
  std::vector<float> out(a.size());
  const Plan plan = plan_of("float8_e4m3fn", Mode::nearest_even);
  const std::vector<View> in{view_of(std::span(a))};
  for (auto _ : state) {
    emulator::engine().map(op, in, plan, {}, view_of(std::span(out)), nullptr);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_element(state, a.size());
}
BENCHMARK_CAPTURE(map_function, exp, Op::exp);
BENCHMARK_CAPTURE(map_function, sin, Op::sin);
BENCHMARK_CAPTURE(map_function, gelu, Op::gelu);

void mpfr_exp_loop(benchmark::State& state) {
  const std::vector<float> a = numbers<float>(4096);
  mpfr_t x;
  mpfr_t y;
  mpfr_init2(x, 24);
  mpfr_init2(y, 4);
  for (auto _ : state) {
    for (const float number : a) {
      mpfr_set_flt(x, number, MPFR_RNDN);
      benchmark::DoNotOptimize(mpfr_exp(y, x, MPFR_RNDN));
    }
  }
  mpfr_clears(x, y, nullptr);
  per_element(state, a.size());
}
BENCHMARK(mpfr_exp_loop);

BENCHMARK_CAPTURE(apply_code, binary16_exp, "binary16", Op::exp);
BENCHMARK_CAPTURE(apply_code, binary32_exp, "binary32", Op::exp);

// Items are multiply-accumulates.
void multiply_matrices(benchmark::State& state, const DotUnit& unit, std::size_t rows,
                       std::size_t inner, std::size_t columns) {
  const std::vector<double> a = numbers<double>(rows * inner);
  const std::vector<double> b = numbers<double>(inner * columns);
  std::vector<double> out(rows * columns);
  const DotPlan plan = emulator::engine().prepare_dot(unit);
  for (auto _ : state) {
    emulator::engine().multiply(view_of(a.data(), rows, inner), view_of(b.data(), inner, columns),
                                plan, {}, view_of(out.data(), rows, columns));
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_element(state, rows * inner * columns);
}

DotUnit native(Order order) {
  DotUnit unit;
  unit.order = order;
  return unit;
}

DotUnit accumulated(const char* format, Mode mode) {
  DotUnit unit;
  Rounding rounding;
  rounding.mode = mode;
  unit.accumulator = Quantizer{find_format(format), rounding};
  return unit;
}

BENCHMARK_CAPTURE(multiply_matrices, native_256, native(Order::sequential), 256, 256, 256);
BENCHMARK_CAPTURE(multiply_matrices, native_eight_sums_256, native(Order::eight_sums), 256, 256,
                  256);
BENCHMARK_CAPTURE(multiply_matrices, dot_eight_sums_256, native(Order::eight_sums), 1, 256, 1);
BENCHMARK_CAPTURE(multiply_matrices, binary16_256, accumulated("binary16", Mode::nearest_even), 256,
                  256, 256);
BENCHMARK_CAPTURE(multiply_matrices, bfloat16_stochastic_128,
                  accumulated("bfloat16", Mode::stochastic), 128, 128, 128);
BENCHMARK_CAPTURE(multiply_matrices, posit16_128, accumulated("posit16", Mode::nearest_even), 128,
                  128, 128);
BENCHMARK_CAPTURE(multiply_matrices, binary16_dot_256, accumulated("binary16", Mode::nearest_even),
                  1, 256, 1);

}  // namespace
}  // namespace halfulp

BENCHMARK_MAIN();
