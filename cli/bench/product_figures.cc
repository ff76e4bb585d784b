// SPDX-License-Identifier: MIT
//
// Products of square matrices beside sgemm of OpenBLAS, and exact dot products beside a plain loop.
// `accumulate` and the units take FP8 operands, `sum` rounds its sums alone to the format, of FP8
// operands as well; the others take operands of the format.
#include <algorithm>
#include <span>

#include "cli/bench/figures.h"
#include "cli/bench/numbers.h"
#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/error.h"
#include "formats/matrix_unit.h"
#include "reference/engine.h"

namespace halfulp::cli::bench {
namespace {

constexpr std::size_t compared_side = 24;  // of the corner that is compared

struct Matrices {
  std::vector<float> a, b, out;
  DotPlan plan;
};

DotTree sequential(const Quantizer& sum, const std::optional<Quantizer>& product) {
  return {.product = product, .sums = {{.joining = Joining::in_sequence, .quantizer = sum}}};
}

struct Arithmetic {
  std::string how, operands;
  DotTree tree;
};

Arithmetic arithmetic_of(const std::string& how, const std::string& format) {
  Quantizer sum{.format = find_format(format), .rounding = {}};
  const Quantizer single{.format = find_format("binary32"), .rounding = {}};
  if (how == "accumulate") return {how, format, sequential(single, std::nullopt)};
  if (how == "native") return {how, format, sequential(single, single)};
  if (how == "sum") return {how, "float8_e4m3fn", sequential(sum, std::nullopt)};
  if (how == "sum-sr") {
    sum.rounding.mode = Mode::stochastic;
    sum.rounding.random_bits = 16;
    return {how, "float8_e4m3fn", sequential(sum, std::nullopt)};
  }
  if (how == "fused") return {how, format, sequential(sum, std::nullopt)};
  if (how == "product-sum") return {how, format, sequential(sum, sum)};
  if (how == "chunks") {
    Sum outer{
        .joining = Joining::in_sequence, .quantizer = single, .of = Sum::Of::runs, .size = 128};
    return {how,
            "float8_e4m3fn",
            {.product = {}, .sums = {outer, {.joining = Joining::in_sequence, .quantizer = sum}}}};
  }
  return {how, "float8_e4m3fn", find_matrix_unit("nv.hopper.wgmma.e4m3.f32").tree};
}

void require_same_corner(const Matrices& m, std::size_t side, const std::string& name) {
  const std::size_t corner = std::min(side, compared_side);
  const auto multiplied = [&](const Engine& engine) {
    std::vector<float> out(corner * corner);
    View a = view_of(m.a.data(), corner, side);
    View b = view_of(m.b.data(), side, corner);
    b.stride = side;
    engine.multiply(a, b, engine.prepare_dot(m.plan.tree), {.seed = 1},
                    view_of(out.data(), corner, corner));
    return out;
  };
  require_same(multiplied(emulator::engine()), multiplied(reference::engine()), name);
}

FigureEntry product_figure(const Blas& blas, const std::string& how, const std::string& format,
                           std::size_t side) {
  const std::string name = "matmul/" + format + "/" + how + "/" + std::to_string(side) + "/1";
  const auto prepare = [=, &blas] {
    const Arithmetic arithmetic = arithmetic_of(how, format);
    auto held = std::make_shared<Matrices>();
    held->a = tame_numbers(find_format(arithmetic.operands), side * side, 1);
    held->b = tame_numbers(find_format(arithmetic.operands), side * side, 2);
    held->out.resize(side * side);
    held->plan = emulator::engine().prepare_dot(arithmetic.tree);
    Matrices* const m = held.get();
    Job job{.work =
                [m, side] {
                  emulator::engine().multiply(view_of(m->a.data(), side, side),
                                              view_of(m->b.data(), side, side), m->plan,
                                              {.seed = 1}, view_of(m->out.data(), side, side));
                },
            .elements = static_cast<double>(side) * static_cast<double>(side * side),
            .verify = [m, side, name] { require_same_corner(*m, side, name); },
            .held = held};
    if (blas.is_there())
      job.yardstick = [m, side, &blas] {
        blas.multiply(m->a.data(), m->b.data(), side, m->out.data());
      };
    return job;
  };
  return {name, "sgemm", prepare, side == 256};
}

FigureEntry dot_figure(const std::string& format) {
  const std::string name = "dot/" + format + "/exact/l2/1";
  constexpr std::size_t count = std::size_t{1} << 14;
  const auto prepare = [=] {
    auto held = std::make_shared<Matrices>();
    held->a = tame_numbers(find_format(format), count, 1);
    held->b = tame_numbers(find_format(format), count, 2);
    held->out.resize(1);
    Sum exact{.joining = Joining::at_once,
              .quantizer = {.format = find_format("binary32"), .rounding = {}}};
    held->plan = emulator::engine().prepare_dot({.product = {}, .sums = {exact}});
    Matrices* const m = held.get();
    const auto multiply = [m](const Engine& engine, const DotPlan& plan, std::size_t terms,
                              float* out) {
      engine.multiply(view_of(m->a.data(), 1, terms), view_of(m->b.data(), terms, 1), plan, {},
                      view_of(out, 1, 1));
    };
    Job job{.work = [=] { multiply(emulator::engine(), m->plan, count, m->out.data()); },
            .yardstick = [=] { m->out[0] = dot_plainly(m->a.data(), m->b.data(), count); },
            .elements = static_cast<double>(count),
            .held = held};
    job.verify = [=] {
      std::vector<float> got(1);
      std::vector<float> want(1);
      multiply(emulator::engine(), m->plan, compared, got.data());
      multiply(reference::engine(), reference::engine().prepare_dot(m->plan.tree), compared,
               want.data());
      require_same(got, want, name);
    };
    return job;
  };
  return {name, "float-dot", prepare};
}

}  // namespace

std::vector<FigureEntry> product_figures(const Blas& blas) {
  std::vector<FigureEntry> all;
  const auto add = [&](const std::string& how, const std::string& format) {
    for (const std::size_t side : {256, 1024})
      all.push_back(product_figure(blas, how, format, side));
  };
  for (const char* const format : {"float8_e4m3fn", "binary16", "bfloat16"})
    add("accumulate", format);
  add("native", "binary32");
  for (const char* const format : {"binary16", "bfloat16", "float8_e4m3fn"}) {
    add("sum", format);
    add("product-sum", format);
  }
  add("fused", "binary16");
  add("sum-sr", "binary16");
  add("chunks", "binary16");
  add("hopper", "float8_e4m3fn");
  for (const char* const format : {"binary16", "float8_e4m3fn", "bfloat16"})
    all.push_back(dot_figure(format));
  return all;
}

}  // namespace halfulp::cli::bench
