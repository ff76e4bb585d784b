// SPDX-License-Identifier: MIT
//
// A slice is a product like any other. The sum with what was there before is the first step of its
// epilogue: C is what was there, and the order's own epilogue follows behind the last slice.
#include "golden/kernels/slices.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/kernels/product.h"
#include "golden/kernels/unit_dot.h"

namespace halfulp::kernels {
namespace {

using tensors::Shape;
using tensors::Tensor;

using Merge = Slicing::Merge;

std::size_t ceil_of(std::size_t n, std::size_t by) { return n / by + (n % by == 0 ? 0 : 1); }

std::size_t last(const Shape& shape, std::size_t from_last) {
  return static_cast<std::size_t>(shape[shape.size() - from_last]);
}

std::vector<std::size_t> counted_from(std::size_t first, std::size_t count) {
  std::vector<std::size_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = first + i;
  return numbers;
}

// Neighbouring rows, or columns, from `first` on: each comes to stand at a place of its own among
// `length`.
struct Side {
  std::size_t first = 0;
  std::vector<std::size_t> places;
  std::size_t length = 0;
};
Side range(std::size_t first, std::size_t end) {
  return {.first = first, .places = counted_from(0, end - first), .length = end - first};
}
Side all_rows(const Tensor& matrix) { return range(0, last(matrix.shape, 2)); }
Side all_columns(const Tensor& matrix) { return range(0, last(matrix.shape, 1)); }

// A matrix, or each of a batch, of chosen rows and columns; what is left free has code 0.
Tensor chosen(const Tensor& from, const Side& rows, const Side& columns) {
  Shape shape = from.shape;
  const std::size_t height = last(shape, 2);
  const std::size_t width = last(shape, 1);
  const std::size_t matrices =
      height * width == 0 ? 0 : tensors::element_count(from) / (height * width);
  shape[shape.size() - 2] = static_cast<std::int64_t>(rows.length);
  shape[shape.size() - 1] = static_cast<std::int64_t>(columns.length);
  Tensor made{.name = from.name, .type = from.type, .shape = shape, .data = {}};
  const std::size_t bytes = tensors::element_bytes(from.type);
  made.data.resize(tensors::element_count(shape) * bytes);
  for (std::size_t matrix = 0; matrix < matrices; ++matrix) {
    for (std::size_t r = 0; r < rows.places.size(); ++r) {
      const std::size_t source = (matrix * height + rows.first + r) * width + columns.first;
      const std::size_t target = (matrix * rows.length + rows.places[r]) * columns.length;
      for (std::size_t c = 0; c < columns.places.size(); ++c)
        std::copy_n(&from.data[(source + c) * bytes], bytes,
                    &made.data[(target + columns.places[c]) * bytes]);
    }
  }
  return made;
}

void require_zero_code(const Tensor& tensor, const std::string& place) {
  if (!decode(tensor.type.format, 0).is_zero())
    throw Error(
        "groups are filled up with zeros, and " + tensor.type.name + " has no zero of code 0",
        place, "use another format");
}

// A product of some rows and columns in slices.
class Slices {
 public:
  Slices(const MatrixUnit& unit, const Order& order, const Slicing& slicing, const Engine& engine,
         const ProductOperands& operands, const ProductOptions& options)
      : unit_(unit),
        slicing_(slicing),
        engine_(engine),
        operands_(operands),
        options_(options),
        out_(options.to.value_or(result_of(unit, order))),
        epilogue_(order.epilogue),
        alone_(order) {
    alone_.slicing.reset();
    alone_.stream_k.reset();
    alone_.epilogue.clear();
    if (operands.c != nullptr && adds_c_in_epilogue(order))
      throw Error("slices whose epilogue adds C", "c", "add it to what the product makes");
    if (slicing.group != 0 && !(operands.a_scales.empty() && operands.b_scales.empty()))
      throw Error("scales of terms that a kernel issues in groups of its own", "a_scales",
                  "leave out the groups, or the scales");
  }

  Tensor run(const std::vector<Slice>& slices) {
    std::optional<Tensor> sum;
    for (std::size_t i = 0; i < slices.size(); ++i) {
      ProductOptions options = options_;
      const auto count = static_cast<double>(slices.size());
      if (options_.progress)
        options.progress = [&, i](double done) {
          options_.progress((static_cast<double>(i) + done) / count);
        };
      if (i + 1 < slices.size()) options.to.reset();
      Tensor next = one(slices[i], sum ? &*sum : nullptr, i + 1 == slices.size(), options);
      sum = std::move(next);
    }
    return *std::move(sum);
  }

 private:
  // What follows a slice: roundings of the part, its sum with what was there, rounding of that.
  [[nodiscard]] std::vector<EpilogueStep> steps(bool first) const {
    std::vector<EpilogueStep> steps;
    const EpilogueStep to_result{.what = EpilogueStep::What::convert, .quantizer = out_};
    if (slicing_.merge == Merge::rounded_parts) steps.push_back(to_result);
    if (!first) {
      steps.push_back({.what = EpilogueStep::What::add_c, .quantizer = slicing_.sum});
    } else if (slicing_.merge == Merge::sums) {
      steps.push_back({.what = EpilogueStep::What::convert, .quantizer = slicing_.sum});
    }
    if (slicing_.merge == Merge::rounded_sums) steps.push_back(to_result);
    return steps;
  }

  Tensor one(const Slice& slice, const Tensor* before, bool is_last,
             const ProductOptions& options) {
    Order order = alone_;
    order.epilogue = steps(before == nullptr);
    if (is_last) order.epilogue.insert(order.epilogue.end(), epilogue_.begin(), epilogue_.end());
    kept_.clear();
    ProductOperands part = operands_of(slice);
    part.c = before != nullptr ? before : operands_.c;
    part.bias = is_last ? operands_.bias : nullptr;
    take_scales(part, slice, is_last);
    return multiply(unit_, order, engine_, part, options);
  }

  ProductOperands operands_of(const Slice& slice) {
    ProductOperands part{.b_transposed = operands_.b_transposed};
    const std::size_t terms = slice.end - slice.first;
    const std::size_t instruction = alone_.tree ? 1 : whole_instructions(unit_, 1);
    std::vector<std::size_t> places = places_of(slicing_, terms, instruction);
    const std::size_t length = places.back();
    places.pop_back();
    if (length != terms) {
      require_zero_code(*operands_.a, "a");
      require_zero_code(*operands_.b, "b");
    }
    const Side side{.first = slice.first, .places = std::move(places), .length = length};
    const Tensor& b = *operands_.b;
    part.a = keep(chosen(*operands_.a, all_rows(*operands_.a), side));
    part.b = keep(operands_.b_transposed ? chosen(b, all_rows(b), side)
                                         : chosen(b, side, all_columns(b)));
    return part;
  }

  // Those of the sums for the slice's blocks, and that of the epilogue behind the last.
  void take_scales(ProductOperands& part, const Slice& slice, bool is_last) {
    std::vector<std::size_t> blocks;
    for (const Sum& sum : tree_of(alone_, unit_.tree, slice.end - slice.first).sums)
      if (sum.scaling) blocks.push_back(static_cast<std::size_t>(sum.scaling->block));
    const auto take = [&](const std::vector<const Tensor*>& all,
                          std::vector<const Tensor*>& taken) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (i >= blocks.size()) {
          if (is_last) taken.push_back(all[i]);
        } else if (tensors::element_count(*all[i]) == 1) {
          taken.push_back(all[i]);
        } else {
          taken.push_back(keep(of_blocks(*all[i], slice, blocks[i])));
        }
      }
    };
    take(operands_.a_scales, part.a_scales);
    take(operands_.b_scales, part.b_scales);
  }
  static Tensor of_blocks(const Tensor& scales, const Slice& slice, std::size_t block) {
    if (slice.first % block != 0)
      throw Error("slices cut a block of " + std::to_string(block) + " terms with one scale",
                  "a_scales", "let slices be multiples of it");
    const std::size_t end = ceil_of(slice.end, block);
    if (scales.shape.size() < 2 || last(scales.shape, 1) < end)
      throw Error("scales of another shape", "a_scales", "give one a row and block of terms");
    return chosen(scales, all_rows(scales), range(slice.first / block, end));
  }

  const Tensor* keep(Tensor made) {
    kept_.push_back(std::make_unique<Tensor>(std::move(made)));
    return kept_.back().get();
  }

  const MatrixUnit& unit_;
  const Slicing& slicing_;
  const Engine& engine_;
  const ProductOperands& operands_;
  const ProductOptions& options_;
  Quantizer out_;
  std::vector<EpilogueStep> epilogue_;
  Order alone_;
  std::vector<std::unique_ptr<Tensor>> kept_;
};

// The rectangle of a result that a tile is.
struct Part {
  std::size_t row = 0, rows = 0, column = 0, columns = 0;
};

void put(const Tensor& tile, const Part& part, std::size_t columns, Tensor& all) {
  const std::size_t bytes = tensors::element_bytes(all.type);
  for (std::size_t r = 0; r < part.rows; ++r)
    std::copy_n(&tile.data[r * part.columns * bytes], part.columns * bytes,
                &all.data[((part.row + r) * columns + part.column) * bytes]);
}

class StreamedProduct {
 public:
  StreamedProduct(const MatrixUnit& unit, const Order& order, const Engine& engine,
                  const ProductOperands& operands, const ProductOptions& options)
      : unit_(unit),
        order_(order),
        engine_(engine),
        operands_(operands),
        options_(options),
        shape_(shape_of(unit, order, operands)),
        slicing_{.sum = order.stream_k->sum} {
    const bool matrices = operands.a->shape.size() == 2 && operands.b->shape.size() == 2;
    if (!matrices) throw Error("a batch of matrices by stream-k", "a", "give one at a time");
    for (const auto* scales : {&operands.a_scales, &operands.b_scales}) {
      for (const Tensor* scale : *scales)
        if (tensors::element_count(*scale) != 1)
          throw Error("scales of rows or blocks by stream-k", "a_scales", "give one number each");
    }
    const bool adds = operands.c != nullptr && tensors::element_count(*operands.c) != 1;
    if (adds || operands.bias != nullptr)
      throw Error("an addend by stream-k", adds ? "c" : "bias", "add it to what the product makes");
  }

  Tensor run() {
    const StreamK& stream = *order_.stream_k;
    const auto rows = static_cast<std::size_t>(stream.rows);
    const auto columns = static_cast<std::size_t>(stream.columns);
    Tensor all = of_nothing();
    const std::size_t of_row = ceil_of(shape_.columns, columns);
    const std::size_t tiles = ceil_of(shape_.rows, rows) * of_row;
    for (std::size_t tile = 0; tile < tiles; ++tile) {
      const std::size_t row = tile / of_row * rows;
      const std::size_t column = tile % of_row * columns;
      const Part part{.row = row,
                      .rows = std::min(rows, shape_.rows - row),
                      .column = column,
                      .columns = std::min(columns, shape_.columns - column)};
      put(of_part(part), part, shape_.columns, all);
      if (options_.progress)
        options_.progress(static_cast<double>(tile + 1) / static_cast<double>(tiles));
    }
    return all;
  }

 private:
  [[nodiscard]] Tensor of_nothing() const {
    const Quantizer out = options_.to.value_or(result_of(unit_, order_));
    Tensor all{.name = "d",
               .type = tensors::element_type(out.format),
               .shape = {static_cast<std::int64_t>(shape_.rows),
                         static_cast<std::int64_t>(shape_.columns)},
               .data = {}};
    all.data.resize(tensors::element_count(all.shape) * tensors::element_bytes(all.type));
    return all;
  }
  [[nodiscard]] Tensor of_part(const Part& part) const {
    const Side rows = range(part.row, part.row + part.rows);
    const Side columns = range(part.column, part.column + part.columns);
    const Tensor a = chosen(*operands_.a, rows, all_columns(*operands_.a));
    const Tensor& all = *operands_.b;
    const Tensor b = operands_.b_transposed ? chosen(all, columns, all_columns(all))
                                            : chosen(all, all_rows(all), columns);
    ProductOperands operands = operands_;
    operands.a = &a;
    operands.b = &b;
    ProductOptions options = options_;
    options.progress = {};
    options.random.offset += part.row * shape_.columns + part.column;
    Slices slices(unit_, order_, slicing_, engine_, operands, options);
    return slices.run(slices_of(*order_.stream_k, shape_.rows, shape_.columns, shape_.terms,
                                part.row, part.column));
  }

  const MatrixUnit& unit_;
  const Order& order_;
  const Engine& engine_;
  const ProductOperands& operands_;
  const ProductOptions& options_;
  ProductShape shape_;
  Slicing slicing_;
};

}  // namespace

std::vector<Slice> slices_of(const Slicing& slicing, std::size_t terms) {
  auto size = static_cast<std::size_t>(slicing.size);
  if (slicing.parts != 0) {
    const auto grain = static_cast<std::size_t>(slicing.grain);
    size = ceil_of(ceil_of(terms, grain), static_cast<std::size_t>(slicing.parts)) * grain;
  }
  if (size == 0 || size > terms) size = terms;
  std::vector<Slice> slices;
  for (std::size_t first = 0; first < terms; first += size)
    slices.push_back({first, std::min(terms, first + size)});
  if (slices.empty()) slices.emplace_back();
  return slices;
}

std::vector<Slice> slices_of(const StreamK& stream, std::size_t rows, std::size_t columns,
                             std::size_t terms, std::size_t row, std::size_t column) {
  const auto depth = static_cast<std::size_t>(stream.terms);
  const std::size_t of_row = ceil_of(columns, static_cast<std::size_t>(stream.columns));
  const std::size_t steps = ceil_of(terms, depth);
  const std::size_t tiles = ceil_of(rows, static_cast<std::size_t>(stream.rows)) * of_row;
  const std::size_t each =
      std::max<std::size_t>(ceil_of(tiles * steps, static_cast<std::size_t>(stream.workers)), 1);
  const std::size_t tile = row / static_cast<std::size_t>(stream.rows) * of_row +
                           column / static_cast<std::size_t>(stream.columns);
  std::vector<Slice> slices;
  for (std::size_t step = tile * steps; step < (tile + 1) * steps;) {
    const std::size_t end = std::min((step / each + 1) * each, (tile + 1) * steps);
    slices.push_back(
        {(step - tile * steps) * depth, std::min((end - tile * steps) * depth, terms)});
    step = end;
  }
  if (slices.empty()) slices.emplace_back();
  return slices;
}

std::vector<std::size_t> places_of(const Slicing& slicing, std::size_t terms,
                                   std::size_t instruction) {
  std::vector<std::size_t> places;
  if (slicing.group == 0) {
    places = counted_from(0, terms + 1);
    return places;
  }
  const auto group = static_cast<std::size_t>(slicing.group);
  std::size_t first = slicing.step != 0 ? terms % static_cast<std::size_t>(slicing.step)
                                        : static_cast<std::size_t>(slicing.first);
  first = std::min(first, terms);
  const std::size_t width = ceil_of(group, instruction) * instruction;
  std::size_t start = 0;
  for (const auto& [begin, end] : {std::pair(std::size_t{0}, first), std::pair(first, terms)}) {
    for (std::size_t at = begin; at < end; at += group) {
      for (std::size_t i = at; i < std::min(at + group, end); ++i)
        places.push_back(start + (i - at));
      start += width;
    }
  }
  places.push_back(start);
  return places;
}

Tensor multiply_in_slices(const MatrixUnit& unit, const Order& order, const Engine& engine,
                          const ProductOperands& operands, const ProductOptions& options) {
  const auto outer = [](const OuterSum& sum) { return draws_bits(sum.sum.quantizer); };
  const bool stochastic = draws_bits(order.tree ? *order.tree : unit.tree) ||
                          std::ranges::any_of(order.sums, outer) ||
                          (order.slicing && draws_bits(order.slicing->sum));
  if (stochastic)
    throw Error("slices of sums that draw random bits", "order", "use another rounding");
  if (order.stream_k) return StreamedProduct(unit, order, engine, operands, options).run();
  const std::size_t terms = shape_of(unit, order, operands).terms;
  Slices slices(unit, order, *order.slicing, engine, operands, options);
  return slices.run(slices_of(*order.slicing, terms));
}

}  // namespace halfulp::kernels
