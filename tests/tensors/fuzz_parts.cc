// SPDX-License-Identifier: MIT
//
// A libFuzzer target a reader in parts, HALFULP_FUZZED naming its function of damage_parts.h, the
// first byte choosing the options. Run as fuzz.cc says.
#include <cstdlib>
#include <iostream>

#include "damage_parts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace halfulp::tensors;
  if (size == 0) return 0;
  bool readable = false;
  const std::string wrong =
      HALFULP_FUZZED(ByteView(data, size).subspan(1), data[0] * std::size_t{3}, readable);
  if (!wrong.empty()) {
    std::cerr << wrong << "\n";
    std::abort();
  }
  return 0;
}
