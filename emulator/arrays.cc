// SPDX-License-Identifier: MIT
#include "emulator/internal/arrays.h"

#include <algorithm>
#include <array>
#include <vector>

#include "emulator/internal/exact.h"
#include "emulator/internal/packing.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// Elements that are handled at a time; a multiple of 8, so that a block of codes starts on a byte.
constexpr std::size_t block_elements = 256;

void require_same_shape(const View& a, const MutableView& b) {
  HALFULP_REQUIRE(a.rows == b.rows && a.columns == b.columns, "views of different shapes");
}

void require_fits(const CompiledPlan& plan, Carrier carrier) {
  HALFULP_REQUIRE(plan.fits(carrier), "the carrier does not hold every number of " +
                                          plan.quantizer().format.name +
                                          "; use codes (apply, convert, encode)");
}

// A number or NaN of the plan's format into its place.
void store(const MutableView& out, std::size_t index, const Operand& x) {
  const std::size_t place = index / out.columns * out.stride + index % out.columns;
  if (out.carrier == Carrier::binary32) {
    static_cast<float*>(out.data)[place] = float_of(x);
  } else {
    static_cast<double*>(out.data)[place] = double_of(x);
  }
}

Operand delivered(const CompiledPlan& plan, const Outcome& outcome, bool nan_negative) {
  Operand x = unpack(plan.quantizer().format, outcome.code);
  if (x.kind == Operand::Class::nan) x.negative = nan_negative;
  return x;
}

// flush_inputs of map: an operand counts as subnormal by the plan's own format.
Operand operand_of_format(Operand x, const Target& target) {
  x.subnormal = target.is_float && target.subnormals && x.kind == Operand::Class::finite &&
                x.exponent + bit_length(x.significand) - 1 < target.least_exponent;
  return x;
}

}  // namespace

void round_array(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                 Counts* counts) {
  require_same_shape(in, out);
  const CompiledPlan& ready = compiled(plan);
  require_fits(ready, out.carrier);
  const Elements elements(ready, random, counts);
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t column = 0; column < in.columns; ++column) {
      const Operand x = load_operand(in, row, column);
      const Outcome outcome = elements.round(x, row * in.columns + column);
      store(out, row * in.columns + column, delivered(ready, outcome, x.negative));
    }
  }
}

void map_array(Op op, std::span<const View> in, const Plan& plan, const Random& random,
               const MutableView& out, Counts* counts) {
  HALFULP_REQUIRE(in.size() == static_cast<std::size_t>(arity(op)),
                  "map: the operation takes another number of operands");
  const CompiledPlan& ready = compiled(plan);
  require_fits(ready, out.carrier);
  for (const View& view : in) require_same_shape(view, out);
  const Elements elements(ready, random, counts);
  std::array<Operand, 3> operands;
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      for (std::size_t i = 0; i < in.size(); ++i) {
        operands[i] = operand_of_format(load_operand(in[i], row, column), ready.target());
      }
      const Outcome outcome =
          elements.operate(op, std::span(operands).first(in.size()), row * out.columns + column);
      store(out, row * out.columns + column, delivered(ready, outcome, false));
    }
  }
}

void encode_array(const View& in, const Plan& plan, const Random& random,
                  std::span<std::uint8_t> out, Counts* counts) {
  const CompiledPlan& ready = compiled(plan);
  const std::size_t count = in.rows * in.columns;
  HALFULP_REQUIRE(out.size() >= packed_bytes(ready.quantizer().format, count),
                  "encode: too few bytes for the codes");
  const int width = packed_bits(ready.quantizer().format);
  const Elements elements(ready, random, counts);
  std::array<std::uint64_t, block_elements> codes;
  for (std::size_t begin = 0; begin < count; begin += block_elements) {
    const std::size_t length = std::min(block_elements, count - begin);
    for (std::size_t i = 0; i < length; ++i) {
      const std::size_t index = begin + i;
      const Operand x = load_operand(in, index / in.columns, index % in.columns);
      codes[i] = static_cast<std::uint64_t>(elements.round(x, index).code);
    }
    pack_codes(std::span(codes).first(length), width,
               out.data() + begin / 8 * static_cast<std::size_t>(width));
  }
}

void decode_array(std::span<const std::uint8_t> in, const Plan& plan, const MutableView& out) {
  const CompiledPlan& ready = compiled(plan);
  const Format& format = ready.quantizer().format;
  require_fits(ready, out.carrier);
  const std::size_t count = out.rows * out.columns;
  HALFULP_REQUIRE(in.size() >= packed_bytes(format, count), "decode: too few bytes for the codes");
  const int width = packed_bits(format);
  const int used = bits(format);
  const std::uint64_t mask = used >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << used) - 1;
  std::array<std::uint64_t, block_elements> codes;
  for (std::size_t begin = 0; begin < count; begin += block_elements) {
    const std::size_t length = std::min(block_elements, count - begin);
    unpack_codes(in.data() + begin / 8 * static_cast<std::size_t>(width), width,
                 std::span(codes).first(length));
    for (std::size_t i = 0; i < length; ++i) {
      store(out, begin + i, unpack(format, codes[i] & mask));
    }
  }
}

}  // namespace halfulp::emulator
