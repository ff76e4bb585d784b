// SPDX-License-Identifier: MIT
//
// A libFuzzer target a reader, HALFULP_FUZZED naming its container: the promises of damage.h, the
// first byte choosing the options. Run it as
//   build-fuzz/tests/tensors/fuzz_npz -max_total_time=600 FOLDER tests/tensors/corpus/npz
#include <cstdlib>
#include <iostream>

#include "damage.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace halfulp::tensors;
  if (size == 0) return 0;
  const Container container = Container::HALFULP_FUZZED;
  const std::string wrong = broken_promise(ByteView(data, size).subspan(1), container,
                                           options_of(container, data[0] * std::size_t{3}));
  if (!wrong.empty()) {
    std::cerr << wrong << "\n";
    std::abort();
  }
  return 0;
}
