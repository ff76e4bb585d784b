// SPDX-License-Identifier: MIT
//
// A result of a prepared operation takes no memory from the heap: what follows from formats and
// rounding was worked out before. This program counts calls of operator new. Not meant are results
// that are compared as exact numbers of any length: functions, logarithmic formats, nearest-log,
// and random bits between posits or takums.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <variant>
#include <vector>

#include "emulator/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

// Not inlined, as g++ would see a pointer of `new` in `free`.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace halfulp {
namespace {

std::size_t allocations_of(const OperationPlan& plan, std::span<const std::array<Code, 3>> cases,
                           sampling::Stream& stream) {
  const std::uint64_t random = stream.bits(plan.output.rounding.random_bits);
  const std::size_t before = allocations;
  for (const std::array<Code, 3>& codes : cases)
    emulator::engine().operate(plan, std::span(codes).first(plan.inputs.size()), random);
  return allocations - before;
}

TEST(Allocations, AreCounted) {
  const std::size_t before = allocations;
  const std::vector<int> some(100);
  EXPECT_EQ(allocations - before, 1U);
}

TEST(Allocations, NoneOfPreparedOperations) {
  sampling::Stream stream(1);
  std::size_t turn = 0;
  for (const char* name :
       {"binary16", "bfloat16", "binary32", "float8_e4m3fn", "float8_e5m2", "float6_e3m2fn", "int8",
        "uint16", "binary64", "posit8", "posit16", "posit32", "takum16", "nf4"}) {
    const Format format = find_format(name);
    std::vector<std::array<Code, 3>> cases(200);
    for (auto& codes : cases) {
      for (Code& code : codes) code = sampling::draw_code(format, stream);
    }
    for (const OpEntry& entry : operations()) {
      if (is_function(entry.op)) continue;
      Quantizer q{format, cases::rounding(turn++)};
      if (is_to_integer(entry.op)) q.format = find_format("int32");
      const bool tapered =
          std::holds_alternative<Posit>(format.kind) || std::holds_alternative<Takum>(format.kind);
      const Mode mode = q.rounding.mode;
      if (mode == Mode::nearest_log || (tapered && is_stochastic(mode)))
        q.rounding.mode = Mode::nearest_even;
      const std::vector<Format> inputs(static_cast<std::size_t>(entry.arity), format);
      const OperationPlan plan =
          emulator::engine().prepare_operation({.op = entry.op, .inputs = inputs, .output = &q});
      EXPECT_EQ(allocations_of(plan, cases, stream), 0U) << entry.name << " " << cases::describe(q);
    }
  }
}

}  // namespace
}  // namespace halfulp
