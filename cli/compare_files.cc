// SPDX-License-Identifier: MIT
//
// The files of halfulp compare: which tensors are compared in which format, and which scales belong
// to which codes.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/at_option.h"
#include "cli/compare.h"
#include "cli/literals.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"

namespace halfulp::cli {
namespace {

using comparison::Pair;
using comparison::PartName;
using tensors::ElementType;
using tensors::Heading;

// What `quantize --codes` says of codes in a safetensors file. Names of files in it are not
// followed: a tensor file comes from anywhere.
std::optional<AnyQuantizer> quantizer_in(const tensors::Metadata& metadata) {
  for (const auto& [key, text] : metadata) {
    if (key != "halfulp") continue;
    if (text.find('/') != std::string::npos || text.find(".json") != std::string::npos) break;
    try {
      return any_quantizer_from_json(parse_json(text, "JSON"), "");
    } catch (const Error& error) {
      throw error.at("/__metadata__/halfulp");
    }
  }
  return std::nullopt;
}

// The level whose scales have the name: "scales" is the innermost.
const Level* level_of(const BlockFormat& format, const std::string& part) {
  const std::string outer = "outer_scales";
  if (part == "scales") return &format.levels.back();
  if (!part.starts_with(outer)) return nullptr;
  const std::string number = part.substr(outer.size());
  const std::size_t place = number.empty() ? 0 : number[0] - '0';
  return number.size() < 2 && place < format.levels.size() ? &format.levels[place] : nullptr;
}

std::optional<ElementType> described_type(const std::optional<AnyQuantizer>& any,
                                          const std::string& part) {
  if (!any || part.empty()) return std::nullopt;
  const auto* block = std::get_if<BlockFormat>(&*any);
  const Format* format = nullptr;
  if (part == "codes")
    format = block != nullptr ? &block->element.format : &std::get<Quantizer>(*any).format;
  const Level* level = block == nullptr ? nullptr : level_of(*block, part);
  if (level != nullptr) format = &level->scale.format;
  constexpr int widest = 64;
  if (format == nullptr || bits(*format) > widest) return std::nullopt;
  return tensors::element_type(*format);
}

// Numbers in bytes may be codes or integers.
void require_meaning(const Heading& heading, const Format& format, const std::string& place) {
  const auto* in_file = std::get_if<Fixed>(&heading.type.format.kind);
  const bool plain = in_file != nullptr && !in_file->sign;
  if (!plain || std::holds_alternative<Fixed>(format.kind)) return;
  throw Error("elements of " + heading.type.name + " as numbers of " + format.name, place,
              "are they codes of it? Then say --dtype " + format.name);
}

// NAME also means the codes and scales of NAME.
std::vector<std::string> with_parts(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    all.push_back(name);
    for (const char* part :
         {"codes", "scales", "outer_scales", "outer_scales1", "outer_scales2", "zero_points"})
      all.push_back(name + "." + part);
  }
  return all;
}

}  // namespace

CompareFiles::File CompareFiles::open(const std::string& path) const {
  if (path.empty()) return nullptr;
  tensors::Selection only =
      at_option("--only", [&] { return tensors::Selection(with_parts(call_.only)); });
  tensors::ReadOptions how = read_options(call_.tensors);
  if (!call_.only.empty()) how.only = &only;
  const std::optional<ElementType> given = how.type;
  std::optional<ElementType> of_scales;
  if (!call_.scale_dtype.empty())
    of_scales =
        at_option("--scale-dtype", [&] { return tensors::element_type(call_.scale_dtype); });
  std::optional<std::optional<AnyQuantizer>> described;  // read once
  auto opened = std::make_unique<tensors::OpenedFile>(
      path, how, [&](const std::string& name, const tensors::Metadata& metadata) {
        const PartName part = comparison::part_name(name);
        if (!described) described = quantizer_in(metadata);
        const std::optional<ElementType>& said = part.is_scale() ? of_scales : given;
        return said ? said : described_type(*described, part.part);
      });
  for (const std::string& name : call_.only) {
    const auto has = [&](const Heading& heading) {
      return heading.name == name || (heading.name.starts_with(name + ".") &&
                                      !comparison::part_name(heading.name).part.empty());
    };
    if (std::any_of(opened->headings().begin(), opened->headings().end(), has)) continue;
    throw Error("there is no tensor \"" + tensors::printable(name) + "\"",
                tensors::place_in(path, ""), suggest(name, only.asked()));
  }
  return opened;
}

CompareFiles::CompareFiles(const CompareCall& call)
    : call_(call),
      got_(open(call.got)),
      want_(open(call.want)),
      exact_(open(call.exact)),
      addend_(open(call.addend)),
      stale_(open(call.stale)),
      pairs_(comparison::pairs_of(*got_, *want_)) {
  if (!call.tensors.dtype.empty()) {
    const ElementType type = *read_options(call.tensors).type;
    const auto has = [&](const Heading& heading) { return heading.type == type; };
    const bool used = std::any_of(got_->headings().begin(), got_->headings().end(), has) ||
                      std::any_of(want_->headings().begin(), want_->headings().end(), has);
    if (!used)
      throw Error("no tensor leaves open that its elements may be " + type.name, "--dtype",
                  "leave the type to the files");
  }
  for (const Pair& pair : pairs_) tasks_.push_back(task_of(pair));
  if (tasks_.empty())
    throw Error("no tensor to compare", tensors::place_in(call.want, ""), "is it the file?");
  add_levels();
}

CompareTask CompareFiles::task_of(const Pair& pair) const {
  const Heading& got = got_->headings()[pair.got];
  const Heading& want = want_->headings()[pair.want];
  const PartName part = comparison::part_name(want.name);
  CompareTask task;
  task.name = want.name;
  task.pair = pair;
  task.format = want.type.format;
  task.is_scales = part.is_scale();
  const std::string got_place = tensors::place_in(got_->path(), got.name);
  if (!call_.format.empty() && part.part.empty()) {
    task.format = format_at("--format", call_.format);
    at_option("--format", [&] { return tensors::element_type(task.format); });
    require_meaning(got, task.format, got_place);
    require_meaning(want, task.format, tensors::place_in(want_->path(), want.name));
  } else if (got.type.format.kind != want.type.format.kind) {
    throw Error("elements of " + got.type.name + ", those of " +
                    tensors::place_in(want_->path(), want.name) + " are " + want.type.name,
                got_place, "name the format that both hold numbers of: --format F");
  }
  return task;
}

void CompareFiles::add_levels() {
  std::map<std::string, std::vector<Pair>> scales;  // by the name before them
  for (const CompareTask& task : tasks_) {
    if (task.is_scales) scales[comparison::part_name(task.name).prefix].push_back(task.pair);
  }
  std::vector<std::int64_t> lengths = call_.block;
  const std::optional<AnyQuantizer> any = quantizer_in(want_->metadata());
  const auto* block = any ? std::get_if<BlockFormat>(&*any) : nullptr;
  for (const Level& level : block != nullptr ? block->levels : std::vector<Level>()) {
    lengths.push_back(level.columns);
    lengths.push_back(level.rows);
  }
  for (CompareTask& task : tasks_) {
    const PartName part = comparison::part_name(task.name);
    if (part.part != "codes") continue;
    task.levels = scales[part.prefix];
    task.block_lengths = lengths;
  }
}

std::uint64_t CompareFiles::size() const {
  std::uint64_t all = 0;
  for (const CompareTask& task : tasks_)
    all += tensors::element_count(want_->headings()[task.pair.want].shape);
  return all;
}

std::vector<comparison::DifferingScales> CompareFiles::scales_of(const CompareTask& task) const {
  std::vector<comparison::DifferingScales> made;
  const tensors::Shape& codes = want_->headings()[task.pair.want].shape;
  for (const Pair& pair : task.levels) {
    const tensors::TensorCodes got = got_->codes(pair.got);
    const tensors::TensorCodes want = want_->codes(pair.want);
    comparison::require_shape(got, want);
    try {
      made.emplace_back(got, want, comparison::block_map(codes, want.shape(), task.block_lengths));
    } catch (const Error& error) {
      throw error.location().empty() ? error.at(want.place()) : error;
    }
  }
  return made;
}

comparison::Comparison CompareFiles::compare(const CompareTask& task,
                                             const comparison::CompareOptions& options,
                                             const comparison::CompareProgress& progress) const {
  const auto partner = [&](const File& file) -> std::optional<tensors::TensorCodes> {
    if (file == nullptr) return std::nullopt;
    return file->codes(comparison::partner_of(task.name, *file));
  };
  const auto pointer = [](const std::optional<tensors::TensorCodes>& codes) {
    return codes ? &*codes : nullptr;
  };
  const tensors::TensorCodes got = got_->codes(task.pair.got);
  const tensors::TensorCodes want = want_->codes(task.pair.want);
  const auto exact = task.is_scales ? std::nullopt : partner(exact_);
  const auto addend = task.is_scales ? std::nullopt : partner(addend_);
  const auto stale = task.is_scales ? std::nullopt : partner(stale_);
  const comparison::Inputs inputs{.got = got,
                                  .want = want,
                                  .exact = pointer(exact),
                                  .addend = pointer(addend),
                                  .stale = pointer(stale),
                                  .scales = scales_of(task)};
  return comparison::compare(inputs, options, progress);
}

}  // namespace halfulp::cli
