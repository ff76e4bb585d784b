// SPDX-License-Identifier: MIT
#include "emulator/arrays/results.h"

#include <bit>
#include <cmath>

#include "emulator/arrays/arrays.h"

namespace halfulp::emulator {
namespace {

// Calls deliver(i, number, code) of every result, by steps or one by one.
template <typename Deliver>
void deliver_each(const CompiledPlan& plan, const double* exact, std::size_t count, Counts* counts,
                  const Deliver& deliver) {
  Counts sum = counts != nullptr ? *counts : Counts{};
  if (const Steps<std::uint64_t>* steps = plan.steps<std::uint64_t>()) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto& step = (*steps)[std::bit_cast<std::uint64_t>(exact[i])];
      step.count(sum);
      deliver(i, std::bit_cast<double>(step.value), step.code);
    }
  } else {
    const Random none;
    const Elements elements(plan.target(), none, &sum);
    for (std::size_t i = 0; i < count; ++i) {
      const Outcome outcome = elements.round(unpack_double(exact[i]), 0);
      deliver(i, double_of(delivered(plan, outcome, false)), outcome.code);
    }
  }
  if (counts != nullptr) *counts = sum;
}

}  // namespace

void round_results(const CompiledPlan& plan, const double* exact, std::size_t count,
                   const std::uint64_t* draws, double* out, Counts* counts) {
  if (plan.grid64() != nullptr)
    return kernels::round(exact, count, plan.arithmetic_grid(), draws, out, counts);
  deliver_each(plan, exact, count, counts, [out](std::size_t i, double number, Code /*code*/) {
    out[i] = number != number ? std::fabs(number) : number;
  });
}

void encode_results(const CompiledPlan& plan, const double* exact, std::size_t count,
                    const std::uint64_t* draws, std::uint64_t* codes) {
  if (plan.grid64() != nullptr)
    return kernels::encode(exact, count, plan.arithmetic_grid(), draws, codes);
  deliver_each(plan, exact, count, nullptr, [codes](std::size_t i, double /*number*/, Code code) {
    codes[i] = static_cast<std::uint64_t>(code);
  });
}

}  // namespace halfulp::emulator
