// SPDX-License-Identifier: MIT
#include "experiments/policy/importers/importers.h"

#include <algorithm>
#include <array>
#include <vector>

#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::array all{
    Importer{"mx_specs", "microxcaling's mx_specs as JSON", import_mx_specs},
    Importer{"jmp", "a text such as params=f32,compute=bf16,output=f32", import_jmp},
    Importer{"torchao", "a Float8LinearConfig as JSON, or the name of a recipe", import_torchao}};

}  // namespace

std::span<const Importer> importers() { return all; }

const Importer& find_importer(const std::string& tool) {
  std::vector<std::string> names;
  for (const Importer& importer : all) {
    if (importer.tool == tool) return importer;
    names.emplace_back(importer.tool);
  }
  const std::string near = suggest(tool, names);
  throw Error("no policies of \"" + tool + "\" can be read", "",
              near.empty() ? "those of mx_specs, jmp and torchao can" : near);
}

}  // namespace halfulp::experiments
