// SPDX-License-Identifier: MIT
//
// The options and operands of one verb: what it declares, in its own words, and their parsing. A
// verb has a parser of its own, so that its --help teaches that verb alone. CLI11 does the parsing
// and is known to options.cc alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): as CLI11 has it
class Option;
}

namespace halfulp::cli {

using Arguments = std::vector<std::string>;

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

// One option or operand of a parser, which must outlive it. What is said of it is said in a chain:
//   parser.text("--to", to, "the format to round to").required().value_name("F");
class Option {
 public:
  Option required() const;
  // What --help shows for the value; "" shows nothing.
  Option value_name(const std::string& name) const;
  // Of a number: anything else is an error that names both ends.
  Option range(int least, int most) const;
  // Of a list: given again it goes on, with one value (or as many as its delimiter parts) each
  // time.
  Option repeated() const;
  Option delimiter(char between) const;
  // An error where both are given.
  Option excludes(Option other) const;
  Option description(const std::string& what) const;

  // Was it given? After parsing.
  [[nodiscard]] bool given() const;

 private:
  friend class Parser;
  explicit Option(CLI::Option* option) : option_(option) {}

  CLI::Option* option_;
};

// The parser of "halfulp NAME": description above the options, examples below them. Examples are
// lines that begin with "$ " followed by their whole output; a test runs every one of them. Verbs
// declare all of their options, then parse, before they do anything else. Names as in "--to",
// "-o,--output"; without a minus it is an operand. Variables keep what they hold unless their
// option is given.
class Parser {
 public:
  Parser(const std::string& name, const std::string& description, const std::string& examples);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser();

  Option text(const std::string& names, std::string& variable, const std::string& what);
  Option list(const std::string& names, std::vector<std::string>& variable,
              const std::string& what);
  Option number(const std::string& names, int& variable, const std::string& what);
  Option number(const std::string& names, std::uint64_t& variable, const std::string& what);
  // How many, from least to most: also as 1e6 (counts.h); named N. Errors name the option.
  Option count(const std::string& name, std::uint64_t& variable, const std::string& what,
               std::uint64_t least = 0, std::uint64_t most = UINT64_MAX);
  Option flag(const std::string& names, bool& variable, const std::string& what);
  // A flag that may bring a word: the variable becomes `bare` where it brings none.
  Option flag(const std::string& name, std::string& variable, const std::string& bare,
              const std::string& what);
  // One that was declared before.
  Option option(const std::string& name);

  // False where help was asked for and printed. Operands may be negative numbers; what follows
  // "--" is an operand whatever it begins with. Throws Error, in one line and with the nearest
  // option where one is misspelt.
  bool parse(const Arguments& arguments);

 private:
  struct Implementation;  // of CLI11
  void complain_of_the_rest() const;

  std::string name_, examples_;
  std::unique_ptr<Implementation> implementation_;
};

// Arguments with which parse throws the VerbHelp of what was declared. No shell can bring them.
Arguments describing_call();

}  // namespace halfulp::cli
