// SPDX-License-Identifier: MIT
//
// What the verbs of the program share: the table that main.cc lists them in, the parsing of one
// verb's arguments with CLI11, and the options that stand on more than one verb. A verb builds its
// own CLI::App, so that its --help teaches that verb alone.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
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

// The parser of "halfulp NAME": description above the options, examples below them. Examples are
// lines that begin with "$ " followed by their whole output; a test runs every one of them.
class Parser {
 public:
  Parser(const std::string& name, const std::string& description, const std::string& examples);

  CLI::App& app() { return app_; }
  // False where help was asked for and printed. Throws Error, in one line and with the nearest
  // option where one is misspelt.
  bool parse(const Arguments& arguments);

 private:
  std::string name_;
  CLI::App app_;
};

// Positional tokens may be negative numbers. Parser hides their minus sign from CLI11; a verb that
// takes numbers undoes that with this function.
std::string plain_token(const std::string& token);

void add_threads(CLI::App& app, int& threads);
void add_quiet(CLI::App& app, bool& quiet);
void add_json(CLI::App& app, bool& json);

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
