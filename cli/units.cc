// SPDX-License-Identifier: MIT
//
// halfulp units: the matrix units that the program knows, and what is known of one.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/verb.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/matrix_unit.h"
#include "golden/kernels/tree_words.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Lists the matrix units, tensor cores and dot-product instructions that are shipped: "
    "operands,\n"
    "terms of one instruction, and the strongest ground for what is said of them: hardware "
    "(recordings\n"
    "of the device are reproduced in every bit), authors (the authors of a model compared it with "
    "the\n"
    "device), document (the vendor's), inference (nobody has published a comparison). With NAME "
    "all of\n"
    "one: its steps in words, and what stands behind each statement. NAME is a name or an alias, "
    "the\n"
    "path of a JSON description, or the JSON text itself; --json prints such a description.";

const char* const examples =
    "  $ halfulp units nv.hopper.wgmma.e4m3.f32\n"
    "  name          nv.hopper.wgmma.e4m3.f32\n"
    "  ...\n"
    "\n"
    "  $ halfulp units --of hopper | head -3\n"
    "  ...\n"
    "\n"
    "  $ halfulp units x86.vdpbf16ps --json > mine.json\n"
    "  ...\n";

struct UnitsOptions {
  std::string name, of;
  bool json = false;
};

std::string strongest_ground(const MatrixUnit& unit) {
  if (unit.evidence.empty()) return "none";
  const auto strongest = std::ranges::min_element(unit.evidence, {}, &Evidence::ground);
  return std::string(name_of(strongest->ground));
}

bool contains(const std::string& text, const std::string& part) {
  const auto same = [](char x, char y) { return std::tolower(x) == std::tolower(y); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

void print_all(const UnitsOptions& options) {
  std::vector<std::vector<std::string>> rows;
  for (const MatrixUnit& unit : shipped_units()) {
    const std::string all =
        unit.name + " " + unit.vendor + " " + unit.architecture + " " + unit.instruction;
    if (!contains(all, options.of)) continue;
    if (options.json) print(to_json(unit).dump() + "\n");
    rows.push_back({unit.name, unit.a.format.name, unit.b.format.name, unit.c.format.name,
                    unit.d.name, std::to_string(unit.terms), strongest_ground(unit)});
  }
  if (rows.empty())
    throw Error("no unit has \"" + options.of + "\" in its name, vendor or architecture", "--of",
                "`halfulp units` lists all");
  if (options.json) return;
  print(table_text({{"unit"}, {"a"}, {"b"}, {"c"}, {"d"}, {"terms", Align::right}, {"ground"}},
                   rows));
}

void print_one(const MatrixUnit& unit) {
  const auto line = [](std::string name, const std::string& value) {
    if (value.empty()) return;
    name.resize(12, ' ');
    print(name + "  " + value + "\n");
  };
  std::string aliases;
  for (const std::string& alias : unit.aliases) aliases += (aliases.empty() ? "" : ", ") + alias;
  line("name", unit.name);
  line("aliases", aliases);
  line("vendor", unit.vendor);
  line("architecture", unit.architecture);
  line("instruction", unit.instruction);
  line("a", kernels::words_of(unit.a));
  line("b", kernels::words_of(unit.b));
  line("c", kernels::words_of(unit.c));
  line("d", unit.d.name);
  line("terms", std::to_string(unit.terms) + " an instruction");
  std::string title = "arithmetic";
  for (const std::string& words : kernels::words_of(unit.tree)) {
    line(title, words);
    title.clear();
  }
  title = "evidence";
  for (const Evidence& evidence : unit.evidence) {
    line(title, std::string(name_of(evidence.ground)) + ": " + evidence.what + " (" +
                    evidence.source + ")");
    title.clear();
  }
}

}  // namespace

int units_verb(const Arguments& arguments) {
  UnitsOptions options;
  Parser parser("units", description, examples);
  parser.text("NAME", options.name, "the unit to describe; all of them without it");
  parser.text("--of", options.of, "only units with this in name, vendor or architecture");
  add_json(parser, options.json);
  if (!parser.parse(arguments)) return exit_good;

  if (options.name.empty()) {
    print_all(options);
    return exit_good;
  }
  if (!options.of.empty())
    throw Error("--of chooses among all units", "units", "leave out NAME or --of");
  const MatrixUnit unit = matrix_unit_from_text(options.name);
  options.json ? print(to_json(unit).dump(2) + "\n") : print_one(unit);
  return exit_good;
}

}  // namespace halfulp::cli
