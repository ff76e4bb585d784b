// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <utility>

#include "cli/at_option.h"
#include "cli/counts.h"
#include "cli/output.h"
#include "formats/error.h"

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

struct Parser::Implementation {
  CLI::App app;
};

Option Option::required() const {
  option_->required();
  return *this;
}

Option Option::value_name(const std::string& name) const {
  option_->type_name(name);
  return *this;
}

Option Option::range(int least, int most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option Option::repeated() const {
  option_->expected(1)->take_all();
  return *this;
}

Option Option::delimiter(char between) const {
  option_->delimiter(between);
  return *this;
}

Option Option::excludes(Option other) const {
  option_->excludes(other.option_);
  return *this;
}

Option Option::description(const std::string& what) const {
  option_->description(what);
  return *this;
}

bool Option::given() const { return option_->count() > 0; }

Parser::Parser(const std::string& name, const std::string& description, const std::string& examples)
    : name_(name),
      examples_(examples),
      implementation_(new Implementation{CLI::App(description, "halfulp " + name)}) {
  CLI::App& app = implementation_->app;
  app.allow_extras();
  app.footer(examples.empty() ? "" : "Examples:\n" + examples);
  app.get_formatter()->column_width(28);
}

Parser::~Parser() = default;

Option Parser::text(const std::string& names, std::string& variable, const std::string& what) {
  return Option(implementation_->app.add_option(names, variable, what));
}

Option Parser::list(const std::string& names, std::vector<std::string>& variable,
                    const std::string& what) {
  return Option(implementation_->app.add_option(names, variable, what));
}

Option Parser::number(const std::string& names, int& variable, const std::string& what) {
  return Option(implementation_->app.add_option(names, variable, what));
}

Option Parser::number(const std::string& names, std::uint64_t& variable, const std::string& what) {
  return Option(implementation_->app.add_option(names, variable, what));
}

Option Parser::count(const std::string& name, std::uint64_t& variable, const std::string& what,
                     std::uint64_t least, std::uint64_t most) {
  const auto take = [name, &variable, least, most](const std::string& text) {
    at_option(name, [&] { variable = parse_count(text, least, most); });
  };
  return Option(implementation_->app.add_option_function<std::string>(name, take, what))
      .value_name("N");
}

Option Parser::flag(const std::string& names, bool& variable, const std::string& what) {
  return Option(implementation_->app.add_flag(names, variable, what));
}

Option Parser::flag(const std::string& name, std::string& variable, const std::string& bare,
                    const std::string& what) {
  return Option(implementation_->app.add_flag(name + "{" + bare + "}", variable, what));
}

Option Parser::option(const std::string& name) {
  return Option(implementation_->app.get_option(name));
}

bool Parser::parse(const Arguments& arguments) {
  CLI::App& app = implementation_->app;
  if (arguments == describing_call()) throw describe(name_, examples_, app);
  for (CLI::Option* option : app.get_options())
    option->transform([](const std::string& word) { return unshielded(word); }, "", "");
  try {
    app.parse(words_for_parser(arguments));
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return false;
  } catch (const CLI::ParseError& error) {
    throw Error(first_line(error.what()), name_, "see `halfulp " + name_ + " --help`");
  }
  complain_of_the_rest();
  return true;
}

void Parser::complain_of_the_rest() const {
  const CLI::App& app = implementation_->app;
  const std::string see = "see `halfulp " + name_ + " --help`";
  for (const std::string& rest : app.remaining()) {
    if (rest == "--") continue;  // the end of the options
    if (rest.size() > 1 && rest[0] == '-') {
      const std::string name = rest.substr(0, rest.find('='));
      const std::string hint = suggest(name, option_names(app));
      throw Error("unknown option " + name, name_, hint.empty() ? see : hint);
    }
    throw Error("one argument too many: \"" + unshielded(rest) + "\"", name_, see);
  }
}

Arguments describing_call() { return {std::string(1, '\0')}; }

}  // namespace halfulp::cli
