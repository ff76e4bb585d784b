// SPDX-License-Identifier: MIT
//
// What is known of a device after some rounds of questions and answers, and the next round.
#pragma once

#include <span>
#include <vector>

#include "golden/probe/exam.h"
#include "golden/probe/inference.h"
#include "golden/probe/next_questions.h"

namespace halfulp::probe {

struct Standing {
  std::vector<Fit> fits;         // the best units of the family, fewest misses first
  std::vector<MatrixUnit> left;  // those that give all answers; the first is the simplest
};
// previous: what was known before the questions from number `first` on were answered. Units that
// were left and give the new answers too stay; where there are none the search begins again.
Standing standing_of(const Exam& exam, std::span<const MatrixUnit> known,
                     const Standing& previous = {}, std::size_t first = 0);

// The questions of round number `round` (from 1 on; first_questions are round 0). Where no unit
// gives all answers the best one shapes them.
Chosen next_round(const Exam& exam, const Standing& standing, std::uint64_t round);

// True where nothing is gained by asking on: drawn questions have been answered as one of the units
// left does, and no candidate tells these apart.
bool is_settled(const Standing& standing, const Chosen& next, std::uint64_t round);

}  // namespace halfulp::probe
