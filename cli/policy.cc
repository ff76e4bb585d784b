// SPDX-License-Identifier: MIT
//
// halfulp policy: what an experiment's policy resolves to, a line a place. It reads the resolved
// document alone, so it knows every model's places without knowing the models. A policy that ships
// with the program is printed as it is, and one of another tool as a document.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/verb.h"
#include "experiments/policy/importers/importers.h"
#include "experiments/policy/policy_files.h"
#include "experiments/policy/shipped.h"
#include "experiments/results/words.h"
#include "experiments/study/sweep.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Says which quantizer stands at which place of an experiment, once files, shorthands, rules "
    "and\n"
    "phases are resolved. Places of a network that have no line are native. Of the name of a "
    "policy\n"
    "it prints the document; with --import it makes one of another tool's policy.";

const char* const examples =
    "  $ halfulp policy config.json | head -2\n"
    "  place        rule\n"
    "  data         binary64\n"
    "\n"
    "  $ halfulp policy config.json --point 2 | grep feature\n"
    "  feature      float8_e4m3fn, stochastic\n"
    "\n"
    "  $ halfulp policy --import jmp params=f32,compute=bf16,output=f32 | grep native\n"
    "      \"native\": \"binary32\",\n"
    "\n"
    "  halfulp policy mxfp8                           what the policy of that name says\n"
    "  halfulp policy --import mx_specs specs.json    the policy of a file of microxcaling\n"
    "  halfulp policy config.json --set /policy/data=bf16\n"
    "  halfulp policy config.json --json               the policy in full\n";

struct PolicyVerbOptions {
  std::string config, tool;
  std::vector<std::string> settings;
  std::uint64_t point = 0;
  bool json = false;
};

using Row = std::vector<std::string>;

std::string rule_words(const Json& record) {
  if (record.is_array()) {
    std::string text;
    for (const Json& rule : record) text += (text.empty() ? "" : ", then ") + rule_words(rule);
    return text;
  }
  if (record.is_object() && record.size() == 1 && record.contains("reuse"))
    return "as in the forward pass";
  std::string text = experiments::value_words(record);
  // The name of a block format says nothing of how its elements are rounded.
  const Json::json_pointer rounding("/element/rounding");
  if (record.is_object() && record.contains(rounding) && record[rounding] != "nearest-even")
    text += ", " + record[rounding].get<std::string>();
  if (record.is_object() && record.contains("order")) text += ", " + std::string(record["order"]);
  return text;
}

// What an operand of a product says beside its rule.
std::string operand_words(const Json& record) {
  if (!record.is_object()) return "";
  if (record.contains("reuse")) return record["reuse"];
  if (!record.contains("gradient")) return "";
  std::string text = record["gradient"];
  if (record.contains("dge"))
    text += fmt::format(" k {}, cap {}", record["dge"]["k"].get<double>(),
                        record["dge"]["cap"].get<double>());
  return text;
}

// when: in full, so that a cyclic phase is one of a number of bits.
std::string period_words(const Json& when) {
  if (when.contains("cyclic")) {
    const Json& rule = when["cyclic"];
    return fmt::format("{} bits of {} cycles", rule["at"].dump(), rule["cycles"].dump());
  }
  if (when.contains("plateau"))
    return fmt::format("plateau stage {}, epochs of {} steps", when["plateau"]["stage"].dump(),
                       when["plateau"]["every"].dump());
  const bool shares = when.contains("fraction");
  const Json& ends = when[shares ? "fraction" : "step"];
  const char* const form = shares ? "share {} to {}" : "steps {} to before {}";
  return fmt::format(fmt::runtime(form), ends[0].dump(), ends[1].dump());
}

void add_rows(const Json& rules, const std::string& phase, std::vector<Row>& rows) {
  for (const Json& rule : rules) {
    for (const auto& [use, record] : rule["use"].items())
      rows.push_back({rule["match"]["layer"], rule["match"]["op"][0], use, rule_words(record),
                      operand_words(record), phase});
  }
}

// policy: in full.
std::string table_of(const Json& policy) {
  std::vector<Row> rows;
  if (experiments::is_short_map(policy)) {
    for (const auto& [place, rule] : policy.items()) rows.push_back({place, rule_words(rule)});
    return table_text({{"place"}, {"rule"}}, rows);
  }
  add_rows(policy["rules"], "", rows);
  for (const Json& phase : policy["phases"])
    add_rows(phase["rules"], period_words(phase["when"]), rows);
  const auto word = [&](const char* part, const char* member) {
    return policy[part][member].get<std::string>();
  };
  return table_text({{"layer"}, {"operation"}, {"use"}, {"rule"}, {"operand"}, {"phase"}}, rows) +
         fmt::format(
             "native {}; numbers that are not finite: {}; loss scale: {}; weights: {}; {}\n",
             word("base", "native"), word("base", "on_nan"), word("loss_scale", "kind"),
             word("optimizer", "weight_update"), word("optimizer", "order"));
}

// Of a tool whose policy stands in a file, or is the text itself.
Json imported(const std::string& tool, const std::string& text) {
  const auto& importer = [&]() -> const experiments::Importer& {
    try {
      return experiments::find_importer(tool);
    } catch (const Error& error) {
      throw error.at("--import");
    }
  }();
  const bool is_file = text == "-" || (!looks_like_json(text) && looks_like_path(text));
  try {
    if (text == "-") return importer.import(read_json(std::cin, "standard input").dump());
    return importer.import(is_file ? read_json_file(text).dump() : text);
  } catch (const Error& error) {
    throw is_file && error.location().find(text) == std::string::npos ? error.at(text) : error;
  }
}

}  // namespace

int policy_verb(const Arguments& arguments) {
  PolicyVerbOptions options;
  Parser parser("policy", description, examples);
  parser
      .text(
          "CONFIG.json", options.config,
          "the experiment; - is standard input. Or the name of a policy; with --import a file, or "
          "the text itself")
      .required()
      .value_name("");
  add_settings(parser, options.settings);
  add_point(parser, options.point);
  parser
      .text("--import", options.tool,
            "print the policy of another tool as a document: mx_specs (microxcaling), jmp, torchao")
      .value_name("TOOL");
  add_json(parser, options.json);
  if (!parser.parse(arguments)) return exit_good;

  if (!options.tool.empty()) {
    print(imported(options.tool, options.config).dump(2) + "\n");
    return exit_good;
  }
  if (const auto shipped = experiments::find_shipped_policy(options.config)) {
    print(shipped->dump(2) + "\n");
    return exit_good;
  }
  if (options.config != "-" && !looks_like_path(options.config) &&
      !std::filesystem::exists(options.config))
    experiments::refuse_policy_name(options.config, "policy");
  const std::string where = options.config == "-" ? "standard input" : options.config;
  const Json document = experiments::apply_settings(
      options.config == "-" ? read_json(std::cin, where) : read_json_file(where), options.settings);
  const experiments::Study study = experiments::make_study(document, where);
  if (options.point >= study.points.size())
    throw Error(fmt::format("there is no point {}", options.point), "--point",
                fmt::format("the points are 0 to {}", study.points.size() - 1));
  const Json& policy = study.points[options.point].experiment.resolved["policy"];
  print(options.json ? policy.dump(2) + "\n" : table_of(policy));
  return exit_good;
}

}  // namespace halfulp::cli
