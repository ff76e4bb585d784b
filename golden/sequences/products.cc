// SPDX-License-Identifier: MIT
#include "golden/sequences/products.h"

#include <array>
#include <utility>

#include "formats/error.h"
#include "golden/kernels/product.h"

namespace halfulp::sequences {
namespace {

// The library's names of operands as their places among those of the step.
Error with_operand(const Error& error) {
  static constexpr std::array<std::array<const char*, 2>, 3> places{
      {{"a", "0"}, {"b", "1"}, {"c", "2"}}};
  for (const auto& [name, place] : places) {
    if (error.location() == name) return Error(error.message(), place, error.hint());
  }
  return error;
}

// Shapes with fewer dimensions are left to the library.
void require_terms(const Product& product, const Shape& a, const Shape& b) {
  if (a.size() < 2 || b.size() < 2) return;
  const std::int64_t terms = b[b.size() - (product.transposed ? 1 : 2)];
  if (terms == a.back()) return;
  throw Error("it has " + std::to_string(terms) + " terms, and the first operand has " +
                  std::to_string(a.back()),
              "1", "\"transposed\" says whether it is terms x columns (false) or columns x terms");
}

// An operand as the library takes it: with the first dimensions of both.
tensors::Tensor matrices_of(const Array& array, const Shape& leading) {
  Shape shape = leading;
  shape.insert(shape.end(), array.shape.end() - 2, array.shape.end());
  return tensor_of(spread(array, shape), "");
}

// Of both operands; a single second matrix is shared by all first ones.
std::vector<tensors::Tensor> operands_of(std::span<const Array* const> of) {
  std::vector<tensors::Tensor> operands;
  const Shape& a = of[0]->shape;
  const Shape& b = of[1]->shape;
  const bool batches = a.size() >= 2 && b.size() > 2;
  const Shape leading =
      batches ? joined(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2)) : Shape{};
  for (std::size_t i = 0; i < of.size(); ++i)
    operands.push_back(batches && i < 2 ? matrices_of(*of[i], leading) : tensor_of(*of[i], ""));
  return operands;
}

// A tensor in the four dimensions n, c, h, w, whatever their layout.
struct Image {
  const Array& array;
  std::array<std::int64_t, 4> lengths{}, strides{};

  [[nodiscard]] double at(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    const std::int64_t index = n * strides[0] + c * strides[1] + h * strides[2] + w * strides[3];
    return array.numbers[static_cast<std::size_t>(index)];
  }
};

Image image_of(const Array& array, bool channels_last, const std::string& place) {
  const Shape& shape = array.shape;
  if (shape.size() != 4)
    throw Error("an array of shape " + tensors::shape_text(shape), place,
                "a convolution takes four dimensions, x as n, c, h, w and weights as k, c, r, s "
                "(channels behind them in the layout nhwc)");
  if (channels_last) {
    return {array,
            {shape[0], shape[3], shape[1], shape[2]},
            {shape[1] * shape[2] * shape[3], 1, shape[2] * shape[3], shape[3]}};
  }
  return {array,
          {shape[0], shape[1], shape[2], shape[3]},
          {shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1}};
}

// How often the kernel fits into an extent with its padding.
std::int64_t steps_in(const Convolution& how, std::size_t side, std::int64_t extent,
                      std::int64_t kernel) {
  const std::int64_t reach = how.dilation.at(side) * (kernel - 1) + 1;
  const std::int64_t room = extent + 2 * how.padding.at(side) - reach;
  if (kernel < 1 || room < 0)
    throw Error("a kernel that reaches over " + std::to_string(reach) + ", and x has " +
                    std::to_string(extent) + " with padding of " +
                    std::to_string(how.padding.at(side)),
                "1", "give smaller weights, or more padding");
  return room / how.stride.at(side) + 1;
}

// Calls visit(c, r, s) for the terms of an output in their order.
template <typename Visit>
void for_each_term(const Convolution& how, std::int64_t channels,
                   const std::array<std::int64_t, 2>& kernel, const Visit& visit) {
  const std::int64_t outer = how.channels_first_in_sums ? channels : 1;
  const std::int64_t inner = how.channels_first_in_sums ? 1 : channels;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t r = 0; r < kernel[0]; ++r) {
      for (std::int64_t s = 0; s < kernel[1]; ++s) {
        for (std::int64_t i = 0; i < inner; ++i) visit(o + i, r, s);
      }
    }
  }
}

// groups x (k / groups) x terms.
Array weights_by_term(const Convolution& how, const Image& weights) {
  const auto& [k, c, r, s] = weights.lengths;
  Array rows{.format = weights.array.format,
             .shape = {how.groups, k / how.groups, c * r * s},
             .numbers = {}};
  rows.numbers.reserve(weights.array.numbers.size());
  for (std::int64_t i = 0; i < weights.lengths[0]; ++i) {
    for_each_term(how, c, {r, s}, [&](std::int64_t channel, std::int64_t down, std::int64_t right) {
      rows.numbers.push_back(weights.at(i, channel, down, right));
    });
  }
  return rows;
}

// groups x (n p q) x (k / groups) as n, k, p, q or n, p, q, k.
Array image_from(const Convolution& how, Array products, const Patches& patches) {
  const std::int64_t k = products.shape[2] * how.groups;
  const std::int64_t places = patches.down * patches.across;
  Array result{.format = products.format,
               .shape = {patches.batches, k, patches.down, patches.across},
               .numbers = std::vector<double>(products.numbers.size())};
  if (how.channels_last) result.shape = {patches.batches, patches.down, patches.across, k};
  const auto at = [&](std::int64_t n, std::int64_t channel, std::int64_t place) {
    return static_cast<std::size_t>(how.channels_last ? (n * places + place) * k + channel
                                                      : (n * k + channel) * places + place);
  };
  std::size_t from = 0;
  for (std::int64_t g = 0; g < how.groups; ++g) {
    for (std::int64_t n = 0; n < patches.batches; ++n) {
      for (std::int64_t place = 0; place < places; ++place) {
        for (std::int64_t i = 0; i < products.shape[2]; ++i)
          result.numbers[at(n, g * products.shape[2] + i, place)] = products.numbers[from++];
      }
    }
  }
  return result;
}

}  // namespace

Array product(const Product& product, std::span<const Array* const> of,
              const std::optional<Quantizer>& to, const Run& run) {
  require_terms(product, of[0]->shape, of[1]->shape);
  const std::vector<tensors::Tensor> operands = operands_of(of);
  const kernels::ProductOperands all{.a = &operands[0],
                                     .b = &operands[1],
                                     .c = operands.size() > 2 ? &operands[2] : nullptr,
                                     .b_transposed = product.transposed};
  const MatrixUnit unit =
      product.unit ? *product.unit : kernels::unit_of(product.order, of[0]->format, of[1]->format);
  const kernels::ProductOptions how{.to = to, .random = run.random, .threads = run.threads};
  try {
    return array_from(kernels::multiply(unit, product.order, *run.engine, all, how));
  } catch (const Error& error) {
    throw with_operand(error);
  }
}

Patches patches_of(const Convolution& how, const Array& x,
                   const std::array<std::int64_t, 2>& kernel) {
  const Image image = image_of(x, how.channels_last, "0");
  const auto& [batches, channels, height, width] = image.lengths;
  if (channels % how.groups != 0)
    throw Error(std::to_string(channels) + " channels in " + std::to_string(how.groups) + " groups",
                "0", "groups must part them evenly");
  Patches patches{.array = {.format = x.format, .shape = {}, .numbers = {}},
                  .batches = batches,
                  .down = steps_in(how, 0, height, kernel[0]),
                  .across = steps_in(how, 1, width, kernel[1])};
  const std::int64_t in_group = channels / how.groups;
  patches.array.shape = {how.groups, 1, 1};
  checked_count({batches, patches.down, patches.across, channels, kernel[0], kernel[1]});
  patches.array.shape = {how.groups, batches * patches.down * patches.across,
                         in_group * kernel[0] * kernel[1]};
  patches.array.numbers.reserve(checked_count(patches.array.shape));
  for (std::int64_t g = 0; g < how.groups; ++g) {
    for (std::int64_t place = 0; place < patches.array.shape[1]; ++place) {
      const std::int64_t n = place / (patches.down * patches.across);
      const std::int64_t top =
          place / patches.across % patches.down * how.stride[0] - how.padding[0];
      const std::int64_t left = place % patches.across * how.stride[1] - how.padding[1];
      for_each_term(how, in_group, kernel, [&](std::int64_t c, std::int64_t r, std::int64_t s) {
        const std::int64_t h = top + r * how.dilation[0];
        const std::int64_t w = left + s * how.dilation[1];
        const bool inside = h >= 0 && h < image.lengths[2] && w >= 0 && w < image.lengths[3];
        patches.array.numbers.push_back(inside ? image.at(n, g * in_group + c, h, w) : 0.0);
      });
    }
  }
  return patches;
}

Array convolution(const Convolution& how, std::span<const Array* const> of,
                  const std::optional<Quantizer>& to, const Run& run) {
  const Image weights = image_of(*of[1], how.channels_last, "1");
  const Image x = image_of(*of[0], how.channels_last, "0");
  if (weights.lengths[1] * how.groups != x.lengths[1] || weights.lengths[0] % how.groups != 0)
    throw Error("weights of " + std::to_string(weights.lengths[0]) + " outputs of " +
                    std::to_string(weights.lengths[1]) + " channels, and x has " +
                    std::to_string(x.lengths[1]) + " channels in " + std::to_string(how.groups) +
                    " groups",
                "1",
                "give as many channels as a group of x has, and outputs that groups part "
                "evenly");
  const Patches patches = patches_of(how, *of[0], {weights.lengths[2], weights.lengths[3]});
  const Array rows = weights_by_term(how, weights);
  const std::array<const Array*, 2> operands{&patches.array, &rows};
  Product by_terms = how.product;
  by_terms.transposed = true;
  return image_from(how, product(by_terms, operands, to, run), patches);
}

}  // namespace halfulp::sequences
