// SPDX-License-Identifier: MIT
//
// What is measured of a point in every repeat: the names of the metrics, and a value of each.
#pragma once

#include <array>
#include <optional>

namespace halfulp::experiments {

inline constexpr int metric_count = 6;
inline constexpr std::array<const char*, metric_count> metric_names{
    "excess_clean_last",        "excess_clean_average", "excess_quantized_last",
    "excess_quantized_average", "approximation",        "floor"};
// Absent: it does not apply. NaN or infinite: it does, and training diverged.
using Metrics = std::array<std::optional<double>, metric_count>;

}  // namespace halfulp::experiments
