// SPDX-License-Identifier: MIT
//
// What dot products with an accumulator cost by order, and what exact ones cost beside other ways
// to them in the same run: integers of any length, one sum after the other (what an emulator does
// that has no long accumulator), and MPFR's mpfr_dot. Compare ratios, not absolute times. And that
// a carrier's own arithmetic costs the same however it is described.
#include <benchmark/benchmark.h>
#include <mpfr.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <vector>

#include "emulator/engine.h"
#include "emulator/scalar/long.h"
#include "formats/catalogue.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

// Full significands, exponents within +-range.
std::vector<double> numbers(std::size_t count, int range, std::uint64_t stream) {
  const Random random{.seed = 1, .stream = stream};
  std::vector<double> list(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double fraction = 1 + static_cast<double>(random.bits(2 * i, 52)) * 0x1p-52;
    const std::uint32_t word = random.word(4 * i);
    const int exponent = static_cast<int>(word % static_cast<std::uint32_t>(2 * range + 1)) - range;
    list[i] = std::ldexp((word >> 31) != 0 ? -fraction : fraction, exponent);
  }
  return list;
}

void per_term(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void by_order(benchmark::State& state, Order order, const char* format) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<double> a = numbers(count, static_cast<int>(state.range(1)), 1);
  const std::vector<double> b = numbers(count, static_cast<int>(state.range(1)), 2);
  DotUnit unit{.order = order, .product = {}, .accumulator = {}};
  unit.accumulator = Quantizer{.format = find_format(format), .rounding = {}};
  if (order == Order::chunked) unit.chunk = 128;
  const DotPlan plan = emulator::engine().prepare_dot(unit);
  double out = 0;
  for (auto _ : state) {
    emulator::engine().multiply(view_of(a.data(), 1, count), view_of(b.data(), count, 1), plan, {},
                                view_of(&out, 1, 1));
    benchmark::DoNotOptimize(out);
  }
  per_term(state);
}

void by_integers(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<double> a = numbers(count, static_cast<int>(state.range(1)), 1);
  const std::vector<double> b = numbers(count, static_cast<int>(state.range(1)), 2);
  for (auto _ : state) {
    emulator::Exact<Integer> total;
    for (std::size_t k = 0; k < count; ++k) {
      const emulator::Operand x = emulator::unpack_double(a[k]);
      const emulator::Operand y = emulator::unpack_double(b[k]);
      const emulator::Exact<Integer> term{
          x.negative != y.negative,
          Integer(emulator::from_code<Integer>(x.significand * y.significand)),
          x.exponent + y.exponent};
      total = total.significand == 0 ? term : emulator::long_sum(total, term);
    }
    benchmark::DoNotOptimize(total);
  }
  per_term(state);
}

void by_mpfr(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<__mpfr_struct> operands(2 * count);
  std::vector<mpfr_ptr> pointers;
  const int range = static_cast<int>(state.range(1));
  for (std::size_t i = 0; i < 2 * count; ++i) {
    mpfr_init2(&operands[i], 53);
    pointers.push_back(&operands[i]);
  }
  for (std::uint64_t side = 0; side < 2; ++side) {
    const std::vector<double> list = numbers(count, range, side + 1);
    for (std::size_t i = 0; i < count; ++i)
      mpfr_set_d(&operands[side * count + i], list[i], MPFR_RNDN);
  }
  mpfr_t sum;
  mpfr_init2(sum, 53);
  for (auto _ : state) {
    mpfr_dot(sum, pointers.data(), pointers.data() + count, count, MPFR_RNDN);
    benchmark::DoNotOptimize(sum);
  }
  for (auto& operand : operands) mpfr_clear(&operand);
  mpfr_clear(sum);
  per_term(state);
}

template <typename Real>
std::vector<Real> square(std::size_t side, std::uint64_t stream) {
  const std::vector<double> list = numbers(side * side, 8, stream);
  return {list.begin(), list.end()};
}

double median(std::vector<double> list) {
  std::nth_element(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2),
                   list.end());
  return list[list.size() / 2];
}

// Square matrices by `native` and by its long description in turns; `ratio` is the long one's
// median processor time over the native one's.
template <typename Real>
void time_descriptions(benchmark::State& state) {
  const auto side = static_cast<std::size_t>(state.range(0));
  const Carrier carrier = sizeof(Real) == 4 ? Carrier::binary32 : Carrier::binary64;
  const std::vector<Real> a = square<Real>(side, 1);
  const std::vector<Real> b = square<Real>(side, 2);
  std::vector<Real> out(side * side);
  const DotUnit native{.native = carrier, .product = {}, .accumulator = {}};
  DotUnit described;
  described.product = Quantizer{.format = find_format(name_of(carrier)), .rounding = {}};
  described.accumulator = described.product;
  const std::array plans{emulator::engine().prepare_dot(native),
                         emulator::engine().prepare_dot(described)};
  std::array<std::vector<double>, 2> seconds;
  for (auto _ : state) {
    double both = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      const std::clock_t start = std::clock();
      emulator::engine().multiply(view_of(a.data(), side, side), view_of(b.data(), side, side),
                                  plans[i], {}, view_of(out.data(), side, side));
      benchmark::DoNotOptimize(out.data());
      seconds[i].push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
      both += seconds[i].back();
    }
    state.SetIterationTime(both);
  }
  state.counters["native"] = median(seconds[0]);
  state.counters["described"] = median(seconds[1]);
  state.counters["ratio"] = median(seconds[1]) / median(seconds[0]);
}

void descriptions(benchmark::State& state, Carrier carrier) {
  carrier == Carrier::binary32 ? time_descriptions<float>(state) : time_descriptions<double>(state);
}

// Terms, and the range of the exponents of the factors.
void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({64, 8})->Args({4096, 8})->Args({4096, 500});
}
BENCHMARK_CAPTURE(by_order, exact_binary64, Order::exact, "binary64")->Apply(shapes);
BENCHMARK_CAPTURE(by_order, exact_posit16, Order::exact, "posit16")->Apply(shapes);
BENCHMARK(by_integers)->Apply(shapes);
BENCHMARK(by_mpfr)->Apply(shapes);
BENCHMARK_CAPTURE(by_order, sequential_binary32, Order::sequential, "binary32")->Args({4096, 8});
BENCHMARK_CAPTURE(by_order, pairwise_binary32, Order::pairwise, "binary32")->Args({4096, 8});
BENCHMARK_CAPTURE(by_order, chunked_binary32, Order::chunked, "binary32")->Args({4096, 8});
BENCHMARK_CAPTURE(by_order, compensated_binary32, Order::compensated, "binary32")->Args({4096, 8});

void squares(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(512)->Arg(1024)->Iterations(11)->UseManualTime();
  benchmark->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(descriptions, binary32, Carrier::binary32)->Apply(squares);
BENCHMARK_CAPTURE(descriptions, binary64, Carrier::binary64)->Apply(squares);

}  // namespace
}  // namespace halfulp

BENCHMARK_MAIN();
