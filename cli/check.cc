// SPDX-License-Identifier: MIT
//
// halfulp check: vectors from anywhere, recomputed (golden/checks/check.h).
#include <nlohmann/json.hpp>

#include "cli/calculation.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/vector_files.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/checks/check.h"
#include "golden/checks/mismatch_words.h"

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

struct CheckVerbOptions {
  CalculationOptions calculation;
  std::string file = "-", style;
  std::uint64_t show = 10;
  std::optional<std::uint64_t> expect_count;
  bool no_flags = false, keep_going = false, skip_noise = false, json = false, quiet = false;
  int threads = 0;
};

void print_total(const checks::Summary& found, bool json) {
  if (json) {
    Json object;
    object["cases"] = found.cases;
    object["mismatches"] = found.mismatches;
    if (found.bad_lines > 0) object["bad_lines"] = found.bad_lines;
    if (found.noise > 0) object["noise"] = found.noise;
    return print(object.dump() + "\n");
  }
  print(counted(found.cases, "case") + ", " + counted(found.mismatches, "mismatch", "mismatches"));
  if (found.bad_lines > 0) print(", " + counted(found.bad_lines, "bad line"));
  if (found.noise > 0) print(", " + counted(found.noise, "line") + " of noise");
  print("\n");
}

// What is asked for stands above what the head states, which counts all lines of cases.
void require_whole(const checks::Summary& found, const std::string& source,
                   std::optional<std::uint64_t> expected) {
  const std::uint64_t cases = found.cases + found.bad_lines;
  if (expected) return require_count(source, cases, *expected, "--expect-count says");
  if (found.stated_count)
    require_count(source, cases + found.others, *found.stated_count, "its head says");
}

checks::CheckOptions check_options(const CheckVerbOptions& options,
                                   const checks::Strictness& strictness) {
  checks::CheckOptions how{.strictness = strictness,
                           .skip_noise = options.skip_noise,
                           .keep_going = options.keep_going,
                           .shown = options.show,
                           .threads = options.threads};
  if (!options.style.empty()) how.style = style_at("--style", options.style);
  return how;
}

int check(const vectors::Calculation& calculation, const CheckVerbOptions& options,
          const checks::Strictness& strictness) {
  vectors::LineSource source(options.file, flush_output);
  ProgressBar bar("bytes", options.quiet);
  const checks::CheckReports reports{
      .mismatch =
          [&](const checks::Mismatch& mismatch) {
            bar.clear();
            print(options.json ? checks::json_text_of(calculation, strictness, mismatch)
                               : checks::text_of(calculation, strictness, mismatch));
          },
      .bad_line =
          [&](const Error& error) {
            bar.clear();
            note(error.what());
          },
      .progress =
          [&](std::uint64_t done, std::uint64_t all, std::uint64_t cases) {
            bar.update(static_cast<double>(done), static_cast<double>(all), 0,
                       counted(cases, "case"));
          }};
  const checks::Summary found =
      checks::check(calculation, source, check_options(options, strictness), reports);
  if (found.ended_by) {
    print_total(found, options.json);
    throw *found.ended_by;
  }
  bar.clear();
  if (found.others > 0)
    note(counted(found.others, "line") + " of other operations, formats or without a result " +
         (found.others == 1 ? "was" : "were") + " left out");
  if (found.cases == 0 && found.bad_lines == 0)
    throw Error("no case of " + std::string(name_of(calculation.op)), source.name(),
                "are operation, formats and style right?");
  print_total(found, options.json);
  require_whole(found, source.name(), options.expect_count);
  if (found.bad_lines > 0) return exit_wrong_call;
  return found.mismatches > 0 ? exit_bad_verdict : exit_good;
}

// --nan any, --nan exact, or a rule by which NaN is compared exactly.
checks::Strictness strictness_of(CheckVerbOptions& options) {
  checks::Strictness strictness{.flags = !options.no_flags};
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

int check_verb(const Arguments& arguments) {
  CheckVerbOptions options;
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
  const checks::Strictness strictness = strictness_of(options);
  const vectors::Calculation calculation = calculation_of(options.calculation);
  return check(calculation, options, strictness);
}

}  // namespace halfulp::cli
