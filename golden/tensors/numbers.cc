// SPDX-License-Identifier: MIT
//
// Elements of a tensor as doubles and floats, and back. An engine decodes and encodes whole arrays;
// what it cannot carry goes element by element.
#include <bit>
#include <cmath>
#include <limits>

#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/tensors/tensor.h"
#include "reference/engine.h"

namespace halfulp::tensors {
namespace {

[[noreturn]] void inexact_element(const Tensor& tensor, std::size_t index, const char* carrier) {
  throw Error(shortest_text(tensor.type.format, code_at(tensor, index)) + " is no " + carrier,
              "element " + index_text(tensor.shape, index),
              std::string("only numbers that a ") + carrier + " holds exactly can be used here");
}

const char* carrier_name(double) { return "double (binary64)"; }
const char* carrier_name(float) { return "float (binary32)"; }

bool is_type(const ElementType& type, const char* name) { return type == element_type(name); }

bool fits(const Format& format, double) { return fits_binary64(format); }
bool fits(const Format& format, float) { return fits_binary32(format); }

double nearest(const Value& value, double) { return nearest_double(value); }
float nearest(const Value& value, float) { return nearest_float(value); }

// The bits as they are: NaN payloads too.
template <typename Real, typename Bits>
std::vector<Real> same_bits(const Tensor& tensor) {
  std::vector<Real> numbers(element_count(tensor));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::uint64_t code = load_little(tensor.data.data() + i * sizeof(Bits), sizeof(Bits));
    numbers[i] = std::bit_cast<Real>(static_cast<Bits>(code));
  }
  return numbers;
}

// Both agree in every bit; logarithmic formats are only the reference's.
const Engine& engine_for(const Format& format) {
  return is_dyadic(format) ? emulator::engine() : reference::engine();
}

template <typename Real>
std::vector<Real> decoded(const Tensor& tensor) {
  const Engine& engine = engine_for(tensor.type.format);
  std::vector<Real> numbers(element_count(tensor));
  const Plan plan = engine.prepare({.format = tensor.type.format, .rounding = {}});
  engine.decode(packed_codes(tensor), plan, view_of(std::span<Real>(numbers)));
  return numbers;
}

// Of 64-bit integers. A double of magnitude 2^63 or more is beyond int64, 2^64 beyond uint64.
template <typename Integer>
std::vector<double> doubles_of_integers(const Tensor& tensor) {
  const double limit = std::ldexp(1.0, std::numeric_limits<Integer>::digits);
  std::vector<double> numbers(element_count(tensor));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto integer = static_cast<Integer>(code_at(tensor, i));
    numbers[i] = static_cast<double>(integer);
    if (numbers[i] >= limit || static_cast<Integer>(numbers[i]) != integer)
      inexact_element(tensor, i, carrier_name(double{}));
  }
  return numbers;
}

std::vector<double> doubles_one_by_one(const Tensor& tensor) {
  const Format& format = tensor.type.format;
  std::vector<double> numbers(element_count(tensor));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Value value = decode(format, code_at(tensor, i));
    const bool exact = !value.is_finite() || !value.is_dyadic() || fits_double(value);
    if (!exact) inexact_element(tensor, i, carrier_name(double{}));
    numbers[i] = nearest_double(value);
  }
  return numbers;
}

// The error for the first of the numbers that is not in the type, if any: encoding says that some
// result was not the exact one. Of irrational formats that is every number; there the code must
// stand for it as engines carry it.
template <typename Real>
void require_numbers(const Heading& heading, std::span<const Real> numbers, const Plan& plan) {
  const Format& format = heading.type.format;
  const Engine& engine = engine_for(format);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Bytes packed(packed_bytes(format, 1));
    Counts counts;
    engine.encode(view_of(numbers.subspan(i, 1)), plan, {}, packed, &counts);
    if (counts.inexact == 0) continue;
    const std::uint64_t code = load_little(packed.data(), packed.size());
    if (!is_dyadic(format) && nearest(decode(format, code), Real{}) == numbers[i]) continue;
    const Format carrier = element_type(std::is_same_v<Real, float> ? "float32" : "float64").format;
    throw Error(shortest_text(carrier, encode(carrier, from_double(numbers[i]))) +
                    " is no number of " + heading.type.name,
                "element " + index_text(heading.shape, i), "round it to the type first");
  }
}

template <typename Real, typename Bits>
Tensor with_same_bits(Heading heading, std::span<const Real> numbers) {
  Bytes data(numbers.size_bytes());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    store_little(std::bit_cast<Bits>(numbers[i]), data.data() + i * sizeof(Bits), sizeof(Bits));
  }
  return make_tensor(std::move(heading.name), std::move(heading.type), std::move(heading.shape),
                     std::move(data));
}

template <typename Real>
Tensor encoded(Heading heading, std::span<const Real> numbers) {
  const Engine& engine = engine_for(heading.type.format);
  const Plan plan = engine.prepare({.format = heading.type.format, .rounding = {}});
  Bytes packed(packed_bytes(heading.type.format, numbers.size()));
  Counts counts;
  engine.encode(view_of(numbers), plan, {}, packed, &counts);
  if (counts.inexact != 0) require_numbers(heading, numbers, plan);
  return from_packed_codes(std::move(heading), packed);
}

}  // namespace

std::vector<double> doubles_of(const Tensor& tensor) {
  if (is_type(tensor.type, "float64")) return same_bits<double, std::uint64_t>(tensor);
  if (is_type(tensor.type, "int64")) return doubles_of_integers<std::int64_t>(tensor);
  if (is_type(tensor.type, "uint64")) return doubles_of_integers<std::uint64_t>(tensor);
  if (fits(tensor.type.format, double{})) return decoded<double>(tensor);
  return doubles_one_by_one(tensor);
}

std::vector<float> floats_of(const Tensor& tensor) {
  if (is_type(tensor.type, "float32")) return same_bits<float, std::uint32_t>(tensor);
  if (fits(tensor.type.format, float{})) return decoded<float>(tensor);
  const std::vector<double> doubles = doubles_of(tensor);
  std::vector<float> numbers(doubles.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = static_cast<float>(doubles[i]);
    const bool same = static_cast<double>(numbers[i]) == doubles[i] || std::isnan(doubles[i]);
    if (!same) inexact_element(tensor, i, carrier_name(float{}));
  }
  return numbers;
}

Tensor from_numbers(Heading heading, std::span<const double> numbers) {
  HALFULP_REQUIRE(numbers.size() == element_count(heading.shape), "from_numbers: another size");
  if (is_type(heading.type, "float64"))
    return with_same_bits<double, std::uint64_t>(std::move(heading), numbers);
  return encoded(std::move(heading), numbers);
}

Tensor from_numbers(Heading heading, std::span<const float> numbers) {
  HALFULP_REQUIRE(numbers.size() == element_count(heading.shape), "from_numbers: another size");
  if (is_type(heading.type, "float32"))
    return with_same_bits<float, std::uint32_t>(std::move(heading), numbers);
  return encoded(std::move(heading), numbers);
}

}  // namespace halfulp::tensors
