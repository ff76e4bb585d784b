// SPDX-License-Identifier: MIT
//
// Questions chosen by what is known: of operands drawn in all classes (golden/kernels/inputs.h)
// those on which the units left give different answers, so that every answer ends the life of some;
// and some of every class whatever they give, on which a device that is none of them shows it.
#pragma once

#include <span>
#include <vector>

#include "golden/probe/questions.h"

namespace halfulp::probe {

// Dot products of operands drawn in every class for the unit.
std::vector<Question> drawn_questions(const Ports& ports, const MatrixUnit& unit,
                                      std::uint64_t seed);

struct Chosen {
  std::vector<Question> questions;
  std::size_t splitting = 0;   // of them, on which units part
  std::size_t candidates = 0;  // that were tried
};

// units: the hypotheses left, the first of which shapes the classes. round: other candidates for
// every round. Where nothing splits them, they are the same on everything that was tried.
Chosen next_questions(const Ports& ports, std::span<const MatrixUnit> units, std::uint64_t round);

}  // namespace halfulp::probe
