// SPDX-License-Identifier: MIT
//
// halfulp compare --explain of a quantizer: which one change of what was asked for makes the codes
// and scales that were got, or the values.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/at_option.h"
#include "cli/changes.h"
#include "cli/compare.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "golden/comparison/scales.h"
#include "golden/quantizers/suspects.h"
#include "golden/tensors/axis.h"
#include "golden/tensors/files.h"

namespace halfulp::cli {
namespace {

using quantizers::Explained;
using quantizers::PartMismatches;
using quantizers::Recipe;
using tensors::Tensor;

std::vector<Tensor> read_all(const CompareCall& call, const std::string& path) {
  return tensors::read(path, read_options(call.tensors)).tensors;
}

// The format of a part of what was asked for; nothing of zero points.
const Format* format_of(const Recipe& recipe, const std::string& part) {
  const auto* block = std::get_if<BlockFormat>(&recipe.quantizer);
  if (part == "codes")
    return block != nullptr ? &block->element.format
                            : &std::get<Quantizer>(recipe.quantizer).format;
  if (block == nullptr || part == "zero_points") return nullptr;
  return part == "scales" ? &block->levels.back().scale.format
                          : &block->levels.front().scale.format;
}

// A tensor of GOT as a part: codes as the format has them.
Tensor as_part(Tensor tensor, const std::string& part, const Recipe& recipe) {
  if (const Format* format = format_of(recipe, part); format != nullptr)
    tensor = as_codes_of(std::move(tensor), *format);
  tensor.name = part;
  return tensor;
}

// What a kernel made of the tensor: the codes and scales behind its name, or the tensor of its
// name; where either has no name for the only one, that.
std::vector<Tensor> parts_got(const std::vector<Tensor>& got, const Tensor& tensor,
                              const Recipe& recipe, const std::string& path) {
  const std::string prefix = tensor.name.empty() ? "" : tensor.name + ".";
  std::vector<Tensor> parts;
  for (const bool any_name : {false, true}) {
    for (const Tensor& one : got) {
      const comparison::PartName name = comparison::part_name(one.name);
      if (!name.part.empty() && (any_name || name.prefix == prefix))
        parts.push_back(as_part(one, name.part, recipe));
    }
    const auto codes = [](const Tensor& part) { return part.name == "codes"; };
    if (std::ranges::count_if(parts, codes) > 1)
      throw Error("holds codes of several tensors", path, "name the one that is meant: --only");
    if (!parts.empty()) return parts;
  }
  const auto found = std::ranges::find_if(
      got, [&](const Tensor& one) { return got.size() == 1 || one.name == tensor.name; });
  if (found == got.end())
    throw Error("there is no tensor \"" + tensors::printable(tensor.name) + "\"", path,
                "--input has one of that name");
  const auto* scalar = std::get_if<Quantizer>(&recipe.quantizer);
  Tensor one = scalar != nullptr ? as_codes_of(*found, scalar->format) : *found;
  const bool codes = scalar != nullptr && bits(one.type.format) == bits(scalar->format) &&
                     one.type.format.kind.index() == scalar->format.kind.index();
  one.name = codes ? "codes" : "values";
  return {std::move(one)};
}

// "3 of 64 scales and 12 of 1024 codes"; a part of which there is nothing is left out.
std::string parts_text(const std::vector<PartMismatches>& parts) {
  std::vector<std::string> texts;
  for (const PartMismatches& part : parts) {
    if (part.mismatches == 0 && quantizers::mismatches_of(parts) > 0) continue;
    std::string name = part.part;
    std::ranges::replace(name, '_', ' ');
    texts.push_back(std::to_string(part.mismatches) + " of " + std::to_string(part.elements) + " " +
                    name);
  }
  std::string text;
  for (std::size_t i = 0; i < texts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == texts.size() ? " and " : ", ") + texts[i];
  return text;
}

Json json_of(const std::vector<PartMismatches>& parts) {
  Json list = Json::array();
  for (const PartMismatches& part : parts)
    list.push_back(
        {{"part", part.part}, {"elements", part.elements}, {"mismatches", part.mismatches}});
  return list;
}

Change change_of(const quantizers::Explanation& one) {
  return {.property = one.suspect->property,
          .what = one.suspect->what,
          .left = parts_text(one.parts),
          .facts = {{"mismatches", quantizers::mismatches_of(one.parts)},
                    {"parts", json_of(one.parts)}}};
}

TriedChanges changes_of(const Explained& found, const Tensor& tensor) {
  TriedChanges tried;
  tried.subject = tensors::printable(tensor.name);
  tried.differs = quantizers::mismatches_of(found.asked) > 0;
  tried.asked = parts_text(found.asked);
  for (const quantizers::Explanation& one : found.exact) tried.exact.push_back(change_of(one));
  if (found.nearest) tried.nearest = change_of(*found.nearest);
  return tried;
}

std::string json_text(const Explained& found, const Tensor& tensor, std::size_t tried) {
  Json object;
  object["tensor"] = tensor.name;
  object["parts"] = json_of(found.asked);
  object["mismatches"] = quantizers::mismatches_of(found.asked);
  object["tried"] = tried;
  add_members(object, changes_of(found, tensor));
  return Json{{"explain", object}}.dump() + "\n";
}

void explain_one(const CompareCall& call, const Recipe& asked, const Tensor& tensor,
                 const std::vector<Tensor>& got) {
  at_option("--axis", [&] { return tensors::axis_of(tensor.shape, asked.axis); });
  const std::vector<quantizers::Suspect> suspects =
      quantizers::suspects_of(asked, tensor.shape.size());
  ProgressBar bar("changes", call.quiet);
  const Explained found = quantizers::explain(
      parts_got(got, tensor, asked, call.got), {tensor, asked, suspects}, emulator::engine(),
      {.random = {}, .threads = call.threads}, [&](std::size_t done) {
        bar.update(static_cast<double>(done), static_cast<double>(suspects.size()), 0, tensor.name);
      });
  bar.clear();
  print(call.json ? json_text(found, tensor, suspects.size()) : text_of(changes_of(found, tensor)));
}

}  // namespace

void explain_quantizer(const CompareCall& call) {
  const Recipe asked = recipe_of(call.recipe);
  std::vector<Tensor> inputs = tensors::read(call.recipe.input, {}).tensors;
  const std::vector<Tensor> got = read_all(call, call.got);
  if (!call.only.empty() && inputs.size() > 1) {
    std::erase_if(inputs, [&](const Tensor& one) {
      return std::ranges::find(call.only, one.name) == call.only.end();
    });
  }
  if (inputs.empty()) throw Error("no tensor to explain", call.recipe.input, "is it the file?");
  for (const Tensor& tensor : inputs) {
    try {
      explain_one(call, asked, tensor, got);
    } catch (const Error& error) {
      if (error.location().starts_with("--")) throw;
      throw error.at(tensors::place_in(call.got, ""));
    }
  }
}

}  // namespace halfulp::cli
