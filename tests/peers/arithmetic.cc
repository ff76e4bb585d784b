// SPDX-License-Identifier: MIT
//
// An operation on many pairs of codes, for the scripts of this folder.
// usage: peers_arithmetic ENGINE OP FORMAT ROUNDING OVERFLOW: reads pairs of codes of the format as
// 16-bit little-endian words from standard input and writes the codes of the results in the same
// form.
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/engine.h"
#include "formats/error.h"
#include "reference/engine.h"

namespace {

using namespace halfulp;

std::vector<Code> read_codes() {
  std::vector<Code> codes;
  std::array<unsigned char, 2> word{};
  while (std::fread(word.data(), 1, word.size(), stdin) == word.size())
    codes.push_back(word[0] | static_cast<unsigned>(word[1]) << 8U);
  return codes;
}

void write_code(Code code) {
  const std::array<unsigned char, 2> word{static_cast<unsigned char>(code & 0xff),
                                          static_cast<unsigned char>(code >> 8 & 0xff)};
  std::fwrite(word.data(), 1, word.size(), stdout);
}

void run(const std::array<std::string, 5>& words) {
  const Engine& engine = words[0] == "reference" ? reference::engine() : emulator::engine();
  Quantizer quantizer{.format = find_format(words[2]), .rounding = {}};
  quantizer.rounding.mode = parse_mode(words[3]);
  quantizer.rounding.overflow = parse_overflow(words[4]);
  const std::array<Format, 2> inputs{quantizer.format, quantizer.format};
  const Operation operation{.op = parse_op(words[1]), .inputs = inputs, .output = &quantizer};
  const std::vector<Code> codes = read_codes();
  for (std::size_t i = 0; i + 1 < codes.size(); i += 2)
    write_code(engine.apply(operation, std::span(codes).subspan(i, 2), 0).code);
}

}  // namespace

int main(int count, char** words) {
  if (count != 6) return 2;
  try {
    run({words[1], words[2], words[3], words[4], words[5]});
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
