// SPDX-License-Identifier: MIT
//
// Operations on arrays of packed codes, block by block: unpacked, computed one by one, packed. An
// operand's block is read before that of the results is written, so that both may be one array.
#include <algorithm>
#include <array>

#include "emulator/arrays/packing.h"
#include "emulator/arrays/random_bits.h"
#include "emulator/prepared/operation.h"
#include "emulator/scalar/exact.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// Where the codes of a block begin. A block starts on a byte.
static_assert(draw_segment % 8 == 0);
std::size_t byte_of(std::size_t index, int width) {
  return index / 8 * static_cast<std::size_t>(width);
}

using Codes = std::array<Code, draw_segment>;

void unpack_block(std::span<const std::uint8_t> bytes, const Format& format, std::size_t begin,
                  std::span<Code> codes) {
  const int width = packed_bits(format);
  unpack_codes(bytes.data() + byte_of(begin, width), width, codes);
  const Code used = ones(bits(format));
  for (Code& code : codes) code &= used;
}

}  // namespace

void operate_codes(const OperationPlan& plan, std::span<const std::span<const std::uint8_t>> in,
                   std::size_t count, const Random& random, std::span<std::uint8_t> out,
                   std::span<std::uint8_t> flags) {
  const CompiledOperation& ready = compiled(plan);
  const std::vector<Format>& inputs = ready.inputs();
  const Format& output = ready.output().format;
  const Rounding& rounding = ready.output().rounding;
  HALFULP_REQUIRE(in.size() == inputs.size(),
                  "operate_codes: the operation takes another number of operands");
  for (std::size_t i = 0; i < in.size(); ++i) {
    HALFULP_REQUIRE(in[i].size() >= packed_bytes(inputs[i], count),
                    "operate_codes: too few bytes for the operands");
  }
  HALFULP_REQUIRE(
      out.size() >= packed_bytes(output, count) && (flags.empty() || flags.size() >= count),
      "operate_codes: too few bytes for the results");
  const int width = packed_bits(output);
  const bool stochastic = is_stochastic(rounding.mode);
  std::array<Codes, 3> operands{};
  Codes results{};
  std::array<std::uint64_t, draw_segment> draws{};
  for (std::size_t begin = 0; begin < count; begin += draw_segment) {
    const std::size_t length = std::min(draw_segment, count - begin);
    for (std::size_t i = 0; i < in.size(); ++i)
      unpack_block(in[i], inputs[i], begin, std::span(operands[i]).first(length));
    if (stochastic) draw(random, rounding.random_bits, {begin, 1, length}, draws.data());
    for (std::size_t k = 0; k < length; ++k) {
      const std::array<Code, 3> of_one{operands[0][k], operands[1][k], operands[2][k]};
      const Outcome outcome = ready.result(std::span(of_one).first(in.size()), draws[k]);
      results[k] = outcome.code;
      if (!flags.empty()) flags[begin + k] = outcome.flags;
    }
    pack_codes(std::span<const Code>(results).first(length), width,
               out.data() + byte_of(begin, width));
  }
}

}  // namespace halfulp::emulator
