// SPDX-License-Identifier: MIT
#include "golden/sequences/steps_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/error.h"

namespace halfulp::sequences {
namespace {

int axis_from(ObjectReader& reader) {
  constexpr int most = 63;
  return static_cast<int>(reader.integer("axis", -1, -most - 1, most));
}

// One step being read: what its kind takes of its members.
class StepReader {
 public:
  StepReader(const Json& value, const std::string& where, Scope& scope)
      : members_(value, where), where_(where), scope_(scope) {}

  Step read();

 private:
  Step elementwise(const std::string& what);
  Step select();
  Step fold();
  Step dot(std::size_t operands);
  Step product();
  Step convolution();
  Step gather();
  Step count();
  Step fill();
  Step reshape();
  Step blocks();

  void take_operands(Step& step, std::size_t least, std::size_t most);
  void take_arrays(Step& step, std::size_t least, std::size_t most);  // no numbers among them
  void take_result(Step& step) {
    const Json* to = members_.find("to");
    step.to = to == nullptr ? scope_.result() : result_from_json(*to, place("to"), scope_);
  }
  // Of products: rounded once more only where it is said.
  void take_further_result(Step& step) {
    if (members_.has("to")) take_result(step);
  }
  int axis() { return axis_from(members_); }
  bool keep() { return members_.boolean("keep", true); }
  kernels::Order order(const std::string& otherwise);
  Product unit_and_order();
  std::array<std::int64_t, 2> pair(const std::string& key, std::int64_t otherwise,
                                   std::int64_t least);
  std::vector<Blocks::Slice> slices(Scope& inner);
  std::vector<Blocks::Carried> carried(Scope& inner);
  [[nodiscard]] std::string place(const std::string& key) const { return members_.place(key); }

  ObjectReader members_;
  std::string where_;
  Scope& scope_;
};

const std::vector<std::string> kinds{"select", "fold",  "sum",  "dot",     "product", "convolution",
                                     "gather", "count", "fill", "reshape", "blocks"};

Step StepReader::read() {
  const std::string name = name_from_json(members_.require("name"), place("name"));
  members_.require("what");
  const std::string what = members_.text("what", "");
  Step step = what == "select"        ? select()
              : what == "fold"        ? fold()
              : what == "sum"         ? dot(1)
              : what == "dot"         ? dot(2)
              : what == "product"     ? product()
              : what == "convolution" ? convolution()
              : what == "gather"      ? gather()
              : what == "count"       ? count()
              : what == "fill"        ? fill()
              : what == "reshape"     ? reshape()
              : what == "blocks"      ? blocks()
                                      : elementwise(what);
  members_.finish();
  step.name = name;
  step.place = where_;
  // A loop leaves what it carries.
  if (const auto* loop = std::get_if<Blocks>(&step.what)) {
    for (const Blocks::Carried& carried : loop->carried)
      scope_.define(carried.name, place("carried") + "/" + carried.name);
    scope_.define_loop(name, place("name"));
  } else {
    scope_.define(name, place("name"));
  }
  return step;
}

Op operation_from(const std::string& what, const std::string& where) {
  std::vector<std::string> names = kinds;
  for (const OpEntry& entry : operations()) {
    if (entry.name == what || std::ranges::find(entry.aliases, what) != entry.aliases.end()) {
      if (!is_to_integer(entry.op)) return entry.op;
      throw Error("\"" + what + "\" makes an integer", where,
                  "write \"rint\", which rounds to an integer of the same format");
    }
    names.emplace_back(entry.name);
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
  }
  const std::string near = suggest(what, names);
  throw Error("\"" + what + "\" is no step", where,
              near.empty() ? "docs/kernels.md lists them" : near);
}

void StepReader::take_operands(Step& step, std::size_t least, std::size_t most) {
  const Json& of = members_.require("of");
  const auto operand = [&](const Json& value, const std::string& at) -> Operand {
    if (is_constant(value)) return constant_from_json(value, at);
    const std::string name = name_from_json(value, at);
    scope_.require_operand(name, at);
    return name;
  };
  if (of.is_array()) {
    for (const Json& value : of)
      step.of.push_back(operand(value, place("of") + "/" + std::to_string(step.of.size())));
  } else {
    step.of.push_back(operand(of, place("of")));
  }
  if (step.of.size() < least || step.of.size() > most)
    throw Error(std::to_string(step.of.size()) + " operands", place("of"),
                "the step takes " + std::to_string(least) +
                    (most == least ? "" : " or " + std::to_string(most)));
}

void StepReader::take_arrays(Step& step, std::size_t least, std::size_t most) {
  take_operands(step, least, most);
  for (const Operand& operand : step.of) {
    const auto* name = std::get_if<std::string>(&operand);
    if (name == nullptr)
      throw Error("a number stands here", place("of"), "the name of an array is needed");
    scope_.require_array(*name, place("of"));
  }
}

Step StepReader::elementwise(const std::string& what) {
  Step step;
  const Op op = operation_from(what, place("what"));
  const auto operands = static_cast<std::size_t>(arity(op));
  take_operands(step, operands, operands);
  take_result(step);
  step.what = Elementwise{op};
  return step;
}

Step StepReader::select() {
  Step step;
  take_operands(step, 3, 3);
  take_result(step);
  step.what = Select{};
  return step;
}

Step StepReader::fold() {
  Step step;
  take_arrays(step, 1, 1);
  members_.require("op");
  Fold fold{
      .op = operation_from(members_.text("op", ""), place("op")), .axis = axis(), .keep = keep()};
  if (arity(fold.op) != 2)
    throw Error("an operation of " + std::to_string(arity(fold.op)) + " operands", place("op"),
                "choose one of two, such as maximum");
  take_result(step);
  step.what = fold;
  return step;
}

kernels::Order StepReader::order(const std::string& otherwise) {
  const Json* value = members_.find("order");
  if (value != nullptr && !value->is_string())
    return kernels::order_from_json(*value, place("order"));
  try {
    return kernels::order_from_text(value == nullptr ? otherwise : value->get<std::string>());
  } catch (const Error& error) {
    throw error.at(place("order"));
  }
}

bool scales(const DotTree& tree) {
  return std::ranges::any_of(tree.sums, [](const Sum& sum) { return sum.scaling.has_value(); });
}

// Steps have neither scales nor a bias.
void require_unscaled(const kernels::Order& order, const DotTree& tree, const std::string& where) {
  const bool outer = std::ranges::any_of(
      order.sums, [](const kernels::OuterSum& outer) { return outer.sum.scaling.has_value(); });
  const bool biased = std::ranges::any_of(order.epilogue, [](const kernels::EpilogueStep& step) {
    return step.what == kernels::EpilogueStep::What::add_bias;
  });
  if (outer || biased || scales(tree) || kernels::scales_in_epilogue(order))
    throw Error("scales or a bias, which a step does not take", where,
                "multiply and add in steps of their own");
}

Step StepReader::dot(std::size_t operands) {
  Step step;
  take_arrays(step, operands, operands);
  Dot dot{.order = order("sequential:binary32"), .axis = axis(), .keep = keep()};
  if (!dot.order.tree || !dot.order.epilogue.empty())
    throw Error("the order says only what lies around a unit", place("order"),
                "give one with an arithmetic and no epilogue, such as sequential:binary32");
  require_unscaled(dot.order, *dot.order.tree, place("order"));
  step.what = dot;
  return step;
}

Product StepReader::unit_and_order() {
  const Json* unit = members_.find("unit");
  if (unit != nullptr && *unit == "none") unit = nullptr;
  Product product{.unit = {},
                  .order = order(unit != nullptr ? "plain" : "sequential:binary32"),
                  .transposed = false};
  if (unit != nullptr) {
    try {
      product.unit = unit->is_object() ? matrix_unit_from_json(*unit, "")
                                       : matrix_unit_from_text(members_.text("unit", ""));
    } catch (const Error& error) {
      throw error.at(place("unit"));
    }
  }
  if (!product.unit && !product.order.tree)
    throw Error("the order says only what lies around a unit", place("order"),
                "give a \"unit\", or an order such as sequential:binary32");
  if (product.unit && product.order.tree)
    throw Error("the order has an arithmetic of its own, and there is a unit", place("order"),
                "write what lies around the unit, such as plain, or the unit \"none\"");
  require_unscaled(product.order, product.unit ? product.unit->tree : *product.order.tree,
                   place(product.unit ? "unit" : "order"));
  return product;
}

Step StepReader::product() {
  Step step;
  take_arrays(step, 2, 3);
  Product product = unit_and_order();
  product.transposed = members_.boolean("transposed", false);
  take_further_result(step);
  step.what = product;
  return step;
}

std::array<std::int64_t, 2> StepReader::pair(const std::string& key, std::int64_t otherwise,
                                             std::int64_t least) {
  std::array<std::int64_t, 2> both{otherwise, otherwise};
  const Json* value = members_.find(key);
  if (value == nullptr) return both;
  constexpr std::int64_t most = std::int64_t{1} << 30;
  if (!value->is_array()) {
    both.fill(integer_from(*value, place(key), least, most));
    return both;
  }
  if (value->size() != 2)
    throw Error("a list of " + std::to_string(value->size()), place(key),
                "write one number, or two: down and across");
  for (std::size_t i = 0; i < 2; ++i)
    both.at(i) = integer_from((*value)[i], place(key) + "/" + std::to_string(i), least, most);
  return both;
}

Step StepReader::convolution() {
  Step step;
  take_arrays(step, 2, 2);
  Convolution convolution{.product = unit_and_order()};
  convolution.stride = pair("stride", 1, 1);
  convolution.padding = pair("padding", 0, 0);
  convolution.dilation = pair("dilation", 1, 1);
  convolution.groups = members_.integer("groups", 1, 1, std::int64_t{1} << 30);
  convolution.channels_last = members_.choice("layout", 0, {"nchw", "nhwc"}) == 1;
  convolution.channels_first_in_sums = members_.choice("terms", 0, {"crs", "rsc"}) == 0;
  take_further_result(step);
  step.what = convolution;
  return step;
}

Step StepReader::gather() {
  Step step;
  take_arrays(step, 2, 2);
  step.what = Gather{.axis = axis()};
  return step;
}

Step StepReader::count() {
  Step step;
  take_arrays(step, 1, 1);
  take_result(step);
  step.what = Count{.axis = axis()};
  return step;
}

std::vector<Dimension> known_shape(ObjectReader& members, const Scope& scope) {
  const std::string where = members.place("shape");
  std::vector<Dimension> shape = shape_from_json(members.require("shape"), where);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (const auto* name = std::get_if<std::string>(&shape[i]))
      scope.require_dimension(*name, where + "/" + std::to_string(i));
  }
  return shape;
}

Step StepReader::fill() {
  Step step;
  Fill fill{.shape = known_shape(members_, scope_), .value = 0};
  fill.value = constant_from_json(members_.require("value"), place("value"));
  take_result(step);
  step.what = fill;
  return step;
}

Step StepReader::reshape() {
  Step step;
  take_arrays(step, 1, 1);
  step.what = Reshape{.shape = known_shape(members_, scope_)};
  return step;
}

std::vector<Blocks::Slice> StepReader::slices(Scope& inner) {
  const Json& value = members_.require("slices");
  const std::string where = place("slices");
  if (!value.is_object() || value.empty())
    throw Error("no slices", where, "write {\"k_block\": {\"of\": \"k\", \"axis\": -2}}");
  std::vector<Blocks::Slice> all;
  for (const auto& entry : value.items()) {
    const std::string at = where + "/" + entry.key();
    ObjectReader reader(entry.value(), at);
    Blocks::Slice slice{.name = entry.key(),
                        .of = name_from_json(reader.require("of"), at + "/of"),
                        .axis = axis_from(reader)};
    reader.finish();
    scope_.require_array(slice.of, at + "/of");
    inner.define(slice.name, at);
    all.push_back(slice);
  }
  return all;
}

std::vector<Blocks::Carried> StepReader::carried(Scope& inner) {
  const Json& value = members_.require("carried");
  const std::string where = place("carried");
  if (!value.is_object() || value.empty())
    throw Error("nothing is carried", where,
                "write {\"total\": {\"from\": \"zero\", \"next\": \"sum\"}}");
  std::vector<Blocks::Carried> all;
  for (const auto& entry : value.items()) {
    const std::string at = where + "/" + entry.key();
    ObjectReader reader(entry.value(), at);
    Blocks::Carried carried{.name = entry.key(),
                            .from = name_from_json(reader.require("from"), at + "/from"),
                            .next = name_from_json(reader.require("next"), at + "/next")};
    reader.finish();
    scope_.require_array(carried.from, at + "/from");
    inner.define(carried.name, at);
    all.push_back(carried);
  }
  return all;
}

Step StepReader::blocks() {
  Step step;
  Scope inner = scope_;
  Blocks blocks;
  blocks.slices = slices(inner);
  blocks.carried = carried(inner);
  members_.require("size");
  blocks.size = members_.integer("size", 1, 1, most_extent);
  blocks.backward = members_.boolean("backward", false);
  if (const Json* first = members_.find("first")) {
    blocks.first = name_from_json(*first, place("first"));
    inner.define_number(blocks.first, place("first"));
  }
  blocks.steps = steps_from_json(members_.require("steps"), place("steps"), inner);
  for (const Blocks::Carried& carried : blocks.carried)
    inner.require_array(carried.next, place("carried") + "/" + carried.name + "/next");
  step.what = std::move(blocks);
  return step;
}

}  // namespace

std::vector<Step> steps_from_json(const Json& value, const std::string& where, Scope& scope) {
  if (!value.is_array() || value.empty())
    throw Error("no steps", where, "write [{\"name\": \"y\", \"what\": \"exp\", \"of\": \"x\"}]");
  std::vector<Step> steps;
  for (const Json& entry : value) {
    const std::string place = where + "/" + std::to_string(steps.size());
    steps.push_back(StepReader(entry, place, scope).read());
  }
  return steps;
}

}  // namespace halfulp::sequences
