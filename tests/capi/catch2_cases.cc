// SPDX-License-Identifier: MIT
//
// Catch2's matchers, in cases that pass and cases that must fail; catch2_test.py reads what is
// said.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif

#include <halfulp_catch2.h>

#include <vector>

namespace {

using namespace halfulp_test;

const Operation& add() {
  static const Operation made("add", {"binary16"}, "binary16");
  return made;
}

TEST_CASE("right") {
  CHECK_THAT(code(0x3c00), BitsEqual(golden(add(), {code(0x3c00), code(0x1000)})));
  CHECK_THAT(code(0x3c01), WithinUlp(of(Format("binary16"), code(0x3c00)), 1));
}

TEST_CASE("wrong bits") {
  CHECK_THAT(code(0x3c01), BitsEqual(golden(add(), {code(0x3c00), code(0x1000)})));
}

TEST_CASE("too far") {
  CHECK_THAT(code(0x3c02), WithinUlp(of(Format("binary16"), code(0x3c00)), 1));
}

TEST_CASE("beyond the bound") {
  const std::vector<float> a = {1, 1}, b = {1, 1}, results = {3};
  const size_t a_shape[2] = {1, 2}, b_shape[2] = {2, 1}, shape[2] = {1, 1};
  const halfulp_tensor of_a = {a.data(), HALFULP_F32, 2, a_shape, nullptr, nullptr};
  const halfulp_tensor of_b = {b.data(), HALFULP_F32, 2, b_shape, nullptr, nullptr};
  const halfulp_tensor got = {results.data(), HALFULP_F32, 2, shape, nullptr, nullptr};
  const halfulp_product product = {&of_a,   &of_b, nullptr, nullptr, nullptr,
                                   nullptr, 0,     nullptr, 0,       1};
  CHECK_THAT(got, WithinBound(bound(Unit("nv.hopper.wgmma.e4m3.f32"), product)));
}

}  // namespace
