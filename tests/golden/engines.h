// SPDX-License-Identifier: MIT
//
// The engines that are held against the vectors of other software: every test of this folder runs
// on each.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "emulator/engine.h"
#include "formats/engine.h"
#include "reference/engine.h"

namespace halfulp::golden {

inline auto all_engines() { return testing::Values(&reference::engine(), &emulator::engine()); }

inline std::string engine_name(const testing::TestParamInfo<const Engine*>& info) {
  return std::string(info.param->name);
}

}  // namespace halfulp::golden

#define HALFULP_ON_ALL_ENGINES(suite)                                      \
  INSTANTIATE_TEST_SUITE_P(Engines, suite, halfulp::golden::all_engines(), \
                           halfulp::golden::engine_name)
