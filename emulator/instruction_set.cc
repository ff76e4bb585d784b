// SPDX-License-Identifier: MIT
#include "emulator/instruction_set.h"

// clang-format off
#include "emulator/compiled_sets.h"
#include <hwy/targets.h>
// clang-format on

#include <cstdint>

#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// Highway numbers its targets so that a lower bit is a better one.
std::int64_t best_of(std::int64_t targets) { return targets & -targets; }

std::int64_t usable() { return hwy::SupportedTargets() & HWY_TARGETS; }

// Taken before anything is forced, since Highway answers the forced one from then on.
const std::vector<std::int64_t>& machine_targets() {
  static const std::vector<std::int64_t> targets = [] {
    std::vector<std::int64_t> list;
    for (std::int64_t rest = usable(); rest != 0; rest &= rest - 1) list.push_back(best_of(rest));
    return list;
  }();
  return targets;
}

}  // namespace

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const std::int64_t target : machine_targets()) names.emplace_back(hwy::TargetName(target));
  return names;
}

void force_instruction_set(const std::string& name_or_empty) {
  const std::vector<std::int64_t>& targets = machine_targets();
  if (name_or_empty.empty()) {
    hwy::SetSupportedTargetsForTest(0);
    return;
  }
  std::string known;
  for (const std::int64_t target : targets) {
    if (name_or_empty == hwy::TargetName(target)) {
      hwy::SetSupportedTargetsForTest(target);
      return;
    }
    known += (known.empty() ? "" : ", ") + std::string(hwy::TargetName(target));
  }
  throw Error("unknown instruction set \"" + name_or_empty + "\"", "", "this machine has " + known);
}

std::string instruction_set() {
  machine_targets();
  return hwy::TargetName(best_of(usable()));
}

}  // namespace halfulp::emulator
