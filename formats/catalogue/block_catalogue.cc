// SPDX-License-Identifier: MIT
//
// The named block formats with their sources, and the parametric bfp<M>_<N>. Elements and scales
// saturate, as a number beyond the largest element of its block is no overflow of the matrix.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/catalogue/families.h"
#include "formats/error.h"

namespace halfulp {
namespace {

Quantizer saturating(Format format, Mode mode = Mode::nearest_even) {
  static const Overflow saturate = parse_overflow("saturate");
  Quantizer q{.format = std::move(format), .rounding = {}};
  q.rounding.mode = mode;
  q.rounding.overflow = saturate;
  return q;
}

Quantizer named(std::string_view name) { return saturating(find_format(name)); }

// Powers of two from 2^-bias on: no sign, no zero, no fraction.
Quantizer powers_of_two(std::string name, int exponent_bits, std::int64_t bias, Code nan_codes) {
  Float f = with_bias(finite(exponent_bits, 0, nan_codes), bias);
  f.sign = f.zero = f.subnormals = false;
  return saturating({std::move(name), f});
}

// Two's complement fixed point in [-2, 2): the leading one of the largest element of a block is the
// bit before the point.
Quantizer fixed_element(int bits) {
  return saturating({"fixed" + std::to_string(bits) + "_element",
                     Fixed{.bits = bits, .fraction_bits = bits - 2}});
}

// The same with sign and magnitude: a float with one exponent bit, whose subnormals and first
// binade have one spacing, has no hidden bit and is just that.
Quantizer sign_magnitude_element(int bits) {
  return saturating(
      {"sign_magnitude" + std::to_string(bits) + "_element", with_bias(finite(1, bits - 2, 0), 1)});
}

// -1 and 1; zero is 1.
Quantizer sign_element() {
  return saturating({"binary_element", make_codebook({-1, 1})}, Mode::nearest_up);
}

Quantizer ternary_element() {
  return saturating({"ternary_element", Fixed{.bits = 2, .symmetric = true}});
}

Level level(int rows, int columns, Quantizer scale, ScaleRule rule) {
  return {.rows = rows, .columns = columns, .scale = std::move(scale), .rule = rule};
}

BlockFormat one_level(std::string name, Quantizer element, Level scales) {
  return {.name = std::move(name), .element = std::move(element), .levels = {std::move(scales)}};
}

BlockFormat mx(std::string name, std::string_view element) {
  return one_level(std::move(name), named(element),
                   level(1, 32, named("float8_e8m0fnu"), ScaleRule::floor));
}

// Block floating point: the shared exponent is that of the largest magnitude.
BlockFormat bfp(std::string name, Quantizer element, int columns) {
  return one_level(std::move(name), std::move(element),
                   level(1, columns, named("float8_e8m0fnu"), ScaleRule::floor));
}

// Scales in binary32 over so many rows (0: all), of scales over blocks of so many rows.
BlockFormat nvfp4(std::string name, int outer_rows, int rows) {
  return {.name = std::move(name),
          .element = named("float4_e2m1fn"),
          .levels = {level(outer_rows, 0, named("binary32"), ScaleRule::ratio),
                     level(rows, 16, named("float8_e4m3fn"), ScaleRule::ratio)}};
}

BlockFormat hbfp(std::string name, int bits) {
  return one_level(std::move(name), fixed_element(bits),
                   level(24, 24, powers_of_two("exponent10", 10, 511, 1), ScaleRule::floor));
}

BlockFormat fpga(std::string name, Quantizer element) {
  return one_level(std::move(name), std::move(element),
                   level(1, 32, powers_of_two("exponent5", 5, 15, 0), ScaleRule::floor));
}

BlockFormat scaled(std::string name, std::string_view element, Level scales) {
  return one_level(std::move(name), named(element), std::move(scales));
}

BlockFormat nf4() {
  BlockFormat format =
      one_level("nf4_block64", named("nf4"), level(1, 64, named("binary32"), ScaleRule::largest));
  format.division = Division::binary32_reciprocal;
  return format;
}

BlockFormat ternary() {
  BlockFormat format = one_level("bitnet_ternary", ternary_element(),
                                 level(0, 0, named("binary32"), ScaleRule::mean));
  format.levels[0].epsilon = 1e-5;
  return format;
}

BlockFormat p3109_block(std::string name, std::string_view element) {
  BlockFormat format = one_level(std::move(name), named(element),
                                 level(1, 32, named("binary8p1uf"), ScaleRule::largest));
  return find_block_preset("p3109").apply(std::move(format));
}

// The five bits are those of the exponents -31 to 0, as Nervana's implementation kept scales at
// most 1 (ngraph-python, flexgpuutil.py); the paper does not say.
BlockFormat flexpoint() {
  BlockFormat format =
      one_level("flex16_5", named("int16"),
                level(0, 0, powers_of_two("exponent5", 5, 31, 0), ScaleRule::given));
  format.levels[0].predicted = true;
  return format;
}

// One line a format: a table, as long as there are formats.
std::vector<BlockEntry> make_catalogue() {  // NOLINT(readability-function-size)
  const std::string ocp = "OCP Microscaling Formats 1.0, 5 and 6.3";
  const std::string intel = "Intel FPGA AI Suite, block floating point; c_vector taken as 32";
  return {
      {mx("mxfp8_e4m3", "float8_e4m3fn"), {"mxfp8_e4m3fn"}, ocp},
      {mx("mxfp8_e5m2", "float8_e5m2"), {}, ocp},
      {mx("mxfp6_e3m2", "float6_e3m2fn"), {"mxfp6_e3m2fn"}, ocp},
      {mx("mxfp6_e2m3", "float6_e2m3fn"), {"mxfp6_e2m3fn"}, ocp},
      {mx("mxfp4", "float4_e2m1fn"), {"mxfp4_e2m1", "mxfp4_e2m1fn"}, ocp},
      {mx("mxint8", "mxint8_element"), {}, ocp},
      {nvfp4("nvfp4", 0, 1),
       {"nvfp4_1x16"},
       "NVIDIA, \"Pretraining LLMs with NVFP4\", arXiv 2509.25149, appendix C"},
      {nvfp4("nvfp4_2d", 0, 16), {"nvfp4_16x16"}, "arXiv 2509.25149: weights in blocks of 16 x 16"},
      {nvfp4("nvfp4_rows", 1, 1),
       {"nvfp4_row_scaled"},
       "a binary32 scale a row (a token): Transformer Engine d0067d0, row-scaled NVFP4"},
      {bfp("msfp12", sign_magnitude_element(4), 16), {}, "Rouhani et al., NeurIPS 2020"},
      {bfp("msfp16", sign_magnitude_element(8), 16), {}, "Rouhani et al., NeurIPS 2020"},
      {hbfp("hbfp8", 8), {}, "Drumond et al., NeurIPS 2018: tiles of 24 x 24, 10-bit exponents"},
      {hbfp("hbfp12", 12), {}, "Drumond et al., NeurIPS 2018: tiles of 24 x 24, 10-bit exponents"},
      {fpga("fpga_int7", sign_magnitude_element(7)), {}, intel},
      {fpga("fpga_int8", fixed_element(8)), {}, intel},
      {fpga("fpga_int9", fixed_element(9)), {}, intel},
      {fpga("fpga_int12", sign_magnitude_element(12)), {}, intel},
      {scaled("int8_tensor", "int8", level(0, 0, named("binary32"), ScaleRule::ratio)),
       {},
       "one scale a tensor, largest magnitude to 127"},
      {scaled("int8_row", "int8", level(1, 0, named("binary32"), ScaleRule::ratio)),
       {"int8_token"},
       "one scale a row (a token), largest magnitude to 127"},
      {scaled("int4_group32", "int4", level(1, 32, named("binary16"), ScaleRule::ratio)),
       {"int4_g32"},
       "weights in groups of a row, largest magnitude to 7"},
      {scaled("int4_group128", "int4", level(1, 128, named("binary16"), ScaleRule::ratio)),
       {"int4_g128"},
       "weights in groups of a row, largest magnitude to 7"},
      {scaled("uint4_group128", "uint4", level(1, 128, named("binary16"), ScaleRule::range)),
       {"uint4_g128"},
       "weights in groups of a row with a zero point each"},
      {nf4(),
       {"nf4_64"},
       "Dettmers et al., QLoRA, NeurIPS 2023; bitsandbytes 95f9af3 csrc/kernels.cu (whose blocks "
       "run on in the next row)"},
      {ternary(),
       {"bitnet"},
       "Ma et al., arXiv 2402.17764: the mean magnitude of the tensor; epsilon 1e-5"},
      {one_level("binary_mean", sign_element(), level(0, 0, named("binary32"), ScaleRule::mean)),
       {"xnor"},
       "Rastegari et al., XNOR-Net, ECCV 2016: signs times the mean magnitude"},
      {p3109_block("p3109_8p4se_block32", "binary8p4se"), {}, "P3109 interim report 4.0, 5.5.3"},
      {p3109_block("p3109_8p3se_block32", "binary8p3se"), {}, "P3109 interim report 4.0, 5.5.3"},
      {p3109_block("p3109_4p2sf_block32", "binary4p2sf"), {}, "P3109 interim report 4.0, 5.5.3"},
      {flexpoint(), {"flex16+5", "flexpoint"}, "Koester et al., NeurIPS 2017"},
  };
}

std::string lower_case(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && value >= 0 && digits.front() != '-' ? std::optional(value) : std::nullopt;
}

// bfp<M>_<N>
std::optional<BlockFormat> parametric_bfp(const std::string& name) {
  constexpr std::string_view start = "bfp";
  const std::size_t middle = name.find('_');
  if (!name.starts_with(start) || middle == std::string::npos) return std::nullopt;
  const std::string_view text = name;
  const std::string_view bits_text = text.substr(start.size(), middle - start.size());
  const std::string_view block_text = text.substr(middle + 1);
  if (bits_text.empty() || block_text.empty()) return std::nullopt;
  const std::optional<int> bits = number(bits_text);
  const std::optional<int> block = number(block_text);
  constexpr int most_bits = 32;
  if (!bits || !block || *bits < 2 || *bits > most_bits) return std::nullopt;
  return bfp("bfp" + std::to_string(*bits) + "_" + std::to_string(*block), fixed_element(*bits),
             *block);
}

const BlockEntry* find_entry(const std::string& name) {
  for (const BlockEntry& entry : block_catalogue()) {
    const auto& aliases = entry.aliases;
    if (entry.format.name == name ||
        std::find(aliases.begin(), aliases.end(), name) != aliases.end())
      return &entry;
  }
  return nullptr;
}

struct Ambiguous {
  std::string_view name, meanings;
};

constexpr std::array<Ambiguous, 2> ambiguous_names{{
    {"mxfp8", "\"mxfp8_e4m3\" or \"mxfp8_e5m2\""},
    {"mxfp6", "\"mxfp6_e3m2\" or \"mxfp6_e2m3\""},
}};

}  // namespace

const std::vector<BlockEntry>& block_catalogue() {
  static const std::vector<BlockEntry> entries = make_catalogue();
  return entries;
}

bool is_block_name(std::string_view name) {
  const std::string text = lower_case(name);
  return find_entry(text) != nullptr || parametric_bfp(text).has_value() ||
         std::any_of(ambiguous_names.begin(), ambiguous_names.end(),
                     [&](const Ambiguous& both) { return both.name == text; });
}

BlockFormat find_block_format(std::string_view name) {
  const std::string text = lower_case(name);
  if (const BlockEntry* entry = find_entry(text)) return entry->format;
  if (std::optional<BlockFormat> format = parametric_bfp(text)) return *std::move(format);
  for (const Ambiguous& both : ambiguous_names) {
    if (both.name == text)
      throw Error("\"" + text + "\" alone means two formats", "",
                  "write " + std::string(both.meanings));
  }
  std::vector<std::string> known;
  for (const BlockEntry& entry : block_catalogue()) {
    known.push_back(entry.format.name);
    known.insert(known.end(), entry.aliases.begin(), entry.aliases.end());
  }
  const std::string hint = suggest(text, known);
  throw Error("unknown block format \"" + std::string(name.substr(0, 80)) + "\"", "",
              hint.empty() ? "names are mxfp4, nvfp4, bfp8_16 and others, or describe it: "
                             "{\"kind\": \"block\", ...}"
                           : hint);
}

}  // namespace halfulp
