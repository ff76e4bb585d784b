// SPDX-License-Identifier: MIT
#include "golden/sequences/walker.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "golden/sequences/names.h"
#include "golden/sequences/products.h"

namespace halfulp::sequences {
namespace {

// Calls visit for every name that a step takes, those in loops included.
template <typename Visit>
void for_each_name(const Step& step, const Visit& visit) {
  for (const Operand& operand : step.of) {
    if (const auto* name = std::get_if<std::string>(&operand)) visit(*name);
  }
  if (step.to && !step.to->like.empty()) visit(step.to->like);
  const auto* blocks = std::get_if<Blocks>(&step.what);
  if (blocks == nullptr) return;
  for (const Blocks::Slice& slice : blocks->slices) visit(slice.of);
  for (const Blocks::Carried& carried : blocks->carried) {
    visit(carried.from);
    visit(carried.next);
  }
  for (const Step& inner : blocks->steps) for_each_name(inner, visit);
}

// Of every step of a kernel the names that neither steps after it nor the outputs take, so that
// their arrays need not be kept.
std::vector<std::vector<std::string>> done_after(const Kernel& kernel) {
  std::set<std::string> needed(kernel.outputs.begin(), kernel.outputs.end());
  std::vector<std::vector<std::string>> done(kernel.steps.size());
  for (std::size_t i = kernel.steps.size(); i-- > 0;) {
    for_each_name(kernel.steps[i], [&](const std::string& name) {
      if (needed.insert(name).second) done[i].push_back(name);
    });
  }
  return done;
}

class Walker {
 public:
  Walker(const Kernel& kernel, const Engine& engine, const WalkOptions& options)
      : kernel_(kernel), engine_(engine), options_(options) {}

  std::vector<Named> walk(const std::map<std::string, Array>& inputs) {
    Names names;
    take(inputs, names);
    const std::vector<std::vector<std::string>> done = done_after(kernel_);
    for (std::size_t i = 0; i < kernel_.steps.size(); ++i) {
      execute(kernel_.steps[i], names, "");
      for (const std::string& name : done[i]) names.drop(name);
    }
    std::vector<Named> outputs;
    for (const std::string& name : kernel_.outputs) outputs.push_back({name, *names.array(name)});
    return outputs;
  }

 private:
  void take(const std::map<std::string, Array>& inputs, Names& names);
  void execute(const Step& step, Names& names, const std::string& before);
  Array result_of(const Step& step, const Names& names);
  Array result_of_reshape(const Step& step, const Names& names, const Reshape& reshape);
  void loop(const Step& step, const Blocks& blocks, Names& names, const std::string& before);
  std::size_t length_of(const Step& step, const Blocks& blocks, const Names& names) const;

  [[nodiscard]] Quantizer quantizer_of(const Step& step, const Names& names) const {
    if (step.to->like.empty()) return step.to->quantizer;
    const Format& format = names.array(step.to->like)->format;
    if (!fits_binary64(format))
      throw Error("a double holds not all numbers of \"" + format.name + "\"", step.place + "/to",
                  "choose a narrower format");
    return {.format = format, .rounding = {}};
  }
  // Of a dimension whose inputs are all absent there is none.
  static double number_of(const std::string& name, const Names& names) {
    const std::optional<double> number = names.number(name);
    if (!number)
      throw Error("no input that is given has the dimension \"" + name + "\"", "",
                  "give an input that has it");
    return *number;
  }
  // A constant becomes a number of the format.
  [[nodiscard]] Shared operand(const Operand& operand, const Format& format,
                               const Names& names) const {
    const auto* name = std::get_if<std::string>(&operand);
    if (name != nullptr && !names.number(*name) && names.array(*name)) return names.array(*name);
    const double x = name == nullptr ? std::get<double>(operand) : number_of(*name, names);
    Array constant{.format = format, .shape = {}, .numbers = {x}};
    const Quantizer nearest{.format = format, .rounding = {}};
    engine_.round(view_of(&x, 1, 1), engine_.prepare(nearest), {},
                  view_of(constant.numbers.data(), 1, 1), nullptr);
    return std::make_shared<const Array>(std::move(constant));
  }
  [[nodiscard]] Shape shape_of(const std::vector<Dimension>& dimensions, const Names& names) const {
    Shape shape;
    for (const Dimension& dimension : dimensions) {
      const auto* name = std::get_if<std::string>(&dimension);
      if (name == nullptr) {
        shape.push_back(std::get<std::int64_t>(dimension));
      } else if (*name == "...") {
        shape.insert(shape.end(), leading_.begin(), leading_.end());
      } else {
        shape.push_back(static_cast<std::int64_t>(number_of(*name, names)));
      }
    }
    checked_count(shape);
    return shape;
  }

  const Kernel& kernel_;
  const Engine& engine_;
  const WalkOptions& options_;
  Shape leading_;
  std::uint64_t executed_ = 0;
};

void Walker::take(const std::map<std::string, Array>& inputs, Names& names) {
  for (const auto& [name, array] : inputs) {
    const auto known = [&name = name](const Input& input) { return input.name == name; };
    if (std::ranges::none_of(kernel_.inputs, known)) {
      std::vector<std::string> all;
      for (const Input& input : kernel_.inputs) all.push_back(input.name);
      const std::string near = suggest(name, all);
      throw Error("is no input of the kernel", name,
                  near.empty() ? "its first is \"" + all.front() + "\"" : near);
    }
  }
  Dimensions dimensions;
  for (const Input& input : kernel_.inputs) {
    const auto given = inputs.find(input.name);
    if (given != inputs.end()) {
      try {
        dimensions.take(input.shape, given->second.shape);
      } catch (const Error& error) {
        throw error.at(input.name);
      }
      names.set(input.name, std::make_shared<const Array>(given->second));
    } else if (input.otherwise) {
      const Array constant{find_format("binary64"), {}, {*input.otherwise}};
      names.set(input.name, std::make_shared<const Array>(constant));
      names.set_number(input.name, *input.otherwise);
    } else {
      throw Error("the input is missing", input.name, "give it");
    }
  }
  for (const auto& [name, length] : dimensions.lengths())
    names.set_number(name, static_cast<double>(length));
  leading_ = dimensions.leading();
}

void Walker::execute(const Step& step, Names& names, const std::string& before) {
  try {
    if (const auto* blocks = std::get_if<Blocks>(&step.what))
      return loop(step, *blocks, names, before);
    Shared result = std::make_shared<const Array>(result_of(step, names));
    if (options_.observe) options_.observe(before + step.name, *result);
    names.set(step.name, std::move(result));
  } catch (const Error& error) {
    if (error.location().starts_with("/")) throw;
    const bool operand = error.location().size() == 1;
    if (operand) throw Error(error.message(), step.place + "/of/" + error.location(), error.hint());
    throw error.at(step.place);
  }
}

Array Walker::result_of(const Step& step, const Names& names) {
  Run run{.engine = &engine_, .random = options_.random, .threads = options_.threads};
  run.random.stream += executed_++;
  const std::optional<Quantizer> to =
      step.to ? std::optional(quantizer_of(step, names)) : std::nullopt;
  std::vector<Shared> operands;
  std::vector<const Array*> of;
  for (const Operand& each : step.of) {
    operands.push_back(operand(each, to ? to->format : Format{}, names));
    of.push_back(operands.back().get());
  }
  if (const auto* what = std::get_if<Elementwise>(&step.what)) return map(what->op, of, *to, run);
  if (std::holds_alternative<Select>(step.what)) return select(of, *to, run);
  if (const auto* what = std::get_if<Fold>(&step.what)) return fold(*what, *of[0], *to, run);
  if (const auto* what = std::get_if<Dot>(&step.what)) return dot(*what, of, run);
  if (const auto* what = std::get_if<Product>(&step.what)) return product(*what, of, to, run);
  if (const auto* what = std::get_if<Convolution>(&step.what))
    return convolution(*what, of, to, run);
  if (const auto* what = std::get_if<Gather>(&step.what)) return gather(*what, *of[0], *of[1]);
  if (const auto* what = std::get_if<Count>(&step.what)) return count(*what, *of[0], *to, run);
  if (const auto* what = std::get_if<Reshape>(&step.what))
    return result_of_reshape(step, names, *what);
  const auto& fill = std::get<Fill>(step.what);
  Array result{.format = to->format, .shape = shape_of(fill.shape, names), .numbers = {}};
  result.numbers.assign(checked_count(result.shape),
                        operand(fill.value, to->format, names)->numbers[0]);
  return result;
}

Array Walker::result_of_reshape(const Step& step, const Names& names, const Reshape& reshape) {
  Array result = *names.array(std::get<std::string>(step.of[0]));
  const Shape shape = shape_of(reshape.shape, names);
  if (checked_count(shape) != result.numbers.size())
    throw Error("an array of shape " + tensors::shape_text(result.shape) + " as " +
                    tensors::shape_text(shape),
                "", "both must have as many elements");
  result.shape = shape;
  return result;
}

std::size_t Walker::length_of(const Step& step, const Blocks& blocks, const Names& names) const {
  std::optional<std::size_t> length;
  for (const Blocks::Slice& slice : blocks.slices) {
    const Shape& shape = names.array(slice.of)->shape;
    const std::string place = step.place + "/slices/" + slice.name;
    std::size_t axis = 0;
    try {
      axis = axis_in(shape, slice.axis);
    } catch (const Error& error) {
      throw error.at(place);
    }
    const auto own = static_cast<std::size_t>(shape[axis]);
    if (length.value_or(own) != own)
      throw Error("it has " + std::to_string(own) + " along its axis, and slices before it " +
                      std::to_string(*length),
                  place, "all slices of a loop must be of one length");
    length = own;
  }
  return *length;
}

void Walker::loop(const Step& step, const Blocks& blocks, Names& names, const std::string& before) {
  const std::size_t length = length_of(step, blocks, names);
  std::map<std::string, Shared> carried;
  for (const Blocks::Carried& each : blocks.carried) carried[each.name] = names.array(each.from);
  const std::size_t size = std::min(static_cast<std::size_t>(blocks.size), length);
  const std::size_t count = length == 0 ? 0 : (length - 1) / size + 1;
  for (std::size_t taken = 0; taken < count; ++taken) {
    const std::size_t number = blocks.backward ? count - 1 - taken : taken;
    const std::size_t begin = number * size;
    const std::size_t end = std::min(begin + size, length);
    Names inner(&names);
    for (const auto& [name, array] : carried) inner.set(name, array);
    for (const Blocks::Slice& each : blocks.slices) {
      const Array& whole = *names.array(each.of);
      inner.set(each.name, std::make_shared<const Array>(
                               slice(whole, axis_in(whole.shape, each.axis), begin, end)));
    }
    if (!blocks.first.empty()) inner.set_number(blocks.first, static_cast<double>(begin));
    const std::string in_block = before + step.name + "[" + std::to_string(number) + "].";
    for (const Step& each : blocks.steps) execute(each, inner, in_block);
    for (const Blocks::Carried& each : blocks.carried) {
      Shared next = inner.array(each.next);
      const Array& was = *names.array(each.from);
      if (next->shape != was.shape || next->format.kind != was.format.kind)
        throw Error("it is " + tensors::shape_text(next->shape) + " of " + next->format.name +
                        " behind a block, and " + tensors::shape_text(was.shape) + " of " +
                        was.format.name + " before the first",
                    step.place + "/carried/" + each.name,
                    "what is carried keeps its shape and format");
      carried[each.name] = std::move(next);
    }
  }
  for (const auto& [name, array] : carried) names.set(name, array);
}

}  // namespace

std::vector<Named> walk(const Kernel& kernel, const std::map<std::string, Array>& inputs,
                        const Engine& engine, const WalkOptions& options) {
  return Walker(kernel, engine, options).walk(inputs);
}

}  // namespace halfulp::sequences
