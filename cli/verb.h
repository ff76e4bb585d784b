// SPDX-License-Identifier: MIT
//
// What the verbs of the program share: the table that lists them (verbs.cc), the parsing of one
// verb's arguments with CLI11, and the options that stand on more than one verb. A verb builds its
// own CLI::App, so that its --help teaches that verb alone; help_of asks it what it declares, for
// shell completion and manual pages.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/random.h"
#include "formats/rounding.h"

namespace halfulp::cli {

using Arguments = std::vector<std::string>;

// Exit statuses, the same for every verb.
inline constexpr int exit_good = 0;
inline constexpr int exit_bad_verdict = 1;
inline constexpr int exit_wrong_call = 2;

struct Verb {
  std::string_view name;
  std::string_view summary;
  int (*execute)(const Arguments& arguments);
};

int formats_verb(const Arguments& arguments);
int cast_verb(const Arguments& arguments);
int explain_verb(const Arguments& arguments);
int op_verb(const Arguments& arguments);
int vectors_verb(const Arguments& arguments);
int check_verb(const Arguments& arguments);
int quantize_verb(const Arguments& arguments);
int verify_verb(const Arguments& arguments);
int run_verb(const Arguments& arguments);
int report_verb(const Arguments& arguments);
int reproduce_verb(const Arguments& arguments);
int completion_verb(const Arguments& arguments);
int help_verb(const Arguments& arguments);

// All of them, in the order of the overview.
std::span<const Verb> verbs();
// Throws Error with the nearest name.
const Verb& find_verb(const std::string& name);

// What a verb declares, in the words of its --help.
struct OptionHelp {
  std::vector<std::string> names;  // "-o", "--output"; of an operand its one name
  std::string value;               // "FILE"; empty where the option takes none, and of operands
  std::string what;
  bool operand = false;
  bool required = false;
  bool repeated = false;
};
struct VerbHelp {
  std::string name, summary, description, examples;
  std::vector<OptionHelp> options;  // as declared; operands among them
};
VerbHelp help_of(const Verb& verb);

// The parser of "halfulp NAME": description above the options, examples below them. Examples are
// lines that begin with "$ " followed by their whole output; a test runs every one of them. Verbs
// declare all of their options, then parse, before they do anything else.
class Parser {
 public:
  Parser(const std::string& name, const std::string& description, const std::string& examples);

  CLI::App& app() { return app_; }
  // False where help was asked for and printed. Operands may be negative numbers; what follows
  // "--" is an operand whatever it begins with. Throws Error, in one line and with the nearest
  // option where one is misspelt.
  bool parse(const Arguments& arguments);

 private:
  void complain_of_the_rest() const;

  std::string name_, examples_;
  CLI::App app_;
};

void add_threads(CLI::App& app, int& threads);
void add_quiet(CLI::App& app, bool& quiet);
void add_json(CLI::App& app, bool& json);

// How values are printed (number_text of literals.h): with few characters unless one of these.
struct NumberStyle {
  bool exact = false;        // all digits
  bool hexadecimal = false;  // C hexadecimal floats
};
void add_number_style(CLI::App& app, NumberStyle& style);

// How a verb rounds: the texts of the options and what they mean.
struct RoundingOptions {
  std::string preset, rounding, overflow;  // empty: not given
  std::string nan;
  std::string tininess, flush_outputs, flush_flags;
  std::string generator = "philox4x32-10";
  int random_bits = 0;  // 0: not given
  std::uint64_t seed = 0;
  bool flush_inputs = false;
};
void add_rounding(CLI::App& app, RoundingOptions& options);
// The same without what draws random bits: the seed and the generator.
void add_mode(CLI::App& app, RoundingOptions& options);
// Throws Error with the option's name as location. to: the format that is rounded to. What no
// option says, and no preset where one is given, is as in `otherwise`.
Rounding rounding_of(const RoundingOptions& options, const Format& to,
                     const Rounding& otherwise = {});
// Stream 0 of the seed under the generator chosen. Throws Error with the option's name as location.
Random random_of(const RoundingOptions& options);

}  // namespace halfulp::cli
