// SPDX-License-Identifier: MIT
//
// Single operations on codes of at most 64 bits, prepared once: what a simulator of hardware does;
// and roundings by the reference. Figures are times, without a yardstick.
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cli/bench/figures.h"
#include "cli/bench/numbers.h"
#include "emulator/engine.h"
#include "emulator/prepared/operation.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "reference/engine.h"

namespace halfulp::cli::bench {
namespace {

constexpr std::size_t count = 4096;

struct Operations {
  std::vector<std::array<std::uint64_t, 3>> operands{count};
  OperationPlan plan;
  std::uint64_t last = 0;
};

std::vector<Code> codes_of(const Format& format, std::uint64_t stream) {
  const Format single = find_format("binary32");
  const Plan plan = emulator::engine().prepare({.format = format, .rounding = {}});
  std::vector<Code> codes;
  for (const float x : tame_numbers(format, count, stream))
    codes.push_back(
        emulator::engine().convert(single, std::bit_cast<std::uint32_t>(x), plan, 0).code);
  return codes;
}

FigureEntry scalar_figure(const std::string& how, Op op, const std::string& from,
                          const std::string& to) {
  const std::string name = "scalar/" + to + "/" + how + "/1/1";
  const auto prepare = [=] {
    auto held = std::make_shared<Operations>();
    const std::vector<Format> inputs(static_cast<std::size_t>(arity(op)), find_format(from));
    const Quantizer output{.format = find_format(to), .rounding = {}};
    held->plan =
        emulator::engine().prepare_operation({.op = op, .inputs = inputs, .output = &output});
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const std::vector<Code> codes = codes_of(inputs[k], k + 1);
      for (std::size_t i = 0; i < count; ++i)
        held->operands[i][k] = static_cast<std::uint64_t>(codes[i]);
    }
    Operations* const all = held.get();
    Job job{.work =
                [all] {
                  for (const std::array<std::uint64_t, 3>& operands : all->operands)
                    all->last ^= emulator::operate_on_short_codes(all->plan, operands, 0).code;
                },
            .elements = static_cast<double>(count),
            .held = held};
    job.verify = [=] {
      const Quantizer& result = all->plan.output;
      const Operation operation{.op = op, .inputs = all->plan.inputs, .output = &result};
      for (const std::array<std::uint64_t, 3>& operands : all->operands) {
        const std::array<Code, 3> codes{operands[0], operands[1], operands[2]};
        const auto some = std::span(codes).first(all->plan.inputs.size());
        const Outcome got = emulator::engine().operate(all->plan, some, 0);
        const auto short_got = emulator::operate_on_short_codes(all->plan, operands, 0);
        if (got != reference::engine().apply(operation, some, 0) || short_got.code != got.code ||
            short_got.flags != got.flags)
          throw Error("emulator and reference differ", name, "`halfulp verify` shows where");
      }
    };
    return job;
  };
  return {name, "", prepare};
}

// The reference's own speed, which bounds what can be compared with it. It is the definition: there
// is nothing to hold it against first.
FigureEntry reference_figure(const std::string& format) {
  const auto prepare = [=] {
    struct Held {
      std::vector<float> in, out;
      Plan plan;
    };
    auto held = std::make_shared<Held>();
    held->in = numbers_for(find_format(format), count, 1);
    held->out.resize(count);
    held->plan = reference::engine().prepare({.format = find_format(format), .rounding = {}});
    Held* const all = held.get();
    return Job{.work =
                   [all] {
                     reference::engine().round(view_of(std::span(all->in)), all->plan, {},
                                               view_of(std::span(all->out)), nullptr);
                   },
               .elements = static_cast<double>(count),
               .verify = [] {},
               .held = held};
  };
  return {"reference/" + format + "/rne/4096/1", "", prepare};
}

}  // namespace

std::vector<FigureEntry> scalar_figures() {
  std::vector<FigureEntry> all{
      scalar_figure("round", Op::convert, "binary32", "float8_e4m3fn"),
      scalar_figure("round", Op::convert, "binary32", "binary16"),
      scalar_figure("add", Op::add, "binary16", "binary16"),
      scalar_figure("mul", Op::multiply, "binary16", "binary16"),
      scalar_figure("fma", Op::fused_multiply_add, "binary16", "binary16"),
      scalar_figure("fma", Op::fused_multiply_add, "binary32", "binary32")};
  for (const char* format : {"float8_e4m3fn", "binary16", "posit16", "nf4"})
    all.push_back(reference_figure(format));
  return all;
}

}  // namespace halfulp::cli::bench
