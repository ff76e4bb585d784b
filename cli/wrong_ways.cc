// SPDX-License-Identifier: MIT
//
// Ways in which operations are computed wrongly in the field: another rounding mode, subnormal
// numbers flushed, rounding twice through a wider format (jax-ml/ml_dtypes#401), a fused operation
// that rounds its product, the other rule of tininess, saturation, operands exchanged.
#include <array>
#include <utility>

#include "cli/check.h"
#include "formats/catalogue.h"
#include "formats/codes.h"

namespace halfulp::cli {
namespace {

class Ways {
 public:
  Ways(const Calculation& calculation, const Strictness& strictness, const vectors::Case& c)
      : calculation_(calculation),
        strictness_(strictness),
        case_(c),
        right_(quantizer_of(calculation, c)) {}

  std::vector<std::string> find() {
    if (case_.result == compute(right_).code) add_tininess();
    add_modes();
    add_flushing();
    if (case_.result != compute(right_).code) add_tininess();
    add_saturation();
    add_detours();
    add_unfused();
    add_exchanged();
    if (found_.empty()) {
      for (std::string& name : but_for_flags_) found_.push_back(name + ", but for the flags");
    }
    return std::move(found_);
  }

 private:
  [[nodiscard]] std::span<const Code> operands() const {
    return {case_.operands.data(), calculation_.inputs.size()};
  }
  [[nodiscard]] Outcome compute(const Quantizer& quantizer) const {
    return calculation_.compute_as(quantizer, operands(), case_.random);
  }

  void add(const std::string& name, const Outcome& outcome) {
    if (agrees(calculation_, strictness_, case_, outcome)) {
      found_.push_back(name);
      return;
    }
    Strictness loose = strictness_;
    loose.flags = false;
    // Where the right result is there, the flags alone are wrong, and it explains nothing that
    // another way has the result too.
    if (agrees(calculation_, loose, case_, outcome) &&
        !agrees(calculation_, loose, case_, compute(right_)))
      but_for_flags_.push_back(name);
  }

  void add_modes() {
    // The usual suspects first.
    for (const Mode mode :
         {Mode::nearest_even, Mode::toward_zero, Mode::nearest_away, Mode::toward_positive,
          Mode::toward_negative, Mode::away_from_zero, Mode::to_odd, Mode::nearest_up,
          Mode::nearest_down, Mode::nearest_zero, Mode::nearest_odd}) {
      if (mode == right_.rounding.mode) continue;
      Quantizer quantizer = right_;
      quantizer.rounding.mode = mode;
      add("rounded " + std::string(name_of(mode)), compute(quantizer));
    }
  }

  void add_flushing() {
    Quantizer inputs = right_;
    inputs.rounding.flush_inputs = true;
    if (!right_.rounding.flush_inputs) add("subnormal operands were zeros", compute(inputs));
    if (right_.rounding.flush_outputs) return;
    Quantizer outputs = right_;
    outputs.rounding.flush_outputs = right_.rounding.tininess;
    add("tiny results became zeros", compute(outputs));
    inputs.rounding.flush_outputs = right_.rounding.tininess;
    add("subnormal operands and tiny results were zeros", compute(inputs));
  }

  void add_tininess() {
    const bool after = right_.rounding.tininess == Tininess::after_rounding;
    Quantizer quantizer = right_;
    quantizer.rounding.tininess = after ? Tininess::before_rounding : Tininess::after_rounding;
    add(after ? "tininess was detected before rounding" : "tininess was detected after rounding",
        compute(quantizer));
  }

  void add_saturation() {
    for (const char* rule : {"saturate", "ieee"}) {
      Quantizer quantizer = right_;
      quantizer.rounding.overflow = parse_overflow(rule);
      if (quantizer == right_) continue;
      add(std::string("overflow was of the rule ") + rule, compute(quantizer));
    }
  }

  // Rounded to nearest even in another format first.
  void add_detours() {
    const Op op = calculation_.op;
    if (is_comparison(op) || is_to_integer(op) || is_sign_operation(op)) return;
    for (const char* name : {"binary128", "binary64", "binary32", "tf32", "bfloat16", "binary16"}) {
      const Format& via = find_format(name);
      if (via.kind == right_.format.kind) continue;
      const Outcome first =
          calculation_.compute_as({.format = via, .rounding = {}}, operands(), case_.random);
      const std::array<Format, 1> from{via};
      const Calculation again{.op = Op::convert,
                              .inputs = {from.begin(), from.end()},
                              .output = right_,
                              .engine = calculation_.engine};
      const std::array<Code, 1> between{first.code};
      Outcome second = again.compute(between, case_.random);
      second.flags |= first.flags & (flags::inexact | flags::invalid | flags::divide_by_zero);
      add(std::string(op == Op::convert ? "converted" : "computed") + " in " + name +
              " and rounded again",
          second);
    }
  }

  void add_unfused() {
    if (calculation_.op != Op::fused_multiply_add) return;
    const Calculation product{.op = Op::multiply,
                              .inputs = {calculation_.inputs[0], calculation_.inputs[1]},
                              .output = right_,
                              .engine = calculation_.engine};
    const Outcome first = product.compute(operands().first(2), case_.random);
    const Calculation total{.op = Op::add,
                            .inputs = {right_.format, calculation_.inputs[2]},
                            .output = right_,
                            .engine = calculation_.engine};
    const std::array<Code, 2> terms{first.code, case_.operands[2]};
    Outcome second = total.compute(terms, case_.random);
    add("the product was rounded before the sum", second);
    second.flags |= first.flags;
    add("the product was rounded before the sum, with its flags", second);
  }

  void add_exchanged() {
    const bool alike = calculation_.inputs.size() == 2 &&
                       calculation_.inputs[0].kind == calculation_.inputs[1].kind;
    if (!alike) return;
    const std::array<Code, 2> exchanged{case_.operands[1], case_.operands[0]};
    add("the operands were exchanged", calculation_.compute_as(right_, exchanged, case_.random));
  }

  const Calculation& calculation_;
  const Strictness& strictness_;
  const vectors::Case& case_;
  Quantizer right_;
  std::vector<std::string> found_, but_for_flags_;
};

}  // namespace

std::vector<std::string> wrong_ways(const Calculation& calculation, const Strictness& strictness,
                                    const vectors::Case& c) {
  return Ways(calculation, strictness, c).find();
}

}  // namespace halfulp::cli
