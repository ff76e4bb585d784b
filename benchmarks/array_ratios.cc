// SPDX-License-Identifier: MIT
//
// How near to a copy of the array the emulator's array functions come, one thread. Of every line
// the output is compared with the reference's first. Then rounds alternate between memcpy (beyond
// the caches also a copy with non-temporal stores) and the function, and the median of the ratios
// of bytes read and written a second is printed: 1 is the speed of a copy. Data have mixed signs,
// subnormals, ties, overflows, and one in 128 each infinite and NaN.
//   array_ratios [all | l2 | l3 | memory] [text of the line's name]
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#if defined(__AVX512F__) || defined(__SSE2__)
#include <immintrin.h>
#endif

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"

namespace halfulp {
namespace {

constexpr std::size_t unit = std::size_t{1} << 16;
constexpr int rounds = 31;

enum class Work { round, encode, decode };

struct Line {
  std::string name;
  Work work = Work::round;
  Format format;
  Mode mode = Mode::nearest_even;
  Generator generator = Generator::philox4x32_10;
  double goal = 0;  // in the second-level cache
};

std::vector<Line> lines() {
  const auto format = [](const char* name) { return find_format(name); };
  const auto custom = [](const char* name, int exponent_bits, int fraction_bits) {
    return Format{.name = name,
                  .kind = Float{.exponent_bits = exponent_bits,
                                .fraction_bits = fraction_bits,
                                .bias = (1 << (exponent_bits - 1)) - 1,
                                .nan_codes = (Code{1} << fraction_bits) - 1}};
  };
  const Format e4m3 = format("float8_e4m3fn");
  const Format e2m1 = format("float4_e2m1fn");
  std::vector<Line> list;
  const auto rounding = [&](const char* name, const Format& f, Mode mode, double goal) {
    list.push_back({.name = name, .format = f, .mode = mode, .goal = goal});
  };
  rounding("nearest-even e4m3fn", e4m3, Mode::nearest_even, 0.65);
  rounding("nearest-even e5m2", format("float8_e5m2"), Mode::nearest_even, 0.65);
  rounding("nearest-even e4m3fnuz", format("float8_e4m3fnuz"), Mode::nearest_even, 0.65);
  rounding("nearest-even e2m1fn", e2m1, Mode::nearest_even, 0.65);
  rounding("nearest-even e6m9", custom("e6m9", 6, 9), Mode::nearest_even, 0.65);
  rounding("nearest-even binary16", format("binary16"), Mode::nearest_even, 0.90);
  rounding("nearest-even bfloat16", format("bfloat16"), Mode::nearest_even, 0.90);
  rounding("nearest-even tf32", format("tf32"), Mode::nearest_even, 0.90);
  rounding("toward-zero e4m3fn", e4m3, Mode::toward_zero, 0.50);
  rounding("toward-positive e4m3fn", e4m3, Mode::toward_positive, 0.50);
  rounding("toward-negative e4m3fn", e4m3, Mode::toward_negative, 0.50);
  rounding("to-odd e4m3fn", e4m3, Mode::to_odd, 0.50);
  rounding("nearest-away e4m3fn", e4m3, Mode::nearest_away, 0.50);
  list.push_back(
      {.name = "stochastic e4m3fn philox", .format = e4m3, .mode = Mode::stochastic, .goal = 0.20});
  list.push_back({.name = "stochastic e4m3fn splitmix64",
                  .format = e4m3,
                  .mode = Mode::stochastic,
                  .generator = Generator::splitmix64,
                  .goal = 0.30});
  const auto codes = [&](const char* name, Work work, const Format& f, double goal) {
    list.push_back({.name = name, .work = work, .format = f, .goal = goal});
  };
  codes("encode e4m3fn", Work::encode, e4m3, 0.35);
  codes("encode e5m2", Work::encode, format("float8_e5m2"), 0.35);
  codes("encode e2m1fn", Work::encode, e2m1, 0.30);
  codes("decode e4m3fn", Work::decode, e4m3, 0.75);
  codes("decode e5m2", Work::decode, format("float8_e5m2"), 0.75);
  codes("decode e2m1fn", Work::decode, e2m1, 0.60);
  codes("decode nf4", Work::decode, format("nf4"), 0.60);
  return list;
}

// Exponents from a few below the least number to one beyond the largest of the format.
std::vector<float> numbers(const Format& format) {
  const Random random{.seed = 1};
  const auto at = [&](Rank rank) {
    return std::ilogb(to_double(decode(format, code_at(format, rank))));
  };
  const int least = at(1) - 2;
  const int most = at(finite_range(format).highest) + 1;
  std::vector<float> list(unit);
  for (std::size_t i = 0; i < unit; ++i) {
    const std::uint32_t word = random.word(i);
    const auto span = static_cast<std::uint32_t>(most - least + 1);
    const int exponent = least + static_cast<int>((word & 0xffff) % span);
    // Few bits, so that there are ties, in every fourth.
    const std::uint32_t fraction = (word & 0x30000U) == 0 ? word >> 18 & 0x3f00 : word >> 18;
    float x = std::ldexp(1 + static_cast<float>(fraction) / 16384, exponent);
    const std::uint32_t special = word >> 9 & 127;
    if (special == 1) x = std::numeric_limits<float>::infinity();
    if (special == 2) x = std::bit_cast<float>(0x7fc00000 | fraction);
    list[i] = (word & 0x100U) != 0 ? -x : x;
  }
  return list;
}

// Of the processor, as others may use the machine too.
double seconds(const std::function<void()>& function, std::size_t repeats) {
  const std::clock_t start = std::clock();
  for (std::size_t i = 0; i < repeats; ++i) function();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / static_cast<double>(repeats);
}

// As often as takes a millisecond or two.
std::size_t repeats_of(const std::function<void()>& function) {
  std::size_t repeats = 1;
  while (seconds(function, repeats) * static_cast<double>(repeats) < 0.001) repeats *= 2;
  return repeats;
}

double median(std::vector<double> list) {
  std::nth_element(list.begin(), list.begin() + list.size() / 2, list.end());
  return list[list.size() / 2];
}

// A copy whose stores go past the caches; memcpy where the machine has none.
void copy_past_caches(float* out, const float* in, std::size_t count) {
#if defined(__SSE2__)
  for (std::size_t i = 0; i < count; i += 4) _mm_stream_ps(out + i, _mm_loadu_ps(in + i));
  _mm_sfence();
#else
  std::memcpy(out, in, count * sizeof(float));
#endif
}

// Arrays of `count` elements, the unit again and again.
struct Arrays {
  std::vector<float> in, out;
  std::vector<std::uint8_t> codes;
};

void work(const Engine& engine, const Line& line, const Plan& plan, Arrays& arrays,
          std::size_t count) {
  const Random random{.seed = 1, .stream = 2, .generator = line.generator};
  const auto in = std::span(std::as_const(arrays.in)).first(count);
  const auto out = std::span(arrays.out).first(count);
  if (line.work == Work::round) engine.round(view_of(in), plan, random, view_of(out), nullptr);
  if (line.work == Work::encode) engine.encode(view_of(in), plan, random, arrays.codes, nullptr);
  if (line.work == Work::decode) engine.decode(arrays.codes, plan, view_of(out));
}

// Answers whether the emulator's first unit is the reference's, and the others repeat it where no
// random bits are drawn.
bool is_right(const Line& line, const Plan& plan, Arrays& arrays, std::size_t count) {
  Arrays small;
  small.in.assign(arrays.in.begin(), arrays.in.begin() + unit);
  small.out.resize(unit);
  const std::size_t bytes = packed_bytes(line.format, unit);
  small.codes.assign(arrays.codes.begin(),
                     arrays.codes.begin() + static_cast<std::ptrdiff_t>(bytes));
  work(reference::engine(), line, reference::engine().prepare(plan.quantizer), small, unit);
  std::fill(arrays.out.begin(), arrays.out.end(), -7.0F);
  if (line.work == Work::encode) std::fill(arrays.codes.begin(), arrays.codes.end(), 0xA5);
  work(emulator::engine(), line, plan, arrays, count);
  const std::size_t checked = line.mode == Mode::stochastic ? 1 : count / unit;
  for (std::size_t k = 0; k < checked; ++k) {
    if (line.work == Work::encode
            ? std::memcmp(arrays.codes.data() + k * bytes, small.codes.data(), bytes) != 0
            : std::memcmp(arrays.out.data() + k * unit, small.out.data(), unit * sizeof(float)) !=
                  0)
      return false;
  }
  return true;
}

bool measure(const Line& line, std::size_t count, bool beyond_caches) {
  Rounding rounding;
  rounding.mode = line.mode;
  rounding.random_bits = 16;
  const Plan plan = emulator::engine().prepare({.format = line.format, .rounding = rounding});
  Arrays arrays;
  arrays.out.resize(count);
  const std::vector<float> once = numbers(line.format);
  const Random random{.seed = 4};
  for (std::size_t i = 0; i < count; i += unit)
    arrays.in.insert(arrays.in.end(), once.begin(), once.end());
  const std::size_t bytes = packed_bytes(line.format, unit);
  arrays.codes.resize(packed_bytes(line.format, count));
  for (std::size_t i = 0; i < arrays.codes.size(); ++i)
    arrays.codes[i] = static_cast<std::uint8_t>(random.word(i % bytes) >> 24);
  if (!is_right(line, plan, arrays, count)) {
    std::printf("%-30s WRONG\n", line.name.c_str());
    return false;
  }
  const double moved = line.work == Work::round ? 8.0 * static_cast<double>(count)
                                                : 4.0 * static_cast<double>(count) +
                                                      static_cast<double>(arrays.codes.size());
  std::vector<float> target(count);
  const std::function<void()> copy = [&] {
    std::memcpy(target.data(), arrays.in.data(), count * sizeof(float));
  };
  const std::function<void()> past = [&] {
    copy_past_caches(target.data(), arrays.in.data(), count);
  };
  const std::function<void()> ours = [&] { work(emulator::engine(), line, plan, arrays, count); };
  const std::size_t copies = repeats_of(copy);
  const std::size_t pasts = beyond_caches ? repeats_of(past) : 0;
  const std::size_t works = repeats_of(ours);
  std::vector<double> to_memcpy;
  std::vector<double> to_best;
  for (int i = 0; i < rounds; ++i) {
    const double plain = 8.0 * static_cast<double>(count) / seconds(copy, copies);
    const double streamed =
        pasts == 0 ? 0 : 8.0 * static_cast<double>(count) / seconds(past, pasts);
    const double speed = moved / seconds(ours, works);
    to_memcpy.push_back(speed / plain);
    to_best.push_back(speed / std::max(plain, streamed));
  }
  std::printf("%-30s %.3f of memcpy", line.name.c_str(), median(to_memcpy));
  if (beyond_caches) std::printf(", %.3f of the best copy", median(to_best));
  if (count == unit) std::printf(" (goal %.2f)", line.goal);
  std::printf("\n");
  std::fflush(stdout);
  return true;
}

}  // namespace
}  // namespace halfulp

int main(int argc, char** argv) {
  using namespace halfulp;
  const std::string size = argc > 1 ? argv[1] : "all";
  const std::string text = argc > 2 ? argv[2] : "";
  bool right = true;
  std::printf("kernels on %s\n", emulator::instruction_set().c_str());
  for (const auto& [name, count] : {std::pair<const char*, std::size_t>{"l2", unit},
                                    {"l3", unit << 4},
                                    {"memory", unit << 10}}) {
    if (size != "all" && size != name) continue;
    std::printf("%s, %zu elements\n", name, count);
    for (const Line& line : lines()) {
      if (line.name.find(text) == std::string::npos) continue;
      right = measure(line, count, count == unit << 10) && right;
    }
  }
  return right ? 0 : 1;
}
