// SPDX-License-Identifier: MIT
#include "golden/kernels/error_bound.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/kernels/bound_walker.h"
#include "golden/kernels/result_operands.h"

namespace halfulp::kernels {
namespace {

void require_no_epilogue(const Order& order) {
  if (!order.epilogue.empty())
    throw Error("no bound is known of what an epilogue makes of results", "order",
                "leave the epilogue out, and give what the sums make");
}

// The exponent of the lowest bit of a finite nonzero number.
std::int32_t lowest_bit(double x) {
  int exponent = 0;
  constexpr int digits = 53;
  const double fraction = std::frexp(x, &exponent);
  const auto whole = static_cast<std::uint64_t>(std::ldexp(std::abs(fraction), digits));
  return exponent - digits + std::countr_zero(whole);
}

// Reads codes of an operand. exponents: the format in which they count; none where none do.
class FactorReader {
 public:
  FactorReader(const UnitOperand& operand, const std::optional<Format>& exponents)
      : operand_(operand), read_(operand), exact_({.format = operand.format}) {
    if (exponents) least_ = least_exponent(*exponents);
  }
  [[nodiscard]] BoundFactor operator()(Code code) const {
    const double exact = exact_(code);
    const double taken = read_(code);
    BoundFactor factor;
    if (!std::isfinite(exact) || !std::isfinite(taken)) {
      factor.magnitude = std::numeric_limits<double>::infinity();
      return factor;
    }
    factor.magnitude = std::abs(taken);
    factor.gap = exact == taken ? 0 : up(std::abs(exact - taken));
    if (taken == 0) return factor;
    factor.lsb = lowest_bit(taken);
    factor.exponent = std::ilogb(taken);
    if (least_) factor.exponent = std::max(factor.exponent, static_cast<std::int32_t>(*least_));
    return factor;
  }
  [[nodiscard]] std::vector<BoundFactor> operator()(const std::vector<Code>& codes) const {
    std::vector<BoundFactor> factors(codes.size());
    std::ranges::transform(codes, factors.begin(), *this);
    return factors;
  }

 private:
  UnitOperand operand_;
  OperandReader read_, exact_;
  std::optional<std::int64_t> least_;
};

// The same sums, nothing rounded or cut but the result, to binary64.
DotTree exact_tree(DotTree tree) {
  tree.product.reset();
  tree.product_limit.reset();
  for (Sum& sum : tree.sums) {
    sum.joining = Joining::at_once;
    sum.together = 1;
    sum.alignment.reset();
    sum.rounded = false;
    sum.quantizer = {};
    if (!sum.scaling) continue;
    sum.scaling->product.reset();
    sum.scaling->item.reset();
    sum.scaling->exponent_of_scales = false;
  }
  tree.sums.front().rounded = true;
  tree.sums.front().quantizer = {.format = find_format("binary64"), .rounding = {}};
  return tree;
}

UnitOperand as_it_is(const UnitOperand& operand) { return {.format = operand.format}; }

}  // namespace

double ResultBound::deterministic() const {
  return bounded ? sum_up(certain, rounding) : std::numeric_limits<double>::infinity();
}
double ResultBound::probabilistic(double lambda) const {
  if (!bounded) return std::numeric_limits<double>::infinity();
  const double likely = product_up(lambda, squares == 0 ? 0 : up(std::sqrt(squares)));
  return std::min(sum_up(certain, likely), deterministic());
}

double lambda_of(double failure, std::size_t results) {
  const double each = failure / static_cast<double>(std::max<std::size_t>(results, 1));
  return up(up(std::sqrt(2 * up(std::log(2 / each)))));
}

struct ErrorBounds::Implementation {
  ResultOperands operands;
  BoundTree tree;
  FactorReader a, b, c;
  std::vector<FactorReader> a_scales, b_scales;
  std::optional<BoundRounding> to;
  std::vector<std::size_t> places;
  std::vector<std::vector<BoundLine>> columns;  // of each matrix of the batch

  Implementation(const MatrixUnit& unit, const Order& order, const ProductOperands& given,
                 const std::optional<Quantizer>& last)
      : operands(unit, order, given),
        tree(operands.unit().tree),
        a(operands.unit().a, tree.tree.left),
        b(operands.unit().b, tree.tree.right),
        c(operands.unit().c, std::nullopt) {
    if (last) to.emplace(*last);
    places = order_of_terms(tree.tree, whole_instructions(operands.unit(), operands.terms()));
    for (const Sum& sum : tree.tree.sums) {
      if (!sum.scaling) continue;
      a_scales.emplace_back(UnitOperand{.format = sum.scaling->left}, sum.scaling->left);
      b_scales.emplace_back(UnitOperand{.format = sum.scaling->right}, sum.scaling->right);
    }
    for (std::size_t batch = 0; batch < operands.batches(); ++batch) {
      std::vector<BoundLine>& all = columns.emplace_back();
      for (std::size_t i = 0; i < operands.columns(); ++i)
        all.push_back(line(operands.column(batch, i), b, b_scales));
    }
  }

  // Filled up with +0 to whole instructions, in the order in which terms are taken.
  [[nodiscard]] BoundLine line(const ResultLine& codes, const FactorReader& read,
                               const std::vector<FactorReader>& read_scales) const {
    BoundLine made;
    std::vector<BoundFactor> factors = read(codes.codes);
    factors.resize(places.size());
    for (const std::size_t place : places) made.terms.push_back(factors[place]);
    std::size_t scaled = 0;
    for (const Sum& sum : tree.tree.sums) {
      if (!sum.scaling) continue;
      const auto block = static_cast<std::size_t>(sum.scaling->block);
      BoundFactor one;
      one.magnitude = 1;
      one.lsb = one.exponent = 0;
      std::vector<BoundFactor>& scales =
          made.scales.emplace_back(read_scales[scaled](codes.scales[scaled]));
      scales.resize((places.size() + block - 1) / block, one);
      ++scaled;
    }
    return made;
  }

  [[nodiscard]] ResultBound bound(const BoundLine& row, const BoundLine& column,
                                  const std::optional<BoundFactor>& addend) const {
    Bounded x = BoundWalker(tree, row, column).result(addend);
    if (to) x = to->round(x);
    return {.bounded = std::isfinite(x.magnitude),
            .certain = x.certain,
            .rounding = x.rounding,
            .squares = x.squares};
  }
};

ErrorBounds::ErrorBounds(const MatrixUnit& unit, const Order& order,
                         const ProductOperands& operands, const std::optional<Quantizer>& to) {
  require_no_epilogue(order);
  implementation_ = std::make_unique<Implementation>(unit, order, operands, to);
}
ErrorBounds::~ErrorBounds() = default;

std::vector<ResultBound> ErrorBounds::row(std::size_t batch, std::size_t row) const {
  const Implementation& own = *implementation_;
  const BoundLine line = own.line(own.operands.row(batch, row), own.a, own.a_scales);
  std::vector<ResultBound> bounds;
  for (std::size_t i = 0; i < own.operands.columns(); ++i) {
    std::optional<BoundFactor> addend;
    if (own.operands.has_c()) addend = own.c(own.operands.c(batch, row, i));
    bounds.push_back(own.bound(line, own.columns[batch][i], addend));
  }
  return bounds;
}

tensors::Tensor exact_product(const MatrixUnit& unit, const Order& order, const Engine& engine,
                              const ProductOperands& operands, const ProductOptions& options) {
  require_no_epilogue(order);
  MatrixUnit exact = ResultOperands(unit, order, operands).unit();
  exact.tree = exact_tree(exact.tree);
  exact.a = as_it_is(exact.a);
  exact.b = as_it_is(exact.b);
  exact.c = as_it_is(exact.c);
  exact.d = find_format("binary64");
  ProductOptions how = options;
  how.to.reset();
  return multiply(exact, {}, engine, operands, how);
}

}  // namespace halfulp::kernels
