// SPDX-License-Identifier: MIT
//
// What the verbs of the program share: the table that lists them (verbs.cc) and the options that
// stand on more than one verb. help_of asks a verb what it declares, for shell completion and
// manual pages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "formats/random.h"
#include "formats/rounding.h"
#include "golden/words/numbers.h"

namespace halfulp::cli {

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
int compare_verb(const Arguments& arguments);
int quantize_verb(const Arguments& arguments);
int dequantize_verb(const Arguments& arguments);
int units_verb(const Arguments& arguments);
int gemm_verb(const Arguments& arguments);
int kernel_verb(const Arguments& arguments);
int probe_verb(const Arguments& arguments);
int bench_verb(const Arguments& arguments);
int verify_verb(const Arguments& arguments);
int run_verb(const Arguments& arguments);
int status_verb(const Arguments& arguments);
int blame_verb(const Arguments& arguments);
int policy_verb(const Arguments& arguments);
int report_verb(const Arguments& arguments);
int reproduce_verb(const Arguments& arguments);
int completion_verb(const Arguments& arguments);
int help_verb(const Arguments& arguments);

// All of them, in the order of the overview.
std::span<const Verb> verbs();
// Throws Error with the nearest name.
const Verb& find_verb(const std::string& name);

// What the verb declares.
VerbHelp help_of(const Verb& verb);

void add_threads(Parser& parser, int& threads);
void add_quiet(Parser& parser, bool& quiet);
void add_json(Parser& parser, bool& json);
// Of documents: changes made before anything else, and one point of a sweep.
void add_settings(Parser& parser, std::vector<std::string>& settings);
void add_point(Parser& parser, std::uint64_t& point);

// How values are printed.
using words::NumberStyle;
void add_number_style(Parser& parser, NumberStyle& style);

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
void add_rounding(Parser& parser, RoundingOptions& options);
// The same without what draws random bits: the seed and the generator.
void add_mode(Parser& parser, RoundingOptions& options);
// Throws Error with the option's name as location. to: the format that is rounded to. What no
// option says, and no preset where one is given, is as in `otherwise`.
Rounding rounding_of(const RoundingOptions& options, const Format& to,
                     const Rounding& otherwise = {});
// Stream 0 of the seed under the generator chosen. Throws Error with the option's name as location.
Random random_of(const RoundingOptions& options);

}  // namespace halfulp::cli
