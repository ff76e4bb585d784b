// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "golden/comparison/in_memory.h"
#include "golden/comparison/scales.h"
#include "golden/quantizers/sample.h"
#include "golden/quantizers/suspects.h"
#include "golden/tensors/scale_tiles.h"

namespace halfulp::quantizers {
namespace {

using tensors::Shape;
using tensors::Tensor;

const Tensor* find_part(const std::vector<Tensor>& parts, const std::string& name) {
  const auto found =
      std::ranges::find_if(parts, [&](const Tensor& part) { return part.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

// Codes that are compared as bits; NaN of got's format is equal to NaN.
PartMismatches compared(const Tensor& got, const std::vector<std::uint64_t>& made) {
  PartMismatches found{.part = got.name, .elements = tensors::element_count(got)};
  const std::vector<std::uint64_t> codes = tensors::codes_of(got);
  const Format& format = got.type.format;
  const auto is_nan = [&](std::uint64_t code) {
    return code >> static_cast<unsigned>(bits(format) - 1) <= 1 &&
           classify(format, code) == CodeClass::nan;
  };
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const bool same = codes[i] == made[i] || (is_nan(codes[i]) && is_nan(made[i]));
    found.mismatches += same ? 0 : 1;
  }
  return found;
}

double share_of(const std::vector<PartMismatches>& parts) {
  double elements = 0;
  for (const PartMismatches& part : parts) elements += static_cast<double>(part.elements);
  return static_cast<double>(mismatches_of(parts)) / std::max(elements, 1.0);
}

class Explaining {
 public:
  Explaining(const std::vector<Tensor>& got, const Tensor& tensor, const Recipe& asked,
             const Engine& engine, const RecipeOptions& options)
      : got_(got), tensor_(tensor), asked_(asked), engine_(engine), options_(options) {
    if (const Tensor* values = find_part(got, "values"); values != nullptr) {
      require_size(*values, tensor);
      asked_parts_ = {values_for(*values, asked)};
      return;
    }
    Recipe in_rows = asked;
    in_rows.tiled = false;
    asked_parts_ = parts_of(in_rows, tensor, engine, options);
    const std::vector<Tensor> laid_out = parts_of(asked, tensor, engine, options);
    for (const Tensor& part : got) {
      const Tensor* own = find_part(laid_out, part.name);
      if (own == nullptr)
        throw Error("what was asked for has none", part.name, "leave them out of the file");
      require_size(part, *own);
    }
  }

  [[nodiscard]] std::vector<PartMismatches> mismatches(const Recipe& recipe) const {
    std::vector<PartMismatches> found;
    if (const Tensor* values = find_part(got_, "values"); values != nullptr) {
      found.push_back({"values", tensors::element_count(*values),
                       comparison::mismatches_of(*values, values_for(*values, recipe))});
      return found;
    }
    const std::vector<Tensor> made = parts_of(recipe, tensor_, engine_, options_);
    for (const Tensor& part : got_) {
      const Tensor* own = find_part(made, part.name);
      const std::uint64_t elements = tensors::element_count(part);
      const std::optional<std::vector<std::uint64_t>> codes =
          own == nullptr ? std::nullopt : codes_for(part, *own);
      found.push_back(codes ? compared(part, *codes)
                            : PartMismatches{part.name, elements, elements});
    }
    return found;
  }

  // What was asked for makes, scales in rows.
  [[nodiscard]] const std::vector<Tensor>& asked_parts() const { return asked_parts_; }

 private:
  // In the format of what was got.
  [[nodiscard]] Tensor values_for(const Tensor& got, const Recipe& recipe) const {
    const Quantizer last{.format = got.type.format, .rounding = {}};
    Tensor made =
        comparison::converted(values_of(recipe, tensor_, engine_, options_), last, engine_);
    made.name = got.name;
    return made;
  }
  static void require_size(const Tensor& got, const Tensor& asked) {
    if (tensors::element_count(got) == tensors::element_count(asked)) return;
    throw Error("of shape " + tensors::shape_text(got.shape) + ", what was asked for is " +
                    tensors::shape_text(asked.shape),
                got.name, "is this the tensor that it was made of?");
  }
  // As many as got has: the part itself, or the scales of larger blocks for each block that was
  // asked for. Nothing where they do not go together.
  [[nodiscard]] std::optional<std::vector<std::uint64_t>> codes_for(const Tensor& got,
                                                                    const Tensor& made) const {
    std::vector<std::uint64_t> codes = tensors::codes_of(made);
    if (codes.size() == tensors::element_count(got)) return codes;
    const Tensor* asked = find_part(asked_parts_, got.name);
    if (asked == nullptr || asked->shape.size() != made.shape.size()) return std::nullopt;
    Shape factors;
    for (std::size_t axis = 0; axis < made.shape.size(); ++axis) {
      const std::int64_t wide = made.shape[axis];
      const std::int64_t narrow = asked->shape[axis];
      if (wide == 0) return std::nullopt;
      factors.push_back(std::max<std::int64_t>((narrow + wide - 1) / wide, 1));
      if ((narrow + factors.back() - 1) / factors.back() != wide) return std::nullopt;
    }
    const comparison::BlockMap map = comparison::BlockMap{
        asked->shape, made.shape, factors, std::vector<bool>(made.shape.size(), true)};
    std::vector<std::uint64_t> each(tensors::element_count(*asked));
    for (std::size_t i = 0; i < each.size(); ++i) each[i] = codes[map.scale_of(i)];
    if (!asked_.tiled) return each;
    Tensor in_rows = tensors::from_codes({made.name, made.type, asked->shape}, each);
    return tensors::codes_of(tensors::tiled_scales(in_rows, false));
  }

  const std::vector<Tensor>& got_;
  const Tensor& tensor_;
  const Recipe& asked_;
  const Engine& engine_;
  const RecipeOptions& options_;
  std::vector<Tensor> asked_parts_;
};

}  // namespace

std::uint64_t mismatches_of(const std::vector<PartMismatches>& parts) {
  std::uint64_t sum = 0;
  for (const PartMismatches& part : parts) sum += part.mismatches;
  return sum;
}

Explained explain(const std::vector<Tensor>& got, const Asked& asked, const Engine& engine,
                  const RecipeOptions& options,
                  const std::function<void(std::size_t done)>& tried) {
  const auto& [tensor, recipe_asked, suspects] = asked;
  const Explaining whole(got, tensor, recipe_asked, engine, options);
  Explained result{.asked = whole.mismatches(recipe_asked), .exact = {}, .nearest = {}};
  if (mismatches_of(result.asked) == 0) return result;
  const std::optional<Sample> sample = goes_by_rows(recipe_asked, tensor)
                                           ? sample_of(tensor, got, whole.asked_parts())
                                           : std::nullopt;
  std::optional<Explaining> few;
  if (sample) few.emplace(sample->parts, sample->tensor, recipe_asked, engine, options);
  const Suspect* nearest = nullptr;
  double fewest = 1;  // as a share
  for (std::size_t i = 0; i < suspects.size(); ++i) {
    try {
      const Recipe& recipe = suspects[i].recipe;
      std::vector<PartMismatches> left =
          (few && goes_by_rows(recipe, tensor) ? *few : whole).mismatches(recipe);
      if (few && mismatches_of(left) == 0) left = whole.mismatches(recipe);
      const double share = share_of(left);
      if (share < fewest) nearest = &suspects[i];
      fewest = std::min(share, fewest);
      if (share == 0) result.exact.push_back({&suspects[i], std::move(left)});
    } catch (const Error&) {
      // The change means nothing for this tensor.
    }
    if (tried) tried(i + 1);
  }
  if (!result.exact.empty() || nearest == nullptr) return result;
  Explanation best{nearest, whole.mismatches(nearest->recipe)};
  if (mismatches_of(best.parts) < mismatches_of(result.asked)) result.nearest = std::move(best);
  return result;
}

}  // namespace halfulp::quantizers
