// SPDX-License-Identifier: MIT
#include "cli/verb.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "cli/at_option.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/presets.h"

namespace halfulp::cli {
VerbHelp help_of(const Verb& verb) {
  try {
    verb.execute(describing_call());
  } catch (VerbHelp& help) {
    help.summary = verb.summary;
    return std::move(help);
  }
  throw std::logic_error("the verb " + std::string(verb.name) + " parses no arguments");
}

void add_threads(Parser& parser, int& threads) {
  parser.number("--threads", threads, "processors to use; 0, the default, means all of them")
      .range(0, 4096)
      .value_name("N");
}

void add_quiet(Parser& parser, bool& quiet) {
  parser.flag("--quiet", quiet, "no progress on standard error");
}

void add_json(Parser& parser, bool& json) { parser.flag("--json", json, "print JSON"); }

void add_settings(Parser& parser, std::vector<std::string>& settings) {
  parser
      .list("--set", settings,
            "change the document first: /path=value, the value as JSON or plain text; may be "
            "repeated")
      .value_name("/path=value")
      .repeated();
}

void add_point(Parser& parser, std::uint64_t& point) {
  parser.number("--point", point, "of a sweep, which point, counted from 0").value_name("N");
}

void add_number_style(Parser& parser, NumberStyle& style) {
  const Option exact = parser.flag("--exact", style.exact, "print all digits of values");
  parser.flag("--hex", style.hexadecimal, "print values as C hexadecimal floats").excludes(exact);
}

void add_mode(Parser& parser, RoundingOptions& options) {
  parser
      .text("--rounding", options.rounding,
            "nearest-even (the default), nearest-away, nearest-zero, nearest-up, "
            "nearest-down, nearest-odd, nearest-log, toward-zero, toward-positive, "
            "toward-negative, away-from-zero, to-odd, stochastic, stochastic-b, "
            "stochastic-c or stochastic-equal")
      .value_name("NAME");
  parser
      .text("--overflow", options.overflow,
            "what stands for a result beyond the largest number; `halfulp formats "
            "--overflow` lists the rules (ieee)")
      .value_name("NAME");
  parser
      .text("--preset", options.preset,
            "rounding and overflow as a peer has them; `halfulp formats --presets` lists them")
      .value_name("NAME");
  parser.number("--random-bits", options.random_bits, "bits of the stochastic modes (32)")
      .range(1, 64)
      .value_name("R");
  parser
      .text("--nan", options.nan,
            "which NaN a result is; `halfulp formats --nan` lists the rules (keep-sign)")
      .value_name("NAME");
  parser
      .text("--tininess", options.tininess,
            "underflow is detected after (the default) or before rounding")
      .value_name("WHEN");
  parser.flag("--flush-inputs", options.flush_inputs, "subnormal operands count as zeros");
  parser.flag("--flush-outputs", options.flush_outputs, "tiny",
              "results that are tiny become zeros: before or after rounding, or by --tininess");
  parser
      .text("--flush-flags", options.flush_flags,
            "what a flushed result raises: underflow+inexact (the default) or underflow")
      .value_name("FLAGS");
}

void add_rounding(Parser& parser, RoundingOptions& options) {
  add_mode(parser, options);
  parser.number("--seed", options.seed, "seed of the stochastic modes (0)").value_name("S");
  parser.text("--random", options.generator, "philox4x32-10 (the default) or splitmix64")
      .value_name("NAME");
}

Rounding rounding_of(const RoundingOptions& options, const Format& to, const Rounding& otherwise) {
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
  return at_option("--random", [&] {
    return Random{.seed = options.seed, .generator = parse_generator(options.generator)};
  });
}

}  // namespace halfulp::cli
