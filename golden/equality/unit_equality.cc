// SPDX-License-Identifier: MIT
#include "golden/equality/unit_equality.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "golden/equality/digest.h"
#include "golden/vectors/drawing.h"
#include "reference/engine.h"

namespace halfulp::equality {
namespace {

using vectors::Dice;

constexpr std::uint64_t product_seed = 5;

// Numbers of a format that operands of a product are drawn from.
class Numbers {
 public:
  explicit Numbers(const Format& format) : format_(format), range_(finite_range(format)) {
    const Real one = real(make_value(1));
    one_ = rank_of(format, vectors::rounded(format, one, Mode::toward_zero));
  }

  // Any code.
  [[nodiscard]] double any(Dice& dice) const {
    const Code word = dice.below(~std::uint64_t{0});
    return to_double(decode(format_, word & vectors::mask_of(format_)));
  }
  // Of either sign, within 2^width ranks about one.
  [[nodiscard]] double about_one(int width, Dice& dice) const {
    const auto reach = std::int64_t{1} << std::clamp(width, 0, 60);
    const Rank rank = one_ + static_cast<Rank>(dice.between(-reach, reach - 1));
    return signed_at(rank, dice);
  }
  // Zero, or a number next to an end: the least ones, the largest ones.
  [[nodiscard]] double at_an_end(Dice& dice) const {
    const auto steps = static_cast<Rank>(dice.below(4));
    return signed_at(dice.coin() ? range_.highest - steps : steps, dice);
  }
  [[nodiscard]] int width() const { return bits(format_); }
  [[nodiscard]] double negated(double x) const { return is_signed(format_) ? -x : x; }

 private:
  [[nodiscard]] double signed_at(Rank rank, Dice& dice) const {
    const Rank within = std::clamp(rank, std::max<Rank>(range_.lowest, 0), range_.highest);
    const double x = to_double(value_at(format_, within));
    return dice.coin() ? negated(x) : x;
  }

  Format format_;
  Range range_;
  Rank one_ = 0;
};

enum class Mood : std::uint8_t { near_one, wide, cancelling, sparse, ends, any };
constexpr std::uint64_t mood_count = 6;

const Format& format_of(const UnitOperand& operand) {
  return operand.as ? *operand.as : operand.format;
}

struct Product {
  std::size_t rows = 0, terms = 0, columns = 0;
  std::vector<double> a, b, c;
  std::vector<std::vector<double>> scales;  // left and right of every scaled sum

  [[nodiscard]] MatrixOperands operands() const {
    MatrixOperands all{view_of(a.data(), rows, terms), view_of(b.data(), terms, columns), {}};
    if (!c.empty()) all.addend = view_of(c.data(), rows, columns);
    for (std::size_t i = 0; i < scales.size(); i += 2) {
      all.scales.push_back(
          {view_of(scales[i].data(), rows, scales[i].size() / rows),
           view_of(scales[i + 1].data(), scales[i + 1].size() / columns, columns)});
    }
    return all;
  }
};

class Drawer {
 public:
  explicit Drawer(const MatrixUnit& unit)
      : unit_(unit), a_(format_of(unit.a)), b_(format_of(unit.b)), c_(format_of(unit.c)) {
    for (const Sum& sum : unit.tree.sums) {
      if (!sum.scaling) continue;
      scales_.emplace_back(sum.scaling->left);
      scales_.emplace_back(sum.scaling->right);
      blocks_.push_back(static_cast<std::size_t>(sum.scaling->block));
    }
  }

  [[nodiscard]] Product draw(std::uint64_t number) const {
    Dice dice(product_seed, number);
    const auto mood = static_cast<Mood>(number % mood_count);
    Product product;
    product.rows = 1 + dice.below(3);
    product.columns = 1 + dice.below(15);
    const auto terms = static_cast<std::size_t>(unit_.terms);
    product.terms = dice.below(8) == 0 ? 1 + dice.below(terms) : terms * (1 + dice.below(2));
    product.a = numbers(a_, product.rows * product.terms, mood, dice);
    product.b = numbers(b_, product.terms * product.columns, mood, dice);
    if (mood == Mood::cancelling) cancel(product, dice);
    if (dice.below(4) != 0) product.c = numbers(c_, product.rows * product.columns, mood, dice);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const std::size_t blocks = (product.terms + blocks_[i] - 1) / blocks_[i];
      product.scales.push_back(numbers(scales_[2 * i], product.rows * blocks, mood, dice));
      product.scales.push_back(numbers(scales_[2 * i + 1], blocks * product.columns, mood, dice));
    }
    return product;
  }

 private:
  static std::vector<double> numbers(const Numbers& from, std::size_t count, Mood mood,
                                     Dice& dice) {
    std::vector<double> drawn(count);
    for (double& x : drawn) {
      const std::uint64_t choice = dice.below(16);
      if (mood == Mood::any || (mood == Mood::ends && choice < 4)) {
        x = from.any(dice);
      } else if (mood == Mood::ends) {
        x = from.at_an_end(dice);
      } else if (mood == Mood::sparse && choice < 12) {
        x = dice.coin() ? 0.0 : from.negated(0.0);
      } else {
        x = from.about_one(mood == Mood::wide ? from.width() - 2 : from.width() / 2, dice);
      }
    }
    return drawn;
  }
  // The second half of the terms takes the first half away again, but for a few of them.
  void cancel(Product& product, Dice& dice) const {
    const std::size_t half = product.terms / 2;
    for (std::size_t k = 0; k < half; ++k) {
      if (dice.below(8) == 0) continue;
      for (std::size_t r = 0; r < product.rows; ++r)
        product.a[r * product.terms + half + k] = a_.negated(product.a[r * product.terms + k]);
      for (std::size_t j = 0; j < product.columns; ++j)
        product.b[(half + k) * product.columns + j] = product.b[k * product.columns + j];
    }
  }

  const MatrixUnit& unit_;
  Numbers a_, b_, c_;
  std::vector<Numbers> scales_;
  std::vector<std::size_t> blocks_;
};

std::vector<double> results_of(const Product& product, const Engine& engine, const DotPlan& plan) {
  std::vector<double> results(product.rows * product.columns);
  engine.multiply_add(product.operands(), plan, {},
                      view_of(results.data(), product.rows, product.columns));
  return results;
}

std::string line_of(const MatrixUnit& unit, std::uint64_t number, const Product& product,
                    std::size_t result, const std::array<double, 2>& got_and_want) {
  const std::size_t row = result / product.columns;
  const std::size_t column = result % product.columns;
  const auto text = [](double x) { return hexadecimal_text(from_double(x)); };
  std::string line = unit.name + " product " + std::to_string(number) + ", element (" +
                     std::to_string(row) + ", " + std::to_string(column) + "): got " +
                     text(got_and_want[0]) + ", want " + text(got_and_want[1]) + ", of";
  for (std::size_t k = 0; k < product.terms; ++k)
    line += " " + text(product.a[row * product.terms + k]) + "*" +
            text(product.b[k * product.columns + column]);
  if (!product.c.empty()) line += " + " + text(product.c[result]);
  return line;
}

}  // namespace

Tally check_products(const MatrixUnit& unit, const CaseRange& range, const Engine& engine) {
  const Drawer drawer(unit);
  const DotPlan ours = engine.prepare_dot(unit.tree);
  const DotPlan theirs = reference::engine().prepare_dot(unit.tree);
  Tally tally;
  for (std::uint64_t number = range.begin; number < range.end; ++number) {
    const Product product = drawer.draw(number);
    const std::vector<double> got = results_of(product, engine, ours);
    const std::vector<double> want = results_of(product, reference::engine(), theirs);
    tally.cases += got.size();
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (identical(from_double(got[i]), from_double(want[i]))) continue;
      ++tally.mismatches;
      if (tally.first.size() < most_shown)
        tally.first.push_back(line_of(unit, number, product, i, {got[i], want[i]}));
    }
  }
  return tally;
}

std::uint64_t digest_products(const MatrixUnit& unit, const CaseRange& range,
                              const Engine& engine) {
  const Drawer drawer(unit);
  const DotPlan plan = engine.prepare_dot(unit.tree);
  Digest digest;
  for (std::uint64_t number = range.begin; number < range.end; ++number) {
    for (const double x : results_of(drawer.draw(number), engine, plan)) digest.add_number(x);
  }
  return digest.value();
}

}  // namespace halfulp::equality
