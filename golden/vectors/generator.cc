// SPDX-License-Identifier: MIT
#include "golden/vectors/generator.h"

#include <algorithm>
#include <span>

#include "emulator/parallel.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::vectors {

CaseGenerator::CaseGenerator(const Calculation& calculation, std::uint64_t seed,
                             std::optional<std::uint64_t> count)
    : calculation_(calculation),
      drawer_(calculation, seed),
      every_case_(!count),
      count_(count ? *count : every_count()),
      plan_(calculation.prepared(count_)) {}

Case CaseGenerator::at(std::uint64_t index) const {
  Case c;
  if (every_case_) {
    c.operands = combination(index);
    c.random = drawer_.random_of(c.operands, index);
  } else {
    const DrawnCase drawn = drawer_.draw(index);
    c.operands = drawn.operands;
    c.random = drawn.random;
  }
  const std::span<const Code> operands(c.operands.data(), calculation_.inputs.size());
  const Outcome outcome = calculation_.engine->operate(plan_, operands, c.random);
  c.result = outcome.code;
  c.flags = outcome.flags;
  return c;
}

std::uint64_t CaseGenerator::every_count() const {
  int width = 0;
  for (const Format& format : calculation_.inputs) width += bits(format);
  if (width < 64 && std::uint64_t{1} << width <= most_cases) return std::uint64_t{1} << width;
  throw Error("there are 2^" + std::to_string(width) + " combinations of operands", "",
              "draw some of them");
}

Operands CaseGenerator::combination(std::uint64_t index) const {
  Operands operands{};
  for (std::size_t i = 0; i < calculation_.inputs.size(); ++i) {
    const int width = bits(calculation_.inputs[i]);
    operands[i] = index & ((std::uint64_t{1} << width) - 1);
    index >>= width;
  }
  return operands;
}

std::vector<Case> all_cases(const CaseGenerator& generator, int threads) {
  std::vector<Case> cases(static_cast<std::size_t>(generator.count()));
  emulator::for_each_chunk(cases.size(), 1 << 12, threads, [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) cases[i] = generator.at(i);
  });
  return cases;
}

void write_lines(const CaseGenerator& generator, const LineWriter& writer, int threads,
                 const std::function<void(const std::string& lines, std::uint64_t done)>& take) {
  constexpr std::uint64_t block = 1 << 12;
  constexpr std::uint64_t round = 16 * block;
  for (std::uint64_t begin = 0; begin < generator.count(); begin += round) {
    const std::uint64_t size = std::min(round, generator.count() - begin);
    std::vector<std::string> texts(static_cast<std::size_t>((size + block - 1) / block));
    emulator::for_each_chunk(size, block, threads, [&](std::size_t from, std::size_t to) {
      std::string& text = texts[from / block];
      for (std::size_t i = from; i < to; ++i) writer.append(generator.at(begin + i), text);
    });
    for (std::size_t i = 0; i < texts.size(); ++i)
      take(texts[i], begin + std::min((i + 1) * block, size));
  }
}

}  // namespace halfulp::vectors
