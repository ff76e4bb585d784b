// SPDX-License-Identifier: MIT
#include "golden/kernels/order.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::kernels {
namespace {

Quantizer nearest(const std::string& format) {
  return {.format = format_from_text(format), .rounding = {}};
}

std::vector<std::string> split(const std::string& text, char between) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == between) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

std::int64_t count_from(const std::string& text, const std::string& piece,
                        const std::string& example = "promote:128") {
  const bool digits = !text.empty() && text.size() <= 15 &&
                      std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::stoll(text) < 1)
    throw Error("\"" + piece + "\" lacks a number of at least 1", "",
                "write for example " + example);
  return std::stoll(text);
}

OuterSum runs(std::int64_t size, Joining joining, const std::string& format) {
  OuterSum outer;
  outer.sum = {.joining = joining, .quantizer = nearest(format), .of = Sum::Of::runs, .size = size};
  return outer;
}

OuterSum deepgemm(std::int64_t size) {
  OuterSum outer = runs(size, Joining::in_sequence, "binary32");
  const Format scale = find_format("binary32");
  outer.sum.scaling =
      Scaling{.block = size, .left = scale, .right = scale, .product = nearest("binary32")};
  return outer;
}

// Products and sums in one format.
std::optional<DotTree> whole_tree(const std::string& name, const std::string& format) {
  if (name != "sequential" && name != "pairwise" && name != "exact" && name != "fma")
    return std::nullopt;
  DotTree tree;
  Sum sum{.quantizer = nearest(format)};
  if (name == "sequential" || name == "pairwise") tree.product = nearest(format);
  if (name == "pairwise") sum.joining = Joining::pairwise;
  if (name == "exact") sum.joining = Joining::at_once;
  tree.sums.push_back(sum);
  return tree;
}

StreamK stream_k_from(const std::string& workers, const std::string& tile,
                      const std::string& piece) {
  const std::vector<std::string> sides = split(tile, 'x');
  if (sides.size() != 3)
    throw Error("\"" + piece + "\" has no tile", "", "write for example stream-k:108:128x128x32");
  const auto count = [&](const std::string& text) {
    return count_from(text, piece, "stream-k:108:128x128x32");
  };
  return {.workers = count(workers),
          .rows = count(sides[0]),
          .columns = count(sides[1]),
          .terms = count(sides[2]),
          .sum = nearest("binary32")};
}

void add_piece(const std::string& piece, Order& order) {
  const std::vector<std::string> words = split(piece, ':');
  const auto word = [&](std::size_t i, const std::string& otherwise) {
    return i < words.size() ? words[i] : otherwise;
  };
  const std::string& name = words[0];
  if (name == "plain" && words.size() == 1) return;
  if (name == "promote" && words.size() <= 3) {
    order.sums.push_back(
        runs(count_from(word(1, ""), piece), Joining::in_sequence, word(2, "binary32")));
  } else if (name == "deepgemm" && words.size() <= 2) {
    order.sums.push_back(deepgemm(count_from(word(1, "128"), piece)));
  } else if (name == "split-k" && words.size() <= 4) {
    OuterSum outer = runs(0, Joining::in_sequence, word(3, "binary32"));
    outer.parts = count_from(word(1, ""), piece);
    outer.grain = count_from(word(2, "1"), piece);
    order.sums.push_back(outer);
  } else if (name == "tree" && words.size() <= 3) {
    order.sums.push_back(
        runs(count_from(word(1, ""), piece), Joining::pairwise, word(2, "binary32")));
  } else if (name == "stream-k" && words.size() == 3) {
    if (order.stream_k) throw Error("two stream-k in one order", "", "keep one of them");
    order.stream_k = stream_k_from(words[1], words[2], piece);
  } else if (auto tree = words.size() == 2 ? whole_tree(name, words[1]) : std::nullopt) {
    if (order.tree) throw Error("two arithmetics in one order", "", "keep one of them");
    order.tree = std::move(tree);
  } else {
    const std::vector<std::string> known{"plain", "promote", "deepgemm",   "split-k",  "stream-k",
                                         "tree",  "fma",     "sequential", "pairwise", "exact"};
    const std::string near = suggest(name, known);
    throw Error("\"" + piece + "\" is no part of an order", "",
                near.empty()
                    ? "there are plain, promote:N, deepgemm:N, split-k:PARTS:GRAIN, "
                      "stream-k:WORKERS:MxNxK, tree:N:F, sequential:F, fma:F, pairwise:F, exact:F"
                    : near);
  }
}

// --- JSON.

OuterSum outer_sum_from_json(const Json& value, const std::string& where) {
  if (!value.is_object()) throw Error("no sum", where, "write an object");
  Json sum = value;
  OuterSum outer;
  if (value.contains("parts")) {
    outer.parts = integer_from(value["parts"], where + "/parts", 1, dot_limits::terms);
    if (value.contains("size"))
      throw Error("a size and a number of parts", where + "/size", "keep one of them");
    if (value.contains("grain"))
      outer.grain = integer_from(value["grain"], where + "/grain", 1, dot_limits::terms);
    sum.erase("parts");
    sum.erase("grain");
  } else if (value.contains("grain")) {
    throw Error("a grain without a number of parts", where + "/grain", "give \"parts\" too");
  }
  outer.sum = sum_from_json(sum, where);
  if (outer.sum.of == Sum::Of::terms)
    throw Error("a sum of terms outside of the unit", where + "/of",
                "write \"runs\" or \"strands\" with a \"size\", or \"parts\"");
  return outer;
}

Quantizer binary32_or(ObjectReader& reader, const std::string& member) {
  const Json* given = reader.find(member);
  return given == nullptr ? nearest("binary32") : quantizer_from_json(*given, reader.place(member));
}

Slicing slicing_from_json(const Json& value, const std::string& where) {
  static const std::vector<std::string> merges{"sums", "rounded_parts", "rounded_sums"};
  ObjectReader reader(value, where);
  Slicing slicing;
  slicing.merge = static_cast<Slicing::Merge>(reader.choice("merge", 0, merges));
  slicing.sum = binary32_or(reader, "sum");
  const std::int64_t most = dot_limits::terms;
  slicing.size = reader.integer("size", 0, 0, most);
  slicing.parts = reader.integer("parts", 0, 0, most);
  slicing.grain = reader.integer("grain", 1, 1, most);
  slicing.group = reader.integer("group", 0, 0, most_instruction_terms);
  slicing.step = reader.integer("step", 0, 0, most);
  slicing.first = reader.integer("first", 0, 0, most);
  reader.finish();
  if (slicing.grain != 1 && slicing.parts == 0)
    throw Error("a grain without a number of parts", where + "/grain", "give \"parts\" too");
  if (slicing.size != 0 && slicing.parts != 0)
    throw Error("a size and a number of parts", where + "/size", "keep one of them");
  if (slicing.group == 0 && (slicing.step != 0 || slicing.first != 0))
    throw Error("a short step without groups", where, "give \"group\"");
  if (slicing.step != 0 && slicing.first != 0)
    throw Error("two lengths of the short step", where + "/first", "keep \"step\" or \"first\"");
  return slicing;
}

StreamK stream_k_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  const std::int64_t most = dot_limits::terms;
  StreamK stream;
  reader.require("workers");
  stream.workers = reader.integer("workers", 1, 1, most);
  stream.rows = reader.integer("rows", stream.rows, 1, most);
  stream.columns = reader.integer("columns", stream.columns, 1, most);
  stream.terms = reader.integer("terms", stream.terms, 1, most);
  stream.sum = binary32_or(reader, "sum");
  reader.finish();
  return stream;
}

EpilogueStep step_from_json(const Json& value, const std::string& where) {
  static const std::vector<std::string> kinds{"scale",    "multiply", "add_c",  "multiply_add_c",
                                              "add_bias", "function", "convert"};
  ObjectReader reader(value, where);
  EpilogueStep step;
  reader.require("what");
  step.what = static_cast<EpilogueStep::What>(reader.choice("what", 0, kinds));
  constexpr double most = 1e300;
  step.factor = reader.number("factor", 1, -most, most);
  if (const Json* product = reader.find("product"))
    step.product = quantizer_from_json(*product, reader.place("product"));
  if (step.what == EpilogueStep::What::function) {
    const Op op = parse_op(reader.text("function", ""));
    if (arity(op) != 1)
      throw Error("a function of several operands", reader.place("function"),
                  "choose one of one operand, such as gelu");
    step.function = op;
  }
  step.quantizer = quantizer_from_json(reader.require("quantizer"), reader.place("quantizer"));
  reader.finish();
  return step;
}

// A list; nullptr where there is none.
const Json* list_of(ObjectReader& reader, const std::string& key) {
  const Json* list = reader.find(key);
  if (list != nullptr && !list->is_array())
    throw Error("a list belongs here", reader.place(key), "write [{...}, ...]");
  return list;
}

Order read_order(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Order order;
  order.name = reader.text("name", "");
  if (const Json* slicing = reader.find("split"))
    order.slicing = slicing_from_json(*slicing, reader.place("split"));
  if (const Json* stream = reader.find("stream_k"))
    order.stream_k = stream_k_from_json(*stream, reader.place("stream_k"));
  if (order.slicing && order.stream_k)
    throw Error("two ways to cut the terms into slices", reader.place("stream_k"),
                "keep one of \"split\" and \"stream_k\"");
  if (const Json* sums = list_of(reader, "sums")) {
    for (const Json& sum : *sums) {
      const std::string place = reader.place("sums") + "/" + std::to_string(order.sums.size());
      order.sums.push_back(outer_sum_from_json(sum, place));
    }
  }
  if (const Json* tree = reader.find("tree"))
    order.tree = dot_tree_from_json(*tree, reader.place("tree"));
  if (const Json* epilogue = list_of(reader, "epilogue")) {
    for (const Json& step : *epilogue) {
      const std::string place =
          reader.place("epilogue") + "/" + std::to_string(order.epilogue.size());
      order.epilogue.push_back(step_from_json(step, place));
    }
  }
  reader.finish();
  return order;
}

// Numbers are carried as doubles.
void require_double(const Quantizer& quantizer, const std::string& place) {
  if (!fits_binary64(quantizer.format))
    throw Error(quantizer.format.name + " holds numbers that no double is", place,
                "use a format whose numbers are doubles, such as binary64");
}

void require_doubles(const Order& order, const std::string& where) {
  for (std::size_t i = 0; i < order.sums.size(); ++i)
    require_double(order.sums[i].sum.quantizer, where + "/sums/" + std::to_string(i));
  if (order.tree) {
    if (order.tree->product) require_double(*order.tree->product, where + "/tree/product");
    for (const Sum& sum : order.tree->sums) require_double(sum.quantizer, where + "/tree/sums");
  }
  if (order.slicing) require_double(order.slicing->sum, where + "/split/sum");
  if (order.stream_k) require_double(order.stream_k->sum, where + "/stream_k/sum");
  for (std::size_t i = 0; i < order.epilogue.size(); ++i)
    require_double(order.epilogue[i].quantizer, where + "/epilogue/" + std::to_string(i));
}

}  // namespace

Order order_from_json(const Json& value, const std::string& where) {
  Order order = is_plan(value) ? order_from_plan(value, where) : read_order(value, where);
  require_doubles(order, where);
  return order;
}

Order order_from_text(const std::string& text) {
  if (looks_like_json(text)) return order_from_json(parse_json(text, "order"), "");
  if (looks_like_path(text)) {
    const Json value = read_json_file(text);
    try {
      return order_from_json(value, "");
    } catch (const Error& error) {
      throw error.at(text);
    }
  }
  Order order;
  order.name = text;
  for (const std::string& piece : split(text, ',')) add_piece(piece, order);
  require_doubles(order, "");
  return order;
}

bool adds_c_in_epilogue(const Order& order) {
  return std::ranges::any_of(order.epilogue, [](const EpilogueStep& step) {
    return step.what == EpilogueStep::What::add_c ||
           step.what == EpilogueStep::What::multiply_add_c;
  });
}

bool adds_bias(const Order& order) {
  return std::ranges::any_of(order.epilogue, [](const EpilogueStep& step) {
    return step.what == EpilogueStep::What::add_bias;
  });
}

bool scales_in_epilogue(const Order& order) {
  return std::ranges::any_of(order.epilogue, [](const EpilogueStep& step) {
    return step.what == EpilogueStep::What::scale;
  });
}

bool draws_bits(const Quantizer& quantizer) { return is_stochastic(quantizer.rounding.mode); }

bool is_sliced(const Order& order) { return order.slicing || order.stream_k; }

DotTree tree_of(const Order& order, const DotTree& unit, std::size_t terms) {
  if (is_sliced(order))
    throw Error("a product in slices is no single tree", "order",
                "ask for it without \"split\", \"stream_k\" or a plan, of one slice's terms");
  DotTree tree = order.tree ? *order.tree : unit;
  std::vector<Sum> sums;
  for (const OuterSum& outer : order.sums) {
    Sum sum = outer.sum;
    if (outer.parts != 0) {
      const auto n = static_cast<std::int64_t>(terms);
      const std::int64_t grains = (n + outer.grain - 1) / outer.grain;
      sum.size = std::max<std::int64_t>((grains + outer.parts - 1) / outer.parts, 1) * outer.grain;
    }
    sums.push_back(sum);
  }
  tree.sums.insert(tree.sums.begin(), sums.begin(), sums.end());
  validate(tree, "order");
  return tree;
}

}  // namespace halfulp::kernels
