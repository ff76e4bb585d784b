// SPDX-License-Identifier: MIT
//
// usage: proofs pairs            all four proofs of pairs
//        proofs narrow           every format of at most 8 bits that binary32 holds, to nearest
//                                even, overflowing and saturating
#include <chrono>
#include <cstdio>
#include <string>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/rounding.h"
#include "tests/proofs/proofs.h"

namespace {

using namespace halfulp;
using proofs::Count;

Count total;

template <typename Proof>
void run(const std::string& name, const Proof& proof) {
  const auto start = std::chrono::steady_clock::now();
  const Count count = proof();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%s: %llu cases, %llu differences, %.0f s\n", name.c_str(),
              static_cast<unsigned long long>(count.cases),
              static_cast<unsigned long long>(count.differences), seconds.count());
  std::fflush(stdout);
  total.cases += count.cases;
  total.differences += count.differences;
}

void run_pairs() {
  for (const char* format : {"binary16", "bfloat16"}) {
    for (const char* operation : {"add", "mul"}) {
      run(std::string(format) + " " + operation,
          [&] { return proofs::prove_pairs(format, operation); });
    }
  }
}

void run_narrow() {
  constexpr int narrow = 8;
  for (const CatalogueEntry& entry : catalogue()) {
    if (bits(entry.format) > narrow || !fits_binary32(entry.format)) continue;
    const std::string& name = entry.format.name;
    for (const char* overflow : {"ieee", "saturate"}) {
      run(name + " nearest-even " + overflow,
          [&] { return proofs::prove_narrow(name, "nearest-even", overflow); });
    }
  }
}

}  // namespace

int main(int count, char** words) {
  const std::string what = count == 2 ? words[1] : "";
  try {
    if (what == "pairs") {
      run_pairs();
    } else if (what == "narrow") {
      run_narrow();
    } else {
      std::fprintf(stderr, "usage: proofs pairs|narrow\n");
      return 2;
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  std::printf("%llu cases, %llu differences\n", static_cast<unsigned long long>(total.cases),
              static_cast<unsigned long long>(total.differences));
  return total.differences == 0 ? 0 : 1;
}
