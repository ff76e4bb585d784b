// SPDX-License-Identifier: MIT
//
// halfulp check: vectors from anywhere, recomputed. Batches of lines are cut among threads; what is
// said comes in the order of the lines, whatever the threads.
#include "cli/check.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/vector_source.h"
#include "emulator/parallel.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/vectors/arrays.h"
#include "golden/vectors/line_reader.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Recomputes test vectors from a simulator, a device, testfloat_gen or `halfulp vectors`, "
    "prints\n"
    "the first mismatches (operands with their bits, what was got and wanted, the exact value, "
    "the\n"
    "distance, the known wrong way that gives the same), then `CASES cases, BAD mismatches`. The\n"
    "lines come from FILE or standard input, in any style of `halfulp vectors`, which is found "
    "out\n"
    "unless --style says it. Digits x and z are mismatches. Files whose head says how many cases\n"
    "there are must have as many; of other sources --expect-count says it.\n"
    "OP as in `halfulp op`: `add`, or a function of TestFloat such as f16_add, which says the\n"
    "formats itself. Exit status 1 on a mismatch, 2 on a line that is no case.";

const char* const examples =
    "  $ printf '3C00 3C00 4000 00\\n3C00 1000 3C01 01\\n' | halfulp check f16_add || test $? = 1\n"
    "  standard input, line 2: add\n"
    "    a     3C00  0|01111|0000000000  1\n"
    "    b     1000  0|00100|0000000000  0.0004883\n"
    "    exact 1.00048828125 = 2049 * 2^-11\n"
    "    got   3C01  0|01111|0000000001  1.001  01 inexact\n"
    "    want  3C00  0|01111|0000000000  1  01 inexact\n"
    "    off   1 ulp\n"
    "    as if rounded nearest-away, or toward-positive, or away-from-zero, or to-odd\n"
    "  2 cases, 1 mismatch\n"
    "\n"
    "  $ halfulp vectors fma --format e4m3fn --count 5000 | halfulp check fma --format e4m3fn\n"
    "  5000 cases, 0 mismatches\n"
    "\n"
    "  $ echo 'b32+ =^ +1.000000P0 +1.000000P-24 -> +1.000001P0 x' | halfulp check f32_add\n"
    "  1 case, 0 mismatches\n"
    "\n"
    "  $ printf 'VCD info: opened\\n3C00 xxxx xxxx 00\\n' | halfulp check f16_add --skip-noise || "
    "test $? = 1\n"
    "  standard input, line 2: add\n"
    "    a     3C00  0|01111|0000000000  1\n"
    "    b     xxxx  unknown\n"
    "    got   xxxx  unknown  00\n"
    "    want  unknown, as an operand is\n"
    "  1 case, 1 mismatch, 1 line of noise\n";

struct CheckOptions {
  CalculationOptions calculation;
  std::string file = "-", style;
  std::uint64_t show = 10;
  std::optional<std::uint64_t> expect_count;
  bool no_flags = false, keep_going = false, skip_noise = false, json = false, quiet = false;
  int threads = 0;
};

// What was found in a part of the lines, in their order.
struct Findings {
  std::uint64_t cases = 0, mismatches = 0, others = 0, bad_lines = 0, noise = 0;
  std::vector<Mismatch> first;
  std::vector<Error> errors;  // of the first bad lines
};

class Checker {
 public:
  Checker(const Calculation& calculation, const CheckOptions& options, Strictness strictness)
      : calculation_(calculation), options_(options), strictness_(strictness) {}

  void check(const vectors::Case& c, const std::string& name, std::size_t number,
             Findings& found) const {
    ++found.cases;
    std::optional<Outcome> want;
    if (operands_are_known(c)) {
      const std::span<const Code> operands(c.operands.data(), calculation_.inputs.size());
      want = c.mode ? calculation_.compute_as(quantizer_of(calculation_, c), operands, c.random)
                    : calculation_.compute(operands, c.random);
      if (agrees(calculation_, strictness_, c, *want)) return;
    }
    ++found.mismatches;
    if (found.first.size() < options_.show)
      found.first.push_back({.place = name + std::to_string(number), .got = c, .want = want});
  }

  void print_mismatch(const Mismatch& mismatch) const {
    print(options_.json ? json_text_of(calculation_, strictness_, mismatch)
                        : text_of(calculation_, strictness_, mismatch));
  }

 private:
  // The random word among them.
  [[nodiscard]] bool operands_are_known(const vectors::Case& c) const {
    const std::size_t count = calculation_.inputs.size() + (calculation_.is_stochastic() ? 1 : 0);
    for (std::size_t place = 0; place < count; ++place) {
      if (is_unknown(c, place)) return false;
    }
    return true;
  }

  const Calculation& calculation_;
  const CheckOptions& options_;
  Strictness strictness_;
};

class Check {
 public:
  Check(const Calculation& calculation, const CheckOptions& options, Strictness strictness)
      : calculation_(calculation),
        options_(options),
        checker_(calculation, options, strictness),
        source_(options.file),
        bar_("bytes", options.quiet) {}

  int execute() {
    const vectors::Style style = style_of_source();
    const std::optional<std::uint64_t> stated =
        style == vectors::Style::npz ? check_arrays() : check_lines(style);
    bar_.clear();
    if (total_.others > 0)
      note(counted(total_.others, "line") + " of other operations, formats or without a result " +
           (total_.others == 1 ? "was" : "were") + " left out");
    if (total_.cases == 0 && total_.bad_lines == 0)
      throw Error("no case of " + std::string(name_of(calculation_.op)), source_.name(),
                  "are operation, formats and style right?");
    print_total();
    require_whole(stated);
    if (total_.bad_lines > 0) return exit_wrong_call;
    return total_.mismatches > 0 ? exit_bad_verdict : exit_good;
  }

 private:
  vectors::Style style_of_source() {
    if (!options_.style.empty()) return style_at("--style", options_.style);
    if (!options_.skip_noise) return vectors::detect_style(source_.peek());
    // Until a line is a case, as far as noise may reasonably go on.
    constexpr std::size_t most_noise = std::size_t{1} << 16;
    const vectors::Layout layout = layout_of(calculation_);
    while (true) {
      const std::string_view text = source_.peek();
      const bool goes_on = text.size() < most_noise && source_.may_go_on();
      const std::string_view lines = goes_on ? text.substr(0, text.rfind('\n') + 1) : text;
      if (const auto style = vectors::detect_style_in_noise(lines, layout, options_.no_flags))
        return *style;
      if (!goes_on) return vectors::Style::testfloat;
      source_.peek_more();
    }
  }

  // What is asked for stands above what the head states, which counts all lines of cases.
  void require_whole(std::optional<std::uint64_t> stated) const {
    const std::uint64_t cases = total_.cases + total_.bad_lines;
    if (options_.expect_count)
      return require_count(source_.name(), cases, *options_.expect_count, "--expect-count says");
    if (stated) require_count(source_.name(), cases + total_.others, *stated, "its head says");
  }

  void print_total() const {
    if (options_.json) {
      Json object;
      object["cases"] = total_.cases;
      object["mismatches"] = total_.mismatches;
      if (total_.bad_lines > 0) object["bad_lines"] = total_.bad_lines;
      if (total_.noise > 0) object["noise"] = total_.noise;
      return print(object.dump() + "\n");
    }
    print(counted(total_.cases, "case") + ", " +
          counted(total_.mismatches, "mismatch", "mismatches"));
    if (total_.bad_lines > 0) print(", " + counted(total_.bad_lines, "bad line"));
    if (total_.noise > 0) print(", " + counted(total_.noise, "line") + " of noise");
    print("\n");
  }

  void add(const Findings& found) {
    for (const Mismatch& mismatch : found.first) {
      if (shown_++ >= options_.show) break;
      bar_.clear();
      checker_.print_mismatch(mismatch);
    }
    total_.cases += found.cases;
    total_.mismatches += found.mismatches;
    total_.others += found.others;
    total_.noise += found.noise;
    if (!found.errors.empty() && !options_.keep_going) {
      print_total();
      throw found.errors.front();
    }
    for (const Error& error : found.errors) {
      if (noted_++ >= options_.show) break;
      bar_.clear();
      note(error.what());
    }
    total_.bad_lines += found.bad_lines;
  }

  // The number of cases that the source states; so does check_lines.
  std::optional<std::uint64_t> check_arrays() {
    const std::string bytes = source_.rest();
    vectors::ArrayCases read;
    try {
      read =
          vectors::cases_of_npz({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                                layout_of(calculation_), options_.no_flags);
    } catch (const Error& error) {
      throw error.at(source_.name());
    }
    in_chunks(read.cases.size(), [&](std::size_t index, Findings& found) {
      checker_.check(read.cases[index], source_.name() + ", case ", index, found);
      return true;
    });
    return read.stated_count;
  }

  // Calls body for every index on any thread, one after another within a chunk until it answers
  // false; then what the chunks found is added in order.
  template <typename Body>
  void in_chunks(std::size_t count, const Body& body) {
    constexpr std::size_t chunk = 2048;
    std::vector<Findings> found((count + chunk - 1) / chunk);
    emulator::for_each_chunk(count, chunk, options_.threads,
                             [&](std::size_t begin, std::size_t end) {
                               for (std::size_t i = begin; i < end; ++i) {
                                 if (!body(i, found[begin / chunk])) break;
                               }
                             });
    for (const Findings& part : found) add(part);
  }

  std::optional<std::uint64_t> check_lines(vectors::Style style) {
    vectors::LineReader reader(style, layout_of(calculation_), options_.no_flags);
    const std::string place = source_.name() + ", line ";
    const auto size = static_cast<double>(source_.size());
    bool beginning = true;
    while (true) {
      const std::vector<std::string_view>& lines = source_.next();
      if (lines.empty()) return reader.stated_count();
      const std::size_t number = source_.line_number();
      std::size_t skipped = 0;
      while (beginning && skipped < lines.size()) {
        beginning = is_beginning(reader, lines[skipped], number + skipped);
        if (beginning) ++skipped;
      }
      in_chunks(lines.size() - skipped, [&](std::size_t i, Findings& found) {
        return check_line(reader, lines[skipped + i], place, number + skipped + i, found);
      });
      bar_.update(static_cast<double>(source_.position()), size, 0, counted(total_.cases, "case"));
    }
  }

  [[nodiscard]] std::string_view line_of(const vectors::LineReader& reader,
                                         std::string_view line) const {
    return options_.skip_noise ? reader.without_prompt(line) : line;
  }

  // Noise before the first case is of the beginning.
  bool is_beginning(vectors::LineReader& reader, std::string_view whole, std::size_t number) {
    const std::string_view line = line_of(reader, whole);
    std::optional<Error> error;
    try {
      if (reader.begin(line)) return true;
    } catch (const Error& caught) {
      error = caught.at(source_.place(number));
    }
    const bool is_noise = options_.skip_noise && reader.is_noise(line);
    if (error && !is_noise) throw *error;
    total_.noise += is_noise ? 1 : 0;
    return is_noise;
  }

  // False where the line is bad and ends the work.
  bool check_line(const vectors::LineReader& reader, std::string_view whole,
                  const std::string& place, std::size_t number, Findings& found) const {
    const std::string_view line = line_of(reader, whole);
    vectors::Case c;
    try {
      switch (reader.read(line, c)) {
        case vectors::LineReader::Line::a_case:
          checker_.check(c, place, number, found);
          break;
        case vectors::LineReader::Line::another:
          ++found.others;
          break;
        case vectors::LineReader::Line::nothing:
          break;
      }
    } catch (const Error& error) {
      if (options_.skip_noise && reader.is_noise(line)) {
        ++found.noise;
        return true;
      }
      if (found.errors.size() < std::max(options_.show, std::uint64_t{1}))
        found.errors.push_back(error.at(place + std::to_string(number)));
      ++found.bad_lines;
      return options_.keep_going;
    }
    return true;
  }

  const Calculation& calculation_;
  const CheckOptions& options_;
  Checker checker_;
  LineSource source_;
  ProgressBar bar_;
  Findings total_;
  std::uint64_t shown_ = 0, noted_ = 0;
};

// --nan any, --nan exact, or a rule by which NaN is compared exactly.
Strictness strictness_of(CheckOptions& options) {
  Strictness strictness{.flags = !options.no_flags};
  std::string& nan = options.calculation.rounding.nan;
  if (nan.empty() || nan == "any") {
    nan.clear();
    return strictness;
  }
  if (nan == "exact") nan.clear();
  strictness.nan_exact = true;
  strictness.invalid_exact = true;
  return strictness;
}

}  // namespace

Quantizer quantizer_of(const Calculation& calculation, const vectors::Case& c) {
  Quantizer quantizer = calculation.output;
  if (c.mode) quantizer.rounding.mode = *c.mode;
  return quantizer;
}

bool agrees(const Calculation& calculation, const Strictness& strictness, const vectors::Case& c,
            const Outcome& outcome) {
  const std::size_t fields = c.unknown.size();  // none where all is known
  if (fields > 0 && is_unknown(c, fields - 2)) return false;
  if (fields > 0 && strictness.flags && is_unknown(c, fields - 1)) return false;
  if (strictness.flags && c.has_flags && c.flags != outcome.flags) return false;
  if (c.result == outcome.code) return true;
  const Format& format = calculation.output.format;
  const bool invalid = (outcome.flags & flags::invalid) != 0;
  if (is_to_integer(calculation.op) && invalid && !strictness.invalid_exact) return true;
  if (strictness.nan_exact || !has_nan(format)) return false;
  return classify(format, c.result) == CodeClass::nan &&
         classify(format, outcome.code) == CodeClass::nan;
}

int check_verb(const Arguments& arguments) {
  CheckOptions options;
  Parser parser("check", description, examples);
  parser.text("OP", options.calculation.operation, "the operation").required().value_name("");
  parser.text("FILE", options.file, "the vectors; standard input without it").value_name("");
  add_calculation(parser, options.calculation);
  parser.option("--nan").description(
      "any: every NaN is every other, and the integer of an invalid conversion any (the default); "
      "exact: neither is; or the rule by which NaN is exact, of `halfulp formats --nan`");
  parser
      .text("--style", options.style,
            "testfloat, readmemh, fptest, csv, json or npz; found out without it")
      .value_name("NAME");
  parser.count("--show", options.show, "so many mismatches in full, and so many bad lines (10)");
  std::uint64_t expected = 0;
  const Option expect =
      parser.count("--expect-count", expected, "fewer or more cases are an error");
  parser.flag("--no-flags", options.no_flags, "do not compare flags; lines may lack them");
  parser.flag("--keep-going", options.keep_going,
              "count bad lines and go on; the exit status still is 2");
  parser.flag("--skip-noise", options.skip_noise,
              "skip and count lines that are no cases, damaged ones excepted: what simulators say");
  add_threads(parser, options.threads);
  add_quiet(parser, options.quiet);
  add_json(parser, options.json);
  if (!parser.parse(arguments)) return exit_good;
  if (expect.given()) options.expect_count = expected;
  const Strictness strictness = strictness_of(options);
  const Calculation calculation = calculation_of(options.calculation);
  return Check(calculation, options, strictness).execute();
}

}  // namespace halfulp::cli
