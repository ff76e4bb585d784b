// SPDX-License-Identifier: MIT
//
// halfulp compare: two tensor files, element by element, in units of the last place
// (golden/comparison/compare.h).
#include "cli/compare.h"

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cli/at_option.h"
#include "cli/counts.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/same_file.h"
#include "cli/unit_options.h"
#include "cli/verb.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Compares the tensors of two files (.npy, .npz, .safetensors, raw with --dtype and --shape),\n"
    "paired by name: how many codes differ, by how many ulp (steps between neighbours of the\n"
    "format) and on which side, which NaN, infinities and signs of zeros, where, and the first\n"
    "mismatches. Equality is asked for unless a tolerance is given; of several all must hold.\n"
    "Whatever is asked for, outputs that are plainly wrong (all zeros, flipped signs, transposed,\n"
    "one row further, --c alone, --stale) are put to the same test, and it is said which would\n"
    "pass. In files of `quantize --codes` codes are judged in blocks whose scales agree. Files "
    "are\n"
    "read in pieces, whatever their size. With what GOT was made of (--a, --b, --unit, --order of "
    "a\n"
    "product; --input, --to of a quantizer) it says which one change of what was asked for makes "
    "GOT\n"
    "(--explain), the steps of single results (--trace), and whether errors are within those that\n"
    "the arithmetic may make (--bound). Exit status 1 unless all are within the tolerance.";

const char* const examples =
    "  $ printf '\\200\\077\\101\\100' > got.raw; printf '\\200\\077\\100\\100' > want.raw\n"
    "  $ halfulp compare got.raw want.raw --dtype bfloat16 --shape 2 || test $? = 1\n"
    "  bfloat16 [2]\n"
    "    equal: NO\n"
    "    1 of 2 codes differs (50 %), by up to 1 ulp, mean +0.5\n"
    "    ulp  got below  got above\n"
    "    0                       1\n"
    "    1            0          1\n"
    "    where: column 1 of 2\n"
    "    at   got           want       ulp\n"
    "    [1]  0x4041  3.02  0x4040  3   +1\n"
    "\n"
    "  $ halfulp compare weights.npy weights.npy --format float32 --atol 1e-3 --rtol 1e-2\n"
    "  ...\n"
    "\n"
    "  $ halfulp compare weights.npy weights.npy --ulp 2 --json\n"
    "  ...\n"
    "\n"
    "  $ halfulp quantize weights.npy --to nvfp4 -o want.npy --quiet\n"
    "  ...\n"
    "  $ halfulp quantize weights.npy --to nvfp4 --rounding toward-zero -o got.npy --quiet\n"
    "  ...\n"
    "  $ halfulp compare got.npy want.npy --explain --input weights.npy --to nvfp4 || test $? = 1\n"
    "  ...\n"
    "\n"
    "  $ halfulp vectors gemm --unit nv.hopper.wgmma.e4m3.f32 --class wide -o ops --quiet\n"
    "  ...\n"
    "  $ halfulp compare ops/d.npy ops/d.npy --a ops/a.npy --b ops/b.npy --c ops/c.npy --unit "
    "nv.hopper.wgmma.e4m3.f32 --bound deterministic\n"
    "  ...\n";

// An exact number of an option; absent where it is not given.
std::optional<Real> real_at(const std::string& option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  return at_option(option, [&] {
    Real number = parse_real(text);
    if (!number.numerator.is_finite() || (number.numerator.negative && !number.numerator.is_zero()))
      throw Error("\"" + text + "\" is no tolerance", "", "write 0 or a positive number, as 1e-3");
    return number;
  });
}

std::optional<double> double_at(const std::string& option, const std::string& text) {
  const std::optional<Real> number = real_at(option, text);
  if (!number) return std::nullopt;
  return nearest_double(number->numerator) / nearest_double(number->denominator);
}

comparison::Tolerance tolerance_of(const CompareCall& call) {
  comparison::Tolerance tolerance;
  if (!call.ulp.empty()) tolerance.ulp = at_option("--ulp", [&] { return parse_count(call.ulp); });
  const std::optional<Real> atol = real_at("--atol", call.atol);
  const std::optional<Real> rtol = real_at("--rtol", call.rtol);
  const Real zero = real(make_value(0));
  if (atol || rtol)
    tolerance.close = comparison::Closeness(atol.value_or(zero), rtol.value_or(zero));
  tolerance.calc_diff = double_at("--calc-diff", call.calc_diff);
  tolerance.cosine = double_at("--cosine", call.cosine);
  tolerance.match_rate = real_at("--match-rate", call.match_rate);
  if (tolerance.match_rate && compare(*tolerance.match_rate, make_value(1)) > 0)
    throw Error("\"" + call.match_rate + "\" is no share", "--match-rate",
                "write a number from 0 to 1, as 0.99");
  if (tolerance.is_empty()) tolerance.ulp = 0;
  return tolerance;
}

bool is_second(const std::string& option, const std::string& word, const std::string& first,
               const std::string& second) {
  if (word == first || word == second) return word == second;
  throw Error("\"" + word + "\" is neither " + first + " nor " + second, option,
              suggest(word, {first, second}));
}

// Of the tensor's tolerance: scales have their own, and codes no magnitude.
comparison::CompareOptions options_for(const CompareTask& task, const CompareCall& call,
                                       const comparison::Tolerance& tolerance) {
  comparison::CompareOptions options{.format = task.format, .tolerance = tolerance};
  options.strictness.nan_exact = is_second("--nan", call.nan, "any", "exact");
  options.strictness.zero_any = !is_second("--zeros", call.zeros, "any", "exact");
  options.guard = call.guard != "off" && !task.is_scales;
  options.shown = call.show;
  options.threads = call.threads;
  if (task.is_scales) {
    options.tolerance = {};
    options.tolerance.ulp = call.scale_ulp;
  } else if (!task.levels.empty() && tolerance.takes_numbers()) {
    throw Error("codes are numbers only with their scales", task.name,
                "--ulp and --match-rate are of codes; for other tolerances compare the values, "
                "which `halfulp quantize` writes without --codes");
  }
  return options;
}

void require_guard(const CompareCall& call) {
  if (call.guard == "warn" || call.guard == "strict" || call.guard == "off") return;
  const std::string near = suggest(call.guard, {"warn", "strict", "off"});
  throw Error("\"" + call.guard + "\" is no way to guard", "--guard",
              near.empty() ? "warn, strict and off are" : near);
}

void require_one_standard_input(const CompareCall& call) {
  int count = 0;
  for (const std::string& path : {call.got, call.want, call.exact, call.addend, call.stale})
    count += path == "-" ? 1 : 0;
  if (count > 1) throw Error("is one file", "standard input", "name the other files");
}

void require_picture(const CompareCall& call) {
  if (call.picture.empty()) return;
  if (!call.picture.ends_with(".svg"))
    throw Error("the picture is SVG", "-o", "end its name in .svg");
  std::vector<NamedPath> inputs{{"GOT", call.got}, {"WANT", call.want}};
  for (const auto& [option, path] :
       {std::pair{"--exact", call.exact}, {"--c", call.addend}, {"--stale", call.stale}}) {
    if (!path.empty()) inputs.push_back({option, path});
  }
  const NamedPath output{"-o", call.picture};
  require_apart(inputs, std::span(&output, 1));
  require_writable(call.picture);
}

// One length, or rows and columns: these are the quantizer's too.
void set_block(const std::string& text, CompareCall& call) {
  if (text.empty()) return;
  if (text.find('x') == std::string::npos) {
    const std::uint64_t count = at_option("--block", [&] { return parse_count(text); });
    constexpr std::uint64_t most = std::uint64_t{1} << 40U;
    if (count == 0 || count > most)
      throw Error(text + " elements under one scale", "--block", "give 1 or more");
    call.block = {static_cast<std::int64_t>(count)};
    return;
  }
  call.block = parse_extents(text, "--block");
  call.recipe.quantizer.block = text;
}

// What stands beside GOT and WANT: the operands of a product, or what was quantized.
void require_operands(const CompareCall& call) {
  const RecipeCall& recipe = call.recipe;
  const bool product = !call.product.a.empty() && !call.product.b.empty();
  const bool quantizer = !recipe.input.empty();
  if (!recipe.quantizer.to.empty() && !quantizer)
    throw Error("is the format of what --input holds", "--to", "give --input FILE beside it");
  if (quantizer && !call.explain)
    throw Error("is what --explain quantizes again", "--input", "give --explain beside it");
  if (quantizer && (!call.product.a.empty() || !call.product.b.empty()))
    throw Error("is for a quantizer, --a and --b are for a product", "--input", "give one of them");
  if (call.explain && !product && !quantizer)
    throw Error("needs the operands of the product, or what was quantized", "--explain",
                "give --a, --b, and --unit or --order; or --input and --to");
  for (const auto& [option, given] :
       {std::pair{"--trace", call.traced > 0}, {"--bound", !call.bound.empty()}}) {
    if (given && !product)
      throw Error("needs the operands of the product", option,
                  "give --a, --b, and --unit or --order");
  }
  const bool used = call.explain || call.traced > 0 || !call.bound.empty();
  if (!call.product.a.empty() && !used)
    throw Error("is an operand of the product that --explain, --trace and --bound are about", "--a",
                "give one of them");
  if ((used || quantizer) && (call.got == "-" || call.want == "-"))
    throw Error("is read once, and GOT and WANT are twice here", "standard input",
                "name the files");
  // What these mean, before files are compared.
  if (quantizer) recipe_of(recipe);
  if (product) unit_and_order_of({.unit = call.product.unit, .order = call.product.order});
  require_bound(call);
}

// Does WANT decide? With a bound and no tolerance, results are held against the exact product.
bool judges_by_want(const CompareCall& call) {
  return call.bound.empty() ||
         !(call.ulp.empty() && call.atol.empty() && call.rtol.empty() && call.calc_diff.empty() &&
           call.cosine.empty() && call.match_rate.empty());
}

int execute(const CompareCall& call) {
  const comparison::Tolerance tolerance = tolerance_of(call);
  require_guard(call);
  require_one_standard_input(call);
  require_picture(call);
  const CompareFiles files(call);
  std::vector<comparison::Comparison> all_found;
  all_found.reserve(files.tasks().size());  // answers point into it
  std::vector<CompareAnswer> answers;
  ProgressBar bar("elements", call.quiet);
  const auto all = static_cast<double>(files.size());
  std::uint64_t before = 0;
  std::size_t bad = 0;
  for (const CompareTask& task : files.tasks()) {
    all_found.push_back(files.compare(
        task, options_for(task, call, tolerance), [&](std::uint64_t done, std::uint64_t) {
          bar.update(static_cast<double>(before + done), all, 0, tensors::printable(task.name));
        }));
    const comparison::Comparison& found = all_found.back();
    before += found.differences.elements;
    bar.clear();
    answers.push_back({task, call, found});
    print(call.json ? json_text_of(answers.back()) : text_of(answers.back()));
    const bool unsound = call.guard == "strict" && found.guard && !found.guard->is_sound();
    if ((!found.within || unsound) && judges_by_want(call)) ++bad;
  }
  if (!call.picture.empty()) write_file(call.picture, picture_of(answers));
  if (!call.product.a.empty() && !report_product(call)) ++bad;
  if (!call.recipe.input.empty()) explain_quantizer(call);
  if (!call.json && files.tasks().size() != 1)
    print(counted(files.tasks().size(), "tensor") + ", " + std::to_string(bad) + " bad\n");
  return bad == 0 ? exit_good : exit_bad_verdict;
}

void add_tolerance(Parser& parser, CompareCall& call) {
  parser.text("--ulp", call.ulp, "at most so many steps apart (0, unless another is given)")
      .value_name("N");
  parser.text("--atol", call.atol, "|got - want| <= atol + rtol |want| of every element (0)")
      .value_name("X");
  parser.text("--rtol", call.rtol, "see --atol (0)").value_name("Y");
  parser
      .text("--calc-diff", call.calc_diff,
            "1 - 2<got,want> / (|got|^2 + |want|^2) at most, as DeepGEMM has it")
      .value_name("X");
  parser.text("--cosine", call.cosine, "<got,want> / (|got| |want|) at least").value_name("X");
  parser
      .text("--match-rate", call.match_rate,
            "share of equal codes at least (0.99), the rest within one step")
      .value_name("P");
  parser.count("--scale-ulp", call.scale_ulp, "scales of codes at most so many steps apart (0)");
  parser.text("--nan", call.nan, "any: every NaN is every other (the default); exact: bits count")
      .value_name("HOW");
  parser
      .text("--zeros", call.zeros,
            "exact: zeros of other signs are not equal (the default); any: they are")
      .value_name("HOW");
}

void add_other_files(Parser& parser, CompareCall& call) {
  parser
      .text("--guard", call.guard,
            "say which wrong outputs would pass (warn, the default), fail where one does (strict), "
            "or do not look (off)")
      .value_name("HOW");
  parser.text("--c", call.addend, "what the product was added to: C alone must not pass")
      .value_name("FILE");
  parser.text("--stale", call.stale, "an output that may have been left there").value_name("FILE");
  parser
      .text("--exact", call.exact, "exact results, such as float64: which side is nearer to them?")
      .value_name("FILE");
  parser
      .text("-o,--output", call.picture,
            "a picture too: distances as bars, and where in the matrix codes differ")
      .value_name("PICTURE.svg");
}

// What is said of GOT besides. Answers the option of the seed of --hadamard.
Option add_explanations(Parser& parser, CompareCall& call) {
  parser.flag("--explain", call.explain,
              "say which one change of the product of --a and --b by --unit and --order, or of the "
              "quantizing of --input --to F, makes GOT");
  parser.count("--trace", call.traced,
               "show how so many mismatches come about, step by step, in the product of --a and "
               "--b by --unit and --order (0)");
  parser
      .text("--bound", call.bound,
            "hold GOT against the exact product of --a and --b, with the error bound of --unit and "
            "--order: deterministic, or probabilistic; without a tolerance it decides alone")
      .value_name("KIND");
  parser
      .text("--failure", call.failure,
            "of a probabilistic bound: how likely any result may be beyond it (1e-6)")
      .value_name("P");
  add_product_options(parser, call.product, false);
  return add_recipe_options(parser, call.recipe);
}

}  // namespace

int compare_verb(const Arguments& arguments) {
  CompareCall call;
  Parser parser("compare", description, examples);
  parser.text("GOT", call.got, "the file to judge; - is standard input").required();
  parser.text("WANT", call.want, "the file that says what is right").required();
  parser.text("--format", call.format, "what both hold numbers of, where that is not their type")
      .value_name("F");
  add_tolerance(parser, call);
  add_other_files(parser, call);
  parser.count("--show", call.show, "so many mismatches with index, codes and values (10)");
  parser.list("--only", call.only, "these tensors of the files, with their scales")
      .value_name("NAME,...")
      .delimiter(',')
      .repeated();
  const Option hadamard_seed = add_explanations(parser, call);
  add_tensor_options(parser, call.tensors);
  parser.text("--scale-dtype", call.scale_dtype, "the same of scales").value_name("TYPE");
  std::string block;
  parser
      .text("--block", block,
            "elements under one scale, where shapes leave it open: 16; or rows and columns of "
            "blocks, with --to as `halfulp quantize` takes them: 16x16")
      .value_name("N|RxC");
  add_threads(parser, call.threads);
  add_quiet(parser, call.quiet);
  add_json(parser, call.json);
  if (!parser.parse(arguments)) return exit_good;
  call.recipe.hadamard_signs = hadamard_seed.given();
  set_block(block, call);
  require_operands(call);
  return execute(call);
}

}  // namespace halfulp::cli
