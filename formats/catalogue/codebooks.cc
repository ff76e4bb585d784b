// SPDX-License-Identifier: MIT
//
// Where a library computes its list, so do we, rounding to binary32 where it does; where it states
// the list as constants they stand here. Sources: bitsandbytes 95f9af3, bitsandbytes/functional.py
// (create_linear_map, create_fp8_map, create_dynamic_map, get_4bit_type) and csrc/kernels.cu
// (dQuantizeNF4, dQuantizeFP4, dQuantize); llama.cpp, ggml-quants.c (kvalues_iq4nl,
// best_index_int8).
#include "formats/catalogue/codebooks.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "formats/numbers/value.h"

namespace halfulp {
namespace {

Value binary32(const Value& v) { return from_double(nearest_float(v)); }

Value difference(const Value& a, const Value& b) { return sum(a, negated(b)); }

// a / b rounded to binary32: 1. the quotient to more than 60 bits; 2. a last bit that says whether
// there is more, which is enough to round by; 3. rounding. Preconditions: a >= 0, 0 < b < 2^10.
Value quotient(const Value& a, std::int64_t b) {
  constexpr int extra_bits = 72;
  const Integer numerator = a.significand << extra_bits;
  Value q;
  q.significand = ((numerator / b) << 1) + (numerator % b == 0 ? 0 : 1);
  q.exponent = a.exponent - extra_bits - 1;
  return binary32(q);
}

// torch.linspace(first, last, count) in binary32, as PyTorch computes it on x86-64
// (aten/src/ATen/native/cpu/RangeFactoriesKernel.cpp, built for AVX2 with contraction): a number of
// the first half is first + step * i, one of the second last - step * (count - 1 - i), rounded
// once. As long as there are sixteen together, only every eighth is computed so, and the seven
// behind it are that one plus a rounded multiple of the step.
std::vector<Value> linspace(const Value& first, const Value& last, int count) {
  constexpr int lanes = 8;
  const Value step = quotient(binary32(difference(last, first)), count - 1);
  const auto from_the_nearer_end = [&](int i) {
    if (i < count / 2) return binary32(sum(first, product(step, make_value(i))));
    return binary32(difference(last, product(step, make_value(count - 1 - i))));
  };
  const int in_lanes = count - count % (2 * lanes);
  std::vector<Value> numbers;
  for (int i = 0; i < count; ++i) {
    const int lane = i % lanes;
    if (i >= in_lanes || lane == 0) {
      numbers.push_back(from_the_nearer_end(i));
    } else {
      const Value& base = numbers[static_cast<std::size_t>(i - lane)];
      numbers.push_back(binary32(sum(base, binary32(product(step, make_value(lane))))));
    }
  }
  return numbers;
}

std::vector<double> doubles(const std::vector<Value>& values) {
  std::vector<double> list;
  for (const Value& v : values) list.push_back(to_double(v));
  return list;
}

// The 8-bit kernel of bitsandbytes searches to a number of even code, and leaves it only for what
// is beyond the middle to its neighbour, computed in binary32: ties go to the even code.
Codebook eight_bit_map(std::vector<double> values) {
  const Codebook list = make_codebook(std::move(values));
  std::vector<double> boundaries;
  for (std::size_t i = 0; i + 1 < list.order.size(); ++i) {
    const Value lower = from_double(list.values[list.order[i]]);
    const Value upper = from_double(list.values[list.order[i + 1]]);
    boundaries.push_back(to_double(scaled(binary32(sum(lower, upper)), -1)));
  }
  return make_codebook(list.values, std::move(boundaries));
}

template <std::size_t size>
std::vector<double> widened(const std::array<float, size>& list) {
  return {list.begin(), list.end()};
}

}  // namespace

// Four thresholds are decimal numbers just beside the middle of two binary32 numbers, and what the
// kernel compares with is the one nearer to the decimal number, not the even one.
Codebook nf4() {
  constexpr std::array<float, 16> values{
      -1.0F,
      -0.6961928009986877F,
      -0.5250730514526367F,
      -0.39491748809814453F,
      -0.28444138169288635F,
      -0.18477343022823334F,
      -0.09105003625154495F,
      0.0F,
      0.07958029955625534F,
      0.16093020141124725F,
      0.24611230194568634F,
      0.33791524171829224F,
      0.44070982933044434F,
      0.5626170039176941F,
      0.7229568362236023F,
      1.0F,
  };
  constexpr std::array<float, 15> thresholds{
      -0.8480964004993439F,  -0.6106329262256622F,  -0.4599952697753906F,   -0.33967943489551544F,
      -0.23460740596055984F, -0.13791173323988914F, -0.045525018125772476F, 0.03979014977812767F,
      0.1202552504837513F,   0.2035212516784668F,   0.2920137718319893F,    0.3893125355243683F,
      0.5016634166240692F,   0.6427869200706482F,   0.8614784181118011F,
  };
  return make_codebook(widened(values), widened(thresholds), Codebook::Ties::lower);
}

Codebook af4() {
  constexpr std::array<float, 16> values{
      1.0F,        0.72424863F,  0.55496234F,  0.42563882F,  0.31675666F,  0.21961274F,
      0.12934483F, 0.04273164F,  0.0F,         -0.04934812F, -0.14982478F, -0.25607552F,
      -0.3736951F, -0.51243739F, -0.69441008F, -1.0F,
  };
  return make_codebook(widened(values));
}

Codebook bnb_fp4() {
  constexpr int largest = 12;
  constexpr std::array<int, 8> sixteenths{0, 1, 128, 192, 64, 96, 32, 48};
  constexpr std::array<float, 7> thresholds{0.00260417F, 0.0859375F, 0.20833333F, 0.29166667F,
                                            0.4166667F,  0.583333F,  0.8333333F};
  std::vector<double> values;
  for (const int n : sixteenths) values.push_back(to_double(quotient(make_value(n, -4), largest)));
  for (std::size_t i = 0; i < sixteenths.size(); ++i) values.push_back(-values[i]);
  std::vector<double> boundaries = widened(thresholds);
  for (const float threshold : thresholds) boundaries.insert(boundaries.begin(), -threshold);
  return make_codebook(std::move(values), std::move(boundaries), Codebook::Ties::toward_zero);
}

Codebook iq4_nl() {
  return make_codebook({-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113},
                       {}, Codebook::Ties::upper);
}

// A code is a run of i zeros, which is the decimal exponent, and a fraction of what bits remain:
// the middles of equal parts of [0.1, 1].
Codebook dynamic8(bool sign) {
  constexpr std::array<float, 7> powers_of_ten{1e-6F, 1e-5F, 1e-4F, 1e-3F, 1e-2F, 1e-1F, 1.0F};
  std::vector<double> values{0.0, 1.0};
  for (std::size_t i = 0; i < powers_of_ten.size(); ++i) {
    const int parts = 1 << (sign ? i : i + 1);
    const std::vector<Value> ends = linspace(from_double(0.1F), make_value(1), parts + 1);
    for (std::size_t part = 0; part + 1 < ends.size(); ++part) {
      const Value middle = scaled(binary32(sum(ends[part], ends[part + 1])), -1);
      const double number = to_double(binary32(product(from_double(powers_of_ten[i]), middle)));
      values.push_back(number);
      if (sign) values.push_back(-number);
    }
  }
  std::sort(values.begin(), values.end());
  return eight_bit_map(std::move(values));
}

Codebook linear8(bool sign) {
  constexpr int codes = 256;
  std::vector<double> values =
      doubles(linspace(make_value(sign ? -1 : 0), make_value(1), sign ? codes - 1 : codes));
  if (sign) values.insert(values.begin() + codes / 2 - 1, 0.0);
  return eight_bit_map(std::move(values));
}

Codebook bnb_fp8(int exponent_bits, int fraction_bits) {
  const int bias = 1 << (exponent_bits - 1);
  const int fractions = 1 << fraction_bits;
  std::vector<double> values;
  for (int field = 0; field < 1 << exponent_bits; ++field) {
    for (int fraction = 0; fraction < fractions; ++fraction) {
      const int significand = field == 0 ? fraction : fractions + fraction;
      const int exponent = field == 0 ? -bias : bias + 1 - field;
      const Value v = quotient(make_value(significand, exponent - bias), 2 * fractions - 1);
      values.push_back(to_double(v));
      values.push_back(-values.back());
    }
  }
  std::stable_sort(values.begin(), values.end());
  return eight_bit_map(std::move(values));
}

Codebook plus_minus_one() { return make_codebook({-1, 1}, {}, Codebook::Ties::upper); }

}  // namespace halfulp
