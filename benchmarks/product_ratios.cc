// SPDX-License-Identifier: MIT
//
// Products of square matrices beside OpenBLAS's sgemm in the same run: speeds as ratios to it, the
// median of interleaved rounds, of one thread. And exact dot products beside its sdot. A case's
// results, of large ones the first row, are compared with the reference engine first.
//
//   product_ratios [SIDE ...] [--only TEXT]
#include <cblas.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"

namespace halfulp {
namespace {

// Normally distributed, near enough, and rounded to the format.
std::vector<float> numbers(std::size_t count, const char* format, std::uint64_t stream) {
  const Random random{.seed = 1, .stream = stream};
  std::vector<float> list(count);
  for (std::size_t i = 0; i < count; ++i) {
    double x = 0;
    for (std::size_t k = 0; k < 6; ++k)
      x += static_cast<double>(random.bits(6 * i + k, 30)) * 0x1p-30 - 0.5;
    list[i] = static_cast<float>(x * 1.4142);
  }
  const Quantizer quantizer{.format = find_format(format), .rounding = {}};
  const Engine& engine = emulator::engine();
  engine.round(view_of(std::span<const float>(list)), engine.prepare(quantizer, {}), {},
               view_of(std::span<float>(list)), nullptr);
  return list;
}

struct Case {
  std::string name;
  const char* inputs;
  DotTree tree;
  double goal = 0;
  Generator generator = Generator::philox4x32_10;
};

Quantizer nearest(const char* format, Mode mode = Mode::nearest_even) {
  Quantizer q{.format = find_format(format), .rounding = {}};
  q.rounding.mode = mode;
  q.rounding.random_bits = 16;
  return q;
}

DotTree sequence(const char* accumulator, const char* product = nullptr,
                 Mode mode = Mode::nearest_even) {
  DotTree tree;
  if (product != nullptr) tree.product = nearest(product);
  tree.sums.push_back({.quantizer = nearest(accumulator, mode)});
  return tree;
}

DotTree chunks(const char* accumulator) {
  DotTree tree = sequence(accumulator);
  tree.sums.insert(tree.sums.begin(),
                   Sum{.quantizer = nearest("binary32"), .of = Sum::Of::runs, .size = 128});
  return tree;
}

DotTree at_once() {
  DotTree tree = sequence("binary32");
  tree.sums.front().joining = Joining::at_once;
  return tree;
}

std::vector<Case> cases() {
  const char* e4m3 = "float8_e4m3fn";
  const char* e5m2 = "float8_e5m2";
  return {
      {"1  e4m3 inputs, sums in binary32", e4m3, sequence("binary32"), 0.95},
      {"1  binary16 inputs, sums in binary32", "binary16", sequence("binary32"), 0.95},
      {"1  bfloat16 inputs, products and sums in binary32", "bfloat16",
       sequence("binary32", "binary32"), 0.95},
      {"1  native binary32", "binary32", sequence("binary32", "binary32"), 0.95},
      {"2  e4m3 inputs, sums in binary16", e4m3, sequence("binary16"), 0.28},
      {"2  e4m3 inputs, sums in bfloat16", e4m3, sequence("bfloat16"), 0.28},
      {"2  e4m3 inputs, sums in e4m3", e4m3, sequence(e4m3), 0.28},
      {"2  e5m2 inputs, sums in binary16", e5m2, sequence("binary16"), 0.28},
      {"3  binary16 inputs, products and sums in binary16", "binary16",
       sequence("binary16", "binary16"), 0.14},
      {"3  bfloat16 inputs, products and sums in bfloat16", "bfloat16",
       sequence("bfloat16", "bfloat16"), 0.14},
      {"3  e4m3 inputs, products and sums in e4m3", e4m3, sequence(e4m3, e4m3), 0.14},
      {"3  binary16 inputs, products in binary16, sums in binary32", "binary16",
       sequence("binary32", "binary16"), 0.14},
      {"3  binary16 inputs, sums in binary16, fused", "binary16", sequence("binary16"), 0.14},
      {"3  bfloat16 inputs, sums in bfloat16, fused", "bfloat16", sequence("bfloat16"), 0.14},
      {"4  e4m3 inputs, stochastic sums in binary16, Philox", e4m3,
       sequence("binary16", nullptr, Mode::stochastic), 0.06},
      {"4  e4m3 inputs, stochastic sums in binary16, SplitMix64", e4m3,
       sequence("binary16", nullptr, Mode::stochastic), 0.06, Generator::splitmix64},
      {"4  e4m3 inputs, sums in binary16 toward zero", e4m3,
       sequence("binary16", nullptr, Mode::toward_zero), 0},
      {"5  e4m3 inputs, runs of 128 in binary16, their sum in binary32", e4m3, chunks("binary16"),
       0.25},
      {"5  e4m3 inputs, runs of 128 in bfloat16, their sum in binary32", e4m3, chunks("bfloat16"),
       0.25},
      {"6  e4m3 inputs, exact sums", e4m3, at_once(), 0},
      {"6  binary16 inputs, exact sums", "binary16", at_once(), 0},
      {"6  bfloat16 inputs, exact sums", "bfloat16", at_once(), 0},
  };
}

struct DotCase {
  std::string name;
  const char* inputs;
  double goal = 0;  // times as long as sdot
};
const std::vector<DotCase>& dot_cases() {
  static const std::vector<DotCase> list{{"6  e4m3 inputs, exact", "float8_e4m3fn", 1.5},
                                         {"6  binary16 inputs, exact", "binary16", 4},
                                         {"6  bfloat16 inputs, exact", "bfloat16", 25}};
  return list;
}

// Of this thread's processor time, which others on the machine do not lengthen.
double seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

double median(std::vector<double> list) {
  const auto middle = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2);
  std::nth_element(list.begin(), middle, list.end());
  return *middle;
}

struct Matrices {
  std::size_t side;
  std::vector<float> a, b, out;
};

void multiply(const Engine& engine, const DotPlan& plan, Matrices& m, std::size_t rows,
              Generator generator) {
  const Random random{.seed = 1, .stream = 0, .offset = 0, .generator = generator};
  engine.multiply(view_of(m.a.data(), rows, m.side), view_of(m.b.data(), m.side, m.side), plan,
                  random, view_of(m.out.data(), rows, m.side));
}

// The whole product's first row, and all of a small one's.
bool equals_reference(const Case& test, Matrices& m) {
  const auto same = [&test](Matrices& problem, std::size_t rows) {
    const Engine& engine = emulator::engine();
    multiply(engine, engine.prepare_dot(test.tree), problem, problem.side, test.generator);
    const std::vector<float> ours(
        problem.out.begin(),
        problem.out.begin() + static_cast<std::ptrdiff_t>(rows * problem.side));
    const Engine& defined = reference::engine();
    multiply(defined, defined.prepare_dot(test.tree), problem, rows, test.generator);
    return std::memcmp(ours.data(), problem.out.data(), ours.size() * sizeof(float)) == 0;
  };
  Matrices small{40, numbers(1600, test.inputs, 3), numbers(1600, test.inputs, 4),
                 std::vector<float>(1600)};
  return same(small, small.side) && same(m, 1);
}

void sgemm(Matrices& m) {
  const auto n = static_cast<int>(m.side);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, m.a.data(), n, m.b.data(), n,
              0, m.out.data(), n);
}

constexpr int rounds = 9;

// The median of how often `ours` fits into the time of `theirs`.
double ratio_of(const std::function<void()>& theirs, const std::function<void()>& ours) {
  constexpr double least = 0.004;
  const auto repeats = [](const std::function<void()>& work) {
    work();
    return static_cast<int>(std::clamp(std::ceil(least / seconds_of(work)), 1.0, 100000.0));
  };
  const auto time = [](const std::function<void()>& work, int count) {
    return seconds_of([&] {
             for (int i = 0; i < count; ++i) work();
           }) /
           count;
  };
  const int count_theirs = repeats(theirs);
  const int count_ours = repeats(ours);
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    const double seconds = time(theirs, count_theirs);
    ratios.push_back(seconds / time(ours, count_ours));
  }
  return median(ratios);
}

bool run(const DotCase& test, std::size_t terms) {
  const std::vector<float> a = numbers(terms, test.inputs, 1);
  const std::vector<float> b = numbers(terms, test.inputs, 2);
  const DotTree tree = at_once();
  float result = 0;
  const auto dot = [&](const Engine& engine, const DotPlan& plan) {
    engine.multiply(view_of(a.data(), 1, terms), view_of(b.data(), terms, 1), plan, {},
                    view_of(&result, 1, 1));
    return result;
  };
  const Engine& engine = emulator::engine();
  const DotPlan plan = engine.prepare_dot(tree);
  const Engine& defined = reference::engine();
  if (dot(engine, plan) != dot(defined, defined.prepare_dot(tree))) {
    std::printf("%-66s differs from the reference\n", test.name.c_str());
    return false;
  }
  volatile float sink = 0;
  const auto n = static_cast<int>(terms);
  const double ratio = ratio_of([&] { sink = cblas_sdot(n, a.data(), 1, b.data(), 1); },
                                [&] { sink = dot(engine, plan); });
  std::printf("%-66s %5zu  %6.2f times sdot  goal %.1f\n", test.name.c_str(), terms, 1 / ratio,
              test.goal);
  return true;
}

bool run(const Case& test, std::size_t side) {
  const std::size_t count = side * side;
  Matrices m{side, numbers(count, test.inputs, 1), numbers(count, test.inputs, 2),
             std::vector<float>(count)};
  if (!equals_reference(test, m)) {
    std::printf("%-66s differs from the reference\n", test.name.c_str());
    return false;
  }
  const DotPlan plan = emulator::engine().prepare_dot(test.tree);
  const auto product = [&] { multiply(emulator::engine(), plan, m, side, test.generator); };
  const double ratio = ratio_of([&] { sgemm(m); }, product);
  std::printf("%-66s %5zu  %6.3f  goal %.2f\n", test.name.c_str(), side, ratio, test.goal);
  std::fflush(stdout);
  return true;
}

}  // namespace
}  // namespace halfulp

int main(int argc, char** argv) {
  // OpenBLAS chooses its core as it is loaded.
  if (std::getenv("OPENBLAS_CORETYPE") != nullptr) {
    unsetenv("OPENBLAS_CORETYPE");
    execv("/proc/self/exe", argv);
  }
  openblas_set_num_threads(1);
  std::vector<std::size_t> sides;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      sides.push_back(std::strtoull(argv[i], nullptr, 10));
    }
  }
  if (sides.empty()) sides = {256, 1024};
  std::printf("sgemm of OpenBLAS, core %s; lanes of %s; speeds as ratios to sgemm\n",
              openblas_get_corename(), halfulp::emulator::instruction_set().c_str());
  bool good = true;
  for (const halfulp::Case& test : halfulp::cases()) {
    if (test.name.find(only) == std::string::npos) continue;
    for (const std::size_t side : sides) good = halfulp::run(test, side) && good;
  }
  for (const halfulp::DotCase& test : halfulp::dot_cases()) {
    if (test.name.find(only) != std::string::npos) good = halfulp::run(test, 16384) && good;
  }
  return good ? 0 : 1;
}
