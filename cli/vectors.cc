// SPDX-License-Identifier: MIT
//
// halfulp vectors: operands drawn or all of them (golden/vectors/generator.h), results and flags,
// in the styles of golden/vectors/layout.h.
#include <array>
#include <optional>
#include <string>

#include "cli/calculation.h"
#include "cli/coverage.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/same_file.h"
#include "cli/vector_files.h"
#include "cli/vectors_gemm.h"
#include "cli/verb.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "golden/vectors/arrays.h"
#include "golden/vectors/generator.h"
#include "golden/vectors/package.h"
#include "golden/vectors/sha256.h"

namespace halfulp::cli {
namespace {

using vectors::Calculation;
using vectors::CaseGenerator;

const char* const description =
    "Writes test vectors: operands, the result rounded once, the flags, a case a line in bare\n"
    "hexadecimal, as Berkeley TestFloat's testfloat_gen prints them; stochastic roundings have "
    "their\n"
    "random word before the result. --all takes every combination of operands; else --count of "
    "them\n"
    "are drawn so that everything that goes wrong comes often: ends of the range, NaN, ties and "
    "what\n"
    "is next to them, cancellation, tininess, exact results and near misses. --coverage says "
    "which of\n"
    "these a file has. OP as in `halfulp op`, functions of TestFloat too.\n"
    "Without --style the output's ending says it: .hex .mem .memh .vmem .tv readmemh, .csv csv,\n"
    ".json .jsonl json, .npz npz, .fptest fptest, any other testfloat.\n\n"
    "With gemm for OP it writes tensors: A, B, C and scales of a product of --rows x --terms x "
    "--columns,\n"
    "and D as the matrix unit --unit computes it in --order (`halfulp gemm`), to a folder or a\n"
    ".safetensors file. --class says what is drawn (or all of them, a set of tensors each): "
    "near-one,\n"
    "wide, cancelling, subnormal, zeros, specials, random-bits, near-overflow, alignment "
    "(exponents\n"
    "about as far apart as the unit's alignment is wide), exact (integers on which all orders and\n"
    "units agree: where these differ, the layout is wrong).";

const char* const examples =
    "  $ halfulp vectors add --format float4_e2m1fn --all | head -3\n"
    "  0 0 0 00\n"
    "  1 0 1 00\n"
    "  2 0 2 00\n"
    "\n"
    "  $ halfulp vectors f16_mul --count 1e5 --seed 7 -o mul.hex --package mul_pkg.sv\n"
    "\n"
    "  $ halfulp vectors cast --from binary32 --to e4m3fn --count 2 --style json\n"
    "  ...\n"
    "\n"
    "  $ halfulp vectors fma --format bfloat16 --count 4000 -o fma.txt && halfulp vectors fma "
    "--format bfloat16 --coverage fma.txt\n"
    "  ...\n"
    "\n"
    "  $ halfulp vectors gemm --unit nv.hopper.wgmma.e4m3.f32 --terms 128 --class alignment "
    "--seed 1 -o t.safetensors\n"
    "  t.safetensors: a b c d of alignment, 16 x 128 x 8, seed 1\n";

constexpr std::uint64_t usual_count = 10000;
constexpr std::uint64_t most_archived = std::uint64_t{1} << 24;
constexpr std::uint64_t most_unasked = 100'000'000;

struct VectorsOptions {
  CalculationOptions calculation;
  std::string style, output = "-", package, coverage;
  std::uint64_t count = usual_count;
  bool all = false, yes = false, json = false, quiet = false;
  int threads = 0;
  GemmVectorsOptions gemm;
};

// Throws Error where --all means too many.
CaseGenerator generator_of(const VectorsOptions& options, const Calculation& calculation) {
  const std::uint64_t seed = options.calculation.rounding.seed;
  if (!options.all) return {calculation, seed, options.count};
  try {
    return {calculation, seed, std::nullopt};
  } catch (const Error& error) {
    throw Error(error.message(), "--all", "take --count N --seed S instead");
  }
}

void require_archivable(const CaseGenerator& generator) {
  if (generator.count() > most_archived)
    throw Error("an archive of " + counted(generator.count(), "case"), "--style",
                "an archive is made in memory, of at most " + std::to_string(most_archived) +
                    "; take another style, or several seeds");
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

// "mul.sv" is the package mul.
std::string package_name(const std::string& path) {
  const std::string name = file_name(path);
  return name.substr(0, name.find_last_of('.'));
}

// What is said, or else what the name of the output says, or that there is a package.
vectors::Style style_of(const VectorsOptions& options) {
  if (!options.style.empty()) return style_at("--style", options.style);
  if (const auto style = vectors::style_of_file(options.output)) return *style;
  return options.package.empty() ? vectors::Style::testfloat : vectors::Style::readmemh;
}

// Throws Error where there are so many cases that it can hardly be meant.
void require_size_is_meant(const VectorsOptions& options, const CaseGenerator& generator,
                           const vectors::LineWriter& writer) {
  if (generator.count() <= most_unasked || options.yes) return;
  constexpr std::uint64_t sample = 64;
  std::string lines;
  for (std::uint64_t i = 0; i < sample; ++i)
    writer.append(generator.at(generator.count() / sample * i), lines);
  const double bytes = static_cast<double>(lines.size()) / static_cast<double>(sample) *
                       static_cast<double>(generator.count());
  throw Error(counted(generator.count(), "case") + ", about " + short_number(bytes) + "B of lines",
              options.all ? "--all" : "--count",
              std::string("add --yes to write them all") +
                  (options.all ? ", or take --count N --seed S" : ""));
}

void check_options(const VectorsOptions& options, vectors::Style style) {
  if (!options.package.empty() && style != vectors::Style::readmemh)
    throw Error("only files of --style readmemh have a package", "--package",
                "add --style readmemh");
  if (!options.package.empty() && options.output == "-")
    throw Error("a package names its vector file", "--package", "add -o FILE");
  if (style == vectors::Style::npz && options.output == "-")
    throw Error("an archive is no text for standard output", "--style", "add -o FILE.npz");
}

void write_all(const VectorsOptions& options, const Calculation& calculation) {
  const std::array<NamedPath, 2> outputs{{{"-o", options.output}, {"--package", options.package}}};
  require_apart(files_of(options.calculation), outputs);
  const vectors::Style style = style_of(options);
  check_options(options, style);
  const vectors::Layout layout = calculation.layout();
  const CaseGenerator generator = generator_of(options, calculation);
  const vectors::Origin origin{.version = HALFULP_VERSION,
                               .seed = options.calculation.rounding.seed,
                               .count = generator.count(),
                               .every_case = options.all};
  if (style == vectors::Style::npz) {
    require_archivable(generator);
    OutputFile file(options.output);
    file.write(vectors::npz_of(layout, origin, vectors::all_cases(generator, options.threads)));
    return file.commit();
  }
  const vectors::LineWriter writer(style, layout);
  require_size_is_meant(options, generator, writer);
  if (!options.package.empty()) require_writable(options.package);
  OutputFile file(options.output);
  // Where lines go to standard output, they are the progress.
  ProgressBar bar("cases", options.quiet || options.output == "-");
  vectors::Sha256 sum;
  const auto write = [&](const std::string& text) {
    file.write(text);
    if (!options.package.empty()) sum.add(text);
  };
  write(writer.heading(origin));
  vectors::write_lines(
      generator, writer, options.threads, [&](const std::string& lines, std::uint64_t done) {
        write(lines);
        bar.update(static_cast<double>(done), static_cast<double>(generator.count()), 0, "");
      });
  file.commit();
  if (!options.package.empty()) {
    const vectors::PackageFacts facts{.name = package_name(options.package),
                                      .vector_file = file_name(options.output),
                                      .sha256 = sum.digits()};
    write_file(options.package, vectors::package_of(layout, origin, facts));
  }
}

// What `vectors` declares for all operations goes to products too.
int write_gemm_of(const VectorsOptions& options) {
  GemmVectorsOptions gemm = options.gemm;
  gemm.format = options.calculation.format;
  gemm.random = options.calculation.rounding;
  gemm.output = options.output;
  gemm.threads = options.threads;
  gemm.reference = options.calculation.reference;
  gemm.json = options.json;
  gemm.quiet = options.quiet;
  return write_gemm(gemm);
}

}  // namespace

int vectors_verb(const Arguments& arguments) {
  VectorsOptions options;
  Parser parser("vectors", description, examples);
  parser.text("OP", options.calculation.operation, "the operation").required().value_name("");
  add_calculation(parser, options.calculation);
  parser.option("--seed").description("seed of the cases and of the random words (0)");
  parser.count("--count", options.count, "so many drawn cases (10000)", 1, vectors::most_cases);
  const Option all = parser.flag("--all", options.all, "every combination of operands");
  all.excludes(parser.option("--count"));
  parser.flag("--yes", options.yes, "write more than 1e8 cases without being asked");
  parser
      .text("--style", options.style,
            "testfloat, readmemh, fptest, csv, json or npz; by the output's ending without it")
      .value_name("NAME");
  parser.text("-o,--output", options.output, "the file; standard output without it")
      .value_name("FILE");
  parser
      .text("--package", options.package,
            "write a SystemVerilog package that describes the readmemh file")
      .value_name("FILE.sv");
  parser
      .text("--coverage", options.coverage,
            "write nothing: say which classes of cases this file reaches, in any style")
      .value_name("FILE");
  add_gemm_vectors_options(parser, options.gemm);
  add_threads(parser, options.threads);
  add_quiet(parser, options.quiet);
  parser.flag("--json", options.json, "print the coverage, or what gemm wrote, as JSON");
  if (!parser.parse(arguments)) return exit_good;
  const bool gemm = options.calculation.operation == "gemm";
  require_gemm_vectors_options(parser, gemm);
  if (gemm) return write_gemm_of(options);
  const Calculation calculation = calculation_of(options.calculation);
  if (!options.coverage.empty()) return print_coverage(calculation, options.coverage, options.json);
  write_all(options, calculation);
  return exit_good;
}

}  // namespace halfulp::cli
