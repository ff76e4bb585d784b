// SPDX-License-Identifier: MIT
//
// How a report calls the fields, metrics and values of a result: in words, for axes and legends.
#pragma once

#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

// "/problem/sketch_size" -> "model size M"; an unknown field by the last part of its pointer.
std::string field_words(const std::string& pointer);
// "excess_clean_last" -> "excess risk of the last iterate".
std::string metric_words(const std::string& metric);
// A document's metrics, those first that a reader looks for first.
std::vector<std::string> metrics_by_interest(const Json& document);
// A swept value on one line: "8", "bfloat16", "additive noise, ε = 0.01",
// "int8, scale 0.245, stochastic", "float e3m2", "static, init 1024", "data, label: int8; act:
// binary16".
std::string value_words(const Json& value);
// The words of each of several different values, all different: where they coincide, with the
// members in which the values differ, or else with a number.
std::vector<std::string> distinct_words(const std::vector<Json>& values);
// At most `digits` significant digits, trailing zeros dropped.
std::string number_words(double x, int digits = 4);

}  // namespace halfulp::experiments
