// SPDX-License-Identifier: MIT
#include "golden/tensors/value_encoder.h"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "reference/engine.h"

namespace halfulp::tensors {
namespace {

Carrier carrier_for(const ElementType& to) {
  if (!fits_binary64(to.format))
    throw Error(to.name + " has numbers that no double (binary64) holds", "",
                "name a type such as float32, bfloat16 or float64");
  if (lies_close(to))
    throw Error("values in " + to.name + " would be codes again", "",
                "name a type such as float32, bfloat16 or float64");
  return fits_binary32(to.format) ? Carrier::binary32 : Carrier::binary64;
}

// Numbers that are the type's own, as their bits.
template <typename Real>
Bytes same_bits(std::span<const Real> numbers) {
  using Bits = std::conditional_t<std::is_same_v<Real, float>, std::uint32_t, std::uint64_t>;
  Bytes bytes(numbers.size_bytes());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Real number =
        std::isnan(numbers[i]) ? std::numeric_limits<Real>::quiet_NaN() : numbers[i];
    store_little(std::bit_cast<Bits>(number), bytes.data() + i * sizeof(Bits), sizeof(Bits));
  }
  return bytes;
}

}  // namespace

ValueEncoder::ValueEncoder(const ElementType& to)
    : to_(to),
      carrier_(carrier_for(to)),
      // Both agree in every bit; logarithmic formats are only the reference's.
      engine_(is_dyadic(to.format) ? emulator::engine() : reference::engine()),
      plan_(engine_.prepare({.format = to.format, .rounding = {}})) {}

void ValueEncoder::give(std::span<const float> numbers, const Sink& sink) const {
  if (to_ == element_type("float32")) {
    sink(same_bits(numbers));
  } else {
    give_encoded(numbers, sink);
  }
}

void ValueEncoder::give(std::span<const double> numbers, const Sink& sink) const {
  if (to_ == element_type("float64")) {
    sink(same_bits(numbers));
  } else {
    give_encoded(numbers, sink);
  }
}

template <typename Real>
void ValueEncoder::give_encoded(std::span<const Real> numbers, const Sink& sink) const {
  std::vector<Real> positive(numbers.begin(), numbers.end());
  for (Real& number : positive) {
    if (std::isnan(number)) number = std::numeric_limits<Real>::quiet_NaN();
  }
  Bytes packed(packed_bytes(to_.format, numbers.size()));
  engine_.encode(view_of(std::span<const Real>(positive)), plan_, {}, packed, nullptr);
  const auto count = static_cast<std::int64_t>(numbers.size());
  sink(from_packed_codes({"", to_, {count}}, packed).data);
}

}  // namespace halfulp::tensors
