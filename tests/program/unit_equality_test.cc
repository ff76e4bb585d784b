// SPDX-License-Identifier: MIT
//
// `halfulp verify` of matrix units must be able to fail, and its products must be of the kinds that
// tell units apart.
#include "golden/equality/unit_equality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "emulator/engine.h"
#include "formats/matrix_unit.h"

namespace halfulp::equality {
namespace {

constexpr CaseRange some{.begin = 0, .end = 48, .exhaustive = false};

TEST(UnitEquality, FindsNothingInTheEmulator) {
  for (const char* name :
       {"nv.hopper.wgmma.e4m3.f32", "amd.cdna1.f16", "nv.blackwell.nvf4.f32", "arm.bfdot"}) {
    const Tally tally = check_products(find_matrix_unit(name), some, emulator::engine());
    EXPECT_EQ(tally.mismatches, 0U) << (tally.first.empty() ? "" : tally.first[0]);
    EXPECT_GT(tally.cases, 400U);
  }
}

// The emulator with one result of a call moved by the least step.
Engine one_step_off() {
  Engine wrong = emulator::engine();
  wrong.multiply_add = [](const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                          const MutableView& out) {
    emulator::engine().multiply_add(operands, plan, random, out);
    auto& last = static_cast<double*>(out.data)[out.rows * out.columns - 1];
    if (out.columns == 7) last = std::nextafter(last, HUGE_VAL);
  };
  return wrong;
}

TEST(UnitEquality, FindsWhatIsWrong) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  const Tally tally = check_products(unit, some, one_step_off());
  EXPECT_GT(tally.mismatches, 0U);
  ASSERT_FALSE(tally.first.empty());
  EXPECT_NE(tally.first[0].find("nv.hopper.wgmma.e4m3.f32 product"), std::string::npos);
  EXPECT_NE(digest_products(unit, some, one_step_off()),
            digest_products(unit, some, emulator::engine()));
}

// A unit in the place of another that differs from it by one bit, or in what it makes of signs and
// special numbers, is seen.
TEST(UnitEquality, TellsUnitsApart) {
  const auto digest = [](const MatrixUnit& unit) {
    return digest_products(unit, some, emulator::engine());
  };
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  MatrixUnit wider = unit;
  ++wider.tree.sums.front().alignment->bits;
  EXPECT_NE(digest(wider), digest(unit));
  MatrixUnit nearest = unit;
  nearest.tree.sums.front().quantizer.rounding.mode = Mode::nearest_even;
  EXPECT_NE(digest(nearest), digest(unit));
  MatrixUnit floor = unit;
  floor.tree.sums.front().alignment->downward = true;
  EXPECT_NE(digest(floor), digest(unit));
}

}  // namespace
}  // namespace halfulp::equality
