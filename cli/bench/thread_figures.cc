// SPDX-License-Identifier: MIT
//
// Two threads beside one: arrays of 1 Mi numbers and products of 1024 x 1024, by workers that stay
// between the calls.
#include <span>

#include "cli/bench/figures.h"
#include "cli/bench/numbers.h"
#include "emulator/engine.h"
#include "emulator/threaded.h"
#include "formats/catalogue.h"
#include "formats/error.h"

namespace halfulp::cli::bench {
namespace {

constexpr const char* yardstick = "one-thread";

struct Held {
  std::vector<float> a, b, alone, together;
  emulator::Workers workers{2};
  emulator::Threaded threaded{emulator::engine(), workers};
};

// What a figure does, with one thread and with several.
struct Work {
  std::function<void(Held&)> alone, together;
  double elements = 0;
};

FigureEntry thread_figure(const std::string& name, const std::function<Work(Held&)>& make) {
  const auto prepare = [=] {
    auto held = std::make_shared<Held>();
    Held* const all = held.get();
    const Work work = make(*all);
    Job job{.work = [=] { work.together(*all); },
            .yardstick = [=] { work.alone(*all); },
            .elements = work.elements,
            .held = held};
    job.verify = [=] {
      work.alone(*all);
      work.together(*all);
      require_same(all->together, all->alone, name);
    };
    return job;
  };
  return {name, yardstick, prepare, false};
}

FigureEntry round_figure(const std::string& format, const std::string& how, Mode mode) {
  constexpr std::size_t count = std::size_t{1} << 20;
  const auto make = [=](Held& held) {
    const Quantizer quantizer{.format = find_format(format), .rounding = {.mode = mode}};
    held.a = numbers_for(quantizer.format, count, 1);
    held.alone.resize(count);
    held.together.resize(count);
    const Plan plan = emulator::engine().prepare(
        quantizer, {.elements = std::uint64_t{1} << 30, .carrier = Carrier::binary32});
    const auto in = [](Held& h) { return as_const(view_of(std::span(h.a))); };
    return Work{.alone =
                    [=](Held& h) {
                      emulator::engine().round(in(h), plan, {}, view_of(std::span(h.alone)),
                                               nullptr);
                    },
                .together =
                    [=](Held& h) {
                      h.threaded.round(in(h), plan, {}, view_of(std::span(h.together)), nullptr);
                    },
                .elements = static_cast<double>(count)};
  };
  return thread_figure("round/" + format + "/" + how + "/l3/2", make);
}

FigureEntry product_figure(const std::string& how, const std::string& operands,
                           const std::string& sum, bool rounds_product) {
  constexpr std::size_t side = 1024;
  const auto make = [=](Held& held) {
    const Quantizer quantizer{.format = find_format(sum), .rounding = {}};
    held.a = tame_numbers(find_format(operands), side * side, 1);
    held.b = tame_numbers(find_format(operands), side * side, 2);
    held.alone.resize(side * side);
    held.together.resize(side * side);
    const DotPlan plan = emulator::engine().prepare_dot(
        {.product = rounds_product ? std::optional(quantizer) : std::nullopt,
         .sums = {{.joining = Joining::in_sequence, .quantizer = quantizer}}});
    const auto matrix = [=](const std::vector<float>& all) {
      return view_of(all.data(), side, side);
    };
    return Work{.alone =
                    [=](Held& h) {
                      emulator::engine().multiply(matrix(h.a), matrix(h.b), plan, {},
                                                  view_of(h.alone.data(), side, side));
                    },
                .together =
                    [=](Held& h) {
                      h.threaded.multiply_add({.a = matrix(h.a), .b = matrix(h.b)}, plan, {},
                                              view_of(h.together.data(), side, side));
                    },
                .elements = static_cast<double>(side * side) * side};
  };
  return thread_figure("matmul/" + sum + "/" + how + "/1024/2", make);
}

}  // namespace

std::vector<FigureEntry> thread_figures() {
  return {round_figure("float8_e4m3fn", "rne", Mode::nearest_even),
          round_figure("float8_e4m3fn", "sr-philox16", Mode::stochastic),
          product_figure("accumulate", "float8_e4m3fn", "binary32", false),
          product_figure("sum", "float8_e4m3fn", "binary16", false),
          product_figure("product-sum", "binary16", "binary16", true)};
}

}  // namespace halfulp::cli::bench
