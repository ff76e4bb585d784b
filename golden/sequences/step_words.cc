// SPDX-License-Identifier: MIT
#include "golden/sequences/step_words.h"

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "golden/kernels/tree_words.h"

namespace halfulp::sequences {
namespace {

std::string number_text(double x) {
  static const Format binary64 = find_format("binary64");
  return value_text(binary64, encode(binary64, from_double(x)));
}

std::string text_of(const Operand& operand) {
  const auto* name = std::get_if<std::string>(&operand);
  return name != nullptr ? *name : number_text(std::get<double>(operand));
}

std::string list_of(const std::vector<Operand>& operands) {
  std::string text;
  for (const Operand& operand : operands) text += (text.empty() ? "" : ", ") + text_of(operand);
  return text;
}

std::string along(int axis) { return " along " + std::to_string(axis); }
std::string kept(bool keep) { return keep ? "" : ", the axis left out"; }
std::string order_text(const kernels::Order& order) {
  return order.name.empty() ? "an order of its own" : order.name;
}

std::string arithmetic_of(const Product& product) {
  return product.unit ? product.unit->name + ", " + order_text(product.order)
                      : order_text(product.order);
}

std::string words_of(const Convolution& how) {
  const auto pair = [](const std::array<std::int64_t, 2>& both) {
    return std::to_string(both[0]) + " x " + std::to_string(both[1]);
  };
  std::string text = ", stride " + pair(how.stride) + ", padding " + pair(how.padding) +
                     ", dilation " + pair(how.dilation);
  if (how.groups != 1) text += ", " + std::to_string(how.groups) + " groups";
  text += how.channels_first_in_sums ? ", terms c, r, s" : ", terms r, s, c";
  return text + ", " + arithmetic_of(how.product);
}

// What the step does, without how it is rounded.
std::string action_of(const Step& step) {
  const std::string of = list_of(step.of);
  if (const auto* what = std::get_if<Elementwise>(&step.what))
    return std::string(name_of(what->op)) + "(" + of + ")";
  if (std::holds_alternative<Select>(step.what)) return "select(" + of + ")";
  if (const auto* what = std::get_if<Fold>(&step.what))
    return "fold " + std::string(name_of(what->op)) + " of " + of + along(what->axis) +
           kept(what->keep);
  if (const auto* what = std::get_if<Dot>(&step.what))
    return (step.of.size() == 1 ? "sum of " : "dot of ") + of + along(what->axis) +
           kept(what->keep) + ", " + order_text(what->order);
  if (const auto* what = std::get_if<Product>(&step.what))
    return "product of " + of + (what->transposed ? ", the second transposed" : "") + ", " +
           arithmetic_of(*what);
  if (const auto* what = std::get_if<Convolution>(&step.what))
    return "convolution of " + of + words_of(*what);
  if (const auto* what = std::get_if<Gather>(&step.what))
    return "gather of " + of + along(what->axis);
  if (const auto* what = std::get_if<Count>(&step.what))
    return "count of " + of + along(what->axis);
  if (const auto* what = std::get_if<Fill>(&step.what))
    return sequences::words_of(what->shape) + " filled with " + number_text(what->value);
  return of + " as " + sequences::words_of(std::get<Reshape>(step.what).shape);
}

void add_lines(const std::vector<Step>& steps, const std::string& indent,
               std::vector<std::string>& lines) {
  for (const Step& step : steps) {
    const auto* blocks = std::get_if<Blocks>(&step.what);
    if (blocks == nullptr) {
      std::string line = indent + step.name + " = " + action_of(step);
      if (step.to)
        line += step.to->like.empty() ? "; " + kernels::words_of(step.to->quantizer)
                                      : "; in the format of " + step.to->like;
      lines.push_back(line);
      continue;
    }
    std::string head = indent + step.name + ": for every " + std::to_string(blocks->size) + " of";
    for (const Blocks::Slice& slice : blocks->slices)
      head += " " + slice.of + along(slice.axis) + " as " + slice.name + ",";
    head.back() = blocks->backward ? ',' : ':';
    if (blocks->backward) head += " the last first:";
    lines.push_back(head);
    for (const Blocks::Carried& carried : blocks->carried)
      lines.push_back(indent + "  " + carried.name + " is " + carried.from + " first, then " +
                      carried.next + " of the block before");
    add_lines(blocks->steps, indent + "  ", lines);
  }
}

}  // namespace

std::string words_of(const std::vector<Dimension>& shape) {
  std::string text;
  for (const Dimension& dimension : shape) {
    const auto* name = std::get_if<std::string>(&dimension);
    text += (text.empty() ? "" : ", ") +
            (name != nullptr ? *name : std::to_string(std::get<std::int64_t>(dimension)));
  }
  return "[" + text + "]";
}

std::string words_of(const Input& input) {
  std::string text = input.name + ": " + words_of(input.shape);
  if (input.otherwise) text += ", " + number_text(*input.otherwise) + " where it is not given";
  if (!input.about.empty()) text += "; " + input.about;
  return text;
}

std::vector<std::string> words_of(const std::vector<Step>& steps) {
  std::vector<std::string> lines;
  add_lines(steps, "", lines);
  return lines;
}

}  // namespace halfulp::sequences
