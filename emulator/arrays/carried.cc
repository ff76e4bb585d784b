// SPDX-License-Identifier: MIT
#include "emulator/arrays/carried.h"

#include "emulator/scalar/logarithmic/irrational.h"
#include "emulator/scalar/pack.h"
#include "formats/codes.h"

namespace halfulp::emulator {
namespace {

constexpr int double_precision = 53;
constexpr int float_precision = 24;

}  // namespace

double double_of(const Operand& x) {
  return pack_double(x.is_irrational() ? nearest(x, double_precision) : x);
}

float float_of(const Operand& x) {
  return pack_float(x.is_irrational() ? nearest(x, float_precision) : x);
}

std::vector<double> carried_numbers(const Format& format, Carrier carrier) {
  const std::size_t codes = std::size_t{1} << bits(format);
  const bool floats = carrier == Carrier::binary32 && !is_dyadic(format);
  std::vector<double> numbers;
  numbers.reserve(codes);
  for (std::size_t code = 0; code < codes; ++code) {
    const Operand x = unpack(format, code);
    numbers.push_back(floats ? static_cast<double>(float_of(x)) : double_of(x));
  }
  return numbers;
}

}  // namespace halfulp::emulator
