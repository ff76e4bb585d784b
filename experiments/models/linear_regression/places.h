// SPDX-License-Identifier: MIT
//
// The places of quantized one-pass SGD (Zhang, Su and Zou, arXiv 2510.18259, sections on the
// algorithm; and the places that carried state adds), what stands at each, and the addresses of all
// random bits of the regression.
//
// A block format sees the tensor of one step, a batch of B samples, as a matrix:
//   data, feature          B rows, a sample each; in the test set B samples after the other too,
//                          the last rows fewer where B does not divide them
//   label, act, out_grad   one row of the batch's B numbers
//   param, weight, avg     one row of all weights
//   sketch                 S itself, M x d
// Predicted scales begin anew with every repeat of every point; in the test set they go by the
// order of its batches.
#pragma once

#include <cstdint>
#include <memory>

#include "experiments/machine.h"
#include "experiments/policy/place_rounder.h"
#include "experiments/policy/policy.h"

namespace halfulp::experiments::linear_regression {

namespace place {
inline constexpr Place data{"", "problem", "data"};    // x, before the sketch
inline constexpr Place label{"", "problem", "label"};  // y
// S itself, once: a quantized sketch is the sketch, of training and of test alike.
inline constexpr Place sketch{"", "regression", "sketch"};
inline constexpr Place feature{"", "regression", "feature"};  // z = S x
// The weights inside the product; the carried ones stay as they are.
inline constexpr Place param{"", "regression", "param"};
inline constexpr Place act{"", "regression", "act"};  // the prediction
// The residual, before it multiplies the features.
inline constexpr Place out_grad{"", "regression", "out_grad"};
// Every sum (and, where asked for, every product) of the prediction.
inline constexpr Place accumulator{"", "regression", "accumulator"};
// The carried weights, after every update.
inline constexpr Place weight{"", "optimizer", "weight"};
// The running average of the weights, after every step.
inline constexpr Place avg{"", "optimizer", "avg"};
}  // namespace place

// Numbers are part of the meaning of a seed: append, never renumber.
enum class Site : std::uint8_t {
  sketch = 1,
  teacher = 2,
  sample = 3,
  test_sample = 4,
  training_place = 16,  // and those after it: a place each, in the order of documents
  test_place = 48,      // the same, on the test samples
};
Random random_of(const Machine& machine, Site site);
// site: Site::training_place or Site::test_place.
Random random_of(const Machine& machine, Site site, const Place& place);

// Throws Error.
Policy parse_policy(const Json& value, const std::string& where);

// site: as above. step_rows: how many of the rows that apply() is handed are one step's (B of data,
// of feature, and of the columns label, act, out_grad; M of the sketch; else 1).
// elements: as for a rounder.
PlaceRounder rounder_at(const Machine& machine, const Policy& policy, const Place& place, Site site,
                        std::size_t step_rows = 1, std::uint64_t elements = 0);

}  // namespace halfulp::experiments::linear_regression
