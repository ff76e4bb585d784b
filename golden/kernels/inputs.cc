// SPDX-License-Identifier: MIT
#include "golden/kernels/inputs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <variant>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "formats/random.h"

namespace halfulp::kernels {
namespace {

using tensors::Tensor;

constexpr std::array entries{
    InputClassEntry{InputClass::near_one, "near-one", "n", "numbers from 1/4 to 4, both signs"},
    InputClassEntry{InputClass::wide, "wide", "w",
                    "exponents over the whole range, as far as sums stay finite"},
    InputClassEntry{InputClass::cancelling, "cancelling", "c",
                    "the second half of the terms nearly cancels the first"},
    InputClassEntry{InputClass::subnormal, "subnormal", "s", "half of the elements are subnormal"},
    InputClassEntry{InputClass::zeros, "zeros", "z",
                    "half of the elements are zeros of both signs, some rows of A are all -0"},
    InputClassEntry{InputClass::specials, "specials", "x",
                    "near one, and here and there an infinity, NaN, zero or the largest number"},
    InputClassEntry{InputClass::random_bits, "random-bits", "r", "codes of random bits"},
    InputClassEntry{InputClass::near_overflow, "near-overflow", "o",
                    "sums about the end of the range, and C at the end of its own"},
    InputClassEntry{InputClass::alignment, "alignment", "t",
                    "terms, or C, about as far apart as the alignment is wide"},
    InputClassEntry{InputClass::exact, "exact", "e",
                    "integers from -3 to 3, on which all orders agree"},
};

// What an operand is drawn in: `least` and `most` are the exponents of its normal numbers.
struct Operand {
  Format format;
  Float fields;
  std::int64_t least = 0, most = 0;
};

Operand operand_of(const Format& format, const std::string& place) {
  const auto* fields = std::get_if<Float>(&format.kind);
  if (fields == nullptr)
    throw Error("inputs are drawn in floating-point formats, and this is " + format.name, place,
                "choose another format");
  return {format, *fields, leading_exponent(smallest_normal(format)),
          leading_exponent(largest_finite(format))};
}

// Random bits of one element.
class Draw {
 public:
  Draw(const Random& random, std::uint64_t index) : random_(random), index_(index * most_words) {}
  std::uint64_t word() { return random_.bits(index_++, 64); }
  bool coin() { return (word() >> 63U) != 0; }
  // The bias of the remainder is below 2^-40 here.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(word() % static_cast<std::uint64_t>(most - least + 1));
  }

 private:
  static constexpr std::uint64_t most_words = 16;
  Random random_;
  std::uint64_t index_;
};

Code with_sign(const Operand& operand, bool negative, Code code) {
  if (!negative || !operand.fields.sign) return code;
  return code | Code{1} << (bits(operand.format) - 1);
}

// A number of the exponent, as far as the format goes, with a random fraction.
Code number(const Operand& operand, bool negative, std::int64_t exponent, Draw& draw) {
  const Float& f = operand.fields;
  const std::int64_t e = std::clamp(exponent, operand.least, operand.most);
  const Code fraction = draw.word() & ((std::uint64_t{1} << f.fraction_bits) - 1);
  const Code code = Code(static_cast<std::uint64_t>(e + f.bias)) << f.fraction_bits | fraction;
  const CodeClass kind = classify(operand.format, code);
  const bool finite = kind != CodeClass::infinite && kind != CodeClass::nan;
  return with_sign(operand, negative,
                   finite ? code : encode(operand.format, largest_finite(operand.format)));
}

Code near_one(const Operand& operand, Draw& draw) {
  const bool negative = draw.coin();
  return number(operand, negative, draw.between(-2, 1), draw);
}

Code zero(const Operand& operand, bool negative) {
  if (!has_zero(operand.format)) return encode(operand.format, smallest_positive(operand.format));
  return zero_code(operand.format, negative && has_negative_zero(operand.format));
}

Code subnormal(const Operand& operand, Draw& draw) {
  const Float& f = operand.fields;
  const bool negative = draw.coin();
  if (!f.subnormals || f.fraction_bits == 0) return number(operand, negative, operand.least, draw);
  const std::int64_t last = (std::int64_t{1} << f.fraction_bits) - 1;
  return with_sign(operand, negative, Code(static_cast<std::uint64_t>(draw.between(1, last))));
}

Code special(const Operand& operand, Draw& draw) {
  const Format& format = operand.format;
  const bool negative = draw.coin() && is_signed(format);
  switch (draw.between(0, 3)) {
    case 0:
      return has_infinity(format)
                 ? infinity_code(format, negative)
                 : with_sign(operand, negative, encode(format, largest_finite(format)));
    case 1:
      return has_nan(format) ? nan_code(format, false) : near_one(operand, draw);
    case 2:
      return zero(operand, negative);
    default:
      return with_sign(operand, negative, encode(format, largest_finite(format)));
  }
}

Code integer(const Operand& operand, std::int64_t n) {
  return n == 0 ? zero(operand, false) : encode(operand.format, make_value(n));
}

int precision_of(const Format& format) {
  const auto* f = std::get_if<Float>(&format.kind);
  return f == nullptr ? bits(format) - 1 : f->fraction_bits + 1;
}

// Integers below two to this are exact wherever the tree takes them.
int exact_bits(const DotTree& tree, const Format& d) {
  int least = precision_of(d);
  if (tree.product) least = std::min(least, precision_of(tree.product->format));
  for (const Sum& sum : tree.sums) {
    if (sum.rounded) least = std::min(least, precision_of(sum.quantizer.format));
    if (!sum.alignment) continue;
    const Alignment& alignment = *sum.alignment;
    least = std::min({least, alignment.bits, alignment.running_bits.value_or(alignment.bits),
                      alignment.sum_bits.value_or(alignment.bits)});
  }
  return least;
}

// How far below the largest exponent the terms are cut or, where none are, rounded.
std::int64_t alignment_width(const DotTree& tree) {
  for (std::size_t node = tree.sums.size(); node-- > 0;) {
    if (tree.sums[node].alignment) return tree.sums[node].alignment->bits;
  }
  for (std::size_t node = tree.sums.size(); node-- > 0;) {
    if (tree.sums[node].rounded) return precision_of(tree.sums[node].quantizer.format);
  }
  return 1;
}

std::int64_t log2_up(std::size_t n) {
  return n <= 1 ? 0 : static_cast<std::int64_t>(std::bit_width(n - 1));
}

enum Role : std::uint8_t { role_a, role_b, role_c, role_a_scales, role_b_scales };

class Drawing {
 public:
  Drawing(const MatrixUnit& unit, const Order& order, InputClass kind, const InputShape& shape,
          std::uint64_t seed)
      : kind_(kind),
        seed_(seed),
        terms_(shape.terms),
        group_(order.tree ? usual_group : static_cast<std::size_t>(unit.terms)),
        whole_(unit_of(unit, order, shape.terms)),
        a_(operand_of(unit.a.format, "a")),
        b_(operand_of(unit.b.format, "b")),
        c_(operand_of(unit.c.format, "c")) {
    plan_gaps();
    plan_overflow();
    plan_integers();
  }

  [[nodiscard]] const DotTree& tree() const { return whole_.tree; }

  [[nodiscard]] Code a(std::size_t row, std::size_t k) const {
    Draw draw = draws(role_a, row, k);
    switch (kind_) {
      case InputClass::cancelling: {
        const std::size_t half = terms_ / 2;
        if (k >= 2 * half) return number(a_, draw.coin(), small_exponent, draw);
        Draw first = draws(role_a, row, k % half);
        const bool negative = first.coin() != (k >= half);
        return number(a_, negative, first.between(-2, 1), first);
      }
      case InputClass::zeros:
        if (row % 4 == 0) return zero(a_, true);
        return draw.coin() ? zero(a_, draw.coin()) : near_one(a_, draw);
      case InputClass::specials:
        return row % 4 != 0 && one_in(terms_, draw) ? special(a_, draw) : near_one(a_, draw);
      case InputClass::near_overflow:
        return number(a_, row_sign(row), overflow_a_ + row_shift(row) + draw.between(0, 1), draw);
      case InputClass::alignment: {
        if (!is_large(k))
          return number(a_, row_sign(row), gap_a_small_ + draw.between(-2, 1), draw);
        if (row % 2 != 0) return zero(a_, false);
        Draw first = draws(role_a, row, first_large(k));
        const bool negative = first.coin() != (k != first_large(k));
        return number(a_, negative, gap_a_large_, first);
      }
      case InputClass::exact:
        if (k % sparse_ != row % sparse_) return zero(a_, false);
        return integer(a_, draw.between(-largest_integer, largest_integer));
      default:
        return factor(a_, draw);
    }
  }
  [[nodiscard]] Code b(std::size_t column, std::size_t k) const {
    Draw draw = draws(role_b, column, k);
    switch (kind_) {
      case InputClass::cancelling: {
        const std::size_t half = terms_ / 2;
        if (k < half || k >= 2 * half) return near_one(b_, draw);
        Draw first = draws(role_b, column, k - half);
        const Code same = near_one(b_, first);
        return draw.between(0, 3) == 0 && b_.fields.fraction_bits > 0 ? same ^ 1U : same;
      }
      case InputClass::zeros: {
        const bool positive = column % 4 == 0;
        const bool is_zero = draw.coin();
        const bool negative = draw.coin() && !positive;
        return is_zero ? zero(b_, negative) : number(b_, negative, draw.between(-2, 1), draw);
      }
      case InputClass::specials:
        return column % 2 != 0 && one_in(2 * terms_, draw) ? special(b_, draw) : near_one(b_, draw);
      case InputClass::near_overflow:
        return number(b_, false, overflow_b_ + draw.between(0, 1), draw);
      case InputClass::alignment: {
        if (!is_large(k)) return number(b_, false, gap_b_small_, draw);
        Draw first = draws(role_b, column, first_large(k));
        return number(b_, false, gap_b_large_, first);
      }
      case InputClass::exact:
        return integer(b_, draw.between(-largest_integer, largest_integer));
      default:
        return factor(b_, draw);
    }
  }
  [[nodiscard]] Code c(std::size_t row, std::size_t column) const {
    Draw draw = draws(role_c, row, column);
    switch (kind_) {
      case InputClass::cancelling:
        return number(c_, draw.coin(), small_exponent, draw);
      case InputClass::zeros:
        if (row % 4 == 0) return zero(c_, true);
        return draw.coin() ? zero(c_, draw.coin()) : near_one(c_, draw);
      case InputClass::specials:
        return row % 4 != 0 && one_in(4, draw) ? special(c_, draw) : near_one(c_, draw);
      case InputClass::near_overflow: {
        const bool negative = draw.coin();
        return number(c_, negative, c_.most - draw.between(0, 2), draw);
      }
      case InputClass::alignment:
        return row % 2 == 0 ? zero(c_, false) : number(c_, draw.coin(), gap_c_, draw);
      case InputClass::exact:
        return integer(c_, draw.between(-largest_integer, largest_integer));
      default:
        return factor(c_, draw);
    }
  }
  // A scale of a row of A (or column of B).
  [[nodiscard]] Code scale(Role role, const Operand& operand, std::size_t line,
                           std::size_t place) const {
    Draw draw = draws(role, line, place);
    switch (kind_) {
      case InputClass::random_bits:
        return factor(operand, draw);
      case InputClass::specials:
        return line % 4 == 3 && has_nan(operand.format) && one_in(8, draw)
                   ? nan_code(operand.format, false)
                   : number(operand, false, draw.between(-2, 2), draw);
      case InputClass::near_overflow:
        return number(operand, false, overflow_scale_, draw);
      case InputClass::alignment:
      case InputClass::exact:
        return integer(operand, 1);
      default:
        return number(operand, false, draw.between(-2, 2), draw);
    }
  }

 private:
  static constexpr std::int64_t small_exponent = -6;
  static constexpr std::int64_t largest_integer = 3;
  static constexpr std::size_t usual_group = 8;

  [[nodiscard]] Draw draws(Role role, std::size_t line, std::size_t place) const {
    const auto kind = static_cast<std::uint64_t>(kind_);
    Random random{.seed = seed_};
    random.stream = (kind << 4U | role) << 48U | line;
    return {random, place};
  }
  static bool one_in(std::size_t n, Draw& draw) {
    return draw.word() % std::max<std::size_t>(n, 1) == 0;
  }
  [[nodiscard]] bool row_sign(std::size_t row) const {
    Draw draw = draws(role_a, row, terms_);
    return draw.coin();
  }
  // By so many powers of two are the sums of the row larger than the end of the range.
  [[nodiscard]] std::int64_t row_shift(std::size_t row) const {
    Draw draw = draws(role_a, row, terms_ + 1);
    return draw.between(-4, 1);
  }
  // Of every instruction two large products, where there is room for them, that cancel each other:
  // what was cut from the small ones is not hidden by the rounding of a large sum.
  [[nodiscard]] bool is_large(std::size_t k) const { return k % group_ < (group_ < 4 ? 1 : 2); }
  [[nodiscard]] std::size_t first_large(std::size_t k) const { return k - k % group_; }

  // The classes whose elements are drawn alike whatever the operand.
  [[nodiscard]] Code factor(const Operand& operand, Draw& draw) const {
    switch (kind_) {
      case InputClass::wide: {
        const bool negative = draw.coin();
        const std::int64_t most = std::min(operand.most, widest_);
        return number(operand, negative, draw.between(std::min(operand.least, most), most), draw);
      }
      case InputClass::subnormal:
        return draw.coin() ? subnormal(operand, draw) : near_one(operand, draw);
      case InputClass::random_bits: {
        const int width = bits(operand.format);
        const Code mask = width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
        return draw.word() & mask;
      }
      default:
        return near_one(operand, draw);
    }
  }

  // The exponents of terms that are as far apart as the alignment is wide: b's factors as far as
  // its range goes, a's beyond that.
  void plan_gaps() {
    const std::int64_t width = alignment_width(tree());
    const std::int64_t of_b = std::min(width, b_.most - b_.least);
    gap_b_large_ = std::clamp(of_b / 2, b_.least + of_b, b_.most);
    gap_b_small_ = gap_b_large_ - of_b;
    const std::int64_t of_a = std::min(width - of_b, a_.most - a_.least);
    gap_a_large_ = std::clamp(of_a / 2, a_.least + of_a, a_.most);
    gap_a_small_ = gap_a_large_ - of_a;
    gap_c_ = gap_a_small_ + gap_b_small_ + width;
  }

  // Products of which so many make a number at the end of the range; what the factors do not
  // reach scales do.
  void plan_overflow() {
    std::int64_t most = leading_exponent(largest_finite(whole_.d));
    for (const Sum& sum : tree().sums) {
      if (sum.rounded)
        most = std::min(most, leading_exponent(largest_finite(sum.quantizer.format)));
    }
    const std::int64_t product = most - log2_up(terms_);
    widest_ = (product - 2) / 2;
    overflow_a_ = std::clamp(product / 2, a_.least, a_.most);
    overflow_b_ = std::clamp(product - overflow_a_ - 1, b_.least, b_.most);
    overflow_scale_ = (product - overflow_a_ - overflow_b_) / 2;
  }

  // So few terms of a row are no zeros that their sum is exact.
  void plan_integers() {
    if (kind_ != InputClass::exact) return;
    const int held = std::min(exact_bits(tree(), whole_.d), 40);
    const std::int64_t most = (std::int64_t{1} << held) - 1 - largest_integer;
    const std::int64_t filled = most / (largest_integer * largest_integer);
    if (filled < 1)
      throw Error("sums of " + std::to_string(held) + " bits hold no product of integers and C",
                  "exact", "choose another class or wider sums");
    const auto dense = static_cast<std::size_t>(filled);
    sparse_ = std::max<std::size_t>((terms_ + dense - 1) / dense, 1);
  }

  InputClass kind_;
  std::uint64_t seed_;
  std::size_t terms_, group_;
  MatrixUnit whole_;
  Operand a_, b_, c_;
  std::int64_t gap_a_large_ = 0, gap_a_small_ = 0, gap_b_large_ = 0, gap_b_small_ = 0, gap_c_ = 0;
  std::int64_t overflow_a_ = 0, overflow_b_ = 0, overflow_scale_ = 0, widest_ = 0;
  std::size_t sparse_ = 1;
};

// A tensor of rows x columns whose elements code(row, column) says.
template <typename CodeAt>
Tensor matrix(const std::string& name, const Format& format, std::array<std::size_t, 2> shape,
              const CodeAt& code) {
  std::vector<std::uint64_t> codes;
  codes.reserve(shape[0] * shape[1]);
  for (std::size_t row = 0; row < shape[0]; ++row) {
    for (std::size_t column = 0; column < shape[1]; ++column)
      codes.push_back(static_cast<std::uint64_t>(code(row, column)));
  }
  return tensors::from_codes(
      {name,
       tensors::element_type(format),
       {static_cast<std::int64_t>(shape[0]), static_cast<std::int64_t>(shape[1])}},
      codes);
}

void add_scales(const Drawing& drawing, const std::array<Format, 2>& formats,
                const InputShape& shape, std::size_t blocks, Inputs& inputs) {
  const std::string suffix =
      inputs.a_scales.empty() ? "" : "_" + std::to_string(inputs.a_scales.size());
  const Operand left = operand_of(formats[0], "a_scales");
  const Operand right = operand_of(formats[1], "b_scales");
  inputs.a_scales.push_back(matrix(
      "a_scales" + suffix, left.format, {shape.rows, blocks},
      [&](std::size_t row, std::size_t i) { return drawing.scale(role_a_scales, left, row, i); }));
  inputs.b_scales.push_back(matrix("b_scales" + suffix, right.format, {shape.columns, blocks},
                                   [&](std::size_t column, std::size_t i) {
                                     return drawing.scale(role_b_scales, right, column, i);
                                   }));
}

}  // namespace

std::span<const InputClassEntry> input_classes() { return entries; }

const InputClassEntry& find_input_class(std::string_view name) {
  std::vector<std::string> names;
  for (const InputClassEntry& entry : entries) {
    if (entry.name == name || entry.letter == name) return entry;
    names.emplace_back(entry.name);
  }
  std::string all;
  for (const std::string& one : names) all += (all.empty() ? "there are " : ", ") + one;
  const std::string near = suggest(std::string(name), names);
  throw Error("\"" + std::string(name) + "\" is no class of inputs", "", near.empty() ? all : near);
}

ProductOperands Inputs::operands() const {
  ProductOperands all{.a = &a, .b = &b, .c = &c};
  for (const Tensor& scales : a_scales) all.a_scales.push_back(&scales);
  for (const Tensor& scales : b_scales) all.b_scales.push_back(&scales);
  return all;
}

Inputs inputs_of(const MatrixUnit& unit, const Order& order, InputClass kind,
                 const InputShape& shape, std::uint64_t seed) {
  for (const EpilogueStep& step : order.epilogue) {
    if (step.what == EpilogueStep::What::add_bias)
      throw Error("the order adds a bias, which is not drawn", "order", "leave the bias out");
  }
  const Drawing drawing(unit, order, kind, shape, seed);
  Inputs inputs;
  inputs.a = matrix("a", unit.a.format, {shape.rows, shape.terms},
                    [&](std::size_t row, std::size_t k) { return drawing.a(row, k); });
  inputs.b = matrix("b", unit.b.format, {shape.terms, shape.columns},
                    [&](std::size_t k, std::size_t column) { return drawing.b(column, k); });
  inputs.c = matrix("c", unit.c.format, {shape.rows, shape.columns},
                    [&](std::size_t row, std::size_t column) { return drawing.c(row, column); });
  for (const Sum& sum : drawing.tree().sums) {
    if (!sum.scaling) continue;
    const auto block = static_cast<std::size_t>(sum.scaling->block);
    add_scales(drawing, {sum.scaling->left, sum.scaling->right}, shape,
               (shape.terms + block - 1) / block, inputs);
  }
  const Format single = find_format("binary32");
  if (scales_in_epilogue(order)) add_scales(drawing, {single, single}, shape, 1, inputs);
  return inputs;
}

}  // namespace halfulp::kernels
