// SPDX-License-Identifier: MIT
#include "emulator/internal/logarithmic.h"

#include <variant>

#include "formats/error.h"

namespace halfulp::emulator {
namespace {

Error unknown(const Format& format) {
  return Error("this kind of format is known to the reference only", format.name,
               "add --reference");
}

}  // namespace

bool is_logarithmic(const Format& format) {
  const auto* takum = std::get_if<Takum>(&format.kind);
  return std::holds_alternative<Log>(format.kind) || (takum != nullptr && takum->logarithmic);
}

void describe_logarithmic(const Format& format, Target& /*target*/) { throw unknown(format); }

Outcome round_logarithmic(const Target& target, const Exact<WideWord>& /*x*/,
                          std::uint64_t /*random*/) {
  throw unknown(target.quantizer->format);
}

Operand unpack_logarithmic(const Format& format, Code /*code*/) { throw unknown(format); }

}  // namespace halfulp::emulator
