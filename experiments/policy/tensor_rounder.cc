// SPDX-License-Identifier: MIT
#include "experiments/policy/tensor_rounder.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "experiments/policy/step_blocks.h"

namespace halfulp::experiments {
namespace {

// function(number in binary64) for every element, written back in the view's carrier.
template <typename Real, typename Function>
void transform(const View& in, const MutableView& out, const Function& function) {
  for (std::size_t r = 0; r < in.rows; ++r) {
    const Real* from = static_cast<const Real*>(in.data) + r * in.stride;
    Real* to = static_cast<Real*>(out.data) + r * out.stride;
    for (std::size_t j = 0; j < in.columns; ++j)
      to[j] = static_cast<Real>(function(static_cast<double>(from[j]), r, j));
  }
}

template <typename Function>
void transform_any(const View& in, const MutableView& out, const Function& function) {
  if (in.carrier == Carrier::binary32) return transform<float>(in, out, function);
  transform<double>(in, out, function);
}

}  // namespace

Random random_of_blocks(Random random, const BlockRule& blocks) {
  random.generator = blocks.generator;
  random.stream = block_stream(random.stream);
  return random;
}

TensorRounder::TensorRounder(const Engine& engine, const Rule& rule, Carrier carrier)
    : engine_(&engine), rule_(rule) {
  if (const QuantizerRule* quantized = quantizer_rule_of(rule_))
    plan_ = engine.prepare(quantized->quantizer, {.carrier = carrier});
  if (const BlockRule* blocks = blocks_of(rule_))
    block_plan_ = engine.prepare_block(blocks->format, {.carrier = carrier});
}

void TensorRounder::apply(const View& in, Random random, const MutableView& out, Counts* counts) {
  if (const QuantizerRule* quantized = quantizer_rule_of(rule_)) {
    random.generator = quantized->generator;
    if (quantized->scale != 1.0) return round_scaled(in, random, out, counts);
    return engine_->round(in, plan_, random, out, counts);
  }
  if (const BlockRule* blocks = blocks_of(rule_))
    return engine_->quantize(in, block_plan_, random_of_blocks(random, *blocks), out, nullptr,
                             counts);
  if (noise_of(rule_) != nullptr) return add_noise(in, random, out);
  if (in.data != out.data)
    transform_any(in, out, [](double x, std::size_t, std::size_t) { return x; });
}

// scale * round(x / scale), both in binary64, then in the carrier.
void TensorRounder::round_scaled(const View& in, const Random& random, const MutableView& out,
                                 Counts* counts) {
  const double scale = quantizer_rule_of(rule_)->scale;
  numbers_.resize(in.rows * in.columns);
  const MutableView scaled = view_of(numbers_.data(), in.rows, in.columns);
  std::size_t next = 0;
  // The view of doubles has no padding, so that its elements follow in this order.
  transform_any(in, out, [&](double x, std::size_t, std::size_t) {
    numbers_[next++] = x / scale;
    return x;
  });
  engine_->round(as_const(scaled), plan_, random, scaled, counts);
  transform_any(as_const(out), out, [&](double, std::size_t r, std::size_t j) {
    return numbers_[r * in.columns + j] * scale;
  });
}

void TensorRounder::add_noise(const View& in, const Random& random, const MutableView& out) {
  const Noise& noise = *noise_of(rule_);
  const bool one_a_row = noise.kind == Noise::Kind::multiplicative_rank1;
  const std::size_t width = one_a_row ? 1 : in.columns;
  variates_.resize(in.rows * width);
  fill_variates(noise.law, random, 0, variates_);
  const double deviation = std::sqrt(noise.eps);
  transform_any(in, out, [&](double x, std::size_t r, std::size_t j) {
    const double g = deviation * variates_[r * width + (one_a_row ? 0 : j)];
    return noise.kind == Noise::Kind::additive ? x + g : x * (1.0 + g);
  });
}

}  // namespace halfulp::experiments
