// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/comparison/in_memory.h"
#include "golden/kernels/side_operands.h"
#include "golden/kernels/suspects.h"

namespace halfulp::kernels {
namespace {

using comparison::converted;
using comparison::mismatches_of;
using tensors::Shape;
using tensors::Tensor;
using What = Handling::What;

// The bytes of elements, by place.
Tensor gathered(const Tensor& from, Shape shape, const std::vector<std::size_t>& places) {
  const std::size_t bytes = tensors::element_bytes(from.type);
  Tensor made{.name = from.name, .type = from.type, .shape = std::move(shape), .data = {}};
  made.data.reserve(places.size() * bytes);
  for (const std::size_t place : places) {
    const auto begin = from.data.begin() + static_cast<std::ptrdiff_t>(place * bytes);
    made.data.insert(made.data.end(), begin, begin + static_cast<std::ptrdiff_t>(bytes));
  }
  return made;
}

struct Extent {
  std::size_t rows = 0, columns = 0;
};
Extent extent_of(const Tensor& matrix) {
  return {static_cast<std::size_t>(matrix.shape[0]), static_cast<std::size_t>(matrix.shape[1])};
}
Shape shape_of(const Extent& extent) {
  return {static_cast<std::int64_t>(extent.rows), static_cast<std::int64_t>(extent.columns)};
}

// Rows and columns of a matrix, by place.
Tensor selected(const Tensor& matrix, const std::vector<std::size_t>& rows,
                const std::vector<std::size_t>& columns) {
  const Extent extent = extent_of(matrix);
  std::vector<std::size_t> places;
  for (const std::size_t r : rows) {
    for (const std::size_t c : columns) places.push_back(r * extent.columns + c);
  }
  return gathered(matrix, shape_of({rows.size(), columns.size()}), places);
}

std::vector<std::size_t> first_places(std::size_t count) {
  std::vector<std::size_t> places(count);
  for (std::size_t i = 0; i < count; ++i) places[i] = i;
  return places;
}

Tensor transposed(const Tensor& matrix) {
  const Extent extent = extent_of(matrix);
  std::vector<std::size_t> places;
  for (std::size_t c = 0; c < extent.columns; ++c) {
    for (std::size_t r = 0; r < extent.rows; ++r) places.push_back(r * extent.columns + c);
  }
  return gathered(matrix, shape_of({extent.columns, extent.rows}), places);
}

// Operands that are changed copies of others.
class Operands {
 public:
  explicit Operands(const ProductOperands& from) : made_(from) {}

  // Their terms in another order, or only some.
  void take_terms(const std::vector<std::size_t>& places, bool of_a, bool of_b) {
    if (of_a) replace(made_.a, selected(*made_.a, first_places(extent_of(*made_.a).rows), places));
    if (!of_b) return;
    const Extent extent = extent_of(*made_.b);
    replace(made_.b, made_.b_transposed ? selected(*made_.b, first_places(extent.rows), places)
                                        : selected(*made_.b, places, first_places(extent.columns)));
  }
  void take_rows(const std::vector<std::size_t>& rows) {
    const std::size_t all = extent_of(*made_.a).rows;
    replace(made_.a, selected(*made_.a, rows, first_places(extent_of(*made_.a).columns)));
    const std::size_t columns =
        made_.b_transposed ? extent_of(*made_.b).rows : extent_of(*made_.b).columns;
    if (made_.c != nullptr && tensors::element_count(*made_.c) == all * columns && columns > 0) {
      Tensor c = *made_.c;
      c.shape = shape_of({all, columns});
      replace(made_.c, selected(c, rows, first_places(columns)));
    }
    for (const Tensor*& scales : made_.a_scales) take_rows_of_scales(scales, all, rows);
  }
  void keep_blocks(std::size_t terms, const std::vector<std::size_t>& block_sizes) {
    for (std::size_t i = 0; i < block_sizes.size(); ++i) {
      const std::size_t blocks = (terms + block_sizes[i] - 1) / block_sizes[i];
      if (i < made_.a_scales.size()) cut_blocks(made_.a_scales[i], blocks);
      if (i < made_.b_scales.size()) cut_blocks(made_.b_scales[i], blocks);
    }
  }
  void transpose(bool of_a) { of_a ? replace(made_.a, transposed(*made_.a)) : transpose_b(); }
  void exchange() { std::swap(made_.a, made_.b); }
  void drop_c() { made_.c = nullptr; }
  void drop_scales() {
    for (auto* all : {&made_.a_scales, &made_.b_scales}) {
      for (const Tensor*& scales : *all) {
        const auto one = static_cast<std::uint64_t>(encode(scales->type.format, make_value(1)));
        const std::vector<std::uint64_t> codes(tensors::element_count(*scales), one);
        replace(scales, tensors::from_codes({"", scales->type, scales->shape}, codes));
      }
    }
  }
  [[nodiscard]] const ProductOperands& operator*() const { return made_; }

 private:
  void replace(const Tensor*& operand, Tensor made) {
    kept_.push_back(std::make_unique<Tensor>(std::move(made)));
    operand = kept_.back().get();
  }
  void transpose_b() { replace(made_.b, transposed(*made_.b)); }
  void cut_blocks(const Tensor*& scales, std::size_t blocks) {
    if (scales->shape.size() != 2 || extent_of(*scales).columns <= blocks) return;
    replace(scales, selected(*scales, first_places(extent_of(*scales).rows), first_places(blocks)));
  }
  // One number serves all rows; fewer rows than the product has stand for groups of them.
  void take_rows_of_scales(const Tensor*& scales, std::size_t all,
                           const std::vector<std::size_t>& rows) {
    const std::size_t count = tensors::element_count(*scales);
    if (count == 1) return;
    const bool one_a_row = count == all && scales->shape.size() != 2;
    const std::size_t width = one_a_row ? 1 : static_cast<std::size_t>(scales->shape.back());
    const std::size_t groups = std::max<std::size_t>(count / std::max<std::size_t>(width, 1), 1);
    std::vector<std::size_t> places;
    for (const std::size_t row : rows) {
      for (std::size_t i = 0; i < width; ++i)
        places.push_back(group_of(row, all, groups) * width + i);
    }
    replace(scales, gathered(*scales, shape_of({rows.size(), width}), places));
  }

  ProductOperands made_;
  std::vector<std::unique_ptr<Tensor>> kept_;
};

std::vector<std::size_t> block_sizes(const Suspect& suspect, std::size_t terms) {
  std::vector<std::size_t> sizes;
  for (const Sum& sum : tree_of(suspect.order, suspect.unit.tree, terms).sums) {
    if (sum.scaling) sizes.push_back(static_cast<std::size_t>(sum.scaling->block));
  }
  return sizes;
}

std::vector<std::size_t> reversed(std::size_t count) {
  std::vector<std::size_t> places = first_places(count);
  std::ranges::reverse(places);
  return places;
}
std::vector<std::size_t> pairs_exchanged(std::size_t count) {
  std::vector<std::size_t> places = first_places(count);
  for (std::size_t i = 0; i + 1 < count; i += 2) std::swap(places[i], places[i + 1]);
  return places;
}

// Throws Error where the handling needs square matrices, or what is not there.
void handle(const Suspect& suspect, Operands& operands) {
  const Handling& handling = suspect.handling;
  const std::size_t terms = extent_of(*(*operands).a).columns;
  const bool square = extent_of(*(*operands).a).rows == terms &&
                      extent_of(*(*operands).b).rows == extent_of(*(*operands).b).columns;
  const auto require = [](bool condition) {
    if (!condition) throw Error("a change that these operands do not have");
  };
  switch (handling.what) {
    case What::nothing:
      return;
    case What::tail_dropped: {
      const std::size_t kept = terms / handling.amount * handling.amount;
      operands.take_terms(first_places(kept), true, true);
      return operands.keep_blocks(kept, block_sizes(suspect, kept));
    }
    case What::terms_reversed:
      require(block_sizes(suspect, terms).empty());
      return operands.take_terms(reversed(terms), true, true);
    case What::a_transposed:
      require(square);
      return operands.transpose(true);
    case What::b_transposed:
      require(square);
      return operands.transpose(false);
    case What::exchanged:
      require(square && !(*operands).b_transposed &&
              (*operands).a->type.format == (*operands).b->type.format);
      return operands.exchange();
    case What::a_pairs_exchanged:
      return operands.take_terms(pairs_exchanged(terms), true, false);
    case What::b_pairs_exchanged:
      return operands.take_terms(pairs_exchanged(terms), false, true);
    case What::without_c:
      require((*operands).c != nullptr && !adds_c_in_epilogue(suspect.order));
      return operands.drop_c();
    case What::without_scales:
      require(!(*operands).a_scales.empty());
      return operands.drop_scales();
  }
}

// A few rows, most of them with mismatches.
std::vector<std::size_t> telling_rows(const Tensor& got, const Tensor& asked) {
  const Extent extent = extent_of(got);
  constexpr std::size_t most = 8;
  std::vector<std::size_t> bad;
  std::vector<std::size_t> good;
  for (std::size_t row = 0; row < extent.rows; ++row) {
    const std::vector<std::size_t> one{row};
    const auto columns = first_places(extent.columns);
    const bool differs =
        mismatches_of(selected(got, one, columns), selected(asked, one, columns)) != 0;
    (differs ? bad : good).push_back(row);
  }
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < std::min(bad.size(), most - 2); ++i)
    rows.push_back(bad[i * bad.size() / std::min(bad.size(), most - 2)]);
  for (std::size_t i = 0; i < good.size() && rows.size() < most; ++i) rows.push_back(good[i]);
  std::ranges::sort(rows);
  return rows;
}

// The product under a suspect: rows of it, or all where none are listed.
Tensor product_of(const Suspect& suspect, const Engine& engine, const ProductOperands& operands,
                  const ProductOptions& options, const std::vector<std::size_t>& rows) {
  Operands changed(operands);
  handle(suspect, changed);
  if (!rows.empty()) changed.take_rows(rows);
  ProductOptions with = options;
  if (suspect.through) with.to = suspect.through;
  Tensor made = multiply(suspect.unit, suspect.order, engine, *changed, with);
  if (!suspect.through) return made;
  const Quantizer last = options.to.value_or(result_of(suspect.unit, suspect.order));
  return converted(made, last, engine);
}

class Explaining {
 public:
  Explaining(const Tensor& got, const Engine& engine, const ProductOperands& operands,
             const ProductOptions& options)
      : got_(got), engine_(engine), operands_(operands), options_(options) {}

  // rows: of the product; all where there are none.
  [[nodiscard]] std::uint64_t mismatches(const Suspect& suspect,
                                         const std::vector<std::size_t>& rows) const {
    const Tensor made = product(suspect, rows);
    if (rows.empty()) return mismatches_of(got_, made);
    return mismatches_of(selected(got_, rows, first_places(extent_of(got_).columns)), made);
  }
  // In the format of what was got.
  [[nodiscard]] Tensor product(const Suspect& suspect, const std::vector<std::size_t>& rows) const {
    const Tensor made = product_of(suspect, engine_, operands_, options_, rows);
    return converted(made, {.format = got_.type.format, .rounding = {}}, engine_);
  }

 private:
  const Tensor& got_;
  const Engine& engine_;
  const ProductOperands& operands_;
  const ProductOptions& options_;
};

void require_matrices(const Tensor& got, const ProductOperands& operands) {
  const bool matrices =
      got.shape.size() == 2 && operands.a->shape.size() == 2 && operands.b->shape.size() == 2;
  if (!matrices) throw Error("explanations are of two matrices", "a", "give one of the batch");
}

}  // namespace

tensors::Tensor multiply(const Suspect& suspect, const Engine& engine,
                         const ProductOperands& operands, const ProductOptions& options) {
  return product_of(suspect, engine, operands, options, {});
}

Explained explain(const tensors::Tensor& got, const std::vector<Suspect>& suspects,
                  const MatrixUnit& unit, const Order& order, const Engine& engine,
                  const ProductOperands& operands, const ProductOptions& options,
                  const std::function<void(std::size_t done)>& tried) {
  require_matrices(got, operands);
  const Suspect asked{.property = "", .what = "", .unit = unit, .order = order};
  const Explaining explaining(got, engine, operands, options);
  const Tensor wanted = explaining.product(asked, {});
  if (wanted.shape != got.shape)
    throw Error("the product has another shape than what was made", "a", "are these its operands?");
  Explained result{.results = tensors::element_count(got),
                   .mismatches = mismatches_of(got, wanted),
                   .exact = {},
                   .nearest = {}};
  if (result.mismatches == 0) return result;
  const std::vector<std::size_t> rows = telling_rows(got, wanted);
  const std::vector<std::size_t> columns = first_places(extent_of(got).columns);
  const Suspect* nearest = nullptr;
  std::uint64_t fewest =
      mismatches_of(selected(got, rows, columns), selected(wanted, rows, columns));
  for (std::size_t i = 0; i < suspects.size(); ++i) {
    try {
      const std::uint64_t left = explaining.mismatches(suspects[i], rows);
      if (left == 0 && explaining.mismatches(suspects[i], {}) == 0)
        result.exact.push_back({&suspects[i], 0});
      if (left < fewest) {
        fewest = left;
        nearest = &suspects[i];
      }
    } catch (const Error&) {
      // The change means nothing for these operands.
    }
    if (tried) tried(i + 1);
  }
  if (result.exact.empty() && nearest != nullptr)
    result.nearest = Explanation{nearest, explaining.mismatches(*nearest, {})};
  return result;
}

}  // namespace halfulp::kernels
