// SPDX-License-Identifier: MIT
//
// halfulp op: one operation on numbers or codes, rounded once. Operands are answered as they come,
// in groups of the operation's arity. Dot products and sums are in op_dot.cc.
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/calculation.h"
#include "cli/literals.h"
#include "cli/op_dot.h"
#include "cli/output.h"
#include "cli/tokens.h"
#include "cli/verb.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/vectors/testfloat_names.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Computes OP on operands of the format --format, rounds the exact result once to --to and\n"
    "prints `code value flags`, a line a group of operands. An operand is a code behind 0x, or a\n"
    "number (0.1, -0x1.8p-3, inf, nan), which is first rounded to its format, to nearest even; "
    "with\n"
    "--codes all operands are codes. Without operands they are read from standard input, "
    "separated\n"
    "by blanks or line ends. Random bits of a stochastic rounding stand behind a slash on the "
    "last\n"
    "operand. OP may be a function of Berkeley TestFloat, which says the formats itself. Flags: "
    "01\n"
    "inexact, 02 underflow, 04 overflow, 08 divide by zero, 10 invalid. Without OP the operations\n"
    "are listed.\n\n"
    "dot and sum add many numbers as a matrix unit (--unit, `halfulp units` lists them) or a "
    "kernel\n"
    "(--order, as in `halfulp gemm`) does, and print `code value`. A dot product is written\n"
    "  a0 a1 ... x b0 b1 ... [+ c] [scales sa0 ... x sb0 ...]\n"
    "and a sum without x and what is behind it, b being all ones; on standard input each has a "
    "line.\n"
    "With --codes a line may also be a b c [sa sb], the digits of all codes without gaps. --trace\n"
    "shows every step: what was added, before and after it was cut, the exact sum and what it "
    "was\n"
    "rounded to, as hexadecimal floats.";

const char* const examples =
    "  $ halfulp op add --format binary16 1 0x0001 2049 1\n"
    "  0x3c00 1 01\n"
    "  0x6800 2048 01\n"
    "\n"
    "  $ halfulp op fma --format e4m3fn,e4m3fn,binary32 --to binary32 1.125 1.125 -1.25 --hex\n"
    "  0x3c800000 0x1p-6 00\n"
    "\n"
    "  $ halfulp op lt --format bfloat16 -0 0 nan 1\n"
    "  0x0 0 00\n"
    "  0x0 0 10\n"
    "\n"
    "  $ halfulp op f64_to_i32_r_minMag -2.75 1e300\n"
    "  0xfffffffe -2 00\n"
    "  0x7fffffff 2147483647 10\n"
    "\n"
    "  $ halfulp op dot --unit nv.hopper.wgmma.e4m3.f32 --trace 1.5 256 x 1.125 0.001953125 + "
    "2048\n"
    "  step 1: C + terms 0 to 31; largest exponent 11, cut toward zero below 2^-2\n"
    "  ...\n"
    "\n"
    "  $ halfulp op sum --order sequential:binary16 --format binary16 2048 1 1\n"
    "  0x6800 2048\n"
    "\n"
    "  $ echo 3c00 4000 | halfulp op div --format fp16 --codes --json\n"
    "  ...\n";

struct OpOptions {
  CalculationOptions calculation;
  std::vector<std::string> tokens;
  NumberStyle style;
  DotOptions dot;
  bool list = false, codes = false, json = false;
};

// Operations on any number of operands.
struct DotEntry {
  std::string_view name, what;
};
constexpr std::array dot_operations{
    DotEntry{"dot", "a dot product and C, by --unit or --order"},
    DotEntry{"sum", "a sum and C, likewise"},
};

int list_operations(bool json) {
  std::vector<std::vector<std::string>> rows;
  for (const OpEntry& entry : operations()) {
    std::string aliases;
    for (const std::string_view alias : entry.aliases)
      aliases += (aliases.empty() ? "" : ", ") + std::string(alias);
    rows.push_back(
        {std::string(entry.name), aliases, std::to_string(entry.arity), std::string(entry.what)});
    if (!json) continue;
    Json object;
    object["name"] = entry.name;
    object["aliases"] = entry.aliases;
    object["operands"] = entry.arity;
    object["what"] = entry.what;
    print(object.dump() + "\n");
  }
  for (const DotEntry& entry : dot_operations) {
    rows.push_back({std::string(entry.name), "", "any", std::string(entry.what)});
    if (!json) continue;
    Json object;
    object["name"] = entry.name;
    object["aliases"] = Json::array();
    object["operands"] = nullptr;
    object["what"] = entry.what;
    print(object.dump() + "\n");
  }
  if (!json)
    print(table_text({{"operation"}, {"also called"}, {"operands", Align::right}, {"what it is"}},
                     rows));
  return exit_good;
}

class Operator {
 public:
  explicit Operator(const OpOptions& options)
      : options_(options),
        calculation_(calculation_of(options.calculation)),
        plan_(calculation_.prepared(options.tokens.size() / calculation_.inputs.size())),
        random_(random_of(options.calculation.rounding)) {
    const Tokens tokens = options.codes ? Tokens::codes : Tokens::numbers_and_codes;
    for (const Format& format : calculation_.inputs)
      readers_.emplace_back(format, tokens, options.calculation.reference);
  }

  [[nodiscard]] std::size_t operand_count() const { return calculation_.inputs.size(); }

  // The operand at `place` of its group, its slash and random bits cut off.
  [[nodiscard]] Code operand(std::size_t place, std::string_view token) const {
    return readers_[place].read(token.substr(0, token.find('/'))).code;
  }

  // What stands behind the slash of the last token of the index-th group, or is drawn.
  [[nodiscard]] std::uint64_t random(std::span<const std::string> tokens,
                                     std::uint64_t index) const {
    const int bits = calculation_.output.rounding.random_bits;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (tokens[i].find('/') != std::string::npos)
        throw Error("random bits behind \"" + tokens[i] + "\", which is not the last operand", "",
                    "write them behind the last operand of the group");
    }
    const std::string_view last = tokens.back();
    const std::size_t slash = last.find('/');
    if (slash == std::string::npos)
      return calculation_.is_stochastic() ? random_.bits(index, bits) : 0;
    if (!calculation_.is_stochastic())
      throw Error("\"" + std::string(last) + "\" brings random bits to a rounding that uses none",
                  "", "add --rounding stochastic or drop the slash");
    return parse_random(last.substr(slash + 1), bits);
  }

  // Appends the answer.
  void answer(std::span<const std::string> tokens, std::span<const Code> operands,
              std::uint64_t index, std::string& text) const {
    const Outcome outcome = calculation_.engine->operate(plan_, operands, random(tokens, index));
    const Format& format = calculation_.output.format;
    if (!options_.json) return append_line(format, outcome, options_.style, text);
    Json object;
    object["operands"] = std::vector<std::string>(tokens.begin(), tokens.end());
    Json codes = Json::array();
    for (std::size_t i = 0; i < operands.size(); ++i)
      codes.push_back(code_text(calculation_.inputs[i], operands[i]));
    object["operand_codes"] = codes;
    answer_of(format, outcome, options_.style).add_to(object);
    text += object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

 private:
  const OpOptions& options_;
  vectors::Calculation calculation_;
  OperationPlan plan_;
  Random random_;
  std::vector<OperandReader> readers_;  // one each operand
};

// TestFloat has an option -exact for its functions that round to integers. After their names
// --exact is that option too: integers have all their digits anyway.
void take_testfloat_option(OpOptions& options) {
  const std::string& name = options.calculation.operation;
  if (!options.style.exact || !vectors::testfloat_function(name, false)) return;
  const Op op = vectors::testfloat_function(name, false)->op;
  if (op == Op::round_to_integral || is_to_integer(op)) options.calculation.exact = true;
}

void answer_all(const OpOptions& options) {
  const Operator compute(options);
  const std::size_t count = compute.operand_count();
  TokenReader reader(options.tokens);
  std::vector<std::string> tokens(count);  // of one group
  std::vector<Code> operands(count);
  std::string text;
  std::size_t place = 0;
  std::uint64_t index = 0;
  while (reader.next(tokens[place])) {
    text.clear();
    try {
      operands[place] = compute.operand(place, tokens[place]);
      if (++place < count) continue;
      compute.answer(tokens, operands, index++, text);
    } catch (const Error& error) {
      throw error.at(reader.place());
    }
    print(text);
    place = 0;
  }
  if (place == 0) return;
  throw Error(
      "the last group has " + std::to_string(place) + " of " + std::to_string(count) + " operands",
      reader.place(), "operands come in groups of " + std::to_string(count));
}

// What `op` declares for all operations goes to dot products too.
int answer_dots_of(const OpOptions& options) {
  DotOptions dot = options.dot;
  dot.format = options.calculation.format;
  dot.tokens = options.tokens;
  dot.random = options.calculation.rounding;
  dot.style = options.style;
  dot.sum = options.calculation.operation == "sum";
  dot.codes = options.codes;
  dot.json = options.json;
  dot.reference = options.calculation.reference;
  return answer_dots(dot);
}

}  // namespace

int op_verb(const Arguments& arguments) {
  OpOptions options;
  Parser parser("op", description, examples);
  parser.text("OP", options.calculation.operation, "the operation").value_name("");
  parser.list("TOKEN", options.tokens, "operands; - is standard input").value_name("");
  add_calculation(parser, options.calculation, "--testfloat-exact");
  parser.flag("--codes", options.codes, "operands are codes, with or without 0x");
  add_dot_options(parser, options.dot);
  add_number_style(parser, options.style);
  parser.flag("--list", options.list, "list the operations");
  add_json(parser, options.json);
  if (!parser.parse(arguments)) return exit_good;
  if (options.list || options.calculation.operation.empty()) return list_operations(options.json);
  const bool dot = is_dot(options.calculation.operation);
  require_dot_options(parser, dot);
  if (dot) return answer_dots_of(options);
  take_testfloat_option(options);
  answer_all(options);
  return exit_good;
}

}  // namespace halfulp::cli
