// SPDX-License-Identifier: MIT
#include "golden/probe/rivals.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <set>
#include <utility>

#include "golden/probe/hypotheses.h"
#include "golden/probe/sparse_questions.h"

namespace halfulp::probe {
namespace {

constexpr std::uint64_t seed = 500;  // of operands that no round has
constexpr std::size_t sparse = 240;  // questions that show units to be different
constexpr std::size_t most_visits = 12;
constexpr std::size_t most_rivals = 200;

// Goes from unit to neighbouring unit among those that give all answers.
class Walk {
 public:
  Walk(const Exam& exam, const MatrixUnit& unit)
      : exam_(exam), asked_(exam.all()), pool_(exam.ports(), exam.engine()) {
    pool_.add(sparse_questions(exam.ports(), unit, sparse, seed), std::vector<Code>(sparse, 0));
    behaviours_.insert(behaviour_of(unit));
    known_.push_back(unit);
    different_.push_back(unit);
  }

  std::vector<MatrixUnit> all() {
    for (std::size_t visits = 0; visits < most_visits && known_.size() <= most_rivals; ++visits) {
      std::deque<MatrixUnit>& queue = different_.empty() ? alike_ : different_;
      if (queue.empty()) break;
      const MatrixUnit unit = queue.front();
      queue.pop_front();
      visit(unit);
    }
    return {known_.begin() + 1, known_.end()};
  }

 private:
  // What a unit makes of the operands drawn, in one number for each.
  [[nodiscard]] std::vector<std::uint64_t> behaviour_of(const MatrixUnit& unit) const {
    std::vector<std::uint64_t> marks;
    for (const double x : pool_.answers(unit, pool_.all())) marks.push_back(mark_of(x));
    return marks;
  }
  void visit(const MatrixUnit& unit) {
    for (Variant& variant : variants_of(unit, exam_.ports())) {
      if (std::ranges::find(known_, variant.unit) != known_.end()) continue;
      if (exam_.misses_learning(variant.unit, asked_, 0) != 0) continue;
      known_.push_back(variant.unit);
      const bool fresh = behaviours_.insert(behaviour_of(variant.unit)).second;
      (fresh ? different_ : alike_).push_back(std::move(variant.unit));
    }
  }

  const Exam& exam_;
  std::vector<std::size_t> asked_;
  Exam pool_;
  std::vector<MatrixUnit> known_;
  std::set<std::vector<std::uint64_t>> behaviours_;
  std::deque<MatrixUnit> different_, alike_;
};

}  // namespace

std::vector<MatrixUnit> neighbouring_rivals(const Exam& exam, const MatrixUnit& unit) {
  std::vector<std::size_t> asked = exam.all();
  std::vector<MatrixUnit> found;
  for (Variant& variant : variants_of(unit, exam.ports())) {
    if (exam.misses_learning(variant.unit, asked, 0) == 0) found.push_back(std::move(variant.unit));
  }
  return found;
}

std::vector<MatrixUnit> rivals(const Exam& exam, const MatrixUnit& unit) {
  return Walk(exam, unit).all();
}

}  // namespace halfulp::probe
