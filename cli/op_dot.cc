// SPDX-License-Identifier: MIT
#include "cli/op_dot.h"

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "cli/at_option.h"
#include "cli/literals.h"
#include "cli/output.h"
#include "cli/trace_text.h"
#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "golden/kernels/product.h"
#include "golden/kernels/trace.h"
#include "golden/vectors/line_source.h"
#include "reference/engine.h"

namespace halfulp::cli {
namespace {

using Words = std::vector<std::string>;

// A dot product as it is written: A x B [+ C] [scales SA x SB]...
struct DotWords {
  Words a, b, c;
  std::vector<Words> a_scales, b_scales;
};

struct Parts {
  DotWords words;
  Words* now = nullptr;
  bool crossed = false;  // the x of this group has been there
};

void begin_right(Parts& parts, bool sum) {
  const bool of_scales = !parts.words.a_scales.empty();
  if (parts.crossed || (sum && !of_scales) || parts.now == &parts.words.c)
    throw Error("an \"x\" too many", "",
                sum ? "a sum is written a0 a1 ..." : "write a0 a1 ... x b0 b1 ... + c");
  parts.crossed = true;
  parts.now = of_scales ? &parts.words.b_scales.back() : &parts.words.b;
}

void begin_scales(Parts& parts) {
  parts.words.a_scales.emplace_back();
  parts.words.b_scales.emplace_back();
  parts.now = &parts.words.a_scales.back();
  parts.crossed = false;
}

DotWords words_of(const Words& tokens, bool sum) {
  Parts parts;
  parts.now = &parts.words.a;
  for (const std::string& token : tokens) {
    if (token == "x") {
      begin_right(parts, sum);
    } else if (token == "scales") {
      begin_scales(parts);
    } else if (token == "+") {
      if (!parts.words.c.empty() || !parts.words.a_scales.empty())
        throw Error("a \"+\" at the wrong place", "", "C stands behind the factors, once");
      parts.now = &parts.words.c;
    } else {
      parts.now->push_back(token);
    }
  }
  if (parts.words.c.size() > 1 || (parts.now == &parts.words.c && parts.words.c.empty()))
    throw Error(counted(parts.words.c.size(), "number") + " behind \"+\"", "",
                "one number is added");
  if (!sum && parts.words.b.size() != parts.words.a.size())
    throw Error(counted(parts.words.a.size(), "number") + " before \"x\" and " +
                    std::to_string(parts.words.b.size()) + " behind",
                "", "write as many of both: a0 a1 ... x b0 b1 ...");
  return parts.words;
}

// The digits of several codes without gaps.
Words split_codes(const std::string& digits, const Format& format) {
  const auto width = static_cast<std::size_t>((bits(format) + 3) / 4);
  if (digits == "-") return {};
  if (digits.size() % width != 0)
    throw Error(counted(digits.size(), "digit") + " in \"" + digits.substr(0, 32) + "\"", "",
                "a code of " + format.name + " has " + std::to_string(width));
  Words codes;
  for (std::size_t i = 0; i < digits.size(); i += width) codes.push_back(digits.substr(i, width));
  return codes;
}

class Dots {
 public:
  explicit Dots(const DotOptions& options)
      : options_(options),
        chosen_(unit_and_order_of(options.arithmetic)),
        unit_(unit_with_formats(chosen_, options.format)),
        engine_(options.reference ? reference::engine() : emulator::engine()),
        random_(random_of(options.random)) {
    if (!chosen_.order.epilogue.empty())
      throw Error("the order has an epilogue, and a single dot product has none", "--order",
                  "`halfulp gemm` computes it");
    if (chosen_.unit) warn_of_unproven(unit_);
    if (!options.c.empty()) c_ = at_option("--c", [&] { return code(unit_.c.format, options.c); });
  }

  // One dot product: its line, or its steps and their result.
  std::string answer(const Words& tokens) {
    const DotWords words = joined_codes(tokens) ? split(tokens) : words_of(tokens, options_.sum);
    prepare(words.a.size());
    std::vector<std::vector<Code>> a_scales = scales(words.a_scales, &Scaling::left);
    std::vector<std::vector<Code>> b_scales = scales(words.b_scales, &Scaling::right);
    const std::vector<Code> a = codes(unit_.a.format, words.a);
    const std::vector<Code> b = options_.sum ? ones(a.size()) : codes(unit_.b.format, words.b);
    const kernels::DotCodes dot{.a = a,
                                .b = b,
                                .c = words.c.empty() ? c_ : code(unit_.c.format, words.c.front()),
                                .a_scales = a_scales,
                                .b_scales = b_scales};
    Random random = random_;
    random.offset +=
        index_++ * draws_per_result(whole_->tree, kernels::whole_instructions(*whole_, a.size()));
    if (!options_.trace) return line(a.size(), (*dot_)(dot, random));
    const kernels::Trace trace = kernels::trace_of(*dot_, *whole_, dot, random);
    if (!options_.json) return trace_text(trace, *whole_, dot) + line(a.size(), trace.result);
    std::string text;
    for (const Json& step : trace_json(trace)) text += step.dump() + "\n";
    return text + line(a.size(), trace.result);
  }

  // Numbers that their format does not have, in one line after all answers.
  void note_rounded() const {
    if (rounded_ == 0) return;
    const std::string others = rounded_ == 1 ? "" : " and " + counted(rounded_ - 1, "other number");
    note(first_rounded_ + others + (rounded_ == 1 ? " was" : " were") +
         " rounded to the operand's format first");
  }

 private:
  // The form of recorded vectors, which no other has: a b c, or a b c and scales of a and of b.
  [[nodiscard]] bool joined_codes(const Words& tokens) const {
    return options_.codes && !options_.sum && (tokens.size() == 3 || tokens.size() == 5) &&
           std::ranges::find(tokens, "x") == tokens.end();
  }
  [[nodiscard]] DotWords split(const Words& tokens) const {
    DotWords words{.a = split_codes(tokens[0], unit_.a.format),
                   .b = split_codes(tokens[1], unit_.b.format),
                   .c = {tokens[2]},
                   .a_scales = {},
                   .b_scales = {}};
    if (tokens.size() == 3 || (tokens[3] == "-" && tokens[4] == "-")) return words;
    for (const Sum& sum : kernels::unit_of(unit_, chosen_.order, words.a.size()).tree.sums) {
      if (!sum.scaling) continue;
      words.a_scales.push_back(split_codes(tokens[3], sum.scaling->left));
      words.b_scales.push_back(split_codes(tokens[4], sum.scaling->right));
      return words;
    }
    throw Error("scales that the unit does not take", "", "leave them out");
  }

  // The unit and the order as one, which may depend on the number of terms.
  void prepare(std::size_t terms) {
    if (whole_ && terms == terms_) return;
    whole_ = std::make_unique<MatrixUnit>(
        at_option("--order", [&] { return kernels::unit_of(unit_, chosen_.order, terms); }));
    dot_.emplace(*whole_, engine_);
    terms_ = terms;
  }

  [[nodiscard]] OperandReader reader_of(const Format& format) const {
    const Tokens tokens = options_.codes ? Tokens::codes : Tokens::numbers_and_codes;
    return {format, tokens, options_.reference};
  }
  Code code(const OperandReader& reader, const std::string& token) {
    const Operand operand = reader.read(token);
    if (operand.rounded) count_rounded(reader.format(), token, operand.code);
    return operand.code;
  }
  Code code(const Format& format, const std::string& token) {
    return code(reader_of(format), token);
  }
  void count_rounded(const Format& format, const std::string& token, Code code) {
    const Real number = parse_real(token);
    if (!number.numerator.is_finite()) return;
    const Value value = decode(format, code);
    if (!value.is_nan() && compare(number, value) == 0) return;
    if (rounded_++ == 0)
      first_rounded_ =
          token + " (to " + exact_number_text(format, code) + " in " + format.name + ")";
  }
  std::vector<Code> codes(const Format& format, const Words& words) {
    const OperandReader reader = reader_of(format);
    std::vector<Code> all;
    for (const std::string& word : words) all.push_back(code(reader, word));
    return all;
  }
  [[nodiscard]] std::vector<Code> ones(std::size_t count) const {
    return std::vector<Code>(
        count, operand_of(unit_.b.format, "1", Tokens::numbers_and_codes, options_.reference).code);
  }
  // Of the scaled sums, the outermost first.
  std::vector<std::vector<Code>> scales(const std::vector<Words>& groups, Format Scaling::*format) {
    std::vector<std::vector<Code>> all;
    for (const Sum& sum : whole_->tree.sums) {
      if (sum.scaling && all.size() < groups.size())
        all.push_back(codes((*sum.scaling).*format, groups[all.size()]));
    }
    if (all.size() < groups.size())
      throw Error("scales that the unit \"" + unit_.name + "\" does not take", "",
                  "leave them out");
    return all;
  }

  [[nodiscard]] std::string line(std::size_t terms, Code result) const {
    const std::string code = code_text(whole_->d, result);
    const std::string value = number_text(whole_->d, result, options_.style);
    if (!options_.json) return code + " " + value + "\n";
    Json object;
    object["terms"] = terms;
    object["code"] = code;
    object["value"] = value;
    return object.dump() + "\n";
  }

  const DotOptions& options_;
  UnitAndOrder chosen_;
  MatrixUnit unit_;
  const Engine& engine_;
  Random random_;
  Code c_ = 0;
  std::unique_ptr<MatrixUnit> whole_;
  std::optional<kernels::UnitDot> dot_;
  std::size_t terms_ = 0;
  std::uint64_t index_ = 0;
  std::string first_rounded_;
  std::size_t rounded_ = 0;
};

void answer_lines(Dots& dots) {
  vectors::LineSource source("-", flush_output);
  for (const auto* lines = &source.next(); !lines->empty(); lines = &source.next()) {
    for (std::size_t i = 0; i < lines->size(); ++i) {
      std::istringstream stream{std::string((*lines)[i])};
      Words tokens;
      for (std::string token; stream >> token;) tokens.push_back(token);
      if (tokens.empty() || tokens.front().starts_with('#')) continue;
      try {
        print(dots.answer(tokens));
      } catch (const Error& error) {
        throw error.at(source.place(source.line_number() + i));
      }
    }
  }
}

// Options of `op` that say how one operation is rounded.
constexpr std::array of_operations{"--to",          "--from",         "--rounding",
                                   "--overflow",    "--preset",       "--nan",
                                   "--tininess",    "--flush-inputs", "--flush-outputs",
                                   "--flush-flags", "--random-bits",  "--testfloat-exact"};
constexpr std::array of_dots{"--unit", "--order", "--c", "--trace"};

}  // namespace

bool is_dot(std::string_view operation) { return operation == "dot" || operation == "sum"; }

void add_dot_options(Parser& parser, DotOptions& options) {
  parser.text("--unit", options.arithmetic.unit, "of dot and sum: the matrix unit").value_name("U");
  parser
      .text("--order", options.arithmetic.order,
            "of dot and sum: what a kernel does around the unit, or instead of it (plain)")
      .value_name("ORDER");
  parser.text("--c", options.c, "of dot and sum: what is added (+0)").value_name("TOKEN");
  parser.flag("--trace", options.trace, "of dot and sum: show every step");
}

void require_dot_options(Parser& parser, bool dot) {
  if (dot) {
    for (const char* const option : of_operations) {
      if (parser.option(option).given())
        throw Error("the unit or the order says how dot products are rounded", option,
                    "leave it out");
    }
    return;
  }
  for (const char* const option : of_dots) {
    if (parser.option(option).given())
      throw Error("is of the operations dot and sum", option, "leave it out");
  }
}

int answer_dots(const DotOptions& options) {
  Dots dots(options);
  const bool streams =
      options.tokens.empty() || (options.tokens.size() == 1 && options.tokens.front() == "-");
  streams ? answer_lines(dots) : print(dots.answer(options.tokens));
  dots.note_rounded();
  return exit_good;
}

}  // namespace halfulp::cli
