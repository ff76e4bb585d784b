// SPDX-License-Identifier: MIT
//
// halfulp cast: numbers, or codes of one format, rounded once to another format. Tokens are
// answered as they come.
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/literals.h"
#include "cli/output.h"
#include "cli/tokens.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "emulator/operations/number_rounder.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "reference/engine.h"
#include "reference/round.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Rounds each token once to the format --to and prints `code value flags`, a line a token.\n"
    "A token is a number (0.1, -0x1.8p-3, inf, nan), taken exactly. With --from it is a code of "
    "that\n"
    "format behind 0x (0x3c00), or a number, which is first rounded to that format, to nearest "
    "even;\n"
    "with --codes too, all tokens are codes. Without tokens they are read from standard input,\n"
    "separated by blanks or line ends, and answered as they come. Flags: 01 inexact, 02 "
    "underflow,\n"
    "04 overflow, 10 invalid.";

const char* const examples =
    "  $ halfulp cast --to bfloat16 0.1 -inf 1e39\n"
    "  0x3dcd 0.1 01\n"
    "  0xff80 -inf 00\n"
    "  0x7f80 inf 05\n"
    "\n"
    "  $ halfulp cast --from binary16 --to float8_e4m3fn 0x3c00 0x5f20 100\n"
    "  0x38 1 00\n"
    "  0x7e 448 01\n"
    "  0x6c 96 01\n"
    "\n"
    "  $ echo 3c00 5f20 | halfulp cast --from binary16 --to float8_e4m3fn --codes\n"
    "  0x38 1 00\n"
    "  0x7e 448 01\n"
    "\n"
    "  $ halfulp cast --to fp4 --rounding stochastic --random-bits 8 0.3/0x66 0.3/0x67 --hex\n"
    "  0x0 0x0p+0 03\n"
    "  0x1 0x1p-1 03\n"
    "\n"
    "  $ halfulp cast --to e8m0 --preset universal 1.41 1.42\n"
    "  0x7f 1 01\n"
    "  0x80 2 01\n"
    "\n"
    "  $ echo 500 7.3 | halfulp cast --to e4m3fn --overflow saturate --json\n"
    "  ...\n";

struct CastOptions {
  std::string to, from;
  std::vector<std::string> tokens;
  RoundingOptions rounding;
  NumberStyle style;
  bool codes = false, reference = false, json = false;
};

// A token without its random bits, and the random bits.
struct Input {
  std::string_view text;
  std::uint64_t random = 0;
};

class Caster {
 public:
  explicit Caster(const CastOptions& options)
      : options_(options), engine_(options.reference ? reference::engine() : emulator::engine()) {
    quantizer_.format = format_at("--to", options.to);
    quantizer_.rounding = rounding_of(options.rounding, quantizer_.format);
    random_ = random_of(options.rounding);
    if (options.codes && options.from.empty())
      throw Error("codes of no format", "--codes", "give their format with --from");
    rounder_.emplace(quantizer_);
    if (options.from.empty()) return;
    const Format from = format_at("--from", options.from);
    const Tokens tokens = options.codes ? Tokens::codes : Tokens::numbers_and_codes;
    reader_.emplace(from, tokens, options.reference);
    plan_ = engine_.prepare_operation(
        {.op = Op::convert, .inputs = std::span(&from, 1), .output = &quantizer_}, {});
  }

  // Appends the answer to a token, the index-th of all.
  void answer(const std::string& token, std::uint64_t index, std::string& text) const {
    const Outcome outcome = round(split(token, index));
    if (!options_.json) return append_line(quantizer_.format, outcome, options_.style, text);
    Json object;
    object["input"] = token;
    answer_of(quantizer_.format, outcome, options_.style).add_to(object);
    text += object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

 private:
  [[nodiscard]] Input split(std::string_view token, std::uint64_t index) const {
    const Rounding& rounding = quantizer_.rounding;
    const std::size_t slash = token.find('/');
    if (slash == std::string::npos) {
      if (!is_stochastic(rounding.mode)) return {.text = token};
      return {.text = token, .random = random_.bits(index, rounding.random_bits)};
    }
    if (!is_stochastic(rounding.mode))
      throw Error("\"" + std::string(token) + "\" brings random bits to a rounding that uses none",
                  "", "add --rounding stochastic or drop the slash");
    return {.text = token.substr(0, slash),
            .random = parse_random(token.substr(slash + 1), rounding.random_bits)};
  }

  [[nodiscard]] Outcome round(const Input& input) const {
    if (reader_) {
      const Code code = reader_->read(input.text).code;
      return engine_.operate(plan_, std::span(&code, 1), input.random);
    }
    constexpr const char* remedy = "give its format with --from";
    require_number(input.text, remedy);
    return options_.reference
               ? reference::round(number_of(input.text, remedy), quantizer_, input.random)
               : rounder_->round_literal(input.text, input.random);
  }

  const CastOptions& options_;
  const Engine& engine_;
  Quantizer quantizer_;
  Random random_;
  std::optional<emulator::NumberRounder> rounder_;
  std::optional<OperandReader> reader_;  // with --from
  OperationPlan plan_;                   // likewise
};

}  // namespace

int cast_verb(const Arguments& arguments) {
  CastOptions options;
  Parser parser("cast", description, examples);
  parser.text("--to", options.to, "the format to round to").required().value_name("F");
  parser
      .text("--from", options.from, "the format that tokens are codes of, or are rounded to first")
      .value_name("F0");
  parser.list("TOKEN", options.tokens, "numbers or codes; - is standard input").value_name("");
  parser.flag("--codes", options.codes, "all tokens are codes of --from, with or without 0x");
  add_rounding(parser, options.rounding);
  add_number_style(parser, options.style);
  parser.flag("--reference", options.reference,
              "answer from the exact reference instead of the emulator");
  add_json(parser, options.json);
  if (!parser.parse(arguments)) return exit_good;

  const Caster caster(options);
  TokenReader reader(options.tokens);
  std::string token;
  std::string text;
  for (std::uint64_t index = 0; reader.next(token); ++index) {
    text.clear();
    try {
      caster.answer(token, index, text);
    } catch (const Error& error) {
      throw error.at(reader.place());
    }
    print(text);
  }
  return exit_good;
}

}  // namespace halfulp::cli
