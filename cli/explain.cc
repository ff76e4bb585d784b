// SPDX-License-Identifier: MIT
//
// halfulp explain: one number and one format.
#include <nlohmann/json.hpp>

#include "cli/literals.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/words/explanation.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Explains how one number is rounded to the format --to: its neighbours, where nearest turns,\n"
    "what every rounding mode delivers, with which probability and bias the stochastic ones, what\n"
    "the overflow rules say, and which known wrong ways deliver something else. VALUE is a number\n"
    "(0.1, -0x1.8p-3, inf, nan), taken exactly. With --from it is a code of that format behind 0x\n"
    "(0x3c00), under --codes without it too, or a number, which is first rounded to that format.";

const char* const examples =
    "  $ halfulp explain 400.199585 --from binary32 --to e4m3fn\n"
    "  number     400.1995849609375 = 3278435 * 2^-13 = 0x1.903318p+8\n"
    "  from       binary32 code 0x43c8198c, sign|exponent|fraction "
    "0|10000111|10010000001100110001100\n"
    "             the nearest to 400.199585\n"
    "  to         float8_e4m3fn, 8 bits, sign|exponent|fraction\n"
    "  rounding   nearest-even, overflow ieee\n"
    "  result     416  0x7d  01 inexact\n"
    "  ...\n"
    "\n"
    "  $ halfulp explain 0.1 --to e4m3fn --random-bits 8 | grep -A 4 expectation\n"
    "  expectation                 E[Q(x)]  bias E[Q(x)] - x  bias in ulp\n"
    "  stochastic          0.0999755859375   -2.44140625e-05    -0.003125\n"
    "  stochastic-b      0.100006103515625   6.103515625e-06   0.00078125\n"
    "  stochastic-c      0.100006103515625   6.103515625e-06   0.00078125\n"
    "  stochastic-equal         0.09765625       -0.00234375         -0.3\n"
    "\n"
    "  $ halfulp explain -0x1.affffffffffffp+8 --to e4m3fn | grep -A 1 wrong\n"
    "  wrong way               first  result  code  what it does\n"
    "  through binary32 first   -432    -448  0xfe  rounded twice, to nearest even first\n"
    "\n"
    "  $ halfulp explain 500 --to e4m3fn --json\n"
    "  ...\n";

struct ExplainOptions {
  std::string value, to, from;
  RoundingOptions rounding;
  NumberStyle style;
  bool codes = false, json = false;
};

// What is to be rounded.
Real read_input(const ExplainOptions& options, words::ExplainReport& report) {
  report.input = options.value;
  if (options.from.empty()) {
    if (options.codes) throw Error("a code of no format", "--codes", "give its format with --from");
    return number_of(options.value, "give its format with --from");
  }
  report.from = format_at("--from", options.from);
  const Tokens tokens = options.codes ? Tokens::codes : Tokens::numbers_and_codes;
  const Operand operand = operand_of(*report.from, options.value, tokens, true);
  report.code = operand.code;
  report.rounded_first = operand.rounded;
  return real(decode(*report.from, report.code));
}

}  // namespace

int explain_verb(const Arguments& arguments) {
  ExplainOptions options;
  Parser parser("explain", description, examples);
  parser.text("VALUE", options.value, "a number, or a code of --from").required().value_name("");
  parser.text("--to", options.to, "the format to round to").required().value_name("F");
  parser.text("--from", options.from, "the format that VALUE comes in").value_name("F0");
  parser.flag("--codes", options.codes, "VALUE is a code of --from, with or without 0x");
  add_mode(parser, options.rounding);
  add_number_style(parser, options.style);
  add_json(parser, options.json);
  if (!parser.parse(arguments)) return exit_good;

  words::ExplainReport report;
  report.style = options.style;
  report.quantizer.format = format_at("--to", options.to);
  report.quantizer.rounding = rounding_of(options.rounding, report.quantizer.format);
  // Of the modes that draw more than stochastic-equal's one.
  Rounding& rounding = report.quantizer.rounding;
  if (const int bits = options.rounding.random_bits; bits != 0) {
    rounding.random_bits = bits;
  } else if (rounding.mode == Mode::stochastic_equal) {
    rounding.random_bits = Rounding{}.random_bits;
  }
  Real x;
  try {
    x = read_input(options, report);
    words::require_explainable(x);
  } catch (const Error& error) {
    throw error.location().empty() ? error.at("VALUE") : error;
  }
  const bool subnormal = report.from && classify(*report.from, report.code) == CodeClass::subnormal;
  report.found = reference::explain(x, report.quantizer, subnormal);
  if (options.json) {
    print(json_of(report).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    print(text_of(report));
  }
  return exit_good;
}

}  // namespace halfulp::cli
