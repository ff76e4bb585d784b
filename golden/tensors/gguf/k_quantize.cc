// SPDX-License-Identifier: MIT
//
// Numbers to blocks of 256. Each run gets a scale (and a minimum) by one of three searches for
// small weighted errors; the scales are rounded under the block's own, in binary16; and the codes
// are those of the numbers over the rounded scales. All in binary32, in the order of ggml's loops.
// Source: ggml 0.13.1, ggml-quants.c: make_qkx2_quants (line_through), make_q3_quants
// (improved_scale) and make_qx_quants (best_scale), as quantize_row_q*_K_ref call them.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "formats/files/bytes.h"
#include "golden/tensors/gguf/blocks.h"
#include "golden/tensors/gguf/k_blocks.h"
#include "golden/tensors/gguf/numbers.h"

namespace halfulp::tensors::gguf {
namespace {

using Run = std::span<const float>;
using RunCodes = std::span<std::uint8_t>;

constexpr std::size_t longest_run = 32;
constexpr float no_magnitude = 1e-15F;

int clamped(int code, int least, int most) { return std::max(least, std::min(most, code)); }
float as_float(int code) { return static_cast<float>(code); }

// --- scale * q + minimum ---

struct Line {
  float scale = 0;
  float minimum = 0;  // at most 0
};

struct LineSearch {
  int most;        // the largest code
  float from, by;  // where the tries begin, and how they go on
  int tries;       // besides the first
  bool absolute;   // errors count by their magnitude, else by their square
};

// Sums over a run, each weight first.
struct RunSums {
  float low = 0, high = 0, weight = 0, number = 0;
};

RunSums sums_of(Run run, Run weights) {
  RunSums sums{run[0], run[0], weights[0], weights[0] * run[0]};
  for (std::size_t i = 1; i < run.size(); ++i) {
    if (run[i] < sums.low) sums.low = run[i];
    if (run[i] > sums.high) sums.high = run[i];
    sums.weight += weights[i];
    sums.number += weights[i] * run[i];
  }
  if (sums.low > 0) sums.low = 0;
  return sums;
}

void round_above(Run run, float minimum, float inverse, int most, RunCodes codes) {
  for (std::size_t i = 0; i < run.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(clamped(nearest(inverse * (run[i] - minimum)), 0, most));
}

float error_of(Run run, Run weights, RunCodes codes, const Line& line, bool absolute) {
  float error = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    const float difference = line.scale * as_float(codes[i]) + line.minimum - run[i];
    const float size = absolute ? std::fabs(difference) : difference * difference;
    error += weights[i] * size;
  }
  return error;
}

// The line of least squares for given codes, through 0 where its minimum would be above. False
// where there is none.
bool fit_line(Run run, Run weights, RunCodes codes, const RunSums& sums, Line& line) {
  float sum_code = 0;
  float sum_square = 0;
  float sum_product = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    const float weighted = weights[i] * as_float(codes[i]);
    sum_code += weighted;
    sum_square += weighted * as_float(codes[i]);
    sum_product += weighted * run[i];
  }
  const float determinant = sums.weight * sum_square - sum_code * sum_code;
  if (!(determinant > 0)) return false;
  line.scale = (sums.weight * sum_product - sums.number * sum_code) / determinant;
  line.minimum = (sum_square * sums.number - sum_code * sum_product) / determinant;
  if (line.minimum > 0) line = {sum_product / sum_square, 0};
  return true;
}

// Tries scales about the range over the number of steps, and of the lines through their codes
// keeps that of the least error. The minimum comes with its sign turned.
Line line_through(Run run, Run weights, const LineSearch& search, RunCodes codes) {
  const RunSums sums = sums_of(run, weights);
  if (sums.high == sums.low) {
    std::fill(codes.begin(), codes.end(), std::uint8_t{0});
    return {0, -sums.low};
  }
  const float first = as_float(search.most) / (sums.high - sums.low);
  Line best{1 / first, sums.low};
  round_above(run, sums.low, first, search.most, codes);
  float least = error_of(run, weights, codes, best, search.absolute);
  std::array<std::uint8_t, longest_run> other{};
  const RunCodes tried(other.data(), run.size());
  for (int i = 0; i <= search.tries; ++i) {
    const float inverse = (search.from + search.by * as_float(i) + as_float(search.most)) /
                          (sums.high - best.minimum);
    round_above(run, best.minimum, inverse, search.most, tried);
    Line line;
    if (!fit_line(run, weights, tried, sums, line)) continue;
    const float error = error_of(run, weights, tried, line, search.absolute);
    if (!(error < least)) continue;
    std::copy(tried.begin(), tried.end(), codes.begin());
    least = error;
    best = line;
  }
  return {best.scale, -best.minimum};
}

// --- scale * q, q of both signs ---

// The number of the largest magnitude. NaN is never it.
float extreme_of(Run run) {
  float extreme = 0;
  for (const float number : run) {
    if (std::fabs(number) > std::fabs(extreme)) extreme = number;
  }
  return extreme;
}

// Of codes -most to most - 1, with each number's square as its weight.
struct Fit {
  float product = 0, square = 0;  // weighted sums of x * q and q * q
};

Fit fit_of(Run run, float inverse, int most) {
  Fit fit;
  for (const float number : run) {
    const auto code = as_float(clamped(nearest(inverse * number), -most, most - 1));
    const float weight = number * number;
    fit.product += weight * number * code;
    fit.square += weight * code * code;
  }
  return fit;
}

// Codes are stored + most.
void round_signed(Run run, float inverse, int most, RunCodes codes) {
  for (std::size_t i = 0; i < run.size(); ++i)
    codes[i] =
        static_cast<std::uint8_t>(clamped(nearest(inverse * run[i]), -most, most - 1) + most);
}

// Of 19 scales about extreme / -most that whose least-squares error is least.
float best_scale(Run run, int most, RunCodes codes) {
  const float extreme = extreme_of(run);
  if (std::fabs(extreme) < no_magnitude) {
    std::fill(codes.begin(), codes.end(), std::uint8_t{0});
    return 0;
  }
  float inverse = as_float(-most) / extreme;
  round_signed(run, inverse, most, codes);
  Fit fit = fit_of(run, inverse, most);
  float scale = fit.square != 0 ? fit.product / fit.square : 0;
  float best = scale * fit.product;
  constexpr int tries = 9;
  for (int i = -tries; i <= tries; ++i) {
    if (i == 0) continue;
    inverse = -(as_float(most) + 0.1F * as_float(i)) / extreme;
    fit = fit_of(run, inverse, most);
    if (!(fit.square > 0 && fit.product * fit.product > best * fit.square)) continue;
    round_signed(run, inverse, most, codes);
    scale = fit.product / fit.square;
    best = scale * fit.product;
  }
  return scale;
}

// Goes through the codes up to five times and moves each to where the others would have it.
float improved_scale(Run run, int most, RunCodes codes) {
  const float extreme = extreme_of(run);
  if (std::fabs(extreme) < no_magnitude) {
    std::fill(codes.begin(), codes.end(), std::uint8_t{0});
    return 0;
  }
  const float inverse = as_float(-most) / extreme;
  round_signed(run, inverse, most, codes);
  Fit fit = fit_of(run, inverse, most);
  constexpr int rounds = 5;
  for (int round = 0; round < rounds; ++round) {
    bool changed = false;
    for (std::size_t i = 0; i < run.size(); ++i) {
      const float weight = run[i] * run[i];
      const auto code = as_float(codes[i] - most);
      Fit moved{fit.product - weight * run[i] * code, 0};
      if (!(moved.product > 0)) continue;
      moved.square = fit.square - weight * code * code;
      const int wanted = clamped(nearest(run[i] * moved.square / moved.product), -most, most - 1);
      if (wanted == codes[i] - most) continue;
      const float other = as_float(wanted);
      moved.product += weight * run[i] * other;
      moved.square += weight * other * other;
      const bool better = moved.square > 0 && moved.product * moved.product * fit.square >
                                                  fit.product * fit.product * moved.square;
      if (!better) continue;
      codes[i] = static_cast<std::uint8_t>(wanted + most);
      fit = moved;
      changed = true;
    }
    if (!changed) break;
  }
  return fit.square > 0 ? fit.product / fit.square : 0;
}

// --- blocks ---

template <std::size_t runs>
struct Lines {
  std::array<float, runs> scales{}, minima{};
  float largest_scale = 0, largest_minimum = 0;
};

// A line through each run of a block. weights_of(run, weights) says how much each number counts.
template <std::size_t runs, typename WeightsOf>
Lines<runs> lines_through(const float* numbers, const LineSearch& search, KCodes& codes,
                          const WeightsOf& weights_of) {
  constexpr std::size_t length = k_count / runs;
  Lines<runs> lines;
  for (std::size_t j = 0; j < runs; ++j) {
    const Run run(numbers + j * length, length);
    std::array<float, length> weights{};
    weights_of(run, weights);
    const Line line =
        line_through(run, weights, search, RunCodes(codes.data() + j * length, length));
    lines.scales[j] = line.scale;
    lines.minima[j] = line.minimum;
    if (line.scale > lines.largest_scale) lines.largest_scale = line.scale;
    if (line.minimum > lines.largest_minimum) lines.largest_minimum = line.minimum;
  }
  return lines;
}

// The codes of a run over its rounded scale; a scale of zero leaves them as the search had them.
void round_again(Run run, Line line, int most, RunCodes codes) {
  if (line.scale == 0) return;
  for (std::size_t i = 0; i < run.size(); ++i)
    codes[i] =
        static_cast<std::uint8_t>(clamped(nearest((run[i] + line.minimum) / line.scale), 0, most));
}

void round_signed_again(Run run, float scale, int most, RunCodes codes) {
  if (scale == 0) return;
  for (std::size_t i = 0; i < run.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(clamped(nearest(run[i] / scale), -most, most - 1) + most);
}

// d, dmin, scales and codes of Q4_K and Q5_K; the codes are packed by the caller.
KCodes lines_of_32(const float* numbers, const LineSearch& search, std::uint8_t* block) {
  constexpr std::size_t runs = 8;
  constexpr std::size_t length = k_count / runs;
  constexpr int most_scale = 63;
  KCodes codes{};
  const auto lines = lines_through<runs>(numbers, search, codes, [](Run run, auto& weights) {
    float sum = 0;
    for (const float number : run) sum += number * number;
    const float mean = std::sqrt(sum / as_float(length));
    for (std::size_t i = 0; i < run.size(); ++i) weights[i] = mean + std::fabs(run[i]);
  });
  const auto per = [](float largest) { return largest > 0 ? as_float(most_scale) / largest : 0; };
  const float per_scale = per(lines.largest_scale);
  const float per_minimum = per(lines.largest_minimum);
  const auto rounded = [](float number) {
    const int wrapped = static_cast<std::uint8_t>(nearest(number));
    return static_cast<std::uint8_t>(wrapped < most_scale ? wrapped : most_scale);
  };
  ScalesAndMinima of{};
  for (std::size_t j = 0; j < runs; ++j) {
    of.scales[j] = rounded(per_scale * lines.scales[j]);
    of.minima[j] = rounded(per_minimum * lines.minima[j]);
  }
  pack_eight_scales(of, block + q4_k.scales);
  store_half(lines.largest_scale / as_float(most_scale), block + q4_k.d);
  store_half(lines.largest_minimum / as_float(most_scale), block + q4_k.d + 2);
  const float d = load_half(block + q4_k.d);
  const float dmin = load_half(block + q4_k.d + 2);
  for (std::size_t j = 0; j < runs; ++j)
    round_again(Run(numbers + j * length, length),
                {d * as_float(of.scales[j]), dmin * as_float(of.minima[j])}, search.most,
                RunCodes(codes.data() + j * length, length));
  return codes;
}

}  // namespace

void quantize_q2_k(const float* numbers, std::uint8_t* block) {
  constexpr std::size_t runs = 16;
  constexpr std::size_t length = k_count / runs;
  constexpr float most_scale = 15;
  KCodes codes{};
  const LineSearch search{.most = 3, .from = -0.5F, .by = 0.1F, .tries = 15, .absolute = true};
  const auto lines = lines_through<runs>(numbers, search, codes, [](Run run, auto& weights) {
    for (std::size_t i = 0; i < run.size(); ++i) weights[i] = std::fabs(run[i]);
  });
  std::uint8_t* scales = block + q2_k.scales;
  for (std::size_t j = 0; j < runs; ++j) {
    int scale = 0;
    int minimum = 0;
    if (lines.largest_scale > 0)
      scale = nearest(most_scale / lines.largest_scale * lines.scales[j]);
    if (lines.largest_minimum > 0)
      minimum = nearest(most_scale / lines.largest_minimum * lines.minima[j]);
    scales[j] = static_cast<std::uint8_t>(static_cast<unsigned>(scale) |
                                          static_cast<unsigned>(minimum) << 4U);
  }
  store_half(lines.largest_scale > 0 ? lines.largest_scale / most_scale : 0, block + q2_k.d);
  store_half(lines.largest_minimum > 0 ? lines.largest_minimum / most_scale : 0,
             block + q2_k.d + 2);
  const float d = load_half(block + q2_k.d);
  const float dmin = load_half(block + q2_k.d + 2);
  for (std::size_t j = 0; j < runs; ++j)
    round_again(Run(numbers + j * length, length),
                {d * as_float(scales[j] & 15), dmin * as_float(scales[j] >> 4)}, search.most,
                RunCodes(codes.data() + j * length, length));
  pack_two_bits(codes, 0, block + q2_k.low);
}

void quantize_q3_k(const float* numbers, std::uint8_t* block) {
  constexpr std::size_t runs = 16;
  constexpr std::size_t length = k_count / runs;
  constexpr int most = 4;
  constexpr int most_scale = 32;
  KCodes codes{};
  std::array<float, runs> scales{};
  for (std::size_t j = 0; j < runs; ++j)
    scales[j] = improved_scale(Run(numbers + j * length, length), most,
                               RunCodes(codes.data() + j * length, length));
  const float extreme = extreme_of(scales);
  std::array<std::uint8_t, runs> rounded{};
  float d = 0;
  if (extreme != 0) {
    const float inverse = as_float(-most_scale) / extreme;
    for (std::size_t j = 0; j < runs; ++j) {
      const auto scale =
          static_cast<std::int8_t>(static_cast<std::uint8_t>(nearest(inverse * scales[j])));
      rounded[j] =
          static_cast<std::uint8_t>(clamped(scale, -most_scale, most_scale - 1) + most_scale);
    }
    d = 1 / inverse;
  }
  pack_sixteen_scales(rounded, block + q3_k.scales);
  store_half(d, block + q3_k.d);
  d = load_half(block + q3_k.d);
  for (std::size_t j = 0; j < runs; ++j)
    round_signed_again(Run(numbers + j * length, length), d * as_float(rounded[j] - most_scale),
                       most, RunCodes(codes.data() + j * length, length));
  pack_one_bit(codes, 2, block + q3_k.high);
  pack_two_bits(codes, 0, block + q3_k.low);
}

void quantize_q4_k(const float* numbers, std::uint8_t* block) {
  const LineSearch search{.most = 15, .from = -1, .by = 0.1F, .tries = 20, .absolute = false};
  pack_four_bits(lines_of_32(numbers, search, block), 64, block + q4_k.low);
}

void quantize_q5_k(const float* numbers, std::uint8_t* block) {
  const LineSearch search{.most = 31, .from = -0.5F, .by = 0.1F, .tries = 15, .absolute = false};
  const KCodes codes = lines_of_32(numbers, search, block);
  pack_one_bit(codes, 4, block + q5_k.high);
  pack_four_bits(codes, 64, block + q5_k.low);
}

void quantize_q6_k(const float* numbers, std::uint8_t* block) {
  constexpr std::size_t runs = 16;
  constexpr std::size_t length = k_count / runs;
  constexpr int most = 32;
  constexpr std::size_t bytes = 210;
  KCodes codes{};
  std::array<float, runs> scales{};
  for (std::size_t j = 0; j < runs; ++j)
    scales[j] = best_scale(Run(numbers + j * length, length), most,
                           RunCodes(codes.data() + j * length, length));
  const float extreme = extreme_of(scales);
  std::memset(block, 0, bytes);
  if (std::fabs(extreme) < no_magnitude) return;
  const float inverse = -128.0F / extreme;
  store_half(1 / inverse, block + q6_k.d);
  const float d = load_half(block + q6_k.d);
  for (std::size_t j = 0; j < runs; ++j) {
    const auto scale = static_cast<std::uint8_t>(std::min(127, nearest(inverse * scales[j])));
    block[q6_k.scales + j] = scale;
    round_signed_again(Run(numbers + j * length, length),
                       d * as_float(static_cast<std::int8_t>(scale)), most,
                       RunCodes(codes.data() + j * length, length));
  }
  pack_four_bits(codes, 128, block + q6_k.low);
  pack_two_bits(codes, 4, block + q6_k.high);
}

void quantize_q8_k(const float* numbers, std::uint8_t* block) {
  constexpr std::size_t bytes = 292;
  constexpr std::size_t sums = 4 + k_count;
  const float extreme = extreme_of(Run(numbers, k_count));
  std::memset(block, 0, bytes);
  if (extreme == 0) return;
  const float inverse = -127.0F / extreme;
  store_little(std::bit_cast<std::uint32_t>(1 / inverse), block, 4);
  for (std::size_t i = 0; i < k_count; ++i)
    block[4 + i] = static_cast<std::uint8_t>(std::min(127, nearest(inverse * numbers[i])));
  for (std::size_t j = 0; j < k_count / 16; ++j) {
    int sum = 0;
    for (std::size_t i = 0; i < 16; ++i) sum += static_cast<std::int8_t>(block[4 + 16 * j + i]);
    store_little(static_cast<std::uint16_t>(sum), block + sums + 2 * j, 2);
  }
}

}  // namespace halfulp::tensors::gguf
