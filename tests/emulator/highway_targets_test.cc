// SPDX-License-Identifier: MIT
//
// emulator/highway_targets.cc answers what Highway's own library does, where there is one.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>

#include "emulator/instruction_set.h"

namespace halfulp::emulator {
namespace {

TEST(HighwayTargets, AreThoseOfTheLibrary) {
  void* const library = ::dlopen("libhwy.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) GTEST_SKIP() << "no shared library of Highway is installed";
  using Answer = std::int64_t (*)();
  const auto theirs = reinterpret_cast<Answer>(::dlsym(library, "_ZN3hwy16SupportedTargetsEv"));
  ASSERT_NE(theirs, nullptr);
  EXPECT_EQ(hwy::SupportedTargets(), theirs());
}

TEST(HighwayTargets, AForcedSetIsTakenAndLeft) {
  const std::string usual = instruction_set();
  for (const std::string& name : instruction_sets()) {
    force_instruction_set(name);
    EXPECT_EQ(instruction_set(), name);
  }
  force_instruction_set("");
  EXPECT_EQ(instruction_set(), usual);
}

}  // namespace
}  // namespace halfulp::emulator
