// SPDX-License-Identifier: MIT
#include "golden/checks/wrong_ways.h"

#include <array>
#include <initializer_list>
#include <optional>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/presets.h"

namespace halfulp::checks {

using vectors::Calculation;

namespace {

Code sign_bit(const Format& format) {
  return is_signed(format) ? Code{1} << (bits(format) - 1) : Code{0};
}

// The same format with a negative zero; absent where it has one, or no sign or zero at all.
std::optional<Format> with_negative_zero(const Format& format) {
  const auto* f = std::get_if<Float>(&format.kind);
  if (f == nullptr || !f->sign || !f->zero || f->negative_zero) return std::nullopt;
  Format other = format;
  std::get<Float>(other.kind).negative_zero = true;
  return other;
}

class Ways {
 public:
  Ways(const Calculation& calculation, const Strictness& strictness, const vectors::Case& c)
      : calculation_(calculation),
        strictness_(strictness),
        case_(c),
        right_(calculation.output_of(c)) {}

  std::vector<std::string> find() {
    if (case_.result == compute(right_).code) {
      add_tininess();
      add_delivered_underflow();
    }
    add_lost_carry();
    add_cut_nan();
    add_negative_zero();
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

  // Whichever of them is the case's: they differ in flags, and are named once.
  void add_one_of(const std::string& name, std::initializer_list<Outcome> outcomes) {
    for (const Outcome& outcome : outcomes) {
      if (agrees(calculation_, strictness_, case_, outcome)) return add(name, outcome);
    }
    add(name, *outcomes.begin());
  }

  // Does the operation round a number to a float? Of any other there are no bits to be lost.
  [[nodiscard]] const Float* rounded_float() const {
    const Op op = calculation_.op;
    if (is_comparison(op) || is_to_integer(op) || is_sign_operation(op)) return nullptr;
    return std::get_if<Float>(&right_.format.kind);
  }

  // Underflow is raised where what is delivered, inexactly, has the exponent of subnormal numbers,
  // and not where it was tiny and became the least normal number.
  void add_delivered_underflow() {
    const Float* f = rounded_float();
    if (f == nullptr || !f->subnormals || right_.rounding.flush_outputs) return;
    Outcome outcome = compute(right_);
    const CodeClass delivered = classify(right_.format, outcome.code);
    const bool small = delivered == CodeClass::subnormal || delivered == CodeClass::zero;
    outcome.flags &= static_cast<std::uint8_t>(~flags::underflow);
    if (small && (outcome.flags & flags::inexact) != 0) outcome.flags |= flags::underflow;
    add("underflow was decided by the delivered exponent", outcome);
  }

  // A fraction of ones was rounded up, and the carry did not reach the exponent.
  void add_lost_carry() {
    const Float* f = rounded_float();
    if (f == nullptr || f->fraction_bits == 0) return;
    const Outcome right = compute(right_);
    const Code unit = Code{1} << f->fraction_bits;
    Quantizer cut = right_;
    cut.rounding.mode = Mode::toward_zero;
    const Code magnitude = right.code & ~sign_bit(right_.format);
    if (magnitude == 0 || magnitude % unit != 0 || compute(cut).code != right.code - 1) return;
    const Outcome lost{.code = right.code - unit, .flags = right.flags};
    const auto unaware = static_cast<std::uint8_t>(right.flags & ~flags::overflow);
    add_one_of("the carry into the exponent was lost", {lost, {lost.code, unaware}});
  }

  // The fraction of a NaN operand has only bits that the narrower result has no place for.
  void add_cut_nan() {
    const Float* to = rounded_float();
    const auto has_ieee_nans = [](const Float& f) {
      return f.infinity && f.nan_codes == (Code{1} << f.fraction_bits) - 1;
    };
    if (to == nullptr || !has_ieee_nans(*to)) return;
    const Outcome right = compute(right_);
    if (classify(right_.format, right.code) != CodeClass::nan) return;
    for (std::size_t i = 0; i < calculation_.inputs.size(); ++i) {
      const Format& format = calculation_.inputs[i];
      const auto* from = std::get_if<Float>(&format.kind);
      if (from == nullptr || !has_ieee_nans(*from) || from->fraction_bits <= to->fraction_bits ||
          classify(format, operands()[i]) != CodeClass::nan)
        continue;
      const Code fraction = operands()[i] & ((Code{1} << from->fraction_bits) - 1);
      if (fraction >> (from->fraction_bits - to->fraction_bits) != 0) continue;
      const bool negative = to->sign && (operands()[i] & sign_bit(format)) != 0;
      const Code code = infinity_code(right_.format, negative);
      add_one_of("the bits of a NaN were cut, which left an infinity",
                 {{code, right.flags}, {code, 0}});
      return;
    }
  }

  // Formats whose code of minus and zero is NaN (FNUZ, P3109), taken for such as have a negative
  // zero, as IEEE 754 has it: by whoever delivers the result, reads the operands, or both.
  void add_negative_zero() {
    const std::optional<Format> ieee_output = with_negative_zero(right_.format);
    std::vector<Format> ieee_inputs;
    bool reads = false;
    for (std::size_t i = 0; i < calculation_.inputs.size(); ++i) {
      const std::optional<Format> ieee = with_negative_zero(calculation_.inputs[i]);
      reads = reads || (ieee && operands()[i] == sign_bit(*ieee));
      ieee_inputs.push_back(ieee.value_or(calculation_.inputs[i]));
    }
    Quantizer delivers = right_;
    if (ieee_output) delivers.format = *ieee_output;
    const auto outcome_of = [&](const std::vector<Format>& inputs, const Quantizer& output) {
      const Calculation other{
          .op = calculation_.op, .inputs = inputs, .output = output, .engine = calculation_.engine};
      return other.compute(operands(), case_.random);
    };
    const auto is_nan = [&](const Outcome& outcome) {
      return classify(right_.format, outcome.code) == CodeClass::nan;
    };
    if (ieee_output && !is_nan(compute(right_)))
      add("a negative zero was delivered, whose code is NaN here",
          outcome_of(calculation_.inputs, delivers));
    if (!reads) return;
    const Outcome read = outcome_of(ieee_inputs, right_);
    add("the NaN of an operand was read as a negative zero, whose code it would be", read);
    const Outcome both = outcome_of(ieee_inputs, delivers);
    if (ieee_output && !is_nan(read) && both != read)
      add("NaN was read and delivered as a negative zero, whose code it would be", both);
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
      quantizer.rounding.overflow = parse_overflow(rule, right_.format);
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

}  // namespace halfulp::checks
