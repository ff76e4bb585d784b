// SPDX-License-Identifier: MIT
#include "cli/verb.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "cli/output.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/presets.h"

namespace halfulp::cli {
namespace {

// CLI11 takes "-inf" for a row of short options. A blank before the minus hides it, until the
// option that it belongs to takes the blank away.
constexpr char shield = ' ';

std::string unshielded(const std::string& word) {
  return word.size() > 1 && word[0] == shield && word[1] == '-' ? word.substr(1) : word;
}

bool is_negative_number(const std::string& argument) {
  if (argument.size() < 2 || argument[0] != '-') return false;
  const auto first = static_cast<unsigned char>(argument[1]);
  if (std::isdigit(first) != 0 || first == '.') return true;
  std::string word = argument.substr(1, 3);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word == "inf" || word == "nan";
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// CLI11 adds sentences of its own; one line is wanted.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// No shell can give a program an argument with a NUL in it.
Arguments describing_call() { return {std::string(1, '\0')}; }

VerbHelp describe(const std::string& name, const std::string& examples, const CLI::App& app) {
  VerbHelp help;
  help.name = name;
  help.description = app.get_description();
  help.examples = examples;
  for (const CLI::Option* option : app.get_options()) {
    OptionHelp one;
    for (const std::string& letter : option->get_snames()) one.names.push_back("-" + letter);
    for (const std::string& word : option->get_lnames()) one.names.push_back("--" + word);
    one.operand = one.names.empty();
    if (one.operand) one.names.push_back(option->get_name(true));
    if (!one.operand && option->get_items_expected_max() > 0) {
      const std::string type = option->get_type_name();  // "N:INT in [0 - 4096]"
      one.value = type.substr(0, type.find(':'));
    }
    one.what = option->get_description();
    one.required = option->get_required();
    one.repeated = option->get_items_expected_max() > 1 ||
                   option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
    help.options.push_back(std::move(one));
  }
  return help;
}

// "--flush-outputs before" as "--flush-outputs=before": its word may be left out, so CLI11 takes
// only one behind "=" for it. No operand is called so.
std::vector<std::string> joined_words(const Arguments& arguments) {
  std::vector<std::string> joined;
  for (const std::string& argument : arguments) {
    const bool when = argument == "before" || argument == "after";
    if (when && !joined.empty() && joined.back() == "--flush-outputs") {
      joined.back() += "=" + argument;
    } else {
      joined.push_back(argument);
    }
  }
  return joined;
}

// The words in the order in which CLI11 wants them, the last first, those that are no options
// shielded.
std::vector<std::string> words_for_parser(const Arguments& arguments) {
  std::vector<std::string> words = joined_words(arguments);
  const auto end_of_options = std::find(words.begin(), words.end(), "--");
  for (auto word = words.begin(); word != words.end(); ++word) {
    const bool operand = word > end_of_options && word->size() > 1 && (*word)[0] == '-';
    if (operand || is_negative_number(*word)) word->insert(word->begin(), shield);
  }
  std::reverse(words.begin(), words.end());
  return words;
}

}  // namespace

Parser::Parser(const std::string& name, const std::string& description, const std::string& examples)
    : name_(name), examples_(examples), app_(description, "halfulp " + name) {
  app_.allow_extras();
  app_.footer(examples.empty() ? "" : "Examples:\n" + examples);
  app_.get_formatter()->column_width(28);
}

bool Parser::parse(const Arguments& arguments) {
  if (arguments == describing_call()) throw describe(name_, examples_, app_);
  for (CLI::Option* option : app_.get_options())
    option->transform([](const std::string& word) { return unshielded(word); }, "", "");
  try {
    app_.parse(words_for_parser(arguments));
  } catch (const CLI::CallForHelp&) {
    print(app_.help());
    return false;
  } catch (const CLI::ParseError& error) {
    throw Error(first_line(error.what()), name_, "see `halfulp " + name_ + " --help`");
  }
  complain_of_the_rest();
  return true;
}

void Parser::complain_of_the_rest() const {
  const std::string see = "see `halfulp " + name_ + " --help`";
  for (const std::string& rest : app_.remaining()) {
    if (rest == "--") continue;  // the end of the options
    if (rest.size() > 1 && rest[0] == '-') {
      const std::string name = rest.substr(0, rest.find('='));
      const std::string hint = suggest(name, option_names(app_));
      throw Error("unknown option " + name, name_, hint.empty() ? see : hint);
    }
    throw Error("one argument too many: \"" + unshielded(rest) + "\"", name_, see);
  }
}

VerbHelp help_of(const Verb& verb) {
  try {
    verb.execute(describing_call());
  } catch (VerbHelp& help) {
    help.summary = verb.summary;
    return std::move(help);
  }
  throw std::logic_error("the verb " + std::string(verb.name) + " parses no arguments");
}

void add_threads(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "processors to use; 0, the default, means all of them")
      ->check(CLI::Range(0, 4096))
      ->type_name("N");
}

void add_quiet(CLI::App& app, bool& quiet) {
  app.add_flag("--quiet", quiet, "no progress on standard error");
}

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "print JSON"); }

void add_number_style(CLI::App& app, NumberStyle& style) {
  CLI::Option* exact = app.add_flag("--exact", style.exact, "print all digits of values");
  app.add_flag("--hex", style.hexadecimal, "print values as C hexadecimal floats")->excludes(exact);
}

void add_mode(CLI::App& app, RoundingOptions& options) {
  app.add_option("--rounding", options.rounding,
                 "nearest-even (the default), nearest-away, nearest-zero, nearest-up, "
                 "nearest-down, nearest-odd, nearest-log, toward-zero, toward-positive, "
                 "toward-negative, away-from-zero, to-odd, stochastic, stochastic-b, "
                 "stochastic-c or stochastic-equal")
      ->type_name("NAME");
  app.add_option("--overflow", options.overflow,
                 "what stands for a result beyond the largest number; `halfulp formats "
                 "--overflow` lists the rules (ieee)")
      ->type_name("NAME");
  app.add_option("--preset", options.preset,
                 "rounding and overflow as a peer has them; `halfulp formats --presets` lists them")
      ->type_name("NAME");
  app.add_option("--random-bits", options.random_bits, "bits of the stochastic modes (32)")
      ->check(CLI::Range(1, 64))
      ->type_name("R");
  app.add_option("--nan", options.nan,
                 "which NaN a result is; `halfulp formats --nan` lists the rules (keep-sign)")
      ->type_name("NAME");
  app.add_option("--tininess", options.tininess,
                 "underflow is detected after (the default) or before rounding")
      ->type_name("WHEN");
  app.add_flag("--flush-inputs", options.flush_inputs, "subnormal operands count as zeros");
  app.add_flag("--flush-outputs{tiny}", options.flush_outputs,
               "results that are tiny become zeros: before or after rounding, or by --tininess");
  app.add_option("--flush-flags", options.flush_flags,
                 "what a flushed result raises: underflow+inexact (the default) or underflow")
      ->type_name("FLAGS");
}

void add_rounding(CLI::App& app, RoundingOptions& options) {
  add_mode(app, options);
  app.add_option("--seed", options.seed, "seed of the stochastic modes (0)")->type_name("S");
  app.add_option("--random", options.generator, "philox4x32-10 (the default) or splitmix64")
      ->type_name("NAME");
}

Rounding rounding_of(const RoundingOptions& options, const Format& to, const Rounding& otherwise) {
  const auto at_option = [](const std::string& option, auto parse) {
    try {
      return parse();
    } catch (const Error& error) {
      throw error.at(option);
    }
  };
  const auto choose = [](const std::string& word, const std::vector<std::string>& choices) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (choices[i] == word) return i;
    }
    throw Error("\"" + word + "\" is neither " + choices[0] + " nor " + choices[1], "",
                suggest(word, choices));
  };
  Rounding rounding = at_option("--preset", [&] {
    if (options.preset.empty()) return otherwise;
    return parse_rounding_preset(options.preset, to);
  });
  if (!options.rounding.empty()) {
    rounding.mode = at_option("--rounding", [&] { return parse_mode(options.rounding); });
  }
  if (const std::string& text = options.overflow; !text.empty()) {
    rounding.overflow = at_option("--overflow", [&] {
      return text[0] == '{' ? overflow_from_json(parse_json(text, "JSON"), "", to)
                            : parse_overflow(text, to);
    });
  }
  if (options.random_bits != 0) rounding.random_bits = options.random_bits;
  if (rounding.mode == Mode::stochastic_equal) rounding.random_bits = 1;
  const auto tininess = [&](const std::string& option, const std::string& word) {
    const auto choice = at_option(option, [&] { return choose(word, {"after", "before"}); });
    return choice == 1 ? Tininess::before_rounding : Tininess::after_rounding;
  };
  if (!options.nan.empty()) {
    rounding.nan = at_option("--nan", [&] { return parse_nan_rule(options.nan); });
  }
  if (!options.tininess.empty()) rounding.tininess = tininess("--tininess", options.tininess);
  if (options.flush_outputs == "tiny") {
    rounding.flush_outputs = rounding.tininess;
  } else if (!options.flush_outputs.empty()) {
    rounding.flush_outputs = tininess("--flush-outputs", options.flush_outputs);
  }
  if (!options.flush_flags.empty()) {
    rounding.flush_inexact = at_option("--flush-flags", [&] {
      return choose(options.flush_flags, {"underflow+inexact", "underflow"}) == 0;
    });
  }
  rounding.flush_inputs = rounding.flush_inputs || options.flush_inputs;
  return rounding;
}

Random random_of(const RoundingOptions& options) {
  try {
    return {.seed = options.seed, .generator = parse_generator(options.generator)};
  } catch (const Error& error) {
    throw error.at("--random");
  }
}

}  // namespace halfulp::cli
