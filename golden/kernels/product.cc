// SPDX-License-Identifier: MIT
#include "golden/kernels/product.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "emulator/parallel.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"
#include "golden/kernels/side_operands.h"
#include "golden/kernels/unit_dot.h"
#include "golden/kernels/unit_operands.h"

namespace halfulp::kernels {
namespace {

using tensors::Shape;
using tensors::Tensor;

// What all tiles share.
struct Problem {
  const MatrixUnit& unit;
  const Order& order;
  const ProductOperands& operands;
  std::size_t batches = 1, rows = 0, terms = 0, columns = 0;
  std::size_t padded_terms = 0;  // whole instructions
  Shape shape;                   // of the result
  bool c_begins = false;         // the sums begin with C
};

std::int64_t dimension(const Shape& shape, std::size_t from_last) {
  return shape[shape.size() - from_last];
}

void require_format(const Tensor& tensor, const Format& format, const std::string& place) {
  if (tensor.type.format.kind == format.kind) return;
  throw Error("the tensor is of " + tensor.type.name + ", and the unit takes " + format.name, place,
              "convert it with `halfulp quantize`, or give its bytes that type");
}

void require_matrix(const Tensor& tensor, const std::string& place) {
  if (tensor.shape.size() < 2)
    throw Error("a tensor of " + std::to_string(tensor.shape.size()) + " dimensions", place,
                "a matrix has two, and dimensions of a batch stand before them");
}

Problem problem_of(const MatrixUnit& unit, const Order& order, const ProductOperands& operands) {
  const Tensor& a = *operands.a;
  const Tensor& b = *operands.b;
  require_matrix(a, "a");
  require_matrix(b, "b");
  require_format(a, unit.a.format, "a");
  require_format(b, unit.b.format, "b");
  Problem p{.unit = unit, .order = order, .operands = operands, .shape = {}};
  p.rows = static_cast<std::size_t>(dimension(a.shape, 2));
  p.terms = static_cast<std::size_t>(dimension(a.shape, 1));
  const std::size_t first = operands.b_transposed ? 1 : 2;
  p.columns = static_cast<std::size_t>(dimension(b.shape, 3 - first));
  if (static_cast<std::size_t>(dimension(b.shape, first)) != p.terms)
    throw Error("b has " + std::to_string(dimension(b.shape, first)) + " terms and a has " +
                    std::to_string(p.terms),
                "b", "give --b-transposed where its rows are the columns of the product");
  const Shape leading(a.shape.begin(), a.shape.end() - 2);
  if (b.shape.size() > 2 && Shape(b.shape.begin(), b.shape.end() - 2) != leading)
    throw Error("other dimensions of the batch than those of a", "b", "give as many matrices");
  p.batches = tensors::element_count(leading);
  p.padded_terms = order.tree ? p.terms : whole_instructions(unit, p.terms);
  p.shape = leading;
  p.shape.push_back(static_cast<std::int64_t>(p.rows));
  p.shape.push_back(static_cast<std::int64_t>(p.columns));
  p.c_begins = operands.c != nullptr && !adds_c_in_epilogue(order);
  if (operands.c == nullptr && adds_c_in_epilogue(order))
    throw Error("the order adds C, and there is none", "c", "give it");
  return p;
}

Results results_of(const Problem& p) { return {.rows = p.batches * p.rows, .columns = p.columns}; }

struct Tile {
  std::size_t batch = 0, row = 0, rows = 0, column = 0, columns = 0;
};

class Product {
 public:
  Product(const Problem& problem, const Engine& engine, const ProductOptions& options)
      : p_(problem),
        engine_(engine),
        options_(options),
        tree_(tree_of(p_.order, p_.unit.tree, p_.padded_terms)),
        plan_(engine.prepare_dot(tree_)),
        a_(p_.operands.a, p_.unit.a),
        b_(p_.operands.b, p_.unit.b) {
    if (p_.operands.c != nullptr) {
      const UnitOperand c =
          p_.c_begins && !p_.order.tree ? p_.unit.c : plain(p_.operands.c->type.format);
      if (p_.c_begins && !p_.order.tree) require_format(*p_.operands.c, c.format, "c");
      c_.emplace(*p_.operands.c, c, AddendPlaces(*p_.operands.c, results_of(p_), "c"));
    }
    if (p_.operands.bias != nullptr && !adds_bias(p_.order))
      throw Error("a bias that the order does not add", "bias",
                  R"(give the order an epilogue with {"what": "add_bias", "quantizer": ...})");
    if (p_.operands.bias != nullptr)
      bias_.emplace(*p_.operands.bias, plain(p_.operands.bias->type.format),
                    AddendPlaces(*p_.operands.bias, results_of(p_), "bias"));
    take_scales();
    result_ = result_of(p_.unit, p_.order);
    if (options.to) {
      result_ = *options.to;
      to_ = engine.prepare(result_);
    }
    if (has_nan(result_.format)) {
      const Nan nan = choose_nan(result_.rounding.nan, NanCause{});
      nan_ = static_cast<std::uint64_t>(code_of(result_.format, nan));
    }
    for (const EpilogueStep& step : p_.order.epilogue)
      steps_.push_back(engine.prepare(step.quantizer));
  }

  Tensor results() {
    Tensor all{
        .name = "d", .type = tensors::element_type(result_.format), .shape = p_.shape, .data = {}};
    all.data.resize(tensors::element_count(p_.shape) * tensors::element_bytes(all.type));
    // Draws are counted along whole rows.
    constexpr std::size_t elements = std::size_t{1} << 18;
    const std::size_t width =
        draws_bits(tree_) ? std::max<std::size_t>(p_.columns, 1)
                          : std::clamp<std::size_t>(elements / (p_.padded_terms + 1), 8, 256);
    std::vector<Tile> tiles;
    constexpr std::size_t height = 128;
    for (std::size_t batch = 0; batch < p_.batches; ++batch) {
      for (std::size_t column = 0; column < p_.columns; column += width) {
        for (std::size_t row = 0; row < p_.rows; row += height) {
          tiles.push_back({batch, row, std::min(height, p_.rows - row), column,
                           std::min(width, p_.columns - column)});
        }
      }
    }
    std::atomic<std::size_t> done = 0;
    emulator::for_each_task(tiles.size(), options_.threads, [&](std::size_t i) {
      compute(tiles[i], all);
      const std::size_t finished = ++done;
      if (options_.progress)
        options_.progress(static_cast<double>(finished) / static_cast<double>(tiles.size()));
    });
    return all;
  }

 private:
  void take_scales() {
    std::size_t place = 0;
    for (const Sum& sum : tree_.sums) {
      if (!sum.scaling) continue;
      const auto block = static_cast<std::size_t>(sum.scaling->block);
      add_scales(place++, sum.scaling->left, sum.scaling->right, (p_.terms + block - 1) / block);
    }
    if (scales_in_epilogue(p_.order)) {
      const auto format_of = [&](const std::vector<const Tensor*>& all) {
        return place < all.size() ? all[place]->type.format : find_format("binary32");
      };
      const Format left = format_of(p_.operands.a_scales);
      const Format right = format_of(p_.operands.b_scales);
      require_exact_product(left, right);
      add_scales(place, left, right, 1);
      ++place;
    }
    if (p_.operands.a_scales.size() > place || p_.operands.b_scales.size() > place)
      throw Error("scales that neither the unit nor the order takes", "a_scales",
                  "choose a unit or an order that does, such as deepgemm:128, or an epilogue that "
                  "scales");
  }
  // Two numbers of binary32 have a product that is a double, whose exponent too is in its range.
  void require_exact_product(const Format& left, const Format& right) const {
    if (fits_binary32(left) && fits_binary32(right)) return;
    for (const EpilogueStep& step : p_.order.epilogue) {
      if (step.what == EpilogueStep::What::scale && !step.product)
        throw Error("the exact product of scales of " + left.name + " and " + right.name, "order",
                    "give the step's \"product\", the quantizer that rounds it");
    }
  }
  void add_scales(std::size_t place, const Format& left, const Format& right, std::size_t blocks) {
    const auto side = [&](const std::vector<const Tensor*>& all, const Format& format,
                          std::size_t lines, const std::string& name) {
      const Tensor& tensor = required_scales(all, place, format, name);
      return SideScales(tensor, format, ScalePlaces(tensor, lines, blocks, name));
    };
    left_.push_back(side(p_.operands.a_scales, left, p_.rows, "a_scales"));
    right_.push_back(side(p_.operands.b_scales, right, p_.columns, "b_scales"));
  }

  // The operands of a tile, rows of terms and terms of columns, filled up with +0.
  void compute(const Tile& tile, Tensor& all) const {
    const std::size_t k = p_.padded_terms;
    std::vector<double> a(tile.rows * k);
    std::vector<double> b(k * tile.columns);
    const std::size_t of_a = (tile.batch * p_.rows + tile.row) * p_.terms;
    for (std::size_t r = 0; r < tile.rows; ++r) {
      for (std::size_t i = 0; i < p_.terms; ++i) a[r * k + i] = a_.at(of_a + r * p_.terms + i);
    }
    const bool shared = p_.operands.b->shape.size() == 2;
    const std::size_t of_b = shared ? 0 : tile.batch * p_.terms * p_.columns;
    for (std::size_t i = 0; i < p_.terms; ++i) {
      for (std::size_t c = 0; c < tile.columns; ++c) {
        const std::size_t column = tile.column + c;
        b[i * tile.columns + c] = b_.at(
            of_b + (p_.operands.b_transposed ? column * p_.terms + i : i * p_.columns + column));
      }
    }
    std::vector<double> d(tile.rows * tile.columns);
    multiply_tile(tile, a, b, d);
    for (std::size_t i = 0; i < p_.order.epilogue.size(); ++i) finish(i, tile, d);
    store(tile, d, all);
  }
  // Numbers into codes, NaN as the last rounding delivers it.
  void store(const Tile& tile, std::vector<double>& d, Tensor& all) const {
    const std::size_t bytes = tensors::element_bytes(all.type);
    for (std::size_t r = 0; r < tile.rows; ++r) {
      const std::span<double> row(d.data() + r * tile.columns, tile.columns);
      Random random = options_.random;
      random.offset += index(tile, r, 0);
      if (options_.to) engine_.round(as_const(view_of(row)), to_, random, view_of(row), nullptr);
      const auto width = static_cast<std::int64_t>(tile.columns);
      Tensor codes = tensors::from_numbers({"", all.type, {width}}, std::span<const double>(row));
      for (std::size_t c = 0; c < tile.columns; ++c) {
        if (nan_ && std::isnan(row[c])) tensors::store_little(*nan_, &codes.data[c * bytes], bytes);
      }
      std::ranges::copy(codes.data,
                        all.data.begin() + static_cast<std::ptrdiff_t>(index(tile, r, 0) * bytes));
    }
  }
  [[nodiscard]] std::size_t index(const Tile& tile, std::size_t r, std::size_t c) const {
    return (tile.batch * p_.rows + tile.row + r) * p_.columns + tile.column + c;
  }

  void multiply_tile(const Tile& tile, const std::vector<double>& a, const std::vector<double>& b,
                     std::vector<double>& d) const {
    MatrixOperands operands{view_of(a.data(), tile.rows, p_.padded_terms),
                            view_of(b.data(), p_.padded_terms, tile.columns),
                            {}};
    std::vector<double> c;
    if (p_.c_begins) {
      c = addends(*c_, tile);
      operands.addend = view_of(c.data(), tile.rows, tile.columns);
    }
    std::vector<std::vector<double>> scales;
    std::size_t place = 0;
    for (const Sum& sum : tree_.sums) {
      if (!sum.scaling) continue;
      const auto block = static_cast<std::size_t>(sum.scaling->block);
      const std::size_t given = (p_.terms + block - 1) / block;
      const std::size_t blocks = (p_.padded_terms + block - 1) / block;
      std::vector<double>& left = scales.emplace_back(tile.rows * blocks, 1.0);
      for (std::size_t r = 0; r < tile.rows; ++r) {
        for (std::size_t i = 0; i < given; ++i)
          left[r * blocks + i] = left_[place].at(tile.row + r, i);
      }
      std::vector<double>& right = scales.emplace_back(blocks * tile.columns, 1.0);
      for (std::size_t i = 0; i < given; ++i) {
        for (std::size_t j = 0; j < tile.columns; ++j)
          right[i * tile.columns + j] = right_[place].at(tile.column + j, i);
      }
      ++place;
    }
    for (std::size_t i = 0; i < scales.size(); i += 2) {
      operands.scales.push_back(
          {view_of(scales[i].data(), tile.rows, scales[i].size() / tile.rows),
           view_of(scales[i + 1].data(), scales[i + 1].size() / tile.columns, tile.columns)});
    }
    Random random = options_.random;
    random.offset += index(tile, 0, 0) * draws_per_result(tree_, p_.padded_terms);
    engine_.multiply_add(operands, plan_, random, view_of(d.data(), tile.rows, tile.columns));
  }
  [[nodiscard]] std::vector<double> addends(const Addends& from, const Tile& tile) const {
    std::vector<double> c(tile.rows * tile.columns);
    for (std::size_t r = 0; r < tile.rows; ++r) {
      for (std::size_t j = 0; j < tile.columns; ++j)
        c[r * tile.columns + j] = from.at(tile.batch * p_.rows + tile.row + r, tile.column + j);
    }
    return c;
  }

  // One step of the epilogue on all results of a tile.
  void finish(std::size_t number, const Tile& tile, std::vector<double>& d) const {
    const EpilogueStep& step = p_.order.epilogue[number];
    const Plan& plan = steps_[number];
    const std::vector<double> factor(d.size(), step.factor);
    const auto apply = [&](Op op, std::initializer_list<const std::vector<double>*> operands) {
      std::vector<View> views;
      for (const auto* x : operands) views.push_back(view_of(x->data(), 1, x->size()));
      engine_.map(op, views, plan, {}, view_of(d.data(), 1, d.size()), nullptr);
    };
    switch (step.what) {
      case EpilogueStep::What::scale: {
        const std::vector<double> scales = scales_of(step, tile);
        return apply(Op::multiply, {&d, &scales});
      }
      case EpilogueStep::What::multiply:
        return apply(Op::multiply, {&d, &factor});
      case EpilogueStep::What::add_c: {
        std::vector<double> c = addends(*c_, tile);
        if (step.factor != 1) {
          const std::vector<double> of_c = c;
          const std::array<View, 2> in{view_of(of_c.data(), 1, c.size()),
                                       view_of(factor.data(), 1, factor.size())};
          engine_.map(Op::multiply, in, plan, {}, view_of(c.data(), 1, c.size()), nullptr);
        }
        return apply(Op::add, {&d, &c});
      }
      case EpilogueStep::What::multiply_add_c: {
        const std::vector<double> c = addends(*c_, tile);
        return apply(Op::fused_multiply_add, {&d, &factor, &c});
      }
      case EpilogueStep::What::add_bias: {
        if (!bias_) throw Error("the order adds a bias, and there is none", "bias", "give it");
        const std::vector<double> bias = addends(*bias_, tile);
        return apply(Op::add, {&d, &bias});
      }
      case EpilogueStep::What::function:
        return apply(step.function, {&d});
      case EpilogueStep::What::convert:
        return apply(Op::convert, {&d});
    }
  }
  [[nodiscard]] std::vector<double> scales_of(const EpilogueStep& step, const Tile& tile) const {
    std::vector<double> left(tile.rows * tile.columns);
    std::vector<double> right(left.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
      left[i] = left_.back().at(tile.row + i / tile.columns, 0);
      right[i] = right_.back().at(tile.column + i % tile.columns, 0);
    }
    // Without a rounding of its own a double holds the product (take_scales).
    static const Quantizer binary64{.format = find_format("binary64"), .rounding = {}};
    const Quantizer rounds = step.product.value_or(binary64);
    const std::array<View, 2> in{as_const(view_of(left.data(), 1, left.size())),
                                 as_const(view_of(right.data(), 1, right.size()))};
    engine_.map(Op::multiply, in, engine_.prepare(rounds), {}, view_of(left.data(), 1, left.size()),
                nullptr);
    return left;
  }

  const Problem& p_;
  const Engine& engine_;
  const ProductOptions& options_;
  DotTree tree_;
  DotPlan plan_;
  OperandNumbers a_, b_;
  std::optional<Addends> c_, bias_;
  std::vector<SideScales> left_, right_;
  std::vector<Plan> steps_;
  Quantizer result_;
  Plan to_;
  std::optional<std::uint64_t> nan_;
};

}  // namespace

ProductOperands HeldOperands::operands() const {
  ProductOperands all;
  all.a = &a;
  all.b = &b;
  all.b_transposed = b_transposed;
  if (c) all.c = &*c;
  if (bias) all.bias = &*bias;
  for (const tensors::Tensor& scales : a_scales) all.a_scales.push_back(&scales);
  for (const tensors::Tensor& scales : b_scales) all.b_scales.push_back(&scales);
  return all;
}

ProductShape shape_of(const MatrixUnit& unit, const Order& order, const ProductOperands& operands) {
  const Problem p = problem_of(unit, order, operands);
  return {.batches = p.batches, .rows = p.rows, .terms = p.terms, .columns = p.columns};
}

Quantizer result_of(const MatrixUnit& unit, const Order& order) {
  if (!order.epilogue.empty()) return order.epilogue.back().quantizer;
  Quantizer result = unit.tree.sums.front().quantizer;
  result.format = unit.d;
  if (!order.sums.empty()) result.format = order.sums.front().sum.quantizer.format;
  if (order.slicing) result.format = order.slicing->sum.format;
  if (order.stream_k) result.format = order.stream_k->sum.format;
  return result;
}

MatrixUnit unit_of(const Order& order, const Format& a, const Format& b) {
  MatrixUnit unit;
  unit.name = order.name;
  unit.a.format = a;
  unit.b.format = b;
  unit.tree = *order.tree;
  unit.d = order.sums.empty() ? unit.tree.sums.front().quantizer.format
                              : order.sums.front().sum.quantizer.format;
  unit.c.format = unit.d;
  return unit;
}

MatrixUnit unit_of(const MatrixUnit& unit, const Order& order, std::size_t terms) {
  MatrixUnit whole = unit;
  whole.tree = tree_of(order, unit.tree, order.tree ? terms : whole_instructions(unit, terms));
  if (order.sums.empty()) return whole;
  // NaN is delivered as the unit does.
  Quantizer& outermost = whole.tree.sums.front().quantizer;
  const Sum& last = order.tree ? order.tree->sums.front() : unit.tree.sums.front();
  outermost.rounding.nan = last.quantizer.rounding.nan;
  whole.d = outermost.format;
  return whole;
}

Tensor multiply(const MatrixUnit& unit, const Order& order, const Engine& engine,
                const ProductOperands& operands, const ProductOptions& options) {
  if (is_sliced(order)) return multiply_in_slices(unit, order, engine, operands, options);
  const Problem problem = problem_of(unit, order, operands);
  Product product(problem, engine, options);
  return product.results();
}

}  // namespace halfulp::kernels
