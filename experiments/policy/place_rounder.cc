// SPDX-License-Identifier: MIT
#include "experiments/policy/place_rounder.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "formats/error.h"

namespace halfulp::experiments {
namespace {

const double* row_of(const View& view, std::size_t row) {
  return static_cast<const double*>(view.data) + row * view.stride;
}

double* row_of(const MutableView& view, std::size_t row) {
  return static_cast<double*>(view.data) + row * view.stride;
}

}  // namespace

PlaceRounder::PlaceRounder(const Engine& engine, const Rule& rule, const Random& random,
                           const StepShape& shape, std::uint64_t elements)
    : engine_(&engine), rule_(rule), random_(random) {
  if (const QuantizerRule* quantized = quantizer_rule_of(rule_)) {
    plan_ = engine_->prepare(quantized->quantizer, {.elements = elements});
    random_.generator = quantized->generator;
  }
  if (const BlockRule* blocks = blocks_of(rule_))
    blocks_.emplace(engine, *blocks, shape, random_, elements);
  if (const Noise* noise = noise_of(rule_)) deviation_ = std::sqrt(noise->eps);
}

void PlaceRounder::apply(const View& in, std::uint64_t first_row, const MutableView& out) {
  if (noise_of(rule_) != nullptr) return add_noise(in, first_row, out);
  if (quantizer_rule_of(rule_) != nullptr) return round(in, first_row, out);
  if (blocks_) return blocks_->round(in, first_row, out);
  if (in.data == out.data) return;
  for (std::size_t r = 0; r < in.rows; ++r) std::copy_n(row_of(in, r), in.columns, row_of(out, r));
}

void PlaceRounder::round(const View& in, std::uint64_t first_row, const MutableView& out) {
  Random random = random_;
  random.offset = first_row * in.columns;
  const double scale = quantizer_rule_of(rule_)->scale;
  if (scale == 1.0) return engine_->round(in, plan_, random, out, nullptr);
  for (std::size_t r = 0; r < in.rows; ++r) {
    const double* from = row_of(in, r);
    double* to = row_of(out, r);
    for (std::size_t j = 0; j < in.columns; ++j) to[j] = from[j] / scale;
  }
  engine_->round(as_const(out), plan_, random, out, nullptr);
  for (std::size_t r = 0; r < in.rows; ++r) {
    double* to = row_of(out, r);
    for (std::size_t j = 0; j < in.columns; ++j) to[j] *= scale;
  }
}

void PlaceRounder::add_noise(const View& in, std::uint64_t first_row, const MutableView& out) {
  const Noise& noise = *noise_of(rule_);
  const bool one_a_row = noise.kind == Noise::Kind::multiplicative_rank1;
  const std::size_t width = one_a_row ? 1 : in.columns;
  variates_.resize(in.rows * width);
  fill_variates(noise.law, random_, first_row * width, variates_);
  for (double& g : variates_) g *= deviation_;
  for (std::size_t r = 0; r < in.rows; ++r) {
    const double* from = row_of(in, r);
    const double* g = variates_.data() + r * width;
    double* to = row_of(out, r);
    if (one_a_row) {
      const double factor = 1.0 + g[0];
      for (std::size_t j = 0; j < in.columns; ++j) to[j] = from[j] * factor;
    } else if (noise.kind == Noise::Kind::additive) {
      for (std::size_t j = 0; j < in.columns; ++j) to[j] = from[j] + g[j];
    } else {
      for (std::size_t j = 0; j < in.columns; ++j) to[j] = from[j] * (1.0 + g[j]);
    }
  }
}

}  // namespace halfulp::experiments
