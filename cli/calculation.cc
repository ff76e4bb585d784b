// SPDX-License-Identifier: MIT
#include "cli/calculation.h"

#include <filesystem>

#include "cli/at_option.h"
#include "cli/caches.h"
#include "cli/literals.h"
#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/vectors/testfloat_names.h"
#include "reference/engine.h"

namespace halfulp::cli {

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

namespace {

using vectors::Calculation;
using vectors::TestFloatFunction;

std::vector<Format> inputs_of(Op op, const std::string& text) {
  if (text.empty())
    throw Error("the format of the operands is missing", "--format",
                "add it, as in --format binary16");
  const std::vector<std::string> names = listed(text);
  const auto count = static_cast<std::size_t>(arity(op));
  if (names.size() != 1 && names.size() != count)
    throw Error(std::to_string(names.size()) + " formats are given, and " +
                    std::string(name_of(op)) + " has " + std::to_string(count) + " operand" +
                    (count == 1 ? "" : "s"),
                "--format", "give one format for all, or one for each");
  std::vector<Format> formats;
  for (std::size_t i = 0; i < count; ++i)
    formats.push_back(format_at("--format", names[names.size() == 1 ? 0 : i]));
  return formats;
}

std::string usual_output(Op op) {
  if (is_comparison(op)) return "uint1";
  return is_to_integer(op) ? "int32" : "";
}

bool is_integer(const Format& format) {
  const auto* fixed = std::get_if<Fixed>(&format.kind);
  return fixed != nullptr && fixed->fraction_bits == 0;
}

// A conversion has two formats: any two of --from, --format and --to, in this order. Where from_int
// has one, and that is no integer, it begins with int32, the format in which to_int ends.
void set_conversion(const CalculationOptions& options, Calculation& calculation) {
  std::vector<std::pair<std::string, std::string>> given;
  for (const auto& [option, text] : {std::pair<std::string, std::string>{"--from", options.from},
                                     {"--format", options.format},
                                     {"--to", options.to}}) {
    if (!text.empty()) given.emplace_back(option, text);
  }
  if (given.size() == 1 && options.operation == "from_int" &&
      !is_integer(format_at(given[0].first, given[0].second)))
    given.insert(given.begin(), {"--from", "int32"});
  if (given.size() != 2)
    throw Error("a cast has two formats, and " + std::to_string(given.size()) + " are given",
                "--to", "write --from F0 --to F");
  calculation.inputs = {format_at(given[0].first, given[0].second)};
  calculation.output.format = format_at(given[1].first, given[1].second);
}

void set_formats(const CalculationOptions& options, Calculation& calculation) {
  if (calculation.op == Op::convert) return set_conversion(options, calculation);
  if (!options.from.empty())
    throw Error("only a cast has it", "--from", "the formats of operands are --format F,F2,F3");
  calculation.inputs = inputs_of(calculation.op, options.format);
  const std::string usual = usual_output(calculation.op);
  if (!options.to.empty()) {
    calculation.output.format = format_at("--to", options.to);
  } else {
    calculation.output.format =
        usual.empty() ? calculation.inputs.front() : format_from_text(usual);
  }
  at_option("--to", [&] {
    vectors::require_delivered(calculation.op, calculation.output.format);
    return 0;
  });
}

void set_function(const CalculationOptions& options, const TestFloatFunction& function,
                  Calculation& calculation) {
  for (const auto& [option, text] :
       {std::pair<std::string, std::string>{"--format", options.format},
        {"--to", options.to},
        {"--from", options.from}}) {
    if (!text.empty())
      throw Error(options.operation + " says the formats itself", option,
                  "drop the option, or name the operation without formats");
  }
  CalculationOptions plain = options;
  plain.format = function.input;
  plain.to = function.output;
  calculation.op = function.op;
  set_formats(plain, calculation);
}

// Throws Error: unknown, and where it is a file's name, that OP comes before it.
Op op_of(const std::string& name) {
  try {
    return parse_op(name);
  } catch (const Error&) {
    std::error_code ignored;
    const bool is_file =
        name.find_first_of("./") != std::string::npos || std::filesystem::exists(name, ignored);
    if (!is_file) throw;
    throw Error("\"" + name.substr(0, 80) + "\" is the name of a file, not of an operation", "",
                "OP comes first, the file behind it; `halfulp op` lists the operations");
  }
}

}  // namespace

void add_calculation(Parser& parser, CalculationOptions& options, const std::string& exact_names) {
  parser
      .text("--format", options.format,
            "the format of the operands, or one each operand, with commas between")
      .value_name("F[,F2[,F3]]");
  parser
      .text("--to", options.to,
            "the format of the result: that of the first operand unless given; int32 of "
            "to_int, uint1 of comparisons")
      .value_name("G");
  parser
      .text("--from", options.from, "of a cast: the format that it begins with; int32 of from_int")
      .value_name("F0");
  parser.flag(exact_names, options.exact,
              "TestFloat's functions that round to integers raise inexact (their option -exact)");
  parser.flag("--reference", options.reference,
              "answer from the exact reference instead of the emulator");
  add_rounding(parser, options.rounding);
}

std::vector<NamedPath> files_of(const CalculationOptions& options) {
  std::vector<NamedPath> files;
  for (const auto& [option, text] : {std::pair<std::string, std::string>{"--from", options.from},
                                     {"--format", options.format},
                                     {"--to", options.to}}) {
    for (const std::string& name : listed(text)) {
      if (looks_like_path(name) && !looks_like_json(name)) files.push_back({option, name});
    }
  }
  return files;
}

Calculation calculation_of(const CalculationOptions& options) {
  Calculation calculation;
  RoundingOptions rounding = options.rounding;
  const auto function = at_option(
      "OP", [&] { return vectors::testfloat_function(options.operation, options.exact); });
  if (function) {
    set_function(options, *function, calculation);
  } else {
    if (options.exact)
      throw Error("only TestFloat's functions have it", "--testfloat-exact",
                  "of the operations here rint and to_int raise inexact, nearbyint and "
                  "to_int_quiet do not");
    calculation.op = at_option("OP", [&] { return op_of(options.operation); });
    set_formats(options, calculation);
  }
  std::optional<Mode> mode = function ? function->mode : std::nullopt;
  if (!mode) mode = vectors::testfloat_mode(rounding.rounding);
  if (mode) rounding.rounding = std::string(name_of(*mode));
  const bool unsaid = rounding.overflow.empty() && rounding.preset.empty();
  const Format& output = calculation.output.format;
  const bool to_odd = function && mode == Mode::to_odd && !is_integer(output);
  if (to_odd && unsaid) rounding.overflow = "softfloat";
  // Comparisons deliver 0 or 1 exactly; what their rounding says is how operands are flushed.
  calculation.output.rounding =
      rounding_of(rounding, is_comparison(calculation.op) ? calculation.inputs.front() : output);
  calculation.engine = options.reference ? &reference::engine() : &emulator::engine();
  calculation.caches = &program_caches();
  return calculation;
}

}  // namespace halfulp::cli
