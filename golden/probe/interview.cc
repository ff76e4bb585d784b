// SPDX-License-Identifier: MIT
#include "golden/probe/interview.h"

#include <algorithm>

#include "golden/probe/rivals.h"

namespace halfulp::probe {

namespace {

constexpr std::uint64_t more_candidates = 4;  // times as many
constexpr std::uint64_t most_rounds = 64;     // whose operands are drawn apart

void add_new(std::vector<MatrixUnit> more, std::vector<MatrixUnit>& units) {
  for (MatrixUnit& unit : more) {
    if (std::ranges::find(units, unit) == units.end()) units.push_back(std::move(unit));
  }
}

// Questions on which the units left part, or farther ones, or those left on rarer operands; where
// there are none, nothing is known to split them.
Chosen splitting_questions(const Exam& exam, const std::vector<MatrixUnit>& left,
                           std::uint64_t round) {
  Chosen chosen = next_questions(exam.ports(), left, round);
  if (chosen.splitting > 0) return chosen;
  std::vector<MatrixUnit> farther = left;
  add_new(rivals(exam, left.front()), farther);
  chosen = next_questions(exam.ports(), farther, round);
  for (std::uint64_t more = 1; more <= more_candidates && chosen.splitting == 0; ++more) {
    Chosen others = next_questions(exam.ports(), left, round + more * most_rounds);
    if (others.splitting > 0) return others;
  }
  return chosen;
}

}  // namespace

Standing standing_of(const Exam& exam, std::span<const MatrixUnit> known, const Standing& previous,
                     std::size_t first) {
  Standing standing;
  const std::vector<std::size_t> all = exam.all();
  const std::span<const std::size_t> fresh = std::span(all).subspan(first);
  for (const MatrixUnit& unit : previous.left) {
    if (exam.misses(unit, fresh, 0) == 0) standing.fits.push_back({unit, 0});
  }
  if (standing.fits.empty()) {
    std::vector<MatrixUnit> tried(known.begin(), known.end());
    for (const Fit& fit : previous.fits) tried.push_back(fit.unit);
    standing.fits = infer(exam, tried);
  }
  for (const Fit& fit : standing.fits) {
    if (fit.misses == 0) standing.left.push_back(fit.unit);
  }
  if (standing.left.empty()) return standing;
  if (previous.left.empty() || standing.left.front() != previous.left.front())
    add_new(neighbouring_rivals(exam, standing.left.front()), standing.left);
  return standing;
}

Chosen next_round(const Exam& exam, const Standing& standing, std::uint64_t round) {
  if (!standing.left.empty()) return splitting_questions(exam, standing.left, round);
  std::vector<MatrixUnit> best;
  for (const Fit& fit : standing.fits) best.push_back(fit.unit);
  return next_questions(exam.ports(), best, round);
}

bool is_settled(const Standing& standing, const Chosen& next, std::uint64_t round) {
  return round >= 2 && !standing.left.empty() && next.splitting == 0;
}

}  // namespace halfulp::probe
