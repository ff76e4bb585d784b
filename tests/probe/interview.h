// SPDX-License-Identifier: MIT
//
// A device that is a unit, asked round by round until nothing is left to ask, as a user does it:
// with whole products of batches; with scales, one dot product after the other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "emulator/engine.h"
#include "golden/kernels/product.h"
#include "golden/kernels/unit_dot.h"
#include "golden/probe/first_questions.h"
#include "golden/probe/interview.h"

namespace halfulp::probe {

inline std::vector<Code> answers_of_device(const MatrixUnit& device, const Ports& ports,
                                           const std::vector<Question>& questions) {
  if (ports.scales) {
    const kernels::UnitDot dot(device, emulator::engine());
    std::vector<Code> answers;
    for (const Question& q : questions) {
      const std::vector<std::vector<Code>> left{q.a_scales};
      const std::vector<std::vector<Code>> right{q.b_scales};
      answers.push_back(dot({.a = q.a, .b = q.b, .c = q.c, .a_scales = left, .b_scales = right}));
    }
    return answers;
  }
  const tensors::TensorFile file = file_of(ports, questions);
  kernels::ProductOperands operands{
      .a = &file.tensors[0], .b = &file.tensors[1], .c = &file.tensors[2]};
  kernels::ProductOptions options;
  options.threads = 1;
  const tensors::Tensor d =
      kernels::multiply(device, kernels::Order{}, emulator::engine(), operands, options);
  return answers_of(d, questions.size(), ports.d);
}

struct Outcome {
  Standing standing;
  std::size_t questions = 0;
  std::uint64_t rounds = 0;
  [[nodiscard]] const MatrixUnit& unit() const { return standing.fits.front().unit; }
};
inline Outcome interview(const MatrixUnit& device, const Ports& ports,
                         std::span<const MatrixUnit> known) {
  constexpr std::uint64_t most_rounds = 8;
  Exam exam(ports, emulator::engine());
  std::vector<Question> questions = first_questions(ports);
  Outcome outcome;
  for (outcome.rounds = 1; outcome.rounds <= most_rounds; ++outcome.rounds) {
    const std::size_t before = exam.size();
    exam.add(questions, answers_of_device(device, ports, questions));
    outcome.standing = standing_of(exam, known, outcome.standing, before);
    const Chosen next = next_round(exam, outcome.standing, outcome.rounds);
    if (is_settled(outcome.standing, next, outcome.rounds)) break;
    questions = next.questions;
  }
  outcome.questions = exam.size();
  return outcome;
}

// How many results differ in any bit, of operands of every class that no round has had.
struct Fresh {
  std::size_t results = 0, misses = 0;
};
inline Fresh compare_on_fresh(const MatrixUnit& device, const MatrixUnit& found,
                              const Ports& ports) {
  constexpr std::uint64_t first_seed = 1000;
  constexpr std::uint64_t seeds = 8;
  Fresh fresh;
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    const std::vector<Question> drawn = drawn_questions(ports, device, seed);
    const std::vector<Code> want = answers_of_device(device, ports, drawn);
    const std::vector<Code> got = answers_of_device(found, ports, drawn);
    fresh.results += want.size();
    for (std::size_t i = 0; i < want.size(); ++i) fresh.misses += want[i] != got[i] ? 1U : 0U;
  }
  return fresh;
}

}  // namespace halfulp::probe
