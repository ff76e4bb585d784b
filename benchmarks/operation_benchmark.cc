// SPDX-License-Identifier: MIT
//
// What one operation on codes costs: prepared once and used many times, on arrays of codes, and
// with all preparation each time, beside MPFR's addition to as many bits, the subnormals and the
// range of binary16 left out. Operands are drawn from all codes of numbers, those of conversions
// from the numbers that the result's format is for.
#include <benchmark/benchmark.h>
#include <mpfr.h>

#include <array>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

constexpr std::size_t count = 4096;

// Codes of `from`; where another format is meant, of its numbers with more digits behind them.
std::vector<Code> drawn_codes(const Format& format, const Format& to, std::uint64_t stream) {
  const Random random{.seed = 1, .stream = stream};
  std::vector<Code> codes;
  for (std::size_t index = 0; codes.size() < count; ++index) {
    Code code = random.bits(index, bits(format));
    if (!(to == format)) {
      const Value number = decode(to, code & ((Code{1} << bits(to)) - 1));
      if (!number.is_finite() || number.is_zero()) continue;
      const Code digits = code >> bits(to);
      code = (encode(format, number) & ~Code{0xffff}) | (digits & 0xffff);
    }
    const CodeClass found = classify(format, code);
    if (found != CodeClass::nan && found != CodeClass::infinite) codes.push_back(code);
  }
  return codes;
}

struct Work {
  Op op = Op::add;
  const char* from = "";
  const char* to = "";
  Mode mode = Mode::nearest_even;
};

class Setting {
 public:
  explicit Setting(const Work& work)
      : inputs_(static_cast<std::size_t>(arity(work.op)), find_format(work.from)),
        output_{find_format(work.to), {}} {
    output_.rounding.mode = work.mode;
    operation_ = {.op = work.op, .inputs = inputs_, .output = &output_};
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      const std::vector<Code> list = drawn_codes(inputs_[k], output_.format, k);
      for (std::size_t i = 0; i < count; ++i) codes_[i][k] = list[i];
    }
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

  [[nodiscard]] const Operation& operation() const { return operation_; }
  [[nodiscard]] std::span<const Code> operands(std::size_t i) const {
    return std::span(codes_[i]).first(inputs_.size());
  }

 private:
  std::vector<Format> inputs_;
  Quantizer output_;
  Operation operation_;
  std::vector<std::array<Code, 3>> codes_{count};
};

void per_operation(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

void prepared(benchmark::State& state, const Work& work) {
  const Setting setting(work);
  const OperationPlan plan = emulator::engine().prepare_operation(setting.operation());
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i)
      benchmark::DoNotOptimize(emulator::engine().operate(plan, setting.operands(i), i));
  }
  per_operation(state);
}

void each_time(benchmark::State& state, const Work& work) {
  const Setting setting(work);
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i)
      benchmark::DoNotOptimize(
          emulator::engine().apply(setting.operation(), setting.operands(i), i));
  }
  per_operation(state);
}

// elements: how many are said to come.
void array(benchmark::State& state, const Work& work, std::uint64_t elements) {
  const Setting setting(work);
  const OperationPlan plan =
      emulator::engine().prepare_operation(setting.operation(), {.elements = elements});
  std::vector<std::vector<std::uint8_t>> bytes(plan.inputs.size());
  std::vector<std::span<const std::uint8_t>> in;
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    const auto size = static_cast<std::size_t>(packed_bits(plan.inputs[k]) / 8);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t byte = 0; byte < size; ++byte)
        bytes[k].push_back(static_cast<std::uint8_t>(setting.operands(i)[k] >> (8 * byte)));
    }
    in.emplace_back(bytes[k]);
  }
  std::vector<std::uint8_t> out(packed_bytes(plan.output.format, count));
  std::vector<std::uint8_t> flags(count);
  for (auto _ : state) {
    emulator::engine().operate_codes(plan, in, count, {}, out, flags);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  per_operation(state);
}

void mpfr_add(benchmark::State& state) {
  constexpr int precision = 11;
  std::vector<__mpfr_struct> a(count);
  std::vector<__mpfr_struct> b(count);
  const Random random{.seed = 1};
  for (std::size_t i = 0; i < count; ++i) {
    for (auto* number : {&a[i], &b[i]}) {
      mpfr_init2(number, precision);
      const std::uint32_t word = random.word(2 * i + (number == &b[i] ? 1 : 0));
      mpfr_set_si_2exp(number, static_cast<long>(word >> 21) - 1024,
                       static_cast<long>(word % 28) - 24, MPFR_RNDN);
    }
  }
  mpfr_t sum;
  mpfr_init2(sum, precision);
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      mpfr_add(sum, &a[i], &b[i], MPFR_RNDN);
      benchmark::DoNotOptimize(sum);
    }
  }
  per_operation(state);
}
BENCHMARK(mpfr_add);

constexpr Work add16{Op::add, "binary16", "binary16"};
constexpr Work multiply16{Op::multiply, "binary16", "binary16"};
constexpr Work fused32{Op::fused_multiply_add, "binary32", "binary32"};
constexpr Work add64{Op::add, "binary64", "binary64"};
constexpr Work divide16{Op::divide, "binary16", "binary16"};
constexpr Work root32{Op::square_root, "binary32", "binary32"};
constexpr Work drawn16{Op::add, "binary16", "binary16", Mode::stochastic};
constexpr Work to_e4m3{Op::convert, "binary32", "float8_e4m3fn"};
constexpr Work to_bfloat16{Op::convert, "binary32", "bfloat16"};
constexpr Work add8{Op::add, "float8_e4m3fn", "float8_e4m3fn"};
constexpr Work posit16{Op::add, "posit16", "posit16"};

BENCHMARK_CAPTURE(prepared, add_binary16, add16);
BENCHMARK_CAPTURE(each_time, add_binary16, add16);
BENCHMARK_CAPTURE(array, add_binary16, add16, 0);
BENCHMARK_CAPTURE(prepared, convert_binary32_to_e4m3fn, to_e4m3);
BENCHMARK_CAPTURE(each_time, convert_binary32_to_e4m3fn, to_e4m3);
BENCHMARK_CAPTURE(array, convert_binary32_to_e4m3fn, to_e4m3, 0);
BENCHMARK_CAPTURE(prepared, convert_binary32_to_bfloat16, to_bfloat16);
BENCHMARK_CAPTURE(prepared, add_binary16_stochastic, drawn16);
BENCHMARK_CAPTURE(prepared, multiply_binary16, multiply16);
BENCHMARK_CAPTURE(prepared, divide_binary16, divide16);
BENCHMARK_CAPTURE(prepared, root_binary32, root32);
BENCHMARK_CAPTURE(prepared, fma_binary32, fused32);
BENCHMARK_CAPTURE(prepared, add_binary64, add64);
BENCHMARK_CAPTURE(prepared, add_posit16, posit16);
BENCHMARK_CAPTURE(each_time, add_posit16, posit16);
BENCHMARK_CAPTURE(array, add_e4m3fn, add8, 0);
BENCHMARK_CAPTURE(array, add_e4m3fn_listed, add8, std::uint64_t{1} << 20);

}  // namespace
}  // namespace halfulp

BENCHMARK_MAIN();
