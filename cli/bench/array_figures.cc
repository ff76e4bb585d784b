// SPDX-License-Identifier: MIT
//
// Arrays rounded, encoded, decoded and operated on. Of rounding the yardstick is a copy of the same
// array; of codes too, and the ratio is that of bytes read and written in the same time.
#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <variant>

#include "cli/bench/figures.h"
#include "cli/bench/numbers.h"
#include "cli/bench/timing.h"
#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "reference/engine.h"

namespace halfulp::cli::bench {
namespace {

struct Size {
  const char* name;
  std::size_t elements;
};
constexpr Size l2{"l2", l2_elements};
constexpr Size l3{"l3", std::size_t{1} << 20};
constexpr Size memory{"memory", std::size_t{1} << 26};
// Between them, for a picture of cost over size.
constexpr std::array others{Size{"1024", 1024},       Size{"4096", 4096},
                            Size{"16384", 16384},     Size{"262144", 262144},
                            Size{"4194304", 4194304}, Size{"16777216", 16777216}};

struct How {
  const char* name;
  Mode mode = Mode::nearest_even;
  Generator generator = Generator::philox4x32_10;
};
constexpr How rne{"rne"};

struct Arrays {
  std::vector<float> a, b, c, out;
  std::vector<std::uint8_t> codes;
  Plan plan;
  Random random;
};

Quantizer quantizer_of(const std::string& format, const How& how) {
  Quantizer quantizer{.format = find_format(format), .rounding = {}};
  quantizer.rounding.mode = how.mode;
  quantizer.rounding.random_bits = 16;
  return quantizer;
}

std::shared_ptr<Arrays> arrays_of(const std::string& format, const How& how, std::size_t elements) {
  auto arrays = std::make_shared<Arrays>();
  const Quantizer quantizer = quantizer_of(format, how);
  arrays->a = numbers_for(quantizer.format, elements, 1);
  arrays->out.resize(elements);
  arrays->plan = emulator::engine().prepare(
      quantizer, {.elements = std::uint64_t{1} << 30, .carrier = Carrier::binary32});
  arrays->random = {.seed = 1, .stream = 2, .generator = how.generator};
  return arrays;
}

View part(const std::vector<float>& all, std::size_t count) {
  return view_of(std::span(all).first(std::min(count, all.size())));
}
MutableView whole(std::vector<float>& all) { return view_of(std::span(all)); }

// memcpy; the faster of two copies where no cache holds the array.
std::function<void()> copy_of(const std::shared_ptr<Arrays>& arrays, bool best) {
  Arrays* const held = arrays.get();
  const auto plain = [held] {
    std::memcpy(held->out.data(), held->a.data(), held->a.size() * sizeof(float));
  };
  if (!best) return plain;
  const auto past_caches = [held] {
    copy_past_caches(held->a.data(), held->a.size(), held->out.data());
  };
  const Timing timing = time_in_turns(plain, past_caches, {.rounds = 3});
  if (timing.ratio > 1) return plain;
  return past_caches;
}

FigureEntry round_figure(const std::string& format, const How& how, const Size& size) {
  const bool past_caches = size.elements > 2 * l3.elements;
  const std::string name = "round/" + format + "/" + how.name + "/" + size.name + "/1";
  const auto prepare = [=] {
    const std::shared_ptr<Arrays> arrays = arrays_of(format, how, size.elements);
    Arrays* const held = arrays.get();
    Job job{.work =
                [held] {
                  emulator::engine().round(whole(held->a), held->plan, held->random,
                                           whole(held->out), nullptr);
                },
            .yardstick = copy_of(arrays, past_caches),
            .elements = static_cast<double>(size.elements),
            .held = arrays};
    job.verify = [held, name] {
      std::vector<float> got(std::min(compared, held->a.size()));
      std::vector<float> want(got.size());
      const View in = part(held->a, got.size());
      emulator::engine().round(in, held->plan, held->random, whole(got), nullptr);
      const Plan plan = reference::engine().prepare(held->plan.quantizer);
      reference::engine().round(in, plan, held->random, whole(want), nullptr);
      require_same(got, want, name);
    };
    return job;
  };
  const bool is_quick = size.elements == l2.elements;
  return {name, past_caches ? "best copy" : "memcpy", prepare, is_quick};
}

std::vector<std::uint8_t> encoded(const Engine& engine, const View& in, const Plan& plan,
                                  const Random& random) {
  std::vector<std::uint8_t> codes(packed_bytes(plan.quantizer.format, in.columns));
  engine.encode(in, plan, random, codes, nullptr);
  return codes;
}

FigureEntry encode_figure(const std::string& what, const std::string& format, const Size& size) {
  const std::string name = what + "/" + format + "/rne/" + size.name + "/1";
  const auto prepare = [=] {
    const std::shared_ptr<Arrays> arrays = arrays_of(format, rne, size.elements);
    Arrays* const held = arrays.get();
    held->codes.resize(packed_bytes(held->plan.quantizer.format, size.elements));
    const double bytes = 4 + packed_bits(held->plan.quantizer.format) / 8.0;
    Job job{.work =
                [held] {
                  emulator::engine().encode(whole(held->a), held->plan, {}, held->codes, nullptr);
                },
            .yardstick = copy_of(arrays, false),
            .elements = static_cast<double>(size.elements),
            .weight = bytes / 8,
            .held = arrays};
    job.verify = [held, name] {
      const View in = part(held->a, compared);
      const Plan plan = reference::engine().prepare(held->plan.quantizer);
      require_same(encoded(emulator::engine(), in, held->plan, {}),
                   encoded(reference::engine(), in, plan, {}), name);
    };
    return job;
  };
  return {name, "memcpy", prepare};
}

FigureEntry decode_figure(const std::string& what, const std::string& format, const Size& size) {
  const std::string name = what + "/" + format + "/exact/" + size.name + "/1";
  const auto prepare = [=] {
    const std::shared_ptr<Arrays> arrays = arrays_of(format, rne, size.elements);
    Arrays* const held = arrays.get();
    held->codes = encoded(emulator::engine(), whole(held->a), held->plan, {});
    const double bytes = 4 + packed_bits(held->plan.quantizer.format) / 8.0;
    Job job{
        .work = [held] { emulator::engine().decode(held->codes, held->plan, whole(held->out)); },
        .yardstick = copy_of(arrays, false),
        .elements = static_cast<double>(size.elements),
        .weight = bytes / 8,
        .held = arrays};
    job.verify = [held, name] {
      const Plan plan = reference::engine().prepare(held->plan.quantizer);
      std::vector<float> got(compared);
      std::vector<float> want(compared);
      const auto codes =
          std::span(held->codes).first(packed_bytes(held->plan.quantizer.format, compared));
      emulator::engine().decode(codes, held->plan, whole(got));
      reference::engine().decode(codes, plan, whole(want));
      require_same(got, want, name);
    };
    return job;
  };
  return {name, "memcpy", prepare};
}

// Operands of the format. has_yardstick: the loop in binary32 computes the same operation.
FigureEntry map_figure(const std::string& name, const std::string& format, Op op,
                       bool has_yardstick) {
  const auto prepare = [=] {
    const std::shared_ptr<Arrays> arrays = arrays_of(format, rne, l2.elements);
    Arrays* const held = arrays.get();
    held->a = tame_numbers(held->plan.quantizer.format, l2.elements, 1);
    held->b = tame_numbers(held->plan.quantizer.format, l2.elements, 2);
    held->c = tame_numbers(held->plan.quantizer.format, l2.elements, 3);
    const auto inputs = [held, op](std::size_t count) {
      std::vector<View> in{part(held->a, count), part(held->b, count), part(held->c, count)};
      in.resize(static_cast<std::size_t>(arity(op)));
      return in;
    };
    Job job{.work =
                [=] {
                  emulator::engine().map(op, inputs(l2.elements), held->plan, {}, whole(held->out),
                                         nullptr);
                },
            .elements = static_cast<double>(l2.elements),
            .held = arrays};
    if (has_yardstick)
      job.yardstick = [=] {
        compute_plainly(op, held->a.data(), held->b.data(), held->c.data(), l2.elements,
                        held->out.data());
      };
    job.verify = [=] {
      std::vector<float> got(compared);
      std::vector<float> want(compared);
      const Plan plan = reference::engine().prepare(held->plan.quantizer);
      emulator::engine().map(op, inputs(compared), held->plan, {}, whole(got), nullptr);
      reference::engine().map(op, inputs(compared), plan, {}, whole(want), nullptr);
      require_same(got, want, name);
    };
    return job;
  };
  return {name, has_yardstick ? "float-loop" : "", prepare};
}

}  // namespace

std::vector<FigureEntry> array_figures() {
  std::vector<FigureEntry> all;
  for (const char* const format : {"float8_e4m3fn", "float8_e5m2", "float6_e2m3fn", "float4_e2m1fn",
                                   "binary16", "bfloat16", "tf32"}) {
    for (const Size& size : {l2, l3, memory}) all.push_back(round_figure(format, rne, size));
  }
  for (const How& how : {How{"rtz", Mode::toward_zero}, How{"rdn", Mode::toward_negative},
                         How{"rup", Mode::toward_positive}, How{"rna", Mode::nearest_away},
                         How{"odd", Mode::to_odd}})
    all.push_back(round_figure("float8_e4m3fn", how, l2));
  for (const How& how : {How{"sr-philox16", Mode::stochastic},
                         How{"sr-splitmix16", Mode::stochastic, Generator::splitmix64}}) {
    for (const Size& size : {l2, l3, memory})
      all.push_back(round_figure("float8_e4m3fn", how, size));
  }
  for (const Size& size : others) {
    for (const char* const format : {"float8_e4m3fn", "bfloat16"})
      all.push_back(round_figure(format, rne, size));
    for (const Generator generator : {Generator::philox4x32_10, Generator::splitmix64}) {
      const bool philox = generator == Generator::philox4x32_10;
      const How how{philox ? "sr-philox16" : "sr-splitmix16", Mode::stochastic, generator};
      all.push_back(round_figure("float8_e4m3fn", how, size));
    }
  }
  for (const char* const format : {"nf4", "posit8", "posit16"})
    all.push_back(round_figure(format, rne, l2));
  all.push_back(encode_figure("encode", "float8_e4m3fn", l2));
  all.push_back(encode_figure("encode", "float8_e5m2", l2));
  all.push_back(encode_figure("encode4", "float4_e2m1fn", l2));
  all.push_back(decode_figure("decode", "float8_e4m3fn", l2));
  all.push_back(decode_figure("decode", "float8_e5m2", l2));
  all.push_back(decode_figure("decode4", "float4_e2m1fn", l2));
  for (const char* const format : {"binary16", "float8_e4m3fn"}) {
    for (const auto& [what, op] : {std::pair{"add", Op::add},
                                   {"mul", Op::multiply},
                                   {"div", Op::divide},
                                   {"sqrt", Op::square_root},
                                   {"fma", Op::fused_multiply_add}})
      all.push_back(map_figure(std::string(what) + "/" + format + "/rne/l2/1", format, op, true));
  }
  for (const char* const format : {"bfloat16", "binary32"}) {
    for (const auto& [how, op] :
         {std::pair{"exp", Op::exp}, {"log", Op::log}, {"tanh", Op::tanh}, {"gelu", Op::gelu}})
      all.push_back(
          map_figure(std::string("map/") + format + "/" + how + "/l2/1", format, op, false));
  }
  return all;
}

}  // namespace halfulp::cli::bench
