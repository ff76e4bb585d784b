// SPDX-License-Identifier: MIT
//
// Arrays of packed codes: encode and decode.
#include <algorithm>
#include <array>
#include <bit>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/packing.h"
#include "emulator/arrays/random_bits.h"
#include "emulator/arrays/segments.h"
#include "emulator/environment.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// A multiple of 8, so that a block of codes starts on a byte.
static_assert(draw_segment % 8 == 0);

// Elements begin to begin + count of the whole, row after row, as doubles; their floats where the
// carrier is binary32.
class Gathered {
 public:
  explicit Gathered(const View& view) : view_(view) {}

  [[nodiscard]] const float* floats(std::size_t begin, std::size_t count) {
    return gather<float>(begin, count, floats_.data());
  }
  [[nodiscard]] const double* doubles(std::size_t begin, std::size_t count) {
    return gather<double>(begin, count, doubles_.data());
  }
  [[nodiscard]] const double* widened(std::size_t begin, std::size_t count, bool flush) {
    if (view_.carrier == Carrier::binary64) return doubles(begin, count);
    const View block{floats(begin, count), Carrier::binary32, 1, count, count};
    widen(block, {.row = 0, .column = 0, .index = begin, .count = count}, flush, doubles_.data());
    return doubles_.data();
  }

 private:
  template <typename Real>
  const Real* gather(std::size_t begin, std::size_t count, Real* buffer) {
    const Real* data = static_cast<const Real*>(view_.data);
    if (view_.stride == view_.columns || view_.rows == 1) return data + begin;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t index = begin + i;
      buffer[i] = data[index / view_.columns * view_.stride + index % view_.columns];
    }
    return buffer;
  }

  const View& view_;
  std::array<float, draw_segment> floats_;
  std::array<double, draw_segment> doubles_;
};

class Encoder {
 public:
  Encoder(const View& in, const CompiledPlan& plan, const Random& random, Counts* counts)
      : in_(in), gathered_(in), plan_(plan), random_(random), counts_(counts) {}

  // Codes of the elements from begin on, packed.
  void block(std::size_t begin, std::size_t count, int width, std::uint8_t* bytes) {
    if (width > 64) {
      by_element(begin, count, codes128_);
      pack_codes(std::span<const Code>(codes128_).first(count), width, bytes);
      return;
    }
    if (in_.carrier == Carrier::binary32 && plan_.grid32() != nullptr) {
      by_lanes(*plan_.grid32(), gathered_.floats(begin, count), begin, count, codes32_.data());
      pack_codes(std::span<const std::uint32_t>(codes32_).first(count), width, bytes);
      return;
    }
    const bool widens = in_.carrier != Carrier::binary64;
    if (plan_.grid64() != nullptr && !(widens && plan_.keeps_fractions())) {
      const StandardEnvironment environment;
      const double* numbers = gathered_.widened(begin, count, plan_.rounding().flush_inputs);
      by_lanes(*plan_.grid64(), numbers, begin, count, codes64_.data());
    } else if (const auto* steps32 = widens ? plan_.steps<std::uint32_t>() : nullptr) {
      by_steps(*steps32, gathered_.floats(begin, count), count);
    } else if (const auto* steps64 = widens ? nullptr : plan_.steps<std::uint64_t>()) {
      by_steps(*steps64, gathered_.doubles(begin, count), count);
    } else {
      by_element(begin, count, codes64_);
    }
    pack_codes(std::span<const std::uint64_t>(codes64_).first(count), width, bytes);
  }

 private:
  // Counting is rounding's; its numbers are dropped.
  template <typename Bits, typename Real>
  void by_lanes(const kernels::Grid<Bits>& grid, const Real* numbers, std::size_t begin,
                std::size_t count, Bits* codes) {
    std::array<Bits, draw_segment> draws;
    if (plan_.stochastic()) {
      draw(random_, plan_.rounding().random_bits, {begin, 1, count}, draws.data());
    }
    kernels::encode(numbers, count, grid, draws.data(), codes);
    if (counts_ == nullptr) return;
    std::array<Real, draw_segment> rounded;
    kernels::round(numbers, count, grid, draws.data(), rounded.data(), counts_);
  }

  template <typename Bits, typename Real>
  void by_steps(const Steps<Bits>& steps, const Real* numbers, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto& step = steps[std::bit_cast<Bits>(numbers[i])];
      codes64_[i] = step.code;
      if (counts_ != nullptr) step.count(*counts_);
    }
  }

  template <typename Codes>
  void by_element(std::size_t begin, std::size_t count, Codes& codes) {
    const Elements elements(plan_.target(), random_, counts_);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t index = begin + i;
      const Operand x = load_number(plan_, in_, index / in_.columns, index % in_.columns);
      codes[i] = static_cast<typename Codes::value_type>(elements.round(x, index).code);
    }
  }

  const View& in_;
  Gathered gathered_;
  const CompiledPlan& plan_;
  const Random& random_;
  Counts* counts_;
  std::array<std::uint32_t, draw_segment> codes32_;
  std::array<std::uint64_t, draw_segment> codes64_;
  std::array<Code, draw_segment> codes128_;
};

// Elements begin to begin + count of the whole.
void scatter(const double* numbers, std::size_t begin, std::size_t count, const MutableView& out) {
  if (out.stride == out.columns || out.rows == 1) {
    narrow(numbers, out, {.row = 0, .column = begin, .index = begin, .count = count});
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = (begin + i) / out.columns;
    const std::size_t column = (begin + i) % out.columns;
    narrow(numbers + i, out, {.row = row, .column = column, .index = begin + i, .count = 1});
  }
}

}  // namespace

void encode_array(const View& in, const Plan& plan, const Random& random,
                  std::span<std::uint8_t> out, Counts* counts) {
  const std::size_t count = in.rows * in.columns;
  const PlanOfCall of_call(compiled(plan), in.carrier, count);
  const CompiledPlan& ready = *of_call;
  HALFULP_REQUIRE(out.size() >= packed_bytes(ready.quantizer().format, count),
                  "encode: too few bytes for the codes");
  const int width = packed_bits(ready.quantizer().format);
  const bool dense = in.rows == 1 || in.stride == in.columns;
  if (dense && in.carrier == Carrier::binary32 && ready.encoding32() != nullptr &&
      counts == nullptr) {
    const StandardEnvironment environment;
    kernels::encode(static_cast<const float*>(in.data), count, *ready.encoding32(), out.data());
    return;
  }
  Encoder encoder(in, ready, random, counts);
  for (std::size_t begin = 0; begin < count; begin += draw_segment) {
    encoder.block(begin, std::min(draw_segment, count - begin), width,
                  out.data() + begin / 8 * static_cast<std::size_t>(width));
  }
}

// A table of all numbers where there are as many elements.
void decode_array(std::span<const std::uint8_t> in, const CompiledPlan& ready,
                  const MutableView& out) {
  const Format& format = ready.quantizer().format;
  HALFULP_REQUIRE(ready.fits(out.carrier), "the carrier does not hold every number of " +
                                               format.name + "; decode its codes one by one");
  const std::size_t count = out.rows * out.columns;
  HALFULP_REQUIRE(in.size() >= packed_bytes(format, count), "decode: too few bytes for the codes");
  const bool dense = out.rows == 1 || out.stride == out.columns;
  if (dense && out.carrier == Carrier::binary32 && ready.decode_table() != nullptr) {
    kernels::decode(in.data(), count, *ready.decode_table(), static_cast<float*>(out.data));
    return;
  }
  const int width = packed_bits(format);
  const int used = bits(format);
  const std::uint64_t mask = used >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << used) - 1;
  const StandardEnvironment environment;
  std::array<std::uint64_t, draw_segment> codes;
  std::array<double, draw_segment> numbers;
  const bool tabulated = used <= table_bits && count >> used != 0;
  const std::vector<double> table =
      tabulated ? carried_numbers(format, out.carrier) : std::vector<double>();
  for (std::size_t begin = 0; begin < count; begin += draw_segment) {
    const std::size_t length = std::min(draw_segment, count - begin);
    unpack_codes(in.data() + begin / 8 * static_cast<std::size_t>(width), width,
                 std::span(codes).first(length));
    if (tabulated) {
      for (std::size_t i = 0; i < length; ++i) numbers[i] = table[codes[i] & mask];
    } else {
      for (std::size_t i = 0; i < length; ++i) {
        const Operand x = unpack(format, codes[i] & mask);
        const bool as_float = ready.irrational() && out.carrier == Carrier::binary32;
        numbers[i] = as_float ? static_cast<double>(float_of(x)) : double_of(x);
      }
    }
    scatter(numbers.data(), begin, length, out);
  }
}

void decode_array(std::span<const std::uint8_t> in, const Plan& plan, const MutableView& out) {
  decode_array(in, compiled(plan), out);
}

}  // namespace halfulp::emulator
