// SPDX-License-Identifier: MIT
//
// A libFuzzer target a reader of vectors, HALFULP_FUZZED naming its style: the promise of
// promise.h, the first byte choosing operation and formats. Run it as
//   build-fuzz/tests/vectors/fuzz_vectors_csv -max_total_time=600 FOLDER
// where FOLDER keeps what is found, and may begin with files of `halfulp vectors` behind one byte.
#include <cstdlib>
#include <iostream>

#include "promise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace halfulp::vectors;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string wrong = broken_promise(text.substr(1), Style::HALFULP_FUZZED, data[0]);
  if (!wrong.empty()) {
    std::cerr << wrong << "\n";
    std::abort();
  }
  return 0;
}
