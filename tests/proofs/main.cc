// SPDX-License-Identifier: MIT
//
// usage: proofs pairs [FORMAT [OPERATION]]   add and mul of all pairs of binary16 and of bfloat16
//        proofs narrow [FORMAT [MODE]]       every format of at most 8 bits that binary32 holds,
//                                            overflowing and saturating; to nearest even where no
//                                            mode, or `all` those without random bits, is named
// A name leaves the others out.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

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

// An empty word names all.
bool is_named(const std::string& word, const std::string& name) {
  return word.empty() || word == name;
}

void run_pairs(const std::string& format_word, const std::string& operation_word) {
  for (const char* format : {"binary16", "bfloat16"}) {
    for (const char* operation : {"add", "mul"}) {
      if (!is_named(format_word, format) || !is_named(operation_word, operation)) continue;
      run(std::string(format) + " " + operation,
          [&] { return proofs::prove_pairs(format, operation); });
    }
  }
}

std::vector<Mode> modes_of(const std::string& word) {
  if (word != "all") return {word.empty() ? Mode::nearest_even : parse_mode(word)};
  std::vector<Mode> modes;
  for (const Mode mode : all_modes()) {
    if (!is_stochastic(mode)) modes.push_back(mode);
  }
  return modes;
}

void run_narrow(const std::string& format_word, const std::string& mode_word) {
  constexpr int narrow = 8;
  for (const CatalogueEntry& entry : catalogue()) {
    if (bits(entry.format) > narrow || !fits_binary32(entry.format)) continue;
    const std::string& name = entry.format.name;
    if (!is_named(format_word, name)) continue;
    for (const Mode mode : modes_of(mode_word)) {
      for (const char* overflow : {"ieee", "saturate"}) {
        run(name + " " + std::string(name_of(mode)) + " " + overflow,
            [&] { return proofs::prove_narrow(name, mode, overflow); });
      }
    }
  }
}

}  // namespace

int main(int count, char** words) {
  const auto word = [&](int i) { return i < count ? std::string(words[i]) : std::string(); };
  const std::string what = word(1);
  try {
    if (what == "pairs") {
      run_pairs(word(2), word(3));
    } else if (what == "narrow") {
      run_narrow(word(2), word(3));
    } else {
      std::fprintf(stderr, "usage: proofs pairs [FORMAT [OPERATION]] | narrow [FORMAT [MODE]]\n");
      return 2;
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  if (total.cases == 0) {
    std::fprintf(stderr, "nothing has that name\n");
    return 2;
  }
  std::printf("%llu cases, %llu differences\n", static_cast<unsigned long long>(total.cases),
              static_cast<unsigned long long>(total.differences));
  return total.differences == 0 ? 0 : 1;
}
