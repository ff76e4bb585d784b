// SPDX-License-Identifier: MIT
#include "golden/probe/exam.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "golden/kernels/unit_dot.h"
#include "golden/kernels/unit_operands.h"

namespace halfulp::probe {
namespace {

// Zeros behind every row, with which it is filled up to whole instructions.
constexpr std::size_t padding = 128;

}  // namespace

std::uint64_t mark_of(double x) {
  return std::isnan(x) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(x);
}

bool same_answer(double x, double y) { return mark_of(x) == mark_of(y); }

// One unit that answers.
class Exam::Respondent {
 public:
  Respondent(const Exam& exam, const MatrixUnit& unit)
      : engine_(exam.engine_),
        plan_(exam.engine_.prepare_dot(unit.tree, {})),
        stride_(exam.ports_.terms + padding),
        terms_(std::min(kernels::whole_instructions(unit, exam.ports_.terms), stride_)),
        a_(exam.decoded(Role::a, unit.a)),
        b_(exam.decoded(Role::b, unit.b)),
        c_(exam.decoded(Role::c, unit.c)) {
    ++exam.tried_;
    if (exam.watcher_) exam.watcher_(exam.tried_);
    for (const Sum& sum : unit.tree.sums) {
      if (!sum.scaling) continue;
      const auto block = static_cast<std::size_t>(sum.scaling->block);
      scales_.push_back({&exam.decoded(Role::left, {.format = sum.scaling->left}),
                         &exam.decoded(Role::right, {.format = sum.scaling->right}),
                         (terms_ + block - 1) / block});
    }
  }

  [[nodiscard]] double operator()(std::size_t question) const {
    const std::size_t row = question * stride_;
    MatrixOperands operands{view_of(&a_[row], 1, terms_), view_of(&b_[row], terms_, 1),
                            view_of(&c_[row], 1, 1)};
    for (const Scales& scales : scales_) {
      operands.scales.push_back({view_of(&(*scales.left)[row], 1, scales.blocks),
                                 view_of(&(*scales.right)[row], scales.blocks, 1)});
    }
    double result = 0;
    engine_.multiply_add(operands, plan_, {}, view_of(&result, 1, 1));
    return result;
  }

 private:
  struct Scales {
    const std::vector<double>* left;
    const std::vector<double>* right;
    std::size_t blocks;
  };
  const Engine& engine_;
  DotPlan plan_;
  std::size_t stride_, terms_;
  const std::vector<double>& a_;
  const std::vector<double>& b_;
  const std::vector<double>& c_;
  std::vector<Scales> scales_;
};

Exam::Exam(Ports ports, const Engine& engine) : ports_(std::move(ports)), engine_(engine) {}

void Exam::add(std::span<const Question> questions, std::span<const Code> answers) {
  HALFULP_REQUIRE(questions.size() == answers.size(), "Exam::add: an answer each");
  const kernels::OperandReader read({.format = ports_.d});
  for (std::size_t i = 0; i < questions.size(); ++i) {
    questions_.push_back(questions[i]);
    answers_.push_back(answers[i]);
    numbers_.push_back(read(answers[i]));
  }
  decoded_.clear();
}

std::vector<std::size_t> Exam::about(std::span<const std::string> subjects) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    if (std::ranges::find(subjects, questions_[i].about) != subjects.end()) found.push_back(i);
  }
  return found;
}

std::vector<std::size_t> Exam::all() const {
  std::vector<std::size_t> numbers(questions_.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  return numbers;
}

const std::vector<double>& Exam::decoded(Role role, const UnitOperand& operand) const {
  std::vector<std::unique_ptr<Decoded>>& known = decoded_[role];
  for (const std::unique_ptr<Decoded>& one : known) {
    if (one->operand == operand) return one->numbers;
  }
  const kernels::OperandReader read(operand);
  const std::size_t stride = ports_.terms + padding;
  const bool scales = role == Role::left || role == Role::right;
  std::vector<double> numbers(questions_.size() * stride, scales ? 1.0 : 0.0);
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    const Question& question = questions_[i];
    const std::vector<Code> addend{question.c};
    const std::vector<Code>& codes = role == Role::a      ? question.a
                                     : role == Role::b    ? question.b
                                     : role == Role::c    ? addend
                                     : role == Role::left ? question.a_scales
                                                          : question.b_scales;
    for (std::size_t k = 0; k < codes.size(); ++k) numbers[i * stride + k] = read(codes[k]);
  }
  known.push_back(std::make_unique<Decoded>(Decoded{operand, std::move(numbers)}));
  return known.back()->numbers;
}

std::vector<double> Exam::answers(const MatrixUnit& unit,
                                  std::span<const std::size_t> which) const {
  const Respondent respondent(*this, unit);
  std::vector<double> all;
  all.reserve(which.size());
  for (const std::size_t question : which) all.push_back(respondent(question));
  return all;
}

std::size_t Exam::misses(const MatrixUnit& unit, std::span<const std::size_t> which,
                         std::size_t most) const {
  const Respondent respondent(*this, unit);
  std::size_t count = 0;
  for (const std::size_t question : which) {
    if (!same_answer(respondent(question), numbers_[question]) && ++count > most) break;
  }
  return count;
}

std::size_t Exam::misses_learning(const MatrixUnit& unit, std::span<std::size_t> which,
                                  std::size_t most) const {
  const Respondent respondent(*this, unit);
  std::size_t count = 0;
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (same_answer(respondent(which[i]), numbers_[which[i]])) continue;
    std::swap(which[i], which[i / 2]);
    if (++count > most) break;
  }
  return count;
}

}  // namespace halfulp::probe
