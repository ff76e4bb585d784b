// SPDX-License-Identifier: MIT
//
// Handles of the C library that end with their scope, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <halfulp.h>
#include <memory>
#include <string>

namespace halfulp {

template <typename Handle>
using Held = std::unique_ptr<const Handle, void (*)(const Handle*)>;

inline void expect_good(halfulp_status status, const halfulp_error& error) {
  EXPECT_EQ(status, HALFULP_OK) << error.place << ": " << error.message;
}

inline Held<halfulp_format> format_handle(const std::string& text) {
  const halfulp_format* made = nullptr;
  halfulp_error error{};
  expect_good(halfulp_format_create(text.c_str(), &made, &error), error);
  return {made, halfulp_format_destroy};
}
inline Held<halfulp_quantizer> quantizer_handle(const std::string& text) {
  const halfulp_quantizer* made = nullptr;
  halfulp_error error{};
  expect_good(halfulp_quantizer_create(text.c_str(), &made, &error), error);
  return {made, halfulp_quantizer_destroy};
}
inline Held<halfulp_operation> operation_handle(const char* name, const char* input,
                                                const char* output) {
  const halfulp_operation* made = nullptr;
  halfulp_error error{};
  expect_good(halfulp_operation_create(name, &input, 1, output, &made, &error), error);
  return {made, halfulp_operation_destroy};
}
inline Held<halfulp_block_format> block_handle(const std::string& text) {
  const halfulp_block_format* made = nullptr;
  halfulp_error error{};
  expect_good(halfulp_block_format_create(text.c_str(), &made, &error), error);
  return {made, halfulp_block_format_destroy};
}
inline Held<halfulp_unit> unit_handle(const char* unit, const char* order, const char* a = nullptr,
                                      const char* b = nullptr) {
  const halfulp_unit* made = nullptr;
  halfulp_error error{};
  expect_good(halfulp_unit_create(unit, order, a, b, &made, &error), error);
  return {made, halfulp_unit_destroy};
}

}  // namespace halfulp
