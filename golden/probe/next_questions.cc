// SPDX-License-Identifier: MIT
#include "golden/probe/next_questions.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "emulator/engine.h"
#include "formats/error.h"
#include "golden/kernels/inputs.h"
#include "golden/probe/exam.h"
#include "golden/probe/first_questions.h"
#include "golden/probe/sparse_questions.h"

namespace halfulp::probe {
namespace {

constexpr std::size_t rows = 8;
constexpr std::size_t columns = 4;
constexpr std::size_t sparse = 960;         // candidates
constexpr std::size_t shown = 12;           // of every class, whatever units give
constexpr std::size_t most_splitting = 96;  // of a round

// Every row with every column.
void add_products(const kernels::Inputs& inputs, const Ports& ports, std::vector<Question>& all) {
  const std::size_t terms = ports.terms;
  const auto of = [&](const tensors::Tensor& tensor, std::size_t first, std::size_t step,
                      std::size_t count) {
    std::vector<Code> codes(count);
    for (std::size_t k = 0; k < count; ++k) codes[k] = tensors::code_at(tensor, first + k * step);
    return codes;
  };
  for (std::size_t i = 0; i < rows * columns; ++i) {
    const std::size_t row = i % rows;
    const std::size_t column = i / rows;
    Question question{.a = of(inputs.a, row * terms, 1, terms),
                      .b = of(inputs.b, column, columns, terms),
                      .c = tensors::code_at(inputs.c, row * columns + column),
                      .a_scales = {},
                      .b_scales = {},
                      .about = subjects::hypotheses};
    if (!inputs.a_scales.empty()) {
      const auto blocks = static_cast<std::size_t>(inputs.a_scales[0].shape.back());
      question.a_scales = of(inputs.a_scales[0], row * blocks, 1, blocks);
      question.b_scales = of(inputs.b_scales[0], column * blocks, 1, blocks);
    }
    all.push_back(std::move(question));
  }
}

}  // namespace

std::vector<Question> drawn_questions(const Ports& ports, const MatrixUnit& unit,
                                      std::uint64_t seed) {
  std::vector<Question> all;
  const kernels::InputShape shape{.rows = rows, .terms = ports.terms, .columns = columns};
  for (const kernels::InputClassEntry& entry : kernels::input_classes()) {
    try {
      add_products(kernels::inputs_of(unit, kernels::Order{}, entry.kind, shape, seed), ports, all);
    } catch (const Error&) {
      continue;  // sums too narrow for integers
    }
  }
  return all;
}

Chosen next_questions(const Ports& ports, std::span<const MatrixUnit> units, std::uint64_t round) {
  Chosen chosen;
  if (units.empty()) return chosen;
  std::vector<Question> candidates = drawn_questions(ports, units[0], round);
  const std::size_t dense = candidates.size();
  std::ranges::move(sparse_questions(ports, units[0], sparse, round),
                    std::back_inserter(candidates));
  chosen.candidates = candidates.size();
  Exam exam(ports, emulator::engine());
  exam.add(candidates, std::vector<Code>(candidates.size(), 0));
  std::vector<std::vector<double>> answers;
  for (const MatrixUnit& unit : units) answers.push_back(exam.answers(unit, exam.all()));
  // Units in groups that no chosen question splits; a question is taken where it splits most.
  std::vector<std::size_t> group(units.size(), 0);
  std::vector<bool> taken(candidates.size(), false);
  while (chosen.splitting < most_splitting) {
    std::size_t best = 0;
    std::size_t most = std::ranges::max(group) + 1;
    const std::size_t groups = most;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      std::map<std::pair<std::size_t, std::uint64_t>, std::size_t> parts;
      for (std::size_t u = 0; u < units.size(); ++u) ++parts[{group[u], mark_of(answers[u][i])}];
      if (parts.size() <= most) continue;
      most = parts.size();
      best = i;
    }
    if (most == groups) break;
    std::map<std::pair<std::size_t, std::uint64_t>, std::size_t> parts;
    for (std::size_t u = 0; u < units.size(); ++u) {
      const auto [entry, added] =
          parts.try_emplace({group[u], mark_of(answers[u][best])}, parts.size());
      group[u] = entry->second;
    }
    taken[best] = true;
    chosen.questions.push_back(candidates[best]);
    ++chosen.splitting;
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const bool first = i < dense ? i % (rows * columns) < shown : i - dense < 2 * shown;
    if (!taken[i] && first) chosen.questions.push_back(candidates[i]);
  }
  return chosen;
}

}  // namespace halfulp::probe
