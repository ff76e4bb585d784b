// SPDX-License-Identifier: MIT
//
// Units as hypotheses about a device: which of its answers a unit gives too. The operands of all
// questions are decoded once for every way in which a unit may take them, so that many units can be
// tried in a short time.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "formats/engine.h"
#include "golden/probe/questions.h"

namespace halfulp::probe {

// Numbers that codes of an operand are to a unit, of all questions one after the other.
class Exam {
 public:
  Exam(Ports ports, const Engine& engine);

  void add(std::span<const Question> questions, std::span<const Code> answers);
  // Called with the number of units tried so far, at each.
  void watch(std::function<void(std::size_t)> watcher) { watcher_ = std::move(watcher); }

  [[nodiscard]] const Ports& ports() const { return ports_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] std::size_t size() const { return questions_.size(); }
  [[nodiscard]] const std::vector<Question>& questions() const { return questions_; }
  [[nodiscard]] const std::vector<Code>& answers() const { return answers_; }
  // Numbers of the questions that are about one of these.
  [[nodiscard]] std::vector<std::size_t> about(std::span<const std::string> subjects) const;
  [[nodiscard]] std::vector<std::size_t> all() const;

  // What the unit answers to a question, as a number; which NaN is left open.
  [[nodiscard]] std::vector<double> answers(const MatrixUnit& unit,
                                            std::span<const std::size_t> which) const;
  // How many of the questions it answers otherwise than the device; every NaN equals every NaN.
  // Once they are more than `most`, any number above it.
  [[nodiscard]] std::size_t misses(const MatrixUnit& unit, std::span<const std::size_t> which,
                                   std::size_t most) const;
  // The same, and questions that were missed come earlier the next time: of many wrong units most
  // are found out at once.
  [[nodiscard]] std::size_t misses_learning(const MatrixUnit& unit, std::span<std::size_t> which,
                                            std::size_t most) const;
  [[nodiscard]] double answer(std::size_t question) const { return numbers_[question]; }

 private:
  class Respondent;
  struct Decoded {
    UnitOperand operand;
    std::vector<double> numbers;  // a row of `stride` for every question
  };
  enum class Role : std::uint8_t { a, b, c, left, right };
  const std::vector<double>& decoded(Role role, const UnitOperand& operand) const;

  Ports ports_;
  const Engine& engine_;
  std::vector<Question> questions_;
  std::vector<Code> answers_;
  std::vector<double> numbers_;
  mutable std::map<Role, std::vector<std::unique_ptr<Decoded>>> decoded_;
  std::function<void(std::size_t)> watcher_;
  mutable std::size_t tried_ = 0;
};

// True where both are NaN, or the same number and sign of zero.
bool same_answer(double x, double y);
// A mark that equal answers share.
std::uint64_t mark_of(double x);

}  // namespace halfulp::probe
