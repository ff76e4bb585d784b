// SPDX-License-Identifier: MIT
#include "golden/quantizers/suspects.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "formats/presets.h"
#include "golden/tensors/axis.h"

namespace halfulp::quantizers {
namespace {

Quantizer nearest(const std::string& format) {
  return {.format = find_format(format), .rounding = {}};
}

// The format with no number beyond the largest one given; codes of others are as they were. Nothing
// where that is not one of its numbers, or no smaller one.
std::optional<Format> up_to(const Format& format, double largest) {
  const auto* f = std::get_if<Float>(&format.kind);
  const Value wanted = from_double(largest);
  if (f == nullptr || f->infinity || compare(wanted, largest_finite(format)) >= 0)
    return std::nullopt;
  try {
    Float narrow = *f;
    const Code all = Code{1} << (f->exponent_bits + f->fraction_bits);
    narrow.nan_codes = all - 1 - encode(format, wanted);
    Format made{format.name + " up to " + exact_text(format, encode(format, wanted)), narrow};
    validate(made);
    return made;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string extent_text(int extent) { return extent == 0 ? "all" : std::to_string(extent); }
std::string block_text(int rows, int columns) {
  return extent_text(rows) + "x" + extent_text(columns);
}

// Collects suspects, each the asked for with one change.
class Suspects {
 public:
  Suspects(const Recipe& asked, std::size_t dimensions)
      : asked_(asked), dimensions_(static_cast<int>(dimensions)) {}

  std::vector<Suspect> all() {
    change_rounding_of_elements();
    if (const auto* block = std::get_if<BlockFormat>(&asked_.quantizer); block != nullptr) {
      for (std::size_t i = block->levels.size(); i-- > 0;) change_level(*block, i);
      change_scale_of_tensor(*block);
      change_division(*block);
      change_special_blocks();
    }
    change_format_of_elements();
    change_input();
    change_layout();
    change_preset();
    return std::move(suspects_);
  }

 private:
  void add(const std::string& property, const std::string& what, Recipe recipe) {
    try {
      if (auto* block = std::get_if<BlockFormat>(&recipe.quantizer)) validate(*block);
    } catch (const Error&) {
      return;  // the change leaves no format
    }
    const auto same = [&](const Suspect& one) { return one.recipe == recipe; };
    if (recipe == asked_ || std::ranges::any_of(suspects_, same)) return;
    suspects_.push_back({.property = property, .what = what, .recipe = std::move(recipe)});
  }
  template <typename Change>
  void add_recipe(const std::string& property, const std::string& what, const Change& change) {
    Recipe recipe = asked_;
    change(recipe);
    add(property, what, std::move(recipe));
  }
  template <typename Change>
  void add_block(const std::string& property, const std::string& what, const Change& change) {
    add_recipe(property, what,
               [&](Recipe& recipe) { change(std::get<BlockFormat>(recipe.quantizer)); });
  }
  static Quantizer& element_of(AnyQuantizer& any) {
    auto* block = std::get_if<BlockFormat>(&any);
    return block != nullptr ? block->element : std::get<Quantizer>(any);
  }
  template <typename Change>
  void add_element(const std::string& property, const std::string& what, const Change& change) {
    add_recipe(property, what, [&](Recipe& recipe) { change(element_of(recipe.quantizer)); });
  }
  [[nodiscard]] const Quantizer& element() const {
    const auto* block = std::get_if<BlockFormat>(&asked_.quantizer);
    return block != nullptr ? block->element : std::get<Quantizer>(asked_.quantizer);
  }

  // --- Roundings.

  // Of what the quantizer rounds, "elements"; `at` is where it stands in a recipe.
  template <typename At>
  void change_rounding(const std::string& what, const Quantizer& own, const At& at) {
    const std::string property = "rounding of " + what;
    for (const Mode mode : all_modes()) {
      if (is_stochastic(mode)) continue;
      add_recipe(
          property,
          std::string(name_of(mode)) + ", instead of " + std::string(name_of(own.rounding.mode)),
          [&](Recipe& recipe) { at(recipe).rounding.mode = mode; });
    }
    for (const OverflowPreset& preset : overflow_presets()) {
      const std::optional<Overflow> rule = rule_for(preset, peer_kind_of(own.format));
      if (!rule) continue;
      add_recipe("overflow of " + what,
                 std::string(preset.name) + ", instead of " + overflow_text(own),
                 [&](Recipe& recipe) { at(recipe).rounding.overflow = *rule; });
    }
    for (const Tininess tininess : {Tininess::after_rounding, Tininess::before_rounding}) {
      const bool after = tininess == Tininess::after_rounding;
      add_recipe("subnormal " + what,
                 std::string("flushed to zero, tiny ") + (after ? "after" : "before") + " rounding",
                 [&](Recipe& recipe) { at(recipe).rounding.flush_outputs = tininess; });
    }
    add_recipe("subnormal " + what, "kept",
               [&](Recipe& recipe) { at(recipe).rounding.flush_outputs.reset(); });
  }
  static std::string overflow_text(const Quantizer& quantizer) {
    const std::string_view name = preset_name_of(quantizer.rounding.overflow, quantizer.format);
    return name.empty() ? "what was asked for" : std::string(name);
  }
  void change_rounding_of_elements() {
    change_rounding("elements", element(),
                    [](Recipe& recipe) -> Quantizer& { return element_of(recipe.quantizer); });
    add_element("subnormal numbers", "taken as zeros",
                [](Quantizer& element) { element.rounding.flush_inputs = true; });
    add_element("subnormal numbers", "kept",
                [](Quantizer& element) { element.rounding.flush_inputs = false; });
  }

  // --- Scales.

  static std::string scales_of(const BlockFormat& block, std::size_t level) {
    return level + 1 == block.levels.size() ? "scales" : "outer scales";
  }
  void change_level(const BlockFormat& block, std::size_t i) {
    const Level& own = block.levels[i];
    const std::string scales = scales_of(block, i);
    change_rounding(scales, own.scale, [i](Recipe& recipe) -> Quantizer& {
      return std::get<BlockFormat>(recipe.quantizer).levels[i].scale;
    });
    for (int k = 0; k < scale_rule_count; ++k) {
      const auto rule = static_cast<ScaleRule>(k);
      if (rule == ScaleRule::given) continue;
      add_block("rule of " + scales,
                std::string(name_of(rule)) + ", instead of " + std::string(name_of(own.rule)),
                [&](BlockFormat& format) { format.levels[i].rule = rule; });
    }
    for (const Division division :
         {Division::exact, Division::binary32, Division::binary32_reciprocal}) {
      add_block(
          "division for " + scales,
          std::string(name_of(division)) + ", instead of " + std::string(name_of(own.division)),
          [&](BlockFormat& format) { format.levels[i].division = division; });
    }
    for (const double epsilon : {0.0, 1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3}) {
      add_block("epsilon of " + scales, exact_epsilon(epsilon),
                [&](BlockFormat& format) { format.levels[i].epsilon = epsilon; });
    }
    change_floors(block, i);
    change_format_of_scales(block, i);
    change_blocks(block, i);
  }
  void change_floors(const BlockFormat& block, std::size_t i) {
    for (const double least : {0.0, 1e-12, 1e-10, 1e-6, 1e-4}) {
      add_block("least magnitude of " + scales_of(block, i), exact_epsilon(least),
                [&](BlockFormat& format) { format.levels[i].least_amax = least; });
    }
    for (const double least : {0.0, 1e-12, 1e-10, 0x1p-126, 1.0 / (512 * 448)}) {
      add_block("least of " + scales_of(block, i),
                shortest_text(find_format("binary64"),
                              encode(find_format("binary64"), from_double(least))),
                [&](BlockFormat& format) { format.levels[i].least_scale = least; });
    }
    for (const double largest : {0.0, 448.0, 256.0, 240.0, 224.0}) {
      const std::string text =
          largest == 0 ? "the format's" : std::to_string(static_cast<int>(largest));
      add_block("largest of " + scales_of(block, i), text + ", for the levels around",
                [&](BlockFormat& format) { format.levels[i].largest_scale = largest; });
    }
  }
  static std::string exact_epsilon(double epsilon) {
    if (epsilon == 0) return "none";
    int power = 0;
    for (double x = epsilon; x < 0.5; x *= 10) --power;
    return "1e" + std::to_string(power);
  }
  void change_format_of_scales(const BlockFormat& block, std::size_t i) {
    const Format& own = block.levels[i].scale.format;
    const std::string property = "format of " + scales_of(block, i);
    const auto set = [&](const Format& format) {
      add_block(property, format.name + ", instead of " + own.name,
                [&](BlockFormat& changed) { changed.levels[i].scale.format = format; });
    };
    for (const CatalogueEntry& entry : catalogue()) {
      const bool fits = std::holds_alternative<Float>(entry.format.kind) &&
                        bits(entry.format) <= 8 && bits(entry.format) >= bits(own) - 1;
      if (fits) set(entry.format);
    }
    for (const char* name : {"ue4m3", "binary32", "binary16", "bfloat16", "float8_e8m0fnu"})
      set(find_format(name));
    const auto* f = std::get_if<Float>(&own.kind);
    if (f == nullptr || f->fraction_bits != 0) return;
    for (const std::int64_t bias : {f->bias - 1, f->bias + 1}) {
      Float other = *f;
      other.bias = bias;
      set({own.name + " with a bias of " + std::to_string(bias), other});
    }
  }
  void change_blocks(const BlockFormat& block, std::size_t i) {
    const Level& own = block.levels[i];
    constexpr std::array<std::pair<int, int>, 20> extents{
        {{1, 4},   {1, 8},   {1, 16},    {1, 32}, {1, 64}, {1, 128}, {1, 256},
         {1, 512}, {1, 0},   {0, 0},     {8, 8},  {16, 1}, {16, 16}, {32, 1},
         {32, 32}, {64, 64}, {128, 128}, {8, 16}, {0, 1},  {128, 1}}};
    for (const auto& [rows, columns] : extents) {
      add_block("blocks of " + scales_of(block, i),
                block_text(rows, columns) + ", instead of " + block_text(own.rows, own.columns),
                [&, rows = rows, columns = columns](BlockFormat& format) {
                  format.levels[i].rows = rows;
                  format.levels[i].columns = columns;
                });
    }
  }
  // Without one, or with one more.
  void change_scale_of_tensor(const BlockFormat& block) {
    for (std::size_t i = 0; i < block.levels.size(); ++i) {
      add_block(scales_of(block, i), "all 1", [&](BlockFormat& format) {
        format.levels[i].rule = ScaleRule::given;
        format.levels[i].given = 1;
      });
    }
    if (block.levels.size() != 1) return;
    add_block("outer scales", "one of the tensor in binary32 too", [](BlockFormat& format) {
      Level outer{.rows = 0, .columns = 0, .scale = nearest("binary32")};
      format.levels.insert(format.levels.begin(), outer);
    });
  }

  // --- Quotients, and blocks that are no ordinary ones.

  void change_division(const BlockFormat& block) {
    for (const Division division :
         {Division::exact, Division::binary32, Division::binary32_reciprocal}) {
      add_block(
          "division of elements",
          std::string(name_of(division)) + ", instead of " + std::string(name_of(block.division)),
          [&](BlockFormat& format) { format.division = division; });
    }
    for (int i = 0; i < arithmetic_count; ++i) {
      const auto arithmetic = static_cast<Arithmetic>(i);
      add_block("arithmetic",
                std::string(name_of(arithmetic)) + ", instead of " +
                    std::string(name_of(block.arithmetic)),
                [&](BlockFormat& format) { format.arithmetic = arithmetic; });
    }
    for (const auto error :
         {FourOverSix::Error::absolute, FourOverSix::Error::squared, FourOverSix::Error::largest}) {
      for (const auto of : {FourOverSix::Of::numbers, FourOverSix::Of::scaled}) {
        if (block.arithmetic != Arithmetic::four_over_six) continue;
        add_block("error of four over six",
                  std::string(name_of(error)) + ", of " + std::string(name_of(of)),
                  [&](BlockFormat& format) {
                    format.four_over_six = {error, of};
                  });
      }
    }
    add_recipe("division of elements", "by the scale before it is rounded",
               [](Recipe& recipe) { recipe.handling = Recipe::Handling::unrounded_scales; });
  }
  void change_special_blocks() {
    for (const ZeroScale zero : {ZeroScale::zero, ZeroScale::least, ZeroScale::one}) {
      add_block("scales that are zero", std::string(name_of(zero)),
                [&](BlockFormat& format) { format.zero_scale = zero; });
    }
    for (const SpecialBlock special : {SpecialBlock::nan, SpecialBlock::saturate,
                                       SpecialBlock::ignore, SpecialBlock::nan_else_saturate}) {
      add_block("blocks with NaN or infinities", std::string(name_of(special)),
                [&](BlockFormat& format) { format.special = special; });
    }
  }

  // --- Formats.

  void change_format_of_elements() {
    const Format own = element().format;
    const auto set = [&](const Format& format) {
      add_element("format of elements", format.name + ", instead of " + own.name,
                  [&](Quantizer& changed) { changed.format = format; });
    };
    for (const CatalogueEntry& entry : catalogue()) {
      if (bits(entry.format) == bits(own) && fits_binary64(entry.format)) set(entry.format);
    }
    for (const double largest : {256.0, 240.0, 224.0, 4.0, 3.0}) {
      if (const std::optional<Format> narrow = up_to(own, largest)) set(*narrow);
    }
    if (const auto* f = std::get_if<Fixed>(&own.kind); f != nullptr && f->sign) {
      Fixed other = *f;
      other.symmetric = !f->symmetric;
      set({own.name + (f->symmetric ? " with its lowest code" : " without its lowest code"),
           other});
    }
    if (!std::holds_alternative<BlockFormat>(asked_.quantizer)) return;
    for (const BlockEntry& entry : block_catalogue()) {
      if (bits(entry.format.element.format) != bits(own)) continue;
      const bool same_name = entry.format.name == name_of_asked();
      add_recipe("format",
                 same_name ? entry.format.name + " without the changes asked for"
                           : entry.format.name + ", instead of " + name_of_asked(),
                 [&](Recipe& recipe) { recipe.quantizer = entry.format; });
    }
  }
  [[nodiscard]] std::string name_of_asked() const {
    return std::get<BlockFormat>(asked_.quantizer).name;
  }

  // --- What is done before and around.

  void change_input() {
    for (const char* format : {"binary32", "tf32", "bfloat16", "binary16"}) {
      for (const Mode mode : {Mode::nearest_even, Mode::toward_zero}) {
        Quantizer quantizer = nearest(format);
        quantizer.rounding.mode = mode;
        add_recipe("double rounding",
                   std::string("numbers rounded to ") + format + " first" +
                       (mode == Mode::nearest_even ? "" : ", toward zero"),
                   [&](Recipe& recipe) { recipe.input = quantizer; });
      }
    }
    for (const std::size_t size : {0, 8, 16, 32, 64, 128, 256}) {
      add_recipe("Hadamard matrix", size == 0 ? "none" : "of " + std::to_string(size),
                 [&](Recipe& recipe) {
                   recipe.hadamard = size;
                   if (size == 0) recipe.signs.reset();
                 });
    }
    if (asked_.hadamard != 0)
      add_recipe("Hadamard matrix", "without signs", [](Recipe& recipe) { recipe.signs.reset(); });
  }
  void change_layout() {
    const auto axis_in = [&](int axis) { return axis < 0 ? axis + dimensions_ : axis; };
    for (int axis = 0; axis < dimensions_; ++axis) {
      if (axis == axis_in(asked_.axis) || !std::holds_alternative<BlockFormat>(asked_.quantizer))
        continue;
      add_recipe("axis of blocks",
                 std::to_string(axis) + ", instead of " + std::to_string(axis_in(asked_.axis)),
                 [&](Recipe& recipe) { recipe.axis = axis; });
    }
    add_recipe("layout", "neighbouring codes in each other's place (order of nibbles)",
               [](Recipe& recipe) { recipe.handling = Recipe::Handling::pairs_exchanged; });
    const auto* block = std::get_if<BlockFormat>(&asked_.quantizer);
    if (block == nullptr || !tensors::lies_in_tiles(block->levels.back())) return;
    add_recipe("layout", asked_.tiled ? "scales in rows" : "scales in tiles of 128x4",
               [](Recipe& recipe) { recipe.tiled = !recipe.tiled; });
  }

  // All that a peer does, together.
  void change_preset() {
    if (std::holds_alternative<Quantizer>(asked_.quantizer)) {
      for (const RoundingPreset& preset : rounding_presets()) {
        const std::optional<Rounding> rounding =
            rounding_for(preset, peer_kind_of(element().format));
        if (!rounding) continue;
        add_element("preset", std::string(preset.name),
                    [&](Quantizer& changed) { changed.rounding = *rounding; });
      }
      return;
    }
    for (const BlockPreset& preset : block_presets()) {
      try {
        const BlockFormat changed = preset.apply(std::get<BlockFormat>(asked_.quantizer));
        add_recipe("preset", std::string(preset.name),
                   [&](Recipe& recipe) { recipe.quantizer = changed; });
      } catch (const Error&) {
        // It is for other formats.
      }
    }
  }

  const Recipe& asked_;
  int dimensions_;
  std::vector<Suspect> suspects_;
};

}  // namespace

std::vector<Suspect> suspects_of(const Recipe& asked, std::size_t dimensions) {
  return Suspects(asked, dimensions).all();
}

}  // namespace halfulp::quantizers
