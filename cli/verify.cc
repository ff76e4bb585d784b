// SPDX-License-Identifier: MIT
//
// halfulp verify: the emulator against the reference and MPFR (golden/equality/verification.h).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/at_option.h"
#include "cli/caches.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "emulator/instruction_set.h"
#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/equality/verification.h"

namespace halfulp::cli {
namespace {

using equality::Row;
using equality::Scope;

const char* const description =
    "Proves the fast emulator equal to the exact reference, and both to MPFR's own rounding where\n"
    "MPFR can express the format: values, codes and flags, in every rounding mode, on codes and "
    "on\n"
    "arrays. Every operand combination where that is at most --budget cases, else that many, "
    "drawn\n"
    "so that edge cases come often. NAME: formats and matrix units; all that there are without it. "
    "Conversions come\n"
    "from every format of the catalogue of at most 16 bits, and from drawn codes of wider ones.\n"
    "Logarithmic formats, which the reference takes long to compare, have an eighth of the "
    "budget.\n"
    "Overflow rules, tininess and flushing are drawn for every block of operands. Of block "
    "formats\n"
    "drawn matrices are quantized and drawn codes dequantized: values, codes, scales, counts. Of "
    "matrix\n"
    "units drawn products are computed, a sixteenth of the budget of results each. Then what "
    "arrays\n"
    "gave is compared on --instruction-sets. Exit status 1 on a mismatch.";

const char* const examples =
    "  $ halfulp verify float4_e2m1fn --operation add,mul --quiet\n"
    "  ...\n"
    "\n"
    "  $ halfulp verify float8_e4m3fn bfloat16 --short --json --quiet\n"
    "  ...\n";

constexpr std::uint64_t short_budget = std::uint64_t{1} << 14;

struct VerifyOptions {
  std::vector<std::string> names, operations, roundings, instruction_sets;
  std::uint64_t budget = equality::usual_budget;
  int threads = 0;
  bool is_short = false, json = false, quiet = false;
};

// Null where it is no unit's name.
const MatrixUnit* unit_named(const std::string& name) {
  for (const MatrixUnit& unit : shipped_units()) {
    if (unit.name == name || std::ranges::find(unit.aliases, name) != unit.aliases.end())
      return &unit;
  }
  return nullptr;
}

Format format_or_hint(const std::string& name) {
  try {
    return format_from_text(name);
  } catch (const Error& error) {
    std::vector<std::string> units;
    for (const MatrixUnit& unit : shipped_units()) units.push_back(unit.name);
    const std::string near = suggest(name, units);
    if (near.empty()) throw;
    throw Error("\"" + name + "\" is no format and no matrix unit", error.location(), near);
  }
}

// Of what the options name, or all of the catalogue.
void add_formats(const VerifyOptions& options, Scope& scope) {
  for (const std::string& name : options.names) {
    if (const MatrixUnit* unit = unit_named(name)) {
      scope.units.push_back(*unit);
      continue;
    }
    const bool described = looks_like_json(name) || looks_like_path(name);
    if (!described && !is_block_name(name)) {
      scope.formats.push_back(format_or_hint(name));
      continue;
    }
    const AnyQuantizer any = at_option("NAME", [&] { return any_quantizer_from_text(name); });
    if (const auto* block = std::get_if<BlockFormat>(&any)) {
      scope.block_formats.push_back(*block);
    } else {
      scope.formats.push_back(std::get<Quantizer>(any).format);
    }
  }
  if (!options.names.empty()) return;
  for (const CatalogueEntry& entry : catalogue()) scope.formats.push_back(entry.format);
  for (const BlockEntry& entry : block_catalogue()) scope.block_formats.push_back(entry.format);
  scope.units = shipped_units();
}

std::vector<Mode> modes_of(const VerifyOptions& options) {
  std::vector<Mode> modes;
  for (const std::string& name : options.roundings)
    modes.push_back(at_option("--rounding", [&] { return parse_mode(name); }));
  return modes.empty() ? all_modes() : modes;
}

void check_operations(const VerifyOptions& options) {
  for (const std::string& name : options.operations) {
    const std::vector<std::string>& known = equality::verified_operations();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string hint = suggest(name, known);
    throw Error("unknown operation \"" + name + "\"", "--operation",
                hint.empty()
                    ? "there are codes, quantize, dequantize, dot and what `halfulp op` lists"
                    : hint);
  }
}

// All that the machine has, or those that are named.
std::vector<std::string> instruction_sets_of(const std::vector<std::string>& names) {
  std::vector<std::string> known = emulator::instruction_sets();
  if (names.empty()) return {emulator::instruction_set()};
  if (names.size() == 1 && names.front() == "all") return known;
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string list = "all";
    for (const std::string& set : known) list += ", " + set;
    throw Error("\"" + name + "\" is no instruction set of this machine", "--instruction-sets",
                "there are " + list);
  }
  return names;
}

std::string repeat_call(const Row& row, const VerifyOptions& options) {
  const std::string operation = row.operation.substr(0, row.operation.find(' '));
  const std::string& format = row.text.empty() ? row.format : row.text;
  std::string call = "halfulp verify '" + format + "' --operation " + operation;
  if (options.is_short) call += " --short";
  if (!options.is_short && options.budget != equality::usual_budget)
    call += fmt::format(" --budget {}", options.budget);
  for (const std::string& name : options.roundings) call += " --rounding " + name;
  return call;
}

void print_json(const std::vector<Row>& rows, const VerifyOptions& options) {
  for (const Row& row : rows) {
    Json object;
    object["format"] = row.format;
    object["operation"] = row.operation;
    object["rounding_modes"] = row.modes;
    object["cases"] = row.tally.cases;
    object["exhaustive"] = row.exhaustive;
    object["mismatches"] = row.tally.mismatches;
    if (row.tally.mismatches > 0) {
      object["first"] = row.tally.first;
      object["repeat"] = repeat_call(row, options);
    }
    print(object.dump() + "\n");
  }
}

void print_table(const std::vector<Row>& rows, const VerifyOptions& options) {
  std::vector<std::vector<std::string>> lines;
  std::uint64_t cases = 0;
  std::uint64_t mismatches = 0;
  for (const Row& row : rows) {
    cases += row.tally.cases;
    mismatches += row.tally.mismatches;
    lines.push_back({row.format, row.operation, std::to_string(row.modes),
                     std::to_string(row.tally.cases), row.exhaustive ? "exhaustive" : "drawn",
                     std::to_string(row.tally.mismatches)});
  }
  print(table_text({{"format"},
                    {"operation"},
                    {"rounding modes", Align::right},
                    {"cases", Align::right},
                    {"operands"},
                    {"mismatches", Align::right}},
                   lines));
  print(counted(cases, "case") + ", " + counted(mismatches, "mismatch", "mismatches") + "\n");
  for (const Row& row : rows) {
    if (row.tally.mismatches == 0) continue;
    for (const std::string& line : row.tally.first) print(line + "\n");
    print("  again: " + repeat_call(row, options) + "\n");
  }
}

// A bar an instruction set.
class Bars {
 public:
  explicit Bars(bool quiet) : quiet_(quiet) {}

  void update(const equality::VerifyProgress& at) {
    if (at.instruction_set != set_ || !bar_) {
      bar_.emplace(at.first ? "cases" : "blocks on " + at.instruction_set, quiet_);
      set_ = at.instruction_set;
    }
    bar_->update(at.cases, at.all_cases, 0, at.row.format + " " + at.row.operation);
  }

 private:
  bool quiet_;
  std::string set_;
  std::optional<ProgressBar> bar_;
};

int verify(const VerifyOptions& options) {
  check_operations(options);
  const std::vector<std::string> sets = instruction_sets_of(options.instruction_sets);
  Scope scope{.formats = {},
              .block_formats = {},
              .units = {},
              .operations = options.operations,
              .modes = modes_of(options),
              .budget = options.budget,
              .shares_budget_of_casts = options.is_short,
              .caches = &program_caches()};
  add_formats(options, scope);
  std::vector<Row> rows;
  {
    Bars bars(options.quiet);
    rows = equality::verify(scope, sets, options.threads,
                            [&](const equality::VerifyProgress& at) { bars.update(at); });
  }
  options.json ? print_json(rows, options) : print_table(rows, options);
  const bool good = std::all_of(rows.begin(), rows.end(),
                                [](const Row& row) { return row.tally.mismatches == 0; });
  return good ? exit_good : exit_bad_verdict;
}

}  // namespace

int verify_verb(const Arguments& arguments) {
  VerifyOptions options;
  Parser parser("verify", description, examples);
  parser.list("NAME", options.names, "formats and matrix units; all that there are without it")
      .value_name("");
  parser
      .list("--operation", options.operations,
            "only these: codes, cast, or any that `halfulp op` lists; of block formats\n"
            "quantize, dequantize; of matrix units dot")
      .value_name("OP,...")
      .delimiter(',')
      .repeated();
  parser.list("--rounding", options.roundings, "only these rounding modes")
      .value_name("NAME,...")
      .delimiter(',')
      .repeated();
  parser
      .list("--instruction-sets", options.instruction_sets,
            "check arrays on these too, or on `all`; only the best without it")
      .value_name("NAME,...")
      .delimiter(',')
      .repeated();
  parser.count("--budget", options.budget,
               "cases a row, and a source of at most 16 bits in casts (2^24)", 1,
               std::uint64_t{1} << 48);
  parser.flag("--short", options.is_short, "a budget of 2^14: what the tests run");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  if (options.is_short) options.budget = short_budget;
  return verify(options);
}

}  // namespace halfulp::cli
