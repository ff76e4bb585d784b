// SPDX-License-Identifier: MIT
//
// Products whose steps tiles of registers do (kernels/tiles.h), which is a question of the formats
// and of the numbers at hand.
//
// A step rounds x = s + p, p a product of at most P significant bits, s a sum of at most q, to a
// format of q bits. In Real, of R bits, x is rounded before, which changes nothing where
// max(P, q) + q + 2 <= R and either P <= q or no product is 2^R times a sum that is not zero:
// 1. Where Real holds x there is but one rounding. Else the leading bit of x is at least 2^R times
//    the last bit of s or of p.
// 2. Of p: as p has P bits only, s is the larger, and |p| is below an eighth of the last place u of
//    s. Nearest numbers turn at u / 4 (below a power of two) or farther away. x rounds to s, and so
//    does what Real makes of x, as rounding is monotone and Real holds s - u / 8 and s + u / 8.
// 3. Of s: likewise |s| is below 2^(e - max(P, q) - 2), e being the exponent of p. Turns other than
//    p itself are at least 2^(e - max(P, q)) from p, so that x and what Real makes of it are on one
//    side of each. p is a turn only where P > q; then Real must not round x to p. It does not where
//    |s| > 2^(e - R), and s is a multiple of the least of all last bits. Products beyond the
//    format's range do not matter, as x overflows.
// Subnormal numbers have turns that are farther apart, and in 3. |s| is at least their spacing, so
// that p, 8 times as large in its last bit, is none.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "emulator/dot/dot.h"
#include "emulator/dot/native_matrix.h"
#include "emulator/kernels/tiles.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

using kernels::Survey;

template <typename Real>
struct Own {
  static constexpr int precision = std::numeric_limits<Real>::digits;
  static constexpr int most_exponent = std::numeric_limits<Real>::max_exponent - 1;
  // Of subnormal numbers, with a binade to spare.
  static constexpr int least_exponent =
      std::numeric_limits<Real>::min_exponent - std::numeric_limits<Real>::digits + 1;
};

// What is known of p: significant bits, a power of two that all are multiples of.
struct Terms {
  int precision = 0;
  int least_exponent = 0;
  int most_exponent = 0;  // all are at most 2^most_exponent
};

// One rounding, as above.
template <typename Real>
bool rounds_once(const Terms& p, const TileFormat& to, bool from_addend) {
  const int widest = std::max(p.precision, to.precision);
  if (widest + to.precision + 2 > Own<Real>::precision) return false;
  const int least = from_addend ? to.spacing() : std::max(to.spacing(), p.least_exponent);
  const int most = std::min(to.most_exponent + 1, p.most_exponent);
  return p.precision <= to.precision || most - least < Own<Real>::precision;
}

// Of rounding terms to a format.
Terms rounded(const Terms& p, const TileFormat& to) {
  return {std::min(p.precision, to.precision), std::max(p.least_exponent, to.spacing()),
          p.most_exponent};
}

template <typename Real>
kernels::NarrowFloat<Real> narrow_float(const TileFormat& format, const Terms& terms, int scale) {
  const int discarded = Own<Real>::precision - format.precision;
  return {.magic = static_cast<Real>(std::ldexp(1.5, discarded)),
          .least = static_cast<Real>(std::ldexp(1.0, format.least_exponent + scale)),
          .largest = static_cast<Real>(std::ldexp(format.largest, scale)),
          .negative_zero = format.negative_zero,
          .exact_below = terms.least_exponent >= format.spacing()};
}

// The power of two that takes the binade above the format's largest to where Real's magic numbers
// end.
template <typename Real>
int scale_of(const TileFormat& format) {
  const int discarded = Own<Real>::precision - format.precision;
  return std::max(0, Own<Real>::most_exponent + 1 - discarded - format.most_exponent);
}

// Every exact product is a number of the format.
bool holds_products(const TileFormat& format, const Terms& exact) {
  return exact.precision <= format.precision && exact.least_exponent >= format.spacing() &&
         exact.most_exponent <= format.most_exponent;
}

// Sums to odd are rounded to the format as if they were exact, with two bits to spare.
template <typename Real>
bool rounds_to_odd(const TileFormat& to) {
  return sizeof(Real) == 4 && kernels::can_add_to_odd() &&
         to.precision + 2 <= Own<Real>::precision && to.spacing() - 2 >= Own<Real>::least_exponent;
}

// A problem with its numbers.
struct Surveyed {
  Terms products;
  bool has_addend = false;
  // What the factors that tiles scale, and the addend, are multiples of.
  int least_scaled = 0;
};

// How Real's tiles do the tree; nothing where they do not.
template <typename Real>
std::optional<kernels::TileRounding<Real>> rounding_of(const TilePlan& plan,
                                                       const Surveyed& problem) {
  const bool exact = plan.product && plan.product->negative_zero &&
                     holds_products(*plan.product, problem.products);
  const TileFormat* product = plan.product && !exact ? &*plan.product : nullptr;
  if (!product && !plan.sum) return std::nullopt;
  kernels::TileRounding<Real> rounding;
  const Terms items = product ? rounded(problem.products, *product) : problem.products;
  int scale = 0;
  int least = items.least_exponent;
  if (product) {
    scale = scale_of<Real>(*product);
    least = std::min(least, problem.products.least_exponent);
    if (Own<Real>::precision < product->precision + 2) return std::nullopt;
  }
  if (plan.sum) {
    scale = std::max(scale, scale_of<Real>(*plan.sum));
    least = std::min(least, plan.sum->spacing());
    const bool from_addend = problem.has_addend && plan.run == 0;
    const bool safe = problem.products.precision <= Own<Real>::precision &&
                      least + scale >= Own<Real>::least_exponent &&
                      rounds_once<Real>(items, *plan.sum, from_addend);
    rounding.to_odd = !safe && !product && rounds_to_odd<Real>(*plan.sum);
    if (!safe && !rounding.to_odd) return std::nullopt;
  } else if (Own<Real>::precision != 24 || problem.products.precision > 24 ||
             least + scale < Own<Real>::least_exponent) {
    return std::nullopt;
  }
  if (problem.least_scaled + scale < Own<Real>::least_exponent) return std::nullopt;
  using kernels::TileSteps;
  rounding.steps = !product ? TileSteps::sum : plan.sum ? TileSteps::both : TileSteps::product;
  rounding.scale = static_cast<Real>(std::ldexp(1.0, scale));
  rounding.run = plan.run;
  if (product) rounding.product = narrow_float<Real>(*product, problem.products, scale);
  if (plan.sum) rounding.sum = narrow_float<Real>(*plan.sum, items, scale);
  const bool has_negative_zero = !plan.sum || plan.sum->negative_zero || plan.run != 0;
  const bool goes_to_zero = plan.sum && !rounding.sum.exact_below;
  rounding.signs_of_zero = has_negative_zero && (problem.has_addend || goes_to_zero);
  return rounding;
}

// The tiles that are left, by the other ways. None of the roundings draws.
void multiply_left(const std::vector<kernels::TilePlace>& left, const MatrixOperands& operands,
                   const CompiledDot& unit, float* results, std::size_t stride) {
  const std::size_t inner = operands.a.columns;
  for (const kernels::TilePlace& at : left) {
    MatrixOperands tile{part_of(operands.a, at.row, 0, at.rows, inner),
                        part_of(operands.b, 0, at.column, inner, at.columns),
                        {}};
    if (operands.addend)
      tile.addend = part_of(*operands.addend, at.row, at.column, at.rows, at.columns);
    std::vector<float> numbers(at.rows * at.columns);
    const MutableView out = view_of(numbers.data(), at.rows, at.columns);
    if (!unit.fits_lanes || !multiply_by_lanes(tile, unit, {}, out))
      multiply_by_element(tile, unit, {}, out);
    for (std::size_t r = 0; r < at.rows; ++r) {
      std::copy_n(numbers.data() + r * at.columns, at.columns,
                  results + (at.row + r) * stride + at.column);
    }
  }
}

struct FloatOperands {
  explicit FloatOperands(const MatrixOperands& operands) : a(operands.a), b(operands.b) {
    if (operands.addend) c.emplace(*operands.addend);
  }
  [[nodiscard]] bool exact() const { return a.exact() && b.exact() && (!c || c->exact()); }

  NativeMatrix<float> a, b;
  std::optional<NativeMatrix<float>> c;
};

template <typename Real>
std::vector<kernels::TilePlace> multiply_tiles(const FloatOperands& numbers, const View& a,
                                               const kernels::Shape& shape,
                                               const kernels::TileRounding<Real>& rounding,
                                               float* results, std::size_t stride) {
  const NativeMatrix<Real> left(a);
  const kernels::NarrowMatrices<Real> m{.a = left.data(),
                                        .b = numbers.b.data(),
                                        .c = numbers.c ? numbers.c->data() : nullptr,
                                        .out = results,
                                        .a_stride = left.stride(),
                                        .b_stride = numbers.b.stride(),
                                        .c_stride = numbers.c ? numbers.c->stride() : 0,
                                        .out_stride = stride};
  return kernels::multiply_rounded(shape, m, rounding);
}

// Numbers of the format, or not finite.
bool are_numbers_of(const TileFormat& format, const Survey& numbers) {
  return numbers.precision <= format.precision && numbers.least_exponent >= format.spacing();
}

std::optional<TileFormat> tile_format(const Quantizer& quantizer) {
  const auto* f = std::get_if<Float>(&quantizer.format.kind);
  const Rounding& r = quantizer.rounding;
  if (f == nullptr || r.mode != Mode::nearest_even || r.flush_inputs || r.flush_outputs ||
      f->exponent_bits < 2 || f->fraction_bits < 1 || !f->sign || !f->zero || !f->subnormals ||
      !fits_binary32(quantizer.format))
    return std::nullopt;
  return TileFormat{
      .precision = f->fraction_bits + 1,
      .least_exponent = static_cast<int>(leading_exponent(smallest_normal(quantizer.format))),
      .most_exponent = static_cast<int>(leading_exponent(largest_finite(quantizer.format))),
      .largest = nearest_double(largest_finite(quantizer.format)),
      .negative_zero = f->negative_zero};
}

}  // namespace

std::optional<TilePlan> tile_plan(const DotTree& tree, bool binary32_outside) {
  const Sum& inner = tree.sums.back();
  const std::size_t last = tree.sums.size() - 1;
  if (tree.product_limit || inner.joining != Joining::in_sequence || adds_at_once(tree, last))
    return std::nullopt;
  TilePlan plan;
  if (tree.product) {
    plan.product = tile_format(*tree.product);
    if (!plan.product) return std::nullopt;
  }
  if (last == 0) {
    if (!binary32_outside) plan.sum = tile_format(inner.quantizer);
    if (!plan.sum && !binary32_outside) return std::nullopt;
    return plan;
  }
  const Sum& outer = tree.sums.front();
  plan.sum = tile_format(inner.quantizer);
  if (last != 1 || !plan.sum || !binary32_outside || outer.joining != Joining::in_sequence ||
      outer.of != Sum::Of::runs || adds_at_once(tree, 0))
    return std::nullopt;
  plan.run = static_cast<std::size_t>(outer.size);
  return plan;
}

bool multiply_by_tiles(const MatrixOperands& operands, const CompiledDot& unit,
                       const MutableView& out) {
  if (!unit.tiles || operands.a.columns == 0) return false;
  const kernels::Shape shape{.rows = out.rows, .inner = operands.a.columns, .columns = out.columns};
  const FloatOperands numbers(operands);
  if (!numbers.exact()) return false;
  const Survey a = kernels::survey(numbers.a.data(), shape.rows, shape.inner, numbers.a.stride());
  const Survey b =
      kernels::survey(numbers.b.data(), shape.inner, shape.columns, numbers.b.stride());
  int least_scaled = b.least_exponent;
  if (numbers.c && unit.tiles->run == 0) {
    const Survey c =
        kernels::survey(numbers.c->data(), shape.rows, shape.columns, numbers.c->stride());
    if (unit.tiles->sum && !are_numbers_of(*unit.tiles->sum, c)) return false;
    least_scaled = std::min(least_scaled, c.least_exponent);
  }
  const Surveyed problem{.products = {.precision = a.precision + b.precision,
                                      .least_exponent = a.least_exponent + b.least_exponent,
                                      .most_exponent = a.most_exponent + b.most_exponent + 2},
                         .has_addend = operands.addend.has_value(),
                         .least_scaled = least_scaled};
  const auto narrow = rounding_of<float>(*unit.tiles, problem);
  const auto wide = narrow ? std::nullopt : rounding_of<double>(*unit.tiles, problem);
  if (!narrow && !wide) return false;
  std::vector<float> buffer;
  auto* results = static_cast<float*>(out.data);
  std::size_t stride = out.stride;
  if (out.carrier != Carrier::binary32) {
    buffer.resize(out.rows * out.columns);
    results = buffer.data();
    stride = out.columns;
  }
  const View left{numbers.a.data(), Carrier::binary32, shape.rows, shape.inner, numbers.a.stride()};
  const auto rest = narrow ? multiply_tiles(numbers, left, shape, *narrow, results, stride)
                           : multiply_tiles(numbers, left, shape, *wide, results, stride);
  multiply_left(rest, operands, unit, results, stride);
  for (std::size_t i = 0; i < buffer.size(); ++i)
    store_result(out, i / out.columns, i % out.columns, static_cast<double>(buffer[i]));
  return true;
}

}  // namespace halfulp::emulator
